//! What bears on live verdicts, by step and country alone: the windows of hours, which the judge reads often.

use std::collections::BTreeMap;

use domain::{
    clock::{HOUR, MINUTE, SECOND, Timestamp},
    component::Step,
    telemetry::{
        latency::Latencies,
        lifecycle::step_sla,
        rollup::{Tally, bucket},
    },
};
use serde_json::json;

use super::{fold::hex, no_sketch};
use crate::{Result, Tx, Window};

statements! {
    SELECT_LIVE_SKETCHES {
        sqlite = "SELECT j.key, k.latency FROM json_each($1) j JOIN live_rollups k ON k.width_secs = j.value ->> 0
            AND k.bucket_at = j.value ->> 1 AND k.step = j.value ->> 2 AND k.country_code = j.value ->> 3",
        postgres = "SELECT i - 1, k.latency FROM jsonb_array_elements(CAST($1 AS JSONB)) WITH ORDINALITY AS t(v, i) CROSS JOIN LATERAL
            (SELECT latency FROM live_rollups WHERE width_secs = CAST(v ->> 0 AS BIGINT) AND bucket_at = CAST(v ->> 1 AS BIGINT)
            AND step = v ->> 2 AND country_code = v ->> 3 LIMIT 1) k"
    };
    ADD_LIVE {
        sqlite = "INSERT INTO live_rollups (width_secs, bucket_at, step, country_code, entered, succeeded, late, failed, fallback, latency)
            SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6, value ->> 7,
            value ->> 8, unhex(value ->> 9) FROM json_each($1) WHERE TRUE
            ON CONFLICT (width_secs, bucket_at, step, country_code) DO UPDATE SET
            entered = live_rollups.entered + excluded.entered, succeeded = live_rollups.succeeded + excluded.succeeded,
            late = live_rollups.late + excluded.late, failed = live_rollups.failed + excluded.failed,
            fallback = live_rollups.fallback + excluded.fallback,
            latency = CASE WHEN length(excluded.latency) = 0 THEN live_rollups.latency ELSE excluded.latency END",
        postgres = "INSERT INTO live_rollups (width_secs, bucket_at, step, country_code, entered, succeeded, late, failed, fallback, latency)
            SELECT CAST(v ->> 0 AS BIGINT), CAST(v ->> 1 AS BIGINT), v ->> 2, v ->> 3, CAST(v ->> 4 AS BIGINT), CAST(v ->> 5 AS BIGINT),
            CAST(v ->> 6 AS BIGINT), CAST(v ->> 7 AS BIGINT), CAST(v ->> 8 AS BIGINT), decode(v ->> 9, 'hex')
            FROM jsonb_array_elements(CAST($1 AS JSONB)) AS t(v)
            ON CONFLICT (width_secs, bucket_at, step, country_code) DO UPDATE SET
            entered = live_rollups.entered + excluded.entered, succeeded = live_rollups.succeeded + excluded.succeeded,
            late = live_rollups.late + excluded.late, failed = live_rollups.failed + excluded.failed,
            fallback = live_rollups.fallback + excluded.fallback,
            latency = CASE WHEN length(excluded.latency) = 0 THEN live_rollups.latency ELSE excluded.latency END"
    };
    SELECT_LIVE = "SELECT bucket_at, step, country_code, entered, succeeded, late + failed, fallback, latency
        FROM live_rollups WHERE width_secs = $1 AND bucket_at >= $2 AND bucket_at < $3";
    DELETE_LIVE = "DELETE FROM live_rollups WHERE width_secs = $1 AND bucket_at < $2";
}

/// Rows in one statement.
const CHUNK: usize = 500;
/// Widths that are kept, in seconds.
const WIDTHS: [i64; 2] = [FINE, WIDE];
const FINE: i64 = 300;
const WIDE: i64 = 3_600;

/// What is added: by minute, step and country.
pub type LiveRollups = BTreeMap<(Timestamp, Step, String), (Tally, Latencies)>;

type LiveRow = ((Timestamp, Step, String), (Tally, Latencies));
type Row = (i64, String, String, i64, i64, i64, i64, Vec<u8>);

