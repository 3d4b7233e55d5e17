//! What a notice tells, as it stands, to everybody or to the people of one partner.

use std::sync::Arc;

use domain::{
    audience::Viewer,
    clock::{MINUTE, Timestamp},
    notice::IncidentNotice,
};
use store::OutboxRow;

use crate::{
    commands::{Refusal, partner_pages},
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
    /// Name of the page that it is told from.
    pub(super) page_name: String,
    read_at: Timestamp,
}

impl Told {
    /// Reads it as the people of a partner, or (none) everybody, may know it; none when the notice is gone.
    pub(super) async fn read(
        app: &App,
        event_id: &str,
        partner_id: Option<&str>,
    ) -> Result<Option<Arc<Self>>, Refusal> {
        let now = app.clock.now();
        let Some(outbox) = app.store.read().await?.outbox(event_id).await? else { return Ok(None) };
        let Some((viewer, page_name, origin)) = page_of(app, partner_id).await? else { return Ok(None) };
        let mut about = None;
        if let (Some(incident), Some(update)) = (&outbox.incident_id, &outbox.update_id) {
            let world = World::load_for(&app.store, now, &viewer).await?;
            about = notice::notice(&world, &origin, incident, update);
        }
        Ok(Some(Arc::new(Self { outbox, about, page_name, read_at: now })))
    }

    /// Whether it is news of an incident, which nothing holds up, except that its reader paused.
    pub(super) fn is_news(&self) -> bool {
        is_news(&self.outbox.kind)
    }

    /// Whether it is to be read again.
    pub(super) const fn is_old(&self, now: Timestamp) -> bool {
        now.since(self.read_at) >= TOLD_FOR
    }
}

/// Whether this kind of notice is news of an incident.
pub(super) fn is_news(kind: &str) -> bool {
    matches!(kind, "incident_update" | "partner_facts")
}

/// Who reads, the name of their page, and where its addresses begin; none: the partner is gone.
async fn page_of(app: &App, partner_id: Option<&str>) -> Result<Option<(Viewer, String, String)>, Refusal> {
    let origin = app.config.origin();
    let name = app.snapshot.with_world(|w| w.page_name.clone());
    let Some(id) = partner_id else { return Ok(Some((Viewer::Public, name, origin.to_owned()))) };
    let mut tx = app.store.read().await?;
    let (Some(partner), Some(cohort)) = (tx.partner(id).await?, tx.cohort(id).await?) else {
        return Ok(None);
    };
    let link = ::app::paths::partner_page(&partner_pages::token(&app.keys, &partner));
    let label = if partner.label.is_empty() { partner.name } else { partner.label };
    Ok(Some((Viewer::Partner(cohort), label, format!("{origin}{link}"))))
}
