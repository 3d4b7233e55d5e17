//! Templates of updates, in versions.

use domain::{
    clock::Timestamp,
    severity::Severity,
    writing::template::{Slot, TemplateKind},
};

use crate::{Result, Tx};

statements! {
    INSERT_TEMPLATE = "INSERT INTO templates (id, severity, kind, version, state, body, created_at, created_by)
        VALUES ($1, $2, $3, $4, 'proposed', $5, $6, $7)";
    SELECT_TEMPLATES = "SELECT * FROM templates ORDER BY severity, kind, version DESC";
    SELECT_TEMPLATES_OF = "SELECT * FROM templates WHERE severity = $1 AND kind = $2 ORDER BY version DESC";
    MOVE_TEMPLATE = "UPDATE templates SET state = $1, decided_at = $2, decided_by = $3 WHERE id = $4 AND state = $5";
    REPLACE_TEMPLATES = "UPDATE templates SET state = $1 WHERE severity = $2 AND kind = $3 AND state = $4";
}

/// One version of a template.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct TemplateRow {
    /// Public id.
    pub id: String,
    /// Its severity.
    #[sqlx(try_from = "i64")]
    pub severity: Severity,
    /// Its kind.
    #[sqlx(try_from = "String")]
    pub kind: TemplateKind,
    /// From 1, per severity and kind.
    pub version: i64,
    /// `proposed`, `approved`, `replaced` or `withdrawn`.
    pub state: String,
    /// JSON: the texts.
    pub body: String,
    /// When it was written.
    #[sqlx(try_from = "i64")]
    pub created_at: Timestamp,
    /// User id.
    pub created_by: String,
    /// When the second person decided, in milliseconds.
    pub decided_at: Option<i64>,
    /// The second person.
    pub decided_by: Option<String>,
}

impl Tx {
    /// Adds a proposed version.
    ///
    /// # Errors
    /// When the database fails, or somebody added that version at the same time.
    pub async fn insert_template(&mut self, row: &TemplateRow) -> Result<()> {
        execute!(
            self,
            INSERT_TEMPLATE,
            &row.id,
            row.severity.number(),
            row.kind.slug(),
            row.version,
            &row.body,
            row.created_at.millis(),
            &row.created_by,
        )
        .map(drop)
    }

    /// Every version of every template, newest first within each.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn templates(&mut self) -> Result<Vec<TemplateRow>> {
        fetch_all!(self, TemplateRow, SELECT_TEMPLATES)
    }

    /// The versions of one template, newest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn templates_of(&mut self, slot: Slot) -> Result<Vec<TemplateRow>> {
        fetch_all!(self, TemplateRow, SELECT_TEMPLATES_OF, slot.severity.number(), slot.kind.slug())
    }

    /// Moves a version from one state to another; false: it was not in that state any more.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn move_template(
        &mut self,
        id: &str,
        from: &str,
        to: &str,
        now: Timestamp,
        by: &str,
    ) -> Result<bool> {
        Ok(execute!(self, MOVE_TEMPLATE, to, now.millis(), by, id, from)? == 1)
    }

    /// Moves every version of a slot that is in a state to another.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn replace_templates(&mut self, slot: Slot, from: &str, to: &str) -> Result<()> {
        execute!(self, REPLACE_TEMPLATES, to, slot.severity.number(), slot.kind.slug(), from).map(drop)
    }
}
