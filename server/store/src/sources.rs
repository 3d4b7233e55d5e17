//! Where telemetry comes from: API keys and heartbeats.

use domain::{clock::Timestamp, status::CellStatus};

use crate::{Result, Tx};

statements! {
    INSERT_API_KEY = "INSERT INTO api_keys (id, name, secret_hash, source_prefix, requests_per_minute, events_per_minute,
        created_at, created_by, expires_at, components, countries, suppliers, networks, family_id, worst_status)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)";
    SELECT_API_KEY = "SELECT * FROM api_keys WHERE id = $1";
    SELECT_MODEST_KEYS = "SELECT id FROM api_keys WHERE worst_status <> 'partial_outage' ORDER BY id";
    SELECT_API_KEYS = "SELECT * FROM api_keys ORDER BY created_at, id";
    REVOKE_API_KEY = "UPDATE api_keys SET revoked_at = $1 WHERE id = $2 AND revoked_at IS NULL";
    END_API_KEY = "UPDATE api_keys SET expires_at = $1 WHERE id = $2 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $1)";
    TOUCH_API_KEY = "UPDATE api_keys SET last_used_at = $1 WHERE id = $2";
    UPSERT_HEARTBEAT = "INSERT INTO heartbeats (source, component_slug, country_code, interval_secs, received_at)
        VALUES ($1, $2, $3, $4, $5) ON CONFLICT (source, component_slug, country_code) DO UPDATE SET
        interval_secs = excluded.interval_secs, received_at = excluded.received_at";
    SELECT_SOURCES = "SELECT source, MIN(interval_secs) AS interval_secs, MAX(received_at) AS received_at FROM heartbeats GROUP BY source ORDER BY source";
    DELETE_HEARTBEATS = "DELETE FROM heartbeats WHERE received_at < $1";
    SELECT_HEARTBEATS = "SELECT source, component_slug, country_code, interval_secs, received_at FROM heartbeats WHERE component_slug <> ''";
}

/// A row of `api_keys`.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct ApiKeyRow {
    /// The 8 characters inside the key.
    pub id: String,
    /// What it is for.
    pub name: String,
    /// SHA-256 of the whole key.
    pub secret_hash: String,
    /// Sources that it may speak for; none: any.
    pub source_prefix: Option<String>,
    /// Quota.
    pub requests_per_minute: i64,
    /// Quota.
    pub events_per_minute: i64,
    /// When it was made.
    #[sqlx(try_from = "i64")]
    pub created_at: Timestamp,
    /// Who made it.
    pub created_by: String,
    /// When it ends, in milliseconds.
    pub expires_at: Option<i64>,
    /// When it was revoked, in milliseconds.
    pub revoked_at: Option<i64>,
    /// When it was last used, in milliseconds; up to a minute behind.
    pub last_used_at: Option<i64>,
    /// JSON of slugs of components that it may speak of; empty: all.
    pub components: String,
    /// JSON of ISO codes; empty: all.
    pub countries: String,
    /// JSON of slugs of suppliers; empty: all.
    pub suppliers: String,
    /// JSON of CIDR ranges that it may be used from; empty: anywhere.
    pub networks: String,
    /// Keys of which one replaced the other share it; empty: its own id.
    pub family_id: String,
    /// The worst that it may make of a cell: `degraded` or `partial_outage`.
    #[sqlx(try_from = "String")]
    pub worst_status: CellStatus,
}

/// A row of `heartbeats`.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct HeartbeatRow {
    /// Who says so.
    pub source: String,
    /// Which component.
    pub component_slug: String,
    /// In which country.
    pub country_code: String,
    /// How often it means to say so.
    pub interval_secs: i64,
    /// When it last did.
    #[sqlx(try_from = "i64")]
    pub received_at: Timestamp,
}

/// A source of heartbeats.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct SourceRow {
    /// As it calls itself.
    pub source: String,
    /// How often it means to speak.
    pub interval_secs: i64,
    /// When it last did.
    #[sqlx(try_from = "i64")]
    pub received_at: Timestamp,
}

