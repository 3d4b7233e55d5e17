//! `POST /hooks/mail`: what the operator's mail system says came back. Off until `smtp.hook_token` is set.
//!
//! `{"events":[{"type":"bounce","return_path":"bounces+…@example.com","status":"5.1.1","diagnostic":"…"},
//! {"type":"complaint","return_path":"…"}]}`
//!
//! Or the mail itself, as `message/rfc822`: see [`raw`]. `?to=` names the recipient on the envelope.

mod raw;

use axum::{
    Json,
    body::to_bytes,
    extract::{Query, Request, State},
    http::{StatusCode, header},
    response::{IntoResponse as _, Response},
};
use serde::Deserialize;
use serde_json::json;
use subtle::ConstantTimeEq as _;

use crate::{
    commands::{
        Ctx, Refusal,
        subscribe::{
            bounces::{self, Report},
            mail_pause,
        },
    },
    state::App,
};

/// Largest body, in bytes, and most events in it.
const BODY_MAX: usize = 1024 * 1024;
const EVENTS_MAX: usize = 1_000;

/// `?to=bounces+…@example.com`
#[derive(Debug, Default, Deserialize)]
pub struct Recipient {
    to: Option<String>,
}

/// Members that we do not know are left alone: mail systems say more than we ask.
#[derive(Debug, Deserialize)]
struct Reports {
    events: Vec<Event>,
}

#[derive(Debug, Deserialize)]
struct Event {
    #[serde(rename = "type")]
    kind: Kind,
    return_path: String,
    #[serde(default)]
    status: String,
    #[serde(default)]
    diagnostic: String,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Bounce,
    Complaint,
}

fn refused(status: StatusCode, why: &str) -> Response {
    (status, Json(json!({ "error": [why] }))).into_response()
}

fn is_ours(app: &App, request: &Request) -> bool {
    let token = app.config.smtp.hook_token.expose();
    let given = request.headers().get(header::AUTHORIZATION).and_then(|v| v.to_str().ok());
    let given = given.and_then(|v| v.strip_prefix("Bearer ")).unwrap_or_default();
    !token.is_empty() && bool::from(token.as_bytes().ct_eq(given.as_bytes()))
}

/// Takes reports. Those under a return path that is not ours are counted, and change nothing.
pub async fn take(State(app): State<App>, Query(recipient): Query<Recipient>, request: Request) -> Response {
    if app.config.smtp.hook_token.expose().is_empty() {
        return refused(StatusCode::NOT_FOUND, "There is no such address");
    }
    if !is_ours(&app, &request) {
        return refused(
            StatusCode::UNAUTHORIZED,
            "Send Authorization: Bearer and the setting smtp.hook_token",
        );
    }
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let is_mail = kind.split(';').next().is_some_and(|k| k.trim().eq_ignore_ascii_case("message/rfc822"));
    let Ok(bytes) = to_bytes(request.into_body(), BODY_MAX).await else {
        return refused(StatusCode::PAYLOAD_TOO_LARGE, "The body is larger than 1 MiB");
    };
    let (count, kept) = if is_mail {
        (1, raw::take(&app, recipient.to.as_deref(), bytes.into()).await.map(usize::from))
    } else {
        match reports(&bytes) {
            Ok(events) => (events.len(), keep(&app, &events).await),
            Err(why) => return refused(StatusCode::UNPROCESSABLE_ENTITY, &why),
        }
    };
    match kept {
        Ok(accepted) => {
            let body = json!({ "accepted": accepted, "ignored": count - accepted });
            (StatusCode::ACCEPTED, Json(body)).into_response()
        }
        Err(refusal) => {
            tracing::error!(error = %refusal, "reports of the mail system could not be kept");
            refused(StatusCode::SERVICE_UNAVAILABLE, "It could not be kept; send it again in a minute")
        }
    }
}

fn reports(bytes: &[u8]) -> Result<Vec<Event>, String> {
    let reports: Reports =
        serde_json::from_slice(bytes).map_err(|e| format!("The body is not what is documented: {e}"))?;
    if reports.events.len() > EVENTS_MAX {
        return Err("There are more than 1,000 events; send them in parts".into());
    }
    Ok(reports.events)
}

async fn keep(app: &App, events: &[Event]) -> Result<usize, Refusal> {
    let ctx = Ctx::system(app.clock.now());
    let mut tx = app.store.write().await?;
    let mut accepted = 0;
    for event in events {
        let Some(id) = bounces::subscriber_by_return_path(&app.keys, &event.return_path) else { continue };
        let report = match event.kind {
            Kind::Bounce => Report::bounce(event.status.trim(), &event.diagnostic),
            Kind::Complaint => Report::Complaint,
        };
        bounces::report(&mut tx, &ctx, &id, &report).await?;
        accepted += 1;
    }
    mail_pause::consider(&mut tx, &ctx).await?;
    tx.commit().await?;
    Ok(accepted)
}
