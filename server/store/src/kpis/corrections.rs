//! What counted as failed, and was heard of as a success afterwards: the correction is a fact that stays.

use domain::{clock::Timestamp, component::Step};

use super::KpiScope;
use crate::{Result, Tx};

statements! {
    ADD_CORRECTION = "INSERT INTO kpi_corrections (step, country_code, counted_at, supplier, node, is_in_time, activations, last_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        ON CONFLICT (step, country_code, counted_at, supplier, node, is_in_time) DO UPDATE SET
        activations = kpi_corrections.activations + excluded.activations,
        last_at = CASE WHEN excluded.last_at > kpi_corrections.last_at THEN excluded.last_at ELSE kpi_corrections.last_at END";
    SELECT_CORRECTIONS = "SELECT k.counted_at, k.country_code, k.supplier, k.node, k.is_in_time, k.activations, k.last_at
        FROM countries c CROSS JOIN kpi_corrections k WHERE k.step = $1 AND k.country_code = c.code
        AND k.counted_at >= $2 AND k.counted_at < $3 AND ($4 = '*' OR c.code = $4) AND ($5 = '*' OR k.supplier = $5)
        AND ($6 = '*' OR k.node = $6) ORDER BY k.counted_at, k.country_code, k.supplier, k.node";
    DELETE_CORRECTIONS = "DELETE FROM kpi_corrections WHERE step = $1 AND country_code = $2 AND counted_at < $3";
}

/// Activations that counted as failed in one minute, and that a later event tells were passed.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct CorrectionRow {
    /// The minute in which they counted as failed.
    #[sqlx(try_from = "i64")]
    pub counted_at: Timestamp,
    /// ISO code.
    pub country_code: String,
    /// Name of the supplier.
    pub supplier: String,
    /// Its node; empty: none was named.
    pub node: String,
    /// They had passed within the SLA and count as successes now; otherwise they were late.
    pub is_in_time: bool,
    /// How many.
    pub activations: i64,
    /// When the newest of them was heard of.
    #[sqlx(try_from = "i64")]
    pub last_at: Timestamp,
}

impl Tx {
    /// Adds a correction at a step.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn add_kpi_correction(&mut self, step: Step, row: &CorrectionRow) -> Result<()> {
        execute!(
            self,
            ADD_CORRECTION,
            step.slug(),
            &row.country_code,
            row.counted_at.millis(),
            &row.supplier,
            &row.node,
            row.is_in_time,
            row.activations,
            row.last_at.millis()
        )
        .map(drop)
    }

    /// Corrections of what counted as failed from `from` to before `to`, oldest first. Flow and cohort are not told apart.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn kpi_corrections(
        &mut self,
        step: Step,
        scope: &KpiScope,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<CorrectionRow>> {
        let [country, supplier, node, ..] = scope.terms();
        let (step, from, to) = (step.slug(), from.millis(), to.millis());
        fetch_all!(self, CorrectionRow, SELECT_CORRECTIONS, step, from, to, country, supplier, node)
    }

    /// Forgets corrections of what counted before `before`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn delete_kpi_corrections(
        &mut self,
        step: Step,
        country: &str,
        before: Timestamp,
    ) -> Result<u64> {
        execute!(self, DELETE_CORRECTIONS, step.slug(), country, before.millis())
    }
}
