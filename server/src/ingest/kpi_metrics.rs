//! KPIs of the last ten minutes for Prometheus, by supplier node, flow and cohort, and by error class. Of each dimension
//! only so many values are told; the rest is summed up as `other`.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::atomic::AtomicU64,
};

use domain::{
    clock::{MINUTE, Timestamp},
    component::Step,
    telemetry::rollup::{Figures, OTHER, bucket},
};
use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{family::Family, gauge::Gauge},
    registry::Registry,
};
use store::{KpiRow, KpiScope, Tx};

/// How far back, in milliseconds.
const WINDOW: i64 = 10 * MINUTE;
/// Suppliers with their nodes that are told apart: those with most activations.
const SUPPLIERS: usize = 64;
/// Error classes that are told apart at each step: the most frequent.
const CLASSES: usize = 20;

type Float = Gauge<f64, AtomicU64>;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, EncodeLabelSet)]
struct Labels {
    step: &'static str,
    supplier: String,
    node: String,
    flow: String,
    cohort: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct QuantileLabels {
    step: &'static str,
    supplier: String,
    node: String,
    flow: String,
    cohort: String,
    quantile: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ErrorLabels {
    step: &'static str,
    error_class: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CorrectionLabels {
    step: &'static str,
    supplier: String,
    node: String,
    in_time: &'static str,
}

/// Suppliers with their nodes that are told by name.
type Told = HashSet<(String, String)>;

fn named(told: &Told, supplier: &str, node: &str) -> (String, String) {
    let pair = (supplier.to_owned(), node.to_owned());
    if told.contains(&pair) { pair } else { (OTHER.to_owned(), String::new()) }
}

/// Those with most activations.
fn most(rows: &[(Step, Vec<KpiRow>)]) -> Told {
    let mut counts: HashMap<(String, String), i64> = HashMap::new();
    for row in rows.iter().flat_map(|(_, rows)| rows) {
        *counts.entry((row.supplier.clone(), row.node.clone())).or_default() += row.tally.entered;
    }
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    counts.into_iter().take(SUPPLIERS).map(|(pair, _)| pair).collect()
}

/// Adds what the KPIs say.
pub(super) async fn kpis(registry: &mut Registry, tx: &mut Tx, now: Timestamp) -> store::Result<()> {
    let (from, to) = (bucket(now.plus(-WINDOW), 60), now.plus(1));
    let mut rows = Vec::new();
    for step in Step::ALL {
        rows.push((step, tx.kpi_rows(step, &KpiScope::default(), from, to).await?));
    }
    let told = most(&rows);
    let mut sums: BTreeMap<Labels, Figures> = BTreeMap::new();
    for (step, row) in rows.iter().flat_map(|(step, rows)| rows.iter().map(|row| (*step, row))) {
        let (supplier, node) = named(&told, &row.supplier, &row.node);
        let (flow, cohort) = (row.flow.clone(), row.cohort.clone());
        let labels = Labels { step: step.slug(), supplier, node, flow, cohort };
        row.add_to(sums.entry(labels).or_default(), step, now)?;
    }
    figures(registry, sums);
    errors(registry, tx, (from, to)).await?;
    corrections(registry, tx, &told, (from, to)).await
}

fn figures(registry: &mut Registry, sums: BTreeMap<Labels, Figures>) {
    let share = Family::<Labels, Float>::default();
    let fallback = Family::<Labels, Float>::default();
    let samples = Family::<Labels, Gauge>::default();
    let illegal = Family::<Labels, Gauge>::default();
    let latency = Family::<QuantileLabels, Float>::default();
    for (labels, figures) in sums {
        samples.get_or_create(&labels).set(figures.samples);
        illegal.get_or_create(&labels).set(figures.tally.illegal);
        // No share of nothing: silence is not health.
        if let Some(percent) = figures.success_share() {
            share.get_or_create(&labels).set(percent / 100.0);
        }
        if let Some(percent) = figures.fallback_rate() {
            fallback.get_or_create(&labels).set(percent / 100.0);
        }
        for (quantile, ms) in [("0.5", figures.median_ms()), ("0.95", figures.p95_ms())] {
            let Some(ms) = ms.and_then(|ms| i32::try_from(ms).ok()) else { continue };
            let Labels { step, supplier, node, flow, cohort } = labels.clone();
            let labels = QuantileLabels { step, supplier, node, flow, cohort, quantile };
            latency.get_or_create(&labels).set(f64::from(ms) / 1_000.0);
        }
    }
    registry.register(
        "kpi_success_ratio",
        "Share that passed the step in time, of the last 10 minutes",
        share,
    );
    registry.register(
        "kpi_fallback_ratio",
        "Share that used a secondary flow, of the last 10 minutes",
        fallback,
    );
    registry.register("kpi_samples", "Activations behind the shares", samples);
    registry.register("kpi_latency_seconds", "How long the step took, of the last 10 minutes", latency);
    registry.register(
        "kpi_illegal_transitions",
        "Events that contradicted their journey, of the last 10 minutes",
        illegal,
    );
}

async fn errors(
    registry: &mut Registry,
    tx: &mut Tx,
    (from, to): (Timestamp, Timestamp),
) -> store::Result<()> {
    let failed = Family::<ErrorLabels, Gauge>::default();
    for step in Step::ALL {
        let all = tx.kpi_errors(step, &KpiScope::default(), from, to).await?;
        for (place, (class, n)) in all.into_iter().enumerate() {
            let error_class = if place < CLASSES { class } else { OTHER.to_owned() };
            failed.get_or_create(&ErrorLabels { step: step.slug(), error_class }).inc_by(n);
        }
    }
    registry.register("kpi_failures", "Failures by error class, of the last 10 minutes", failed);
    Ok(())
}

async fn corrections(
    registry: &mut Registry,
    tx: &mut Tx,
    told: &Told,
    (from, to): (Timestamp, Timestamp),
) -> store::Result<()> {
    let corrected = Family::<CorrectionLabels, Gauge>::default();
    for step in Step::ALL {
        for row in tx.kpi_corrections(step, &KpiScope::default(), from, to).await? {
            let (supplier, node) = named(told, &row.supplier, &row.node);
            let in_time = if row.is_in_time { "true" } else { "false" };
            let labels = CorrectionLabels { step: step.slug(), supplier, node, in_time };
            corrected.get_or_create(&labels).inc_by(row.activations);
        }
    }
    let help = "Activations that counted as failed in the last 10 minutes and were heard of as passed since";
    registry.register("kpi_corrections", help, corrected);
    Ok(())
}
