//! MTTR: from detected to restored, over incidents that held cells which activations measure.

use domain::clock::Timestamp;

use crate::{Result, Tx};

statements! {
    SELECT_RESTORED = "SELECT i.id, MIN(CASE WHEN p.created_at < i.declared_at THEN p.created_at ELSE i.declared_at END),
        i.started_at, i.restored_at
        FROM incidents i JOIN incident_cells h ON h.incident_id = i.id JOIN cells c ON c.id = h.cell_id
        JOIN components k ON k.id = c.component_id LEFT JOIN proposals p ON p.incident_id = i.id
        WHERE k.bound_step IS NOT NULL AND i.restored_at >= $1 AND i.restored_at < $2 AND i.is_rehearsal = FALSE
        AND i.duplicate_of IS NULL AND ($3 = '*' OR k.slug = $3) AND ($4 = '*' OR c.country_code = $4)
        AND ($5 = '*' OR EXISTS (SELECT 1 FROM supplier_cells d JOIN suppliers s ON s.id = d.supplier_id
            WHERE d.cell_id = c.id AND s.slug = $5))
        GROUP BY i.id, i.started_at, i.restored_at";
}

/// Mean time to restore.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Mttr {
    /// Incidents that were restored in the period.
    pub incidents: i64,
    /// From detected to restored, on average, in milliseconds; none without incidents.
    pub mean_ms: Option<i64>,
}

impl Tx {
    /// Over incidents restored from `from` to before `to`. Detected is when automation proposed the incident or, earlier,
    /// somebody declared it; an incident that was entered afterwards: when it began. Rehearsals and merged ones do not count.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn mttr(
        &mut self,
        component: Option<&str>,
        country: Option<&str>,
        supplier: Option<&str>,
        (from, to): (Timestamp, Timestamp),
    ) -> Result<Mttr> {
        type Row = (String, i64, i64, i64);
        let [component, country, supplier] = [component, country, supplier].map(|d| d.unwrap_or("*"));
        let (from, to) = (from.millis(), to.millis());
        let rows = fetch_all!(self, Row, SELECT_RESTORED, from, to, component, country, supplier)?;
        let took = |(_, detected, started, restored): &Row| {
            restored - if detected <= restored { detected } else { started }
        };
        let incidents = i64::try_from(rows.len()).unwrap_or(i64::MAX);
        let sum: i64 = rows.iter().map(took).sum();
        Ok(Mttr { incidents, mean_ms: sum.checked_div(incidents) })
    }
}
