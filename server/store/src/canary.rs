//! Canary against baseline: counts, verdicts, and the endpoints that hear of them.

use domain::{
    clock::Timestamp,
    component::Step,
    telemetry::{canary::Arm, lifecycle::step_sla},
};

use crate::{Result, SubscriberRow, Tx};

statements! {
    COUNT_CANARY = "SELECT COUNT(*), CAST(COALESCE(SUM(CASE WHEN t.left_at IS NOT NULL AND (t.entry_at IS NULL OR t.left_at - t.entry_at <= $6) THEN 1
        WHEN t.left_at IS NULL AND t.end_at IS NULL AND t.is_passed = 1 THEN 1 ELSE 0 END), 0) AS BIGINT) FROM (
        SELECT CASE CAST($1 AS TEXT) WHEN 'download' THEN issued_at WHEN 'enable' THEN downloaded_at ELSE requested_at END AS entry_at,
            CASE CAST($1 AS TEXT) WHEN 'issue' THEN issued_at WHEN 'download' THEN downloaded_at ELSE enabled_at END AS left_at,
            CASE WHEN failed_step = $1 OR CAST($1 AS TEXT) = 'journey' THEN failed_at END AS end_at,
            CASE WHEN CAST($1 AS TEXT) = 'issue' AND (downloaded_at IS NOT NULL OR enabled_at IS NOT NULL) THEN 1
                WHEN CAST($1 AS TEXT) = 'download' AND enabled_at IS NOT NULL THEN 1 ELSE 0 END AS is_passed
        FROM activations WHERE cohort = 'canary' AND received_at >= $2 AND is_live = TRUE AND (CAST($5 AS TEXT) = '' OR country_code = $5)
            AND (CAST($1 AS TEXT) <> 'journey' OR requested_at IS NOT NULL)
            AND (is_download_only = FALSE OR CAST($1 AS TEXT) = 'download' OR (CAST($1 AS TEXT) = 'enable' AND enabled_at IS NOT NULL))) t
        WHERE COALESCE(t.entry_at, t.left_at, t.end_at) >= $3 AND COALESCE(t.entry_at, t.left_at, t.end_at) < $4";
    COUNT_ALL = "SELECT CAST(COALESCE(SUM(entered), 0) AS BIGINT), CAST(COALESCE(SUM(succeeded), 0) AS BIGINT) FROM rollups
        WHERE width_secs = $1 AND bucket_at >= $2 AND bucket_at < $3 AND step = $4 AND (CAST($5 AS TEXT) = '' OR country_code = $5) AND is_live = TRUE";
    SAVE_CANARY_VERDICT = "INSERT INTO canary_verdicts (scope, verdict, since_at, next_verdict, next_times, comparison, policy_version, from_at,
        to_at, judged_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (scope) DO UPDATE SET verdict = excluded.verdict,
        since_at = excluded.since_at, next_verdict = excluded.next_verdict, next_times = excluded.next_times,
        comparison = excluded.comparison, policy_version = excluded.policy_version, from_at = excluded.from_at, to_at = excluded.to_at,
        judged_at = excluded.judged_at";
    SELECT_CANARY_VERDICTS = "SELECT * FROM canary_verdicts ORDER BY scope";
    DELETE_CANARY_VERDICT = "DELETE FROM canary_verdicts WHERE scope = $1";
    INSERT_CANARY_CHANGE = "INSERT INTO canary_changes (event_id, scope, at, body) VALUES ($1, $2, $3, $4)";
    SELECT_CANARY_CHANGE = "SELECT * FROM canary_changes WHERE event_id = $1";
    SELECT_CANARY_CHANGES = "SELECT * FROM canary_changes ORDER BY at DESC, event_id LIMIT $1";
    MARK_CANARY_ENDPOINT = "INSERT INTO canary_endpoints (subscriber_id, marked_at, marked_by) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
    UNMARK_CANARY_ENDPOINT = "DELETE FROM canary_endpoints WHERE subscriber_id = $1";
    SELECT_CANARY_ENDPOINTS = "SELECT s.id FROM canary_endpoints e JOIN subscribers s ON s.id = e.subscriber_id
        WHERE s.channel = 'webhook' AND s.state = 'confirmed' ORDER BY s.id";
    SELECT_ENDPOINTS = "SELECT * FROM subscribers WHERE channel = 'webhook' AND state = 'confirmed' AND partner_id IS NULL
        ORDER BY created_at DESC, id LIMIT $1";
}

