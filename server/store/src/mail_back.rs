//! Mail that came back, and the pauses it led to.

use domain::clock::Timestamp;

use crate::{Result, Tx};

statements! {
    INSERT_MAIL_BACK = "INSERT INTO mail_back (subscriber_id, kind, at) VALUES ($1, $2, $3) ON CONFLICT (subscriber_id, kind, at) DO NOTHING";
    COUNT_MAIL_BACK = "SELECT kind, COUNT(*) FROM mail_back WHERE at > $1 GROUP BY kind";
    DELETE_MAIL_BACK = "DELETE FROM mail_back WHERE at < $1";
    COUNT_MAILS_SENT = "SELECT COUNT(*) FROM (SELECT 1 AS one FROM deliveries WHERE finished_at > $1 AND channel = 'email'
        AND state IN ('delivered', 'dead') LIMIT $2) d";
    SELECT_MAIL_PAUSE = "SELECT paused_at, why FROM mail_pauses WHERE resumed_at IS NULL ORDER BY paused_at LIMIT 1";
    SELECT_RESUMED_AT = "SELECT COALESCE(MAX(resumed_at), 0) FROM mail_pauses";
    PAUSE_MAIL = "INSERT INTO mail_pauses (paused_at, why) VALUES ($1, $2) ON CONFLICT (paused_at) DO NOTHING";
    RESUME_MAIL = "UPDATE mail_pauses SET resumed_at = $1 WHERE resumed_at IS NULL";
}

/// Mail that is no news of an incident is held up.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct MailPauseRow {
    /// Since when.
    #[sqlx(try_from = "i64")]
    pub paused_at: Timestamp,
    /// The figures that led to it, in a sentence.
    pub why: String,
}

impl Tx {
    /// Notes that an address was lost: a `hard_bounce` or a `complaint`.
    pub async fn insert_mail_back(&mut self, subscriber_id: &str, kind: &str, at: Timestamp) -> Result<()> {
        execute!(self, INSERT_MAIL_BACK, subscriber_id, kind, at.millis()).map(drop)
    }

    /// Hard bounces and complaints after `from`.
    pub async fn count_mail_back(&mut self, from: Timestamp) -> Result<(i64, i64)> {
        let counts = fetch_all!(self, (String, i64), COUNT_MAIL_BACK, from.millis())?;
        let of = |kind: &str| counts.iter().find(|(k, _)| k == kind).map_or(0, |(_, n)| *n);
        Ok((of("hard_bounce"), of("complaint")))
    }

    /// Forgets what is older.
    pub async fn delete_mail_back(&mut self, before: Timestamp) -> Result<u64> {
        execute!(self, DELETE_MAIL_BACK, before.millis())
    }

    /// Mails that ended after `from`, taken or refused; counted to `limit` at most.
    pub async fn count_mails_sent(&mut self, from: Timestamp, limit: i64) -> Result<i64> {
        Ok(fetch_one!(self, (i64,), COUNT_MAILS_SENT, from.millis(), limit)?.0)
    }

    /// The pause that holds, if one does.
    pub async fn mail_pause(&mut self) -> Result<Option<MailPauseRow>> {
        fetch_optional!(self, MailPauseRow, SELECT_MAIL_PAUSE)
    }

    /// When somebody last ended a pause; the beginning of time if nobody ever did.
    pub async fn mail_resumed_at(&mut self) -> Result<Timestamp> {
        Ok(Timestamp::from_millis(fetch_one!(self, (i64,), SELECT_RESUMED_AT)?.0))
    }

    /// Holds up mail that is no news of an incident.
    pub async fn pause_mail(&mut self, at: Timestamp, why: &str) -> Result<()> {
        execute!(self, PAUSE_MAIL, at.millis(), why).map(drop)
    }

    /// Ends the pause; false if there is none.
    pub async fn resume_mail(&mut self, at: Timestamp) -> Result<bool> {
        execute!(self, RESUME_MAIL, at.millis()).map(|n| n > 0)
    }
}
