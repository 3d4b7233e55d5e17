//! Deliveries: one row per notice and recipient. Claimed with a lease and a fence, so that nothing is only in memory.

use domain::clock::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{OutboxRow, Result, Store, Tx, open::Pools};

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
        sqlite = "INSERT INTO deliveries (event_id, subscriber_id, channel, host, priority, state, next_attempt_at, created_at)
            SELECT $1, s.id, CASE WHEN $5 = '' THEN s.channel ELSE $5 END, CASE WHEN $6 = '' THEN s.host ELSE $6 END, $2, 'queued', $3, $3 FROM json_each($4) j JOIN subscribers s ON s.id = j.value WHERE true
            ON CONFLICT (event_id, subscriber_id, channel) DO NOTHING",
        postgres = "INSERT INTO deliveries (event_id, subscriber_id, channel, host, priority, state, next_attempt_at, created_at)
            SELECT $1, s.id, CASE WHEN $5 = '' THEN s.channel ELSE $5 END, CASE WHEN $6 = '' THEN s.host ELSE $6 END, $2, 'queued', $3, $3 FROM jsonb_array_elements_text($4::jsonb) j JOIN subscribers s ON s.id = j
            ON CONFLICT (event_id, subscriber_id, channel) DO NOTHING"
    };
    MOVE_CURSOR = "UPDATE outbox SET cursor_subscriber_id = $1, expanded_at = $2 WHERE event_id = $3";
    CLAIM_DELIVERIES {
        sqlite = "UPDATE deliveries SET state = 'leased', attempts = attempts + 1, lease_until_at = $1, fence = $2 WHERE id IN (
            SELECT id FROM deliveries WHERE channel IN (SELECT value FROM json_each($3)) AND state IN ('queued', 'leased')
            AND ((state = 'queued' AND next_attempt_at <= $4) OR (state = 'leased' AND lease_until_at <= $4))
            ORDER BY priority, next_attempt_at, id LIMIT $5) RETURNING id, event_id, subscriber_id, attempts, created_at",
        postgres = "UPDATE deliveries SET state = 'leased', attempts = attempts + 1, lease_until_at = $1, fence = $2 WHERE id IN (
            SELECT id FROM deliveries WHERE channel IN (SELECT jsonb_array_elements_text($3::jsonb)) AND state IN ('queued', 'leased')
            AND ((state = 'queued' AND next_attempt_at <= $4) OR (state = 'leased' AND lease_until_at <= $4))
            ORDER BY priority, next_attempt_at, id LIMIT $5 FOR UPDATE SKIP LOCKED) RETURNING id, event_id, subscriber_id, attempts, created_at"
    };
    CLAIM_MAILS {
        sqlite = "UPDATE deliveries SET state = 'leased', attempts = attempts + 1, lease_until_at = $1, fence = $2 WHERE id IN (
            SELECT id FROM deliveries WHERE channel = 'email' AND state IN ('queued', 'leased')
            AND ((state = 'queued' AND next_attempt_at <= $3) OR (state = 'leased' AND lease_until_at <= $3))
            AND host NOT IN (SELECT value FROM json_each($4)) ORDER BY priority, next_attempt_at, id LIMIT $5) RETURNING id",
        postgres = "UPDATE deliveries SET state = 'leased', attempts = attempts + 1, lease_until_at = $1, fence = $2 WHERE id IN (
            SELECT id FROM deliveries WHERE channel = 'email' AND state IN ('queued', 'leased')
            AND ((state = 'queued' AND next_attempt_at <= $3) OR (state = 'leased' AND lease_until_at <= $3))
            AND host NOT IN (SELECT jsonb_array_elements_text($4::jsonb)) ORDER BY priority, next_attempt_at, id LIMIT $5
            FOR UPDATE SKIP LOCKED) RETURNING id"
    };
    SELECT_CLAIMED_MAILS {
        sqlite = "SELECT d.id, d.event_id, d.subscriber_id, d.attempts, d.created_at, d.priority, CASE WHEN s.channel = 'email' THEN s.address ELSE COALESCE(s.contact, '') END AS address,
            d.host, s.host AS endpoint, s.state, s.time_zone,
            s.language, s.scope, s.paused_until_at, s.token_nonce, s.confirm_expires_at, s.partner_id
            FROM json_each($1) j JOIN deliveries d ON d.id = j.value JOIN subscribers s ON s.id = d.subscriber_id ORDER BY d.priority, d.id",
        postgres = "SELECT d.id, d.event_id, d.subscriber_id, d.attempts, d.created_at, d.priority, CASE WHEN s.channel = 'email' THEN s.address ELSE COALESCE(s.contact, '') END AS address,
            d.host, s.host AS endpoint, s.state, s.time_zone,
            s.language, s.scope, s.paused_until_at, s.token_nonce, s.confirm_expires_at, s.partner_id
            FROM jsonb_array_elements_text($1::jsonb) j JOIN deliveries d ON d.id = j::bigint JOIN subscribers s ON s.id = d.subscriber_id
            ORDER BY d.priority, d.id"
    };
    // PostgreSQL guesses that so much JSON is in many rows, and would read the whole table but for the last condition.
    FINISH_DELIVERED {
        sqlite = "UPDATE deliveries SET state = 'delivered', answer = j.value ->> 2, finished_at = j.value ->> 3, lease_until_at = NULL, fence = NULL
            FROM json_each($1) j WHERE deliveries.id = j.value ->> 0 AND fence = j.value ->> 1",
        postgres = "UPDATE deliveries SET state = 'delivered', answer = j ->> 2, finished_at = (j ->> 3)::bigint, lease_until_at = NULL, fence = NULL
            FROM jsonb_array_elements($1::jsonb) j WHERE deliveries.id = (j ->> 0)::bigint AND fence = j ->> 1
            AND deliveries.id = ANY (ARRAY(SELECT (k ->> 0)::bigint FROM jsonb_array_elements($1::jsonb) k))"
    };
    FINISH_DELIVERY = "UPDATE deliveries SET state = $1, answer = $2, finished_at = $3, lease_until_at = NULL, fence = NULL
        WHERE id = $4 AND fence = $5";
    RETRY_DELIVERY = "UPDATE deliveries SET state = 'queued', answer = $1, next_attempt_at = $2, attempts = attempts - $3,
        lease_until_at = NULL, fence = NULL WHERE id = $4 AND fence = $5";
    SKIP_DELIVERIES = "UPDATE deliveries SET state = 'skipped', finished_at = $1 WHERE subscriber_id = $2 AND state = 'queued'";
    QUEUE_DEPTH = "SELECT channel, priority, COUNT(*) AS count, MIN(created_at) AS oldest_at FROM deliveries
        WHERE state IN ('queued', 'leased') GROUP BY channel, priority ORDER BY channel, priority";
    COUNT_FINISHED = "SELECT d.channel, d.state, COUNT(*) FROM deliveries d JOIN outbox o ON o.event_id = d.event_id
        WHERE d.finished_at > $1 AND ($2 = '' OR o.kind = $2) GROUP BY d.channel, d.state ORDER BY d.channel, d.state";
    LATENCY_AT = "SELECT d.finished_at - o.created_at AS took FROM deliveries d JOIN outbox o ON o.event_id = d.event_id
        WHERE d.finished_at > $1 AND d.channel = $2 AND d.state = 'delivered' AND o.kind = 'incident_update' ORDER BY took LIMIT 1 OFFSET $3";
    COUNT_TOLD = "SELECT COUNT(*) FROM deliveries d JOIN outbox o ON o.event_id = d.event_id
        WHERE d.finished_at > $1 AND d.channel = $2 AND d.state = 'delivered' AND o.kind = 'incident_update'";
    SELECT_DELIVERIES_OF = "SELECT d.id, d.event_id, o.kind, d.state, d.attempts, d.answer, d.created_at, d.finished_at
        FROM deliveries d JOIN outbox o ON o.event_id = d.event_id WHERE d.subscriber_id = $1 ORDER BY d.id DESC LIMIT $2";
    NEWEST_SEQUENCE = "SELECT COALESCE(MAX(sequence), 0) FROM outbox WHERE incident_id = $1 AND kind = 'incident_update'";
}

