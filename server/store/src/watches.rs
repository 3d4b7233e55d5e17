//! Watch periods: stricter thresholds for some cells for some time.

use domain::clock::Timestamp;

use crate::{Result, Tx};

statements! {
    INSERT_WATCH = "INSERT INTO watch_periods (id, cells, place, thresholds, reason, from_at, until_at, created_at, created_by)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    END_WATCH = "UPDATE watch_periods SET ended_at = $1, ended_by = $2 WHERE id = $3 AND ended_at IS NULL AND until_at > $1";
    SELECT_OPEN_WATCHES = "SELECT * FROM watch_periods WHERE until_at > $1 AND ended_at IS NULL ORDER BY from_at, id";
}

/// A row of `watch_periods`.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct WatchRow {
    /// Public id.
    pub id: String,
    /// JSON of ids of cells.
    pub cells: String,
    /// What was chosen, in words.
    pub place: String,
    /// JSON of [`domain::telemetry::rule::Watch`].
    pub thresholds: String,
    /// Why.
    pub reason: String,
    /// When it begins.
    #[sqlx(try_from = "i64")]
    pub from_at: Timestamp,
    /// When it ends by itself.
    #[sqlx(try_from = "i64")]
    pub until_at: Timestamp,
    /// When it was entered.
    #[sqlx(try_from = "i64")]
    pub created_at: Timestamp,
    /// By whom.
    pub created_by: String,
}

impl Tx {
    /// Enters a watch period.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn insert_watch(&mut self, row: &WatchRow) -> Result<()> {
        execute!(
            self,
            INSERT_WATCH,
            &row.id,
            &row.cells,
            &row.place,
            &row.thresholds,
            &row.reason,
            row.from_at.millis(),
            row.until_at.millis(),
            row.created_at.millis(),
            &row.created_by,
        )
        .map(drop)
    }

    /// Ends a watch period before its time; false if it is over.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn end_watch(&mut self, id: &str, now: Timestamp, by: &str) -> Result<bool> {
        execute!(self, END_WATCH, now.millis(), by, id).map(|n| n == 1)
    }

    /// Watch periods that are not over: those that go on, and those to come.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn open_watches(&mut self, now: Timestamp) -> Result<Vec<WatchRow>> {
        fetch_all!(self, WatchRow, SELECT_OPEN_WATCHES, now.millis())
    }
}
