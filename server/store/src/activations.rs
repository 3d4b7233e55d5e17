//! Journeys and the live rollups. Batches travel as one argument, or on PostgreSQL one a column: binding is what costs.

use std::collections::HashMap;

use domain::{
    clock::Timestamp,
    component::Step,
    telemetry::{kpi::Counts, lifecycle::Activation},
};
use serde_json::{Value, json};

use crate::{Result, Tx, tx::On};

statements! {
    SELECT_ACTIVATIONS {
        sqlite = "SELECT a.* FROM json_each($1) j JOIN activations a ON a.subject = j.value",
        postgres = "SELECT * FROM activations WHERE subject = ANY($1)"
    };
    UPSERT_ACTIVATIONS {
        sqlite = "INSERT INTO activations (subject, country_code, supplier, flow, cohort, requested_at, issued_at, downloaded_at,
            enabled_at, revoked_at, failed_at, failed_step, error_class, is_fallback, is_live, received_at, is_download_only)
            SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6, value ->> 7, value ->> 8,
            value ->> 9, value ->> 10, value ->> 11, value ->> 12, value ->> 13, value ->> 14, value ->> 15, value ->> 16 FROM json_each($1) WHERE TRUE
            ON CONFLICT (subject) DO UPDATE SET requested_at = excluded.requested_at, issued_at = excluded.issued_at,
            downloaded_at = excluded.downloaded_at, enabled_at = excluded.enabled_at, revoked_at = excluded.revoked_at,
            failed_at = excluded.failed_at, failed_step = excluded.failed_step, error_class = excluded.error_class,
            is_fallback = excluded.is_fallback, is_live = excluded.is_live, received_at = excluded.received_at",
        postgres = "INSERT INTO activations (subject, country_code, supplier, flow, cohort, requested_at, issued_at, downloaded_at,
            enabled_at, revoked_at, failed_at, failed_step, error_class, is_fallback, is_live, received_at, is_download_only)
            SELECT * FROM UNNEST($1::TEXT[], $2::TEXT[], $3::TEXT[], $4::TEXT[], $5::TEXT[], $6::BIGINT[], $7::BIGINT[], $8::BIGINT[],
            $9::BIGINT[], $10::BIGINT[], $11::BIGINT[], $12::TEXT[], $13::TEXT[], $14::BOOLEAN[], $15::BOOLEAN[], $16::BIGINT[],
            $17::BOOLEAN[])
            ON CONFLICT (subject) DO UPDATE SET requested_at = excluded.requested_at, issued_at = excluded.issued_at,
            downloaded_at = excluded.downloaded_at, enabled_at = excluded.enabled_at, revoked_at = excluded.revoked_at,
            failed_at = excluded.failed_at, failed_step = excluded.failed_step, error_class = excluded.error_class,
            is_fallback = excluded.is_fallback, is_live = excluded.is_live, received_at = excluded.received_at"
    };
    ADD_ROLLUPS {
        sqlite = "INSERT INTO rollups (bucket_at, width_secs, step, country_code, supplier, is_live, entered, succeeded, late, failed, fallback)
            SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6, value ->> 7, value ->> 8,
            value ->> 9, value ->> 10 FROM json_each($1) WHERE TRUE
            ON CONFLICT (width_secs, bucket_at, step, country_code, supplier, is_live) DO UPDATE SET
            entered = rollups.entered + excluded.entered, succeeded = rollups.succeeded + excluded.succeeded,
            late = rollups.late + excluded.late, failed = rollups.failed + excluded.failed, fallback = rollups.fallback + excluded.fallback",
        postgres = "INSERT INTO rollups (bucket_at, width_secs, step, country_code, supplier, is_live, entered, succeeded, late, failed, fallback)
            SELECT CAST(v ->> 0 AS BIGINT), CAST(v ->> 1 AS BIGINT), v ->> 2, v ->> 3, v ->> 4, CAST(v ->> 5 AS BOOLEAN),
            CAST(v ->> 6 AS BIGINT), CAST(v ->> 7 AS BIGINT), CAST(v ->> 8 AS BIGINT), CAST(v ->> 9 AS BIGINT), CAST(v ->> 10 AS BIGINT)
            FROM jsonb_array_elements(CAST($1 AS JSONB)) AS t(v)
            ON CONFLICT (width_secs, bucket_at, step, country_code, supplier, is_live) DO UPDATE SET
            entered = rollups.entered + excluded.entered, succeeded = rollups.succeeded + excluded.succeeded,
            late = rollups.late + excluded.late, failed = rollups.failed + excluded.failed, fallback = rollups.fallback + excluded.fallback"
    };
    ADD_BINS {
        sqlite = "INSERT INTO latency_bins (bucket_at, width_secs, step, country_code, is_live, bin, samples)
            SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6 FROM json_each($1) WHERE TRUE
            ON CONFLICT (width_secs, bucket_at, step, country_code, is_live, bin) DO UPDATE SET
            samples = latency_bins.samples + excluded.samples",
        postgres = "INSERT INTO latency_bins (bucket_at, width_secs, step, country_code, is_live, bin, samples)
            SELECT CAST(v ->> 0 AS BIGINT), CAST(v ->> 1 AS BIGINT), v ->> 2, v ->> 3, CAST(v ->> 4 AS BOOLEAN), CAST(v ->> 5 AS BIGINT),
            CAST(v ->> 6 AS BIGINT) FROM jsonb_array_elements(CAST($1 AS JSONB)) AS t(v)
            ON CONFLICT (width_secs, bucket_at, step, country_code, is_live, bin) DO UPDATE SET
            samples = latency_bins.samples + excluded.samples"
    };
    SELECT_WINDOW = "SELECT step, country_code, CASE WHEN bucket_at < $3 THEN 0 ELSE bucket_at END AS slot,
        CAST(SUM(entered) AS BIGINT), CAST(SUM(succeeded) AS BIGINT), CAST(SUM(late + failed) AS BIGINT), CAST(SUM(fallback) AS BIGINT)
        FROM rollups WHERE width_secs = $1 AND bucket_at >= $2 AND bucket_at <= $4 AND is_live = TRUE GROUP BY 1, 2, 3";
    SELECT_WINDOW_BINS = "SELECT step, country_code, bin, CAST(SUM(samples) AS BIGINT) FROM latency_bins
        WHERE width_secs = $1 AND bucket_at >= $2 AND is_live = TRUE GROUP BY 1, 2, 3 ORDER BY 3";
    SELECT_NEWEST = "SELECT * FROM activations WHERE country_code = $1 AND received_at > $2 AND is_live = TRUE
        ORDER BY received_at DESC LIMIT $3";
    SELECT_TOP_ERROR = "SELECT error_class, COUNT(*) FROM activations WHERE country_code = $1 AND received_at > $2
        AND failed_step IS NOT NULL AND ($3 = 'journey' OR failed_step = $3) AND error_class IS NOT NULL AND is_live = TRUE GROUP BY error_class ORDER BY 2 DESC, 1 LIMIT 1";
    SELECT_ERROR_CLASSES = "SELECT country_code, failed_step, error_class, COUNT(*) FROM activations WHERE failed_step IS NOT NULL
        AND received_at > $1 AND error_class IS NOT NULL AND is_live = TRUE GROUP BY country_code, failed_step, error_class";
}

