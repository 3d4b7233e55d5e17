//! Corrective actions: what was promised in a review, by whom, until when, and whether it was done.

use domain::clock::Timestamp;

use crate::{Result, Tx};

statements! {
    UPSERT_ACTION = "INSERT INTO corrective_actions (id, incident_id, position, what, owner_id, due_on, done_at, done_by, done_note,
        created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10)
        ON CONFLICT (id) DO UPDATE SET position = excluded.position, what = excluded.what, owner_id = excluded.owner_id,
        due_on = excluded.due_on, done_at = excluded.done_at, done_by = excluded.done_by, done_note = excluded.done_note,
        updated_at = excluded.updated_at";
    DELETE_ACTION = "DELETE FROM corrective_actions WHERE id = $1";
    SELECT_ACTION = "SELECT a.*, u.name AS owner_name FROM corrective_actions a LEFT JOIN users u ON u.id = a.owner_id WHERE a.id = $1";
    SELECT_ACTIONS = "SELECT a.*, u.name AS owner_name FROM corrective_actions a LEFT JOIN users u ON u.id = a.owner_id
        WHERE a.incident_id = $1 ORDER BY a.position, a.id";
    SELECT_OPEN_ACTIONS = "SELECT a.*, u.name AS owner_name FROM corrective_actions a LEFT JOIN users u ON u.id = a.owner_id
        JOIN incidents i ON i.id = a.incident_id WHERE a.done_at IS NULL AND i.is_rehearsal = FALSE
        ORDER BY CASE WHEN a.due_on IS NULL THEN 1 ELSE 0 END, a.due_on, a.id";
    SELECT_DONE_ACTIONS = "SELECT a.*, u.name AS owner_name FROM corrective_actions a LEFT JOIN users u ON u.id = a.owner_id
        JOIN incidents i ON i.id = a.incident_id WHERE a.done_at >= $1 AND i.is_rehearsal = FALSE
        ORDER BY a.done_at DESC, a.id LIMIT $2";
    SELECT_DONE_PUBLIC_ACTIONS = "SELECT a.id, a.done_at FROM corrective_actions a JOIN reviews r ON r.incident_id = a.incident_id
        JOIN incidents i ON i.id = a.incident_id WHERE r.published IS NOT NULL AND i.is_rehearsal = FALSE AND a.done_at IS NOT NULL
        AND (i.started_at >= $1 OR i.resolved_at IS NULL OR i.resolved_at >= $1)";
}

/// A row of `corrective_actions`.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct CorrectiveActionRow {
    /// Public id.
    pub id: String,
    /// The incident.
    pub incident_id: String,
    /// Order in the list.
    pub position: i64,
    /// What will be done.
    pub what: String,
    /// Who answers for it; none while the review is a draft.
    pub owner_id: Option<String>,
    /// Their name.
    pub owner_name: Option<String>,
    /// `2026-03-09`; none while the review is a draft.
    pub due_on: Option<String>,
    /// When it was done, in milliseconds.
    pub done_at: Option<i64>,
    /// Who said so.
    pub done_by: Option<String>,
    /// What was done; may be empty.
    pub done_note: String,
}

impl Tx {
    /// Saves an action.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn save_action(&mut self, row: &CorrectiveActionRow, now: Timestamp) -> Result<()> {
        execute!(
            self,
            UPSERT_ACTION,
            &row.id,
            &row.incident_id,
            row.position,
            &row.what,
            &row.owner_id,
            &row.due_on,
            row.done_at,
            &row.done_by,
            &row.done_note,
            now.millis(),
        )
        .map(drop)
    }

    /// Removes an action.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn delete_action(&mut self, id: &str) -> Result<()> {
        execute!(self, DELETE_ACTION, id).map(drop)
    }

    /// One action.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn action(&mut self, id: &str) -> Result<Option<CorrectiveActionRow>> {
        fetch_optional!(self, CorrectiveActionRow, SELECT_ACTION, id)
    }

    /// The actions of an incident's review, in order.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn actions(&mut self, incident_id: &str) -> Result<Vec<CorrectiveActionRow>> {
        fetch_all!(self, CorrectiveActionRow, SELECT_ACTIONS, incident_id)
    }

    /// Every action that is not done, soonest first, those without a date last.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn open_actions(&mut self) -> Result<Vec<CorrectiveActionRow>> {
        fetch_all!(self, CorrectiveActionRow, SELECT_OPEN_ACTIONS)
    }

    /// Actions done since `from`, newest first, at most `limit`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn done_actions(&mut self, from: Timestamp, limit: i64) -> Result<Vec<CorrectiveActionRow>> {
        fetch_all!(self, CorrectiveActionRow, SELECT_DONE_ACTIONS, from.millis(), limit)
    }

    /// Which actions of published reviews, of incidents that touched the time since `from`, are done, and when.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn done_public_actions_since(&mut self, from: Timestamp) -> Result<Vec<(String, i64)>> {
        fetch_all!(self, (String, i64), SELECT_DONE_PUBLIC_ACTIONS, from.millis())
    }
}
