//! What a verdict does to the rows.

use delivery::{
    outcome::Outcome,
    schedule::{MAIL_SECS, next_delay},
};
use domain::clock::Timestamp;
use store::Tx;

use super::lane::{Channel, Claim, RELAY_PAUSE, Sent, Verdict};
use crate::{clock::random, commands::Refusal, state::App};

/// A delivery whose endpoint is busy comes back after this time, in milliseconds.
const BUSY_PAUSE: i64 = 250;

/// Records a verdict, if its claim still stands.
pub(super) async fn keep(
    tx: &mut Tx,
    app: &App,
    channel: Channel,
    sent: &Sent,
    now: Timestamp,
) -> Result<(), Refusal> {
    let (id, fence) = (sent.claim.row.id, sent.claim.fence.as_str());
    match &sent.verdict {
        Verdict::Skipped(why) => tx.finish_delivery(id, fence, "skipped", why, now).await.map(drop)?,
        Verdict::Superseded(why) => tx.finish_delivery(id, fence, "superseded", why, now).await.map(drop)?,
        Verdict::PutBack => tx.retry_delivery(id, fence, "", now.plus(BUSY_PAUSE), true).await.map(drop)?,
        Verdict::Tried(outcome) => tried(tx, app, channel, sent, outcome, now).await?,
    }
    Ok(())
}

async fn tried(
    tx: &mut Tx,
    app: &App,
    channel: Channel,
    sent: &Sent,
    outcome: &Outcome,
    now: Timestamp,
) -> Result<(), Refusal> {
    let Claim { row, fence, is_challenge } = &sent.claim;
    let (id, subscriber) = (row.id, row.subscriber_id.as_str());
    match outcome {
        Outcome::Delivered(answer) => {
            let is_mine = tx.finish_delivery(id, fence, "delivered", answer, now).await?;
            if is_mine && *is_challenge {
                tx.set_subscriber_state(subscriber, "confirmed", now).await?;
            }
        }
        Outcome::Unreachable(answer) => {
            tx.retry_delivery(id, fence, answer, now.plus(RELAY_PAUSE), true).await?;
        }
        Outcome::Retry { answer, after_ms } => {
            match delay(app, channel, sent, *after_ms) {
                Some(delay) => tx.retry_delivery(id, fence, answer, now.plus(delay), false).await?,
                None => tx.finish_delivery(id, fence, "dead", answer, now).await?,
            };
        }
        Outcome::Gone(answer) => {
            if tx.finish_delivery(id, fence, "dead", answer, now).await? {
                tx.set_subscriber_state(subscriber, "disabled", now).await?;
                tx.skip_deliveries(subscriber, now).await?;
            }
        }
        Outcome::Dead(answer) => {
            tx.finish_delivery(id, fence, "dead", answer, now).await?;
        }
    }
    Ok(())
}

fn delay(app: &App, channel: Channel, sent: &Sent, asked: Option<i64>) -> Option<i64> {
    // An endpoint is asked once whether it wants our messages: silence is a no.
    if sent.claim.is_challenge {
        return None;
    }
    let schedule = match channel {
        Channel::Email => &MAIL_SECS[..],
        Channel::Webhook => &app.config.webhook.schedule_secs,
    };
    next_delay(schedule, sent.claim.row.attempts, u32::from_be_bytes(random()), asked)
}
