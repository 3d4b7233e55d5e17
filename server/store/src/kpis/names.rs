//! Free words of events: a key may tell only so many of them apart on a day, so that rollups stay small.

use domain::clock::Timestamp;

use crate::{Result, Tx};

statements! {
    INSERT_NAME = "INSERT INTO kpi_names (seen_on, kind, key_id, name) VALUES ($1, $2, $3, $4)
        ON CONFLICT (seen_on, kind, key_id, name) DO NOTHING";
    SELECT_NAMES = "SELECT name FROM kpi_names WHERE seen_on = $1 AND kind = $2 AND key_id = $3";
    SELECT_KNOWN = "SELECT DISTINCT name FROM kpi_names WHERE kind = $1 AND seen_on >= $2 ORDER BY name LIMIT $3";
    DELETE_NAMES = "DELETE FROM kpi_names WHERE seen_on < $1";
}

/// What kind of word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NameKind {
    /// A supplier with its node.
    Supplier,
    /// A class of errors.
    ErrorClass,
}

impl NameKind {
    const fn slug(self) -> &'static str {
        match self {
            Self::Supplier => "supplier",
            Self::ErrorClass => "error_class",
        }
    }
}

/// `2026-03-02`.
fn day(at: Timestamp) -> String {
    at.utc().format("%Y-%m-%d").to_string()
}

impl Tx {
    /// Words that a key used on the UTC day of `now`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn kpi_names(&mut self, kind: NameKind, key_id: &str, now: Timestamp) -> Result<Vec<String>> {
        let rows = fetch_all!(self, (String,), SELECT_NAMES, day(now), kind.slug(), key_id)?;
        Ok(rows.into_iter().map(|(name,)| name).collect())
    }

    /// Notes that a key used a word.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn insert_kpi_name(
        &mut self,
        kind: NameKind,
        key_id: &str,
        name: &str,
        now: Timestamp,
    ) -> Result<()> {
        execute!(self, INSERT_NAME, day(now), kind.slug(), key_id, name).map(drop)
    }

    /// Words that anybody used since `since`, at most `limit`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn known_kpi_names(
        &mut self,
        kind: NameKind,
        since: Timestamp,
        limit: i64,
    ) -> Result<Vec<String>> {
        let rows = fetch_all!(self, (String,), SELECT_KNOWN, kind.slug(), day(since), limit)?;
        Ok(rows.into_iter().map(|(name,)| name).collect())
    }

    /// Forgets words of days before `before`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn delete_kpi_names(&mut self, before: Timestamp) -> Result<u64> {
        execute!(self, DELETE_NAMES, day(before))
    }
}
