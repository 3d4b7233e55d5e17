//! Alerts that bear on cells: as told at the door, firing until they are told to have ended.

use domain::clock::Timestamp;

use crate::{Result, Tx};

statements! {
    UPSERT_ALERT = "INSERT INTO alerts (fingerprint, starts_at, cell_id, is_critical, summary, key_id, received_at, ended_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (fingerprint, starts_at, cell_id) DO UPDATE SET
        summary = excluded.summary, received_at = excluded.received_at, ended_at = COALESCE(alerts.ended_at, excluded.ended_at)";
    SELECT_FIRING = "SELECT * FROM alerts WHERE ended_at IS NULL ORDER BY starts_at, fingerprint, cell_id";
    END_ALERT = "UPDATE alerts SET ended_at = $1 WHERE fingerprint = $2 AND ended_at IS NULL";
    DELETE_ENDED_ALERTS = "DELETE FROM alerts WHERE ended_at < $1";
}

/// A row of `alerts`.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct AlertRow {
    /// The sender's name for the alert: the same while its labels are.
    pub fingerprint: String,
    /// When it began, by the sender's clock; may be long ago.
    #[sqlx(try_from = "i64")]
    pub starts_at: Timestamp,
    /// The cell that it bears on.
    pub cell_id: String,
    /// Partial outage and a proposal; otherwise degraded.
    pub is_critical: bool,
    /// One line.
    pub summary: String,
    /// The key it came with.
    pub key_id: String,
    /// When it was last told.
    #[sqlx(try_from = "i64")]
    pub received_at: Timestamp,
    /// When it ended, in milliseconds; none: it fires.
    pub ended_at: Option<i64>,
}

impl Tx {
    /// Keeps an alert; one that has ended does not fire again under the same fingerprint and start.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn save_alert(&mut self, row: &AlertRow) -> Result<()> {
        execute!(
            self,
            UPSERT_ALERT,
            &row.fingerprint,
            row.starts_at.millis(),
            &row.cell_id,
            row.is_critical,
            &row.summary,
            &row.key_id,
            row.received_at.millis(),
            row.ended_at
        )
        .map(drop)
    }

    /// Alerts that fire, the oldest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn firing_alerts(&mut self) -> Result<Vec<AlertRow>> {
        fetch_all!(self, AlertRow, SELECT_FIRING)
    }

    /// A person says that an alert is over, in every cell; how many it bore on.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn end_alert(&mut self, fingerprint: &str, now: Timestamp) -> Result<u64> {
        execute!(self, END_ALERT, now.millis(), fingerprint)
    }

    /// Forgets alerts that ended before `before`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn delete_ended_alerts(&mut self, before: Timestamp) -> Result<u64> {
        execute!(self, DELETE_ENDED_ALERTS, before.millis())
    }
}
