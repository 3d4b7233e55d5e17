//! What suppliers show: certificates of their hosts, once a day, and their status pages, every few minutes; and warnings
//! about certificates that end.

mod hosts;
mod pages;

use std::time::Duration;

use delivery::webhook::{Client, Limits};
use domain::clock::{SECOND, Timestamp};
use tokio::sync::watch;

use crate::{
    clock::random,
    commands::{Ctx, Refusal, certificates},
    http::serve::stopped,
    state::App,
};

/// A claim holds this long; a reading takes less, with all addresses that are tried.
const LEASE: i64 = 90 * SECOND;
/// Readings at the same time.
const AT_ONCE: usize = 8;

/// What readings are done with.
#[must_use]
pub fn reader(app: &App) -> Client {
    let agent = format!("Waypost/{} (+{}/api)", env!("CARGO_PKG_VERSION"), app.config.origin());
    let limits = Limits { idle: Duration::ZERO, ..Limits::default() };
    Client::new((*app.reader_guard).clone(), agent).with_limits(limits)
}

/// Looks every few seconds, and when a form asks for it.
pub async fn run(app: App, mut stop: watch::Receiver<bool>) {
    let client = reader(&app);
    loop {
        if app.presence.is_seen()
            && let Err(error) = tick(&app, &client).await
        {
            tracing::error!(%error, "suppliers: a round failed; trying again");
        }
        tokio::select! {
            () = stopped(&mut stop) => return,
            () = app.wake.suppliers.notified() => {}
            () = tokio::time::sleep(Duration::from_secs(5)) => {}
        }
    }
}

/// Reads what is due, then gives the warnings that are due; how many readings there were.
///
/// # Errors
/// When the database fails.
pub async fn tick(app: &App, client: &Client) -> Result<usize, Refusal> {
    let mut tx = app.store.read().await?;
    let (hosts, pages) = tx.count_due_readings(app.clock.now()).await?;
    drop(tx);
    let mut read = 0;
    if hosts > 0 {
        read += hosts::read_due(app, client).await?;
    }
    if pages > 0 {
        read += pages::read_due(app, client).await?;
    }
    warn(app).await?;
    Ok(read)
}

/// Warnings about certificates; most of the time none is due, and nobody waits for the writer.
async fn warn(app: &App) -> Result<(), Refusal> {
    let now = app.clock.now();
    let mut tx = app.store.read().await?;
    let is_due = |c: &store::CertificateRow| {
        domain::telemetry::certificate::warning_due(c.expires_at, now, c.warned).is_some()
    };
    let is_any = certificates::ending(&mut tx, now).await?.iter().any(is_due);
    drop(tx);
    if is_any {
        let mut tx = app.store.write().await?;
        certificates::warn(&mut tx, &Ctx::system(now), &app.config).await?;
        tx.commit().await?;
    }
    Ok(())
}

/// After `every` milliseconds, a fifth more or less: readings of many spread over the time.
fn later(now: Timestamp, every: i64) -> Timestamp {
    let share = i64::from(u16::from_be_bytes(random()));
    now.plus(every * 4 / 5 + every * 2 / 5 * share / i64::from(u16::MAX))
}
