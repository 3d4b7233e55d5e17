//! What telemetry measured over a time in the past, for graphs.

use domain::{clock::Timestamp, component::Step};

use crate::{Result, Tx};

statements! {
    SELECT_MEASURED = "SELECT bucket_at, step, country_code, CAST(SUM(entered) AS BIGINT), CAST(SUM(succeeded) AS BIGINT)
        FROM rollups WHERE width_secs = $1 AND bucket_at >= $2 AND bucket_at < $3 GROUP BY 1, 2, 3 ORDER BY 1";
}

/// Activations that entered a step in one country in one bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MeasuredRow {
    /// When the bucket begins.
    pub at: Timestamp,
    /// The step.
    pub step: Step,
    /// The country.
    pub country: String,
    /// How many entered.
    pub entered: i64,
    /// Of those, in time.
    pub succeeded: i64,
}

impl Tx {
    /// Every step and country from `from` to `to`, from rollups `width_secs` wide, oldest first. Events told late count.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn measured(
        &mut self,
        width_secs: i64,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<MeasuredRow>> {
        type Row = (i64, String, String, i64, i64);
        let rows = fetch_all!(self, Row, SELECT_MEASURED, width_secs, from.millis(), to.millis())?;
        let read = |(at, step, country, entered, succeeded): Row| {
            let step = Step::try_from(step).ok()?;
            Some(MeasuredRow { at: Timestamp::from_millis(at), step, country, entered, succeeded })
        };
        Ok(rows.into_iter().filter_map(read).collect())
    }
}
