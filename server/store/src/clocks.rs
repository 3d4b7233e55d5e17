//! Clocks of incidents.

use domain::{
    clock::Timestamp,
    severity::Severity,
    sla::clock::{Clock, ClockKind, ClockState},
};

use crate::{Result, Tx};

statements! {
    UPSERT_CLOCK = "INSERT INTO clocks (id, incident_id, kind, state, severity, started_at, due_at, stopped_at, late_ms,
        breached_at, reason, subject, alerts, alert_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
        ON CONFLICT (id) DO UPDATE SET state = excluded.state, stopped_at = excluded.stopped_at,
        late_ms = excluded.late_ms, breached_at = excluded.breached_at, reason = excluded.reason,
        alerts = excluded.alerts, alert_at = excluded.alert_at";
    SELECT_CLOCKS = "SELECT * FROM clocks WHERE incident_id = $1 ORDER BY due_at, id";
    SELECT_RUNNING_CLOCKS = "SELECT * FROM clocks WHERE state = 'running' ORDER BY due_at, id";
    SELECT_CADENCE_CLOCKS = "SELECT * FROM clocks WHERE kind = 'next_update' AND due_at >= $1
        AND incident_id IN (SELECT id FROM incidents WHERE is_rehearsal = FALSE AND is_backfilled = FALSE AND is_public = TRUE)";
    CLAIM_ALERTING_CLOCKS {
        sqlite = "SELECT * FROM clocks WHERE state = 'running' AND alert_at <= $1 ORDER BY alert_at LIMIT $2",
        postgres = "SELECT * FROM clocks WHERE state = 'running' AND alert_at <= $1 ORDER BY alert_at LIMIT $2
            FOR UPDATE SKIP LOCKED"
    };
    CLAIM_DUE_CLOCKS {
        sqlite = "SELECT * FROM clocks WHERE state = 'running' AND breached_at IS NULL AND due_at < $1 ORDER BY due_at LIMIT $2",
        postgres = "SELECT * FROM clocks WHERE state = 'running' AND breached_at IS NULL AND due_at < $1 ORDER BY due_at LIMIT $2
            FOR UPDATE SKIP LOCKED"
    };
}

/// A row of `clocks`.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct ClockRow {
    /// Public id.
    pub id: String,
    /// Its incident.
    pub incident_id: String,
    #[sqlx(try_from = "String")]
    kind: ClockKind,
    #[sqlx(try_from = "String")]
    state: ClockState,
    #[sqlx(try_from = "i64")]
    severity: Severity,
    #[sqlx(try_from = "i64")]
    started_at: Timestamp,
    #[sqlx(try_from = "i64")]
    due_at: Timestamp,
    stopped_at: Option<i64>,
    late_ms: Option<i64>,
    breached_at: Option<i64>,
    reason: Option<String>,
    subject: String,
    alerts: i64,
    alert_at: Option<i64>,
}

impl From<ClockRow> for Clock {
    fn from(row: ClockRow) -> Self {
        Self {
            id: row.id,
            kind: row.kind,
            state: row.state,
            severity: row.severity,
            started_at: row.started_at,
            due_at: row.due_at,
            stopped_at: row.stopped_at.map(Timestamp::from_millis),
            late_ms: row.late_ms,
            breached_at: row.breached_at.map(Timestamp::from_millis),
            reason: row.reason,
            subject: row.subject,
            alerts: u32::try_from(row.alerts).unwrap_or(0),
            alert_at: row.alert_at.map(Timestamp::from_millis),
        }
    }
}

impl Tx {
    /// Saves a clock.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn save_clock(&mut self, incident_id: &str, clock: &Clock) -> Result<()> {
        execute!(
            self,
            UPSERT_CLOCK,
            &clock.id,
            incident_id,
            clock.kind.slug(),
            clock.state.slug(),
            clock.severity.number(),
            clock.started_at.millis(),
            clock.due_at.millis(),
            clock.stopped_at.map(Timestamp::millis),
            clock.late_ms,
            clock.breached_at.map(Timestamp::millis),
            &clock.reason,
            &clock.subject,
            i64::from(clock.alerts),
            clock.alert_at.map(Timestamp::millis),
        )
        .map(drop)
    }

    /// The clocks of one incident, soonest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn clocks(&mut self, incident_id: &str) -> Result<Vec<Clock>> {
        Ok(fetch_all!(self, ClockRow, SELECT_CLOCKS, incident_id)?.into_iter().map(Clock::from).collect())
    }

    /// Every running clock with its incident, soonest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn running_clocks(&mut self) -> Result<Vec<(String, Clock)>> {
        let rows = fetch_all!(self, ClockRow, SELECT_RUNNING_CLOCKS)?;
        Ok(rows.into_iter().map(|r| (r.incident_id.clone(), r.into())).collect())
    }

    /// The *next update* clocks that fall due after `from`: what the ledger counts.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn cadence_clocks(&mut self, from: Timestamp) -> Result<Vec<Clock>> {
        Ok(fetch_all!(self, ClockRow, SELECT_CADENCE_CLOCKS, from.millis())?
            .into_iter()
            .map(Clock::from)
            .collect())
    }

    /// Running clocks whose next alert is due; on PostgreSQL other workers skip them until commit.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn claim_alerting_clocks(
        &mut self,
        now: Timestamp,
        limit: i64,
    ) -> Result<Vec<(String, Clock)>> {
        let rows = fetch_all!(self, ClockRow, CLAIM_ALERTING_CLOCKS, now.millis(), limit)?;
        Ok(rows.into_iter().map(|r| (r.incident_id.clone(), r.into())).collect())
    }

    /// Running clocks past due whose miss is not on record yet; on PostgreSQL other workers skip them until commit.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn claim_due_clocks(&mut self, now: Timestamp, limit: i64) -> Result<Vec<(String, Clock)>> {
        let rows = fetch_all!(self, ClockRow, CLAIM_DUE_CLOCKS, now.millis(), limit)?;
        Ok(rows.into_iter().map(|r| (r.incident_id.clone(), r.into())).collect())
    }
}
