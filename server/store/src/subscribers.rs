//! Subscribers.

use domain::{clock::Timestamp, scope::Scope};

use crate::{Result, Tx};

statements! {
    INSERT_SUBSCRIBER = "INSERT INTO subscribers (id, channel, address, address_hash, host, state, scope, time_zone, language, contact,
        secret_sealed, confirm_hash, confirm_expires_at, token_nonce, consent_wording, partner_id, created_at, updated_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $17)";
    SELECT_SUBSCRIBER = "SELECT * FROM subscribers WHERE id = $1";
    SELECT_SUBSCRIBERS {
        sqlite = "SELECT s.* FROM json_each($1) j JOIN subscribers s ON s.id = j.value",
        postgres = "SELECT s.* FROM jsonb_array_elements_text($1::jsonb) j JOIN subscribers s ON s.id = j"
    };
    SELECT_SUBSCRIBER_BY_ADDRESS = "SELECT * FROM subscribers WHERE channel = $1 AND address_hash = $2";
    SELECT_SUBSCRIBER_BY_CONFIRM = "SELECT * FROM subscribers WHERE confirm_hash = $1 AND confirm_expires_at > $2";
    SAVE_SUBSCRIBER = "UPDATE subscribers SET state = $1, address = $2, scope = $3, time_zone = $4, language = $5, contact = $6,
        secret_sealed = $7, old_secret_sealed = $8, old_secret_until_at = $9, confirm_hash = $10, confirm_expires_at = $11,
        token_nonce = $12, paused_until_at = $13, host = $14, updated_at = $15 WHERE id = $16";
    SET_SUBSCRIBER_STATE = "UPDATE subscribers SET state = $1,
        confirm_hash = CASE WHEN $1 = 'confirmed' THEN confirm_hash END, confirm_expires_at = CASE WHEN $1 = 'confirmed' THEN confirm_expires_at END,
        confirmed_at = CASE WHEN $1 = 'confirmed' THEN $2 ELSE confirmed_at END,
        ended_at = CASE WHEN $1 = 'confirmed' THEN NULL ELSE $2 END, updated_at = $2 WHERE id = $3";
    SET_KEY_SIGNED = "UPDATE subscribers SET is_key_signed = $1, updated_at = $2 WHERE id = $3";
    ERASE_SUBSCRIBER = "UPDATE subscribers SET state = 'erased', address = '', host = '', scope = '{}', contact = NULL,
        secret_sealed = NULL, old_secret_sealed = NULL, old_secret_until_at = NULL, confirm_hash = NULL, confirm_expires_at = NULL,
        token_nonce = '', time_zone = 'UTC', language = 'en', is_key_signed = FALSE, paused_until_at = NULL, ended_at = $1, updated_at = $1 WHERE id = $2";
    SELECT_RECIPIENTS = "SELECT id, channel, scope, time_zone, paused_until_at, partner_id FROM subscribers
        WHERE state = 'confirmed' AND confirmed_at <= $1 AND id > $2 ORDER BY id LIMIT $3";
    SELECT_GIVEN_UP = "SELECT id, channel, scope, time_zone, paused_until_at, partner_id FROM subscribers
        WHERE state IN ('disabled', 'pending') AND channel <> 'email' AND ended_at > $1 AND confirmed_at <= $2 ORDER BY ended_at DESC, id LIMIT $3";
    FIND_SUBSCRIBERS {
        sqlite = "SELECT * FROM subscribers WHERE state <> 'erased' AND ($1 = '' OR address = $1 OR instr(host, $1) > 0) AND ($2 = '' OR state = $2)
            AND ($3 = 0 OR failing_since_at IS NOT NULL) ORDER BY created_at DESC, id LIMIT $4 OFFSET $5",
        postgres = "SELECT * FROM subscribers WHERE state <> 'erased' AND ($1 = '' OR address = $1 OR strpos(host, $1) > 0) AND ($2 = '' OR state = $2)
            AND ($3 = 0 OR failing_since_at IS NOT NULL) ORDER BY created_at DESC, id LIMIT $4 OFFSET $5"
    };
    SELECT_NEWEST_SUBSCRIBERS = "SELECT * FROM subscribers WHERE state <> 'erased' ORDER BY created_at DESC, id LIMIT $1";
    SELECT_EXPORTED = "SELECT * FROM subscribers WHERE channel = 'email' AND state = 'confirmed' AND COALESCE(partner_id, '') = $4 AND confirmed_at <= $1 AND id > $2
        ORDER BY id LIMIT $3";
    COUNT_EXPORTED = "SELECT COUNT(*) FROM subscribers WHERE channel = 'email' AND state = 'confirmed' AND COALESCE(partner_id, '') = $2 AND confirmed_at <= $1";
    COUNT_SUBSCRIBERS = "SELECT channel, state, COUNT(*) FROM subscribers GROUP BY channel, state ORDER BY channel, state";
    COUNT_CONFIRMED = "SELECT COUNT(*) FROM subscribers WHERE state = 'confirmed'";
    COUNT_RECIPIENTS = "SELECT channel, scope, time_zone, partner_id, COUNT(*) AS count FROM subscribers
        WHERE state = 'confirmed' AND (paused_until_at IS NULL OR paused_until_at <= $1)
        GROUP BY channel, scope, time_zone, partner_id ORDER BY channel";
    SELECT_OF_PARTNER = "SELECT * FROM subscribers WHERE partner_id = $1 AND state <> 'erased' ORDER BY created_at DESC, id LIMIT $2";
    END_OF_PARTNER = "UPDATE subscribers SET state = 'ended', confirm_hash = NULL, confirm_expires_at = NULL, ended_at = $1, updated_at = $1
        WHERE partner_id = $2 AND state IN ('pending', 'confirmed', 'disabled')";
    COUNT_SUPPRESSED = "SELECT COUNT(*) FROM subscribers WHERE state = 'suppressed' AND address = $1";
    COUNT_HANDSHAKES = "SELECT COUNT(*), COALESCE(MAX(created_at), 0) FROM outbox WHERE subscriber_id = $1 AND created_at > $2
        AND kind IN ('confirmation', 'known', 'challenge', 'welcome')";
    COUNT_TESTS = "SELECT COUNT(*), COALESCE(MAX(created_at), 0) FROM outbox WHERE subscriber_id = $1 AND created_at > $2 AND kind = 'test'";
    COUNT_UNPROVEN = "SELECT COUNT(*) FROM subscribers WHERE host = $1 AND channel <> 'email' AND state = 'pending' AND created_at > $2
        AND NOT EXISTS (SELECT 1 FROM subscribers p WHERE p.host = $1 AND p.channel <> 'email' AND p.state = 'confirmed')";
    SELECT_DATED = "SELECT * FROM subscribers WHERE state = 'confirmed' AND (scope LIKE '%\"trip\"%' OR scope LIKE '%\"incident\"%')
        AND id > $1 ORDER BY id LIMIT $2";
    DELETE_UNCONFIRMED_DELIVERIES = "DELETE FROM deliveries WHERE lease_until_at IS NULL AND subscriber_id IN (
        SELECT id FROM subscribers WHERE state = 'pending' AND updated_at < $1 AND (channel = 'email' OR confirmed_at IS NULL))";
    DELETE_UNCONFIRMED = "DELETE FROM subscribers WHERE state = 'pending' AND updated_at < $1 AND (channel = 'email' OR confirmed_at IS NULL)
        AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.subscriber_id = subscribers.id)";
}

