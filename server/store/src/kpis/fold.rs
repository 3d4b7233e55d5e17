//! Rollups: adding to them, and folding the old ones into wider buckets.

use std::collections::BTreeMap;

use domain::{
    clock::{SECOND, Timestamp},
    component::Step,
    telemetry::{
        latency::Latencies,
        rollup::{Tally, bucket},
    },
};
use serde_json::json;

use super::no_sketch;
use crate::{Result, Tx};

statements! {
    SELECT_SKETCHES {
        sqlite = "SELECT j.key, k.latency FROM json_each($1) j JOIN kpi_rollups k ON k.width_secs = j.value ->> 0
            AND k.step = j.value ->> 1 AND k.country_code = j.value ->> 2 AND k.bucket_at = j.value ->> 3
            AND k.supplier = j.value ->> 4 AND k.node = j.value ->> 5 AND k.flow = j.value ->> 6 AND k.cohort = j.value ->> 7",
        postgres = "SELECT i - 1, k.latency FROM jsonb_array_elements(CAST($1 AS JSONB)) WITH ORDINALITY AS t(v, i) CROSS JOIN LATERAL
            (SELECT latency FROM kpi_rollups WHERE width_secs = CAST(v ->> 0 AS BIGINT) AND step = v ->> 1 AND country_code = v ->> 2
            AND bucket_at = CAST(v ->> 3 AS BIGINT) AND supplier = v ->> 4 AND node = v ->> 5 AND flow = v ->> 6
            AND cohort = v ->> 7 LIMIT 1) k"
    };
    ADD_KPIS {
        sqlite = "INSERT INTO kpi_rollups (width_secs, step, country_code, bucket_at, supplier, node, flow, cohort, entered,
            succeeded, late, failed, fallback, illegal, latency)
            SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6, value ->> 7,
            value ->> 8, value ->> 9, value ->> 10, value ->> 11, value ->> 12, value ->> 13, unhex(value ->> 14) FROM json_each($1)
            WHERE TRUE ON CONFLICT (width_secs, step, country_code, bucket_at, supplier, node, flow, cohort) DO UPDATE SET
            entered = kpi_rollups.entered + excluded.entered, succeeded = kpi_rollups.succeeded + excluded.succeeded,
            late = kpi_rollups.late + excluded.late, failed = kpi_rollups.failed + excluded.failed,
            fallback = kpi_rollups.fallback + excluded.fallback, illegal = kpi_rollups.illegal + excluded.illegal,
            latency = CASE WHEN length(excluded.latency) = 0 THEN kpi_rollups.latency ELSE excluded.latency END",
        postgres = "INSERT INTO kpi_rollups (width_secs, step, country_code, bucket_at, supplier, node, flow, cohort, entered,
            succeeded, late, failed, fallback, illegal, latency)
            SELECT CAST(v ->> 0 AS BIGINT), v ->> 1, v ->> 2, CAST(v ->> 3 AS BIGINT), v ->> 4, v ->> 5, v ->> 6, v ->> 7,
            CAST(v ->> 8 AS BIGINT), CAST(v ->> 9 AS BIGINT), CAST(v ->> 10 AS BIGINT), CAST(v ->> 11 AS BIGINT),
            CAST(v ->> 12 AS BIGINT), CAST(v ->> 13 AS BIGINT), decode(v ->> 14, 'hex') FROM jsonb_array_elements(CAST($1 AS JSONB)) AS t(v)
            ON CONFLICT (width_secs, step, country_code, bucket_at, supplier, node, flow, cohort) DO UPDATE SET
            entered = kpi_rollups.entered + excluded.entered, succeeded = kpi_rollups.succeeded + excluded.succeeded,
            late = kpi_rollups.late + excluded.late, failed = kpi_rollups.failed + excluded.failed,
            fallback = kpi_rollups.fallback + excluded.fallback, illegal = kpi_rollups.illegal + excluded.illegal,
            latency = CASE WHEN length(excluded.latency) = 0 THEN kpi_rollups.latency ELSE excluded.latency END"
    };
    ADD_ERRORS {
        sqlite = "INSERT INTO kpi_errors (width_secs, step, country_code, bucket_at, supplier, node, flow, cohort, error_class, failed)
            SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6, value ->> 7,
            value ->> 8, value ->> 9 FROM json_each($1) WHERE TRUE
            ON CONFLICT (width_secs, step, country_code, bucket_at, supplier, node, flow, cohort, error_class) DO UPDATE SET
            failed = kpi_errors.failed + excluded.failed",
        postgres = "INSERT INTO kpi_errors (width_secs, step, country_code, bucket_at, supplier, node, flow, cohort, error_class, failed)
            SELECT CAST(v ->> 0 AS BIGINT), v ->> 1, v ->> 2, CAST(v ->> 3 AS BIGINT), v ->> 4, v ->> 5, v ->> 6, v ->> 7,
            v ->> 8, CAST(v ->> 9 AS BIGINT) FROM jsonb_array_elements(CAST($1 AS JSONB)) AS t(v)
            ON CONFLICT (width_secs, step, country_code, bucket_at, supplier, node, flow, cohort, error_class) DO UPDATE SET
            failed = kpi_errors.failed + excluded.failed"
    };
    OLDEST_KPI = "SELECT MIN(bucket_at) FROM kpi_rollups WHERE width_secs = $1 AND step = $2 AND country_code = $3";
    SELECT_SLICE = "SELECT bucket_at, supplier, node, flow, cohort, entered, succeeded, late, failed, fallback, illegal, latency
        FROM kpi_rollups WHERE width_secs = $1 AND step = $2 AND country_code = $3 AND bucket_at >= $4 AND bucket_at < $5";
    DELETE_SLICE = "DELETE FROM kpi_rollups WHERE width_secs = $1 AND step = $2 AND country_code = $3
        AND bucket_at >= $4 AND bucket_at < $5";
    SELECT_ERROR_SLICE = "SELECT bucket_at, supplier, node, flow, cohort, error_class, failed
        FROM kpi_errors WHERE width_secs = $1 AND step = $2 AND country_code = $3 AND bucket_at < $4";
    DELETE_ERROR_SLICE = "DELETE FROM kpi_errors WHERE width_secs = $1 AND step = $2 AND country_code = $3 AND bucket_at < $4";
}

