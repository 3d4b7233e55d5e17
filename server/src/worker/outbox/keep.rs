//! What a verdict does to the rows.

use delivery::{
    outcome::Outcome,
    schedule::{MAIL_SECS, next_delay},
};
use domain::clock::Timestamp;
use store::{DeliveryAttemptRow, Tx};

use super::{
    journal,
    lane::{Claim, Sent, Verdict},
    mail::{self, Done},
};
use crate::{
    clock::random,
    commands::{
        Ctx, Refusal,
        subscribe::{bounces, endpoints, mail_pause},
    },
    state::App,
};

/// Records verdicts, where their claims still stand: of what was taken in a statement for all, of the rest one by one.
pub(super) async fn keep(tx: &mut Tx, app: &App, sent: &[Sent], now: Timestamp) -> Result<(), Refusal> {
    let all: Vec<(&Sent, &str)> = sent.iter().filter_map(|s| Some((s, taken(s)?))).collect();
    if !all.is_empty() {
        let ended: Vec<_> = all
            .iter()
            .map(|(s, answer)| journal::taken(s.claim.row.id, &s.claim.fence, answer, now, Some(s.took_ms)))
            .collect();
        tx.finish_delivered(&ended).await?;
        let failed = |s: &&(&Sent, &str)| s.0.claim.has_failed;
        let ids: Vec<&str> = all.iter().filter(failed).map(|(s, _)| &*s.claim.row.subscriber_id).collect();
        if !ids.is_empty() {
            tx.note_all_working(&ids).await?;
        }
    }
    for sent in sent.iter().filter(|s| taken(s).is_none()) {
        one(tx, app, sent, now).await?;
    }
    Ok(())
}

/// The answer to a message that was taken and is no challenge.
fn taken(sent: &Sent) -> Option<&str> {
    match &sent.verdict {
        Verdict::Tried(Outcome::Delivered(answer)) if !sent.claim.is_challenge => Some(answer),
        _ => None,
    }
}

async fn one(tx: &mut Tx, app: &App, sent: &Sent, now: Timestamp) -> Result<(), Refusal> {
    let (id, fence) = (sent.claim.row.id, &*sent.claim.fence);
    match &sent.verdict {
        Verdict::Skipped(why) => tx.finish_delivery(id, fence, "skipped", why, now).await.map(drop)?,
        Verdict::Held => tx.finish_delivery(id, fence, "held", "", now).await.map(drop)?,
        Verdict::PutBack(after) => {
            tx.retry_delivery(id, fence, "", now.plus(*after), true).await.map(drop)?
        }
        Verdict::Tried(outcome) => tried(tx, app, sent, outcome, now).await?,
    }
    Ok(())
}

async fn tried(
    tx: &mut Tx,
    app: &App,
    sent: &Sent,
    outcome: &Outcome,
    now: Timestamp,
) -> Result<(), Refusal> {
    let Claim { row, fence, is_challenge, .. } = &sent.claim;
    let (id, subscriber) = (row.id, row.subscriber_id.as_str());
    let is_delivered = matches!(outcome, Outcome::Delivered(_));
    let attempt = DeliveryAttemptRow {
        delivery_id: id,
        at: now,
        took_ms: sent.took_ms,
        is_delivered,
        answer: outcome.answer().to_owned(),
    };
    tx.insert_delivery_attempt(subscriber, &attempt).await?;
    let ctx = Ctx::system(now);
    match outcome {
        Outcome::Delivered(answer) => {
            let is_mine = tx.finish_delivery(id, fence, "delivered", answer, now).await?;
            if is_mine && *is_challenge {
                tx.set_subscriber_state(subscriber, "confirmed", now).await?;
            }
            tx.note_working(subscriber).await?;
        }
        Outcome::Gone(answer) => {
            if tx.finish_delivery(id, fence, "dead", answer, now).await? {
                endpoints::disable(tx, &ctx, subscriber, "it answered that it is gone (410)").await?;
            }
        }
        Outcome::Dead(answer) | Outcome::Bounced(answer) => {
            if tx.finish_delivery(id, fence, "dead", answer, now).await? && *is_challenge {
                endpoints::unanswered(tx, &ctx, subscriber).await?;
            }
        }
        Outcome::Unreachable(answer) | Outcome::Busy(answer) | Outcome::Retry { answer, .. } => {
            let asked = if let Outcome::Retry { after_ms, .. } = outcome { *after_ms } else { None };
            let delay = delay(app, sent, asked);
            let is_mine = match delay {
                Some(delay) => tx.retry_delivery(id, fence, answer, now.plus(delay), false).await?,
                None => tx.finish_delivery(id, fence, "dead", answer, now).await?,
            };
            if is_mine && *is_challenge {
                endpoints::unanswered(tx, &ctx, subscriber).await?;
            } else if is_mine {
                endpoints::failed(tx, &ctx, subscriber, delay.is_none()).await?;
            }
        }
    }
    Ok(())
}

fn delay(app: &App, sent: &Sent, asked: Option<i64>) -> Option<i64> {
    // An endpoint is asked once whether it wants our messages: silence is a no.
    if sent.claim.is_challenge {
        return None;
    }
    let roll = u32::from_be_bytes(random());
    next_delay(&app.config.webhook.schedule_secs, sent.claim.row.attempts, roll, asked)
}

/// Records what became of mails that were not taken.
pub(super) async fn mails(tx: &mut Tx, done: &[Done], now: Timestamp) -> Result<(), Refusal> {
    for done in done {
        not_taken(tx, done, now).await?;
    }
    if done.iter().any(|d| matches!(d.verdict, mail::Verdict::Tried(Outcome::Bounced(_)))) {
        mail_pause::consider(tx, &Ctx::system(now)).await?;
    }
    Ok(())
}

async fn not_taken(tx: &mut Tx, done: &Done, now: Timestamp) -> Result<(), Refusal> {
    let (id, fence) = (done.claim.id, &*done.fence);
    let outcome = match &done.verdict {
        mail::Verdict::Tried(outcome) => outcome,
        mail::Verdict::Skipped(why) => {
            return Ok(tx.finish_delivery(id, fence, "skipped", why, now).await.map(drop)?);
        }
        mail::Verdict::Superseded(why) => {
            return Ok(tx.finish_delivery(id, fence, "superseded", why, now).await.map(drop)?);
        }
        mail::Verdict::PutBack(after) => {
            return Ok(tx.retry_delivery(id, fence, "", now.plus(*after), true).await.map(drop)?);
        }
    };
    match outcome {
        Outcome::Delivered(_) => {}
        Outcome::Unreachable(answer) => {
            tx.retry_delivery(id, fence, answer, now.plus(mail::RELAY_PAUSE), true).await?;
        }
        Outcome::Bounced(answer) => {
            if tx.finish_delivery(id, fence, "dead", answer, now).await? {
                bounces::hard(tx, &Ctx::system(now), &done.claim.subscriber_id, answer).await?;
            }
        }
        Outcome::Dead(answer) | Outcome::Gone(answer) => {
            tx.finish_delivery(id, fence, "dead", answer, now).await?;
        }
        Outcome::Busy(answer) | Outcome::Retry { answer, .. } => {
            match next_delay(&MAIL_SECS, done.claim.attempts, u32::from_be_bytes(random()), None) {
                Some(delay) => tx.retry_delivery(id, fence, answer, now.plus(delay), false).await?,
                None => tx.finish_delivery(id, fence, "dead", answer, now).await?,
            };
        }
    }
    Ok(())
}
