//! Deliveries: one row per notice and recipient. Claimed with a lease and a fence ([`crate::claims`]), so that nothing is only
//! in memory.

use domain::clock::Timestamp;

use crate::{OutboxRow, Result, Tx, delivery_attempts::REPLAYED};

statements! {
    SELECT_UNEXPANDED {
        sqlite = "SELECT event_id, kind, priority, incident_id, update_id, subscriber_id, sequence, partner_id, created_at, cell_change_id, since_change_id, cursor_subscriber_id
            FROM outbox WHERE expanded_at IS NULL ORDER BY priority, id LIMIT 1",
        postgres = "SELECT event_id, kind, priority, incident_id, update_id, subscriber_id, sequence, partner_id, created_at, cell_change_id, since_change_id, cursor_subscriber_id
            FROM outbox WHERE expanded_at IS NULL ORDER BY priority, id LIMIT 1 FOR UPDATE SKIP LOCKED"
    };
    SELECT_OUTBOX = "SELECT event_id, kind, priority, incident_id, update_id, subscriber_id, sequence, partner_id, created_at, cell_change_id, since_change_id, cursor_subscriber_id
        FROM outbox WHERE event_id = $1";
    QUEUE_DELIVERIES {
        sqlite = "INSERT INTO deliveries (event_id, subscriber_id, channel, host, lane, priority, state, next_attempt_at, created_at)
            SELECT $1, s.id, CASE WHEN $5 = '' THEN s.channel ELSE $5 END, CASE WHEN $6 = '' THEN s.host ELSE $6 END,
            CASE WHEN 'email' IN (s.channel, $5) THEN 0 ELSE 1 END, $2, 'queued', $3, $3 FROM json_each($4) j JOIN subscribers s ON s.id = j.value WHERE true
            ON CONFLICT (subscriber_id, event_id, channel) DO NOTHING",
        postgres = "INSERT INTO deliveries (event_id, subscriber_id, channel, host, lane, priority, state, next_attempt_at, created_at)
            SELECT $1, s.id, CASE WHEN $5 = '' THEN s.channel ELSE $5 END, CASE WHEN $6 = '' THEN s.host ELSE $6 END,
            CASE WHEN 'email' IN (s.channel, $5) THEN 0 ELSE 1 END, $2, 'queued', $3, $3 FROM jsonb_array_elements_text($4::jsonb) j JOIN subscribers s ON s.id = j
            ON CONFLICT (subscriber_id, event_id, channel) DO NOTHING"
    };
    HOLD_DELIVERIES {
        sqlite = "INSERT INTO deliveries (event_id, subscriber_id, channel, host, lane, priority, state, next_attempt_at, created_at, finished_at)
            SELECT $1, s.id, s.channel, s.host, 1, $2, 'held', $3, $3, $3 FROM json_each($4) j JOIN subscribers s ON s.id = j.value WHERE true
            ON CONFLICT (subscriber_id, event_id, channel) DO NOTHING",
        postgres = "INSERT INTO deliveries (event_id, subscriber_id, channel, host, lane, priority, state, next_attempt_at, created_at, finished_at)
            SELECT $1, s.id, s.channel, s.host, 1, $2, 'held', $3, $3, $3 FROM jsonb_array_elements_text($4::jsonb) j JOIN subscribers s ON s.id = j
            ON CONFLICT (subscriber_id, event_id, channel) DO NOTHING"
    };
    MOVE_CURSOR = "UPDATE outbox SET cursor_subscriber_id = $1, expanded_at = $2 WHERE event_id = $3";
    SKIP_DELIVERIES = "UPDATE deliveries SET state = 'skipped', finished_at = $1 WHERE subscriber_id = $2 AND state = 'queued' AND lease_until_at IS NULL";
    HOLD_QUEUED = "UPDATE deliveries SET state = 'held', finished_at = $1 WHERE subscriber_id = $2 AND state = 'queued' AND lease_until_at IS NULL";
    COUNT_RETRIED = "SELECT d.channel, COUNT(*) FROM deliveries d JOIN outbox o ON o.event_id = d.event_id
        WHERE d.state = 'queued' AND d.attempts > 0 AND d.lease_until_at IS NULL AND d.created_at > $1 AND o.kind = 'incident_update' GROUP BY d.channel";
    QUEUE_DEPTH = "SELECT channel, priority, COUNT(*) AS count, MIN(created_at) AS oldest_at FROM deliveries
        WHERE state = 'queued' GROUP BY channel, priority ORDER BY channel, priority";
    COUNT_FINISHED = "SELECT d.channel, d.state, COUNT(*) FROM deliveries d JOIN outbox o ON o.event_id = d.event_id
        WHERE d.finished_at > $1 AND ($2 = '' OR o.kind = $2) GROUP BY d.channel, d.state ORDER BY d.channel, d.state";
    LATENCY_AT = "SELECT d.finished_at - o.created_at AS took FROM deliveries d JOIN outbox o ON o.event_id = d.event_id
        WHERE d.finished_at > $1 AND d.channel = $2 AND d.state = 'delivered' AND o.kind = 'incident_update' AND d.priority <> $4 ORDER BY took LIMIT 1 OFFSET $3";
    COUNT_TOLD = "SELECT COUNT(*) FROM deliveries d JOIN outbox o ON o.event_id = d.event_id
        WHERE d.finished_at > $1 AND d.channel = $2 AND d.state = 'delivered' AND o.kind = 'incident_update' AND d.priority <> $3";
    SELECT_DELIVERIES_OF = "SELECT d.id, d.event_id, o.kind, CASE WHEN d.lease_until_at IS NULL THEN d.state ELSE 'leased' END AS state, d.attempts, d.answer, d.created_at, d.finished_at
        FROM deliveries d JOIN outbox o ON o.event_id = d.event_id WHERE d.subscriber_id = $1 ORDER BY d.id DESC LIMIT $2";
    NEWEST_SEQUENCE = "SELECT COALESCE(MAX(sequence), 0) FROM outbox WHERE incident_id = $1 AND kind = 'incident_update'";
}

