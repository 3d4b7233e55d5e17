//! Days on which mail to an address came back for now.

use domain::clock::Timestamp;

use crate::{Result, Tx};

statements! {
    INSERT_SOFT_BOUNCE = "INSERT INTO soft_bounces (subscriber_id, day_at) VALUES ($1, $2) ON CONFLICT (subscriber_id, day_at) DO NOTHING";
    COUNT_SOFT_BOUNCES = "SELECT COUNT(*) FROM soft_bounces WHERE subscriber_id = $1 AND day_at > $2";
    DELETE_SOFT_BOUNCES = "DELETE FROM soft_bounces WHERE day_at < $1";
}

impl Tx {
    /// Notes that mail came back for now on this day, and counts such days after `from`.
    pub async fn note_soft_bounce(
        &mut self,
        subscriber_id: &str,
        at: Timestamp,
        from: Timestamp,
    ) -> Result<i64> {
        execute!(self, INSERT_SOFT_BOUNCE, subscriber_id, at.utc_day_start().millis())?;
        Ok(fetch_one!(self, (i64,), COUNT_SOFT_BOUNCES, subscriber_id, from.millis())?.0)
    }

    /// Forgets what is older.
    pub async fn delete_soft_bounces(&mut self, before: Timestamp) -> Result<u64> {
        execute!(self, DELETE_SOFT_BOUNCES, before.millis())
    }
}
