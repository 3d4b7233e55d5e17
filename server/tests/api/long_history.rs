//! What an evaluation of two hundred measured cells costs with ninety days of figures behind it, as of a hundred million
//! events. Minutes long: `cargo xtask bench history` runs it.
//!
//! The figures are put in directly: three hours of the judge's own rollups and histograms at 13 outcomes a second (100
//! million events in ninety days are about that), 26 hours of its sketches, and ninety days of KPIs in the widths in which
//! they are kept.

use std::{collections::HashMap, time::Instant};

use domain::{
    clock::{DAY, HOUR, MINUTE, SECOND},
    component::Step,
    country,
    status::CellStatus,
    telemetry::{
        kpi::latency_bin,
        latency::Latencies,
        rollup::{Tally, bucket, width_at},
    },
};
use serde_json::json;
use server::{commands::cells, worker::degradation::Judge};
use store::{Engine, KpiKey, KpiRollups, LiveRollups, RollupDelta};

use crate::harness::{START, TestApp};

const STEPS: [Step; 3] = [Step::Issue, Step::Download, Step::Enable];
/// Of them 201 cells.
const COUNTRIES: usize = 67;
const PER_SECOND: i64 = 13;
/// Evaluations that are timed: the wide windows are read at four of them.
const TICKS: u32 = 60;

fn countries() -> Vec<&'static str> {
    country::all().iter().map(|c| c.code).take(COUNTRIES).collect()
}

/// Milliseconds between the fastest and the slowest: no step is slow, of which each has at most half its time.
const LATENCIES: i64 = 700;

/// A number below `below`, the same in every run.
fn dice(n: i64, below: i64) -> i64 {
    (n.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407) >> 33)
        .rem_euclid(below)
}

/// Some latencies.
fn sketch(n: i64, samples: i64) -> (Tally, Latencies) {
    let mut latencies = Latencies::default();
    (0..samples).for_each(|i| latencies.add(500 + dice(n + i, LATENCIES)));
    (Tally { entered: samples, succeeded: samples, ..Tally::default() }, latencies)
}

async fn lay_wide_grid(app: &TestApp) {
    let ctx = app.ctx();
    let mut tx = app.app.store.write().await.expect("a transaction");
    for (slug, name, step) in domain::component::DEFAULTS {
        cells::add_component(&mut tx, &ctx, name, Some(slug), step).await.expect("a component");
    }
    let id = cells::add_portfolio(&mut tx, &ctx, "Everywhere").await.expect("a portfolio");
    for country in countries() {
        cells::add_country(&mut tx, &ctx, &id, country).await.expect("a country");
    }
    tx.commit().await.expect("a commit");
}

async fn fine(app: &TestApp) {
    let countries = countries();
    for minute in 0..180 {
        let (mut rollups, mut bins) = (HashMap::new(), HashMap::new());
        let from = START.plus(-3 * HOUR + minute * MINUTE);
        for n in 0..60 * PER_SECOND {
            let at = bucket(from.plus(n * SECOND / PER_SECOND), 10).millis();
            let dice = |more| dice(minute * 1_000_003 + n + more, 1 << 30);
            let step = STEPS[usize::try_from(dice(0)).expect("small") % STEPS.len()];
            let country = countries[usize::try_from(dice(1)).expect("small") % countries.len()];
            let delta: &mut RollupDelta =
                rollups.entry((at, 10, step, country, "smdp-a/1", true)).or_default();
            (delta.entered, delta.succeeded) = (delta.entered + 1, delta.succeeded + 1);
            let bin = latency_bin(500 + dice(2) % LATENCIES);
            *bins.entry((at, 10, step, country, true, bin)).or_insert(0) += 1;
        }
        let mut tx = app.app.store.write().await.expect("a transaction");
        tx.add_rollups(&rollups).await.expect("rollups");
        tx.add_latency_bins(&bins).await.expect("bins");
        tx.commit().await.expect("a commit");
    }
}