/// Rows in one statement.
const CHUNK: usize = 500;

/// Which rollup.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct KpiKey {
    /// How wide the bucket is, in seconds.
    pub width_secs: i64,
    /// When it begins.
    pub at: Timestamp,
    /// The step.
    pub step: Step,
    /// ISO code.
    pub country: String,
    /// Name of the supplier.
    pub supplier: String,
    /// Its node; empty: none was named.
    pub node: String,
    /// `ota`, `qr` or `alternate`.
    pub flow: String,
    /// `baseline` or `canary`.
    pub cohort: String,
}

type KeyTerms<'a> = (i64, &'static str, &'a str, i64, &'a str, &'a str, &'a str, &'a str);

impl KpiKey {
    fn terms(&self) -> KeyTerms<'_> {
        let (step, at) = (self.step.slug(), self.at.millis());
        (self.width_secs, step, &self.country, at, &self.supplier, &self.node, &self.flow, &self.cohort)
    }
}

/// What is added to rollups.
pub type KpiRollups = BTreeMap<KpiKey, (Tally, Latencies)>;
/// Failures that are added, by error class.
pub type KpiErrors = BTreeMap<(KpiKey, String), i64>;

type SliceRow = (i64, String, String, String, String, i64, i64, i64, i64, i64, i64, Vec<u8>);

/// Adds a stored sketch to another.
fn merge(latencies: &mut Latencies, bytes: &[u8]) -> Result<()> {
    if latencies.merge_bytes(bytes) { Ok(()) } else { Err(no_sketch()) }
}

pub(super) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut out, b| {
        let _ = write!(out, "{b:02x}");
        out
    })
}

impl Tx {
    /// Adds to rollups, under [`Tx::lock_kpis`].
    ///
    /// # Errors
    /// When the database fails.
    pub async fn add_kpis(&mut self, rollups: KpiRollups) -> Result<()> {
        let mut rows: Vec<(KpiKey, (Tally, Latencies))> = rollups.into_iter().collect();
        for chunk in rows.chunks_mut(CHUNK) {
            let with: Vec<usize> = (0..chunk.len()).filter(|i| chunk[*i].1.1.count() > 0).collect();
            let keys: Vec<_> = with.iter().map(|i| chunk[*i].0.terms()).collect();
            let there = fetch_all!(self, (i64, Vec<u8>), SELECT_SKETCHES, json!(keys).to_string())?;
            for (i, bytes) in there {
                let at = usize::try_from(i).ok().and_then(|i| with.get(i)).copied();
                if let Some((_, (_, latencies))) = at.and_then(|at| chunk.get_mut(at)) {
                    merge(latencies, &bytes)?;
                }
            }
            let values: Vec<_> = chunk
                .iter()
                .map(|(key, (t, latencies))| {
                    let (width, step, country, at, supplier, node, flow, cohort) = key.terms();
                    let latency = hex(&latencies.to_bytes());
                    let counts = [t.entered, t.succeeded, t.late, t.failed, t.fallback, t.illegal];
                    let [entered, succeeded, late, failed, fallback, illegal] = counts;
                    json!([
                        width, step, country, at, supplier, node, flow, cohort, entered, succeeded, late,
                        failed, fallback, illegal, latency
                    ])
                })
                .collect();
            execute!(self, ADD_KPIS, json!(values).to_string())?;
        }
        Ok(())
    }

