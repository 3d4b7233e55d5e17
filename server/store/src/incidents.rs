//! Incidents and the cells they hold.

use domain::{clock::Timestamp, incident::Phase, severity::Severity, status::CellStatus};

use crate::{Result, Tx};

statements! {
    INSERT_INCIDENT = "INSERT INTO incidents (id, title, severity, phase, started_at, declared_at, declared_by, restored_at,
        resolved_at, next_update_due_at, policy_version, evidence, sequence, version, updated_at, is_rehearsal,
        is_backfilled, is_public)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)";
    UPDATE_INCIDENT = "UPDATE incidents SET severity = $1, phase = $2, restored_at = $3, resolved_at = $4,
        next_update_due_at = $5, sequence = sequence + 1, version = version + 1, updated_at = $6
        WHERE id = $7 AND version = $8";
    SELECT_INCIDENT = "SELECT * FROM incidents WHERE id = $1";
    SELECT_OPEN_INCIDENTS = "SELECT * FROM incidents WHERE resolved_at IS NULL ORDER BY severity, started_at DESC, id";
    SELECT_INCIDENTS_SINCE = "SELECT * FROM incidents WHERE started_at >= $1 OR resolved_at IS NULL OR resolved_at >= $1
        ORDER BY started_at DESC, id LIMIT $2";
    SELECT_INCIDENTS_FOR = "SELECT * FROM incidents WHERE (started_at >= $1 OR resolved_at IS NULL OR resolved_at >= $1)
        AND (is_public = TRUE OR EXISTS (SELECT 1 FROM incident_audiences a WHERE a.incident_id = incidents.id AND a.partner_id = $3))
        ORDER BY started_at DESC, id LIMIT $2";
    UPSERT_INCIDENT_CELL = "INSERT INTO incident_cells (incident_id, cell_id, status) VALUES ($1, $2, $3)
        ON CONFLICT (incident_id, cell_id) DO UPDATE SET status = excluded.status";
    SELECT_INCIDENT_CELLS = "SELECT incident_id, cell_id, status FROM incident_cells WHERE incident_id = $1 ORDER BY cell_id";
    SELECT_ALL_INCIDENT_CELLS = "SELECT incident_id, cell_id, status FROM incident_cells
        WHERE incident_id IN (SELECT id FROM incidents WHERE started_at >= $1 OR resolved_at IS NULL OR resolved_at >= $1)
        ORDER BY incident_id, cell_id";
    SELECT_CELL_HOLDS = "SELECT ic.incident_id, ic.cell_id, ic.status FROM incident_cells ic
        JOIN incidents i ON i.id = ic.incident_id
        WHERE ic.cell_id = $1 AND i.restored_at IS NULL AND i.resolved_at IS NULL AND i.is_rehearsal = FALSE
        AND i.is_public = TRUE";
    SET_DUPLICATE = "UPDATE incidents SET duplicate_of = $1 WHERE id = $2";
}

/// A row of `incidents`.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct IncidentRow {
    /// Public id.
    pub id: String,
    /// Short description, without prefix.
    pub title: String,
    /// Severity now.
    #[sqlx(try_from = "i64")]
    pub severity: Severity,
    /// Phase now.
    #[sqlx(try_from = "String")]
    pub phase: Phase,
    /// When the impact began.
    #[sqlx(try_from = "i64")]
    pub started_at: Timestamp,
    /// When it was declared.
    #[sqlx(try_from = "i64")]
    pub declared_at: Timestamp,
    /// User id.
    pub declared_by: String,
    /// Usable again, in milliseconds.
    pub restored_at: Option<i64>,
    /// Fixed for good, in milliseconds.
    pub resolved_at: Option<i64>,
    /// The running promise, in milliseconds.
    pub next_update_due_at: Option<i64>,
    /// Version of the severity matrix in force when it opened.
    pub policy_version: i64,
    /// JSON of the evidence it was declared from.
    pub evidence: Option<String>,
    /// Moves with every public change.
    pub sequence: i64,
    /// Optimistic lock.
    pub version: i64,
    /// When it last changed.
    #[sqlx(try_from = "i64")]
    pub updated_at: Timestamp,
    /// Played, not lived: never public, never told.
    pub is_rehearsal: bool,
    /// Entered afterwards; nobody was told.
    pub is_backfilled: bool,
    /// Whether everybody may see it; if not, the partners that it is for.
    pub is_public: bool,
    /// The incident that goes on in its place.
    pub duplicate_of: Option<String>,
}

