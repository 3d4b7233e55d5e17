//! A supplier's review of a period, from what was measured and recorded.

use domain::{
    clock::Timestamp,
    period::Period,
    telemetry::{
        scorecard::{Figures, Targets},
        supplier::Failover,
    },
};
use store::{SupplierCallRow, SupplierDay, SupplierRow, Tx};

use super::supplier_book::SupplierBook;
use crate::commands::{Refusal, suppliers::targets_of};

/// A review.
pub struct Scorecard {
    /// Whose.
    pub supplier: SupplierRow,
    /// Of which time.
    pub period: Period,
    /// Until when it was read: the end of the period, or now.
    pub until: Timestamp,
    /// What was measured.
    pub figures: Figures,
    /// What is owed.
    pub targets: Targets,
    /// Activations by day.
    pub days: Vec<SupplierDay>,
    /// Failovers that touch it, oldest first.
    pub failovers: Vec<Failover>,
    /// Incidents that it was called in on, oldest first.
    pub calls: Vec<SupplierCallRow>,
}

/// Reads a review.
///
/// # Errors
/// When there is no such supplier, or the database fails.
pub async fn scorecard(tx: &mut Tx, id: &str, period: Period, now: Timestamp) -> Result<Scorecard, Refusal> {
    let supplier = tx.supplier(id).await?.ok_or(Refusal::NotFound("supplier"))?;
    let (from, until) = (period.start(), period.end().min(now).max(period.start()));
    let kpis = tx.supplier_period(&supplier.slug, from, until, now).await?;
    let calls = tx.supplier_calls(id, from, until).await?;
    let mut failovers = SupplierBook::load(tx).await?.failovers(id);
    failovers.retain(|f| f.began_at < until && f.ended.is_none_or(|(at, _)| at > from));
    let (_, targets): (i64, Targets) = tx.policy(&targets_of(id)).await?;
    let elapsed = until.since(from);
    let sum = |of: fn(&SupplierDay) -> i64| kpis.days.iter().map(of).sum::<i64>();
    let figures = Figures {
        activations: sum(|d| d.activations),
        succeeded: sum(|d| d.succeeded),
        fallback: sum(|d| d.fallback),
        latencies: i64::try_from(kpis.latencies.count()).unwrap_or(0),
        median_ms: kpis.latencies.quantile_ms(0.5),
        p95_ms: kpis.latencies.quantile_ms(0.95),
        no_data_ms: (elapsed - kpis.measured_ms).max(0),
        elapsed_ms: elapsed,
        restored_ms: calls.iter().filter_map(restored_ms).collect(),
        unrestored: count(&calls, |c| c.restored_at.is_none() && c.resolved_at.is_none()),
        engaged: calls.iter().filter_map(engaged).collect(),
        unengaged: count(&calls, |c| c.engaged_at.is_none() && c.resolved_at.is_none()),
        failovers: count(&failovers, |f| f.began_at >= from),
        failover_ms: failovers.iter().map(|f| f.within(from, until, now)).sum(),
        certificate_misses: tx.count_certificate_misses(id, from, until).await?,
        months: if period.is_quarter() { 3 } else { 1 },
    };
    Ok(Scorecard { supplier, period, until, figures, targets, days: kpis.days, failovers, calls })
}

fn count<T>(all: &[T], is_meant: impl Fn(&T) -> bool) -> i64 {
    i64::try_from(all.iter().filter(|x| is_meant(x)).count()).unwrap_or(0)
}

/// From detection to restoration. An incident that was entered afterwards was detected when it began, as far as we know.
#[must_use]
pub fn restored_ms(call: &SupplierCallRow) -> Option<i64> {
    let detected = if call.is_backfilled { call.began_at } else { call.declared_at };
    Some((call.restored_at.or(call.resolved_at)? - detected).max(0))
}

/// From the call to engagement, and whether in time.
#[must_use]
pub fn engaged(call: &SupplierCallRow) -> Option<(i64, Option<bool>)> {
    let at = call.engaged_at?;
    let from = call.started_at.or(call.contacted_at).unwrap_or(at);
    Some(((at - from).max(0), call.due_at.map(|due| at <= due)))
}