/// A change of one rollup row.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RollupDelta {
    /// Activations that entered the step.
    pub entered: i64,
    /// In time.
    pub succeeded: i64,
    /// After the SLA.
    pub late: i64,
    /// Failed for good.
    pub failed: i64,
    /// By a secondary flow.
    pub fallback: i64,
}

/// Which rollup row: bucket start (ms), width (s), step, country, supplier, live.
pub type RollupKey<'a> = (i64, i64, Step, &'a str, &'a str, bool);
/// Which latency row: bucket start (ms), width (s), step, country, live, bin.
pub type BinKey<'a> = (i64, i64, Step, &'a str, bool, i64);
/// Counts per (step, country).
pub type Window = HashMap<(Step, String), Counts>;

#[derive(sqlx::FromRow)]
struct ActivationRow {
    subject: String,
    country_code: String,
    supplier: String,
    flow: String,
    cohort: String,
    requested_at: Option<i64>,
    issued_at: Option<i64>,
    downloaded_at: Option<i64>,
    enabled_at: Option<i64>,
    revoked_at: Option<i64>,
    failed_at: Option<i64>,
    failed_step: Option<String>,
    error_class: Option<String>,
    is_fallback: bool,
    is_live: bool,
    received_at: i64,
    is_download_only: bool,
}

