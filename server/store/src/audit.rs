//! The record: append-only, written in the transaction of the change that it tells, each line chained to the one before.

use domain::clock::Timestamp;
use sha2::{Digest, Sha256};

use crate::{Result, Tx};

statements! {
    SELECT_AUDIT_HEAD {
        sqlite = "SELECT length, hash FROM audit_head WHERE id = 1",
        postgres = "SELECT length, hash FROM audit_head WHERE id = 1 FOR UPDATE"
    };
    INSERT_AUDIT = "INSERT INTO audit (at, actor, action, subject, detail, correlation_id, prev_hash, hash)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    UPDATE_AUDIT_HEAD = "UPDATE audit_head SET length = length + $1, hash = $2 WHERE id = 1";
    READ_AUDIT_HEAD = "SELECT length, hash FROM audit_head WHERE id = 1";
    SELECT_AUDIT_AFTER = "SELECT id, at, actor, action, subject, detail, correlation_id, prev_hash, hash FROM audit
        WHERE id > $1 ORDER BY id LIMIT $2";
    SELECT_AUDIT_PAGE = "SELECT id, at, actor, action, subject, detail, correlation_id, prev_hash, hash FROM audit
        WHERE id < $1 AND (subject = $2 OR $2 = '') AND (actor = $3 OR $3 = '') AND at >= $4 AND at < $5
        ORDER BY id DESC LIMIT $6";
    SELECT_AUDIT_OF = "SELECT id, at, actor, action, subject, detail, correlation_id, prev_hash, hash FROM audit
        WHERE subject = $1 ORDER BY id";
}

/// One line of the record, to be written.
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

/// A line that waits for the commit.
#[derive(Debug, Clone)]
pub(crate) struct AuditLine {
    at: i64,
    actor: String,
    action: String,
    subject: String,
    detail: String,
    correlation_id: String,
}

/// A line of the record, as it was written.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct AuditRow {
    /// Position; gaps are rolled-back transactions of PostgreSQL.
    pub id: i64,
    /// When, in milliseconds.
    pub at: i64,
    /// User id, key id, or `system`.
    pub actor: String,
    /// The operator's verb.
    pub action: String,
    /// What it was done to.
    pub subject: String,
    /// JSON: before and after.
    pub detail: String,
    /// Ties it to the log lines of the request.
    pub correlation_id: String,
    /// Hash of the line before.
    pub prev_hash: String,
    /// Hash of this line; empty: written before there was a chain.
    pub hash: String,
}

/// What looking through the whole chain led to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Chain {
    /// Every line follows from the one before, up to the head.
    Whole {
        /// Lines in the chain.
        lines: i64,
        /// Hash of the newest: whoever wrote it down elsewhere can compare.
        head: String,
    },
    /// A line was changed, taken out or put in.
    Broken {
        /// Position of the first line that does not fit.
        id: i64,
        /// What does not fit.
        why: &'static str,
    },
}

/// SHA-256 over the hash before and the fields, each led by its length: no two lines share a text.
fn link(prev: &str, at: i64, fields: [&str; 5]) -> String {
    let mut hash = Sha256::new();
    for field in [prev, &at.to_string()].into_iter().chain(fields) {
        hash.update(u64::try_from(field.len()).unwrap_or(u64::MAX).to_be_bytes());
        hash.update(field.as_bytes());
    }
    hash.finalize().iter().map(|b| format!("{b:02x}")).collect()
}

impl AuditRow {
    /// The hash that this line should have.
    fn expected(&self) -> String {
        let fields = [&self.actor, &self.action, &self.subject, &self.detail, &self.correlation_id];
        link(&self.prev_hash, self.at, fields.map(String::as_str))
    }
}

/// Lines read at once while the chain is looked through.
const BATCH: i64 = 1_000;

impl Tx {
    /// Appends a line; it is written when the transaction commits, and only then.
    ///
    /// # Errors
    /// None today; the commit says when it could not be written.
    #[allow(
        clippy::unused_async,
        reason = "callers await what the record does, as they do of every statement"
    )]
    pub async fn append_audit(&mut self, entry: AuditEntry<'_>) -> Result<()> {
        self.record.push(AuditLine {
            at: entry.at.millis(),
            actor: entry.actor.to_owned(),
            action: entry.action.to_owned(),
            subject: entry.subject.to_owned(),
            detail: entry.detail.to_owned(),
            correlation_id: entry.correlation_id.to_owned(),
        });
        Ok(())
    }

    /// Writes the lines that wait, chained to the head.
    pub(crate) async fn write_record(&mut self) -> Result<()> {
        let lines = std::mem::take(&mut self.record);
        if lines.is_empty() {
            return Ok(());
        }
        let count = i64::try_from(lines.len()).unwrap_or(i64::MAX);
        let (_, mut prev) = fetch_one!(self, (i64, String), SELECT_AUDIT_HEAD)?;
        for line in lines {
            let AuditLine { at, actor, action, subject, detail, correlation_id } = line;
            let hash = link(&prev, at, [&actor, &action, &subject, &detail, &correlation_id]);
            execute!(
                self,
                INSERT_AUDIT,
                at,
                &actor,
                &action,
                &subject,
                &detail,
                &correlation_id,
                &prev,
                &hash
            )?;
            prev = hash;
        }
        execute!(self, UPDATE_AUDIT_HEAD, count, &prev).map(drop)
    }

    /// Looks the whole chain through.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn verify_audit(&mut self) -> Result<Chain> {
        let (length, head) = fetch_one!(self, (i64, String), READ_AUDIT_HEAD)?;
        let (mut after, mut lines, mut prev) = (0, 0, String::new());
        loop {
            let batch = fetch_all!(self, AuditRow, SELECT_AUDIT_AFTER, after, BATCH)?;
            let Some(last) = batch.last() else { break };
            after = last.id;
            for row in &batch {
                // Lines from before there was a chain stand in front of it, never within.
                if row.hash.is_empty() && lines == 0 {
                    continue;
                }
                if row.prev_hash != prev {
                    return Ok(Chain::Broken {
                        id: row.id,
                        why: "a line before it was taken out, put in or changed",
                    });
                }
                if row.hash != row.expected() {
                    return Ok(Chain::Broken { id: row.id, why: "this line was changed" });
                }
                prev.clone_from(&row.hash);
                lines += 1;
            }
        }
        if lines != length || prev != head {
            return Ok(Chain::Broken { id: after, why: "lines after it were taken out" });
        }
        Ok(Chain::Whole { lines, head })
    }

    /// Lines before position `before`, newest first, of a subject and an actor (empty: of all), from `from` until `to`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn audit_page(
        &mut self,
        before: i64,
        subject: &str,
        actor: &str,
        (from, to): (Timestamp, Timestamp),
        limit: i64,
    ) -> Result<Vec<AuditRow>> {
        fetch_all!(
            self,
            AuditRow,
            SELECT_AUDIT_PAGE,
            before,
            subject,
            actor,
            from.millis(),
            to.millis(),
            limit
        )
    }

    /// How many lines the chain has, and the hash of the newest.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn audit_head(&mut self) -> Result<(i64, String)> {
        fetch_one!(self, (i64, String), READ_AUDIT_HEAD)
    }

    /// Every line about a subject, oldest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn audit_of(&mut self, subject: &str) -> Result<Vec<AuditRow>> {
        fetch_all!(self, AuditRow, SELECT_AUDIT_OF, subject)
    }
}