/// A delivery that its peer took. In JSON an array of these four, in this order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "(i64, String, String, i64)", into = "(i64, String, String, i64)")]
pub struct Taken {
    /// Row id.
    pub id: i64,
    /// Of its claim.
    pub fence: String,
    /// The peer's last words, cleaned.
    pub answer: String,
    /// When, in milliseconds.
    pub at: i64,
}

impl From<(i64, String, String, i64)> for Taken {
    fn from((id, fence, answer, at): (i64, String, String, i64)) -> Self {
        Self { id, fence, answer, at }
    }
}

impl From<Taken> for (i64, String, String, i64) {
    fn from(taken: Taken) -> Self {
        (taken.id, taken.fence, taken.answer, taken.at)
    }
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

/// A delivery as its recipient or an operator looks at it.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct DeliveryRow {
    /// Row id.
    pub id: i64,
    /// The notice.
    pub event_id: String,
    /// What the notice is: see [`OutboxRow::kind`].
    pub kind: String,
    /// `queued`, `leased`, `delivered`, `dead`, `skipped` or `superseded`.
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

/// A claimed mail, with what its recipient chose as it stands at the claim.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct ClaimedMail {
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
    /// 0 first.
    pub priority: i64,
    /// Where to.
    pub address: String,
    /// Its domain.
    pub host: String,
    /// The subscriber's own: the host of the endpoint, where the mail is about one.
    pub endpoint: String,
    /// The subscriber's.
    pub state: String,
    /// IANA zone.
    pub time_zone: String,
    /// `en`.
    pub language: String,
    /// JSON of `domain::scope::Scope`.
    pub scope: String,
    /// Nothing is sent until then, in milliseconds.
    pub paused_until_at: Option<i64>,
    /// Tokens in links depend on it.
    pub token_nonce: String,
    /// When the confirmation link ends, in milliseconds.
    pub confirm_expires_at: Option<i64>,
    /// The subscriber's partner; none: of the public page.
    pub partner_id: Option<String>,
}