impl SourceRow {
    /// Whether nothing was heard for three intervals.
    #[must_use]
    pub const fn is_silent(&self, now: Timestamp) -> bool {
        now.since(self.received_at) >= 3 * self.interval_secs * 1_000
    }
}

impl ApiKeyRow {
    /// What it shares with the keys that it replaced, or that replaced it.
    #[must_use]
    pub fn family(&self) -> &str {
        if self.family_id.is_empty() { &self.id } else { &self.family_id }
    }

    /// Whether it opens the door at `now`.
    #[must_use]
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.revoked_at.is_none() && self.expires_at.is_none_or(|at| at > now.millis())
    }
}

impl Tx {
    /// Keys that may make no cell worse than degraded, by id.
    pub async fn modest_keys(&mut self) -> Result<Vec<String>> {
        let ids = fetch_all!(self, (String,), SELECT_MODEST_KEYS)?;
        Ok(ids.into_iter().map(|(id,)| id).collect())
    }

    /// Adds a key.
    pub async fn insert_api_key(&mut self, key: &ApiKeyRow) -> Result<()> {
        execute!(
            self,
            INSERT_API_KEY,
            &key.id,
            &key.name,
            &key.secret_hash,
            &key.source_prefix,
            key.requests_per_minute,
            key.events_per_minute,
            key.created_at.millis(),
            &key.created_by,
            key.expires_at,
            &key.components,
            &key.countries,
            &key.suppliers,
            &key.networks,
            &key.family_id,
            key.worst_status.slug(),
        )
        .map(drop)
    }

    /// One key.
    pub async fn api_key(&mut self, id: &str) -> Result<Option<ApiKeyRow>> {
        fetch_optional!(self, ApiKeyRow, SELECT_API_KEY, id)
    }

    /// Every key.
    pub async fn api_keys(&mut self) -> Result<Vec<ApiKeyRow>> {
        fetch_all!(self, ApiKeyRow, SELECT_API_KEYS)
    }

    /// Revokes a key; false if it was revoked before or is unknown.
    pub async fn revoke_api_key(&mut self, id: &str, now: Timestamp) -> Result<bool> {
        execute!(self, REVOKE_API_KEY, now.millis(), id).map(|n| n == 1)
    }

    /// Lets a key end at `at`, unless it ends before.
    pub async fn end_api_key(&mut self, id: &str, at: Timestamp) -> Result<()> {
        execute!(self, END_API_KEY, at.millis(), id).map(drop)
    }

    /// Notes that a key was used.
    pub async fn touch_api_key(&mut self, id: &str, now: Timestamp) -> Result<()> {
        execute!(self, TOUCH_API_KEY, now.millis(), id).map(drop)
    }

    /// Notes a heartbeat; empty component and country: the source alone.
    pub async fn save_heartbeat(&mut self, beat: &HeartbeatRow) -> Result<()> {
        let at = beat.received_at.millis();
        execute!(
            self,
            UPSERT_HEARTBEAT,
            &beat.source,
            &beat.component_slug,
            &beat.country_code,
            beat.interval_secs,
            at
        )
        .map(drop)
    }

    /// Every source that has ever sent a heartbeat.
    pub async fn sources(&mut self) -> Result<Vec<SourceRow>> {
        fetch_all!(self, SourceRow, SELECT_SOURCES)
    }

    /// Forgets what has not been heard since `before`: such a source is gone, not silent.
    pub async fn delete_heartbeats(&mut self, before: Timestamp) -> Result<u64> {
        execute!(self, DELETE_HEARTBEATS, before.millis())
    }

    /// The newest heartbeat of every source and cell.
    pub async fn heartbeats(&mut self) -> Result<Vec<HeartbeatRow>> {
        fetch_all!(self, HeartbeatRow, SELECT_HEARTBEATS)
    }
}