impl Tx {
    /// Adds what bears on live verdicts, under [`Tx::lock_kpis`].
    ///
    /// # Errors
    /// When the database fails.
    pub async fn add_live(&mut self, added: &LiveRollups) -> Result<()> {
        for width_secs in WIDTHS {
            let mut sums = LiveRollups::new();
            for ((at, step, country), (tally, latencies)) in added {
                let key = (bucket(*at, width_secs), *step, country.clone());
                let (sum, all) = sums.entry(key).or_default();
                sum.add(tally);
                all.merge(latencies);
            }
            let mut rows: Vec<_> = sums.into_iter().collect();
            for chunk in rows.chunks_mut(CHUNK) {
                self.add_live_chunk(width_secs, chunk).await?;
            }
        }
        Ok(())
    }

    async fn add_live_chunk(&mut self, width_secs: i64, rows: &mut [LiveRow]) -> Result<()> {
        let keys: Vec<_> = rows
            .iter()
            .map(|((at, step, country), _)| (width_secs, at.millis(), step.slug(), country))
            .collect();
        let keys = json!(keys).to_string();
        for (i, bytes) in fetch_all!(self, (i64, Vec<u8>), SELECT_LIVE_SKETCHES, keys)? {
            let row = usize::try_from(i).ok().and_then(|i| rows.get_mut(i));
            if row.is_some_and(|(_, (_, latencies))| !latencies.merge_bytes(&bytes)) {
                return Err(no_sketch());
            }
        }
        let values: Vec<_> = rows
            .iter()
            .map(|((at, step, country), (t, latencies))| {
                let latency = hex(&latencies.to_bytes());
                let (at, step) = (at.millis(), step.slug());
                (width_secs, at, step, country, t.entered, t.succeeded, t.late, t.failed, t.fallback, latency)
            })
            .collect();
        execute!(self, ADD_LIVE, json!(values).to_string()).map(drop)
    }

    /// Counts of every step and country over the last `window_secs`, where that is an hour or more: whole hours, and five
    /// minutes at both ends. Activations without an outcome count once the SLA of their bucket has run out. Latencies are
    /// read for what is `needed` alone.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn wide_window(
        &mut self,
        window_secs: i64,
        now: Timestamp,
        needed: impl Fn(Step, &str) -> bool,
    ) -> Result<Window> {
        let from = bucket(now.plus(-window_secs * SECOND), FINE);
        // Hours that lie in the window as a whole, and whose outcomes are all due.
        let first = bucket(from.plus(HOUR - 1), WIDE);
        let last = bucket(now.plus(-MINUTE), WIDE).max(first);
        let parts = [(FINE, from, first.min(now.plus(1))), (WIDE, first, last), (FINE, last, now.plus(1))];
        let mut window = Window::new();
        for (width_secs, from, to) in parts {
            if from >= to {
                continue;
            }
            for row in fetch_all!(self, Row, SELECT_LIVE, width_secs, from.millis(), to.millis())? {
                add(&mut window, width_secs, row, now, &needed)?;
            }
        }
        Ok(window)
    }

    /// Forgets what no window reaches any more.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn delete_live(&mut self, before: Timestamp) -> Result<u64> {
        let mut gone = 0;
        for width_secs in WIDTHS {
            gone += execute!(self, DELETE_LIVE, width_secs, before.millis())?;
        }
        Ok(gone)
    }
}

fn add(
    window: &mut Window,
    width_secs: i64,
    (at, step, country, entered, succeeded, unsuccessful, fallback, latency): Row,
    now: Timestamp,
    needed: impl Fn(Step, &str) -> bool,
) -> Result<()> {
    let Ok(step) = Step::try_from(step) else { return Ok(()) };
    let is_needed = needed(step, &country);
    let is_over = at + width_secs * SECOND + step_sla(step) <= now.millis();
    let counts = window.entry((step, country)).or_default();
    counts.samples += if is_over { entered } else { succeeded + unsuccessful };
    counts.succeeded += succeeded;
    counts.fallback += fallback;
    if is_needed && !counts.latencies.merge_bytes(&latency) {
        return Err(no_sketch());
    }
    Ok(())
}
