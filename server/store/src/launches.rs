//! Launches under watch, and what markets need.

use domain::{clock::Timestamp, telemetry::launch::First};

use crate::{Result, Tx};

statements! {
    INSERT_LAUNCH = "INSERT INTO launches (id, name, country_code, key_family, partner, activations, starts_at, ends_at, state,
        numbers, alert, created_at, created_by) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'running', '{}', '', $9, $10)";
    SELECT_LAUNCHES = "SELECT * FROM launches ORDER BY CASE WHEN state = 'running' THEN 0 ELSE 1 END, starts_at DESC, id LIMIT $1";
    SELECT_LAUNCH = "SELECT * FROM launches WHERE id = $1";
    SELECT_OPEN_LAUNCHES = "SELECT * FROM launches WHERE state = 'running' ORDER BY starts_at, id";
    KEEP_LAUNCH = "UPDATE launches SET state = $1, numbers = $2, alert = $3, judged_at = $4, ended_at = $5
        WHERE id = $6 AND state = 'running' AND alert = $7";
    SELECT_LAUNCH_FIRSTS = "SELECT requested_at, enabled_at, failed_at FROM activations WHERE country_code = $1
        AND received_at >= $2 AND requested_at >= $2 ORDER BY requested_at, subject LIMIT $3";
    SELECT_LAUNCH_FIRSTS_BY_KEY = "SELECT requested_at, enabled_at, failed_at FROM activations WHERE subject IN (SELECT e.subject
        FROM activation_events e WHERE e.received_at >= $2 AND e.type = 'esim.activation.requested'
        AND e.key_id IN (SELECT k.id FROM api_keys k WHERE k.id = $4 OR k.family_id = $4))
        AND requested_at >= $2 AND ($1 = '' OR country_code = $1) ORDER BY requested_at, subject LIMIT $3";
    COUNT_ATTEMPTS_SINCE = "SELECT COUNT(*), COALESCE(CAST(SUM(CASE WHEN a.is_delivered = TRUE THEN 0 ELSE 1 END) AS BIGINT), 0)
        FROM delivery_attempts a JOIN subscribers s ON s.id = a.subscriber_id WHERE a.at >= $1 AND s.channel = 'webhook'";
    SELECT_GRAVE = "SELECT COALESCE(CAST(SUM(CASE WHEN resolved_at IS NULL THEN 1 ELSE 0 END) AS BIGINT), 0), MAX(resolved_at)
        FROM incidents WHERE severity <= 2 AND is_rehearsal = FALSE AND duplicate_of IS NULL
        AND (resolved_at IS NULL OR resolved_at >= $1)";
    INSERT_CHECK = "INSERT INTO market_checks (id, country_code, item, owner, state, note, position, updated_at, updated_by)
        VALUES ($1, $2, $3, '', 'open', '', $4, $5, $6) ON CONFLICT (country_code, item) DO NOTHING";
    SELECT_CHECKS = "SELECT id, country_code, item, owner, state, note, position, updated_at, updated_by FROM market_checks
        ORDER BY country_code, position, item";
    SELECT_CHECK = "SELECT id, country_code, item, owner, state, note, position, updated_at, updated_by FROM market_checks WHERE id = $1";
    UPDATE_CHECK = "UPDATE market_checks SET owner = $1, state = $2, note = $3, updated_at = $4, updated_by = $5 WHERE id = $6";
}

/// A row of `launches`.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct LaunchRow {
    /// Public id.
    pub id: String,
    /// What it is called.
    pub name: String,
    /// ISO code; empty: any country.
    pub country_code: String,
    /// The keys that a partner's platform sends with; empty: any.
    pub key_family: String,
    /// The partner's name as it was then; empty: a launch of our own.
    pub partner: String,
    /// How many activations decide.
    pub activations: i64,
    /// From when on activations count.
    #[sqlx(try_from = "i64")]
    pub starts_at: Timestamp,
    /// Then it ends, decided or not.
    #[sqlx(try_from = "i64")]
    pub ends_at: Timestamp,
    /// `running`, `go`, `no_go`, `undecided` (ended so) or `stopped`.
    pub state: String,
    /// JSON of what the state rests on.
    pub numbers: String,
    /// What is wrong while it runs; empty: nothing.
    pub alert: String,
    /// When it was last judged, in milliseconds.
    pub judged_at: Option<i64>,
    /// When it ended, in milliseconds.
    pub ended_at: Option<i64>,
    /// Name of who began it.
    pub created_by: String,
}

