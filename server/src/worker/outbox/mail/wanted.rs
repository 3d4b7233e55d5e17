//! Whether a claimed mail is still to be sent.

use std::collections::HashMap;

use domain::clock::{DAY, MINUTE, Timestamp};
use store::{ClaimedMail, OutboxRow, Tx};

use super::Verdict;
use crate::{commands::Refusal, worker::outbox::told::is_news};

/// A mail that waited longer asks whether there is newer news.
const LATE: i64 = MINUTE;

/// Why a mail is not sent after all; `newest`: of [`newest_sequences`].
pub(super) fn unwanted(
    claim: &ClaimedMail,
    notice: &OutboxRow,
    newest: i64,
    now: Timestamp,
) -> Option<Verdict> {
    let fits = match notice.kind.as_str() {
        "confirmation" => claim.state == "pending",
        "endpoint_disabled" => claim.state == "disabled",
        _ => claim.state == "confirmed",
    };
    if !fits {
        return Some(Verdict::Skipped(format!("the subscriber is {}", claim.state)));
    }
    if is_news(&notice.kind) && claim.paused_until_at.is_some_and(|until| until > now.millis()) {
        return Some(Verdict::Skipped("the subscriber has paused".into()));
    }
    if now.since(claim.created_at) > DAY {
        return Some(Verdict::Superseded("it is more than a day old"));
    }
    (notice.kind == "incident_update" && newest > notice.sequence)
        .then_some(Verdict::Superseded("a newer update has been published"))
}

/// For mails that are tried again or late (one that was put back has no attempt to show): the newest sequence of the
/// incident that each tells of, by notice.
pub(super) async fn newest_sequences(
    tx: &mut Tx,
    claimed: &[ClaimedMail],
    now: Timestamp,
) -> Result<HashMap<String, i64>, Refusal> {
    let mut newest = HashMap::new();
    for mail in claimed.iter().filter(|c| c.attempts > 1 || now.since(c.created_at) > LATE) {
        if newest.contains_key(&mail.event_id) {
            continue;
        }
        let incident = tx.outbox(&mail.event_id).await?.and_then(|o| o.incident_id);
        let sequence = match incident {
            Some(id) => tx.newest_sequence(&id).await?,
            None => 0,
        };
        newest.insert(mail.event_id.clone(), sequence);
    }
    Ok(newest)
}
