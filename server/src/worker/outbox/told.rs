//! What a notice tells, as it stands, to everybody or to the people of one partner.

use std::sync::{Arc, OnceLock};

use delivery::webhook::body::IncidentBody;
use domain::{
    audience::Viewer,
    clock::{MINUTE, Timestamp},
    notice::{IncidentNotice, MeasuredNotice},
};
use store::{NetChange, OutboxRow, net};

use crate::{
    commands::{Refusal, canary, measured::for_reader, partner_pages},
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
    /// What telemetry changed, as far as its reader asked for it; the page that shows it.
    pub(super) measured: Option<MeasuredNotice>,
    /// What endpoints are sent of a canary's verdict.
    pub(super) canary: Option<String>,
    /// Name of the page that it is told from.
    pub(super) page_name: String,
    /// What endpoints are sent of it, written for the first of them.
    body: OnceLock<IncidentBody>,
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
        let (mut about, mut measured) = (None, None);
        if let (Some(incident), Some(update)) = (&outbox.incident_id, &outbox.update_id) {
            let world = World::load_for(&app.store, now, &viewer).await?;
            about = notice::notice(&world, &origin, incident, update);
        }
        if let Some(newest) = outbox.cell_change_id {
            let world = World::load_for(&app.store, now, &viewer).await?;
            let changes = changes(app, &outbox, newest).await?;
            measured = Some(notice::measured(&world, &origin, &changes));
        }
        let canary = match outbox.kind.as_str() {
            canary::KIND => app.store.read().await?.canary_change(event_id).await?.map(|c| c.body),
            _ => None,
        };
        let body = OnceLock::new();
        Ok(Some(Arc::new(Self { outbox, about, measured, canary, page_name, body, read_at: now })))
    }

    /// What endpoints are sent of an incident; none: it is about none.
    pub(super) fn body(&self) -> Option<&IncidentBody> {
        let about = self.about.as_ref()?;
        Some(self.body.get_or_init(|| IncidentBody::new(about)))
    }

    /// Whether it is news of an incident, which nothing holds up, except that its reader paused.
    pub(super) fn is_news(&self) -> bool {
        is_news(&self.outbox.kind)
    }

    /// Whether it is a digest, and digests are held.
    pub(super) async fn is_held(&self, app: &App) -> Result<bool, Refusal> {
        Ok(self.outbox.kind == "measured_digest"
            && app.store.read().await?.measured_told().await?.held_at.is_some())
    }

    /// Whether it is to be read again.
    pub(super) const fn is_old(&self, now: Timestamp) -> bool {
        now.since(self.read_at) >= TOLD_FOR
    }
}

/// The one change that an endpoint is told, or what a digest gathers for its reader.
async fn changes(app: &App, outbox: &OutboxRow, newest: i64) -> Result<Vec<NetChange>, Refusal> {
    let mut tx = app.store.read().await?;
    let Some(reader) = &outbox.subscriber_id else {
        return Ok(tx.cell_change(newest).await?.map(|c| net(&[c])).unwrap_or_default());
    };
    let Some(reader) = tx.subscriber(reader).await? else { return Ok(Vec::new()) };
    let since = outbox.since_change_id.unwrap_or(newest);
    for_reader(&mut tx, &reader, since, newest, outbox.created_at).await
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
