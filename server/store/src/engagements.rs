//! Engagements: which tiers and suppliers were called in on an incident, and when they came.

use domain::clock::Timestamp;

use crate::{Result, Tx};

statements! {
    INSERT_ENGAGEMENT = "INSERT INTO engagements (id, incident_id, subject, party, kind, contacted_at, contacted_by, engaged_at,
        engaged_by, contact, ticket, stated_timeline, stated_constraints, is_public, version, created_at, updated_at)
        VALUES ($1, $2, $3, $4, $5, NULL, '', NULL, '', '', '', '', '', FALSE, 1, $6, $6)
        ON CONFLICT (incident_id, subject) DO NOTHING";
    UPDATE_ENGAGEMENT = "UPDATE engagements SET contacted_at = $1, contacted_by = $2, engaged_at = $3, engaged_by = $4,
        contact = $5, ticket = $6, stated_timeline = $7, stated_constraints = $8, is_public = $9, version = version + 1,
        updated_at = $10 WHERE id = $11 AND version = $12";
    SELECT_ENGAGEMENTS = "SELECT id, incident_id, subject, party, kind, contacted_at, contacted_by, engaged_at, engaged_by,
        contact, ticket, stated_timeline, stated_constraints, is_public, version FROM engagements
        WHERE incident_id = $1 ORDER BY created_at, subject";
    SELECT_PUBLIC_ENGAGEMENTS = "SELECT e.incident_id, e.kind, e.subject, e.contacted_at, e.engaged_at, c.started_at, c.due_at
        FROM engagements e JOIN incidents i ON i.id = e.incident_id LEFT JOIN clocks c ON c.id = (
        SELECT k.id FROM clocks k WHERE k.incident_id = e.incident_id AND k.subject = e.subject AND k.kind IN ('tier', 'carrier')
        ORDER BY CASE WHEN k.state = 'cancelled' THEN 1 ELSE 0 END, k.started_at DESC, k.id LIMIT 1)
        WHERE e.is_public = TRUE AND e.engaged_at IS NOT NULL AND i.is_rehearsal = FALSE
        AND (i.started_at >= $1 OR i.resolved_at IS NULL OR i.resolved_at >= $1) ORDER BY e.engaged_at, e.id";
}

/// A row of `engagements`.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct EngagementRow {
    /// Public id.
    pub id: String,
    /// The incident.
    pub incident_id: String,
    /// `tier:2`, `tier:3` or `supplier:<id>`, as on the clock.
    pub subject: String,
    /// Name as it was then.
    pub party: String,
    /// `tier`, or the supplier's kind.
    pub kind: String,
    /// When they were contacted, in milliseconds.
    pub contacted_at: Option<i64>,
    /// Name of our person who contacted them.
    pub contacted_by: String,
    /// When they were engaged, in milliseconds.
    pub engaged_at: Option<i64>,
    /// Name of our person who put it on record.
    pub engaged_by: String,
    /// With whom we speak.
    pub contact: String,
    /// Their ticket.
    pub ticket: String,
    /// What they say it takes.
    pub stated_timeline: String,
    /// What binds them.
    pub stated_constraints: String,
    /// Published as a fact.
    pub is_public: bool,
    /// Optimistic lock.
    pub version: i64,
}

/// A published engagement with the clock that it stopped.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct PublicEngagementRow {
    /// The incident.
    pub incident_id: String,
    /// `tier`, or the supplier's kind.
    pub kind: String,
    /// `tier:2`, `supplier:<id>`.
    pub subject: String,
    /// When they were contacted, in milliseconds.
    pub contacted_at: Option<i64>,
    /// When they were engaged.
    #[sqlx(try_from = "i64")]
    pub engaged_at: Timestamp,
    /// When the promise began, if one was made.
    pub started_at: Option<i64>,
    /// When it fell due.
    pub due_at: Option<i64>,
}

impl Tx {
    /// Begins an engagement: nobody was contacted yet. If there is one with this subject, it stays as it is.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn insert_engagement(&mut self, row: &EngagementRow, now: Timestamp) -> Result<()> {
        let EngagementRow { id, incident_id, subject, party, kind, .. } = row;
        execute!(self, INSERT_ENGAGEMENT, id, incident_id, subject, party, kind, now.millis()).map(drop)
    }

    /// Saves an engagement if nobody else did since it was read; false if somebody did.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn save_engagement(&mut self, row: &EngagementRow, now: Timestamp) -> Result<bool> {
        execute!(
            self,
            UPDATE_ENGAGEMENT,
            row.contacted_at,
            &row.contacted_by,
            row.engaged_at,
            &row.engaged_by,
            &row.contact,
            &row.ticket,
            &row.stated_timeline,
            &row.stated_constraints,
            row.is_public,
            now.millis(),
            &row.id,
            row.version,
        )
        .map(|n| n == 1)
    }

    /// Who was called in on an incident, in order.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn engagements(&mut self, incident_id: &str) -> Result<Vec<EngagementRow>> {
        fetch_all!(self, EngagementRow, SELECT_ENGAGEMENTS, incident_id)
    }

    /// What may be published of the engagements of every incident that touched the time since `from`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn public_engagements_since(&mut self, from: Timestamp) -> Result<Vec<PublicEngagementRow>> {
        fetch_all!(self, PublicEngagementRow, SELECT_PUBLIC_ENGAGEMENTS, from.millis())
    }
}