async fn live(app: &TestApp) {
    for slot in 0..26 * 12 {
        let at = START.plus(-26 * HOUR + slot * 5 * MINUTE);
        let cells = STEPS.iter().flat_map(|s| countries().into_iter().map(move |c| (*s, c)));
        let rollups: LiveRollups =
            cells.map(|(step, country)| ((at, step, country.to_owned()), sketch(slot, 20))).collect();
        let mut tx = app.app.store.write().await.expect("a transaction");
        tx.add_live(&rollups).await.expect("rollups");
        tx.commit().await.expect("a commit");
    }
}

/// A bucket for each flow, in the width that its age is kept in; how many.
async fn kpis(app: &TestApp) -> usize {
    let (mut at, mut count) = (bucket(START.plus(-90 * DAY), 86_400), 0);
    while at < START {
        let width_secs = width_at(at, START);
        let mut rollups = KpiRollups::new();
        for (step, country) in STEPS.iter().flat_map(|s| countries().into_iter().map(move |c| (*s, c))) {
            for flow in ["ota", "qr"] {
                let (supplier, node, cohort) = ("smdp-a".into(), "1".into(), "baseline".into());
                let (country, flow) = (country.to_owned(), flow.to_owned());
                let key = KpiKey { width_secs, at, step, country, supplier, node, flow, cohort };
                rollups.insert(key, sketch(at.secs(), 20));
            }
        }
        count += rollups.len();
        let mut tx = app.app.store.write().await.expect("a transaction");
        tx.add_kpis(rollups).await.expect("rollups");
        tx.commit().await.expect("a commit");
        at = at.plus(width_secs * SECOND);
    }
    count
}

/// Milliseconds of each of so many evaluations, a second apart.
async fn evaluations(app: &TestApp, judge: &mut Judge, count: u32) -> Vec<f64> {
    let mut all = Vec::new();
    for _ in 0..count {
        app.pass(SECOND);
        let begun = Instant::now();
        judge.evaluate(&app.app).await.expect("an evaluation");
        all.push(begun.elapsed().as_secs_f64() * 1_000.0);
    }
    all
}

/// Milliseconds of rendering every page anew.
async fn renders(app: &TestApp) -> Vec<f64> {
    let mut all = Vec::new();
    for _ in 0..5 {
        let begun = Instant::now();
        app.app.snapshot.refresh().await;
        all.push(begun.elapsed().as_secs_f64() * 1_000.0);
    }
    all
}

async fn measure(engine: Engine) -> serde_json::Value {
    let app = TestApp::start(engine).await;
    lay_wide_grid(&app).await;
    fine(&app).await;
    let mut judge = Judge::default();
    evaluations(&app, &mut judge, 10).await; // every cell wakes up
    let (young, rendered_young) = (evaluations(&app, &mut judge, TICKS).await, renders(&app).await);
    live(&app).await;
    let count = kpis(&app).await;
    evaluations(&app, &mut judge, 20).await;
    let (old, rendered_old) = (evaluations(&app, &mut judge, TICKS).await, renders(&app).await);
    let cells = app.app.store.read().await.expect("a transaction").cells().await.expect("cells");
    let measured = cells.iter().filter(|c| c.telemetry_status == CellStatus::Operational).count();
    assert_eq!(measured, STEPS.len() * COUNTRIES, "what is timed is what judges them all");
    app.end().await;
    json!({
        "kpi_rows": count, "young_ms": young, "old_ms": old, "render_young_ms": rendered_young, "render_old_ms": rendered_old,
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "ninety days take minutes: cargo xtask bench history"]
async fn an_evaluation_with_ninety_days_behind_it() {
    let told =
        json!({ "sqlite": measure(Engine::Sqlite).await, "postgres": measure(Engine::Postgres).await });
    match std::env::var_os("WAYPOST_HISTORY") {
        Some(path) => std::fs::write(path, told.to_string()).expect("the file can be written"),
        None => println!("{told:#}"),
    }
}
