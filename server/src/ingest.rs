//! The ingest door: CloudEvents in, durable before they are acknowledged.

mod answer;
mod envelope;
mod heartbeat;
mod key;
mod writer;

use std::{collections::HashSet, sync::Arc};

use axum::{
    Router,
    body::{Body, Bytes, to_bytes},
    extract::State,
    http::{HeaderMap, HeaderValue, Request, StatusCode, header},
    response::{IntoResponse, Response},
    routing::post,
};
use domain::clock::Timestamp;
use tokio::sync::{Mutex, watch};

pub use writer::{Kept, Writer};

use crate::state::App;
use answer::{ItemError, Problem};

/// Largest body, in bytes.
const BODY_MAX: usize = 1024 * 1024;
/// Most events in a batch.
const EVENTS_MAX: usize = 1_000;

/// What the door needs.
pub struct Door {
    app: App,
    writer: Writer,
    quotas: key::Quotas,
    countries: Mutex<(Timestamp, HashSet<String>)>,
}

/// The door's routes; starts its writer.
pub fn router(app: &App, stop: watch::Receiver<bool>) -> Router {
    let door = Arc::new(Door {
        app: app.clone(),
        writer: Writer::start(app.clone(), stop),
        quotas: key::Quotas::default(),
        countries: Mutex::default(),
    });
    Router::new()
        .route("/ingest/v1/events", post(events).options(handshake))
        .route("/ingest/v1/heartbeat", post(heartbeat::beat))
        .with_state(door)
}

/// CloudEvents' HTTP webhook handshake: yes, we want events, at the rate of a key's default quota.
async fn handshake(headers: HeaderMap) -> Response {
    let origin = headers.get("webhook-request-origin").cloned();
    let mut response = StatusCode::OK.into_response();
    let out = response.headers_mut();
    out.insert(header::ALLOW, HeaderValue::from_static("OPTIONS, POST"));
    if let Some(origin) = origin {
        out.insert("webhook-allowed-origin", origin);
        out.insert("webhook-allowed-rate", HeaderValue::from_static("600"));
    }
    response
}

async fn events(State(door): State<Arc<Door>>, request: Request<Body>) -> Response {
    match take(&door, request).await {
        Ok(response) => response,
        Err(problem) => problem.into_response(),
    }
}

/// Key first, then the head, then the body: nobody without a key makes us read.
async fn take(door: &Door, request: Request<Body>) -> Result<Response, Problem> {
    let now = door.app.clock.now();
    let key = key::authenticate(&door.app, &door.quotas, request.uri(), request.headers(), now).await?;
    let mode = envelope::mode(request.headers())?;
    let (parts, body) = request.into_parts();
    let body = read_body(&parts.headers, body).await?;
    let candidates = envelope::read(mode, &parts.headers, &body, EVENTS_MAX)?;
    door.quotas.charge_events(&key, candidates.len())?;
    let countries = door.countries(now).await?;
    let prepared: Vec<Result<writer::Item, ItemError>> = candidates
        .into_iter()
        .map(|c| c.and_then(|c| c.prepare(&door.app.keys, &key, &countries, now)))
        .collect();
    let outcome = door.writer.keep(prepared).await?;
    Ok(answer::respond(mode, outcome))
}

async fn read_body(headers: &HeaderMap, body: Body) -> Result<Bytes, Problem> {
    let too_large = || {
        Problem::new(
            413,
            "too-large",
            "The body is too large",
            format!("A body may hold {BODY_MAX} bytes. Send smaller batches."),
        )
    };
    let announced = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|v| v.to_str().ok())
        .and_then(|v| v.parse::<usize>().ok());
    if announced.is_some_and(|n| n > BODY_MAX) {
        return Err(too_large());
    }
    to_bytes(body, BODY_MAX).await.map_err(|e| {
        let cause = std::error::Error::source(&e);
        if cause.is_some_and(|c| c.is::<http_body_util::LengthLimitError>()) {
            too_large()
        } else {
            Problem::new(
                400,
                "incomplete-body",
                "The body did not arrive whole",
                "The connection ended early. Send it again.".into(),
            )
        }
    })
}

impl Door {
    /// Country codes on the page; at most 2 s old.
    async fn countries(&self, now: Timestamp) -> Result<HashSet<String>, Problem> {
        let mut cached = self.countries.lock().await;
        if now.since(cached.0).abs() > 2_000 {
            let mut tx = self.app.store.read().await?;
            *cached = (now, tx.countries().await?.into_iter().map(|c| c.code).collect());
        }
        Ok(cached.1.clone())
    }
}
