//! Whether this process may claim, and what became of those that claimed before it.
//!
//! What a process has leased when it dies is due again at once. On SQLite there is one process at a time, so whoever
//! holds the lock of the files may free everything ([`take_over`]). On PostgreSQL several may live: each shows that it
//! does ([`run`]), looks for others that do not any more, and claims nothing while it cannot be seen itself.

use std::{
    collections::HashSet,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use store::{Engine, OwnerSession};
use tokio::{sync::watch, time::timeout};

use super::outbox;
use crate::{clock::new_id, commands::Refusal, http::serve::stopped, state::App};

/// How often the process looks whether it is still seen: well within the time after which others would free its leases.
const LOOK_AT_OURSELVES: Duration = Duration::from_millis(500);
/// It looks for others every so many times; who is missing twice in a row is gone.
const LOOK_AT_OTHERS: usize = 4;
/// A look that takes longer has failed.
const LOOK_MAX: Duration = Duration::from_secs(5);

/// This process, as the owner of leases.
#[derive(Debug)]
pub struct Presence {
    owner: String,
    is_seen: watch::Sender<bool>,
    /// From the stop to the end of the process: leases may still be under way.
    last: Mutex<Option<OwnerSession>>,
}

impl Default for Presence {
    fn default() -> Self {
        Self { owner: new_id(), is_seen: watch::Sender::new(true), last: Mutex::default() }
    }
}

impl Presence {
    /// The fence of a new claim: it tells whose it is.
    #[must_use]
    pub fn fence(&self) -> String {
        format!("{}.{}", self.owner, new_id())
    }

    /// Whether others see that this process lives: else it claims nothing, and gives back what it can.
    #[must_use]
    pub fn is_seen(&self) -> bool {
        *self.is_seen.borrow()
    }

    /// Waits until others see it, or until the stop.
    pub(super) async fn seen(&self, mut stop: watch::Receiver<bool>) {
        let mut is_seen = self.is_seen.subscribe();
        tokio::select! {
            () = stopped(&mut stop) => {}
            _ = is_seen.wait_for(|is_so| *is_so) => {}
        }
    }

    fn set_seen(&self, is_seen: bool) {
        self.is_seen.send_replace(is_seen);
    }
}

/// Takes up the outcomes that a dead process had only in its journal, then frees every lease there is: for the process
/// that holds the lock of an embedded database, and before it claims.
///
/// # Errors
/// When the database fails.
pub async fn take_over(app: &App) -> store::Result<u64> {
    let mut tx = app.store.write().await?;
    let kept = outbox::recover(app, &mut tx).await?;
    let freed = tx.free_leases("", app.clock.now()).await?;
    tx.commit().await?;
    if kept > 0 {
        tracing::info!(
            kept,
            "outbox: a process that ended had left outcomes in its journal; they are on record now"
        );
    }
    told(freed);
    Ok(freed)
}

/// To be called before anything is claimed: from here on claims wait for [`run`], where other processes may live.
pub fn begin(app: &App) {
    app.presence.set_seen(app.store.engine() == Engine::Sqlite);
}

/// Stays visible to others, and frees what those had leased who are gone, until the stop.
pub async fn run(app: App, mut stop: watch::Receiver<bool>) {
    if app.store.engine() == Engine::Sqlite {
        return;
    }
    let mut others = Others::default();
    while !*stop.borrow() {
        match app.store.hold_owner(&app.presence.owner, app.clock.now()).await {
            Ok(Some(session)) => {
                stay(&app, session, &mut others, &mut stop).await;
            }
            Ok(None) => {}
            Err(error) => {
                tracing::warn!(%error, "outbox: nothing is claimed while the database is out of reach")
            }
        }
        tokio::select! {
            () = stopped(&mut stop) => {}
            () = tokio::time::sleep(LOOK_AT_OURSELVES) => {}
        }
    }
}

/// Until the session is lost or the stop comes.
async fn stay(app: &App, mut session: OwnerSession, others: &mut Others, stop: &mut watch::Receiver<bool>) {
    for turn in 0_usize.. {
        let is_seen = timeout(LOOK_MAX, session.look()).await;
        if !matches!(is_seen, Ok(Ok(true))) {
            app.presence.set_seen(false);
            tracing::warn!("outbox: the database has lost sight of this process; showing up again");
            return;
        }
        if turn.is_multiple_of(LOOK_AT_OTHERS)
            && let Err(error) = others.look(app).await
        {
            tracing::warn!(%error, "outbox: could not look for processes that are gone; trying again");
        }
        app.presence.set_seen(true);
        tokio::select! {
            () = stopped(stop) => {
                *app.presence.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(session);
                return;
            }
            () = tokio::time::sleep(LOOK_AT_OURSELVES) => {}
        }
    }
}

/// The other processes, as they were seen at the last look.
#[derive(Debug, Default)]
pub(crate) struct Others {
    has_looked: bool,
    missing: HashSet<String>,
}

impl Others {
    /// Frees the leases of those who are gone; how many. The first look frees at once: whoever starts takes the place of
    /// somebody. Later ones give a process that lost its connection the time to come back.
    pub(crate) async fn look(&mut self, app: &App) -> Result<u64, Refusal> {
        let (mut freed, mut missing) = (0, HashSet::new());
        let others = app.store.read().await?.lease_owners(&app.presence.owner).await?;
        for other in others {
            let mut tx = app.store.write().await?;
            if !tx.is_owner_gone(&other).await? {
                continue;
            }
            if self.missing.contains(&other) || !self.has_looked {
                // One that comes back after all enters itself again before it claims.
                freed += tx.free_leases(&other, app.clock.now()).await?;
                tx.forget_lease_owner(&other).await?;
            } else {
                missing.insert(other);
            }
            tx.commit().await?;
        }
        (self.has_looked, self.missing) = (true, missing);
        told(freed);
        Ok(freed)
    }
}

fn told(freed: u64) {
    if freed > 0 {
        tracing::info!(freed, "outbox: what a process that is gone had claimed is due again");
    }
}
