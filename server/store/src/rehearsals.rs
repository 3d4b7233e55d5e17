//! Rehearsals.

use domain::clock::Timestamp;

use crate::{Result, Tx};

statements! {
    INSERT_REHEARSAL = "INSERT INTO rehearsals (id, name, script, begun_at, begun_by) VALUES ($1, $2, $3, $4, $5)";
    SELECT_REHEARSAL = "SELECT * FROM rehearsals WHERE id = $1";
    SELECT_REHEARSALS = "SELECT * FROM rehearsals ORDER BY begun_at DESC, id LIMIT $1";
    SET_REHEARSED = "UPDATE rehearsals SET incident_id = $1 WHERE id = $2 AND incident_id IS NULL AND ended_at IS NULL";
    END_REHEARSAL = "UPDATE rehearsals SET ended_at = $1 WHERE id = $2 AND ended_at IS NULL";
}

/// A row of `rehearsals`.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct RehearsalRow {
    /// Public id.
    pub id: String,
    /// What is played.
    pub name: String,
    /// JSON of the script.
    pub script: String,
    /// When it began.
    #[sqlx(try_from = "i64")]
    pub begun_at: Timestamp,
    /// Name of whoever began it.
    pub begun_by: String,
    /// Its incident, once somebody declared one.
    pub incident_id: Option<String>,
    /// When it ended, in milliseconds.
    pub ended_at: Option<i64>,
}

impl Tx {
    /// Begins one.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn insert_rehearsal(&mut self, row: &RehearsalRow) -> Result<()> {
        let at = row.begun_at.millis();
        execute!(self, INSERT_REHEARSAL, &row.id, &row.name, &row.script, at, &row.begun_by).map(drop)
    }

    /// One.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn rehearsal(&mut self, id: &str) -> Result<Option<RehearsalRow>> {
        fetch_optional!(self, RehearsalRow, SELECT_REHEARSAL, id)
    }

    /// The newest, at most `limit`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn rehearsals(&mut self, limit: i64) -> Result<Vec<RehearsalRow>> {
        fetch_all!(self, RehearsalRow, SELECT_REHEARSALS, limit)
    }

    /// Somebody declared its incident; false: somebody else had, or it is over.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn set_rehearsed(&mut self, id: &str, incident_id: &str) -> Result<bool> {
        execute!(self, SET_REHEARSED, incident_id, id).map(|n| n == 1)
    }

    /// Ends it; false: it is over already.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn end_rehearsal(&mut self, id: &str, now: Timestamp) -> Result<bool> {
        execute!(self, END_REHEARSAL, now.millis(), id).map(|n| n == 1)
    }
}
