//! The figures of any period: what charts, reviews, comparisons and evidence are made of.
//!
//! A bucket counts where it begins. Buckets are a minute wide for three hours, five minutes for a day and two hours, an hour
//! for eight days, and a day after that (`domain::telemetry::rollup`): choose periods that begin and end with them.

use domain::{
    clock::Timestamp,
    component::Step,
    telemetry::rollup::{Figures, Tally},
};

use super::{CorrectionRow, KpiRow, KpiScope, Mttr};
use crate::{Result, Tx};

statements! {
    // Countries first, so that every engine goes down the primary key: what a period costs does not grow with history.
    SELECT_KPIS = "SELECT k.bucket_at, k.width_secs, k.country_code, k.supplier, k.node, k.flow, k.cohort, k.entered, k.succeeded,
        k.late, k.failed, k.fallback, k.illegal, k.latency
        FROM countries c CROSS JOIN (SELECT 60 AS secs UNION ALL SELECT 300 UNION ALL SELECT 3600 UNION ALL SELECT 86400) w
        CROSS JOIN kpi_rollups k WHERE k.width_secs = w.secs AND k.step = $1 AND k.country_code = c.code
        AND k.bucket_at >= $2 AND k.bucket_at < $3 AND ($4 = '*' OR c.code = $4) AND ($5 = '*' OR k.supplier = $5)
        AND ($6 = '*' OR k.node = $6) AND ($7 = '*' OR k.flow = $7) AND ($8 = '*' OR k.cohort = $8)";
    SELECT_ERRORS = "SELECT k.error_class, CAST(SUM(k.failed) AS BIGINT)
        FROM countries c CROSS JOIN (SELECT 60 AS secs UNION ALL SELECT 300 UNION ALL SELECT 3600 UNION ALL SELECT 86400) w
        CROSS JOIN kpi_errors k WHERE k.width_secs = w.secs AND k.step = $1 AND k.country_code = c.code
        AND k.bucket_at >= $2 AND k.bucket_at < $3 AND ($4 = '*' OR c.code = $4) AND ($5 = '*' OR k.supplier = $5)
        AND ($6 = '*' OR k.node = $6) AND ($7 = '*' OR k.flow = $7) AND ($8 = '*' OR k.cohort = $8)
        GROUP BY k.error_class HAVING SUM(k.failed) > 0 ORDER BY 2 DESC, 1";
}

type Row = (i64, i64, String, String, String, String, String, i64, i64, i64, i64, i64, i64, Vec<u8>);

fn read(row: Row) -> Result<KpiRow> {
    let (
        at,
        width_secs,
        country,
        supplier,
        node,
        flow,
        cohort,
        entered,
        succeeded,
        late,
        failed,
        fallback,
        illegal,
        latency,
    ) = row;
    let tally = Tally { entered, succeeded, late, failed, fallback, illegal };
    Ok(KpiRow { at: at.into(), width_secs, country, supplier, node, flow, cohort, tally, latency })
}

/// What was measured of one step in a period.
#[derive(Debug, Clone)]
pub struct StepKpis {
    /// The step.
    pub step: Step,
    /// Its figures.
    pub figures: Figures,
    /// Failures by error class, the most frequent first.
    pub errors: Vec<(String, i64)>,
}

/// What a supplier did in a period.
#[derive(Debug, Clone)]
pub struct SupplierKpis {
    /// Each step, in the order of the journey.
    pub steps: Vec<StepKpis>,
    /// What counted as failed and was heard of as a success afterwards, oldest first.
    pub corrections: Vec<CorrectionRow>,
    /// Over incidents that held cells which depend on it.
    pub mttr: Mttr,
}

/// What was measured of a component in a period.
#[derive(Debug, Clone)]
pub struct ComponentKpis {
    /// The step that measures it.
    pub step: Step,
    /// Its figures.
    pub figures: Figures,
    /// Failures by error class, the most frequent first.
    pub errors: Vec<(String, i64)>,
    /// What counted as failed and was heard of as a success afterwards, oldest first.
    pub corrections: Vec<CorrectionRow>,
    /// Over incidents that held its cells.
    pub mttr: Mttr,
}

impl Tx {
    /// Rollups of a step that begin from `from` to before `to`, in no order.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn kpi_rows(
        &mut self,
        step: Step,
        scope: &KpiScope,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<KpiRow>> {
        let [country, supplier, node, flow, cohort] = scope.terms();
        let (step, from, to) = (step.slug(), from.millis(), to.millis());
        let rows = fetch_all!(self, Row, SELECT_KPIS, step, from, to, country, supplier, node, flow, cohort)?;
        rows.into_iter().map(read).collect()
    }

    /// The figures of a step from `from` to before `to`, as they stand at `now`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn kpi_figures(
        &mut self,
        step: Step,
        scope: &KpiScope,
        (from, to): (Timestamp, Timestamp),
        now: Timestamp,
    ) -> Result<Figures> {
        let mut figures = Figures::default();
        for row in self.kpi_rows(step, scope, from, to).await? {
            row.add_to(&mut figures, step, now)?;
        }
        Ok(figures)
    }

    /// Failures at a step by error class, the most frequent first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn kpi_errors(
        &mut self,
        step: Step,
        scope: &KpiScope,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<(String, i64)>> {
        let [country, supplier, node, flow, cohort] = scope.terms();
        let (step, from, to) = (step.slug(), from.millis(), to.millis());
        fetch_all!(self, (String, i64), SELECT_ERRORS, step, from, to, country, supplier, node, flow, cohort)
    }

    /// The KPIs of a supplier, or of one of its nodes, from `from` to before `to`, as they stand at `now`. `supplier` is its
    /// slug, which is how events name it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn supplier_kpis(
        &mut self,
        supplier: &str,
        node: Option<&str>,
        (from, to): (Timestamp, Timestamp),
        now: Timestamp,
    ) -> Result<SupplierKpis> {
        let scope = KpiScope {
            supplier: Some(supplier.to_owned()),
            node: node.map(str::to_owned),
            ..KpiScope::default()
        };
        let (mut steps, mut corrections) = (Vec::new(), Vec::new());
        for step in Step::ALL {
            let figures = self.kpi_figures(step, &scope, (from, to), now).await?;
            let errors = self.kpi_errors(step, &scope, from, to).await?;
            steps.push(StepKpis { step, figures, errors });
            corrections.extend(self.kpi_corrections(step, &scope, from, to).await?);
        }
        corrections.sort_by_key(|c| c.counted_at);
        let mttr = self.mttr(None, None, Some(supplier), (from, to)).await?;
        Ok(SupplierKpis { steps, corrections, mttr })
    }

    /// The KPIs of a component, by its slug, in one country or all, of one cohort or all; none if no step measures it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn component_kpis(
        &mut self,
        component: &str,
        country: Option<&str>,
        cohort: Option<&str>,
        (from, to): (Timestamp, Timestamp),
        now: Timestamp,
    ) -> Result<Option<ComponentKpis>> {
        let found = self.components().await?.into_iter().find(|c| c.slug == component);
        let Some(step) = found.and_then(|c| c.step()) else { return Ok(None) };
        let scope = KpiScope {
            country: country.map(str::to_owned),
            cohort: cohort.map(str::to_owned),
            ..KpiScope::default()
        };
        Ok(Some(ComponentKpis {
            step,
            figures: self.kpi_figures(step, &scope, (from, to), now).await?,
            errors: self.kpi_errors(step, &scope, from, to).await?,
            corrections: self.kpi_corrections(step, &scope, from, to).await?,
            mttr: self.mttr(Some(component), country, None, (from, to)).await?,
        }))
    }
}