/// A row of `canary_verdicts`.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct CanaryVerdictRow {
    /// Slug of [`domain::telemetry::rule::PolicyScope`].
    pub scope: String,
    /// The verdict that was published last: `expand`, `hold` or `roll_back`.
    pub verdict: String,
    /// Since when.
    #[sqlx(try_from = "i64")]
    pub since_at: Timestamp,
    /// What the newest comparison says.
    pub next_verdict: String,
    /// How often in a row.
    pub next_times: i64,
    /// JSON of [`domain::telemetry::canary::Comparison`].
    pub comparison: String,
    /// Under which version of the policy.
    pub policy_version: i64,
    /// What was compared began then.
    #[sqlx(try_from = "i64")]
    pub from_at: Timestamp,
    /// And ended then.
    #[sqlx(try_from = "i64")]
    pub to_at: Timestamp,
    /// When it was compared.
    #[sqlx(try_from = "i64")]
    pub judged_at: Timestamp,
}

/// A change of a verdict, as it was published.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct CanaryChangeRow {
    /// Of its outbox row.
    pub event_id: String,
    /// Slug of the scope.
    pub scope: String,
    /// When.
    #[sqlx(try_from = "i64")]
    pub at: Timestamp,
    /// JSON: what endpoints are sent.
    pub body: String,
}

impl Tx {
    /// Canary and baseline of a step, in one country or everywhere, among live activations that entered it from `from` to
    /// `to`; both must lie on borders of rollups `width_secs` wide, and every SLA must have run out. The canary is
    /// counted by its own index, the baseline is everything else of the rollups.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn cohort_counts(
        &mut self,
        (step, country): (Step, Option<&str>),
        width_secs: i64,
        (from, to): (Timestamp, Timestamp),
    ) -> Result<(Arm, Arm)> {
        let country = country.unwrap_or_default();
        // An event may be up to a minute ahead of its arrival.
        let heard = from.plus(-60_000).millis();
        let (from, to, sla) = (from.millis(), to.millis(), step_sla(step));
        let (samples, succeeded) =
            fetch_one!(self, (i64, i64), COUNT_CANARY, step.slug(), heard, from, to, country, sla)?;
        let (all, good) =
            fetch_one!(self, (i64, i64), COUNT_ALL, width_secs, from, to, step.slug(), country)?;
        let baseline = Arm { samples: (all - samples).max(0), succeeded: (good - succeeded).max(0) };
        Ok((Arm { samples, succeeded }, baseline))
    }

    /// Saves the newest comparison of a scope.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn save_canary_verdict(&mut self, row: &CanaryVerdictRow) -> Result<()> {
        execute!(
            self,
            SAVE_CANARY_VERDICT,
            &row.scope,
            &row.verdict,
            row.since_at.millis(),
            &row.next_verdict,
            row.next_times,
            &row.comparison,
            row.policy_version,
            row.from_at.millis(),
            row.to_at.millis(),
            row.judged_at.millis(),
        )
        .map(drop)
    }

    /// The newest comparison of every scope.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn canary_verdicts(&mut self) -> Result<Vec<CanaryVerdictRow>> {
        fetch_all!(self, CanaryVerdictRow, SELECT_CANARY_VERDICTS)
    }

    /// Forgets a scope that is compared no more.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn delete_canary_verdict(&mut self, scope: &str) -> Result<()> {
        execute!(self, DELETE_CANARY_VERDICT, scope).map(drop)
    }

    /// Keeps a change of a verdict, with its outbox row.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn insert_canary_change(&mut self, row: &CanaryChangeRow) -> Result<()> {
        execute!(self, INSERT_CANARY_CHANGE, &row.event_id, &row.scope, row.at.millis(), &row.body).map(drop)
    }

    /// The change that a notice tells.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn canary_change(&mut self, event_id: &str) -> Result<Option<CanaryChangeRow>> {
        fetch_optional!(self, CanaryChangeRow, SELECT_CANARY_CHANGE, event_id)
    }

    /// Changes of verdicts, the newest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn canary_changes(&mut self, limit: i64) -> Result<Vec<CanaryChangeRow>> {
        fetch_all!(self, CanaryChangeRow, SELECT_CANARY_CHANGES, limit)
    }

    /// Chooses an endpoint for verdicts, or (false) chooses it no more.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn mark_canary_endpoint(
        &mut self,
        subscriber_id: &str,
        (now, by): (Timestamp, &str),
        is_marked: bool,
    ) -> Result<()> {
        if is_marked {
            execute!(self, MARK_CANARY_ENDPOINT, subscriber_id, now.millis(), by).map(drop)
        } else {
            execute!(self, UNMARK_CANARY_ENDPOINT, subscriber_id).map(drop)
        }
    }

    /// Ids of the chosen endpoints that are confirmed.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn canary_endpoints(&mut self) -> Result<Vec<String>> {
        Ok(fetch_all!(self, (String,), SELECT_CANARY_ENDPOINTS)?.into_iter().map(|(id,)| id).collect())
    }

    /// Webhooks that may be chosen, the newest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn endpoints(&mut self, limit: i64) -> Result<Vec<SubscriberRow>> {
        fetch_all!(self, SubscriberRow, SELECT_ENDPOINTS, limit)
    }
}
