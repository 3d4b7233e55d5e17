//! What a notice tells, as it stands.

use std::sync::Arc;

use domain::{
    clock::{MINUTE, Timestamp},
    notice::IncidentNotice,
};
use store::OutboxRow;

use crate::{
    commands::Refusal,
    reads::{World, notice},
    state::App,
};

/// A notice is read again after this time: the page's indicator moves on.
const TOLD_FOR: i64 = MINUTE;

/// The notice's row, and for an update its incident.
#[derive(Debug)]
pub(super) struct Told {
    pub(super) outbox: OutboxRow,
    pub(super) about: Option<IncidentNotice>,
    read_at: Timestamp,
}

impl Told {
    /// Reads it; none when the notice is gone.
    pub(super) async fn read(app: &App, event_id: &str) -> Result<Option<Arc<Self>>, Refusal> {
        let now = app.clock.now();
        let Some(outbox) = app.store.read().await?.outbox(event_id).await? else { return Ok(None) };
        let mut about = None;
        if let (Some(incident), Some(update)) = (&outbox.incident_id, &outbox.update_id) {
            let world = World::load(&app.store, now).await?;
            about = notice::notice(&world, app.config.origin(), incident, update);
        }
        Ok(Some(Arc::new(Self { outbox, about, read_at: now })))
    }

    /// Whether it is to be read again.
    pub(super) const fn is_old(&self, now: Timestamp) -> bool {
        now.since(self.read_at) >= TOLD_FOR
    }
}
