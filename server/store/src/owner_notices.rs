//! What owners, and whoever else is in charge of it, are told by mail about what happened.

use domain::clock::Timestamp;

use crate::{Result, Tx};

statements! {
    INSERT_OWNER_NOTICES {
        sqlite = "INSERT INTO owner_notices (id, user_id, words, path, at, mail_state, next_attempt_at)
            SELECT $1 || id, id, $2, $3, $4, $5, $4 FROM users
            WHERE role IN (SELECT value FROM json_each($6)) AND is_disabled = FALSE",
        postgres = "INSERT INTO owner_notices (id, user_id, words, path, at, mail_state, next_attempt_at)
            SELECT CAST($1 AS TEXT) || id, id, $2, $3, CAST($4 AS BIGINT), $5, CAST($4 AS BIGINT) FROM users
            WHERE role IN (SELECT jsonb_array_elements_text($6::jsonb)) AND is_disabled = FALSE"
    };
    CLAIM_OWNER_NOTICE {
        sqlite = "UPDATE owner_notices SET mail_state = 'leased', fence = $1, attempts = attempts + 1, next_attempt_at = $2
            WHERE id = (SELECT id FROM owner_notices WHERE mail_state IN ('queued', 'leased') AND next_attempt_at <= $3
                ORDER BY next_attempt_at LIMIT 1) RETURNING *",
        postgres = "UPDATE owner_notices SET mail_state = 'leased', fence = $1, attempts = attempts + 1, next_attempt_at = $2
            WHERE id = (SELECT id FROM owner_notices WHERE mail_state IN ('queued', 'leased') AND next_attempt_at <= $3
                ORDER BY next_attempt_at LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING *"
    };
    DELETE_OWNER_NOTICES = "DELETE FROM owner_notices WHERE at < $1 AND mail_state NOT IN ('queued', 'leased')";
    KEEP_OWNER_NOTICE = "UPDATE owner_notices SET mail_state = $1, next_attempt_at = $2 WHERE id = $3 AND fence = $4";
}

/// A row of `owner_notices`.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct OwnerNoticeRow {
    /// Id of what happened and of the owner.
    pub id: String,
    /// To whom.
    pub user_id: String,
    /// What it says, on one line.
    pub words: String,
    /// The page in the console.
    pub path: String,
    /// When it happened.
    #[sqlx(try_from = "i64")]
    pub at: Timestamp,
    /// Tries so far.
    pub attempts: i64,
    /// Of the claim.
    pub fence: Option<String>,
}

impl Tx {
    /// Forgets what owners were told before `before`.
    pub async fn delete_owner_notices(&mut self, before: Timestamp) -> Result<u64> {
        execute!(self, DELETE_OWNER_NOTICES, before.millis())
    }

    /// Tells everybody with one of these roles; how many. `mail_state`: `queued`, or `none` where no relay is configured.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn tell_roles(
        &mut self,
        roles: &[&str],
        id: &str,
        (words, path): (&str, &str),
        at: Timestamp,
        mail_state: &str,
    ) -> Result<u64> {
        let roles = serde_json::to_string(roles).unwrap_or_default();
        execute!(self, INSERT_OWNER_NOTICES, id, words, path, at.millis(), mail_state, roles)
    }

    /// A notice whose mail is due, leased until `until`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn claim_owner_notice(
        &mut self,
        fence: &str,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<Option<OwnerNoticeRow>> {
        fetch_optional!(self, OwnerNoticeRow, CLAIM_OWNER_NOTICE, fence, until.millis(), now.millis())
    }

    /// Keeps what became of a claimed mail: `delivered`, `dead`, or `queued` until `next`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn keep_owner_notice(
        &mut self,
        row: &OwnerNoticeRow,
        state: &str,
        next: Timestamp,
    ) -> Result<()> {
        execute!(self, KEEP_OWNER_NOTICE, state, next.millis(), &row.id, &row.fence).map(drop)
    }
}
