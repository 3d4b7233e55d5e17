//! Runbooks: what to do, per component and error class.

use domain::clock::Timestamp;

use crate::{Result, Tx};

statements! {
    UPSERT_RUNBOOK = "INSERT INTO runbooks (id, component_id, error_class, title, steps, created_at, updated_at, updated_by)
        VALUES ($1, $2, $3, $4, $5, $6, $6, $7) ON CONFLICT (id) DO UPDATE SET component_id = excluded.component_id,
        error_class = excluded.error_class, title = excluded.title, steps = excluded.steps,
        updated_at = excluded.updated_at, updated_by = excluded.updated_by";
    SELECT_RUNBOOKS = "SELECT id, component_id, error_class, title, steps, updated_at FROM runbooks ORDER BY title, id";
    SELECT_RUNBOOK = "SELECT id, component_id, error_class, title, steps, updated_at FROM runbooks WHERE id = $1";
    DELETE_RUNBOOK = "DELETE FROM runbooks WHERE id = $1";
}

/// A row of `runbooks`.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct RunbookRow {
    /// Public id.
    pub id: String,
    /// For this component; none: any.
    pub component_id: Option<String>,
    /// For this error; empty: any.
    pub error_class: String,
    /// What it is about.
    pub title: String,
    /// One step a line.
    pub steps: String,
    /// When it last changed.
    #[sqlx(try_from = "i64")]
    pub updated_at: Timestamp,
}

impl Tx {
    /// Saves a runbook.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn save_runbook(&mut self, row: &RunbookRow, by: &str) -> Result<()> {
        execute!(
            self,
            UPSERT_RUNBOOK,
            &row.id,
            &row.component_id,
            &row.error_class,
            &row.title,
            &row.steps,
            row.updated_at.millis(),
            by,
        )
        .map(drop)
    }

    /// Runbooks by title.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn runbooks(&mut self) -> Result<Vec<RunbookRow>> {
        fetch_all!(self, RunbookRow, SELECT_RUNBOOKS)
    }

    /// One runbook.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn runbook(&mut self, id: &str) -> Result<Option<RunbookRow>> {
        fetch_optional!(self, RunbookRow, SELECT_RUNBOOK, id)
    }

    /// Removes a runbook; false if there is none.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn delete_runbook(&mut self, id: &str) -> Result<bool> {
        execute!(self, DELETE_RUNBOOK, id).map(|n| n == 1)
    }
}