/// A row of `market_checks`.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct CheckRow {
    /// Public id.
    pub id: String,
    /// The market.
    pub country_code: String,
    /// What is to be seen to.
    pub item: String,
    /// Who sees to it; empty: nobody yet.
    pub owner: String,
    /// `open`, `done` or `not_needed`.
    pub state: String,
    /// What there is to say; may be empty.
    pub note: String,
    /// Order in the list.
    pub position: i64,
    /// When it last changed.
    #[sqlx(try_from = "i64")]
    pub updated_at: Timestamp,
    /// Name of who changed it.
    pub updated_by: String,
}

impl Tx {
    /// Begins a launch.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn insert_launch(&mut self, row: &LaunchRow, now: Timestamp) -> Result<()> {
        execute!(
            self,
            INSERT_LAUNCH,
            &row.id,
            &row.name,
            &row.country_code,
            &row.key_family,
            &row.partner,
            row.activations,
            row.starts_at.millis(),
            row.ends_at.millis(),
            now.millis(),
            &row.created_by
        )
        .map(drop)
    }

    /// Launches, those that run first, then the newest.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn launches(&mut self, limit: i64) -> Result<Vec<LaunchRow>> {
        fetch_all!(self, LaunchRow, SELECT_LAUNCHES, limit)
    }

    /// One launch.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn launch(&mut self, id: &str) -> Result<Option<LaunchRow>> {
        fetch_optional!(self, LaunchRow, SELECT_LAUNCH, id)
    }

    /// Launches that run: their countries are watched more closely.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn open_launch_watches(&mut self) -> Result<Vec<LaunchRow>> {
        fetch_all!(self, LaunchRow, SELECT_OPEN_LAUNCHES)
    }

    /// Keeps how a launch stands, if it still runs and nobody else has told of `alert_before` changing; false otherwise.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn keep_launch(&mut self, row: &LaunchRow, alert_before: &str) -> Result<bool> {
        execute!(
            self,
            KEEP_LAUNCH,
            &row.state,
            &row.numbers,
            &row.alert,
            row.judged_at,
            row.ended_at,
            &row.id,
            alert_before
        )
        .map(|n| n == 1)
    }

    /// The first activations of a launch, in the order of their requests.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn launch_firsts(&mut self, row: &LaunchRow) -> Result<Vec<First>> {
        type Times = (i64, Option<i64>, Option<i64>);
        let (country, from, most) = (&row.country_code, row.starts_at.millis(), row.activations);
        let rows = if row.key_family.is_empty() {
            fetch_all!(self, Times, SELECT_LAUNCH_FIRSTS, country, from, most)?
        } else {
            fetch_all!(self, Times, SELECT_LAUNCH_FIRSTS_BY_KEY, country, from, most, &row.key_family)?
        };
        let at = |ms: Option<i64>| ms.map(Timestamp::from_millis);
        let first = |(requested, enabled, failed): Times| First {
            requested_at: Timestamp::from_millis(requested),
            enabled_at: at(enabled),
            failed_at: at(failed),
        };
        Ok(rows.into_iter().map(first).collect())
    }

    /// Attempts at webhooks since a time, and how many of them failed.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn count_webhooks_since(&mut self, from: Timestamp) -> Result<(i64, i64)> {
        fetch_one!(self, (i64, i64), COUNT_ATTEMPTS_SINCE, from.millis())
    }

    /// Incidents of Sev 1 or 2 that are open, and when the last one ended that ended since `from`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn grave_incidents(&mut self, from: Timestamp) -> Result<(i64, Option<Timestamp>)> {
        let (open, last) = fetch_one!(self, (i64, Option<i64>), SELECT_GRAVE, from.millis())?;
        Ok((open, last.map(Timestamp::from_millis)))
    }

    /// Adds something that a market needs; false if it is on the list.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn insert_check(&mut self, row: &CheckRow) -> Result<bool> {
        let CheckRow { id, country_code, item, position, updated_at, updated_by, .. } = row;
        execute!(self, INSERT_CHECK, id, country_code, item, *position, updated_at.millis(), updated_by)
            .map(|n| n == 1)
    }

    /// Every list, by market.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn checks(&mut self) -> Result<Vec<CheckRow>> {
        fetch_all!(self, CheckRow, SELECT_CHECKS)
    }

    /// One line of a list.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn check(&mut self, id: &str) -> Result<Option<CheckRow>> {
        fetch_optional!(self, CheckRow, SELECT_CHECK, id)
    }

    /// Saves one line of a list.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn save_check(&mut self, row: &CheckRow) -> Result<()> {
        let CheckRow { id, owner, state, note, updated_at, updated_by, .. } = row;
        execute!(self, UPDATE_CHECK, owner, state, note, updated_at.millis(), updated_by, id).map(drop)
    }
}