/// A row of `subscribers`.
#[derive(Debug, Clone, Default, sqlx::FromRow)]
pub struct SubscriberRow {
    /// Public id.
    pub id: String,
    /// `email` or `webhook`.
    pub channel: String,
    /// Mail address or URL; empty once erased.
    pub address: String,
    /// Keyed hash of the normalised address.
    pub address_hash: String,
    /// Mail domain or host of the endpoint.
    pub host: String,
    /// `pending`, `confirmed`, `unsubscribed`, `suppressed`, `disabled`, `ended` or `erased`.
    pub state: String,
    /// JSON of [`Scope`].
    pub scope: String,
    /// IANA zone.
    pub time_zone: String,
    /// `en`.
    pub language: String,
    /// Whom to tell by mail when an endpoint fails.
    pub contact: Option<String>,
    /// The encrypted signing secret of a webhook.
    pub secret_sealed: Option<String>,
    /// The one before, which signs too for a while.
    pub old_secret_sealed: Option<String>,
    /// Until then, in milliseconds.
    pub old_secret_until_at: Option<i64>,
    /// SHA-256 of the confirmation token.
    pub confirm_hash: Option<String>,
    /// When that ends, in milliseconds.
    pub confirm_expires_at: Option<i64>,
    /// Tokens in links depend on it.
    pub token_nonce: String,
    /// What was consented to.
    pub consent_wording: String,
    /// Nothing is sent until then, in milliseconds.
    pub paused_until_at: Option<i64>,
    /// Every attempt failed since then, in milliseconds.
    pub failing_since_at: Option<i64>,
    /// The partner whose page it was asked for on; none: the public page.
    pub partner_id: Option<String>,
    /// The newest automatic change in a digest to it.
    pub measured_seen_id: i64,
    /// Whether its messages carry a `v1a` signature too.
    pub is_key_signed: bool,
    /// When it was first asked for.
    #[sqlx(try_from = "i64")]
    pub created_at: Timestamp,
    /// When it was confirmed, in milliseconds.
    pub confirmed_at: Option<i64>,
}

