//! Subscribers as a file, streamed: a thousand at a time are in memory, however many there are.

use axum::{
    Extension,
    body::Body,
    extract::State,
    http::{HeaderValue, header},
    response::{IntoResponse as _, Response},
};
use bytes::Bytes;
use domain::{clock::Timestamp, clock_local::zone};
use http_body_util::channel::{Channel, Sender};

use crate::{
    auth::session::Session,
    commands::{Refusal, subscribe::export as command},
    http::{console::ctx, errors::refusal_page, fields::Fields},
    state::App,
};

/// Chunks that wait for a slow reader.
const AHEAD: usize = 2;

/// Everybody who gets mail of the public page, or (field `partner`, an id) of a partner's. It is on record, and every
/// owner told, before the first byte leaves.
pub async fn export(
    State(app): State<App>,
    Extension(session): Extension<Session>,
    Extension(fields): Extension<Fields>,
) -> Response {
    let ctx = ctx(&app, &session);
    let partner = fields.some("partner").map(str::to_owned);
    let recorded = async {
        let mut tx = app.store.write().await?;
        command::export(&mut tx, &ctx, &app.config, partner.as_deref()).await?;
        tx.commit().await?;
        Ok::<_, Refusal>(())
    };
    if let Err(refusal) = recorded.await {
        return refusal_page(&refusal);
    }
    let day = ctx.now.utc().with_timezone(&zone("UTC")).date_naive();
    let name = format!("attachment; filename=\"subscribers-{day}.csv\"");
    let (sender, body) = Channel::<Bytes, Broken>::new(AHEAD);
    tokio::spawn(write(app, ctx.now, partner, sender));
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8; header=present")),
        (
            header::CONTENT_DISPOSITION,
            HeaderValue::from_str(&name).unwrap_or(HeaderValue::from_static("attachment")),
        ),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    (headers, Body::new(body)).into_response()
}

/// The database failed on the way: the file ends where its reader sees that it is not whole.
#[derive(Debug, thiserror::Error)]
#[error("the export broke off")]
struct Broken;

async fn write(app: App, by: Timestamp, partner: Option<String>, mut to: Sender<Bytes, Broken>) {
    match rows(&app, by, partner.as_deref(), &mut to).await {
        Ok(()) => {}
        Err(error) => {
            tracing::error!(%error, "an export broke off");
            to.abort(Broken);
        }
    }
}

/// Each thousand in a transaction of its own: a slow reader holds none open.
async fn rows(
    app: &App,
    by: Timestamp,
    partner: Option<&str>,
    to: &mut Sender<Bytes, Broken>,
) -> store::Result<()> {
    let mut cursor = String::new();
    let mut chunk = command::head();
    loop {
        if to.send_data(chunk.into()).await.is_err() {
            return Ok(()); // the reader has gone
        }
        let mut tx = app.store.read().await?;
        let rows = tx.exported_subscribers(by, partner, &cursor, command::CHUNK).await?;
        drop(tx);
        let Some(last) = rows.last() else { return Ok(()) };
        cursor.clone_from(&last.id);
        chunk = command::body(&rows);
    }
}
