//! Endpoints that fail: for how long, whom that is told, and sending again what was given up.

use domain::{
    clock::{DAY, HOUR, Timestamp},
    id::is_public_id,
};
use serde_json::json;
use store::Tx;

use super::settle::handshake;
use crate::commands::{Ctx, Refusal, cells::audit};

/// An endpoint that did nothing but fail for this long is not tried any more.
const GIVEN_UP_AFTER: i64 = 5 * DAY;

/// What is sent again.
#[derive(Debug, Clone, Copy)]
pub enum Again<'a> {
    /// One message, taken or given up, by what its `webhook-id` holds after `msg_`.
    One(&'a str),
    /// Everything that was given up since then.
    Since(Timestamp),
    /// Everything that was given up of the messages of this time; the end is not part of it.
    Between(Timestamp, Timestamp),
}

/// How often things are sent again to one endpoint in an hour.
const REPLAYS: i64 = 20;

/// After an attempt that failed. The owner hears when a message is given up for the first time, and when the endpoint
/// is; by mail, where there is an address.
pub async fn failed(tx: &mut Tx, ctx: &Ctx, subscriber_id: &str, is_given_up: bool) -> Result<(), Refusal> {
    let Some(row) = tx.subscriber(subscriber_id).await? else { return Ok(()) };
    if row.state != "confirmed" {
        return Ok(());
    }
    tx.note_failing(subscriber_id, ctx.now).await?;
    let since = row.failing_since_at.map_or(ctx.now, Timestamp::from_millis);
    // A message that was promised a longer schedule keeps it.
    if is_given_up && ctx.now.since(since) >= GIVEN_UP_AFTER {
        return disable(tx, ctx, subscriber_id, "it failed for five days").await;
    }
    if !is_given_up || row.contact.is_none() {
        return Ok(());
    }
    let last = tx.deliveries_of(subscriber_id, 200).await?;
    if last.iter().filter(|d| d.state == "dead").count() <= 1 {
        handshake(tx, ctx, "endpoint_failing", subscriber_id).await?;
    }
    Ok(())
}

/// Nothing is sent to an endpoint any more; its owner hears of it. What waits is kept, to be sent again on wish.
pub async fn disable(tx: &mut Tx, ctx: &Ctx, subscriber_id: &str, why: &str) -> Result<(), Refusal> {
    let Some(row) = tx.subscriber(subscriber_id).await? else { return Ok(()) };
    tx.set_subscriber_state(subscriber_id, "disabled", ctx.now).await?;
    tx.hold_queued(subscriber_id, ctx.now).await?;
    if row.contact.is_some() {
        handshake(tx, ctx, "endpoint_disabled", subscriber_id).await?;
    }
    let detail = json!({ "before": row.state, "after": "disabled", "why": why });
    audit(tx, ctx, "disable_endpoint", &format!("subscriber:{subscriber_id}"), detail).await
}

/// How often an endpoint is asked in a day whether it wants our messages.
const QUESTIONS: i64 = 3;

/// Asks an endpoint again that was given up, also when it did not answer then; one that never answered is the operator's:
/// whoever owns it did not ask for us. What was given up meanwhile is sent again where that is asked for.
pub async fn enable(tx: &mut Tx, ctx: &Ctx, subscriber_id: &str) -> Result<(), Refusal> {
    let row = tx.subscriber(subscriber_id).await?.ok_or(Refusal::NotFound("subscription"))?;
    if !row.may_be_asked() {
        return Err(Refusal::Conflict("Only an endpoint that was given up can be tried again.".into()));
    }
    // Whoever it belongs to is not to be pestered.
    let (asked, _) = tx.handshakes_since(subscriber_id, ctx.now.plus(-DAY)).await?;
    if row.state == "pending" && asked >= QUESTIONS {
        return Err(Refusal::Conflict("An endpoint is asked three times a day at most.".into()));
    }
    // It passed its challenge once; whoever holds it now is asked again.
    tx.set_subscriber_state(subscriber_id, "pending", ctx.now).await?;
    tx.note_working(subscriber_id).await?;
    let question = if row.channel == "webhook" { "challenge" } else { "welcome" };
    handshake(tx, ctx, question, subscriber_id).await?;
    audit(tx, ctx, "enable_endpoint", &format!("subscriber:{subscriber_id}"), json!({ "before": row.state }))
        .await
}

/// An endpoint that was asked again did not answer: it is given up as it was, and what is kept for it stays.
pub async fn unanswered(tx: &mut Tx, ctx: &Ctx, subscriber_id: &str) -> Result<(), Refusal> {
    let Some(row) = tx.subscriber(subscriber_id).await? else { return Ok(()) };
    if row.state == "pending" && row.may_be_asked() {
        tx.set_subscriber_state(subscriber_id, "disabled", ctx.now).await?;
    }
    Ok(())
}

/// Sends again; how many.
pub async fn replay(tx: &mut Tx, ctx: &Ctx, subscriber_id: &str, again: Again<'_>) -> Result<u64, Refusal> {
    let row = tx.subscriber(subscriber_id).await?.ok_or(Refusal::NotFound("subscription"))?;
    if row.state != "confirmed" {
        return Err(Refusal::Conflict("Nothing is sent to this subscription now.".into()));
    }
    let subject = format!("subscriber:{subscriber_id}");
    if tx.replays_since(&subject, ctx.now.plus(-HOUR)).await? >= REPLAYS {
        return Err(Refusal::Conflict("Messages are sent again twenty times an hour at most.".into()));
    }
    let end = Timestamp::from_millis(i64::MAX);
    let (count, what) = match again {
        Again::One(id) => {
            if !is_public_id(id) || !tx.replay_one(subscriber_id, id, ctx.now).await? {
                return Err(Refusal::Conflict("This message cannot be sent again now.".into()));
            }
            (1, json!({ "webhook_id": format!("msg_{id}") }))
        }
        Again::Since(from) => {
            let count = tx.replay_dead(subscriber_id, from, end, ctx.now).await?;
            (count, json!({ "from": from.rfc3339() }))
        }
        Again::Between(from, until) => {
            let count = tx.replay_dead(subscriber_id, from, until, ctx.now).await?;
            (count, json!({ "from": from.rfc3339(), "until": until.rfc3339() }))
        }
    };
    let detail = json!({ "count": count, "what": what });
    audit(tx, ctx, "replay_deliveries", &subject, detail).await?;
    Ok(count)
}

/// Sends a message that says only that it is a test.
pub async fn test(tx: &mut Tx, ctx: &Ctx, subscriber_id: &str) -> Result<(), Refusal> {
    let row = tx.subscriber(subscriber_id).await?.ok_or(Refusal::NotFound("subscription"))?;
    if row.state != "confirmed" {
        return Err(Refusal::Conflict("Nothing is sent to this subscription now.".into()));
    }
    handshake(tx, ctx, "test", subscriber_id).await?;
    audit(tx, ctx, "send_test", &format!("subscriber:{subscriber_id}"), json!({ "channel": row.channel }))
        .await
}
