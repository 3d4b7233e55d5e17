//! Deliveries: one row per notice and recipient. Claimed with a lease and a fence, so that nothing is only in memory.

use domain::clock::Timestamp;

use crate::{OutboxRow, Result, Tx};

statements! {
    SELECT_UNEXPANDED {
        sqlite = "SELECT event_id, kind, priority, incident_id, update_id, subscriber_id, sequence, created_at, cursor_subscriber_id
            FROM outbox WHERE expanded_at IS NULL ORDER BY priority, id LIMIT 1",
        postgres = "SELECT event_id, kind, priority, incident_id, update_id, subscriber_id, sequence, created_at, cursor_subscriber_id
            FROM outbox WHERE expanded_at IS NULL ORDER BY priority, id LIMIT 1 FOR UPDATE SKIP LOCKED"
    };
    SELECT_OUTBOX = "SELECT event_id, kind, priority, incident_id, update_id, subscriber_id, sequence, created_at, cursor_subscriber_id
        FROM outbox WHERE event_id = $1";
    EXPAND_ONE = "INSERT INTO deliveries (event_id, subscriber_id, channel, priority, state, next_attempt_at, created_at)
        SELECT $1, id, channel, $2, 'queued', $3, $3 FROM subscribers WHERE id = $4
        ON CONFLICT (event_id, subscriber_id, channel) DO NOTHING";
    SELECT_RECIPIENTS = "SELECT id FROM subscribers WHERE state = 'confirmed' AND confirmed_at <= $1 AND id > $2 ORDER BY id LIMIT $3";
    EXPAND_RANGE = "INSERT INTO deliveries (event_id, subscriber_id, channel, priority, state, next_attempt_at, created_at)
        SELECT $1, id, channel, $2, 'queued', $3, $3 FROM subscribers
        WHERE state = 'confirmed' AND confirmed_at <= $4 AND id > $5 AND id <= $6 AND (countries IS NULL OR EXISTS (
        SELECT 1 FROM incident_cells ic JOIN cells c ON c.id = ic.cell_id
        WHERE ic.incident_id = $7 AND subscribers.countries LIKE '%\"' || c.country_code || '\"%'))
        ON CONFLICT (event_id, subscriber_id, channel) DO NOTHING";
    MOVE_CURSOR = "UPDATE outbox SET cursor_subscriber_id = $1, expanded_at = $2 WHERE event_id = $3";
    CLAIM_DELIVERIES {
        sqlite = "UPDATE deliveries SET state = 'leased', attempts = attempts + 1, lease_until_at = $1, fence = $2 WHERE id IN (
            SELECT id FROM deliveries WHERE channel = $3 AND state IN ('queued', 'leased') AND ((state = 'queued' AND next_attempt_at <= $4)
            OR (state = 'leased' AND lease_until_at <= $4)) ORDER BY priority, next_attempt_at, id LIMIT $5)
            RETURNING id, event_id, subscriber_id, attempts, created_at",
        postgres = "UPDATE deliveries SET state = 'leased', attempts = attempts + 1, lease_until_at = $1, fence = $2 WHERE id IN (
            SELECT id FROM deliveries WHERE channel = $3 AND state IN ('queued', 'leased') AND ((state = 'queued' AND next_attempt_at <= $4)
            OR (state = 'leased' AND lease_until_at <= $4)) ORDER BY priority, next_attempt_at, id LIMIT $5 FOR UPDATE SKIP LOCKED)
            RETURNING id, event_id, subscriber_id, attempts, created_at"
    };
    FINISH_DELIVERY = "UPDATE deliveries SET state = $1, answer = $2, finished_at = $3, lease_until_at = NULL, fence = NULL
        WHERE id = $4 AND fence = $5";
    RETRY_DELIVERY = "UPDATE deliveries SET state = 'queued', answer = $1, next_attempt_at = $2, attempts = attempts - $3,
        lease_until_at = NULL, fence = NULL WHERE id = $4 AND fence = $5";
    SKIP_DELIVERIES = "UPDATE deliveries SET state = 'skipped', finished_at = $1 WHERE subscriber_id = $2 AND state = 'queued'";
    QUEUE_DEPTH = "SELECT channel, state, COUNT(*), MIN(created_at) FROM deliveries GROUP BY channel, state ORDER BY channel, state";
    NEWEST_SEQUENCE = "SELECT COALESCE(MAX(sequence), 0) FROM outbox WHERE incident_id = $1 AND kind = 'incident_update'";
}

