//! The doors of telemetry: CloudEvents, SM-DP+ notifications, alerts and heartbeats in, durable before they are
//! acknowledged.

mod alertmanager;
mod answer;
mod aside;
mod certificates;
mod desk;
mod envelope;
mod es2plus;
mod grid;
mod heartbeat;
pub(crate) mod json;
mod key;
mod kpi_metrics;
mod metrics;
mod personal;
mod scope;
mod writer;

use std::sync::{Arc, atomic::Ordering};

use axum::{
    Router,
    body::{Body, Bytes, to_bytes},
    extract::State,
    http::{HeaderMap, HeaderValue, Request, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use domain::clock::Timestamp;
use serde::de::DeserializeOwned;
use store::ApiKeyRow;
use tokio::sync::{Mutex, watch};

pub use es2plus::LABELS as ES2PLUS_LABELS;
pub use grid::{ALERTMANAGER, ES2PLUS, FAILOVER};
pub use writer::{Kept, Writer};

use crate::state::App;
use answer::{ItemError, Problem};
use desk::{Admitted, Desk};
use grid::Grid;
use json::Marked;
use scope::Scope;

/// Largest body, in bytes.
const BODY_MAX: usize = 1024 * 1024;
/// Most events in a batch.
const EVENTS_MAX: usize = 1_000;

/// What the door needs.
pub struct Door {
    app: App,
    desk: Desk,
    writer: Writer,
    quotas: key::Quotas,
    grid: Mutex<(Timestamp, Arc<Grid>)>,
    counters: metrics::Counters,
    metrics: metrics::Told,
}

/// The door's routes; starts its writer.
pub fn router(app: &App, stop: watch::Receiver<bool>) -> Router {
    let door = Arc::new(Door {
        app: app.clone(),
        desk: Desk::start(),
        writer: Writer::start(app.clone(), stop),
        quotas: key::Quotas::default(),
        grid: Mutex::default(),
        counters: metrics::Counters::default(),
        metrics: metrics::Told::default(),
    });
    Router::new()
        .route("/ingest/v1/events", post(events).options(handshake))
        .route("/ingest/v1/heartbeat", post(heartbeat::beat))
        .route("/ingest/v1/certificates", post(certificates::take))
        .route("/metrics", get(metrics::show))
        .route("/ingest/v1/alertmanager", post(alertmanager::alerts))
        .route("/gsma/rsp2/es2plus/handleDownloadProgressInfo", post(es2plus::progress))
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
async fn take(door: &Arc<Door>, request: Request<Body>) -> Result<Response, Problem> {
    let now = door.app.clock.now();
    let (parts, body) = request.into_parts();
    let (key, scope) = door.open(&parts, now).await?;
    let mode = envelope::mode(&parts.headers)?;
    let admitted = door.let_in(read_body(&parts.headers, body).await?)?;
    // Before it is read: what was read takes much room, and does not wait for the database.
    let grid = door.grid(now).await?;
    let reader = Arc::clone(door);
    let read = move |body: &[u8]| {
        let candidates = envelope::read(mode, &parts.headers, body, EVENTS_MAX)?;
        reader.quotas.charge_events(&key, candidates.len())?;
        let prepare = |c: envelope::Candidate| c.prepare(&reader.app.keys, (&key, &scope), &grid, now);
        Ok(candidates.into_iter().map(|c| c.and_then(prepare)).collect())
    };
    let (prepared, _place): (Vec<Result<writer::Item, ItemError>>, _) =
        door.desk.read(admitted, read).await?;
    let outcome = door.keep(prepared).await?;
    Ok(answer::respond(mode, outcome))
}

/// Nothing here unpacks a body: a small one may hold far more than may be read.
fn uncompressed(headers: &HeaderMap) -> Result<(), Problem> {
    let codings =
        headers.get_all(header::CONTENT_ENCODING).iter().map(|v| v.to_str().unwrap_or("unreadable"));
    let coding = codings
        .flat_map(|v| v.split(','))
        .map(str::trim)
        .find(|c| !c.is_empty() && !c.eq_ignore_ascii_case("identity"));
    coding.map_or(Ok(()), |coding| {
        let detail = format!(
            "Content-Encoding {coding:?} is not read here. Send the body uncompressed, \
             without Content-Encoding."
        );
        Err(Problem::new(415, "content-encoding", "The body is compressed", detail))
    })
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

/// The JSON of a body, unless it is nested too deep.
fn json_of<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    let bad = |detail: String| Problem::new(400, "bad-json", "The body cannot be read", detail);
    let Marked(value) = serde_json::from_slice(body).map_err(|e| bad(format!("{e}. Send UTF-8 JSON.")))?;
    if json::is_too_deep(&value) {
        return Err(bad(format!("It is nested deeper than {} levels.", json::DEPTH_MAX)));
    }
    if let Some(detail) = json::twice(&value) {
        return Err(bad(format!("{detail}: which of them counts is not known.")));
    }
    serde_json::from_value(value).map_err(|e| bad(e.to_string()).status(422))
}

impl Door {
    /// Who sends, within which limits: known before a byte of the body is read.
    async fn open(&self, parts: &Parts, now: Timestamp) -> Result<(Arc<ApiKeyRow>, Scope), Problem> {
        let key = key::authenticate(&self.app, &self.quotas, &parts.uri, &parts.headers, now).await?;
        let scope = Scope::of(&key)?;
        scope.admits(&self.app.config, &parts.extensions, &parts.headers)?;
        uncompressed(&parts.headers)?;
        Ok((key, scope))
    }

    /// The same, for a door of plain JSON, with what it says; and the place of its body, to be held until it is kept.
    async fn told<T: DeserializeOwned + Send + 'static>(
        &self,
        request: Request<Body>,
        now: Timestamp,
    ) -> Result<(Arc<ApiKeyRow>, Scope, (T, Admitted)), Problem> {
        let (parts, body) = request.into_parts();
        let (key, scope) = self.open(&parts, now).await?;
        let kind = parts.headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or("");
        if kind.split(';').next().map(str::trim) != Some("application/json") {
            let detail = "Send application/json.".into();
            return Err(Problem::new(415, "unsupported-media-type", "Not JSON", detail));
        }
        let admitted = self.let_in(read_body(&parts.headers, body).await?)?;
        Ok((key, scope, self.desk.read(admitted, json_of).await?))
    }

    /// A body that arrived may be read, unless too much is being read.
    fn let_in(&self, body: Bytes) -> Result<Admitted, Problem> {
        self.desk.admit(body).inspect_err(|_| {
            self.counters.turned_away.fetch_add(1, Ordering::Relaxed);
        })
    }

    /// Keeps events, and counts what became of them.
    async fn keep(
        &self,
        given: Vec<Result<writer::Item, ItemError>>,
    ) -> Result<Vec<writer::Outcome>, Problem> {
        let kept = self.writer.keep(given).await.inspect_err(|_| {
            self.counters.turned_away.fetch_add(1, Ordering::Relaxed);
        })?;
        for (_, outcome) in &kept {
            let counter = match outcome {
                Ok(Kept::New) => &self.counters.accepted,
                Ok(Kept::Duplicate) => &self.counters.duplicate,
                Err(_) => &self.counters.rejected,
            };
            counter.fetch_add(1, Ordering::Relaxed);
        }
        Ok(kept)
    }

    /// The grid and the mappings; at most 2 s old.
    async fn grid(&self, now: Timestamp) -> Result<Arc<Grid>, Problem> {
        let mut cached = self.grid.lock().await;
        if now.since(cached.0).abs() > 2_000 {
            *cached = (now, Arc::new(Grid::load(&self.app.store).await?));
        }
        Ok(Arc::clone(&cached.1))
    }
}
