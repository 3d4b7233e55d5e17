//! What stands between a verdict and a cell: too few sources, or a key that turns too much.

use domain::{clock::Timestamp, status::CellStatus};

use crate::{Result, Tx};

statements! {
    SELECT_VOICES {
        sqlite = "SELECT e.subject, e.source, e.key_id, COALESCE(NULLIF(k.family_id, ''), e.key_id) FROM activation_events e
            LEFT JOIN api_keys k ON k.id = e.key_id WHERE e.received_at IN (SELECT value FROM json_each($1))
            AND e.subject IN (SELECT value FROM json_each($2))",
        postgres = "SELECT e.subject, e.source, e.key_id, COALESCE(NULLIF(k.family_id, ''), e.key_id) FROM activation_events e
            LEFT JOIN api_keys k ON k.id = e.key_id
            WHERE e.received_at IN (SELECT CAST(v AS BIGINT) FROM jsonb_array_elements_text(CAST($1 AS JSONB)) AS t(v))
            AND e.subject IN (SELECT v FROM jsonb_array_elements_text(CAST($2 AS JSONB)) AS s(v))"
    };
    SAVE_WITHHELD = "INSERT INTO withheld (cell_id, to_status, why, key_id, sources, sentence, first_at, at) VALUES ($1, $2, $3, $4, $5, $6, $7, $7)
        ON CONFLICT (cell_id) DO UPDATE SET to_status = excluded.to_status, why = excluded.why, key_id = excluded.key_id,
        sources = excluded.sources, sentence = excluded.sentence, at = excluded.at";
    DELETE_WITHHELD = "DELETE FROM withheld WHERE cell_id = $1";
    DELETE_OLD_WITHHELD = "DELETE FROM withheld WHERE at < $1";
    SELECT_WITHHELD = "SELECT * FROM withheld WHERE at >= $1 ORDER BY first_at, cell_id";
    INSERT_KEY_HOLD = "INSERT INTO key_holds (id, key_id, state, began_at) VALUES ($1, $2, 'held', $3) ON CONFLICT DO NOTHING";
    DECIDE_KEY_HOLD = "UPDATE key_holds SET state = $1, decided_at = $2, decided_by = $3, until_at = $4 WHERE id = $5 AND state = 'held'";
    SELECT_KEY_HOLDS = "SELECT * FROM key_holds WHERE state = 'held' OR until_at > $1 ORDER BY began_at DESC, id";
}

/// A cell that would be worse.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct WithheldRow {
    /// The cell.
    pub cell_id: String,
    /// What it would be.
    #[sqlx(try_from = "String")]
    pub to_status: CellStatus,
    /// `quorum` or `key`.
    pub why: String,
    /// The key that told most of it.
    pub key_id: Option<String>,
    /// How many sources told of it.
    pub sources: i64,
    /// The figures in words.
    pub sentence: String,
    /// Since when.
    #[sqlx(try_from = "i64")]
    pub first_at: Timestamp,
    /// When it was last so.
    #[sqlx(try_from = "i64")]
    pub at: Timestamp,
}

/// A key whose changes wait for a person, or are decided on.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct KeyHoldRow {
    /// Public id.
    pub id: String,
    /// The key.
    pub key_id: String,
    /// `held`, `passed`, `dismissed` or `lapsed`.
    pub state: String,
    /// Since when.
    #[sqlx(try_from = "i64")]
    pub began_at: Timestamp,
    /// The decision holds until then, in milliseconds.
    pub until_at: Option<i64>,
}

impl Tx {
    /// Who told the newest event of some journeys: (subject, source, key, the key's family). Journeys by subject, with the times when that
    /// event arrived: those are looked up by index.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn voices(
        &mut self,
        subjects: &[&str],
        arrived: &[i64],
    ) -> Result<Vec<(String, String, String, String)>> {
        let json = |list: serde_json::Result<String>| list.unwrap_or_else(|_| "[]".into());
        let (arrived, subjects) =
            (json(serde_json::to_string(arrived)), json(serde_json::to_string(subjects)));
        fetch_all!(self, (String, String, String, String), SELECT_VOICES, arrived, subjects)
    }

    /// Notes that a cell would be worse.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn save_withheld(&mut self, row: &WithheldRow) -> Result<()> {
        execute!(
            self,
            SAVE_WITHHELD,
            &row.cell_id,
            row.to_status.slug(),
            &row.why,
            &row.key_id,
            row.sources,
            &row.sentence,
            row.at.millis(),
        )
        .map(drop)
    }

    /// Nothing stands before this cell any more.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn delete_withheld(&mut self, cell_id: &str) -> Result<()> {
        execute!(self, DELETE_WITHHELD, cell_id).map(drop)
    }

    /// Forgets what was last so before a time.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn delete_old_withheld(&mut self, before: Timestamp) -> Result<()> {
        execute!(self, DELETE_OLD_WITHHELD, before.millis()).map(drop)
    }

    /// Cells that would be worse, as of `since` or later.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn withheld(&mut self, since: Timestamp) -> Result<Vec<WithheldRow>> {
        fetch_all!(self, WithheldRow, SELECT_WITHHELD, since.millis())
    }

    /// Holds a key, unless it is held already.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn hold_key(&mut self, id: &str, key_id: &str, now: Timestamp) -> Result<bool> {
        execute!(self, INSERT_KEY_HOLD, id, key_id, now.millis()).map(|n| n == 1)
    }

    /// Ends a hold as `passed`, `dismissed` or `lapsed`, until a time; false if it was not held.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn decide_key_hold(
        &mut self,
        id: &str,
        state: &str,
        (now, by): (Timestamp, &str),
        until: Option<Timestamp>,
    ) -> Result<bool> {
        let until = until.map(Timestamp::millis);
        execute!(self, DECIDE_KEY_HOLD, state, now.millis(), by, until, id).map(|n| n == 1)
    }

    /// Holds that wait, and decisions that still hold; the newest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn key_holds(&mut self, now: Timestamp) -> Result<Vec<KeyHoldRow>> {
        fetch_all!(self, KeyHoldRow, SELECT_KEY_HOLDS, now.millis())
    }
}
