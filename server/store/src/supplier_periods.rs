//! What was measured of a supplier in a period, for its review.

use std::collections::BTreeMap;

use domain::{
    clock::{SECOND, Timestamp},
    component::Step,
    telemetry::{latency::Latencies, rollup::Figures},
};

use crate::{KpiScope, Result, Tx};

statements! {
    SELECT_SUPPLIER_ENGAGEMENTS = "SELECT e.contacted_at, e.engaged_at, c.started_at, c.due_at, i.declared_at, i.started_at AS began_at, i.restored_at,
        i.resolved_at, i.is_backfilled FROM engagements e JOIN incidents i ON i.id = e.incident_id LEFT JOIN clocks c ON c.id = (
        SELECT k.id FROM clocks k WHERE k.incident_id = e.incident_id AND k.subject = e.subject AND k.kind = 'carrier'
        ORDER BY CASE WHEN k.state = 'cancelled' THEN 1 ELSE 0 END, k.started_at DESC, k.id LIMIT 1)
        WHERE e.subject = $1 AND i.is_rehearsal = FALSE AND i.duplicate_of IS NULL AND i.started_at >= $2 AND i.started_at < $3
        AND (e.contacted_at IS NOT NULL OR e.engaged_at IS NOT NULL) ORDER BY i.started_at, i.id";
}

/// Activations of one UTC day.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SupplierDay {
    /// When it begins.
    pub at: Timestamp,
    /// Activations whose outcome is known or whose SLA has run out.
    pub activations: i64,
    /// Of those, enabled in time.
    pub succeeded: i64,
    /// Of those, by a secondary flow.
    pub fallback: i64,
}

/// What was measured of a supplier in a period.
#[derive(Debug, Clone, Default)]
pub struct SupplierPeriod {
    /// Days with activations, in their order.
    pub days: Vec<SupplierDay>,
    /// From requested to enabled.
    pub latencies: Latencies,
    /// Time in which something was measured, in milliseconds: five minutes exactly at best, whole days for what lies long
    /// back.
    pub measured_ms: i64,
}

/// An incident that a supplier was called in on. Times in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::FromRow)]
pub struct SupplierCallRow {
    /// When it was contacted.
    pub contacted_at: Option<i64>,
    /// When it came.
    pub engaged_at: Option<i64>,
    /// When the promise began, if one was made.
    pub started_at: Option<i64>,
    /// When that fell due.
    pub due_at: Option<i64>,
    /// When the incident was declared.
    pub declared_at: i64,
    /// When its impact began.
    pub began_at: i64,
    /// When it was usable again.
    pub restored_at: Option<i64>,
    /// When it was fixed for good.
    pub resolved_at: Option<i64>,
    /// Entered afterwards.
    pub is_backfilled: bool,
}

impl Tx {
    /// What was measured of a supplier and its nodes from `from` to before `to`, as far as it is known at `now`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn supplier_period(
        &mut self,
        slug: &str,
        from: Timestamp,
        to: Timestamp,
        now: Timestamp,
    ) -> Result<SupplierPeriod> {
        let scope = KpiScope { supplier: Some(slug.to_owned()), ..KpiScope::default() };
        let (mut days, mut spans) = (BTreeMap::<Timestamp, SupplierDay>::new(), BTreeMap::new());
        let mut period = SupplierPeriod::default();
        for row in self.kpi_rows(Step::Journey, &scope, from, to).await? {
            let mut figures = Figures::default();
            row.add_to(&mut figures, Step::Journey, now)?;
            let at = row.at.utc_day_start();
            let day = days.entry(at).or_insert_with(|| SupplierDay { at, ..SupplierDay::default() });
            day.activations += figures.samples;
            day.succeeded += figures.tally.succeeded;
            day.fallback += figures.tally.fallback;
            period.latencies.merge(&figures.latencies);
            let span: &mut i64 = spans.entry(row.at).or_default();
            *span = (*span).max(row.width_secs * SECOND);
        }
        period.days = days.into_values().collect();
        period.measured_ms = spans.values().sum();
        Ok(period)
    }

    /// Incidents that began from `from` to before `to` and that a supplier was called in on.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn supplier_calls(
        &mut self,
        supplier_id: &str,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<SupplierCallRow>> {
        let subject = format!("supplier:{supplier_id}");
        fetch_all!(self, SupplierCallRow, SELECT_SUPPLIER_ENGAGEMENTS, subject, from.millis(), to.millis())
    }
}
