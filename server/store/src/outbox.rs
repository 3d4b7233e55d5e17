//! The outbox: one row per notice.

use domain::{
    clock::Timestamp,
    scope::{Matter, Spot},
    severity::Severity,
};

use crate::{Result, Tx};

statements! {
    INSERT_OUTBOX = "INSERT INTO outbox (event_id, kind, priority, incident_id, update_id, subscriber_id, sequence, partner_id, created_at,
        cell_change_id, since_change_id)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    COUNT_UNEXPANDED = "SELECT COUNT(*) FROM outbox WHERE expanded_at IS NULL";
    SELECT_SPOTS = "SELECT k.slug, c.country_code, p.slug FROM incident_cells ic JOIN cells c ON c.id = ic.cell_id
        JOIN components k ON k.id = c.component_id JOIN countries y ON y.code = c.country_code JOIN portfolios p ON p.id = y.portfolio_id
        WHERE ic.incident_id = $1";
    SELECT_SPOTS_OF_CELLS {
        sqlite = "SELECT k.slug, c.country_code, p.slug FROM json_each($1) j JOIN cells c ON c.id = j.value
            JOIN components k ON k.id = c.component_id JOIN countries y ON y.code = c.country_code JOIN portfolios p ON p.id = y.portfolio_id",
        postgres = "SELECT k.slug, c.country_code, p.slug FROM jsonb_array_elements_text($1::jsonb) j JOIN cells c ON c.id = j
            JOIN components k ON k.id = c.component_id JOIN countries y ON y.code = c.country_code JOIN portfolios p ON p.id = y.portfolio_id"
    };
    SELECT_WORST = "SELECT MIN(severity) FROM (SELECT severity FROM incidents WHERE id = $1
        UNION ALL SELECT severity FROM updates WHERE incident_id = $1) s";
}

/// A row of `outbox`.
#[derive(Debug, Clone, Default, sqlx::FromRow)]
pub struct OutboxRow {
    /// The webhook-id without its prefix.
    pub event_id: String,
    /// `incident_update`, `partner_facts`, `component_update`, `measured_digest`, `canary_verdict`, `confirmation`, `known`, `challenge`, `test`, `endpoint_failing` or `endpoint_disabled`.
    pub kind: String,
    /// 0 first.
    pub priority: i64,
    /// The incident told.
    pub incident_id: Option<String>,
    /// The update told.
    pub update_id: Option<String>,
    /// Confirmation, challenge: the one recipient.
    pub subscriber_id: Option<String>,
    /// Sequence within the incident.
    pub sequence: i64,
    /// Only the people of this partner are told.
    pub partner_id: Option<String>,
    /// Of a change that automation made; of a digest: its newest.
    pub cell_change_id: Option<i64>,
    /// Of a digest: the newest of the one before.
    pub since_change_id: Option<i64>,
    /// When it was written.
    #[sqlx(try_from = "i64")]
    pub created_at: Timestamp,
    /// How far it has been expanded.
    pub cursor_subscriber_id: String,
}

impl Tx {
    /// Adds a notice, in the transaction of what it tells.
    pub async fn insert_outbox(&mut self, row: &OutboxRow) -> Result<()> {
        let at = row.created_at.millis();
        execute!(
            self,
            INSERT_OUTBOX,
            &row.event_id,
            &row.kind,
            row.priority,
            &row.incident_id,
            &row.update_id,
            &row.subscriber_id,
            row.sequence,
            &row.partner_id,
            at,
            row.cell_change_id,
            row.since_change_id,
        )
        .map(drop)
    }

    /// Notices whose recipients are not all queued yet.
    pub async fn unexpanded_notices(&mut self) -> Result<i64> {
        Ok(fetch_one!(self, (i64,), COUNT_UNEXPANDED)?.0)
    }

    /// What an incident is about: for the choice of who is told.
    pub async fn matter(&mut self, incident_id: &str) -> Result<Matter> {
        let (worst,) = fetch_one!(self, (Option<i64>,), SELECT_WORST, incident_id)?;
        Ok(Matter {
            incident: Some(incident_id.to_owned()),
            is_maintenance: false,
            is_measured: false,
            worst: worst.and_then(|n| Severity::try_from(n).ok()),
            spots: spots(fetch_all!(self, (String, String, String), SELECT_SPOTS, incident_id)?),
        })
    }

    /// Where cells lie.
    pub async fn spots_of(&mut self, cells: &[String]) -> Result<Vec<Spot>> {
        let cells = serde_json::to_string(cells).unwrap_or_default();
        Ok(spots(fetch_all!(self, (String, String, String), SELECT_SPOTS_OF_CELLS, cells)?))
    }
}

fn spots(rows: Vec<(String, String, String)>) -> Vec<Spot> {
    rows.into_iter().map(|(component, country, portfolio)| Spot { component, country, portfolio }).collect()
}