impl From<ActivationRow> for Activation {
    fn from(r: ActivationRow) -> Self {
        let at = |ms: Option<i64>| ms.map(Timestamp::from_millis);
        let step = r.failed_step.and_then(|s| Step::try_from(s).ok());
        Self {
            subject: r.subject,
            country: r.country_code,
            supplier: r.supplier,
            flow: r.flow,
            cohort: r.cohort,
            requested_at: at(r.requested_at),
            issued_at: at(r.issued_at),
            downloaded_at: at(r.downloaded_at),
            enabled_at: at(r.enabled_at),
            revoked_at: at(r.revoked_at),
            failure: at(r.failed_at).zip(step).map(|(t, s)| (t, s, r.error_class.unwrap_or_default())),
            is_fallback: r.is_fallback,
            is_live: r.is_live,
            is_download_only: r.is_download_only,
            received_at: Timestamp::from_millis(r.received_at),
        }
    }
}

fn activation_json(a: &Activation) -> Value {
    let ms = |t: Option<Timestamp>| t.map(Timestamp::millis);
    let (failed_at, step, class) = match &a.failure {
        Some((t, s, c)) => (Some(t.millis()), Some(s.slug()), Some(c.as_str())),
        None => (None, None, None),
    };
    json!([
        a.subject,
        a.country,
        a.supplier,
        a.flow,
        a.cohort,
        ms(a.requested_at),
        ms(a.issued_at),
        ms(a.downloaded_at),
        ms(a.enabled_at),
        ms(a.revoked_at),
        failed_at,
        step,
        class,
        a.is_fallback,
        a.is_live,
        a.received_at.millis(),
        a.is_download_only
    ])
}

/// The upsert with a column an array: PostgreSQL reads that faster than JSON.
fn columns<'q>(
    all: &[&'q Activation],
) -> sqlx::query::Query<'q, sqlx::Postgres, sqlx::postgres::PgArguments> {
    let texts = |of: fn(&Activation) -> &str| all.iter().map(|a| of(a)).collect::<Vec<&str>>();
    let times = |of: fn(&Activation) -> Option<Timestamp>| {
        all.iter().map(|a| of(a).map(Timestamp::millis)).collect::<Vec<_>>()
    };
    let flags = |of: fn(&Activation) -> bool| all.iter().map(|a| of(a)).collect::<Vec<_>>();
    let failures = all.iter().map(|a| a.failure.as_ref());
    let (steps, classes): (Vec<Option<&str>>, Vec<Option<&str>>) =
        failures.map(|f| f.map(|(_, step, class)| (step.slug(), class.as_str())).unzip()).unzip();
    sqlx::query(UPSERT_ACTIVATIONS.postgres.unwrap_or_default())
        .bind(texts(|a| &a.subject))
        .bind(texts(|a| &a.country))
        .bind(texts(|a| &a.supplier))
        .bind(texts(|a| &a.flow))
        .bind(texts(|a| &a.cohort))
        .bind(times(|a| a.requested_at))
        .bind(times(|a| a.issued_at))
        .bind(times(|a| a.downloaded_at))
        .bind(times(|a| a.enabled_at))
        .bind(times(|a| a.revoked_at))
        .bind(times(|a| a.failure.as_ref().map(|f| f.0)))
        .bind(steps)
        .bind(classes)
        .bind(flags(|a| a.is_fallback))
        .bind(flags(|a| a.is_live))
        .bind(times(|a| Some(a.received_at)))
        .bind(flags(|a| a.is_download_only))
}

impl Tx {
    /// The journeys of these subjects, those that exist.
    pub async fn activations(&mut self, subjects: &[&str]) -> Result<Vec<Activation>> {
        let rows: Vec<ActivationRow> = match &mut self.on {
            On::Sqlite(t) => {
                let query = sqlx::query_as(SELECT_ACTIVATIONS.sqlite.unwrap_or_default());
                query.bind(json!(subjects).to_string()).fetch_all(&mut **t).await?
            }
            On::Postgres(t) => {
                let query = sqlx::query_as(SELECT_ACTIVATIONS.postgres.unwrap_or_default());
                query.bind(subjects).fetch_all(&mut **t).await?
            }
        };
        Ok(rows.into_iter().map(Activation::from).collect())
    }

    /// Saves journeys.
    pub async fn save_activations(&mut self, all: &[&Activation]) -> Result<()> {
        match &mut self.on {
            On::Sqlite(t) => {
                let rows: Vec<Value> = all.iter().map(|a| activation_json(a)).collect();
                let query = sqlx::query(UPSERT_ACTIVATIONS.sqlite.unwrap_or_default());
                query.bind(Value::from(rows).to_string()).execute(&mut **t).await?;
            }
            On::Postgres(t) => {
                columns(all).execute(&mut **t).await?;
            }
        }
        Ok(())
    }

