//! What ends or is forgotten by itself: alerts that ended, sources that are gone, trips, subscriptions to one incident, requests that nobody confirmed.

use std::time::Duration;

use domain::clock::{DAY, HOUR};
use tokio::sync::watch;

use crate::{
    commands::{Ctx, Refusal, evidence::issue_due, subscribe::end_dated},
    http::serve::stopped,
    state::App,
};

/// Whoever has not confirmed by then is forgotten.
const UNCONFIRMED: i64 = 72 * HOUR;

/// How long deliveries that ended are kept, and those that were given up: as long as the page's history.
const DETAILS: i64 = 30 * DAY;
const DEAD_LETTERS: i64 = 90 * DAY;
/// How long results of trials are kept: longer than a device stays in the matrix.
const TRIALS: i64 = 400 * DAY;

/// Looks once a minute.
pub async fn run(app: App, mut stop: watch::Receiver<bool>) {
    loop {
        if let Err(error) = tick(&app).await {
            tracing::error!(%error, "housekeeping: a round failed; trying again");
        }
        if let Err(error) = issue_due(&app).await {
            tracing::error!(%error, "evidence: a pack could not be made; trying again");
        }
        tokio::select! {
            () = stopped(&mut stop) => return,
            () = tokio::time::sleep(Duration::from_secs(60)) => {}
        }
    }
}

/// Ends and forgets what is due; how many subscriptions ended.
pub async fn tick(app: &App) -> Result<usize, Refusal> {
    let ctx = Ctx::system(app.clock.now());
    let mut tx = app.store.write().await?;
    let ended = end_dated(&mut tx, &ctx).await?;
    tx.delete_unconfirmed(ctx.now.plus(-UNCONFIRMED)).await?;
    tx.delete_old_requests(ctx.now.plus(-UNCONFIRMED)).await?;
    tx.delete_soft_bounces(ctx.now.plus(-DETAILS)).await?;
    tx.delete_mail_back(ctx.now.plus(-DETAILS)).await?;
    tx.delete_ended_alerts(ctx.now.plus(-DETAILS)).await?;
    tx.delete_owner_notices(ctx.now.plus(-DETAILS)).await?;
    tx.delete_old_withheld(ctx.now.plus(-HOUR)).await?;
    tx.delete_heartbeats(ctx.now.plus(-DETAILS)).await?;
    tx.delete_trials(ctx.now.plus(-TRIALS)).await?;
    tx.delete_finished(ctx.now.plus(-DETAILS), ctx.now.plus(-DEAD_LETTERS)).await?;
    tx.commit().await?;
    Ok(ended)
}