impl SubscriberRow {
    /// What it is about; none if that cannot be read.
    #[must_use]
    pub fn scope(&self) -> Option<Scope> {
        Scope::from_json(&self.scope)
    }

    /// Whether it is an endpoint that was given up, which may be asked again.
    #[must_use]
    pub fn may_be_asked(&self) -> bool {
        self.channel != "email"
            && self.confirmed_at.is_some()
            && matches!(self.state.as_str(), "disabled" | "pending")
    }

    /// Whether nothing is sent at `now`.
    #[must_use]
    pub fn is_paused(&self, now: Timestamp) -> bool {
        self.paused_until_at.is_some_and(|until| until > now.millis())
    }
}

/// Somebody who may be told.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct RecipientRow {
    /// Subscriber.
    pub id: String,
    /// `email` or `webhook`.
    pub channel: String,
    /// JSON of [`Scope`].
    pub scope: String,
    /// IANA zone.
    pub time_zone: String,
    /// Nothing is sent until then, in milliseconds.
    pub paused_until_at: Option<i64>,
    /// Its partner; none: of the public page.
    pub partner_id: Option<String>,
}

/// Confirmed subscribers who chose the same.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct RecipientCount {
    /// `email` or `webhook`.
    pub channel: String,
    /// JSON of [`Scope`].
    pub scope: String,
    /// IANA zone.
    pub time_zone: String,
    /// Their partner; none: of the public page.
    pub partner_id: Option<String>,
    /// How many.
    pub count: i64,
}

impl Tx {
    /// Adds a subscriber.
    pub async fn insert_subscriber(&mut self, row: &SubscriberRow) -> Result<()> {
        execute!(
            self,
            INSERT_SUBSCRIBER,
            &row.id,
            &row.channel,
            &row.address,
            &row.address_hash,
            &row.host,
            &row.state,
            &row.scope,
            &row.time_zone,
            &row.language,
            &row.contact,
            &row.secret_sealed,
            &row.confirm_hash,
            row.confirm_expires_at,
            &row.token_nonce,
            &row.consent_wording,
            &row.partner_id,
            row.created_at.millis(),
        )
        .map(drop)
    }

    /// One subscriber.
    pub async fn subscriber(&mut self, id: &str) -> Result<Option<SubscriberRow>> {
        fetch_optional!(self, SubscriberRow, SELECT_SUBSCRIBER, id)
    }

