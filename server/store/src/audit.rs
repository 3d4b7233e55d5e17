//! The audit record: append-only, written in the transaction of the change that it tells.

use domain::clock::Timestamp;

use crate::{Result, Tx};

statements! {
    INSERT_AUDIT = "INSERT INTO audit (at, actor, action, subject, detail, correlation_id) VALUES ($1, $2, $3, $4, $5, $6)";
}

/// One line of the audit record.
#[derive(Debug, Clone)]
pub struct AuditEntry<'a> {
    /// When.
    pub at: Timestamp,
    /// User id, key id, or `system`.
    pub actor: &'a str,
    /// The operator's verb: `post_update`, `pin_cell`, …
    pub action: &'a str,
    /// `incident:<id>`, `cell:<id>`, …
    pub subject: &'a str,
    /// JSON: before and after.
    pub detail: &'a str,
    /// Ties it to the log lines of the request.
    pub correlation_id: &'a str,
}

impl Tx {
    /// Appends a line.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn append_audit(&mut self, entry: AuditEntry<'_>) -> Result<()> {
        let AuditEntry { at, actor, action, subject, detail, correlation_id } = entry;
        execute!(self, INSERT_AUDIT, at.millis(), actor, action, subject, detail, correlation_id).map(drop)
    }
}
