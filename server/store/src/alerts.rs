//! Alerts that bear on cells: as told at the door, firing until they are told to have ended.

use std::collections::BTreeMap;

use domain::clock::Timestamp;

use crate::{Result, Tx};

statements! {
    UPSERT_ALERTS {
        sqlite = "INSERT INTO alerts (fingerprint, starts_at, cell_id, is_critical, summary, key_id, received_at, ended_at)
            SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6, value ->> 7 FROM json_each($1) WHERE TRUE
            ON CONFLICT (fingerprint, starts_at, cell_id) DO UPDATE SET
            summary = excluded.summary, received_at = excluded.received_at, ended_at = COALESCE(alerts.ended_at, excluded.ended_at)",
        postgres = "INSERT INTO alerts (fingerprint, starts_at, cell_id, is_critical, summary, key_id, received_at, ended_at)
            SELECT v ->> 0, CAST(v ->> 1 AS BIGINT), v ->> 2, CAST(v ->> 3 AS BOOLEAN), v ->> 4, v ->> 5, CAST(v ->> 6 AS BIGINT), CAST(v ->> 7 AS BIGINT)
            FROM jsonb_array_elements(CAST($1 AS JSONB)) AS t(v)
            ON CONFLICT (fingerprint, starts_at, cell_id) DO UPDATE SET
            summary = excluded.summary, received_at = excluded.received_at, ended_at = COALESCE(alerts.ended_at, excluded.ended_at)"
    };
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
    /// Keeps alerts; one that has ended does not fire again under the same fingerprint and start.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn save_alerts(&mut self, rows: &[AlertRow]) -> Result<()> {
        // A statement touches a row once: of what is told twice the later word counts, but an end stays an end.
        let mut each: BTreeMap<(&str, i64, &str), AlertRow> = BTreeMap::new();
        for row in rows {
            let key = (row.fingerprint.as_str(), row.starts_at.millis(), row.cell_id.as_str());
            let ended_at = each.get(&key).and_then(|earlier| earlier.ended_at).or(row.ended_at);
            each.insert(key, AlertRow { ended_at, ..row.clone() });
        }
        let rows: Vec<_> = each
            .iter()
            .map(|((fingerprint, starts_at, cell), r)| {
                let received_at = r.received_at.millis();
                (fingerprint, starts_at, cell, r.is_critical, &r.summary, &r.key_id, received_at, r.ended_at)
            })
            .collect();
        execute!(self, UPSERT_ALERTS, serde_json::to_string(&rows).unwrap_or_default()).map(drop)
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
