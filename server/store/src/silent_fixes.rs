//! Silent fixes: dips of a cell that ended without a published word.

use domain::{clock::Timestamp, status::CellStatus};

use crate::{CellChangeRow, Result, Tx};

statements! {
    INSERT_SILENT_FIX = "INSERT INTO silent_fixes (id, cell_id, worst, began_at, ended_at, cause, state, reason)
        VALUES ($1, $2, $3, $4, $5, $6, 'open', '')";
    DECIDE_SILENT_FIX = "UPDATE silent_fixes SET state = $1, incident_id = $2, reason = $3, decided_by = $4, decided_at = $5
        WHERE id = $6 AND state = 'open'";
    SELECT_SILENT_FIX = "SELECT * FROM silent_fixes WHERE id = $1";
    SELECT_OPEN_SILENT_FIXES = "SELECT * FROM silent_fixes WHERE state = 'open' ORDER BY ended_at DESC, id LIMIT $1";
    COUNT_SILENT_FIXES = "SELECT COUNT(*), COALESCE(SUM(CASE WHEN state = 'told' THEN 1 ELSE 0 END), 0) FROM silent_fixes
        WHERE ended_at >= $1";
    SELECT_NEWEST_CHANGES = "SELECT id, cell_id, at, from_status, to_status, basis, is_automatic, cause, incident_id
        FROM cell_changes WHERE cell_id = $1 ORDER BY id DESC LIMIT $2";
    COUNT_INCIDENTS_OF_CELL = "SELECT COUNT(*) FROM incident_cells ic JOIN incidents i ON i.id = ic.incident_id
        WHERE ic.cell_id = $1 AND i.is_rehearsal = FALSE AND i.is_public = TRUE AND i.started_at <= $2
        AND (i.restored_at IS NULL OR i.restored_at >= $3)";
}

/// A row of `silent_fixes`.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct SilentFixRow {
    /// Public id.
    pub id: String,
    /// The cell.
    pub cell_id: String,
    /// The worst that it showed.
    #[sqlx(try_from = "String")]
    pub worst: CellStatus,
    /// When the trouble began.
    #[sqlx(try_from = "i64")]
    pub began_at: Timestamp,
    /// When it was over.
    #[sqlx(try_from = "i64")]
    pub ended_at: Timestamp,
    /// Of the change that began it.
    pub cause: String,
    /// `open`, `told`, `dismissed`.
    pub state: String,
    /// The incident that tells it afterwards.
    pub incident_id: Option<String>,
    /// Why it was dismissed; may be empty.
    pub reason: String,
    /// Who decided.
    pub decided_by: Option<String>,
    /// When, in milliseconds.
    pub decided_at: Option<i64>,
}

impl Tx {
    /// Adds an open one.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn insert_silent_fix(&mut self, row: &SilentFixRow) -> Result<()> {
        let (began, ended) = (row.began_at.millis(), row.ended_at.millis());
        execute!(self, INSERT_SILENT_FIX, &row.id, &row.cell_id, row.worst.slug(), began, ended, &row.cause)
            .map(drop)
    }

    /// Decides on an open one; false: somebody else did.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn decide_silent_fix(
        &mut self,
        id: &str,
        (state, incident_id, reason): (&str, Option<&str>, &str),
        by: &str,
        now: Timestamp,
    ) -> Result<bool> {
        execute!(self, DECIDE_SILENT_FIX, state, incident_id, reason, by, now.millis(), id).map(|n| n == 1)
    }

    /// One.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn silent_fix(&mut self, id: &str) -> Result<Option<SilentFixRow>> {
        fetch_optional!(self, SilentFixRow, SELECT_SILENT_FIX, id)
    }

    /// Those nobody decided on, newest first, at most `limit`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn open_silent_fixes(&mut self, limit: i64) -> Result<Vec<SilentFixRow>> {
        fetch_all!(self, SilentFixRow, SELECT_OPEN_SILENT_FIXES, limit)
    }

    /// How many ended since `from`, and how many of them were told afterwards.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn count_silent_fixes(&mut self, from: Timestamp) -> Result<(i64, i64)> {
        fetch_one!(self, (i64, i64), COUNT_SILENT_FIXES, from.millis())
    }

    /// The newest changes of a cell, newest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn newest_changes(&mut self, cell_id: &str, limit: i64) -> Result<Vec<CellChangeRow>> {
        fetch_all!(self, CellChangeRow, SELECT_NEWEST_CHANGES, cell_id, limit)
    }

    /// Whether an incident told of this cell at any time between.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn was_told(&mut self, cell_id: &str, from: Timestamp, to: Timestamp) -> Result<bool> {
        fetch_one!(self, (i64,), COUNT_INCIDENTS_OF_CELL, cell_id, to.millis(), from.millis())
            .map(|(n,)| n > 0)
    }
}
