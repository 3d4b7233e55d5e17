//! What clocks tell the people who must act: in the console, and by mail.

use domain::clock::Timestamp;

use crate::{Result, Tx};

statements! {
    INSERT_REMINDER = "INSERT INTO reminders (id, incident_id, clock_id, alert, user_id, words, at, mail_state, next_attempt_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $7) ON CONFLICT (clock_id, alert, user_id) DO NOTHING";
    SELECT_REMINDERS = "SELECT * FROM reminders WHERE user_id = $1 AND seen_at IS NULL
        AND clock_id IN (SELECT id FROM clocks WHERE state = 'running') ORDER BY at DESC, id LIMIT 20";
    SELECT_INCIDENT_REMINDERS = "SELECT * FROM reminders WHERE incident_id = $1 ORDER BY at, id";
    SEE_REMINDERS = "UPDATE reminders SET seen_at = $1 WHERE user_id = $2 AND incident_id = $3 AND seen_at IS NULL";
    CLAIM_REMINDER {
        sqlite = "UPDATE reminders SET mail_state = 'leased', fence = $1, attempts = attempts + 1, next_attempt_at = $2
            WHERE id = (SELECT id FROM reminders WHERE mail_state IN ('queued', 'leased') AND next_attempt_at <= $3
                ORDER BY next_attempt_at LIMIT 1) RETURNING *",
        postgres = "UPDATE reminders SET mail_state = 'leased', fence = $1, attempts = attempts + 1, next_attempt_at = $2
            WHERE id = (SELECT id FROM reminders WHERE mail_state IN ('queued', 'leased') AND next_attempt_at <= $3
                ORDER BY next_attempt_at LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING *"
    };
    KEEP_REMINDER = "UPDATE reminders SET mail_state = $1, next_attempt_at = $2 WHERE id = $3 AND fence = $4";
}

/// A row of `reminders`.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct ReminderRow {
    /// Public id.
    pub id: String,
    /// About which incident.
    pub incident_id: String,
    /// Which clock.
    pub clock_id: String,
    /// 0 before, 1 due, 2 and more: escalations.
    pub alert: i64,
    /// To whom.
    pub user_id: String,
    /// What it says, on one line.
    pub words: String,
    /// When it was given.
    #[sqlx(try_from = "i64")]
    pub at: Timestamp,
    /// When its person opened the incident, in milliseconds.
    pub seen_at: Option<i64>,
    /// `queued`, `leased`, `delivered`, `dead`, or `none`: no relay is configured.
    pub mail_state: String,
    /// Tries so far.
    pub attempts: i64,
    /// Of the claim.
    pub fence: Option<String>,
}

impl Tx {
    /// Reminds somebody, once per clock and alert.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn insert_reminder(&mut self, row: &ReminderRow) -> Result<()> {
        execute!(
            self,
            INSERT_REMINDER,
            &row.id,
            &row.incident_id,
            &row.clock_id,
            row.alert,
            &row.user_id,
            &row.words,
            row.at.millis(),
            &row.mail_state,
        )
        .map(drop)
    }

    /// What somebody has not seen yet of clocks that still run, newest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn reminders(&mut self, user_id: &str) -> Result<Vec<ReminderRow>> {
        fetch_all!(self, ReminderRow, SELECT_REMINDERS, user_id)
    }

    /// Every reminder about an incident, oldest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn incident_reminders(&mut self, incident_id: &str) -> Result<Vec<ReminderRow>> {
        fetch_all!(self, ReminderRow, SELECT_INCIDENT_REMINDERS, incident_id)
    }

    /// Somebody has opened the incident.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn see_reminders(&mut self, user_id: &str, incident_id: &str, now: Timestamp) -> Result<()> {
        execute!(self, SEE_REMINDERS, now.millis(), user_id, incident_id).map(drop)
    }

    /// A reminder whose mail is due, leased until `until`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn claim_reminder(
        &mut self,
        fence: &str,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<Option<ReminderRow>> {
        fetch_optional!(self, ReminderRow, CLAIM_REMINDER, fence, until.millis(), now.millis())
    }

    /// Keeps what became of a claimed mail: `delivered`, `dead`, or `queued` until `next`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn keep_reminder(&mut self, row: &ReminderRow, state: &str, next: Timestamp) -> Result<()> {
        execute!(self, KEEP_REMINDER, state, next.millis(), &row.id, &row.fence).map(drop)
    }
}
