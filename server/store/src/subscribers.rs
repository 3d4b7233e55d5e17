//! Subscribers.

use domain::clock::Timestamp;

use crate::{Result, Tx};

statements! {
    INSERT_SUBSCRIBER = "INSERT INTO subscribers (id, channel, address, address_hash, state, countries, time_zone, secret_sealed,
        confirm_hash, confirm_expires_at, token_nonce, consent_wording, created_at, updated_at)
        VALUES ($1, $2, $3, $4, 'pending', $5, $6, $7, $8, $9, $10, $11, $12, $12)";
    SELECT_SUBSCRIBER = "SELECT * FROM subscribers WHERE id = $1";
    SELECT_SUBSCRIBER_BY_ADDRESS = "SELECT * FROM subscribers WHERE channel = $1 AND address_hash = $2";
    SELECT_SUBSCRIBER_BY_CONFIRM = "SELECT * FROM subscribers WHERE confirm_hash = $1 AND confirm_expires_at > $2";
    RENEW_SUBSCRIBER = "UPDATE subscribers SET state = $1, address = $2, countries = $3, time_zone = $4, secret_sealed = $5,
        confirm_hash = $6, confirm_expires_at = $7, token_nonce = $8, updated_at = $9 WHERE id = $10";
    SET_SUBSCRIBER_STATE = "UPDATE subscribers SET state = $1, confirm_hash = NULL, confirm_expires_at = NULL,
        confirmed_at = CASE WHEN $1 = 'confirmed' THEN $2 ELSE confirmed_at END,
        ended_at = CASE WHEN $1 = 'confirmed' THEN NULL ELSE $2 END, updated_at = $2 WHERE id = $3";
    SELECT_NEWEST_SUBSCRIBERS = "SELECT * FROM subscribers ORDER BY created_at DESC, id LIMIT $1";
    COUNT_SUBSCRIBERS = "SELECT channel, state, COUNT(*) FROM subscribers GROUP BY channel, state ORDER BY channel, state";
    COUNT_CONFIRMED = "SELECT COUNT(*) FROM subscribers WHERE state = 'confirmed'";
    COUNT_RECIPIENTS = "SELECT channel, countries, COUNT(*) FROM subscribers WHERE state = 'confirmed'
        GROUP BY channel, countries ORDER BY channel";
    COUNT_HANDSHAKES = "SELECT COUNT(*), COALESCE(MAX(created_at), 0) FROM outbox WHERE subscriber_id = $1 AND created_at > $2";
    DELETE_UNCONFIRMED = "DELETE FROM subscribers WHERE state = 'pending' AND updated_at < $1
        AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.subscriber_id = subscribers.id)";
}

/// A row of `subscribers`.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct SubscriberRow {
    /// Public id.
    pub id: String,
    /// `email` or `webhook`.
    pub channel: String,
    /// Mail address or URL.
    pub address: String,
    /// Keyed hash of the normalised address.
    pub address_hash: String,
    /// `pending`, `confirmed`, `unsubscribed`, `suppressed` or `disabled`.
    pub state: String,
    /// JSON array of codes; none: the whole page.
    pub countries: Option<String>,
    /// IANA zone.
    pub time_zone: String,
    /// The encrypted signing secret of a webhook.
    pub secret_sealed: Option<String>,
    /// SHA-256 of the confirmation token.
    pub confirm_hash: Option<String>,
    /// When that ends, in milliseconds.
    pub confirm_expires_at: Option<i64>,
    /// Tokens in links depend on it.
    pub token_nonce: String,
    /// What was consented to.
    pub consent_wording: String,
    /// When it was first asked for.
    #[sqlx(try_from = "i64")]
    pub created_at: Timestamp,
    /// When it was confirmed, in milliseconds.
    pub confirmed_at: Option<i64>,
}

impl SubscriberRow {
    /// Chosen countries; none: the whole page.
    #[must_use]
    pub fn chosen_countries(&self) -> Option<Vec<String>> {
        self.countries.as_deref().and_then(|text| serde_json::from_str(text).ok())
    }
}