/// A delivery as its recipient or an operator looks at it.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct DeliveryRow {
    /// Row id.
    pub id: i64,
    /// The notice.
    pub event_id: String,
    /// What the notice is: see [`OutboxRow::kind`].
    pub kind: String,
    /// `queued`, `leased`, `delivered`, `dead`, `held`, `skipped` or `superseded`.
    pub state: String,
    /// So far.
    pub attempts: i64,
    /// The peer's last words.
    pub answer: Option<String>,
    /// When it was first due.
    #[sqlx(try_from = "i64")]
    pub created_at: Timestamp,
    /// When it ended, in milliseconds.
    pub finished_at: Option<i64>,
}

/// Deliveries of one channel and class that wait or are on their way.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct QueueRow {
    /// `email` or `webhook`.
    pub channel: String,
    /// 0 first.
    pub priority: i64,
    /// How many.
    pub count: i64,
    /// When the oldest was first due.
    #[sqlx(try_from = "i64")]
    pub oldest_at: Timestamp,
}

impl Tx {
    /// The newest deliveries to a subscriber.
    pub async fn deliveries_of(&mut self, subscriber_id: &str, limit: i64) -> Result<Vec<DeliveryRow>> {
        fetch_all!(self, DeliveryRow, SELECT_DELIVERIES_OF, subscriber_id, limit)
    }

    /// The most urgent notice that is not expanded yet; on PostgreSQL others skip it until commit.
    pub async fn unexpanded(&mut self) -> Result<Option<OutboxRow>> {
        fetch_optional!(self, OutboxRow, SELECT_UNEXPANDED)
    }

    /// One notice.
    pub async fn outbox(&mut self, event_id: &str) -> Result<Option<OutboxRow>> {
        fetch_optional!(self, OutboxRow, SELECT_OUTBOX, event_id)
    }

