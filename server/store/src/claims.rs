//! Claims: who sends a delivery holds a lease with a fence on it; its end, or its next attempt, needs that fence.
//!
//! A claim changes columns that no index holds: the row stays `queued`.

use domain::clock::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{Result, Store, Tx, open::Pools};

statements! {
    CLAIM_DELIVERIES {
        sqlite = "UPDATE deliveries SET attempts = attempts + 1, lease_until_at = $1, fence = $2 WHERE id IN (
            SELECT id FROM deliveries WHERE lane = 1 AND state = 'queued' AND next_attempt_at <= $3
            AND (lease_until_at IS NULL OR lease_until_at <= $3) ORDER BY priority, next_attempt_at, id LIMIT $4)
            RETURNING id, event_id, subscriber_id, priority, attempts, created_at",
        postgres = "UPDATE deliveries SET attempts = attempts + 1, lease_until_at = $1, fence = $2 WHERE id = ANY (ARRAY(
            SELECT id FROM deliveries WHERE lane = 1 AND state = 'queued' AND next_attempt_at <= $3
            AND (lease_until_at IS NULL OR lease_until_at <= $3) ORDER BY priority, next_attempt_at, id LIMIT $4 FOR UPDATE SKIP LOCKED))
            RETURNING id, event_id, subscriber_id, priority, attempts, created_at"
    };
    CLAIM_MAILS {
        sqlite = "UPDATE deliveries SET attempts = attempts + 1, lease_until_at = $1, fence = $2 WHERE id IN (
            SELECT id FROM deliveries WHERE lane = 0 AND state = 'queued' AND next_attempt_at <= $3
            AND (lease_until_at IS NULL OR lease_until_at <= $3) AND host NOT IN (SELECT value FROM json_each($4))
            ORDER BY priority, next_attempt_at, id LIMIT $5) RETURNING id",
        postgres = "UPDATE deliveries SET attempts = attempts + 1, lease_until_at = $1, fence = $2 WHERE id = ANY (ARRAY(
            SELECT id FROM deliveries WHERE lane = 0 AND state = 'queued' AND next_attempt_at <= $3
            AND (lease_until_at IS NULL OR lease_until_at <= $3) AND host NOT IN (SELECT jsonb_array_elements_text($4::jsonb))
            ORDER BY priority, next_attempt_at, id LIMIT $5 FOR UPDATE SKIP LOCKED)) RETURNING id"
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
        sqlite = "UPDATE deliveries SET state = 'delivered', answer = j.value ->> 2, finished_at = j.value ->> 3, took_ms = j.value ->> 4, lease_until_at = NULL, fence = NULL
            FROM json_each($1) j WHERE deliveries.id = j.value ->> 0 AND fence = j.value ->> 1",
        postgres = "UPDATE deliveries SET state = 'delivered', answer = j ->> 2, finished_at = (j ->> 3)::bigint, took_ms = (j ->> 4)::bigint, lease_until_at = NULL, fence = NULL
            FROM jsonb_array_elements($1::jsonb) j WHERE deliveries.id = (j ->> 0)::bigint AND fence = j ->> 1
            AND deliveries.id = ANY (ARRAY(SELECT (k ->> 0)::bigint FROM jsonb_array_elements($1::jsonb) k))"
    };
    FINISH_DELIVERY = "UPDATE deliveries SET state = $1, answer = $2, finished_at = $3, lease_until_at = NULL, fence = NULL
        WHERE id = $4 AND fence = $5";
    RETRY_DELIVERY = "UPDATE deliveries SET state = 'queued', answer = $1, next_attempt_at = $2, attempts = attempts - $3,
        lease_until_at = NULL, fence = NULL WHERE id = $4 AND fence = $5";
}

/// A delivery that its peer took. In JSON an array of these, in this order; the last one may be missing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Record", into = "Record")]
pub struct Taken {
    /// Row id.
    pub id: i64,
    /// Of its claim.
    pub fence: String,
    /// The peer's last words, cleaned.
    pub answer: String,
    /// When, in milliseconds.
    pub at: i64,
    /// Of an endpoint: how long it took, in milliseconds.
    pub took_ms: Option<i64>,
}

#[derive(Serialize, Deserialize)]
struct Record(i64, String, String, i64, #[serde(default)] Option<i64>);

impl From<Record> for Taken {
    fn from(Record(id, fence, answer, at, took_ms): Record) -> Self {
        Self { id, fence, answer, at, took_ms }
    }
}

impl From<Taken> for Record {
    fn from(taken: Taken) -> Self {
        Self(taken.id, taken.fence, taken.answer, taken.at, taken.took_ms)
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
    /// 0 first.
    pub priority: i64,
    /// With this one.
    pub attempts: i64,
    /// When it was first due.
    #[sqlx(try_from = "i64")]
    pub created_at: Timestamp,
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

    /// Claims due deliveries by HTTP under a lease, the most urgent first; expired leases are due again.
    pub async fn claim_deliveries(
        &mut self,
        limit: i64,
        fence: &str,
        now: Timestamp,
        lease_ms: i64,
    ) -> Result<Vec<ClaimedRow>> {
        let until = now.plus(lease_ms).millis();
        let mut claimed = fetch_all!(self, ClaimedRow, CLAIM_DELIVERIES, until, fence, now.millis(), limit)?;
        claimed.sort_by_key(|row| (row.priority, row.id));
        Ok(claimed)
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
}
