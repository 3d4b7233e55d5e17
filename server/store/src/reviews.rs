//! Reviews of incidents, as written and as published.

use domain::{clock::Timestamp, review::State};

use crate::{Result, Tx};

statements! {
    INSERT_REVIEW = "INSERT INTO reviews (incident_id, state, authors, sections, note, correction, version, created_at, updated_at)
        VALUES ($1, 'draft', '[]', '{}', '', '', 1, $2, $2) ON CONFLICT (incident_id) DO NOTHING";
    UPDATE_REVIEW = "UPDATE reviews SET state = $1, authors = $2, sections = $3, note = $4, record = $5, handed_in_by = $6,
        handed_in_at = $7, published = $8, published_by = $9, published_at = $10, first_published_at = $11,
        correction = $12, version = version + 1, updated_at = $13 WHERE incident_id = $14 AND version = $15";
    SELECT_REVIEW = "SELECT * FROM reviews WHERE incident_id = $1";
    SELECT_REVIEWS = "SELECT r.* FROM reviews r JOIN incidents i ON i.id = r.incident_id WHERE i.is_rehearsal = FALSE
        ORDER BY CASE WHEN r.state = 'final' THEN 1 ELSE 0 END, i.started_at DESC, i.id LIMIT $1";
    SELECT_PUBLISHED_REVIEWS = "SELECT r.incident_id, r.published FROM reviews r JOIN incidents i ON i.id = r.incident_id
        WHERE r.published IS NOT NULL AND i.is_rehearsal = FALSE
        AND (i.started_at >= $1 OR i.resolved_at IS NULL OR i.resolved_at >= $1)";
}

/// A row of `reviews`.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct ReviewRow {
    /// The incident.
    pub incident_id: String,
    /// Where it stands.
    #[sqlx(try_from = "String")]
    pub state: State,
    /// JSON: user ids of this round.
    pub authors: String,
    /// JSON: section to text and audience.
    pub sections: String,
    /// Why it was given back; may be empty.
    pub note: String,
    /// JSON of the record, frozen when it was handed in.
    pub record: Option<String>,
    /// Who handed it in.
    pub handed_in_by: Option<String>,
    /// When, in milliseconds.
    pub handed_in_at: Option<i64>,
    /// JSON of what everybody reads.
    pub published: Option<String>,
    /// Who published it.
    pub published_by: Option<String>,
    /// When this text was published, in milliseconds.
    pub published_at: Option<i64>,
    /// When any text was first published, in milliseconds.
    pub first_published_at: Option<i64>,
    /// Why the last publication was corrected; may be empty.
    pub correction: String,
    /// Optimistic lock.
    pub version: i64,
    /// When it last changed.
    #[sqlx(try_from = "i64")]
    pub updated_at: Timestamp,
}

impl Tx {
    /// Begins the review of an incident, unless there is one.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn begin_review(&mut self, incident_id: &str, now: Timestamp) -> Result<()> {
        execute!(self, INSERT_REVIEW, incident_id, now.millis()).map(drop)
    }

    /// Saves a review if nobody else did since it was read; false if somebody did.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn save_review(&mut self, row: &ReviewRow, now: Timestamp) -> Result<bool> {
        execute!(
            self,
            UPDATE_REVIEW,
            row.state.slug(),
            &row.authors,
            &row.sections,
            &row.note,
            &row.record,
            &row.handed_in_by,
            row.handed_in_at,
            &row.published,
            &row.published_by,
            row.published_at,
            row.first_published_at,
            &row.correction,
            now.millis(),
            &row.incident_id,
            row.version,
        )
        .map(|n| n == 1)
    }

    /// The review of an incident, if it was begun.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn review(&mut self, incident_id: &str) -> Result<Option<ReviewRow>> {
        fetch_optional!(self, ReviewRow, SELECT_REVIEW, incident_id)
    }

    /// Reviews, unfinished ones first, newest incident first, at most `limit`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn reviews(&mut self, limit: i64) -> Result<Vec<ReviewRow>> {
        fetch_all!(self, ReviewRow, SELECT_REVIEWS, limit)
    }

    /// What is published of the reviews of every incident that touched the time since `from`: incident and JSON.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn published_reviews_since(&mut self, from: Timestamp) -> Result<Vec<(String, String)>> {
        fetch_all!(self, (String, String), SELECT_PUBLISHED_REVIEWS, from.millis())
    }
}
