//! People, their recovery codes and their sessions.

use domain::clock::Timestamp;

use crate::{Result, Tx};

statements! {
    INSERT_USER = "INSERT INTO users (id, email, name, role, password_hash, totp_sealed, created_at, updated_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $7)";
    SELECT_USER = "SELECT * FROM users WHERE id = $1";
    SELECT_USER_BY_EMAIL = "SELECT * FROM users WHERE email = $1";
    SELECT_USERS = "SELECT * FROM users ORDER BY name, id";
    SELECT_USER_NAME = "SELECT name FROM users WHERE id = $1";
    SET_TOTP = "UPDATE users SET totp_sealed = $1, updated_at = $2 WHERE id = $3";
    USE_TOTP_STEP = "UPDATE users SET totp_last_step = $1 WHERE id = $2 AND totp_last_step < $1";
    SET_PASSWORD_HASH = "UPDATE users SET password_hash = $1, updated_at = $2 WHERE id = $3";
    SET_ACCESS = "UPDATE users SET role = $1, is_disabled = $2, updated_at = $3 WHERE id = $4";
    INSERT_RECOVERY_CODE = "INSERT INTO recovery_codes (user_id, code_hash) VALUES ($1, $2)";
    USE_RECOVERY_CODE = "UPDATE recovery_codes SET used_at = $1 WHERE user_id = $2 AND code_hash = $3 AND used_at IS NULL";
    INSERT_SESSION = "INSERT INTO sessions (id_hash, user_id, stage, user_agent, created_at, last_seen_at, expires_at)
        VALUES ($1, $2, $3, $4, $5, $5, $6)";
    SELECT_SESSION = "SELECT s.id_hash, s.user_id, s.stage, s.second_factor_tries, s.created_at, s.last_seen_at, s.expires_at, s.sure_until_at,
        u.email, u.name, u.role FROM sessions s JOIN users u ON u.id = s.user_id WHERE s.id_hash = $1 AND u.is_disabled = FALSE";
    TOUCH_SESSION = "UPDATE sessions SET last_seen_at = $1 WHERE id_hash = $2";
    MAKE_SESSION_SURE = "UPDATE sessions SET sure_until_at = $1 WHERE id_hash = $2";
    COUNT_SECOND_FACTOR_TRY = "UPDATE sessions SET second_factor_tries = second_factor_tries + 1 WHERE id_hash = $1";
    DELETE_SESSION = "DELETE FROM sessions WHERE id_hash = $1";
    DELETE_OTHER_SESSIONS = "DELETE FROM sessions WHERE user_id = $1 AND id_hash <> $2";
    DELETE_OLD_SESSIONS = "DELETE FROM sessions WHERE expires_at < $1 OR last_seen_at < $2";
}

/// A row of `users`.
#[derive(Clone, sqlx::FromRow)]
pub struct UserRow {
    /// Public id.
    pub id: String,
    /// Lower case.
    pub email: String,
    /// What colleagues see.
    pub name: String,
    /// Console role.
    pub role: String,
    /// PHC string.
    pub password_hash: String,
    /// The encrypted second factor.
    pub totp_sealed: Option<String>,
    /// The last time step whose code was used.
    pub totp_last_step: i64,
    /// May not sign in.
    pub is_disabled: bool,
}

/// A session with its person.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct SessionRow {
    /// SHA-256 of the cookie.
    pub id_hash: String,
    /// Who.
    pub user_id: String,
    /// `password` or `full`.
    pub stage: String,
    /// Wrong codes so far.
    pub second_factor_tries: i64,
    /// When it began.
    #[sqlx(try_from = "i64")]
    pub created_at: Timestamp,
    /// When it was last used.
    #[sqlx(try_from = "i64")]
    pub last_seen_at: Timestamp,
    /// When it ends in any case.
    #[sqlx(try_from = "i64")]
    pub expires_at: Timestamp,
    /// Both factors were given once more, and count until then, in milliseconds.
    pub sure_until_at: Option<i64>,
    /// E-mail address of the person.
    pub email: String,
    /// Name of the person.
    pub name: String,
    /// Role of the person, as it is now.
    pub role: String,
}

impl Tx {
    /// Adds a person.
    pub async fn insert_user(&mut self, user: &UserRow, now: Timestamp) -> Result<()> {
        execute!(
            self,
            INSERT_USER,
            &user.id,
            &user.email,
            &user.name,
            &user.role,
            &user.password_hash,
            &user.totp_sealed,
            now.millis(),
        )
        .map(drop)
    }

