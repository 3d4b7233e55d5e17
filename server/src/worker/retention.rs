//! Retention: raw events and journeys end after the days that the settings say, the live judge's rollups once no window
//! reaches them. KPIs stay. Chunks are small: whoever reports waits for none of them.

use std::time::Duration;

use domain::clock::{DAY, HOUR, Timestamp};
use tokio::sync::watch;

use crate::{http::serve::stopped, state::App};

/// Rows in one transaction.
const CHUNK: i64 = 2_000;
/// Transactions of one kind in a round, so that the round ends; the next goes on.
const CHUNKS: usize = 200;

/// Width of the live judge's rollups (seconds), how long they are kept, and how many are forgotten at once (milliseconds).
/// The narrow ones serve windows of minutes; the others graphs of incidents, for as long as the page's history.
const ROLLUPS: [(i64, i64, i64); 2] = [(10, 3 * HOUR, 10 * 60_000), (300, 91 * DAY, 2 * HOUR)];
/// The same for its latency histograms, which no graph reads.
const BINS: [(i64, i64, i64); 2] = [(10, 3 * HOUR, 10 * 60_000), (300, 2 * DAY, 2 * HOUR)];

/// Looks once a minute.
pub async fn run(app: App, mut stop: watch::Receiver<bool>) {
    loop {
        if let Err(error) = tick(&app).await {
            tracing::error!(%error, "retention: a round failed; trying again");
        }
        tokio::select! {
            () = stopped(&mut stop) => return,
            () = tokio::time::sleep(Duration::from_secs(60)) => {}
        }
    }
}

/// Forgets what is due; how many rows it was.
pub async fn tick(app: &App) -> store::Result<u64> {
    let now = app.clock.now();
    let raw = now.plus(-app.config.telemetry.raw_events_days * DAY);
    let mut gone = events(app, raw).await?;
    for country in app.store.read().await?.countries().await? {
        gone += journeys(app, &country.code, raw).await?;
    }
    Ok(gone + rollups(app, now).await? + bins(app, now).await?)
}

async fn events(app: &App, before: Timestamp) -> store::Result<u64> {
    let mut gone = 0;
    for _ in 0..CHUNKS {
        let mut tx = app.store.write().await?;
        let n = tx.delete_events(before, CHUNK).await?;
        tx.commit().await?;
        gone += n;
        if n < CHUNK.unsigned_abs() {
            break;
        }
    }
    Ok(gone)
}

async fn journeys(app: &App, country: &str, before: Timestamp) -> store::Result<u64> {
    let mut gone = 0;
    for _ in 0..CHUNKS {
        let mut tx = app.store.write().await?;
        let n = tx.delete_journeys(country, before, CHUNK).await?;
        tx.commit().await?;
        gone += n;
        if n < CHUNK.unsigned_abs() {
            break;
        }
    }
    Ok(gone)
}

async fn rollups(app: &App, now: Timestamp) -> store::Result<u64> {
    let mut gone = 0;
    for (width_secs, kept, span) in ROLLUPS {
        for _ in 0..CHUNKS {
            let mut tx = app.store.write().await?;
            let n = tx.delete_rollups(width_secs, now.plus(-kept), span).await?;
            tx.commit().await?;
            gone += n;
            if n == 0 {
                break;
            }
        }
    }
    Ok(gone)
}

async fn bins(app: &App, now: Timestamp) -> store::Result<u64> {
    let mut gone = 0;
    for (width_secs, kept, span) in BINS {
        for _ in 0..CHUNKS {
            let mut tx = app.store.write().await?;
            let n = tx.delete_latency_bins(width_secs, now.plus(-kept), span).await?;
            tx.commit().await?;
            gone += n;
            if n == 0 {
                break;
            }
        }
    }
    Ok(gone)
}
