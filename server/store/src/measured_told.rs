//! What automation changed, and how far it has been told.

use domain::{clock::Timestamp, status::CellStatus};

use crate::{CellChangeRow, RecipientRow, Result, SubscriberRow, Tx};

statements! {
    SELECT_MEASURED_TOLD = "SELECT cell_change_id, looked_at, held_at, held_why, resumed_at FROM measured_told WHERE id = 1";
    MOVE_MEASURED_TOLD = "UPDATE measured_told SET cell_change_id = $1, looked_at = $2 WHERE id = 1";
    HOLD_MEASURED = "UPDATE measured_told SET held_at = $1, held_why = $2 WHERE id = 1 AND held_at IS NULL";
    RESUME_MEASURED = "UPDATE measured_told SET held_at = NULL, held_why = '', resumed_at = $1 WHERE id = 1 AND held_at IS NOT NULL";
    SELECT_CELL_CHANGE = "SELECT id, cell_id, at, from_status, to_status, basis, is_automatic, cause, incident_id
        FROM cell_changes WHERE id = $1";
    SELECT_AUTOMATIC_CHANGES = "SELECT id, cell_id, at, from_status, to_status, basis, is_automatic, cause, incident_id
        FROM cell_changes WHERE is_automatic = TRUE AND id > $1 AND id <= $2 AND at >= $3 ORDER BY id";
    NEWEST_AUTOMATIC_CHANGE = "SELECT COALESCE(MAX(id), 0) FROM cell_changes WHERE is_automatic = TRUE AND id > $1";
    OLDEST_AUTOMATIC_CHANGE = "SELECT COALESCE(MIN(at), 0) FROM cell_changes WHERE is_automatic = TRUE AND id > $1";
    COUNT_MEASURED_HOOKS = "SELECT COUNT(*) FROM subscribers WHERE channel = 'webhook' AND state = 'confirmed'
        AND scope LIKE '%\"tells_measured\":true%'";
    SELECT_MEASURED_HOOKS = "SELECT id, channel, scope, time_zone, paused_until_at, partner_id FROM subscribers
        WHERE channel = 'webhook' AND state = 'confirmed' AND confirmed_at <= $1 AND id > $2
        AND scope LIKE '%\"tells_measured\":true%' ORDER BY id LIMIT $3";
    COUNT_MEASURED_READERS = "SELECT COUNT(*) FROM subscribers WHERE state = 'confirmed' AND channel <> 'webhook'
        AND scope LIKE '%\"tells_measured\":true%'";
    SELECT_MEASURED_READERS = "SELECT * FROM subscribers WHERE state = 'confirmed' AND channel <> 'webhook' AND id > $1
        AND scope LIKE '%\"tells_measured\":true%' ORDER BY id LIMIT $2";
    COUNT_WAITING_READERS = "SELECT COUNT(*) FROM subscribers WHERE state = 'confirmed' AND channel <> 'webhook'
        AND scope LIKE '%\"tells_measured\":true%' AND measured_seen_id < $1";
    SET_MEASURED_SEEN = "UPDATE subscribers SET measured_seen_id = $1 WHERE id = $2";
    COUNT_DIGESTS = "SELECT COUNT(*) FROM outbox WHERE kind = 'measured_digest' AND created_at > $1";
    COUNT_DIGESTS_TO = "SELECT COUNT(*) FROM outbox WHERE kind = 'measured_digest' AND subscriber_id = $1 AND created_at > $2";
}

/// How far automatic changes have been told.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct MeasuredToldRow {
    /// Every change up to this one has been looked at.
    pub cell_change_id: i64,
    /// When readers were last looked at.
    #[sqlx(try_from = "i64")]
    pub looked_at: Timestamp,
    /// Nothing automatic leaves since then, in milliseconds.
    pub held_at: Option<i64>,
    /// Why, in a sentence.
    pub held_why: String,
    /// When somebody last let it leave again; the beginning of time if nobody ever did.
    #[sqlx(try_from = "i64")]
    pub resumed_at: Timestamp,
}

/// What a cell showed before and after some changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NetChange {
    /// The cell.
    pub cell_id: String,
    /// Before the first.
    pub from: CellStatus,
    /// After the last.
    pub to: CellStatus,
    /// What the last rests on, one sentence.
    pub cause: String,
    /// When the last was.
    pub at: Timestamp,
}

/// What changes, oldest first, come to per cell; what is as it was before is left out. In the order of the first.
#[must_use]
pub fn net(changes: &[CellChangeRow]) -> Vec<NetChange> {
    let mut out: Vec<NetChange> = Vec::new();
    for change in changes {
        match out.iter_mut().find(|n| n.cell_id == change.cell_id) {
            Some(known) => {
                (known.to, known.at) = (change.to_status, change.at);
                known.cause.clone_from(&change.cause);
            }
            None => out.push(NetChange {
                cell_id: change.cell_id.clone(),
                from: change.from_status,
                to: change.to_status,
                cause: change.cause.clone(),
                at: change.at,
            }),
        }
    }
    out.retain(|n| n.from != n.to);
    out
}

