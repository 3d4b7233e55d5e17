//! Mappings from the words of a door to cells, and what came unmapped.

use std::collections::BTreeMap;

use domain::clock::Timestamp;

use crate::{Result, Tx};

statements! {
    INSERT_MAPPING = "INSERT INTO mappings (id, door, labels, component, place, supplier, created_at, created_by)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (door, labels) DO NOTHING";
    SELECT_MAPPINGS = "SELECT * FROM mappings ORDER BY door, created_at, id";
    DELETE_MAPPING = "DELETE FROM mappings WHERE id = $1";
    NOTE_UNMAPPED = "INSERT INTO unmapped (door, labels, times, first_at, last_at) VALUES ($1, $2, $4, $3, $3)
        ON CONFLICT (door, labels) DO UPDATE SET times = unmapped.times + excluded.times, last_at = excluded.last_at";
    SELECT_UNMAPPED = "SELECT * FROM unmapped ORDER BY last_at DESC, door, labels";
    DELETE_UNMAPPED = "DELETE FROM unmapped WHERE door = $1 AND labels = $2";
    TRIM_UNMAPPED = "DELETE FROM unmapped WHERE door = $1 AND labels NOT IN
        (SELECT u.labels FROM unmapped u WHERE u.door = $1 ORDER BY u.last_at DESC, u.labels LIMIT $2)";
}

/// A row of `mappings`.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct MappingRow {
    /// Public id.
    pub id: String,
    /// `alertmanager` or `es2plus`.
    pub door: String,
    /// JSON object of labels, sorted by name.
    pub labels: String,
    /// Slug of the component; empty at `es2plus`.
    pub component: String,
    /// ISO code, or the slug of a portfolio.
    pub place: String,
    /// `name` or `name/node`; empty at `alertmanager`.
    pub supplier: String,
    /// When it was made.
    #[sqlx(try_from = "i64")]
    pub created_at: Timestamp,
    /// Who made it.
    pub created_by: String,
}

/// A row of `unmapped`.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct UnmappedRow {
    /// `alertmanager` or `es2plus`.
    pub door: String,
    /// JSON object of labels, sorted by name.
    pub labels: String,
    /// How often it came.
    pub times: i64,
    /// When it came first.
    #[sqlx(try_from = "i64")]
    pub first_at: Timestamp,
    /// When it came last.
    #[sqlx(try_from = "i64")]
    pub last_at: Timestamp,
}

/// Unmapped lines that are kept per door, the newest.
const UNMAPPED_MAX: i64 = 500;

impl Tx {
    /// Adds a mapping; false if there is one for these labels.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn insert_mapping(&mut self, row: &MappingRow) -> Result<bool> {
        execute!(
            self,
            INSERT_MAPPING,
            &row.id,
            &row.door,
            &row.labels,
            &row.component,
            &row.place,
            &row.supplier,
            row.created_at.millis(),
            &row.created_by
        )
        .map(|n| n == 1)
    }

    /// Every mapping, in the order in which they were made.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn mappings(&mut self) -> Result<Vec<MappingRow>> {
        fetch_all!(self, MappingRow, SELECT_MAPPINGS)
    }

    /// Removes a mapping; false if there is none.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn delete_mapping(&mut self, id: &str) -> Result<bool> {
        execute!(self, DELETE_MAPPING, id).map(|n| n == 1)
    }

    /// Counts what says nothing to us, by its labels; of each door the newest 500 are kept.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn note_unmapped(
        &mut self,
        door: &str,
        seen: &BTreeMap<String, i64>,
        now: Timestamp,
    ) -> Result<()> {
        if seen.is_empty() {
            return Ok(());
        }
        let most = usize::try_from(UNMAPPED_MAX).unwrap_or(0);
        for (labels, times) in seen.iter().take(most) {
            execute!(self, NOTE_UNMAPPED, door, labels, now.millis(), *times)?;
        }
        execute!(self, TRIM_UNMAPPED, door, UNMAPPED_MAX).map(drop)
    }

    /// What came unmapped, the newest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn unmapped(&mut self) -> Result<Vec<UnmappedRow>> {
        fetch_all!(self, UnmappedRow, SELECT_UNMAPPED)
    }

    /// Forgets one line.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn delete_unmapped(&mut self, door: &str, labels: &str) -> Result<()> {
        execute!(self, DELETE_UNMAPPED, door, labels).map(drop)
    }
}