impl Store {
    /// As [`Tx::finish_delivered`], as a transaction of its own in one statement: half the way to the disk and back.
    pub async fn finish_delivered(&self, taken: &[Taken]) -> Result<u64> {
        let taken = serde_json::to_string(taken).unwrap_or_default();
        let (sqlite, postgres) = (FINISH_DELIVERED.sqlite, FINISH_DELIVERED.postgres);
        Ok(match &self.pools {
            Pools::Sqlite { writer, .. } => {
                let query = sqlx::query(sqlite.unwrap_or_default()).bind(taken);
                query.execute(writer).await?.rows_affected()
            }
            Pools::Postgres(pool) => {
                let query = sqlx::query(postgres.unwrap_or_default()).bind(taken);
                query.execute(pool).await?.rows_affected()
            }
        })
    }
}

impl Tx {
    /// Claims due mails under a lease, the most urgent first, except to hosts that are to be left alone.
    pub async fn claim_mails(
        &mut self,
        limit: i64,
        fence: &str,
        now: Timestamp,
        lease_ms: i64,
        not_to: &[&str],
    ) -> Result<Vec<ClaimedMail>> {
        let not_to = serde_json::to_string(not_to).unwrap_or_default();
        let until = now.plus(lease_ms).millis();
        let ids = fetch_all!(self, (i64,), CLAIM_MAILS, until, fence, now.millis(), not_to, limit)?;
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let ids: Vec<i64> = ids.into_iter().map(|(id,)| id).collect();
        let ids = serde_json::to_string(&ids).unwrap_or_default();
        fetch_all!(self, ClaimedMail, SELECT_CLAIMED_MAILS, ids)
    }

    /// Ends deliveries that were taken. Those whose lease was lost are left alone.
    pub async fn finish_delivered(&mut self, taken: &[Taken]) -> Result<u64> {
        let taken = serde_json::to_string(taken).unwrap_or_default();
        execute!(self, FINISH_DELIVERED, taken)
    }

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

    /// Claims due deliveries of some channels under a lease; expired leases are due again.
    pub async fn claim_deliveries(
        &mut self,
        channels: &[&str],
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
            serde_json::to_string(channels).unwrap_or_default(),
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
    /// the 95th percentile. None: nothing was delivered.
    pub async fn latencies(&mut self, channel: &str, from: Timestamp) -> Result<Option<(i64, i64)>> {
        let (count,) = fetch_one!(self, (i64,), COUNT_TOLD, from.millis(), channel)?;
        if count == 0 {
            return Ok(None);
        }
        let (half,) = fetch_one!(self, (i64,), LATENCY_AT, from.millis(), channel, count / 2)?;
        let (most,) =
            fetch_one!(self, (i64,), LATENCY_AT, from.millis(), channel, (count * 95 / 100).min(count - 1))?;
        Ok(Some((half, most)))
    }

    /// The newest sequence of an incident that has been told.
    pub async fn newest_sequence(&mut self, incident_id: &str) -> Result<i64> {
        Ok(fetch_one!(self, (i64,), NEWEST_SEQUENCE, incident_id)?.0)
    }
}
