//! What every handler and worker shares.

use std::sync::Arc;

use store::Store;
use tokio::sync::Notify;

use crate::{clock::Clock, config::Config, keys::Keys};

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
}
