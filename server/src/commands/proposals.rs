//! Proposals: automation found something, a person decides.

use serde_json::json;
use store::{ProposalRow, Tx};

use super::{Ctx, Refusal, cells::audit};

/// The proposal became an incident.
pub async fn accept(tx: &mut Tx, ctx: &Ctx, id: &str, incident_id: &str) -> Result<ProposalRow, Refusal> {
    let proposal = tx.proposal(id).await?.ok_or(Refusal::NotFound("proposal"))?;
    if !tx.close_proposal(id, "accepted", ctx.now, &ctx.actor, Some(incident_id)).await? {
        return Err(Refusal::Conflict("Somebody has decided on this proposal already.".into()));
    }
    audit(tx, ctx, "accept_proposal", &format!("proposal:{id}"), json!({ "incident": incident_id })).await?;
    Ok(proposal)
}

/// A person says: no incident.
pub async fn dismiss(tx: &mut Tx, ctx: &Ctx, id: &str) -> Result<(), Refusal> {
    if !tx.close_proposal(id, "dismissed", ctx.now, &ctx.actor, None).await? {
        return Err(Refusal::Conflict("Somebody has decided on this proposal already.".into()));
    }
    audit(tx, ctx, "dismiss_proposal", &format!("proposal:{id}"), json!({})).await
}
