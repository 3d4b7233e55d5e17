//! Attempts at endpoints, endpoints that fail, and deliveries that are sent again.
//!
//! An attempt that was taken is on record with its delivery, until that is sent again; any other has a row of its own.

use domain::clock::Timestamp;

use crate::{Result, Tx};

statements! {
    INSERT_ATTEMPT = "INSERT INTO delivery_attempts (delivery_id, subscriber_id, at, took_ms, is_delivered, answer)
        VALUES ($1, $2, $3, $4, $5, $6)";
    SELECT_ATTEMPTS = "SELECT delivery_id, at, took_ms, is_delivered, answer FROM (
        SELECT * FROM (SELECT delivery_id, at, took_ms, is_delivered, answer, id FROM delivery_attempts
            WHERE subscriber_id = $1 ORDER BY id DESC LIMIT $2) tried
        UNION ALL SELECT * FROM (SELECT id AS delivery_id, finished_at AS at, took_ms, state = 'delivered' AS is_delivered, answer, 0 AS id
            FROM deliveries WHERE subscriber_id = $1 AND state = 'delivered' AND took_ms IS NOT NULL ORDER BY finished_at DESC, id DESC LIMIT $2) taken
        ) every ORDER BY at DESC, id DESC, delivery_id DESC LIMIT $2";
    KEEP_TAKEN = "INSERT INTO delivery_attempts (delivery_id, subscriber_id, at, took_ms, is_delivered, answer)
        SELECT id, subscriber_id, finished_at, took_ms, state = 'delivered', COALESCE(answer, '') FROM deliveries
        WHERE subscriber_id = $1 AND event_id = $2 AND state = 'delivered' AND took_ms IS NOT NULL";
    NOTE_FAILING = "UPDATE subscribers SET failing_since_at = $1 WHERE id = $2 AND failing_since_at IS NULL";
    NOTE_WORKING = "UPDATE subscribers SET failing_since_at = NULL WHERE id = $1 AND failing_since_at IS NOT NULL";
    REPLAY_DEAD = "UPDATE deliveries SET state = 'queued', attempts = 0, priority = $1, next_attempt_at = $2, finished_at = NULL
        WHERE subscriber_id = $3 AND state IN ('dead', 'held') AND created_at >= $4 AND created_at < $5";
    REPLAY_ONE = "UPDATE deliveries SET state = 'queued', attempts = 0, priority = $1, next_attempt_at = $2, finished_at = NULL, took_ms = NULL
        WHERE subscriber_id = $3 AND event_id = $4 AND state IN ('dead', 'held', 'delivered', 'superseded')
        AND channel = (SELECT s.channel FROM subscribers s WHERE s.id = $3)
        AND EXISTS (SELECT 1 FROM outbox o WHERE o.event_id = $4 AND o.kind = 'incident_update')";
    COUNT_REPLAYS = "SELECT COUNT(*) FROM audit WHERE subject = $1 AND action = 'replay_deliveries' AND at > $2";
    NOTE_ALL_WORKING {
        sqlite = "UPDATE subscribers SET failing_since_at = NULL WHERE failing_since_at IS NOT NULL
            AND id IN (SELECT value FROM json_each($1))",
        postgres = "UPDATE subscribers SET failing_since_at = NULL WHERE failing_since_at IS NOT NULL
            AND id IN (SELECT jsonb_array_elements_text($1::jsonb))"
    };
    DELETE_ATTEMPTS = "DELETE FROM delivery_attempts WHERE at < $1";
    DELETE_FINISHED = "DELETE FROM deliveries WHERE finished_at < $1 AND (state NOT IN ('dead', 'held') OR finished_at < $2)";
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
pub(crate) const REPLAYED: i64 = 4;

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

    /// Notes that endpoints work.
    pub async fn note_all_working(&mut self, ids: &[&str]) -> Result<u64> {
        let ids = serde_json::to_string(ids).unwrap_or_default();
        execute!(self, NOTE_ALL_WORKING, ids)
    }

    /// Sends again what was given up of the messages of `from` until before `until`; how many.
    pub async fn replay_dead(
        &mut self,
        subscriber_id: &str,
        from: Timestamp,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<u64> {
        let (from, until) = (from.millis(), until.millis());
        execute!(self, REPLAY_DEAD, REPLAYED, now.millis(), subscriber_id, from, until)
    }

    /// Sends one notice of an incident again, under its old id; false if there is none that has ended.
    pub async fn replay_one(&mut self, subscriber_id: &str, event_id: &str, now: Timestamp) -> Result<bool> {
        execute!(self, KEEP_TAKEN, subscriber_id, event_id)?;
        execute!(self, REPLAY_ONE, REPLAYED, now.millis(), subscriber_id, event_id).map(|n| n == 1)
    }

    /// How often something was sent again to a subscriber since `from`; `subject` as on record.
    pub async fn replays_since(&mut self, subject: &str, from: Timestamp) -> Result<i64> {
        Ok(fetch_one!(self, (i64,), COUNT_REPLAYS, subject, from.millis())?.0)
    }

    /// Forgets attempts and deliveries that ended before `before`; those given up stay until `dead_before`.
    pub async fn delete_finished(&mut self, before: Timestamp, dead_before: Timestamp) -> Result<u64> {
        execute!(self, DELETE_ATTEMPTS, before.millis())?;
        execute!(self, DELETE_FINISHED, before.millis(), dead_before.millis())
    }
}