    /// Adds failures by error class.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn add_kpi_errors(&mut self, errors: &KpiErrors) -> Result<()> {
        let rows: Vec<_> = errors.iter().filter(|(_, n)| **n != 0).collect();
        for chunk in rows.chunks(CHUNK) {
            let values: Vec<_> = chunk
                .iter()
                .map(|((key, class), n)| {
                    let (width, step, country, at, supplier, node, flow, cohort) = key.terms();
                    (width, step, country, at, supplier, node, flow, cohort, class, n)
                })
                .collect();
            execute!(self, ADD_ERRORS, serde_json::to_string(&values).unwrap_or_default())?;
        }
        Ok(())
    }

    /// When the oldest rollup of this width begins.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn oldest_kpi(
        &mut self,
        width_secs: i64,
        step: Step,
        country: &str,
    ) -> Result<Option<Timestamp>> {
        let (oldest,) = fetch_one!(self, (Option<i64>,), OLDEST_KPI, width_secs, step.slug(), country)?;
        Ok(oldest.map(Timestamp::from_millis))
    }

    /// Folds the oldest buckets of this width that began before `before` into one `wider` bucket; false if there are
    /// none. Under [`Tx::lock_kpis`].
    ///
    /// # Errors
    /// When the database fails.
    pub async fn fold_kpis(
        &mut self,
        step: Step,
        country: &str,
        (width_secs, wider): (i64, i64),
        before: Timestamp,
    ) -> Result<bool> {
        let oldest = self.oldest_kpi(width_secs, step, country).await?;
        let Some(from) = oldest.map(|at| bucket(at, wider)).filter(|at| *at < before) else {
            return Ok(false);
        };
        let to = from.plus(wider * SECOND);
        let slice = (step, country, width_secs, wider);
        self.fold_rollups(slice, from, to).await?;
        self.fold_errors(slice, to).await?;
        Ok(true)
    }

    async fn fold_rollups(
        &mut self,
        (step, country, width_secs, wider): (Step, &str, i64, i64),
        from: Timestamp,
        to: Timestamp,
    ) -> Result<()> {
        let (word, start, end) = (step.slug(), from.millis(), to.millis());
        let rows = fetch_all!(self, SliceRow, SELECT_SLICE, width_secs, word, country, start, end)?;
        let mut wide = KpiRollups::new();
        for (_, supplier, node, flow, cohort, entered, succeeded, late, failed, fallback, illegal, bytes) in
            rows
        {
            let country = country.to_owned();
            let key = KpiKey { width_secs: wider, at: from, step, country, supplier, node, flow, cohort };
            let (tally, latencies) = wide.entry(key).or_default();
            tally.add(&Tally { entered, succeeded, late, failed, fallback, illegal });
            merge(latencies, &bytes)?;
        }
        self.add_kpis(wide).await?;
        execute!(self, DELETE_SLICE, width_secs, word, country, start, end).map(drop)
    }

    async fn fold_errors(
        &mut self,
        (step, country, width_secs, wider): (Step, &str, i64, i64),
        to: Timestamp,
    ) -> Result<()> {
        type Row = (i64, String, String, String, String, String, i64);
        let (word, end) = (step.slug(), to.millis());
        let rows = fetch_all!(self, Row, SELECT_ERROR_SLICE, width_secs, word, country, end)?;
        let mut wide = KpiErrors::new();
        for (at, supplier, node, flow, cohort, class, failed) in rows {
            let (at, country) = (bucket(at.into(), wider), country.to_owned());
            let key = KpiKey { width_secs: wider, at, step, country, supplier, node, flow, cohort };
            *wide.entry((key, class)).or_default() += failed;
        }
        self.add_kpi_errors(&wide).await?;
        execute!(self, DELETE_ERROR_SLICE, width_secs, word, country, end).map(drop)
    }
}
