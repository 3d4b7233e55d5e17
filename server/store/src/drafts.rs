//! Forms as typed: saved, waiting for a second person, or for their time.

use domain::clock::Timestamp;

use crate::{Result, Tx};

statements! {
    UPSERT_DRAFT = "INSERT INTO drafts (id, incident_id, form, author_id, fields, state, created_at, updated_at)
        VALUES ($1, $2, $3, $4, $5, 'draft', $6, $6)
        ON CONFLICT (author_id, incident_id, form) WHERE state = 'draft'
        DO UPDATE SET fields = excluded.fields, updated_at = excluded.updated_at";
    INSERT_DRAFT = "INSERT INTO drafts (id, incident_id, form, author_id, fields, state, publish_at, created_at, updated_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8)";
    DELETE_SAVED_DRAFT = "DELETE FROM drafts WHERE author_id = $1 AND incident_id = $2 AND form = $3 AND state = 'draft'";
    SELECT_DRAFT = "SELECT * FROM drafts WHERE id = $1";
    SELECT_SAVED_DRAFT = "SELECT * FROM drafts WHERE author_id = $1 AND incident_id = $2 AND form = $3 AND state = 'draft'";
    SELECT_SAVED_DRAFTS = "SELECT * FROM drafts WHERE author_id = $1 AND state = 'draft' ORDER BY updated_at DESC, id LIMIT 20";
    SELECT_WAITING_DRAFTS = "SELECT * FROM drafts WHERE state IN ('asked', 'scheduled', 'returned') ORDER BY created_at, id";
    MOVE_DRAFT = "UPDATE drafts SET state = $1, note = $2, approved_by = COALESCE($3, approved_by), updated_at = $4
        WHERE id = $5 AND state = $6";
    CLAIM_SCHEDULED_DRAFTS {
        sqlite = "SELECT * FROM drafts WHERE state = 'scheduled' AND publish_at <= $1 ORDER BY publish_at LIMIT 1",
        postgres = "SELECT * FROM drafts WHERE state = 'scheduled' AND publish_at <= $1 ORDER BY publish_at LIMIT 1
            FOR UPDATE SKIP LOCKED"
    };
}

/// A kept form.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct DraftRow {
    /// Public id.
    pub id: String,
    /// Its incident; empty: a declaration.
    pub incident_id: String,
    /// `declare`, `updates`, `reclassify`, `restore` or `resolve`.
    pub form: String,
    /// Who wrote it.
    pub author_id: String,
    /// JSON: `[[name, value], …]`.
    pub fields: String,
    /// `draft`, `asked`, `scheduled`, `returned`, `published` or `discarded`.
    pub state: String,
    /// Why it came back.
    pub note: String,
    /// Who approved it.
    pub approved_by: Option<String>,
    /// When it goes out, in milliseconds; none: once approved.
    pub publish_at: Option<i64>,
    /// When it was made.
    #[sqlx(try_from = "i64")]
    pub created_at: Timestamp,
    /// When it last changed.
    #[sqlx(try_from = "i64")]
    pub updated_at: Timestamp,
}

impl Tx {
    /// Saves what somebody has typed so far, over what they saved of the same form before.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn save_draft(
        &mut self,
        id: &str,
        incident_id: &str,
        form: &str,
        author_id: &str,
        fields: &str,
        now: Timestamp,
    ) -> Result<()> {
        execute!(self, UPSERT_DRAFT, id, incident_id, form, author_id, fields, now.millis()).map(drop)
    }

    /// Keeps a form that waits: `asked`, or `scheduled` with its time.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn insert_draft(&mut self, row: &DraftRow) -> Result<()> {
        execute!(
            self,
            INSERT_DRAFT,
            &row.id,
            &row.incident_id,
            &row.form,
            &row.author_id,
            &row.fields,
            &row.state,
            row.publish_at,
            row.created_at.millis(),
        )
        .map(drop)
    }

    /// Forgets what somebody saved of a form: it is published, or waits.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn drop_saved_draft(&mut self, author_id: &str, incident_id: &str, form: &str) -> Result<()> {
        execute!(self, DELETE_SAVED_DRAFT, author_id, incident_id, form).map(drop)
    }

    /// One kept form.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn draft(&mut self, id: &str) -> Result<Option<DraftRow>> {
        fetch_optional!(self, DraftRow, SELECT_DRAFT, id)
    }

    /// What somebody has saved of one form.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn saved_draft(
        &mut self,
        author_id: &str,
        incident_id: &str,
        form: &str,
    ) -> Result<Option<DraftRow>> {
        fetch_optional!(self, DraftRow, SELECT_SAVED_DRAFT, author_id, incident_id, form)
    }

    /// What somebody has saved, newest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn saved_drafts(&mut self, author_id: &str) -> Result<Vec<DraftRow>> {
        fetch_all!(self, DraftRow, SELECT_SAVED_DRAFTS, author_id)
    }

    /// Every form that waits, oldest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn waiting_drafts(&mut self) -> Result<Vec<DraftRow>> {
        fetch_all!(self, DraftRow, SELECT_WAITING_DRAFTS)
    }

    /// Moves a form from one state to another; false if it was not in that state any more.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn move_draft(
        &mut self,
        id: &str,
        from: &str,
        to: &str,
        note: &str,
        approved_by: Option<&str>,
        now: Timestamp,
    ) -> Result<bool> {
        execute!(self, MOVE_DRAFT, to, note, approved_by, now.millis(), id, from).map(|n| n == 1)
    }

    /// A form whose time has come; on PostgreSQL other workers skip it until commit.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn claim_scheduled_draft(&mut self, now: Timestamp) -> Result<Option<DraftRow>> {
        fetch_optional!(self, DraftRow, CLAIM_SCHEDULED_DRAFTS, now.millis())
    }
}
