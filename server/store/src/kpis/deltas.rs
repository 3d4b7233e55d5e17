//! What one round of the journeys adds to the KPIs: one row, whatever it holds.

use std::borrow::Cow;

use domain::{clock::Timestamp, component::Step};
use serde::{Deserialize, Serialize};

use crate::{Result, StoreError, Tx};

statements! {
    LOCK_KPIS {
        sqlite = "SELECT 1",
        postgres = "SELECT 1 FROM (SELECT pg_advisory_xact_lock(727002)) AS l"
    };
    INSERT_DELTA = "INSERT INTO kpi_deltas (id, received_at, body) VALUES ($1, $2, $3)";
    SELECT_DELTAS = "SELECT id, body FROM kpi_deltas LIMIT $1";
    DELETE_DELTAS {
        sqlite = "DELETE FROM kpi_deltas WHERE id IN (SELECT value FROM json_each($1))",
        postgres = "DELETE FROM kpi_deltas WHERE id IN (SELECT v FROM jsonb_array_elements_text(CAST($1 AS JSONB)) AS t(v))"
    };
}

/// Minute (milliseconds), step, country, supplier with its node, flow, cohort.
pub type DeltaDims<'a> = (i64, Step, Cow<'a, str>, Cow<'a, str>, Cow<'a, str>, Cow<'a, str>);

/// Minute (milliseconds), step, country.
pub type LivePlace<'a> = (i64, Step, Cow<'a, str>);

/// What one round adds.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct KpiDelta<'a> {
    /// Entered, succeeded, late, failed, fallback, illegal; and latencies in milliseconds.
    pub rollups: Vec<(DeltaDims<'a>, [i64; 6], Vec<i64>)>,
    /// The same of what bears on live verdicts, by minute (milliseconds), step and country alone.
    pub live: Vec<(LivePlace<'a>, [i64; 6], Vec<i64>)>,
    /// Error class and failures.
    pub errors: Vec<(DeltaDims<'a>, Cow<'a, str>, i64)>,
    /// Whether it was in time, activations, and when the newest was heard of (milliseconds). The minute is the one in
    /// which they had counted as failed.
    pub corrections: Vec<(DeltaDims<'a>, bool, i64, i64)>,
}

impl KpiDelta<'_> {
    /// Whether it adds nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rollups.is_empty()
            && self.live.is_empty()
            && self.errors.is_empty()
            && self.corrections.is_empty()
    }
}

impl Tx {
    /// Lets one worker at a time, over all nodes, change rollups until the transaction ends.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn lock_kpis(&mut self) -> Result<()> {
        execute!(self, LOCK_KPIS).map(drop)
    }

    /// Keeps what a commit adds; `id` is fresh.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn insert_kpi_delta(&mut self, id: &str, delta: &KpiDelta<'_>, now: Timestamp) -> Result<()> {
        let body = serde_json::to_string(delta).unwrap_or_default();
        execute!(self, INSERT_DELTA, id, now.millis(), body).map(drop)
    }

    /// At most `limit` of what waits to be folded, with ids.
    ///
    /// # Errors
    /// When the database fails or holds something else.
    pub async fn kpi_deltas(&mut self, limit: i64) -> Result<Vec<(String, KpiDelta<'static>)>> {
        let rows = fetch_all!(self, (String, String), SELECT_DELTAS, limit)?;
        let read = |(id, body): (String, String)| match serde_json::from_str(&body) {
            Ok(delta) => Ok((id, delta)),
            Err(e) => Err(StoreError::Unsafe(format!("kpi_deltas {id}: {e}"))),
        };
        rows.into_iter().map(read).collect()
    }

    /// Takes these away; false if another has taken any of them before: then nothing of them may be added.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn take_kpi_deltas(&mut self, ids: &[String]) -> Result<bool> {
        let taken = execute!(self, DELETE_DELTAS, serde_json::to_string(ids).unwrap_or_default())?;
        Ok(usize::try_from(taken) == Ok(ids.len()))
    }
}
