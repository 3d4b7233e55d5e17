//! Launches under watch: judged every ten seconds, told of when something is wrong, ended by themselves.

use std::time::Duration;

use tokio::sync::watch;

use crate::{
    commands::{Ctx, Refusal, launches},
    http::serve::stopped,
    state::App,
};

/// Looks every ten seconds.
pub async fn run(app: App, mut stop: watch::Receiver<bool>) {
    loop {
        if let Err(error) = tick(&app).await {
            tracing::error!(%error, "launches: a round failed; trying again");
        }
        tokio::select! {
            () = stopped(&mut stop) => return,
            () = tokio::time::sleep(Duration::from_secs(10)) => {}
        }
    }
}

/// Judges every launch that runs; how many ended.
///
/// # Errors
/// When the database fails.
pub async fn tick(app: &App) -> Result<usize, Refusal> {
    let now = app.clock.now();
    let mut tx = app.store.read().await?;
    let mut changed = Vec::new();
    for before in tx.open_launch_watches().await? {
        let after = launches::look(&mut tx, &before, now).await?;
        let is_same =
            (&after.state, &after.numbers, &after.alert) == (&before.state, &before.numbers, &before.alert);
        if !is_same {
            changed.push((before, after));
        }
    }
    drop(tx);
    let mut ended = 0;
    if changed.is_empty() {
        return Ok(ended);
    }
    let mut tx = app.store.write().await?;
    for (before, after) in &changed {
        let kept = launches::keep(&mut tx, &Ctx::system(now), &app.config, before, after).await?;
        ended += usize::from(kept && after.ended_at.is_some());
    }
    tx.commit().await?;
    Ok(ended)
}
