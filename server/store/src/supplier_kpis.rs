//! What was measured of a supplier in a period, for its review.

use domain::{
    clock::{DAY, MINUTE, Timestamp},
    component::Step,
    telemetry::lifecycle::step_sla,
};

use crate::{Result, Tx};

statements! {
    SELECT_SUPPLIER_DAYS = "SELECT bucket_at / 86400000, CASE WHEN bucket_at < $5 THEN 0 ELSE bucket_at END,
        CAST(SUM(entered) AS BIGINT), CAST(SUM(succeeded) AS BIGINT), CAST(SUM(late + failed) AS BIGINT), CAST(SUM(fallback) AS BIGINT),
        COUNT(DISTINCT bucket_at) FROM rollups WHERE width_secs = 300 AND bucket_at >= $1 AND bucket_at < $2 AND step = $6
        AND (supplier = $3 OR supplier LIKE $4 ESCAPE '!') GROUP BY 1, 2 ORDER BY 1, 2";
    SELECT_SUPPLIER_COUNTRIES = "SELECT DISTINCT country_code FROM rollups WHERE width_secs = 300 AND bucket_at >= $1 AND bucket_at < $2
        AND step = $5 AND (supplier = $3 OR supplier LIKE $4 ESCAPE '!') ORDER BY 1";
    SELECT_SUPPLIER_LATENCIES = "SELECT (enabled_at - requested_at) / 100, COUNT(*) FROM activations WHERE country_code = $1
        AND received_at >= $2 AND requested_at >= $2 AND requested_at < $3 AND enabled_at >= requested_at
        AND (supplier = $4 OR supplier LIKE $5 ESCAPE '!') GROUP BY 1 ORDER BY 1";
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

/// What was measured of a supplier.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SupplierKpis {
    /// Days with activations, in their order.
    pub days: Vec<SupplierDay>,
    /// Latencies from requested to enabled: (tenths of a second, activations), in order.
    pub latencies: Vec<(i64, i64)>,
    /// Five-minute spans in which something was measured.
    pub spans: i64,
}

impl SupplierKpis {
    /// The latency below which a share of the activations lies, in milliseconds; none without latencies.
    #[must_use]
    pub fn latency_ms(&self, percent: i64) -> Option<i64> {
        let all: i64 = self.latencies.iter().map(|(_, n)| n).sum();
        let rank = ((all * percent + 99) / 100).max(1);
        let mut seen = 0;
        let found = self.latencies.iter().find(|(_, n)| {
            seen += n;
            seen >= rank
        });
        // The upper end of its tenth of a second.
        found.map(|(tenths, _)| (tenths + 1) * 100)
    }
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
    pub async fn supplier_kpis(
        &mut self,
        slug: &str,
        from: Timestamp,
        to: Timestamp,
        now: Timestamp,
    ) -> Result<SupplierKpis> {
        const WIDTH: i64 = 5 * MINUTE;
        let (nodes, step) = (format!("{}/%", escaped(slug)), Step::Journey.slug());
        let recent = now.plus(-step_sla(Step::Journey) - WIDTH).millis();
        let (start, end) = (from.millis(), to.millis());
        let mut kpis = SupplierKpis::default();
        type Row = (i64, i64, i64, i64, i64, i64, i64);
        for (day, slot, entered, succeeded, unsuccessful, fallback, spans) in
            fetch_all!(self, Row, SELECT_SUPPLIER_DAYS, start, end, slug, &nodes, recent, step)?
        {
            let at = Timestamp::from_millis(day * DAY);
            if kpis.days.last().is_none_or(|d| d.at != at) {
                kpis.days.push(SupplierDay { at, ..SupplierDay::default() });
            }
            let Some(last) = kpis.days.last_mut() else { continue };
            // What is still on its way counts once its time has run out.
            let is_over = slot == 0 || slot + WIDTH + step_sla(Step::Journey) <= now.millis();
            last.activations += if is_over { entered } else { succeeded + unsuccessful };
            last.succeeded += succeeded;
            last.fallback += fallback;
            kpis.spans += spans;
        }
        let mut latencies = std::collections::BTreeMap::<i64, i64>::new();
        for (country,) in
            fetch_all!(self, (String,), SELECT_SUPPLIER_COUNTRIES, start, end, slug, &nodes, step)?
        {
            let of =
                fetch_all!(self, (i64, i64), SELECT_SUPPLIER_LATENCIES, &country, start, end, slug, &nodes)?;
            for (tenths, n) in of {
                *latencies.entry(tenths).or_default() += n;
            }
        }
        kpis.latencies = latencies.into_iter().collect();
        Ok(kpis)
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

/// For LIKE: what it would take for a wildcard stands for itself.
fn escaped(slug: &str) -> String {
    slug.replace('!', "!!").replace('%', "!%").replace('_', "!_")
}
