//! Results of trials: device, carrier and flow, end to end.

use domain::clock::Timestamp;

use crate::{Result, Tx};

statements! {
    INSERT_TRIAL = "INSERT INTO trial_results (source, event_id, device, carrier, flow, aspect, is_passed, latency_ms, country_code,
        supplier, occurred_at, received_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
        ON CONFLICT (source, event_id) DO NOTHING";
    SELECT_NEWEST_TRIALS = "SELECT t.* FROM (SELECT r.*, ROW_NUMBER() OVER (PARTITION BY r.device, r.carrier, r.flow, r.aspect
        ORDER BY r.occurred_at DESC, r.received_at DESC, r.event_id DESC) AS place FROM trial_results r) t WHERE t.place <= $1
        ORDER BY t.device, t.carrier, t.flow, t.aspect, t.place LIMIT $2";
    DELETE_OLD_TRIALS = "DELETE FROM trial_results WHERE occurred_at < $1";
}

/// A row of `trial_results`.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct TrialRow {
    /// CloudEvents source.
    pub source: String,
    /// CloudEvents id.
    pub event_id: String,
    /// Model of the device.
    pub device: String,
    /// The carrier.
    pub carrier: String,
    /// `ota`, `qr` or `alternate`.
    pub flow: String,
    /// `activation`, `certificate`, `ota_latency` or `qr_decode`.
    pub aspect: String,
    /// Whether it went as it should.
    pub is_passed: bool,
    /// How long it took, in milliseconds.
    pub latency_ms: Option<i64>,
    /// ISO code; empty: not told.
    pub country_code: String,
    /// `name` or `name/node`; empty: not told.
    pub supplier: String,
    /// When, by the event's own time.
    #[sqlx(try_from = "i64")]
    pub occurred_at: Timestamp,
    /// When it arrived.
    #[sqlx(try_from = "i64")]
    pub received_at: Timestamp,
}

impl Tx {
    /// Keeps results; one that is there already stays as it is.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn insert_trials(&mut self, rows: &[TrialRow]) -> Result<()> {
        for r in rows {
            execute!(
                self,
                INSERT_TRIAL,
                &r.source,
                &r.event_id,
                &r.device,
                &r.carrier,
                &r.flow,
                &r.aspect,
                r.is_passed,
                r.latency_ms,
                &r.country_code,
                &r.supplier,
                r.occurred_at.millis(),
                r.received_at.millis()
            )?;
        }
        Ok(())
    }

    /// The newest results of every device, carrier, flow and aspect: `each` of them at most, newest first, and `limit` rows.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn newest_trials(&mut self, each: i64, limit: i64) -> Result<Vec<TrialRow>> {
        fetch_all!(self, TrialRow, SELECT_NEWEST_TRIALS, each, limit)
    }

    /// Forgets results from before a time.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn delete_trials(&mut self, before: Timestamp) -> Result<u64> {
        execute!(self, DELETE_OLD_TRIALS, before.millis())
    }
}
