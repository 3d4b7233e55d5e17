//! Silent fixes: a cell was in trouble, came back, and nobody had published a word. Each becomes a task, and counts.

use domain::{clock::Timestamp, status::CellStatus, text};
use serde_json::json;
use store::{SilentFixRow, Tx};

use super::{Ctx, Refusal, cells::audit};
use crate::clock::new_id;

/// Changes of a cell that are looked through for the beginning of its trouble.
const LOOK_BACK: i64 = 200;

/// A cell is about to leave its trouble: if no incident told of it, that is a task.
pub async fn notice(tx: &mut Tx, ctx: &Ctx, cell_id: &str, last: CellStatus) -> Result<(), Refusal> {
    let changes = tx.newest_changes(cell_id, LOOK_BACK).await?;
    let dip: Vec<_> = changes.into_iter().take_while(|c| c.to_status.is_trouble()).collect();
    let Some(first) = dip.last() else { return Ok(()) };
    if tx.was_told(cell_id, first.at, ctx.now).await? {
        return Ok(());
    }
    let row = SilentFixRow {
        id: new_id(),
        cell_id: cell_id.to_owned(),
        worst: dip.iter().map(|c| c.to_status).fold(last, CellStatus::worse),
        began_at: first.at,
        ended_at: ctx.now,
        cause: first.cause.clone(),
        state: "open".into(),
        incident_id: None,
        reason: String::new(),
        decided_by: None,
        decided_at: None,
    };
    tx.insert_silent_fix(&row).await?;
    let detail =
        json!({ "silent_fix": row.id, "worst": row.worst.slug(), "began_at": row.began_at.rfc3339() });
    audit(tx, ctx, "notice_silent_fix", &format!("cell:{cell_id}"), detail).await
}

async fn open(tx: &mut Tx, id: &str) -> Result<SilentFixRow, Refusal> {
    let row = tx.silent_fix(id).await?.ok_or(Refusal::NotFound("task"))?;
    if row.state == "open" { Ok(row) } else { Err(taken()) }
}

fn taken() -> Refusal {
    Refusal::Conflict("Somebody has decided on this already.".into())
}

async fn decide(
    tx: &mut Tx,
    ctx: &Ctx,
    row: &SilentFixRow,
    decision: (&str, Option<&str>, &str),
) -> Result<(), Refusal> {
    if !tx.decide_silent_fix(&row.id, decision, &ctx.actor, ctx.now).await? {
        return Err(taken());
    }
    let (state, incident, reason) = decision;
    let detail = json!({ "before": "open", "after": state, "incident": incident, "reason": reason, "silent_fix": row.id });
    audit(tx, ctx, "decide_silent_fix", &format!("cell:{}", row.cell_id), detail).await?;
    Ok(tx.bump_revision(ctx.now).await?)
}

/// A person says that it needs no word, and why.
pub async fn dismiss(tx: &mut Tx, ctx: &Ctx, id: &str, reason: &str) -> Result<(), Refusal> {
    let row = open(tx, id).await?;
    let reason = text::single_line(reason, 300).map_err(|e| Refusal::field("reason", e.to_string()))?;
    text::no_identifiers(&reason).map_err(|e| Refusal::field("reason", e.to_string()))?;
    decide(tx, ctx, &row, ("dismissed", None, &reason)).await
}

/// An incident entered afterwards tells it: every open task of its cells in its time.
pub async fn tell(
    tx: &mut Tx,
    ctx: &Ctx,
    incident_id: &str,
    cells: &[String],
    (from, to): (Timestamp, Timestamp),
) -> Result<usize, Refusal> {
    let open = tx.open_silent_fixes(1_000).await?;
    let is_it =
        |row: &&SilentFixRow| cells.contains(&row.cell_id) && row.began_at <= to && row.ended_at >= from;
    let mut told = 0;
    for row in open.iter().filter(is_it) {
        decide(tx, ctx, row, ("told", Some(incident_id), "")).await?;
        told += 1;
    }
    Ok(told)
}
