//! A key would turn too much of the grid: a person lets its changes through, or dismisses them.

use domain::clock::HOUR;
use serde_json::json;
use store::Tx;

use crate::commands::{Ctx, Refusal, cells::audit};

/// A decision holds this long; then the limit counts again.
const HOLDS_FOR: i64 = HOUR;

/// Decides on a hold.
///
/// # Errors
/// [`Refusal::Conflict`] when somebody has decided, or it is over.
pub async fn decide(tx: &mut Tx, ctx: &Ctx, id: &str, passes: bool) -> Result<(), Refusal> {
    let hold = tx.key_holds(ctx.now).await?.into_iter().find(|h| h.id == id);
    let state = if passes { "passed" } else { "dismissed" };
    let until = ctx.now.plus(HOLDS_FOR);
    if !tx.decide_key_hold(id, state, (ctx.now, &ctx.actor), Some(until)).await? {
        return Err(Refusal::Conflict(
            "Somebody has decided on these changes already, or they are over.".into(),
        ));
    }
    let key = hold.map(|h| h.key_id);
    let detail = json!({ "key": key, "before": "held", "after": state, "until": until.rfc3339() });
    audit(tx, ctx, "decide_key_hold", &format!("key_hold:{id}"), detail).await
}
