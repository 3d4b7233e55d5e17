//! Notes of our own on an incident; never public.

use domain::clock::Timestamp;

use crate::{Result, Tx};

statements! {
    INSERT_NOTE = "INSERT INTO notes (id, incident_id, at, author_id, author_name, text) VALUES ($1, $2, $3, $4, $5, $6)";
    SELECT_NOTES = "SELECT * FROM notes WHERE incident_id = $1 ORDER BY at DESC, id";
}

/// A row of `notes`.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct NoteRow {
    /// Public id.
    pub id: String,
    /// The incident.
    pub incident_id: String,
    /// When it was written.
    #[sqlx(try_from = "i64")]
    pub at: Timestamp,
    /// User id.
    pub author_id: String,
    /// Their name.
    pub author_name: String,
    /// As written.
    pub text: String,
}

impl Tx {
    /// Adds a note.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn insert_note(&mut self, row: &NoteRow) -> Result<()> {
        let at = row.at.millis();
        execute!(
            self,
            INSERT_NOTE,
            &row.id,
            &row.incident_id,
            at,
            &row.author_id,
            &row.author_name,
            &row.text
        )
        .map(drop)
    }

    /// The notes on an incident, newest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn notes(&mut self, incident_id: &str) -> Result<Vec<NoteRow>> {
        fetch_all!(self, NoteRow, SELECT_NOTES, incident_id)
    }
}
