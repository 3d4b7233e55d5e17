//! Subscriptions that were asked for and not yet looked at.

use domain::clock::Timestamp;

use crate::{Result, Tx};

statements! {
    INSERT_REQUEST = "INSERT INTO subscription_requests (id, channel, address, host, scope, time_zone, language, contact, secret_sealed, partner_id, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    SELECT_REQUESTS = "SELECT * FROM subscription_requests ORDER BY created_at, id LIMIT $1";
    DELETE_REQUEST = "DELETE FROM subscription_requests WHERE id = $1";
    DELETE_OLD_REQUESTS = "DELETE FROM subscription_requests WHERE created_at < $1";
}

/// A row of `subscription_requests`.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct SubscriptionRequestRow {
    /// The subscriber's public id, if it becomes one.
    pub id: String,
    /// `email` or `webhook`.
    pub channel: String,
    /// Mail address or URL, normalised.
    pub address: String,
    /// Mail domain or host of the endpoint.
    pub host: String,
    /// JSON of `domain::scope::Scope`.
    pub scope: String,
    /// IANA zone.
    pub time_zone: String,
    /// `en`.
    pub language: String,
    /// Whom to tell by mail when an endpoint fails.
    pub contact: Option<String>,
    /// The encrypted signing secret of a webhook.
    pub secret_sealed: Option<String>,
    /// The partner on whose page it was asked; none: the public page.
    pub partner_id: Option<String>,
    /// When it was asked.
    #[sqlx(try_from = "i64")]
    pub created_at: Timestamp,
}

impl Tx {
    /// Adds a request.
    pub async fn insert_subscription_request(&mut self, row: &SubscriptionRequestRow) -> Result<()> {
        execute!(
            self,
            INSERT_REQUEST,
            &row.id,
            &row.channel,
            &row.address,
            &row.host,
            &row.scope,
            &row.time_zone,
            &row.language,
            &row.contact,
            &row.secret_sealed,
            &row.partner_id,
            row.created_at.millis(),
        )
        .map(drop)
    }

    /// The oldest requests.
    pub async fn subscription_requests(&mut self, limit: i64) -> Result<Vec<SubscriptionRequestRow>> {
        fetch_all!(self, SubscriptionRequestRow, SELECT_REQUESTS, limit)
    }

    /// Ends a request; false when another did so first.
    pub async fn delete_subscription_request(&mut self, id: &str) -> Result<bool> {
        execute!(self, DELETE_REQUEST, id).map(|n| n == 1)
    }

    /// Forgets requests that waited too long.
    pub async fn delete_old_requests(&mut self, before: Timestamp) -> Result<u64> {
        execute!(self, DELETE_OLD_REQUESTS, before.millis())
    }
}
