//! What every handler and worker shares.

use std::sync::{Arc, atomic::AtomicU64};

use delivery::webhook::Guard;
use store::Store;
use tokio::sync::Notify;

use crate::{
    auth::limits::Limits,
    clock::Clock,
    config::Config,
    keys::Keys,
    snapshot::{Cohorts, Snapshot},
    worker::{outbox::Health, presence::Presence},
};

/// Shared state; cheap to clone.
#[derive(Clone)]
pub struct App {
    /// The database.
    pub store: Store,
    /// Settings.
    pub config: Arc<Config>,
    /// Secrets.
    pub keys: Arc<Keys>,
    /// The time.
    pub clock: Clock,
    /// Wakes workers and the snapshot after a commit; a poll stands behind each.
    pub wake: Arc<Wake>,
    /// Rate limits.
    pub limits: Arc<Limits>,
    /// The rendered public side.
    pub snapshot: Arc<Snapshot>,
    /// The pages of partners.
    pub cohorts: Arc<Cohorts>,
    /// Where webhooks may go.
    pub guard: Arc<Guard>,
    /// Where we read from: suppliers' certificates and status pages.
    pub reader_guard: Arc<Guard>,
    /// How deliveries fare.
    pub delivery: Arc<Health>,
    /// This process as the owner of leases.
    pub presence: Arc<Presence>,
}

/// Wake-up hints within this process.
#[derive(Debug, Default)]
pub struct Wake {
    /// The outbox has rows.
    pub outbox: Notify,
    /// A clock was armed or stopped.
    pub timers: Notify,
    /// Something public changed.
    pub page: Notify,
    /// A supplier's host or status page is to be read now.
    pub suppliers: Notify,
    /// Grows when a key was renewed or revoked: what is remembered of keys is read again.
    pub keys: AtomicU64,
}

impl App {
    /// Something was committed: wakes the workers, and returns when visitors see it. What not everybody sees leaves the
    /// public bytes as they are.
    pub async fn published(&self) {
        self.wake.outbox.notify_one();
        self.wake.timers.notify_one();
        self.snapshot.catch_up().await;
    }
}
