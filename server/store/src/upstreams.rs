//! Status pages of suppliers, and what they said when they were last read.

use domain::clock::Timestamp;

use crate::{Result, Tx};

statements! {
    INSERT_UPSTREAM = "INSERT INTO upstreams (id, supplier_id, name, public_name, url, feed_url, kind, is_public, state, remark,
        failure, etag, last_modified, next_try_at, created_at)
        VALUES ($1, $2, $3, $4, $5, '', $6, $7, '', '', '', '', '', $8, $8) ON CONFLICT (supplier_id, url) DO NOTHING";
    INSERT_UPSTREAM_CELL = "INSERT INTO upstream_cells (upstream_id, cell_id) VALUES ($1, $2)";
    SELECT_UPSTREAMS = "SELECT * FROM upstreams ORDER BY supplier_id, name, id";
    SELECT_UPSTREAM_CELLS = "SELECT upstream_id, cell_id FROM upstream_cells ORDER BY upstream_id, cell_id";
    SELECT_PUBLIC_UPSTREAMS = "SELECT * FROM upstreams WHERE is_public = TRUE ORDER BY public_name, id";
    SELECT_PUBLIC_UPSTREAM_CELLS = "SELECT u.id, c.cell_id FROM upstreams u JOIN upstream_cells c ON c.upstream_id = u.id
        WHERE u.is_public = TRUE UNION SELECT u.id, s.cell_id FROM upstreams u JOIN supplier_cells s ON s.supplier_id = u.supplier_id
        WHERE u.is_public = TRUE AND NOT EXISTS (SELECT 1 FROM upstream_cells x WHERE x.upstream_id = u.id) ORDER BY 1, 2";
    CLAIM_UPSTREAM {
        sqlite = "UPDATE upstreams SET next_try_at = $1 WHERE id = (SELECT id FROM upstreams WHERE next_try_at <= $2
            ORDER BY next_try_at LIMIT 1) RETURNING *",
        postgres = "UPDATE upstreams SET next_try_at = $1 WHERE id = (SELECT id FROM upstreams WHERE next_try_at <= $2
            ORDER BY next_try_at LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING *"
    };
    KEEP_UPSTREAM = "UPDATE upstreams SET feed_url = $1, kind = $2, state = $3, remark = $4, state_since_at = $5, read_at = $6,
        failing_since_at = $7, failure = $8, etag = $9, last_modified = $10, next_try_at = $11 WHERE id = $12";
    SET_UPSTREAM_PUBLIC = "UPDATE upstreams SET is_public = $1 WHERE id = $2 AND supplier_id = $3";
    HURRY_UPSTREAMS = "UPDATE upstreams SET next_try_at = $1 WHERE supplier_id = $2 AND next_try_at > $1";
    DELETE_UPSTREAM_CELLS = "DELETE FROM upstream_cells WHERE upstream_id = $1";
    DELETE_UPSTREAM = "DELETE FROM upstreams WHERE id = $1 AND supplier_id = $2";
    DELETE_ALL_UPSTREAM_CELLS = "DELETE FROM upstream_cells WHERE upstream_id IN (SELECT id FROM upstreams WHERE supplier_id = $1)";
    DELETE_ALL_UPSTREAMS = "DELETE FROM upstreams WHERE supplier_id = $1";
}

/// A row of `upstreams`.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct UpstreamRow {
    /// Public id.
    pub id: String,
    /// Whose page it is.
    pub supplier_id: String,
    /// Name in the console.
    pub name: String,
    /// Name that visitors read.
    pub public_name: String,
    /// Address as it was entered.
    pub url: String,
    /// Where its JSON was found; empty: not yet.
    pub feed_url: String,
    /// Slug of its shape; empty: not known yet.
    pub kind: String,
    /// Whether visitors of the cells that it is about read what it says.
    pub is_public: bool,
    /// What it said when it was last read; empty: it never was.
    pub state: String,
    /// Its own words, for the console alone.
    pub remark: String,
    /// Since when it says so, in milliseconds.
    pub state_since_at: Option<i64>,
    /// When it was last read, in milliseconds.
    pub read_at: Option<i64>,
    /// Since when it cannot be read, in milliseconds.
    pub failing_since_at: Option<i64>,
    /// Why not; empty: it can.
    pub failure: String,
    /// Validator of what was last read.
    pub etag: String,
    /// The other validator.
    pub last_modified: String,
    /// When it is read next.
    #[sqlx(try_from = "i64")]
    pub next_try_at: Timestamp,
}