    /// One person.
    pub async fn user(&mut self, id: &str) -> Result<Option<UserRow>> {
        fetch_optional!(self, UserRow, SELECT_USER, id)
    }

    /// The person with this address (lower case).
    pub async fn user_by_email(&mut self, email: &str) -> Result<Option<UserRow>> {
        fetch_optional!(self, UserRow, SELECT_USER_BY_EMAIL, email)
    }

    /// Everybody.
    pub async fn users(&mut self) -> Result<Vec<UserRow>> {
        fetch_all!(self, UserRow, SELECT_USERS)
    }

    /// A person's name.
    pub async fn user_name(&mut self, id: &str) -> Result<Option<String>> {
        Ok(fetch_optional!(self, (String,), SELECT_USER_NAME, id)?.map(|(n,)| n))
    }

    /// Sets the second factor.
    pub async fn set_totp(&mut self, user_id: &str, sealed: &str, now: Timestamp) -> Result<()> {
        execute!(self, SET_TOTP, sealed, now.millis(), user_id).map(drop)
    }

    /// Uses up a time step; false if it, or a later one, was used before.
    pub async fn use_totp_step(&mut self, user_id: &str, step: i64) -> Result<bool> {
        execute!(self, USE_TOTP_STEP, step, user_id).map(|n| n == 1)
    }

    /// Sets the password hash.
    pub async fn set_password_hash(&mut self, user_id: &str, hash: &str, now: Timestamp) -> Result<()> {
        execute!(self, SET_PASSWORD_HASH, hash, now.millis(), user_id).map(drop)
    }

    /// Sets role and access.
    pub async fn set_access(
        &mut self,
        user_id: &str,
        role: &str,
        is_disabled: bool,
        now: Timestamp,
    ) -> Result<()> {
        execute!(self, SET_ACCESS, role, is_disabled, now.millis(), user_id).map(drop)
    }

    /// Adds a recovery code.
    pub async fn insert_recovery_code(&mut self, user_id: &str, hash: &str) -> Result<()> {
        execute!(self, INSERT_RECOVERY_CODE, user_id, hash).map(drop)
    }

    /// Uses up a recovery code; false if it is unknown or used.
    pub async fn use_recovery_code(&mut self, user_id: &str, hash: &str, now: Timestamp) -> Result<bool> {
        execute!(self, USE_RECOVERY_CODE, now.millis(), user_id, hash).map(|n| n == 1)
    }

    /// Begins a session.
    pub async fn insert_session(
        &mut self,
        id_hash: &str,
        user_id: &str,
        stage: &str,
        user_agent: &str,
        now: Timestamp,
        expires_at: Timestamp,
    ) -> Result<()> {
        execute!(self, INSERT_SESSION, id_hash, user_id, stage, user_agent, now.millis(), expires_at.millis())
            .map(drop)
    }

    /// A session whose person may still sign in.
    pub async fn session(&mut self, id_hash: &str) -> Result<Option<SessionRow>> {
        fetch_optional!(self, SessionRow, SELECT_SESSION, id_hash)
    }

    /// Notes that a session was used.
    pub async fn touch_session(&mut self, id_hash: &str, now: Timestamp) -> Result<()> {
        execute!(self, TOUCH_SESSION, now.millis(), id_hash).map(drop)
    }

    /// Both factors were given once more: that counts until `until`.
    pub async fn make_session_sure(&mut self, id_hash: &str, until: Timestamp) -> Result<()> {
        execute!(self, MAKE_SESSION_SURE, until.millis(), id_hash).map(drop)
    }

    /// Counts a wrong code.
    pub async fn count_second_factor_try(&mut self, id_hash: &str) -> Result<()> {
        execute!(self, COUNT_SECOND_FACTOR_TRY, id_hash).map(drop)
    }

    /// Ends a session.
    pub async fn delete_session(&mut self, id_hash: &str) -> Result<()> {
        execute!(self, DELETE_SESSION, id_hash).map(drop)
    }

    /// Ends every other session of a person; an empty `keep` ends all.
    pub async fn delete_other_sessions(&mut self, user_id: &str, keep: &str) -> Result<()> {
        execute!(self, DELETE_OTHER_SESSIONS, user_id, keep).map(drop)
    }

    /// Removes sessions that are over.
    pub async fn delete_old_sessions(&mut self, now: Timestamp, idle_since: Timestamp) -> Result<()> {
        execute!(self, DELETE_OLD_SESSIONS, now.millis(), idle_since.millis()).map(drop)
    }
}
