//! Versions of published texts, and workarounds by country.

use domain::{clock::Timestamp, notice::Message};

use crate::{Result, Tx};

statements! {
    INSERT_UPDATE_VERSION = "INSERT INTO update_versions (update_id, version, known, unknown, next_steps, customer_action,
        reason, written_at, written_by) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    SELECT_UPDATE_VERSIONS = "SELECT v.* FROM update_versions v JOIN updates u ON u.id = v.update_id
        WHERE u.incident_id = $1 ORDER BY u.sequence DESC, v.version";
    SELECT_UPDATE_VERSIONS_SINCE = "SELECT v.* FROM update_versions v JOIN updates u ON u.id = v.update_id
        JOIN incidents i ON i.id = u.incident_id
        WHERE i.started_at >= $1 OR i.resolved_at IS NULL OR i.resolved_at >= $1 ORDER BY u.sequence DESC, v.version";
    EDIT_UPDATE = "UPDATE updates SET known = $1, unknown = $2, next_steps = $3, customer_action = $4, overrides = $5,
        break_glass_reason = COALESCE($6, break_glass_reason), edited_at = $7 WHERE id = $8";
    UPSERT_WORKAROUND = "INSERT INTO incident_workarounds (incident_id, country_code, text, updated_at, updated_by)
        VALUES ($1, $2, $3, $4, $5) ON CONFLICT (incident_id, country_code)
        DO UPDATE SET text = excluded.text, updated_at = excluded.updated_at, updated_by = excluded.updated_by";
    DELETE_WORKAROUND = "DELETE FROM incident_workarounds WHERE incident_id = $1 AND country_code = $2";
    SELECT_WORKAROUNDS = "SELECT * FROM incident_workarounds WHERE incident_id = $1 ORDER BY country_code";
    SELECT_WORKAROUNDS_SINCE = "SELECT w.* FROM incident_workarounds w JOIN incidents i ON i.id = w.incident_id
        WHERE i.started_at >= $1 OR i.resolved_at IS NULL OR i.resolved_at >= $1 ORDER BY w.country_code";
}

/// One version of the text of an update.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct UpdateVersionRow {
    /// The update.
    pub update_id: String,
    /// 1 is what was published.
    pub version: i64,
    /// What we know.
    pub known: String,
    /// What we don't know.
    pub unknown: String,
    /// What we do next.
    pub next_steps: String,
    /// What customers should do.
    pub customer_action: String,
    /// Why it was edited; empty for the first.
    pub reason: String,
    /// When.
    #[sqlx(try_from = "i64")]
    pub written_at: Timestamp,
    /// User id.
    pub written_by: String,
}

impl UpdateVersionRow {
    /// The four fields.
    #[must_use]
    pub fn message(&self) -> Message {
        Message {
            known: self.known.clone(),
            unknown: self.unknown.clone(),
            next_steps: self.next_steps.clone(),
            customer_action: self.customer_action.clone(),
        }
    }
}

/// What helps in one country.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct WorkaroundRow {
    /// The incident.
    pub incident_id: String,
    /// ISO code.
    pub country_code: String,
    /// The words.
    pub text: String,
    /// When it was last changed.
    #[sqlx(try_from = "i64")]
    pub updated_at: Timestamp,
    /// User id.
    pub updated_by: String,
}

impl Tx {
    /// Adds a version.
    ///
    /// # Errors
    /// When the database fails, or somebody added that version at the same time.
    pub async fn insert_update_version(&mut self, row: &UpdateVersionRow) -> Result<()> {
        execute!(
            self,
            INSERT_UPDATE_VERSION,
            &row.update_id,
            row.version,
            &row.known,
            &row.unknown,
            &row.next_steps,
            &row.customer_action,
            &row.reason,
            row.written_at.millis(),
            &row.written_by,
        )
        .map(drop)
    }

    /// Versions of the edited updates of an incident: newest update first, oldest version first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn update_versions(&mut self, incident_id: &str) -> Result<Vec<UpdateVersionRow>> {
        fetch_all!(self, UpdateVersionRow, SELECT_UPDATE_VERSIONS, incident_id)
    }

    /// The same of every incident that touched the time since `from`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn update_versions_since(&mut self, from: Timestamp) -> Result<Vec<UpdateVersionRow>> {
        fetch_all!(self, UpdateVersionRow, SELECT_UPDATE_VERSIONS_SINCE, from.millis())
    }

    /// Gives an update another text; a broken glass stays broken.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn edit_update(
        &mut self,
        id: &str,
        message: &Message,
        overrides: &str,
        broken_glass: Option<&str>,
        now: Timestamp,
    ) -> Result<()> {
        execute!(
            self,
            EDIT_UPDATE,
            &message.known,
            &message.unknown,
            &message.next_steps,
            &message.customer_action,
            overrides,
            broken_glass,
            now.millis(),
            id
        )
        .map(drop)
    }

    /// Sets the workaround of a country.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn save_workaround(&mut self, row: &WorkaroundRow) -> Result<()> {
        execute!(
            self,
            UPSERT_WORKAROUND,
            &row.incident_id,
            &row.country_code,
            &row.text,
            row.updated_at.millis(),
            &row.updated_by
        )
        .map(drop)
    }

    /// Takes the workaround of a country away.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn drop_workaround(&mut self, incident_id: &str, country: &str) -> Result<()> {
        execute!(self, DELETE_WORKAROUND, incident_id, country).map(drop)
    }

    /// Workarounds of an incident.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn workarounds(&mut self, incident_id: &str) -> Result<Vec<WorkaroundRow>> {
        fetch_all!(self, WorkaroundRow, SELECT_WORKAROUNDS, incident_id)
    }

    /// Workarounds of every incident that touched the time since `from`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn workarounds_since(&mut self, from: Timestamp) -> Result<Vec<WorkaroundRow>> {
        fetch_all!(self, WorkaroundRow, SELECT_WORKAROUNDS_SINCE, from.millis())
    }
}
