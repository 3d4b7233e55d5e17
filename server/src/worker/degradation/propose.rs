//! Proposals: cells in trouble for the same reason are one of them.

use domain::{
    clock::SECOND,
    severity::Severity,
    status::CellStatus,
    telemetry::{
        alert::AlertEvidence,
        degradation::{Evidence, proposal},
        reason::Reason,
    },
};
use store::{ProposalCellRow, Tx};

use super::{Measured, Of, Scene};
use crate::{
    clock::new_id,
    commands::{Ctx, Refusal},
};

/// Evidence and the same as it is kept.
type Shown<'a> = (&'a Evidence, &'a str);

/// A cell that a person should look at.
pub(super) struct Case<'a> {
    pub(super) cell_id: &'a str,
    pub(super) reason: Reason,
    pub(super) status: CellStatus,
    pub(super) severity: Severity,
    pub(super) evidence: &'a str,
    /// Declared by itself after so many seconds; none: never.
    pub(super) confirm_secs: Option<i64>,
}

impl Case<'_> {
    fn row(&self, proposal_id: &str) -> ProposalCellRow {
        ProposalCellRow {
            proposal_id: proposal_id.to_owned(),
            cell_id: self.cell_id.to_owned(),
            status: self.status,
            severity: self.severity,
            evidence: self.evidence.to_owned(),
        }
    }
}

impl Of {
    /// What a cell may have in common with others.
    pub(super) fn reason(&self, country: &str, supplier: Option<String>) -> Reason {
        Reason { component: Some(self.slug.clone()), country: Some(country.to_owned()), supplier }
    }
}

fn case<'a>(plan: &'a Measured, (evidence, text): Shown<'a>, status: CellStatus) -> Option<Case<'a>> {
    let (proposed, severity) =
        proposal(&plan.of.ruled.policy, evidence).filter(|_| status == CellStatus::PartialOutage)?;
    Some(Case {
        cell_id: &plan.cell.id,
        reason: plan.of.reason(&plan.cell.country_code, plan.voices.supplier.clone()),
        status: proposed,
        severity,
        evidence: text,
        confirm_secs: plan.of.ruled.policy.auto_confirm_secs,
    })
}

/// A cell got worse: proposes, if it got bad enough.
pub(super) async fn open(
    tx: &mut Tx,
    ctx: &Ctx,
    scene: &Scene,
    plan: &Measured,
    shown: Shown<'_>,
    status: CellStatus,
) -> Result<(), Refusal> {
    match case(plan, shown, status) {
        Some(case) if !scene.proposed.contains_key(&plan.cell.id) => put(tx, ctx, &case).await,
        _ => renew(tx, ctx, scene, plan, shown, status).await,
    }
}

/// Renews what was proposed of a cell, or lets it lapse once the cell is well.
pub(super) async fn renew(
    tx: &mut Tx,
    ctx: &Ctx,
    scene: &Scene,
    plan: &Measured,
    shown: Shown<'_>,
    status: CellStatus,
) -> Result<(), Refusal> {
    let Some(proposed) = scene.proposed.get(&plan.cell.id) else { return Ok(()) };
    // What an alert proposed ends with the alert.
    if is_of_alert(&proposed.evidence) {
        return Ok(());
    }
    match case(plan, shown, status) {
        Some(case) => {
            tx.save_proposal_cell(&case.row(&proposed.proposal_id)).await?;
            refresh(tx, ctx, &proposed.proposal_id).await
        }
        None if !status.is_trouble() => take_out(tx, ctx, proposed).await,
        None => Ok(()),
    }
}

/// Whether what was proposed of a cell came from an alert.
pub(super) fn is_of_alert(evidence: &str) -> bool {
    serde_json::from_str::<AlertEvidence>(evidence).is_ok()
}

/// Proposes a cell: with others that are in trouble for the same reason, or alone. What an open incident holds is not
/// proposed.
pub(super) async fn put(tx: &mut Tx, ctx: &Ctx, case: &Case<'_>) -> Result<(), Refusal> {
    if !tx.cell_holds(case.cell_id).await?.is_empty() {
        return Ok(());
    }
    let confirm_at = case.confirm_secs.map(|secs| ctx.now.plus(secs * SECOND));
    let mut open = tx.open_proposals().await?;
    open.sort_by_key(|p| p.created_at);
    for mut row in open {
        let Some(common) = row.reason().with(&case.reason) else { continue };
        (row.component_slug, row.country_code, row.supplier) =
            (common.component, common.country, common.supplier);
        // Whoever waits longest decides; one that could not be declared stays with people.
        if row.note.is_empty() {
            row.confirm_at = row.confirm_at.or(confirm_at.map(domain::clock::Timestamp::millis));
        }
        let cell = case.row(&row.id);
        tx.save_proposal_cell(&cell).await?;
        let worst = tx.proposal_cells(&row.id).await?.into_iter().next().unwrap_or(cell);
        return Ok(tx.refresh_proposal(&row, &worst, ctx.now).await?);
    }
    let first = case.row(&new_id());
    tx.insert_proposal(&first.proposal_id, &first, &case.reason, ctx.now, confirm_at).await?;
    Ok(tx.save_proposal_cell(&first).await?)
}

/// Takes a cell out; the proposal lapses with its last one.
pub(super) async fn take_out(tx: &mut Tx, ctx: &Ctx, cell: &ProposalCellRow) -> Result<(), Refusal> {
    tx.delete_proposal_cell(&cell.proposal_id, &cell.cell_id).await?;
    refresh(tx, ctx, &cell.proposal_id).await
}

async fn refresh(tx: &mut Tx, ctx: &Ctx, id: &str) -> Result<(), Refusal> {
    let Some(row) = tx.proposal(id).await?.filter(|p| p.state == "open") else { return Ok(()) };
    match tx.proposal_cells(id).await?.first() {
        Some(worst) => tx.refresh_proposal(&row, worst, ctx.now).await?,
        None => drop(tx.close_proposal(id, "lapsed", ctx.now, "system", None).await?),
    }
    Ok(())
}
