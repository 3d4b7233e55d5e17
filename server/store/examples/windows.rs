//! What one tick of the judge reads, with ninety days of rollups behind it: 201 measured cells, as of a hundred million events.
//! `cargo run --release -p store --example windows -- sqlite:/tmp/windows.db` (or `postgres://…`, an empty database).
//!
//! Filled directly: three hours of the live judge's rollups and histograms at 13 outcomes a second (100 M events in 90 days
//! are about that), 26 hours of its sketches, and ninety days of KPIs in the widths in which they are kept. Then 20 times:
//! the narrow window, which every tick reads, and the windows of an hour and of a day with the latencies of every cell, which
//! a tick reads every 15 seconds if all cells are quiet. Printed: the median and the worst, in milliseconds.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use domain::{
    clock::{DAY, HOUR, MINUTE, SECOND, Timestamp},
    component::Step,
    telemetry::{
        kpi::latency_bin,
        latency::Latencies,
        rollup::{Tally, bucket, width_at},
    },
};
use store::{KpiKey, KpiRollups, LiveRollups, RollupDelta, Store};

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Cells are these steps in each country.
const STEPS: [Step; 3] = [Step::Issue, Step::Download, Step::Enable];
const COUNTRIES: usize = 67;
const PER_SECOND: i64 = 13;
const NOW: Timestamp = Timestamp::from_millis(1_772_438_400_000);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let url = std::env::args().nth(1).ok_or("usage: windows <sqlite:FILE | postgres://…>")?;
    let store = Store::open(&url).await?;
    let countries: Vec<String> = (0..COUNTRIES)
        .map(|n| [n / 26, n % 26].map(|c| char::from(b'A' + u8::try_from(c).unwrap_or(0))).iter().collect())
        .collect();
    fine(&store, &countries).await?;
    live(&store, &countries).await?;
    kpis(&store, &countries).await?;
    let (mut narrow, mut wide) = (Vec::new(), Vec::new());
    for _ in 0..20 {
        let mut tx = store.read().await?;
        let begun = Instant::now();
        let window = tx.window(600, 10, NOW).await?;
        narrow.push(begun.elapsed());
        assert_eq!(window.len(), STEPS.len() * COUNTRIES);
        let begun = Instant::now();
        for secs in [3_600, 86_400] {
            assert_eq!(tx.wide_window(secs, NOW, |_, _| true).await?.len(), STEPS.len() * COUNTRIES);
        }
        wide.push(begun.elapsed());
    }
    println!("narrow window: {}", words(narrow));
    println!("an hour and a day, all cells: {}", words(wide));
    store.close().await;
    Ok(())
}

fn words(mut times: Vec<Duration>) -> String {
    times.sort();
    let ms = |t: Option<&Duration>| t.map_or(0.0, |t| t.as_secs_f64() * 1_000.0);
    format!("median {:.1} ms, worst {:.1} ms", ms(times.get(times.len() / 2)), ms(times.last()))
}

/// A number below `below`, the same in every run.
fn dice(n: i64, below: i64) -> i64 {
    (n.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407) >> 33)
        .rem_euclid(below)
}

fn place(n: i64, countries: &[String]) -> (Step, &str, i64) {
    let all = i64::try_from(STEPS.len() * countries.len()).unwrap_or(1);
    let at = usize::try_from(dice(n, all)).unwrap_or(0);
    (STEPS[at % STEPS.len()], &countries[at / STEPS.len()], 500 + dice(n + 1, 9_500))
}

async fn fine(store: &Store, countries: &[String]) -> Result<(), Failure> {
    for minute in 0..180 {
        let (mut rollups, mut bins) = (HashMap::new(), HashMap::new());
        let from = NOW.plus(-3 * HOUR + minute * MINUTE);
        for n in 0..60 * PER_SECOND {
            let at = bucket(from.plus(n * SECOND / PER_SECOND), 10).millis();
            let (step, country, ms) = place(minute * 1_000_003 + n, countries);
            let delta: &mut RollupDelta =
                rollups.entry((at, 10, step, country, "smdp-a/1", true)).or_default();
            delta.entered += 1;
            delta.succeeded += 1;
            *bins.entry((at, 10, step, country, true, latency_bin(ms))).or_insert(0) += 1;
        }
        let mut tx = store.write().await?;
        tx.add_rollups(&rollups).await?;
        tx.add_latency_bins(&bins).await?;
        tx.commit().await?;
    }
    Ok(())
}

/// Some latencies.
fn sketch(n: i64, samples: i64) -> (Tally, Latencies) {
    let mut latencies = Latencies::default();
    (0..samples).for_each(|i| latencies.add(500 + dice(n + i, 9_500)));
    (Tally { entered: samples, succeeded: samples, ..Tally::default() }, latencies)
}

async fn live(store: &Store, countries: &[String]) -> Result<(), Failure> {
    for slot in 0..26 * 12 {
        let at = NOW.plus(-26 * HOUR + slot * 5 * MINUTE);
        let mut rollups = LiveRollups::new();
        for step in STEPS {
            for country in countries {
                rollups.insert((at, step, country.clone()), sketch(slot, 20));
            }
        }
        let mut tx = store.write().await?;
        tx.add_live(&rollups).await?;
        tx.commit().await?;
    }
    Ok(())
}

/// A bucket for each flow, in the width that its age is kept in.
async fn kpis(store: &Store, countries: &[String]) -> Result<(), Failure> {
    let mut at = bucket(NOW.plus(-90 * DAY), 86_400);
    while at < NOW {
        let width_secs = width_at(at, NOW);
        let mut rollups = KpiRollups::new();
        for (step, country) in STEPS.iter().flat_map(|s| countries.iter().map(move |c| (*s, c))) {
            for flow in ["ota", "qr"] {
                let key = KpiKey {
                    width_secs,
                    at,
                    step,
                    country: country.clone(),
                    supplier: "smdp-a".into(),
                    node: "1".into(),
                    flow: flow.into(),
                    cohort: "baseline".into(),
                };
                rollups.insert(key, sketch(at.secs(), 20));
            }
        }
        let mut tx = store.write().await?;
        tx.add_kpis(rollups).await?;
        tx.commit().await?;
        at = at.plus(width_secs * SECOND);
    }
    Ok(())
}
