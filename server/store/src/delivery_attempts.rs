//! Attempts at endpoints, endpoints that fail, and deliveries that are sent again.

use domain::clock::Timestamp;

use crate::{Result, Tx};

statements! {
    INSERT_ATTEMPT = "INSERT INTO delivery_attempts (delivery_id, subscriber_id, at, took_ms, is_delivered, answer)
        VALUES ($1, $2, $3, $4, $5, $6)";
    SELECT_ATTEMPTS = "SELECT delivery_id, at, took_ms, is_delivered, answer FROM delivery_attempts
        WHERE subscriber_id = $1 ORDER BY id DESC LIMIT $2";
    NOTE_FAILING = "UPDATE subscribers SET failing_since_at = $1 WHERE id = $2 AND failing_since_at IS NULL";
    NOTE_WORKING = "UPDATE subscribers SET failing_since_at = NULL WHERE id = $1 AND failing_since_at IS NOT NULL";
    REPLAY_DEAD = "UPDATE deliveries SET state = 'queued', attempts = 0, priority = $1, next_attempt_at = $2, finished_at = NULL
        WHERE subscriber_id = $3 AND state = 'dead' AND created_at >= $4";
    REPLAY_ONE = "UPDATE deliveries SET state = 'queued', attempts = 0, priority = $1, next_attempt_at = $2, finished_at = NULL
        WHERE subscriber_id = $3 AND id = $4 AND state IN ('dead', 'delivered', 'superseded')";
    INSERT_TAKEN {
        sqlite = "INSERT INTO delivery_attempts (delivery_id, subscriber_id, at, took_ms, is_delivered, answer)
            SELECT j.value ->> 0, j.value ->> 1, $2, j.value ->> 2, $3, j.value ->> 3 FROM json_each($1) j",
        postgres = "INSERT INTO delivery_attempts (delivery_id, subscriber_id, at, took_ms, is_delivered, answer)
            SELECT (j ->> 0)::bigint, j ->> 1, $2, (j ->> 2)::bigint, $3, j ->> 3 FROM jsonb_array_elements($1::jsonb) j"
    };
    NOTE_ALL_WORKING {
        sqlite = "UPDATE subscribers SET failing_since_at = NULL WHERE failing_since_at IS NOT NULL
            AND id IN (SELECT value FROM json_each($1))",
        postgres = "UPDATE subscribers SET failing_since_at = NULL WHERE failing_since_at IS NOT NULL
            AND id IN (SELECT jsonb_array_elements_text($1::jsonb))"
    };
    DELETE_ATTEMPTS = "DELETE FROM delivery_attempts WHERE at < $1";
    DELETE_FINISHED = "DELETE FROM deliveries WHERE finished_at < $1 AND (state <> 'dead' OR finished_at < $2)";
}

/// What was tried.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct DeliveryAttemptRow {
    /// The delivery.
    pub delivery_id: i64,
    /// When it ended.
    #[sqlx(try_from = "i64")]
    pub at: Timestamp,
    /// Milliseconds.
    pub took_ms: i64,
    /// The peer took it.
    pub is_delivered: bool,
    /// The peer's last words.
    pub answer: String,
}

/// Priority of what is sent again: after everything that is new.
const REPLAYED: i64 = 4;

impl Tx {
    /// Puts an attempt on record.
    pub async fn insert_delivery_attempt(
        &mut self,
        subscriber_id: &str,
        row: &DeliveryAttemptRow,
    ) -> Result<()> {
        let at = row.at.millis();
        execute!(
            self,
            INSERT_ATTEMPT,
            row.delivery_id,
            subscriber_id,
            at,
            row.took_ms,
            row.is_delivered,
            &row.answer
        )
        .map(drop)
    }

    /// The newest attempts at an endpoint.
    pub async fn delivery_attempts(
        &mut self,
        subscriber_id: &str,
        limit: i64,
    ) -> Result<Vec<DeliveryAttemptRow>> {
        fetch_all!(self, DeliveryAttemptRow, SELECT_ATTEMPTS, subscriber_id, limit)
    }

    /// Notes that an endpoint fails, if that is not known yet.
    pub async fn note_failing(&mut self, subscriber_id: &str, since: Timestamp) -> Result<()> {
        execute!(self, NOTE_FAILING, since.millis(), subscriber_id).map(drop)
    }

    /// Notes that an endpoint works.
    pub async fn note_working(&mut self, subscriber_id: &str) -> Result<()> {
        execute!(self, NOTE_WORKING, subscriber_id).map(drop)
    }

    /// Puts attempts that were taken on record: delivery, subscriber, milliseconds and answer of each.
    pub async fn insert_taken(&mut self, taken: &[(i64, &str, i64, &str)], now: Timestamp) -> Result<u64> {
        let taken = serde_json::to_string(taken).unwrap_or_default();
        execute!(self, INSERT_TAKEN, taken, now.millis(), true)
    }

    /// Notes that endpoints work.
    pub async fn note_all_working(&mut self, ids: &[&str]) -> Result<u64> {
        let ids = serde_json::to_string(ids).unwrap_or_default();
        execute!(self, NOTE_ALL_WORKING, ids)
    }

    /// Sends again what was given up since `from`; how many.
    pub async fn replay_dead(&mut self, subscriber_id: &str, from: Timestamp, now: Timestamp) -> Result<u64> {
        execute!(self, REPLAY_DEAD, REPLAYED, now.millis(), subscriber_id, from.millis())
    }

    /// Sends one delivery again, under its old id.
    pub async fn replay_delivery(&mut self, subscriber_id: &str, id: i64, now: Timestamp) -> Result<bool> {
        execute!(self, REPLAY_ONE, REPLAYED, now.millis(), subscriber_id, id).map(|n| n == 1)
    }

    /// Forgets attempts and deliveries that ended before `before`; those given up stay until `dead_before`.
    pub async fn delete_finished(&mut self, before: Timestamp, dead_before: Timestamp) -> Result<u64> {
        execute!(self, DELETE_ATTEMPTS, before.millis())?;
        execute!(self, DELETE_FINISHED, before.millis(), dead_before.millis())
    }
}
