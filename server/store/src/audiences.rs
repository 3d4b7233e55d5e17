//! Whom incidents and facts are for.

use std::collections::BTreeSet;

use domain::{
    audience::{Audience, Cohort},
    clock::Timestamp,
};

use crate::{IncidentRow, Result, Tx};

statements! {
    INSERT_AUDIENCE = "INSERT INTO incident_audiences (incident_id, partner_id) VALUES ($1, $2)";
    SELECT_AUDIENCE = "SELECT partner_id FROM incident_audiences WHERE incident_id = $1 ORDER BY partner_id";
    SELECT_AUDIENCES_SINCE = "SELECT a.incident_id, a.partner_id FROM incident_audiences a JOIN incidents i ON i.id = a.incident_id
        WHERE i.started_at >= $1 OR i.resolved_at IS NULL OR i.resolved_at >= $1";
    INSERT_FACT = "INSERT INTO partner_facts (id, incident_id, partner_id, text, published_at, published_by, idempotency_key)
        VALUES ($1, $2, $3, $4, $5, $6, $7)";
    SELECT_FACT_BY_KEY = "SELECT * FROM partner_facts WHERE idempotency_key = $1";
    SELECT_FACTS = "SELECT * FROM partner_facts WHERE incident_id = $1 ORDER BY published_at, id";
    SELECT_FACTS_FOR = "SELECT f.* FROM partner_facts f JOIN incidents i ON i.id = f.incident_id
        WHERE f.partner_id = $1 AND (i.started_at >= $2 OR i.resolved_at IS NULL OR i.resolved_at >= $2)
        ORDER BY f.incident_id, f.published_at, f.id";
    COUNT_MEANT_FOR = "SELECT (SELECT COUNT(*) FROM incident_audiences WHERE partner_id = $1)
        + (SELECT COUNT(*) FROM partner_facts WHERE partner_id = $1)";
    SELECT_ONLY_FOR = "SELECT i.* FROM incidents i JOIN incident_audiences a ON a.incident_id = i.id WHERE a.partner_id = $1
        ORDER BY i.started_at DESC, i.id LIMIT $2";
    LAST_TEST = "SELECT MAX(d.finished_at) FROM deliveries d JOIN subscribers s ON s.id = d.subscriber_id
        JOIN outbox o ON o.event_id = d.event_id WHERE s.partner_id = $1 AND o.kind = 'test' AND d.state = 'delivered'";
    SELECT_SOLD = "SELECT cell_id FROM partner_cells WHERE partner_id = $1";
}

/// Facts written for one partner on an incident.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct PartnerFactRow {
    /// Public id.
    pub id: String,
    /// The incident.
    pub incident_id: String,
    /// The partner.
    pub partner_id: String,
    /// As typed.
    pub text: String,
    /// When.
    #[sqlx(try_from = "i64")]
    pub published_at: Timestamp,
    /// User id.
    pub published_by: String,
    /// Makes a repeated request harmless.
    pub idempotency_key: Option<String>,
}

impl Tx {
    /// An incident is for this partner, and not for everybody.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn insert_audience(&mut self, incident_id: &str, partner_id: &str) -> Result<()> {
        execute!(self, INSERT_AUDIENCE, incident_id, partner_id).map(drop)
    }

    /// For whom an incident is; none: there is no such incident.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn audience(&mut self, incident_id: &str) -> Result<Option<Audience>> {
        let Some(incident) = self.incident(incident_id).await? else { return Ok(None) };
        if incident.is_public {
            return Ok(Some(Audience::Public));
        }
        let partners = fetch_all!(self, (String,), SELECT_AUDIENCE, incident_id)?;
        Ok(Some(Audience::Partners(partners.into_iter().map(|(id,)| id).collect())))
    }

    /// Incident and partner, of every incident that is not public and touched the time since `from`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn audiences_since(&mut self, from: Timestamp) -> Result<Vec<(String, String)>> {
        fetch_all!(self, (String, String), SELECT_AUDIENCES_SINCE, from.millis())
    }

    /// Adds facts for a partner.
    ///
    /// # Errors
    /// When the database fails; [`crate::StoreError::Conflict`] when its idempotency key is taken.
    pub async fn insert_fact(&mut self, row: &PartnerFactRow) -> Result<()> {
        execute!(
            self,
            INSERT_FACT,
            &row.id,
            &row.incident_id,
            &row.partner_id,
            &row.text,
            row.published_at.millis(),
            &row.published_by,
            &row.idempotency_key
        )
        .map(drop)
    }

    /// The facts that were published under this idempotency key.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn fact_by_key(&mut self, key: &str) -> Result<Option<PartnerFactRow>> {
        fetch_optional!(self, PartnerFactRow, SELECT_FACT_BY_KEY, key)
    }

    /// The facts of an incident for whatever partner, oldest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn facts(&mut self, incident_id: &str) -> Result<Vec<PartnerFactRow>> {
        fetch_all!(self, PartnerFactRow, SELECT_FACTS, incident_id)
    }

    /// The facts for a partner on incidents that touched the time since `from`, by incident, oldest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn facts_for(&mut self, partner_id: &str, from: Timestamp) -> Result<Vec<PartnerFactRow>> {
        fetch_all!(self, PartnerFactRow, SELECT_FACTS_FOR, partner_id, from.millis())
    }

    /// The newest incidents that are for this partner and not for everybody.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn incidents_only_for(&mut self, partner_id: &str, limit: i64) -> Result<Vec<IncidentRow>> {
        fetch_all!(self, IncidentRow, SELECT_ONLY_FOR, partner_id, limit)
    }

    /// When somebody of a partner last took a test notice, in milliseconds.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn last_partner_test(&mut self, partner_id: &str) -> Result<Option<i64>> {
        Ok(fetch_one!(self, (Option<i64>,), LAST_TEST, partner_id)?.0)
    }

    /// How many incidents and facts were written for a partner.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn count_meant_for(&mut self, partner_id: &str) -> Result<i64> {
        Ok(fetch_one!(self, (i64,), COUNT_MEANT_FOR, partner_id)?.0)
    }

    /// A partner as the rule of audiences sees it; none: there is no such partner.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn cohort(&mut self, partner_id: &str) -> Result<Option<Cohort>> {
        let Some(partner) = self.partner(partner_id).await? else { return Ok(None) };
        let sold = fetch_all!(self, (String,), SELECT_SOLD, partner_id)?;
        let cells: BTreeSet<String> = sold.into_iter().map(|(cell,)| cell).collect();
        Ok(Some(Cohort { partner_id: partner.id, is_live: partner.live_at.is_some(), cells }))
    }
}
