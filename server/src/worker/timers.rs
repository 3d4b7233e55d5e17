//! Clocks that fall due: the miss goes on record once, however long Waypost was down; people are reminded; statements
//! and texts go out whose time has come.

mod alerts;
mod holding;
mod mail;

use std::{sync::Arc, time::Duration};

use domain::{lead::Lead, sla::clock::ClockKind};
use serde_json::json;
use tokio::sync::watch;

pub use self::mail::{send_owner_notices, send_reminders};
use super::outbox::Senders;
use crate::{
    commands::{
        Ctx, Refusal, audiences,
        cells::audit,
        drafts::{Due, publish_due, return_due},
        measured,
    },
    http::serve::stopped,
    state::App,
};

/// Clocks claimed in one transaction.
const BATCH: i64 = 100;

/// Who must act on a clock, the first to act first.
#[must_use]
pub const fn actors(kind: ClockKind) -> &'static [Lead] {
    match kind {
        ClockKind::FirstResponse | ClockKind::NextUpdate => &[Lead::CommsLead, Lead::Commander],
        ClockKind::Workaround | ClockKind::Fix => &[Lead::TechnicalLead, Lead::Commander],
        ClockKind::Tier | ClockKind::Carrier => &[Lead::Commander],
        ClockKind::RcaDraft | ClockKind::RcaFinal => &[Lead::TechnicalLead, Lead::Commander],
    }
}

/// Looks every second, and when a command arms a clock. Mail has a loop of its own: a slow relay stops no clock.
pub async fn run(app: App, senders: Arc<Senders>, stop: watch::Receiver<bool>) {
    tokio::join!(keep_time(&app, stop.clone()), keep_mailing(&app, &senders, stop));
}

async fn keep_time(app: &App, mut stop: watch::Receiver<bool>) {
    loop {
        if let Err(error) = tick(app).await {
            tracing::error!(%error, "timers: a round failed; trying again");
        }
        if let Err(error) = write_digests(app).await {
            tracing::error!(%error, "timers: digests could not be written; trying again");
        }
        tokio::select! {
            () = stopped(&mut stop) => return,
            () = app.wake.timers.notified() => {}
            () = tokio::time::sleep(Duration::from_secs(1)) => {}
        }
    }
}

/// Digests of what telemetry changed; how many were written.
pub async fn write_digests(app: &App) -> Result<usize, Refusal> {
    // Most seconds nothing is due, and nobody waits for the writer.
    let mut tx = app.store.read().await?;
    let told = tx.measured_told().await?;
    if measured::due(&mut tx, &told, app.clock.now()).await?.is_none() {
        return Ok(0);
    }
    drop(tx);
    let mut tx = app.store.write().await?;
    let count = measured::digest(&mut tx, &Ctx::system(app.clock.now()), &app.config).await?;
    tx.commit().await?;
    if count > 0 {
        app.wake.outbox.notify_one();
    }
    Ok(count)
}

async fn keep_mailing(app: &App, senders: &Senders, mut stop: watch::Receiver<bool>) {
    while !*stop.borrow() {
        if app.presence.is_seen() {
            mail_people(app, senders).await;
        }
        tokio::select! {
            () = stopped(&mut stop) => return,
            () = tokio::time::sleep(Duration::from_secs(1)) => {}
        }
    }
}

async fn mail_people(app: &App, senders: &Senders) {
    if let Err(error) = send_reminders(app, senders).await {
        tracing::error!(%error, "timers: reminders could not be sent; trying again");
    }
    if let Err(error) = send_owner_notices(app, senders).await {
        tracing::error!(%error, "timers: notices to owners could not be sent; trying again");
    }
}

/// Does everything whose time has come; returns how many misses went on record.
pub async fn tick(app: &App) -> Result<usize, Refusal> {
    let breaches = put_misses_on_record(app).await?;
    alerts::give(app).await?;
    let statements = holding::publish(app).await?;
    let texts = publish_texts(app).await?;
    if statements + texts > 0 {
        app.published().await;
    }
    Ok(breaches)
}

async fn put_misses_on_record(app: &App) -> Result<usize, Refusal> {
    let mut total = 0;
    loop {
        let ctx = Ctx::system(app.clock.now());
        let mut tx = app.store.write().await?;
        let due = tx.claim_due_clocks(ctx.now, BATCH).await?;
        if due.is_empty() {
            return Ok(total);
        }
        for (incident_id, clock) in &due {
            let late = clock.clone().fall_due(ctx.now);
            tx.save_clock(incident_id, &late).await?;
            audiences::changed(&mut tx, &ctx, incident_id).await?;
            let detail = json!({
                "clock": late.kind.slug(),
                "subject": late.subject,
                "due_at": late.due_at.rfc3339(),
                "before": "running",
                "after": "breached",
            });
            audit(&mut tx, &ctx, "breach_clock", &format!("incident:{incident_id}"), detail).await?;
        }
        tx.commit().await?;
        app.wake.page.notify_one();
        total += due.len();
    }
}

/// Publishes scheduled texts; what the rules refuse by now goes back to its author.
async fn publish_texts(app: &App) -> Result<usize, Refusal> {
    let mut published = 0;
    loop {
        let now = app.clock.now();
        let mut tx = app.store.write().await?;
        match publish_due(&mut tx, now).await? {
            Due::Nothing => return Ok(published),
            Due::Published => published += 1,
            Due::Returned => {}
            Due::Refused(id, why) => {
                drop(tx);
                tx = app.store.write().await?;
                return_due(&mut tx, now, &id, &why).await?;
            }
        }
        tx.commit().await?;
    }
}