impl Tx {
    /// Adds a page with the cells that it is about, to be read at once; false if it is listed already.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn insert_upstream(&mut self, row: &UpstreamRow, cells: &[String]) -> Result<bool> {
        let is_new = execute!(
            self,
            INSERT_UPSTREAM,
            &row.id,
            &row.supplier_id,
            &row.name,
            &row.public_name,
            &row.url,
            &row.kind,
            row.is_public,
            row.next_try_at.millis()
        )? == 1;
        for cell in cells.iter().filter(|_| is_new) {
            execute!(self, INSERT_UPSTREAM_CELL, &row.id, cell)?;
        }
        Ok(is_new)
    }

    /// Every page.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn upstreams(&mut self) -> Result<Vec<UpstreamRow>> {
        fetch_all!(self, UpstreamRow, SELECT_UPSTREAMS)
    }

    /// Pairs of page and cell, as entered.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn upstream_cells(&mut self) -> Result<Vec<(String, String)>> {
        fetch_all!(self, (String, String), SELECT_UPSTREAM_CELLS)
    }

    /// Pages that visitors hear of.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn public_upstreams(&mut self) -> Result<Vec<UpstreamRow>> {
        fetch_all!(self, UpstreamRow, SELECT_PUBLIC_UPSTREAMS)
    }

    /// Pairs of a page that visitors hear of, and a cell that it is about.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn public_upstream_cells(&mut self) -> Result<Vec<(String, String)>> {
        fetch_all!(self, (String, String), SELECT_PUBLIC_UPSTREAM_CELLS)
    }

    /// A page whose time has come; nobody else takes it until `until`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn claim_upstream(&mut self, now: Timestamp, until: Timestamp) -> Result<Option<UpstreamRow>> {
        fetch_optional!(self, UpstreamRow, CLAIM_UPSTREAM, until.millis(), now.millis())
    }

    /// Keeps what was read, or why it was not.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn keep_upstream(&mut self, row: &UpstreamRow) -> Result<()> {
        execute!(
            self,
            KEEP_UPSTREAM,
            &row.feed_url,
            &row.kind,
            &row.state,
            &row.remark,
            row.state_since_at,
            row.read_at,
            row.failing_since_at,
            &row.failure,
            &row.etag,
            &row.last_modified,
            row.next_try_at.millis(),
            &row.id
        )
        .map(drop)
    }

    /// Shows a page to visitors, or not any more; false if there is none.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn set_upstream_public(
        &mut self,
        supplier_id: &str,
        id: &str,
        is_public: bool,
    ) -> Result<bool> {
        execute!(self, SET_UPSTREAM_PUBLIC, is_public, id, supplier_id).map(|n| n == 1)
    }

    /// All pages of a supplier are read now.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn hurry_upstreams(&mut self, supplier_id: &str, now: Timestamp) -> Result<u64> {
        execute!(self, HURRY_UPSTREAMS, now.millis(), supplier_id)
    }

    /// Removes a page; false if there is none.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn delete_upstream(&mut self, supplier_id: &str, id: &str) -> Result<bool> {
        execute!(self, DELETE_UPSTREAM_CELLS, id)?;
        execute!(self, DELETE_UPSTREAM, id, supplier_id).map(|n| n == 1)
    }

    /// Forgets the pages of a supplier that goes.
    pub(crate) async fn delete_upstreams_of(&mut self, supplier_id: &str) -> Result<()> {
        execute!(self, DELETE_ALL_UPSTREAM_CELLS, supplier_id)?;
        execute!(self, DELETE_ALL_UPSTREAMS, supplier_id).map(drop)
    }
}
