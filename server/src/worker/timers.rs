//! Clocks that fall due: the miss goes on record once, however long Waypost was down.

use std::time::Duration;

use serde_json::json;
use tokio::sync::watch;

use crate::{
    commands::{Ctx, Refusal, cells::audit},
    http::serve::stopped,
    state::App,
};

/// Clocks claimed in one transaction.
const BATCH: i64 = 100;

/// Looks every second, and when a command arms a clock.
pub async fn run(app: App, mut stop: watch::Receiver<bool>) {
    loop {
        if let Err(error) = tick(&app).await {
            tracing::error!(%error, "timers: a round failed; trying again");
        }
        tokio::select! {
            () = stopped(&mut stop) => return,
            () = app.wake.timers.notified() => {}
            () = tokio::time::sleep(Duration::from_secs(1)) => {}
        }
    }
}

/// Puts every miss on record whose time has come; returns how many.
pub async fn tick(app: &App) -> Result<usize, Refusal> {
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
            let detail = json!({ "clock": late.kind.slug(), "due_at": late.due_at.rfc3339() });
            audit(&mut tx, &ctx, "breach_clock", &format!("incident:{incident_id}"), detail).await?;
        }
        tx.bump_revision(ctx.now).await?;
        tx.commit().await?;
        app.wake.page.notify_one();
        total += due.len();
    }
}