    /// Several subscribers in one read; those that are gone are left out.
    pub async fn subscribers(&mut self, ids: &[&str]) -> Result<Vec<SubscriberRow>> {
        let ids = serde_json::to_string(ids).unwrap_or_default();
        fetch_all!(self, SubscriberRow, SELECT_SUBSCRIBERS, ids)
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

    /// Saves what can change of a subscriber.
    pub async fn save_subscriber(&mut self, row: &SubscriberRow, now: Timestamp) -> Result<()> {
        execute!(
            self,
            SAVE_SUBSCRIBER,
            &row.state,
            &row.address,
            &row.scope,
            &row.time_zone,
            &row.language,
            &row.contact,
            &row.secret_sealed,
            &row.old_secret_sealed,
            row.old_secret_until_at,
            &row.confirm_hash,
            row.confirm_expires_at,
            &row.token_nonce,
            row.paused_until_at,
            &row.host,
            now.millis(),
            &row.id,
        )
        .map(drop)
    }

    /// Moves a subscriber; its confirmation link stops working.
    pub async fn set_subscriber_state(&mut self, id: &str, state: &str, now: Timestamp) -> Result<()> {
        execute!(self, SET_SUBSCRIBER_STATE, state, now.millis(), id).map(drop)
    }

    /// Whether messages to an endpoint carry a `v1a` signature too.
    pub async fn set_key_signed(&mut self, id: &str, is_so: bool, now: Timestamp) -> Result<()> {
        execute!(self, SET_KEY_SIGNED, is_so, now.millis(), id).map(drop)
    }

    /// Forgets everything about a subscriber except the keyed hash of the address.
    pub async fn erase_subscriber(&mut self, id: &str, now: Timestamp) -> Result<()> {
        execute!(self, ERASE_SUBSCRIBER, now.millis(), id).map(drop)
    }

    /// Confirmed subscribers in the order of their ids: who had confirmed by `by`, after `cursor`.
    pub async fn recipients(&mut self, by: Timestamp, cursor: &str, limit: i64) -> Result<Vec<RecipientRow>> {
        fetch_all!(self, RecipientRow, SELECT_RECIPIENTS, by.millis(), cursor, limit)
    }

    /// Endpoints given up after `since` that would be told otherwise, the newest `limit` of them: as [`Tx::recipients`].
    pub async fn given_up_recipients(
        &mut self,
        by: Timestamp,
        since: Timestamp,
        limit: i64,
    ) -> Result<Vec<RecipientRow>> {
        fetch_all!(self, RecipientRow, SELECT_GIVEN_UP, since.millis(), by.millis(), limit)
    }

    /// Subscribers, newest first: with this address, or a host that holds `text` (empty: all); in a state (empty: any);
    /// only endpoints that fail now, if asked.
    pub async fn find_subscribers(
        &mut self,
        (text, state, is_failing): (&str, &str, bool),
        limit: i64,
        offset: i64,
    ) -> Result<Vec<SubscriberRow>> {
        let is_failing = i64::from(is_failing);
        fetch_all!(self, SubscriberRow, FIND_SUBSCRIBERS, text, state, is_failing, limit, offset)
    }

    /// The newest subscribers.
    pub async fn newest_subscribers(&mut self, limit: i64) -> Result<Vec<SubscriberRow>> {
        fetch_all!(self, SubscriberRow, SELECT_NEWEST_SUBSCRIBERS, limit)
    }

    /// Confirmed subscribers by mail to the public page, or to a partner's, in the order of their ids: who had confirmed
    /// by `by`, after `cursor`.
    pub async fn exported_subscribers(
        &mut self,
        by: Timestamp,
        partner_id: Option<&str>,
        cursor: &str,
        limit: i64,
    ) -> Result<Vec<SubscriberRow>> {
        let partner = partner_id.unwrap_or_default();
        fetch_all!(self, SubscriberRow, SELECT_EXPORTED, by.millis(), cursor, limit, partner)
    }

    /// How many those are.
    pub async fn count_exported_subscribers(
        &mut self,
        by: Timestamp,
        partner_id: Option<&str>,
    ) -> Result<i64> {
        Ok(fetch_one!(self, (i64,), COUNT_EXPORTED, by.millis(), partner_id.unwrap_or_default())?.0)
    }

    /// Subscribers by channel and state.
    pub async fn count_subscribers(&mut self) -> Result<Vec<(String, String, i64)>> {
        fetch_all!(self, (String, String, i64), COUNT_SUBSCRIBERS)
    }

    /// Confirmed subscribers in all.
    pub async fn count_confirmed_subscribers(&mut self) -> Result<i64> {
        Ok(fetch_one!(self, (i64,), COUNT_CONFIRMED)?.0)
    }

    /// Confirmed subscribers who are not paused, by channel and what they chose.
    pub async fn count_recipients(&mut self, now: Timestamp) -> Result<Vec<RecipientCount>> {
        fetch_all!(self, RecipientCount, COUNT_RECIPIENTS, now.millis())
    }

    /// The newest subscribers of a partner.
    pub async fn partner_subscribers(&mut self, partner_id: &str, limit: i64) -> Result<Vec<SubscriberRow>> {
        fetch_all!(self, SubscriberRow, SELECT_OF_PARTNER, partner_id, limit)
    }

    /// Ends every subscription of a partner.
    pub async fn end_partner_subscribers(&mut self, partner_id: &str, now: Timestamp) -> Result<u64> {
        execute!(self, END_OF_PARTNER, now.millis(), partner_id)
    }

    /// Whether this mail address is not to be written to, on whatever page it was asked for.
    pub async fn is_suppressed(&mut self, address: &str) -> Result<bool> {
        Ok(fetch_one!(self, (i64,), COUNT_SUPPRESSED, address)?.0 > 0)
    }

    /// Tests sent to a subscriber since `from`, and when the last was written.
    pub async fn tests_since(&mut self, subscriber_id: &str, from: Timestamp) -> Result<(i64, Timestamp)> {
        let (count, last) = fetch_one!(self, (i64, i64), COUNT_TESTS, subscriber_id, from.millis())?;
        Ok((count, Timestamp::from_millis(last)))
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

    /// Endpoints of a host that wait for their challenge since `from`; none count once one of them has passed.
    pub async fn unproven_endpoints(&mut self, host: &str, from: Timestamp) -> Result<i64> {
        Ok(fetch_one!(self, (i64,), COUNT_UNPROVEN, host, from.millis())?.0)
    }

    /// Confirmed subscribers with a trip or one incident, after `cursor`: they end by themselves.
    pub async fn dated_subscribers(&mut self, cursor: &str, limit: i64) -> Result<Vec<SubscriberRow>> {
        fetch_all!(self, SubscriberRow, SELECT_DATED, cursor, limit)
    }

    /// Forgets who never confirmed, and what was sent to them.
    pub async fn delete_unconfirmed(&mut self, before: Timestamp) -> Result<u64> {
        execute!(self, DELETE_UNCONFIRMED_DELIVERIES, before.millis())?;
        execute!(self, DELETE_UNCONFIRMED, before.millis())
    }
}