/// A claimed delivery.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct ClaimedRow {
    /// Row id.
    pub id: i64,
    /// The notice.
    pub event_id: String,
    /// The recipient.
    pub subscriber_id: String,
    /// With this one.
    pub attempts: i64,
    /// When it was first due.
    #[sqlx(try_from = "i64")]
    pub created_at: Timestamp,
}

impl Tx {
    /// The most urgent notice that is not expanded yet; on PostgreSQL others skip it until commit.
    pub async fn unexpanded(&mut self) -> Result<Option<OutboxRow>> {
        fetch_optional!(self, OutboxRow, SELECT_UNEXPANDED)
    }

    /// One notice.
    pub async fn outbox(&mut self, event_id: &str) -> Result<Option<OutboxRow>> {
        fetch_optional!(self, OutboxRow, SELECT_OUTBOX, event_id)
    }

    /// Queues the next recipients of a notice, and moves its cursor in the same transaction; true when it is done.
    pub async fn expand(&mut self, notice: &OutboxRow, chunk: i64, now: Timestamp) -> Result<bool> {
        let (event, at) = (&notice.event_id, now.millis());
        if let Some(one) = &notice.subscriber_id {
            execute!(self, EXPAND_ONE, event, notice.priority, at, one)?;
            execute!(self, MOVE_CURSOR, one, Some(at), event)?;
            return Ok(true);
        }
        let created = notice.created_at.millis();
        let ids =
            fetch_all!(self, (String,), SELECT_RECIPIENTS, created, &notice.cursor_subscriber_id, chunk)?;
        let Some((last,)) = ids.last() else {
            execute!(self, MOVE_CURSOR, &notice.cursor_subscriber_id, Some(at), event)?;
            return Ok(true);
        };
        let (cursor, incident) = (&notice.cursor_subscriber_id, &notice.incident_id);
        execute!(self, EXPAND_RANGE, event, notice.priority, at, created, cursor, last, incident)?;
        let is_done = i64::try_from(ids.len()).unwrap_or(0) < chunk;
        execute!(self, MOVE_CURSOR, last, is_done.then_some(at), event)?;
        Ok(is_done)
    }

    /// Claims due deliveries of a channel under a lease; expired leases are due again.
    pub async fn claim_deliveries(
        &mut self,
        channel: &str,
        limit: i64,
        fence: &str,
        now: Timestamp,
        lease_ms: i64,
    ) -> Result<Vec<ClaimedRow>> {
        fetch_all!(
            self,
            ClaimedRow,
            CLAIM_DELIVERIES,
            now.plus(lease_ms).millis(),
            fence,
            channel,
            now.millis(),
            limit
        )
    }

    /// Ends a delivery; false if its lease was lost meanwhile.
    pub async fn finish_delivery(
        &mut self,
        id: i64,
        fence: &str,
        state: &str,
        answer: &str,
        now: Timestamp,
    ) -> Result<bool> {
        execute!(self, FINISH_DELIVERY, state, answer, now.millis(), id, fence).map(|n| n == 1)
    }

    /// Puts a delivery back for `at`; `is_blameless`: this attempt does not count.
    pub async fn retry_delivery(
        &mut self,
        id: i64,
        fence: &str,
        answer: &str,
        at: Timestamp,
        is_blameless: bool,
    ) -> Result<bool> {
        execute!(self, RETRY_DELIVERY, answer, at.millis(), i64::from(is_blameless), id, fence)
            .map(|n| n == 1)
    }

    /// Stops what is queued for a recipient.
    pub async fn skip_deliveries(&mut self, subscriber_id: &str, now: Timestamp) -> Result<u64> {
        execute!(self, SKIP_DELIVERIES, now.millis(), subscriber_id)
    }

    /// Channel, state, count and the oldest's time.
    pub async fn queue_depth(&mut self) -> Result<Vec<(String, String, i64, i64)>> {
        fetch_all!(self, (String, String, i64, i64), QUEUE_DEPTH)
    }

    /// The newest sequence of an incident that has been told.
    pub async fn newest_sequence(&mut self, incident_id: &str) -> Result<i64> {
        Ok(fetch_one!(self, (i64,), NEWEST_SEQUENCE, incident_id)?.0)
    }
}
