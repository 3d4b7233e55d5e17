//! Rollups as series, for charts and for the replay of a past period.

use std::collections::HashMap;

use domain::{clock::Timestamp, component::Step, telemetry::replay::Bucket};

use crate::{Result, Tx};

statements! {
    SELECT_BUCKETS = "SELECT bucket_at, CAST(SUM(entered) AS BIGINT), CAST(SUM(succeeded) AS BIGINT), CAST(SUM(late + failed) AS BIGINT),
        CAST(SUM(fallback) AS BIGINT) FROM rollups WHERE width_secs = $1 AND bucket_at >= $2 AND bucket_at < $3 AND step = $4
        AND country_code = $5 AND is_live = TRUE GROUP BY bucket_at ORDER BY bucket_at";
    SELECT_ALL_BUCKETS = "SELECT bucket_at, step, country_code, CAST(SUM(entered) AS BIGINT), CAST(SUM(succeeded) AS BIGINT),
        CAST(SUM(late + failed) AS BIGINT), CAST(SUM(fallback) AS BIGINT) FROM rollups WHERE width_secs = $1 AND bucket_at >= $2
        AND bucket_at < $3 AND is_live = TRUE GROUP BY bucket_at, step, country_code ORDER BY bucket_at LIMIT $4";
    SELECT_ALL_BINS = "SELECT bucket_at, step, country_code, bin, CAST(SUM(samples) AS BIGINT) FROM latency_bins WHERE width_secs = $1
        AND bucket_at >= $2 AND bucket_at < $3 AND is_live = TRUE GROUP BY bucket_at, step, country_code, bin ORDER BY bucket_at LIMIT $4";
    SELECT_FIRST_BUCKET = "SELECT MIN(bucket_at) FROM rollups WHERE width_secs = $1 AND bucket_at >= $2 AND bucket_at < $3";
    SELECT_CELL_CHANGES_BETWEEN = "SELECT c.cell_id, c.at, c.from_status, c.to_status FROM cell_changes c
        LEFT JOIN change_evidence e ON e.change_id = c.id WHERE c.at >= $1 AND c.at < $2 AND c.is_automatic = TRUE
        AND (e.evidence IS NULL OR e.evidence LIKE '{\"step\"%') ORDER BY c.at, c.id LIMIT $3";
}

/// Series per step and country.
pub type Buckets = HashMap<(Step, String), Vec<Bucket>>;

fn bucket(
    at: i64,
    width_secs: i64,
    (entered, succeeded, unsuccessful, fallback): (i64, i64, i64, i64),
) -> Bucket {
    let at = Timestamp::from_millis(at);
    Bucket { at, width_secs, entered, succeeded, unsuccessful, fallback, bins: Vec::new() }
}

impl Tx {
    /// The series of one step in one country from `from` to `to`, from rollups `width_secs` wide, without latencies.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn buckets(
        &mut self,
        (step, country): (Step, &str),
        width_secs: i64,
        (from, to): (Timestamp, Timestamp),
    ) -> Result<Vec<Bucket>> {
        type Row = (i64, i64, i64, i64, i64);
        let (from, to) = (from.millis(), to.millis());
        let rows = fetch_all!(self, Row, SELECT_BUCKETS, width_secs, from, to, step.slug(), country)?;
        Ok(rows.into_iter().map(|(at, e, s, u, f)| bucket(at, width_secs, (e, s, u, f))).collect())
    }

    /// Every series from `from` to `to` with its latencies, added to `into`. At most `limit` rows of each kind are read;
    /// false: there were more.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn add_buckets(
        &mut self,
        into: &mut Buckets,
        width_secs: i64,
        (from, to): (Timestamp, Timestamp),
        limit: i64,
    ) -> Result<bool> {
        type Row = (i64, String, String, i64, i64, i64, i64);
        let (from, to) = (from.millis(), to.millis());
        let rows = fetch_all!(self, Row, SELECT_ALL_BUCKETS, width_secs, from, to, limit)?;
        let mut is_whole = i64::try_from(rows.len()).unwrap_or(limit) < limit;
        for (at, step, country, entered, succeeded, unsuccessful, fallback) in rows {
            let Ok(step) = Step::try_from(step) else { continue };
            let counts = (entered, succeeded, unsuccessful, fallback);
            into.entry((step, country)).or_default().push(bucket(at, width_secs, counts));
        }
        type Bin = (i64, String, String, i64, i64);
        let bins = fetch_all!(self, Bin, SELECT_ALL_BINS, width_secs, from, to, limit)?;
        is_whole &= i64::try_from(bins.len()).unwrap_or(limit) < limit;
        for (at, step, country, bin, samples) in bins {
            let Ok(step) = Step::try_from(step) else { continue };
            let Some(series) = into.get_mut(&(step, country)) else { continue };
            if let Ok(i) = series.binary_search_by_key(&at, |b| b.at.millis()) {
                series[i].bins.push((bin, samples));
            }
        }
        Ok(is_whole)
    }

    /// When the first rollup of this width in a period begins; none: there is none.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn first_bucket(
        &mut self,
        width_secs: i64,
        (from, to): (Timestamp, Timestamp),
    ) -> Result<Option<Timestamp>> {
        let (first,) =
            fetch_one!(self, (Option<i64>,), SELECT_FIRST_BUCKET, width_secs, from.millis(), to.millis())?;
        Ok(first.map(Timestamp::from_millis))
    }

    /// What automation changed on measured evidence in a period, not on alerts: cell, time, before, after; oldest first, at most `limit`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn automatic_changes_between(
        &mut self,
        (from, to): (Timestamp, Timestamp),
        limit: i64,
    ) -> Result<Vec<(String, i64, String, String)>> {
        fetch_all!(
            self,
            (String, i64, String, String),
            SELECT_CELL_CHANGES_BETWEEN,
            from.millis(),
            to.millis(),
            limit
        )
    }
}
