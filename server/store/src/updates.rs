//! Published updates and the cells each changed.

use domain::{
    clock::Timestamp,
    incident::{Phase, UpdateKind},
    severity::Severity,
    status::CellStatus,
};

use crate::{Result, Tx};

statements! {
    INSERT_UPDATE = "INSERT INTO updates (id, incident_id, sequence, kind, phase, severity, known, unknown, next_steps,
        customer_action, published_at, published_by, next_update_due_at, idempotency_key, approved_by,
        break_glass_reason, overrides, is_automatic)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)";
    SELECT_UPDATE_BY_KEY = "SELECT * FROM updates WHERE idempotency_key = $1";
    SELECT_UPDATES = "SELECT * FROM updates WHERE incident_id = $1 ORDER BY sequence DESC";
    SELECT_UPDATES_SINCE = "SELECT * FROM updates WHERE incident_id IN
        (SELECT id FROM incidents WHERE started_at >= $1 OR resolved_at IS NULL OR resolved_at >= $1)
        ORDER BY incident_id, sequence DESC";
    COUNT_UPDATES_ALONE = "SELECT COUNT(*) FROM updates u JOIN incidents i ON i.id = u.incident_id
        WHERE u.published_at >= $1 AND u.break_glass_reason IS NOT NULL AND i.is_rehearsal = FALSE AND i.is_public = TRUE";
    COUNT_AUTOMATIC_UPDATES = "SELECT COUNT(*) FROM updates u JOIN incidents i ON i.id = u.incident_id
        WHERE u.published_at >= $1 AND u.is_automatic = TRUE AND i.is_rehearsal = FALSE AND i.is_public = TRUE";
    INSERT_UPDATE_CELL = "INSERT INTO update_cells (update_id, cell_id, old_status, new_status) VALUES ($1, $2, $3, $4)
        ON CONFLICT (update_id, cell_id) DO UPDATE SET new_status = excluded.new_status";
    SELECT_UPDATE_CELLS = "SELECT uc.update_id, uc.cell_id, uc.old_status, uc.new_status FROM update_cells uc
        JOIN updates u ON u.id = uc.update_id WHERE u.incident_id = $1";
    SELECT_UPDATE_CELLS_SINCE = "SELECT uc.update_id, uc.cell_id, uc.old_status, uc.new_status FROM update_cells uc
        JOIN updates u ON u.id = uc.update_id JOIN incidents i ON i.id = u.incident_id
        WHERE i.started_at >= $1 OR i.resolved_at IS NULL OR i.resolved_at >= $1";
}

/// A row of `updates`.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct UpdateRow {
    /// Public id.
    pub id: String,
    /// Its incident.
    pub incident_id: String,
    /// Position within the incident, from 1.
    pub sequence: i64,
    /// What it is.
    #[sqlx(try_from = "String")]
    pub kind: UpdateKind,
    /// Phase it left the incident in.
    #[sqlx(try_from = "String")]
    pub phase: Phase,
    /// Severity at that moment.
    #[sqlx(try_from = "i64")]
    pub severity: Severity,
    /// What we know.
    pub known: String,
    /// What we don't know.
    pub unknown: String,
    /// What we do next.
    pub next_steps: String,
    /// What customers should do.
    pub customer_action: String,
    /// When it was published.
    #[sqlx(try_from = "i64")]
    pub published_at: Timestamp,
    /// User id.
    pub published_by: String,
    /// The promise it made, in milliseconds.
    pub next_update_due_at: Option<i64>,
    /// Makes a repeated request harmless.
    pub idempotency_key: Option<String>,
    /// The second person; none: none was needed, or the glass was broken.
    pub approved_by: Option<String>,
    /// Why it went out without the second person that it needed.
    pub break_glass_reason: Option<String>,
    /// JSON: `[[rule, reason], …]` of the linter's rules that were overridden.
    pub overrides: String,
    /// A holding statement of Waypost's own.
    pub is_automatic: bool,
    /// When its text was last edited, in milliseconds.
    pub edited_at: Option<i64>,
}

/// A cell that an update changed.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct UpdateCellRow {
    /// The update.
    pub update_id: String,
    /// The cell.
    pub cell_id: String,
    /// Before.
    #[sqlx(try_from = "String")]
    pub old_status: CellStatus,
    /// After.
    #[sqlx(try_from = "String")]
    pub new_status: CellStatus,
}

impl Tx {
    /// Adds an update.
    ///
    /// # Errors
    /// When the database fails; [`crate::StoreError::Conflict`] when its idempotency key is taken.
    pub async fn insert_update(&mut self, row: &UpdateRow) -> Result<()> {
        execute!(
            self,
            INSERT_UPDATE,
            &row.id,
            &row.incident_id,
            row.sequence,
            row.kind.slug(),
            row.phase.slug(),
            row.severity.number(),
            &row.known,
            &row.unknown,
            &row.next_steps,
            &row.customer_action,
            row.published_at.millis(),
            &row.published_by,
            row.next_update_due_at,
            &row.idempotency_key,
            &row.approved_by,
            &row.break_glass_reason,
            &row.overrides,
            row.is_automatic,
        )
        .map(drop)
    }

    /// The update that was published under this idempotency key.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn update_by_key(&mut self, key: &str) -> Result<Option<UpdateRow>> {
        fetch_optional!(self, UpdateRow, SELECT_UPDATE_BY_KEY, key)
    }

    /// Updates of one incident, newest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn updates(&mut self, incident_id: &str) -> Result<Vec<UpdateRow>> {
        fetch_all!(self, UpdateRow, SELECT_UPDATES, incident_id)
    }

    /// Updates of every incident that touched the time since `from`, by incident, newest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn updates_since(&mut self, from: Timestamp) -> Result<Vec<UpdateRow>> {
        fetch_all!(self, UpdateRow, SELECT_UPDATES_SINCE, from.millis())
    }

    /// Updates since `from` that went out without the second person that they needed.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn count_updates_alone(&mut self, from: Timestamp) -> Result<i64> {
        Ok(fetch_one!(self, (i64,), COUNT_UPDATES_ALONE, from.millis())?.0)
    }

    /// Holding statements since `from`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn count_automatic_updates(&mut self, from: Timestamp) -> Result<i64> {
        Ok(fetch_one!(self, (i64,), COUNT_AUTOMATIC_UPDATES, from.millis())?.0)
    }

    /// Notes that an update changed a cell.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn insert_update_cell(&mut self, row: &UpdateCellRow) -> Result<()> {
        execute!(
            self,
            INSERT_UPDATE_CELL,
            &row.update_id,
            &row.cell_id,
            row.old_status.slug(),
            row.new_status.slug()
        )
        .map(drop)
    }

    /// Cells changed by the updates of one incident.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn update_cells(&mut self, incident_id: &str) -> Result<Vec<UpdateCellRow>> {
        fetch_all!(self, UpdateCellRow, SELECT_UPDATE_CELLS, incident_id)
    }

    /// Cells changed by the updates of every incident that touched the time since `from`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn update_cells_since(&mut self, from: Timestamp) -> Result<Vec<UpdateCellRow>> {
        fetch_all!(self, UpdateCellRow, SELECT_UPDATE_CELLS_SINCE, from.millis())
    }
}