impl Tx {
    /// How far automatic changes have been told.
    pub async fn measured_told(&mut self) -> Result<MeasuredToldRow> {
        fetch_one!(self, MeasuredToldRow, SELECT_MEASURED_TOLD)
    }

    /// Every change up to this one has been looked at, at `now`.
    pub async fn move_measured_told(&mut self, change_id: i64, now: Timestamp) -> Result<()> {
        execute!(self, MOVE_MEASURED_TOLD, change_id, now.millis()).map(drop)
    }

    /// Lets nothing automatic leave; false if it does not already.
    pub async fn hold_measured(&mut self, at: Timestamp, why: &str) -> Result<bool> {
        execute!(self, HOLD_MEASURED, at.millis(), why).map(|n| n == 1)
    }

    /// Lets it leave again; false if it did.
    pub async fn resume_measured(&mut self, at: Timestamp) -> Result<bool> {
        execute!(self, RESUME_MEASURED, at.millis()).map(|n| n == 1)
    }

    /// One change of a cell.
    pub async fn cell_change(&mut self, id: i64) -> Result<Option<CellChangeRow>> {
        fetch_optional!(self, CellChangeRow, SELECT_CELL_CHANGE, id)
    }

    /// Automatic changes with an id above `after` up to `last`, since `from`, oldest first.
    pub async fn automatic_changes(
        &mut self,
        after: i64,
        last: i64,
        from: Timestamp,
    ) -> Result<Vec<CellChangeRow>> {
        fetch_all!(self, CellChangeRow, SELECT_AUTOMATIC_CHANGES, after, last, from.millis())
    }

    /// The newest automatic change above `after` and when the oldest was; none: there is none.
    pub async fn untold_changes(&mut self, after: i64) -> Result<Option<(i64, Timestamp)>> {
        let (newest,) = fetch_one!(self, (i64,), NEWEST_AUTOMATIC_CHANGE, after)?;
        if newest == 0 {
            return Ok(None);
        }
        let (oldest,) = fetch_one!(self, (i64,), OLDEST_AUTOMATIC_CHANGE, after)?;
        Ok(Some((newest, Timestamp::from_millis(oldest))))
    }

    /// Whether any endpoint asked for automatic changes.
    pub async fn has_measured_hooks(&mut self) -> Result<bool> {
        Ok(fetch_one!(self, (i64,), COUNT_MEASURED_HOOKS)?.0 > 0)
    }

    /// Endpoints that asked for automatic changes, as [`Tx::recipients`].
    pub async fn measured_hooks(
        &mut self,
        by: Timestamp,
        cursor: &str,
        limit: i64,
    ) -> Result<Vec<RecipientRow>> {
        fetch_all!(self, RecipientRow, SELECT_MEASURED_HOOKS, by.millis(), cursor, limit)
    }

    /// How many people asked for digests of automatic changes, by mail or chat.
    pub async fn count_measured_readers(&mut self) -> Result<i64> {
        Ok(fetch_one!(self, (i64,), COUNT_MEASURED_READERS)?.0)
    }

    /// Whether any of them has not been told of every change up to this one.
    pub async fn has_waiting_readers(&mut self, change_id: i64) -> Result<bool> {
        Ok(fetch_one!(self, (i64,), COUNT_WAITING_READERS, change_id)?.0 > 0)
    }

    /// Those people, after `cursor`.
    pub async fn measured_readers(&mut self, cursor: &str, limit: i64) -> Result<Vec<SubscriberRow>> {
        fetch_all!(self, SubscriberRow, SELECT_MEASURED_READERS, cursor, limit)
    }

    /// A subscriber has been told of every automatic change up to this one.
    pub async fn set_measured_seen(&mut self, subscriber_id: &str, change_id: i64) -> Result<()> {
        execute!(self, SET_MEASURED_SEEN, change_id, subscriber_id).map(drop)
    }

    /// Digests written after `from`, to everybody.
    pub async fn count_digests(&mut self, from: Timestamp) -> Result<i64> {
        Ok(fetch_one!(self, (i64,), COUNT_DIGESTS, from.millis())?.0)
    }

    /// Digests written after `from`, to one subscriber.
    pub async fn count_digests_to(&mut self, subscriber_id: &str, from: Timestamp) -> Result<i64> {
        Ok(fetch_one!(self, (i64,), COUNT_DIGESTS_TO, subscriber_id, from.millis())?.0)
    }
}
