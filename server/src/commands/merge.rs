//! Merging: an incident turns out to be part of another, and goes on there.

use domain::{incident::Incident, notice::Message, sla::clock::ClockState, status::CellStatus};
use store::{IncidentRow, Tx};

use super::{Ctx, Refusal};

/// Checks where it goes on.
async fn target(tx: &mut Tx, row: &IncidentRow, into: &str) -> Result<IncidentRow, Refusal> {
    let bad = |message: &str| Refusal::field("into", message);
    let found = tx.incident(into).await?.ok_or_else(|| bad("Choose the incident in which it goes on."))?;
    if found.id == row.id {
        return Err(bad("An incident cannot go on in itself."));
    }
    if found.resolved_at.is_some() || found.restored_at.is_some() {
        return Err(bad("That incident is usable again already. Choose one that is still going on."));
    }
    if found.is_rehearsal != row.is_rehearsal {
        return Err(bad("A rehearsal and a real incident cannot be merged."));
    }
    // A merged incident is told to go on in the other: whoever reads the one must read the other, and nobody more.
    if tx.audience(&found.id).await? != tx.audience(&row.id).await? {
        return Err(bad("These two are not for the same people, and cannot be merged."));
    }
    Ok(found)
}

/// The incident as it ends: the other one holds its cells, its clocks are dropped (what was missed stays missed), and
/// its last word says where it goes on.
pub(super) async fn end(
    tx: &mut Tx,
    ctx: &Ctx,
    row: &IncidentRow,
    mut before: Incident,
    into: &str,
    given: Message,
) -> Result<(Incident, Message), Refusal> {
    let target = target(tx, row, into).await?;
    let held = tx.incident_cells(&target.id).await?;
    if row.restored_at.is_none() {
        for cell in tx.incident_cells(&row.id).await? {
            let theirs = held.iter().find(|h| h.cell_id == cell.cell_id).map(|h| h.status);
            let status = theirs.map_or(cell.status, |s| CellStatus::worse(s, cell.status));
            tx.upsert_incident_cell(&target.id, &cell.cell_id, status).await?;
        }
    }
    tx.set_duplicate(&row.id, &target.id).await?;
    before.clocks = before
        .clocks
        .into_iter()
        .map(|c| if c.state == ClockState::Running { c.cancel(ctx.now, "merged") } else { c })
        .collect();
    let said = format!("This is part of another incident and goes on there: {}.", target.title);
    let known = if given.known.trim().is_empty() { said } else { format!("{said}\n\n{}", given.known) };
    Ok((before.resolve(ctx.now)?, Message { known, ..given }))
}