    /// Adds to rollups.
    pub async fn add_rollups(&mut self, deltas: &HashMap<RollupKey<'_>, RollupDelta>) -> Result<()> {
        let rows: Vec<_> = deltas
            .iter()
            .filter(|(_, d)| **d != RollupDelta::default())
            .map(|((bucket, width, step, country, supplier, live), d)| {
                let counts = (d.entered, d.succeeded, d.late, d.failed, d.fallback);
                let (entered, succeeded, late, failed, fallback) = counts;
                (
                    bucket,
                    width,
                    step.slug(),
                    country,
                    supplier,
                    live,
                    entered,
                    succeeded,
                    late,
                    failed,
                    fallback,
                )
            })
            .collect();
        execute!(self, ADD_ROLLUPS, serde_json::to_string(&rows).unwrap_or_default()).map(drop)
    }

    /// Adds to latency histograms.
    pub async fn add_latency_bins(&mut self, deltas: &HashMap<BinKey<'_>, i64>) -> Result<()> {
        let rows: Vec<_> = deltas
            .iter()
            .filter(|(_, n)| **n != 0)
            .map(|((bucket, width, step, country, live, bin), n)| {
                (bucket, width, step.slug(), country, live, bin, n)
            })
            .collect();
        execute!(self, ADD_BINS, serde_json::to_string(&rows).unwrap_or_default()).map(drop)
    }

    /// Counts of every step and country over the last `window_secs`, from rollups `width_secs` wide. Activations
    /// without an outcome count once their SLA has run out.
    pub async fn window(&mut self, window_secs: i64, width_secs: i64, now: Timestamp) -> Result<Window> {
        type Row = (String, String, i64, i64, i64, i64, i64);
        let width = width_secs * 1_000;
        let from = now.plus(-window_secs * 1_000).millis().div_euclid(width) * width;
        let recent = now.plus(-60_000 - width).millis();
        let rows = fetch_all!(self, Row, SELECT_WINDOW, width_secs, from, recent, now.millis())?;
        let mut window = Window::new();
        for (step, country, slot, entered, succeeded, unsuccessful, fallback) in rows {
            let Ok(step) = Step::try_from(step) else { continue };
            let elapsed = slot + width + domain::telemetry::lifecycle::step_sla(step) <= now.millis();
            let counts = window.entry((step, country)).or_default();
            counts.samples += if elapsed { entered } else { succeeded + unsuccessful };
            counts.succeeded += succeeded;
            counts.fallback += fallback;
        }
        for (step, country, bin, n) in
            fetch_all!(self, (String, String, i64, i64), SELECT_WINDOW_BINS, width_secs, from)?
        {
            let Ok(step) = Step::try_from(step) else { continue };
            window.entry((step, country)).or_default().bins.push((bin, n));
        }
        Ok(window)
    }

    /// The newest live journeys of a country that were heard of after `after`, at most `limit`.
    pub async fn newest_activations(
        &mut self,
        country: &str,
        after: Timestamp,
        limit: i64,
    ) -> Result<Vec<Activation>> {
        let rows = fetch_all!(self, ActivationRow, SELECT_NEWEST, country, after.millis(), limit)?;
        Ok(rows.into_iter().map(Activation::from).collect())
    }

    /// The most frequent error class at a step in a country since `from`, with its count.
    pub async fn top_error(
        &mut self,
        country: &str,
        step: Step,
        from: Timestamp,
    ) -> Result<Option<(String, i64)>> {
        fetch_optional!(self, (String, i64), SELECT_TOP_ERROR, country, from.millis(), step.slug())
    }

    /// The most frequent error class since `from` of every country and step, with its count; of the whole journey: over
    /// all steps.
    pub async fn top_errors(&mut self, from: Timestamp) -> Result<HashMap<(Step, String), (String, i64)>> {
        type Row = (String, String, String, i64);
        let mut counts: HashMap<(Step, String), HashMap<String, i64>> = HashMap::new();
        for (country, step, class, n) in fetch_all!(self, Row, SELECT_ERROR_CLASSES, from.millis())? {
            let Ok(step) = Step::try_from(step) else { continue };
            for step in [step, Step::Journey] {
                *counts.entry((step, country.clone())).or_default().entry(class.clone()).or_default() += n;
            }
        }
        let top =
            |classes: HashMap<String, i64>| classes.into_iter().max_by(|a, b| (a.1, &b.0).cmp(&(b.1, &a.0)));
        Ok(counts.into_iter().filter_map(|(key, classes)| Some((key, top(classes)?))).collect())
    }
}
