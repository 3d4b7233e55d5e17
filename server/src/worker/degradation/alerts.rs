//! Alerts of Prometheus: a cell is as bad as the worst alert that fires, until it is told to have ended.

use std::collections::{HashMap, HashSet, hash_map::Entry};

use domain::{
    clock::SECOND,
    clock_local::utc_time,
    severity::Severity,
    status::CellStatus,
    telemetry::{alert::AlertEvidence, degradation::Policy},
};
use store::{AlertRow, CellRow, ChangeEvidenceRow, Tx};

use super::{
    Of, Plan, Scene, freeze_on_record,
    held::{self, Voices},
    propose, turns,
};
use crate::commands::{Ctx, Refusal, cells};

/// A cell whose alerts say something else than before.
pub(super) struct Told {
    cell: CellRow,
    of: Of,
    to: Option<CellStatus>,
    /// The alert that decides; none: none fires.
    by: Option<AlertRow>,
}

/// Critical is a partial outage, where its key may say so.
fn status(modest: &HashSet<String>, alert: &AlertRow) -> CellStatus {
    let is_partial = alert.is_critical && !modest.contains(&alert.key_id);
    if is_partial { CellStatus::PartialOutage } else { CellStatus::Degraded }
}

/// The alert that decides in each cell: one that says the worst, or the oldest.
pub(super) fn worst(firing: Vec<AlertRow>, modest: &HashSet<String>) -> HashMap<String, AlertRow> {
    let mut worst: HashMap<String, AlertRow> = HashMap::new();
    for alert in firing {
        match worst.entry(alert.cell_id.clone()) {
            Entry::Vacant(free) => drop(free.insert(alert)),
            Entry::Occupied(mut taken)
                if status(modest, &alert).rank() > status(modest, taken.get()).rank() =>
            {
                taken.insert(alert);
            }
            Entry::Occupied(_) => {}
        }
    }
    worst
}

/// What alerts make of a cell, if that is news.
pub(super) fn judge(scene: &Scene, cell: &CellRow, of: &Of) -> Option<Plan> {
    let by = scene.alerts.get(&cell.id);
    let to = by.map(|alert| status(&scene.modest, alert));
    if to.map(CellStatus::slug) == cell.alert_status.as_deref() {
        return None;
    }
    // Held while it flaps, or while its key waits: see below.
    let is_better = to.map_or(0, CellStatus::rank) < rank(cell);
    let is_frozen = cell.frozen_until_at.is_some_and(|until| until > scene.now.millis());
    let waits = !is_better && by.is_some_and(|alert| scene.waits(&cell.id, &alert.key_id));
    if waits || (is_better && is_frozen) {
        return None;
    }
    let of = Of { slug: of.slug.clone(), ruled: of.ruled.clone() };
    Some(Plan::Alerts(Box::new(Told { cell: cell.clone(), of, to, by: by.cloned() })))
}

fn rank(cell: &CellRow) -> u8 {
    cell.alert_status.clone().and_then(|s| CellStatus::try_from(s).ok()).map_or(0, CellStatus::rank)
}

/// Moves the cell, and proposes an incident at a critical alert.
pub(super) async fn carry_out(tx: &mut Tx, ctx: &Ctx, scene: &Scene, told: Told) -> Result<(), Refusal> {
    let Told { mut cell, of, to, by } = told;
    let is_better = to.map_or(0, CellStatus::rank) < rank(&cell);
    if is_better && is_flapping(tx, ctx, &of.ruled.policy, &mut cell).await? {
        return Ok(tx.save_cell(&cell).await?);
    }
    if let (false, Some(alert)) = (is_better, &by) {
        let voices = Voices::of_alert(&alert.key_id);
        let (from, to) = (cell.status, status(&scene.modest, alert));
        let case = held::Case { cell: &cell.id, from, to, voices: &voices, sentence: &alert.summary };
        // An alert is no outcome: it needs no second source.
        let policy = Policy { quorum_sources: 1, ..of.ruled.policy.clone() };
        if held::permitted(tx, ctx, scene, &policy, case).await?.is_none() {
            return Ok(());
        }
    }
    let said = by.as_ref().map_or("", |alert| alert.summary.as_str());
    let evidence = by.as_ref().map(|alert| shown(alert, ctx)).unwrap_or_default();
    propose(tx, ctx, scene, (&cell, &of), by.as_ref().map(|alert| (alert, evidence.as_str()))).await?;
    let record = ChangeEvidenceRow {
        key_id: by.as_ref().map(|alert| alert.key_id.clone()),
        evidence: evidence.clone(),
        ..of.record()
    };
    cells::apply_alerts(tx, ctx, cell, to, said, &record).await.map(drop)
}

fn shown(alert: &AlertRow, ctx: &Ctx) -> String {
    // A clock ahead of ours begins nothing tomorrow that fires now.
    let since = alert.starts_at.min(ctx.now);
    let evidence = AlertEvidence {
        alert: alert.summary.clone(),
        since: utc_time(since, ctx.now),
        starts_at: alert.starts_at,
    };
    serde_json::to_string(&evidence).unwrap_or_default()
}

async fn propose(
    tx: &mut Tx,
    ctx: &Ctx,
    scene: &Scene,
    (cell, of): (&CellRow, &Of),
    by: Option<(&AlertRow, &str)>,
) -> Result<(), Refusal> {
    match (
        by.filter(|(alert, _)| status(&scene.modest, alert) == CellStatus::PartialOutage),
        scene.proposed.get(&cell.id),
    ) {
        (Some((_, evidence)), None) => {
            let case = propose::Case {
                cell_id: &cell.id,
                reason: of.reason(&cell.country_code, None),
                status: CellStatus::PartialOutage,
                severity: Severity::Sev2,
                evidence,
                confirm_secs: of.ruled.policy.auto_confirm_secs,
            };
            propose::put(tx, ctx, &case).await
        }
        (None, Some(proposed)) if propose::is_of_alert(&proposed.evidence) => {
            propose::take_out(tx, ctx, proposed).await
        }
        _ => Ok(()),
    }
}

/// It came and went more often in an hour than policy allows: the worse state stays, and says so.
async fn is_flapping(tx: &mut Tx, ctx: &Ctx, policy: &Policy, cell: &mut CellRow) -> Result<bool, Refusal> {
    if cell.frozen_until_at.is_some_and(|until| until > ctx.now.millis()) {
        return Ok(true);
    }
    let turns = turns(tx, ctx, &cell.id).await?;
    let flapping = turns > policy.flapping_changes;
    cell.frozen_until_at = flapping.then(|| ctx.now.plus(policy.freeze_secs * SECOND).millis());
    if flapping {
        freeze_on_record(tx, ctx, cell, turns).await?;
    }
    Ok(flapping)
}
