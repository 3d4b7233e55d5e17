//! Addresses that take no mail: nobody is written to in vain, or against their will.

use serde_json::json;
use store::Tx;

use crate::commands::{Ctx, Refusal, cells::audit};

/// A mailbox is refused for good: the address is suppressed at once.
pub async fn hard(tx: &mut Tx, ctx: &Ctx, subscriber_id: &str, answer: &str) -> Result<(), Refusal> {
    let Some(row) = tx.subscriber(subscriber_id).await? else { return Ok(()) };
    if !matches!(row.state.as_str(), "pending" | "confirmed") {
        return Ok(());
    }
    tx.skip_deliveries(subscriber_id, ctx.now).await?;
    tx.set_subscriber_state(subscriber_id, "suppressed", ctx.now).await?;
    let detail = json!({ "why": "hard_bounce", "answer": answer, "before": row.state });
    audit(tx, ctx, "suppress_subscriber", &format!("subscriber:{subscriber_id}"), detail).await
}

/// Lets a suppressed address subscribe again: nothing is sent before it has confirmed.
pub async fn release(tx: &mut Tx, ctx: &Ctx, subscriber_id: &str) -> Result<(), Refusal> {
    let row = tx.subscriber(subscriber_id).await?.ok_or(Refusal::NotFound("subscriber"))?;
    if row.state != "suppressed" {
        return Err(Refusal::Conflict("This address is not suppressed.".into()));
    }
    tx.set_subscriber_state(subscriber_id, "unsubscribed", ctx.now).await?;
    audit(
        tx,
        ctx,
        "release_subscriber",
        &format!("subscriber:{subscriber_id}"),
        json!({ "before": row.state }),
    )
    .await
}
