//! Weekly summaries of Sev 3 incidents.

use domain::clock::Timestamp;

use crate::{Result, Tx};

statements! {
    INSERT_SUMMARY = "INSERT INTO weekly_summaries (week, opening, items, version, created_at, updated_at)
        VALUES ($1, '', '{}', 1, $2, $2) ON CONFLICT (week) DO NOTHING";
    UPDATE_SUMMARY = "UPDATE weekly_summaries SET opening = $1, items = $2, published = $3, published_by = $4, published_at = $5,
        first_published_at = $6, version = version + 1, updated_at = $7 WHERE week = $8 AND version = $9";
    SELECT_SUMMARY = "SELECT * FROM weekly_summaries WHERE week = $1";
    SELECT_SUMMARIES = "SELECT * FROM weekly_summaries WHERE week >= $1 ORDER BY week DESC";
    SELECT_SEV3_INCIDENTS = "SELECT * FROM incidents WHERE severity = 3 AND started_at >= $1 AND started_at < $2
        AND is_rehearsal = FALSE AND is_public = TRUE AND duplicate_of IS NULL
        AND id NOT IN (SELECT incident_id FROM reviews) ORDER BY started_at, id";
}

/// A row of `weekly_summaries`.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct WeeklySummaryRow {
    /// `2026-W09`.
    pub week: String,
    /// Words before the list.
    pub opening: String,
    /// JSON: incident id to text.
    pub items: String,
    /// JSON of what everybody reads.
    pub published: Option<String>,
    /// Who published it.
    pub published_by: Option<String>,
    /// When this text was published, in milliseconds.
    pub published_at: Option<i64>,
    /// When any text was first published, in milliseconds.
    pub first_published_at: Option<i64>,
    /// Optimistic lock.
    pub version: i64,
}

impl Tx {
    /// Begins the summary of a week, unless there is one.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn begin_summary(&mut self, week: &str, now: Timestamp) -> Result<()> {
        execute!(self, INSERT_SUMMARY, week, now.millis()).map(drop)
    }

    /// Saves a summary if nobody else did since it was read; false if somebody did.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn save_summary(&mut self, row: &WeeklySummaryRow, now: Timestamp) -> Result<bool> {
        execute!(
            self,
            UPDATE_SUMMARY,
            &row.opening,
            &row.items,
            &row.published,
            &row.published_by,
            row.published_at,
            row.first_published_at,
            now.millis(),
            &row.week,
            row.version,
        )
        .map(|n| n == 1)
    }

    /// The summary of a week, if it was begun.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn summary(&mut self, week: &str) -> Result<Option<WeeklySummaryRow>> {
        fetch_optional!(self, WeeklySummaryRow, SELECT_SUMMARY, week)
    }

    /// The summaries of this week and later ones, newest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn summaries(&mut self, from_week: &str) -> Result<Vec<WeeklySummaryRow>> {
        fetch_all!(self, WeeklySummaryRow, SELECT_SUMMARIES, from_week)
    }

    /// Sev 3 incidents that began within a time, oldest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn sev3_incidents(
        &mut self,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<crate::IncidentRow>> {
        fetch_all!(self, crate::IncidentRow, SELECT_SEV3_INCIDENTS, from.millis(), to.millis())
    }
}