impl Tx {
    /// Adds a pending subscriber.
    pub async fn insert_subscriber(&mut self, row: &SubscriberRow) -> Result<()> {
        execute!(
            self,
            INSERT_SUBSCRIBER,
            &row.id,
            &row.channel,
            &row.address,
            &row.address_hash,
            &row.countries,
            &row.time_zone,
            &row.secret_sealed,
            &row.confirm_hash,
            row.confirm_expires_at,
            &row.token_nonce,
            &row.consent_wording,
            row.created_at.millis(),
        )
        .map(drop)
    }

    /// One subscriber.
    pub async fn subscriber(&mut self, id: &str) -> Result<Option<SubscriberRow>> {
        fetch_optional!(self, SubscriberRow, SELECT_SUBSCRIBER, id)
    }

    /// The subscriber with this address on this channel.
    pub async fn subscriber_by_address(
        &mut self,
        channel: &str,
        hash: &str,
    ) -> Result<Option<SubscriberRow>> {
        fetch_optional!(self, SubscriberRow, SELECT_SUBSCRIBER_BY_ADDRESS, channel, hash)
    }

    /// The subscriber whose confirmation this is, while it works.
    pub async fn subscriber_by_confirmation(
        &mut self,
        hash: &str,
        now: Timestamp,
    ) -> Result<Option<SubscriberRow>> {
        fetch_optional!(self, SubscriberRow, SELECT_SUBSCRIBER_BY_CONFIRM, hash, now.millis())
    }

    /// Saves a subscriber who asked again.
    pub async fn renew_subscriber(&mut self, row: &SubscriberRow, now: Timestamp) -> Result<()> {
        execute!(
            self,
            RENEW_SUBSCRIBER,
            &row.state,
            &row.address,
            &row.countries,
            &row.time_zone,
            &row.secret_sealed,
            &row.confirm_hash,
            row.confirm_expires_at,
            &row.token_nonce,
            now.millis(),
            &row.id,
        )
        .map(drop)
    }

    /// Moves a subscriber; its confirmation link stops working.
    pub async fn set_subscriber_state(&mut self, id: &str, state: &str, now: Timestamp) -> Result<()> {
        execute!(self, SET_SUBSCRIBER_STATE, state, now.millis(), id).map(drop)
    }

    /// The newest subscribers.
    pub async fn newest_subscribers(&mut self, limit: i64) -> Result<Vec<SubscriberRow>> {
        fetch_all!(self, SubscriberRow, SELECT_NEWEST_SUBSCRIBERS, limit)
    }

    /// Subscribers by channel and state.
    pub async fn count_subscribers(&mut self) -> Result<Vec<(String, String, i64)>> {
        fetch_all!(self, (String, String, i64), COUNT_SUBSCRIBERS)
    }

    /// Confirmed subscribers in all.
    pub async fn count_confirmed_subscribers(&mut self) -> Result<i64> {
        Ok(fetch_one!(self, (i64,), COUNT_CONFIRMED)?.0)
    }

    /// Confirmed subscribers by channel and chosen countries (a JSON array; none: the whole page).
    pub async fn count_recipients(&mut self) -> Result<Vec<(String, Option<String>, i64)>> {
        fetch_all!(self, (String, Option<String>, i64), COUNT_RECIPIENTS)
    }

    /// Confirmations and challenges sent to a subscriber since `from`, and when the last was written.
    pub async fn handshakes_since(
        &mut self,
        subscriber_id: &str,
        from: Timestamp,
    ) -> Result<(i64, Timestamp)> {
        let (count, last) = fetch_one!(self, (i64, i64), COUNT_HANDSHAKES, subscriber_id, from.millis())?;
        Ok((count, Timestamp::from_millis(last)))
    }

    /// Forgets who never confirmed.
    pub async fn delete_unconfirmed(&mut self, before: Timestamp) -> Result<u64> {
        execute!(self, DELETE_UNCONFIRMED, before.millis())
    }
}