/// A cell that an incident holds, or held.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct IncidentCellRow {
    /// The incident.
    pub incident_id: String,
    /// The cell.
    pub cell_id: String,
    /// What it is held at.
    #[sqlx(try_from = "String")]
    pub status: CellStatus,
}

impl Tx {
    /// Adds an incident.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn insert_incident(&mut self, row: &IncidentRow) -> Result<()> {
        execute!(
            self,
            INSERT_INCIDENT,
            &row.id,
            &row.title,
            row.severity.number(),
            row.phase.slug(),
            row.started_at.millis(),
            row.declared_at.millis(),
            &row.declared_by,
            row.restored_at,
            row.resolved_at,
            row.next_update_due_at,
            row.policy_version,
            &row.evidence,
            row.sequence,
            row.version,
            row.updated_at.millis(),
            row.is_rehearsal,
            row.is_backfilled,
            row.is_public,
        )
        .map(drop)
    }

    /// Saves what a verb changed, if nobody else did since `version` was read; false if somebody did.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn update_incident(
        &mut self,
        id: &str,
        version: i64,
        incident: &domain::incident::Incident,
        now: Timestamp,
    ) -> Result<bool> {
        execute!(
            self,
            UPDATE_INCIDENT,
            incident.severity.number(),
            incident.phase.slug(),
            incident.restored_at.map(Timestamp::millis),
            incident.resolved_at.map(Timestamp::millis),
            incident.next_update_due_at.map(Timestamp::millis),
            now.millis(),
            id,
            version,
        )
        .map(|n| n == 1)
    }

    /// One incident.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn incident(&mut self, id: &str) -> Result<Option<IncidentRow>> {
        fetch_optional!(self, IncidentRow, SELECT_INCIDENT, id)
    }

    /// Another incident goes on in the place of this one.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn set_duplicate(&mut self, id: &str, goes_on_in: &str) -> Result<()> {
        execute!(self, SET_DUPLICATE, goes_on_in, id).map(drop)
    }

    /// Unresolved incidents, worst and newest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn open_incidents(&mut self) -> Result<Vec<IncidentRow>> {
        fetch_all!(self, IncidentRow, SELECT_OPEN_INCIDENTS)
    }

    /// Incidents that touched the time since `from`, newest first, at most `limit`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn incidents_since(&mut self, from: Timestamp, limit: i64) -> Result<Vec<IncidentRow>> {
        fetch_all!(self, IncidentRow, SELECT_INCIDENTS_SINCE, from.millis(), limit)
    }

    /// The same, of those that are public or for this partner; an empty id: those that are public.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn incidents_for(
        &mut self,
        partner_id: &str,
        from: Timestamp,
        limit: i64,
    ) -> Result<Vec<IncidentRow>> {
        fetch_all!(self, IncidentRow, SELECT_INCIDENTS_FOR, from.millis(), limit, partner_id)
    }

    /// Notes what an incident holds a cell at.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn upsert_incident_cell(
        &mut self,
        incident_id: &str,
        cell_id: &str,
        status: CellStatus,
    ) -> Result<()> {
        execute!(self, UPSERT_INCIDENT_CELL, incident_id, cell_id, status.slug()).map(drop)
    }

    /// The cells of one incident.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn incident_cells(&mut self, incident_id: &str) -> Result<Vec<IncidentCellRow>> {
        fetch_all!(self, IncidentCellRow, SELECT_INCIDENT_CELLS, incident_id)
    }

    /// The cells of every incident that touched the time since `from`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn incident_cells_since(&mut self, from: Timestamp) -> Result<Vec<IncidentCellRow>> {
        fetch_all!(self, IncidentCellRow, SELECT_ALL_INCIDENT_CELLS, from.millis())
    }

    /// What public incidents that are neither restored nor resolved hold this cell at.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn cell_holds(&mut self, cell_id: &str) -> Result<Vec<IncidentCellRow>> {
        fetch_all!(self, IncidentCellRow, SELECT_CELL_HOLDS, cell_id)
    }
}
