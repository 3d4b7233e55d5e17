//! Subscribers and the state of deliveries.

use app::console::{self, model::Subscribers};
use axum::{
    Extension,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse as _, Redirect, Response},
};
use delivery::email::MailAddress;
use domain::{
    clock::Timestamp,
    clock_local::{duration_words, utc_time},
};
use store::{SubscriberRow, Tx};

use super::{ctx, frame, page};
use crate::{
    auth::session::Session,
    commands::{Refusal, subscribe},
    http::errors::refusal_page,
    state::App,
};

/// One sentence for the clock board.
pub(super) async fn delivery_sentence(app: &App, tx: &mut Tx) -> Result<String, Refusal> {
    if let Some(trouble) = app.delivery.mail_trouble() {
        return Ok(format!("Mail is not leaving: {trouble}. It is kept and tried again."));
    }
    let waiting: i64 = tx
        .queue_depth()
        .await?
        .iter()
        .filter(|(_, s, ..)| s == "queued" || s == "leased")
        .map(|(.., n, _)| n)
        .sum();
    Ok(match waiting {
        0 => "Everything published has been handed over.".into(),
        n => format!("{n} notices are on their way."),
    })
}

/// The page.
pub async fn show(State(app): State<App>, Extension(session): Extension<Session>) -> Response {
    match load(&app).await {
        Ok(model) => {
            let frame = frame(&app, Some(&session), "Subscribers", "/console/subscribers");
            page(StatusCode::OK, &frame.nonce.clone(), console::subscribers(&frame, &model))
        }
        Err(refusal) => refusal_page(&refusal),
    }
}

fn masked(row: &SubscriberRow) -> String {
    if row.channel == "email" {
        return MailAddress::parse(&row.address).map_or_else(|_| "(erased)".into(), |a| a.masked());
    }
    url::Url::parse(&row.address)
        .ok()
        .and_then(|u| u.host_str().map(|h| format!("{h}/…")))
        .unwrap_or_default()
}

async fn load(app: &App) -> Result<Subscribers, Refusal> {
    let now = app.clock.now();
    let mut tx = app.store.read().await?;
    let mut queue: Vec<(String, String)> = tx
        .queue_depth()
        .await?
        .into_iter()
        .map(|(channel, state, n, oldest)| {
            let age = duration_words(now.since(Timestamp::from_millis(oldest)));
            let is_waiting = state == "queued" || state == "leased";
            (
                format!("{channel}, {state}"),
                if is_waiting { format!("{n}, oldest {age}") } else { n.to_string() },
            )
        })
        .collect();
    let mail = match app.delivery.mail_trouble() {
        Some(trouble) => trouble,
        None if app.config.smtp.host.is_empty() => {
            "no relay is configured (smtp.host): no mail leaves".into()
        }
        None => "reachable, as far as tried".into(),
    };
    queue.insert(0, ("Mail relay".into(), mail));
    let newest = tx.newest_subscribers(100).await?;
    let list = newest.iter().map(|s| {
        let approve = (s.channel == "webhook" && s.state == "pending").then(|| s.id.clone());
        (masked(s), s.channel.clone(), s.state.clone(), utc_time(s.created_at, now), approve)
    });
    Ok(Subscribers { list: list.collect(), counts: tx.count_subscribers().await?, queue })
}

/// Vouches for an endpoint that cannot answer challenges.
pub async fn approve(
    State(app): State<App>,
    Extension(session): Extension<Session>,
    Path(id): Path<String>,
) -> Response {
    let done = async {
        let mut tx = app.store.write().await?;
        subscribe::approve(&mut tx, &ctx(&app, &session), &id).await?;
        Ok::<_, Refusal>(tx.commit().await?)
    };
    match done.await {
        Ok(()) => Redirect::to("/console/subscribers").into_response(),
        Err(refusal) => refusal_page(&refusal),
    }
}
