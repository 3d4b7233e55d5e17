//! Proposals: automation found something, a person decides.

use domain::clock::Timestamp;
use serde_json::json;
use store::{ProposalCellRow, ProposalRow, Tx};

use super::{Ctx, Refusal, cells::audit, kept::Form};
use crate::http::{console::incidents::filled, fields::Fields};

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

/// The cells of a proposal that neither a person has pinned nor an open incident holds.
pub async fn free_cells(tx: &mut Tx, id: &str) -> Result<Vec<ProposalCellRow>, Refusal> {
    let mut free = Vec::new();
    for row in tx.proposal_cells(id).await? {
        let is_pinned = tx.cell(&row.cell_id).await?.is_none_or(|c| c.pin().is_some());
        if !is_pinned && tx.cell_holds(&row.cell_id).await?.is_empty() {
            free.push(row);
        }
    }
    Ok(free)
}

/// The incident that a proposal comes to, as a form: its cells, its severity, and the text of the approved template.
pub async fn drafted(
    tx: &mut Tx,
    proposal: &ProposalRow,
    cells: &[ProposalCellRow],
    now: Timestamp,
) -> Result<Fields, Refusal> {
    let mut fields = Fields::default();
    fields.set("proposal", proposal.id.clone());
    fields.set("severity", proposal.proposed_severity.number().to_string());
    fields.set("started_at", proposal.created_at.utc().format("%Y-%m-%dT%H:%M").to_string());
    for cell in cells {
        fields.set(&format!("cell.{}", cell.cell_id), cell.status.slug().to_owned());
    }
    filled(tx, Form::Declare, "", &fields, now).await
}
