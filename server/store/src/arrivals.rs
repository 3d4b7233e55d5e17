//! Activation events that are kept and that no journey shows yet: one row a commit of the doors, whatever it holds.

use std::borrow::Cow;

use domain::{
    clock::Timestamp,
    telemetry::event::{ActivationEvent, Happening},
};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{Result, StoreError, Tx};

statements! {
    INSERT_ARRIVALS = "INSERT INTO arrivals (events, body) VALUES ($1, $2)";
    SELECT_HEADS = "SELECT seq, events FROM arrivals ORDER BY seq LIMIT $1";
    TAKE_ARRIVALS {
        sqlite = "DELETE FROM arrivals WHERE seq IN (SELECT value FROM json_each($1)) RETURNING seq, body",
        postgres = "DELETE FROM arrivals WHERE seq IN (SELECT CAST(v AS BIGINT) FROM jsonb_array_elements_text(CAST($1 AS JSONB)) AS t(v))
            RETURNING seq, body"
    };
    COUNT_ARRIVED = "SELECT CAST(COALESCE(SUM(events), 0) AS BIGINT) FROM arrivals";
}

/// Rows that are looked at in one turn.
const HEADS: i64 = 256;

/// An activation event as it was kept. In JSON an array without names: there are thousands of them in a second.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(from = "Wire<'a>", into = "Wire<'a>")]
pub struct Arrival<'a> {
    /// CloudEvents source.
    pub source: Cow<'a, str>,
    /// CloudEvents id.
    pub event_id: Cow<'a, str>,
    /// The key it came with.
    pub key_id: Cow<'a, str>,
    /// Those of its row.
    pub flags: Cow<'a, str>,
    /// When it arrived.
    pub received_at: Timestamp,
    /// What it tells.
    pub event: Cow<'a, ActivationEvent>,
}

/// Source, id, key, flags, arrival; and of the event: subject, what happened, when, country, supplier, flow, cohort, whether
/// its source knows the download alone.
type Wire<'a> = (
    (Cow<'a, str>, Cow<'a, str>, Cow<'a, str>, Cow<'a, str>, Timestamp),
    (String, Happening, Timestamp),
    (String, String, String, String, bool),
);

impl<'a> From<Arrival<'a>> for Wire<'a> {
    fn from(arrival: Arrival<'a>) -> Self {
        let Arrival { source, event_id, key_id, flags, received_at, event } = arrival;
        let e = event.into_owned();
        (
            (source, event_id, key_id, flags, received_at),
            (e.subject, e.happening, e.occurred_at),
            (e.country, e.supplier, e.flow, e.cohort, e.is_download_only),
        )
    }
}

impl<'a> From<Wire<'a>> for Arrival<'a> {
    fn from((kept, told, about): Wire<'a>) -> Self {
        let (source, event_id, key_id, flags, received_at) = kept;
        let (subject, happening, occurred_at) = told;
        let (country, supplier, flow, cohort, is_download_only) = about;
        let event = ActivationEvent {
            subject,
            happening,
            occurred_at,
            country,
            supplier,
            flow,
            cohort,
            is_download_only,
        };
        Self { source, event_id, key_id, flags, received_at, event: Cow::Owned(event) }
    }
}

impl Tx {
    /// Puts what a commit keeps down for the journeys.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn insert_arrivals(&mut self, arrivals: &[Arrival<'_>]) -> Result<()> {
        let body = serde_json::to_string(arrivals).unwrap_or_default();
        let events = i64::try_from(arrivals.len()).unwrap_or(i64::MAX);
        execute!(self, INSERT_ARRIVALS, events, body).map(drop)
    }

    /// Takes the oldest rows away, with about `events` events and at least one row; under [`Tx::lock_ingest`].
    ///
    /// # Errors
    /// When the database fails or holds something else.
    pub async fn take_arrivals(&mut self, events: i64) -> Result<Vec<Arrival<'static>>> {
        let heads = fetch_all!(self, (i64, i64), SELECT_HEADS, HEADS)?;
        let mut sum = 0;
        let whole = heads.iter().take_while(|(_, n)| {
            let is_first = sum == 0;
            sum += n;
            is_first || sum <= events
        });
        let seqs: Vec<i64> = whole.map(|(seq, _)| *seq).collect();
        if seqs.is_empty() {
            return Ok(Vec::new());
        }
        let mut rows = fetch_all!(self, (i64, String), TAKE_ARRIVALS, json!(seqs).to_string())?;
        rows.sort_unstable_by_key(|(seq, _)| *seq);
        let mut all = Vec::new();
        for (seq, body) in rows {
            let arrivals: Vec<Arrival<'static>> = serde_json::from_str(&body)
                .map_err(|e| StoreError::Unsafe(format!("arrivals {seq}: {e}")))?;
            all.extend(arrivals);
        }
        Ok(all)
    }

    /// Events that no journey shows yet.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn count_arrived(&mut self) -> Result<i64> {
        Ok(fetch_one!(self, (i64,), COUNT_ARRIVED)?.0)
    }
}
