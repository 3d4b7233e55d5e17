//! Who leads an incident: one line per holding.

use domain::{clock::Timestamp, lead::Lead};

use crate::{Result, Tx};

statements! {
    INSERT_INCIDENT_ROLE = "INSERT INTO incident_roles (id, incident_id, role, user_id, since_at, given_by, note)
        VALUES ($1, $2, $3, $4, $5, $6, $7)";
    END_INCIDENT_ROLE = "UPDATE incident_roles SET ended_at = $1 WHERE incident_id = $2 AND role = $3 AND ended_at IS NULL";
    SELECT_INCIDENT_ROLES = "SELECT r.*, u.name AS user_name FROM incident_roles r JOIN users u ON u.id = r.user_id
        WHERE r.incident_id = $1 ORDER BY r.since_at DESC, r.id";
}

/// One holding of a part in an incident.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct IncidentRoleRow {
    /// Public id.
    pub id: String,
    /// The incident.
    pub incident_id: String,
    /// The part.
    #[sqlx(try_from = "String")]
    pub role: Lead,
    /// Who.
    pub user_id: String,
    /// Their name.
    pub user_name: String,
    /// From when.
    #[sqlx(try_from = "i64")]
    pub since_at: Timestamp,
    /// Who gave it.
    pub given_by: String,
    /// The hand-over's note.
    pub note: String,
    /// Until when, in milliseconds; none: still.
    pub ended_at: Option<i64>,
}

impl Tx {
    /// Ends whoever holds the part, and gives it to somebody.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn give_incident_role(&mut self, row: &IncidentRoleRow) -> Result<()> {
        execute!(self, END_INCIDENT_ROLE, row.since_at.millis(), &row.incident_id, row.role.slug())?;
        execute!(
            self,
            INSERT_INCIDENT_ROLE,
            &row.id,
            &row.incident_id,
            row.role.slug(),
            &row.user_id,
            row.since_at.millis(),
            &row.given_by,
            &row.note,
        )
        .map(drop)
    }

    /// Every holding in an incident, newest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn incident_roles(&mut self, incident_id: &str) -> Result<Vec<IncidentRoleRow>> {
        fetch_all!(self, IncidentRoleRow, SELECT_INCIDENT_ROLES, incident_id)
    }
}
