//! `/metrics` for Prometheus: what telemetry says of every cell, and how the pipeline is. Read at most every five
//! seconds, however often it is asked for.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use axum::{
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use domain::{clock::Timestamp, telemetry::kpi::Evidence};
use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{counter::ConstCounter, family::Family, gauge::Gauge},
    registry::Registry,
};
use store::Tx;
use subtle::ConstantTimeEq as _;

use super::{Door, kpi_metrics::kpis};

/// How old an answer may be, in milliseconds.
const FRESH: i64 = 5_000;
/// Windows that are told: seconds, and how they are called.
const WINDOWS: [(i64, &str); 3] = [(600, "10m"), (3_600, "1h"), (86_400, "24h")];

/// What the doors did since the start.
#[derive(Debug, Default)]
pub(super) struct Counters {
    pub(super) accepted: AtomicU64,
    pub(super) duplicate: AtomicU64,
    pub(super) rejected: AtomicU64,
    /// Requests that came when the queue was full.
    pub(super) turned_away: AtomicU64,
}

type Float = Gauge<f64, AtomicU64>;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CellLabels {
    component: String,
    country: String,
    status: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StepLabels {
    step: &'static str,
    country: String,
    window: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct QuantileLabels {
    step: &'static str,
    country: String,
    window: &'static str,
    quantile: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct SourceLabels {
    source: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ClassLabels {
    channel: String,
    priority: i64,
}

/// The last answer, and when it was made.
#[derive(Debug, Default)]
pub(super) struct Told(tokio::sync::Mutex<(Timestamp, String)>);

pub(super) async fn show(State(door): State<Arc<Door>>, headers: HeaderMap) -> Response {
    let token = door.app.config.metrics_token.expose();
    let given = headers.get(header::AUTHORIZATION).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let given = given.strip_prefix("Bearer ").unwrap_or_default();
    if token.is_empty() {
        return (StatusCode::NOT_FOUND, "/metrics is shut: set metrics_token to open it.\n").into_response();
    }
    if !bool::from(given.as_bytes().ct_eq(token.as_bytes())) {
        let head = [(header::WWW_AUTHENTICATE, "Bearer")];
        return (StatusCode::UNAUTHORIZED, head, "Send metrics_token as a bearer token.\n").into_response();
    }
    match fresh(&door).await {
        Ok(text) => {
            let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
            ([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "no-store")], text).into_response()
        }
        Err(error) => {
            tracing::error!(%error, "metrics: the database failed");
            (StatusCode::SERVICE_UNAVAILABLE, "The database did not answer.\n").into_response()
        }
    }
}

/// One answer at a time; those who ask meanwhile get the same.
async fn fresh(door: &Door) -> store::Result<String> {
    let now = door.app.clock.now();
    let mut told = door.metrics.0.lock().await;
    if told.1.is_empty() || now.since(told.0).abs() >= FRESH {
        *told = (now, text(door, now).await?);
    }
    Ok(told.1.clone())
}

async fn text(door: &Door, now: Timestamp) -> store::Result<String> {
    let mut registry = Registry::with_prefix("waypost");
    let mut tx = door.app.store.read().await?;
    cells(&mut registry, &mut tx).await?;
    steps(&mut registry, &mut tx, now).await?;
    kpis(&mut registry, &mut tx, now).await?;
    sources(&mut registry, &mut tx, now).await?;
    queues(&mut registry, &mut tx).await?;
    let behind = Gauge::<i64>::default();
    behind.set(tx.count_arrived().await?);
    registry.register("ingest_events_unapplied", "Events that are kept and that no figure shows yet", behind);
    drop(tx);
    let counted = [
        ("ingest_events_accepted", "Events kept since the start", &door.counters.accepted),
        ("ingest_events_duplicate", "Events that were kept already", &door.counters.duplicate),
        ("ingest_events_rejected", "Events refused one by one", &door.counters.rejected),
        (
            "ingest_requests_turned_away",
            "Requests that came when the queue was full",
            &door.counters.turned_away,
        ),
    ];
    for (name, help, count) in counted {
        registry.register(name, help, ConstCounter::new(count.load(Ordering::Relaxed)));
    }
    let waiting = Gauge::<i64>::default();
    waiting.set(door.writer.waiting());
    registry.register("ingest_requests_waiting", "Requests that wait for the writer", waiting);
    let mut text = String::new();
    if encode(&mut text, &registry).is_err() {
        tracing::error!("metrics: they could not be written");
    }
    Ok(text)
}

async fn cells(registry: &mut Registry, tx: &mut Tx) -> store::Result<()> {
    let components = tx.components().await?;
    let shown = Family::<CellLabels, Gauge>::default();
    for cell in tx.cells().await? {
        let Some(component) = components.iter().find(|c| c.id == cell.component_id) else { continue };
        let labels = CellLabels {
            component: component.slug.clone(),
            country: cell.country_code,
            status: cell.status.slug(),
        };
        shown.get_or_create(&labels).set(1);
    }
    registry.register("cell_status", "What a cell shows: 1 at the status that it has", shown);
    Ok(())
}

async fn steps(registry: &mut Registry, tx: &mut Tx, now: Timestamp) -> store::Result<()> {
    let share = Family::<StepLabels, Float>::default();
    let fallback = Family::<StepLabels, Float>::default();
    let samples = Family::<StepLabels, Gauge>::default();
    let latency = Family::<QuantileLabels, Float>::default();
    for (secs, window) in WINDOWS {
        let counted = if secs < 3_600 {
            tx.window(secs, 10, now).await?
        } else {
            tx.wide_window(secs, now, |_, _| true).await?
        };
        for ((step, country), counts) in counted {
            let evidence = Evidence::of(step, &counts, secs, now);
            let labels = StepLabels { step: step.slug(), country: country.clone(), window };
            samples.get_or_create(&labels).set(evidence.samples);
            if evidence.samples == 0 {
                continue; // no share of nothing: silence is not health
            }
            share.get_or_create(&labels).set(evidence.share / 100.0);
            fallback.get_or_create(&labels).set(evidence.fallback_rate / 100.0);
            let quantiles = [("0.5", evidence.median_latency_ms), ("0.95", evidence.p95_latency_ms)];
            for (quantile, ms) in quantiles {
                let Some(ms) = ms.and_then(|ms| i32::try_from(ms).ok()) else { continue };
                let labels = QuantileLabels { step: step.slug(), country: country.clone(), window, quantile };
                latency.get_or_create(&labels).set(f64::from(ms) / 1_000.0);
            }
        }
    }
    registry.register("step_success_ratio", "Share of activations that passed the step in time", share);
    registry.register("step_fallback_ratio", "Share of activations that used a secondary flow", fallback);
    registry.register("step_samples", "Activations behind the shares", samples);
    registry.register("step_latency_seconds", "How long the step took", latency);
    Ok(())
}

async fn sources(registry: &mut Registry, tx: &mut Tx, now: Timestamp) -> store::Result<()> {
    let silent = Family::<SourceLabels, Gauge>::default();
    for source in tx.sources().await? {
        let is_silent = i64::from(source.is_silent(now));
        silent.get_or_create(&SourceLabels { source: source.source }).set(is_silent);
    }
    registry.register("source_silent", "1: nothing heard for three intervals", silent);
    let gauges = [
        ("alerts_firing", "Alerts that bear on a cell, by cell", tx.firing_alerts().await?.len()),
        ("unmapped", "Kinds of messages that say nothing yet", tx.unmapped().await?.len()),
        ("proposals_open", "Incidents that automation proposes", tx.open_proposals().await?.len()),
    ];
    for (name, help, count) in gauges {
        let gauge = Gauge::<i64>::default();
        gauge.set(i64::try_from(count).unwrap_or(i64::MAX));
        registry.register(name, help, gauge);
    }
    Ok(())
}

async fn queues(registry: &mut Registry, tx: &mut Tx) -> store::Result<()> {
    let waiting = Family::<ClassLabels, Gauge>::default();
    for row in tx.queue_depth().await? {
        let labels = ClassLabels { channel: row.channel, priority: row.priority };
        waiting.get_or_create(&labels).set(row.count);
    }
    registry.register("deliveries_waiting", "Messages that wait or are on their way", waiting);
    Ok(())
}
