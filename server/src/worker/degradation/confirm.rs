//! Proposals that nobody has decided on in the time that policy gives: declared by the command that people use, on its own
//! evidence, labelled automatic. When that is due is a row, so that a restart neither loses nor repeats it.

use domain::lead::SignOff;
use store::{ProposalRow, Tx};

use crate::{
    commands::{
        Ctx, Refusal,
        cells::audit,
        kept::{Form, perform},
        proposals,
    },
    state::App,
};

/// Declares what is due; how many.
pub(super) async fn due(app: &App) -> Result<usize, Refusal> {
    let mut declared = 0;
    loop {
        let now = app.clock.now();
        // Most seconds nothing is due, and nobody waits for the writer.
        if app.store.read().await?.confirming_proposal(now).await?.is_none() {
            break;
        }
        let ctx = Ctx::automation(now);
        let mut tx = app.store.write().await?;
        let Some(row) = tx.confirming_proposal(now).await? else { break };
        match confirm(&mut tx, &ctx, &row).await {
            Ok(is_declared) => {
                tx.commit().await?;
                declared += usize::from(is_declared);
            }
            Err(Refusal::Store(error)) => return Err(Refusal::Store(error)),
            Err(refusal) => {
                drop(tx);
                let mut tx = app.store.write().await?;
                leave_to_people(&mut tx, &ctx, &row, &refusal).await?;
                tx.commit().await?;
            }
        }
    }
    if declared > 0 {
        app.published().await;
    }
    Ok(declared)
}

async fn confirm(tx: &mut Tx, ctx: &Ctx, row: &ProposalRow) -> Result<bool, Refusal> {
    let free = proposals::free_cells(tx, &row.id).await?;
    if free.is_empty() {
        // A person pinned them, or an incident tells of them: theirs stands.
        let is_closed = tx.close_proposal(&row.id, "lapsed", ctx.now, &ctx.actor, None).await?;
        if is_closed {
            audit(tx, ctx, "lapse_proposal", &format!("proposal:{}", row.id), serde_json::json!({})).await?;
        }
        return Ok(false);
    }
    let mut fields = proposals::drafted(tx, row, &free, ctx.now).await?;
    fields.set("known", format!("Automatic statement. {}", fields.one("known")));
    perform(tx, ctx, Form::Declare, "", &fields, SignOff::Automatic).await?;
    Ok(true)
}

/// What the rules refuse stays a proposal, and says why.
async fn leave_to_people(tx: &mut Tx, ctx: &Ctx, row: &ProposalRow, why: &Refusal) -> Result<(), Refusal> {
    let note = format!("It could not be declared by itself: {why}");
    tx.keep_proposal(&row.id, &note).await?;
    let detail = serde_json::json!({ "why": why.to_string() });
    audit(tx, ctx, "keep_proposal", &format!("proposal:{}", row.id), detail).await?;
    tracing::warn!(proposal = row.id, %why, "a proposal could not be declared by itself");
    Ok(())
}
