//! The outbox: one row per notice.

use domain::clock::Timestamp;

use crate::{Result, Tx};

statements! {
    INSERT_OUTBOX = "INSERT INTO outbox (event_id, kind, priority, incident_id, update_id, subscriber_id, sequence, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
}

/// A row of `outbox`.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct OutboxRow {
    /// The webhook-id without its prefix.
    pub event_id: String,
    /// `incident_update`, `confirmation` or `challenge`.
    pub kind: String,
    /// 0 first.
    pub priority: i64,
    /// The incident told.
    pub incident_id: Option<String>,
    /// The update told.
    pub update_id: Option<String>,
    /// Confirmation, challenge: the one recipient.
    pub subscriber_id: Option<String>,
    /// Sequence within the incident.
    pub sequence: i64,
    /// When it was written.
    #[sqlx(try_from = "i64")]
    pub created_at: Timestamp,
    /// How far it has been expanded.
    pub cursor_subscriber_id: String,
}

impl Tx {
    /// Adds a notice, in the transaction of what it tells.
    pub async fn insert_outbox(&mut self, row: &OutboxRow) -> Result<()> {
        let at = row.created_at.millis();
        execute!(
            self,
            INSERT_OUTBOX,
            &row.event_id,
            &row.kind,
            row.priority,
            &row.incident_id,
            &row.update_id,
            &row.subscriber_id,
            row.sequence,
            at,
        )
        .map(drop)
    }
}
