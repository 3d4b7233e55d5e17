//! The page: its name, its setup state, and the revision that moves with every public change.

use domain::clock::Timestamp;

use crate::{Result, Tx};

statements! {
    SELECT_PAGE = "SELECT id, name, is_set_up, setup_token_hash, revision, created_at, updated_at FROM page LIMIT 1";
    INSERT_PAGE = "INSERT INTO page (id, name, is_set_up, revision, created_at, updated_at) VALUES ($1, $2, FALSE, 0, $3, $3)";
    SET_SETUP_TOKEN = "UPDATE page SET setup_token_hash = $1, updated_at = $2 WHERE is_set_up = FALSE";
    FINISH_SETUP = "UPDATE page SET name = $1, is_set_up = TRUE, setup_token_hash = NULL, updated_at = $2 WHERE is_set_up = FALSE";
    BUMP_REVISION = "UPDATE page SET revision = revision + 1, updated_at = $1";
    SELECT_REVISION = "SELECT revision FROM page LIMIT 1";
}

/// The one row of `page`.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct PageRow {
    /// Public id.
    pub id: String,
    /// Shown name.
    pub name: String,
    /// Whether the first-run setup is done.
    pub is_set_up: bool,
    /// SHA-256 of the one-time setup token, while setup is due.
    pub setup_token_hash: Option<String>,
    /// Moves with every publicly visible change.
    pub revision: i64,
    /// When it was made.
    #[sqlx(try_from = "i64")]
    pub created_at: Timestamp,
    /// When it last changed.
    #[sqlx(try_from = "i64")]
    pub updated_at: Timestamp,
}

impl Tx {
    /// The page, if one was made.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn page(&mut self) -> Result<Option<PageRow>> {
        fetch_optional!(self, PageRow, SELECT_PAGE)
    }

    /// Makes the page, not yet set up.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn insert_page(&mut self, id: &str, name: &str, now: Timestamp) -> Result<()> {
        execute!(self, INSERT_PAGE, id, name, now.millis()).map(drop)
    }

    /// Stores the hash of a new setup token; nothing happens once the page is set up.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn set_setup_token(&mut self, hash: &str, now: Timestamp) -> Result<()> {
        execute!(self, SET_SETUP_TOKEN, hash, now.millis()).map(drop)
    }

    /// Closes the setup door for good; false if it was closed already.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn finish_setup(&mut self, name: &str, now: Timestamp) -> Result<bool> {
        execute!(self, FINISH_SETUP, name, now.millis()).map(|n| n == 1)
    }

    /// Marks a publicly visible change: every node re-renders what it shows.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn bump_revision(&mut self, now: Timestamp) -> Result<()> {
        execute!(self, BUMP_REVISION, now.millis()).map(drop)
    }

    /// The page's revision; 0 when there is no page yet.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn revision(&mut self) -> Result<i64> {
        Ok(fetch_optional!(self, (i64,), SELECT_REVISION)?.map_or(0, |(r,)| r))
    }
}
