//! Forgetting telemetry in bounded chunks: raw events and journeys, and the fine rollups of the live judge.

use domain::clock::Timestamp;

use crate::{Result, Tx};

statements! {
    DELETE_EVENTS = "DELETE FROM activation_events WHERE (source, event_id) IN
        (SELECT source, event_id FROM activation_events WHERE received_at < $1 ORDER BY received_at LIMIT $2)";
    DELETE_JOURNEYS = "DELETE FROM activations WHERE subject IN
        (SELECT subject FROM activations WHERE country_code = $1 AND received_at < $2 ORDER BY received_at LIMIT $3)";
    OLDEST_ROLLUP = "SELECT MIN(bucket_at) FROM rollups WHERE width_secs = $1";
    DELETE_ROLLUPS = "DELETE FROM rollups WHERE width_secs = $1 AND bucket_at < $2";
    OLDEST_BINS = "SELECT MIN(bucket_at) FROM latency_bins WHERE width_secs = $1";
    DELETE_BINS = "DELETE FROM latency_bins WHERE width_secs = $1 AND bucket_at < $2";
}

impl Tx {
    /// Forgets at most `limit` raw events that arrived before `before`, the oldest first; how many it were.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn delete_events(&mut self, before: Timestamp, limit: i64) -> Result<u64> {
        execute!(self, DELETE_EVENTS, before.millis(), limit)
    }

    /// Forgets at most `limit` journeys of a country that were last heard of before `before`; how many it were.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn delete_journeys(&mut self, country: &str, before: Timestamp, limit: i64) -> Result<u64> {
        execute!(self, DELETE_JOURNEYS, country, before.millis(), limit)
    }

    /// Forgets the live judge's rollups of this width that began before `before`, at most `span_ms` of them at a time; how
    /// many rows it were. KPIs keep what they counted.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn delete_rollups(&mut self, width_secs: i64, before: Timestamp, span_ms: i64) -> Result<u64> {
        let (oldest,) = fetch_one!(self, (Option<i64>,), OLDEST_ROLLUP, width_secs)?;
        let Some(to) = oldest.map(|at| before.millis().min(at + span_ms)) else { return Ok(0) };
        execute!(self, DELETE_ROLLUPS, width_secs, to)
    }

    /// The same for its latency histograms.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn delete_latency_bins(
        &mut self,
        width_secs: i64,
        before: Timestamp,
        span_ms: i64,
    ) -> Result<u64> {
        let (oldest,) = fetch_one!(self, (Option<i64>,), OLDEST_BINS, width_secs)?;
        let Some(to) = oldest.map(|at| before.millis().min(at + span_ms)) else { return Ok(0) };
        execute!(self, DELETE_BINS, width_secs, to)
    }
}
