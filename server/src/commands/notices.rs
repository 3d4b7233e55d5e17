//! Notices: one outbox row per thing told, written in the transaction of the change.

use domain::severity::Severity;
use store::{OutboxRow, Tx};

use super::{Ctx, Refusal};
use crate::clock::new_id;

/// A published update to be told.
#[derive(Debug, Clone, Copy)]
pub struct Notice<'a> {
    /// Its incident.
    pub incident_id: &'a str,
    /// The update.
    pub update_id: &'a str,
    /// Decides the priority.
    pub severity: Severity,
    /// Sequence within the incident.
    pub sequence: i64,
}

/// Priority of confirmations and challenges: after Sev 1 and Sev 2, before everything else.
pub const HANDSHAKE_PRIORITY: i64 = 2;

/// Priority of what is told of an incident.
#[must_use]
pub const fn priority(severity: Severity) -> i64 {
    match severity {
        Severity::Sev1 => 0,
        Severity::Sev2 => 1,
        Severity::Sev3 | Severity::Sev4 => 3,
    }
}

/// Puts a notice into the outbox.
pub async fn enqueue(tx: &mut Tx, ctx: &Ctx, notice: Notice<'_>) -> Result<(), Refusal> {
    if tx.incident(notice.incident_id).await?.is_some_and(|i| i.is_rehearsal) {
        return Ok(()); // its sink is its page
    }
    let row = OutboxRow {
        event_id: new_id(),
        kind: "incident_update".into(),
        priority: priority(notice.severity),
        incident_id: Some(notice.incident_id.to_owned()),
        update_id: Some(notice.update_id.to_owned()),
        subscriber_id: None,
        sequence: notice.sequence,
        partner_id: None,
        created_at: ctx.now,
        ..OutboxRow::default()
    };
    Ok(tx.insert_outbox(&row).await?)
}
