//! Alerts of Prometheus: a cell is as bad as the worst alert that fires, until it is told to have ended.

use std::collections::{HashMap, hash_map::Entry};

use domain::{
    clock_local::utc_time, severity::Severity, status::CellStatus, telemetry::alert::AlertEvidence,
};
use store::{AlertRow, CellRow, Tx};

use super::{Scene, is_flapping};
use crate::{
    clock::new_id,
    commands::{Ctx, Refusal, cells},
};

/// A cell whose alerts say something else than before.
pub(super) struct Told {
    cell: CellRow,
    to: Option<CellStatus>,
    /// The alert that decides; none: none fires.
    by: Option<AlertRow>,
}

const fn status(alert: &AlertRow) -> CellStatus {
    if alert.is_critical { CellStatus::PartialOutage } else { CellStatus::Degraded }
}

/// The alert that decides in each cell: a critical one, or the oldest.
pub(super) fn worst(firing: Vec<AlertRow>) -> HashMap<String, AlertRow> {
    let mut worst: HashMap<String, AlertRow> = HashMap::new();
    for alert in firing {
        match worst.entry(alert.cell_id.clone()) {
            Entry::Vacant(free) => drop(free.insert(alert)),
            Entry::Occupied(mut taken) if alert.is_critical && !taken.get().is_critical => {
                taken.insert(alert);
            }
            Entry::Occupied(_) => {}
        }
    }
    worst
}

/// What alerts make of a cell, if that is news.
pub(super) fn judge(scene: &Scene, cell: &CellRow) -> Option<super::Plan> {
    let by = scene.alerts.get(&cell.id);
    let to = by.map(status);
    if to.map(CellStatus::slug) == cell.alert_status.as_deref() {
        return None;
    }
    // Held while it flaps: see below.
    let is_better = to.map_or(0, CellStatus::rank) < rank(cell);
    let is_frozen = cell.frozen_until_at.is_some_and(|until| until > scene.now.millis());
    (!(is_better && is_frozen)).then(|| super::Plan::Alerts(Told { cell: cell.clone(), to, by: by.cloned() }))
}

fn rank(cell: &CellRow) -> u8 {
    cell.alert_status.clone().and_then(|s| CellStatus::try_from(s).ok()).map_or(0, CellStatus::rank)
}

/// Moves the cell, and proposes an incident at a critical alert.
pub(super) async fn carry_out(tx: &mut Tx, ctx: &Ctx, scene: &Scene, told: Told) -> Result<(), Refusal> {
    let Told { mut cell, to, by } = told;
    let is_better = to.map_or(0, CellStatus::rank) < rank(&cell);
    if is_better && is_flapping(tx, ctx, scene, &mut cell).await? {
        return Ok(tx.save_cell(&cell).await?);
    }
    let said = by.as_ref().map_or("", |alert| alert.summary.as_str());
    propose(tx, ctx, scene, &cell.id, by.as_ref()).await?;
    cells::apply_alerts(tx, ctx, cell, to, said).await.map(drop)
}

async fn propose(
    tx: &mut Tx,
    ctx: &Ctx,
    scene: &Scene,
    cell_id: &str,
    by: Option<&AlertRow>,
) -> Result<(), Refusal> {
    let open = scene.proposals.iter().find(|p| p.cell_id == cell_id);
    match (by.filter(|a| a.is_critical), open) {
        (Some(alert), None) if tx.cell_holds(cell_id).await?.is_empty() => {
            let evidence = AlertEvidence {
                alert: alert.summary.clone(),
                since: utc_time(alert.starts_at, ctx.now),
                starts_at: alert.starts_at,
            };
            let text = serde_json::to_string(&evidence).unwrap_or_default();
            let (status, severity) = (CellStatus::PartialOutage, Severity::Sev2);
            tx.insert_proposal(&new_id(), cell_id, status, severity, &text, ctx.now).await?;
        }
        (None, Some(p)) if serde_json::from_str::<AlertEvidence>(&p.evidence).is_ok() => {
            tx.close_proposal(&p.id, "lapsed", ctx.now, "system", None).await?;
        }
        _ => {}
    }
    Ok(())
}