    /// Queues a notice for these subscribers; those who have it already are left alone.
    pub async fn queue_deliveries(
        &mut self,
        notice: &OutboxRow,
        ids: &[&str],
        now: Timestamp,
    ) -> Result<u64> {
        let ids = serde_json::to_string(ids).unwrap_or_default();
        execute!(self, QUEUE_DELIVERIES, &notice.event_id, notice.priority, now.millis(), ids, "", "")
    }

    /// Queues a mail about an endpoint to whoever is to be told of it; `host`: the domain of that address.
    pub async fn queue_to_contact(
        &mut self,
        notice: &OutboxRow,
        id: &str,
        host: &str,
        now: Timestamp,
    ) -> Result<u64> {
        let ids = serde_json::to_string(&[id]).unwrap_or_default();
        execute!(self, QUEUE_DELIVERIES, &notice.event_id, notice.priority, now.millis(), ids, "email", host)
    }

    /// Notes how far a notice has been expanded, in the transaction of its deliveries; `done`: it has been, whole.
    pub async fn move_cursor(&mut self, event_id: &str, cursor: &str, done: Option<Timestamp>) -> Result<()> {
        execute!(self, MOVE_CURSOR, cursor, done.map(Timestamp::millis), event_id).map(drop)
    }

    /// Stops what is queued for a recipient.
    pub async fn skip_deliveries(&mut self, subscriber_id: &str, now: Timestamp) -> Result<u64> {
        execute!(self, SKIP_DELIVERIES, now.millis(), subscriber_id)
    }

    /// Keeps what is queued for an endpoint that was given up: it can be sent again.
    pub async fn hold_queued(&mut self, subscriber_id: &str, now: Timestamp) -> Result<u64> {
        execute!(self, HOLD_QUEUED, now.millis(), subscriber_id)
    }

    /// Keeps a notice for endpoints that were given up.
    pub async fn hold_deliveries(&mut self, notice: &OutboxRow, ids: &[&str], now: Timestamp) -> Result<u64> {
        let ids = serde_json::to_string(ids).unwrap_or_default();
        execute!(self, HOLD_DELIVERIES, &notice.event_id, notice.priority, now.millis(), ids)
    }

    /// Updates of incidents since `from` that were tried in vain and will be tried again, by channel.
    pub async fn count_retried(&mut self, from: Timestamp) -> Result<Vec<(String, i64)>> {
        fetch_all!(self, (String, i64), COUNT_RETRIED, from.millis())
    }

    /// What waits or is on its way, by channel and class.
    pub async fn queue_depth(&mut self) -> Result<Vec<QueueRow>> {
        fetch_all!(self, QueueRow, QUEUE_DEPTH)
    }

    /// Channel, state and count of what ended since `from`; of one kind of notice, or of all if that is empty.
    pub async fn count_finished(
        &mut self,
        from: Timestamp,
        kind: &str,
    ) -> Result<Vec<(String, String, i64)>> {
        fetch_all!(self, (String, String, i64), COUNT_FINISHED, from.millis(), kind)
    }

    /// How long updates took that were delivered since `from`, from their publication, in milliseconds: the median and
    /// the 95th percentile; what was sent again does not count. None: nothing was delivered.
    pub async fn latencies(&mut self, channel: &str, from: Timestamp) -> Result<Option<(i64, i64)>> {
        let (count,) = fetch_one!(self, (i64,), COUNT_TOLD, from.millis(), channel, REPLAYED)?;
        if count == 0 {
            return Ok(None);
        }
        let (half,) = fetch_one!(self, (i64,), LATENCY_AT, from.millis(), channel, count / 2, REPLAYED)?;
        let most = (count * 95 / 100).min(count - 1);
        let (most,) = fetch_one!(self, (i64,), LATENCY_AT, from.millis(), channel, most, REPLAYED)?;
        Ok(Some((half, most)))
    }

    /// The newest sequence of an incident that has been told.
    pub async fn newest_sequence(&mut self, incident_id: &str) -> Result<i64> {
        Ok(fetch_one!(self, (i64,), NEWEST_SEQUENCE, incident_id)?.0)
    }
}
