//! Incidents entered afterwards: on the page and in the history, told to nobody, on no clock.

use domain::{
    clock::{DAY, MINUTE, Timestamp},
    clock_local::utc_date,
    incident::{Phase, UpdateKind},
    lead::{SignOff, signed_off},
    notice::Message,
    severity::Severity,
    status::CellStatus,
    text,
};
use serde_json::json;
use store::{IncidentRow, Tx, UpdateRow, policies::SEVERITY_MATRIX};

use super::{
    Ctx, Refusal,
    cells::audit,
    incidents::message,
    rca, silent_fixes,
    writing::{self, Overrides, Text},
};
use crate::clock::new_id;

/// How far back an incident may lie.
const OLDEST: i64 = 400 * DAY;

/// What is entered.
#[derive(Debug, Clone, Default)]
pub struct Backfill {
    /// Short description, without prefix.
    pub title: String,
    /// 1 to 4.
    pub severity: i64,
    /// When the impact began.
    pub started_at: Timestamp,
    /// When it was over.
    pub resolved_at: Timestamp,
    /// Affected cells and what each was.
    pub cells: Vec<(String, CellStatus)>,
    /// What happened; the last word.
    pub message: Message,
    /// Who stands behind it beside the author.
    pub sign_off: SignOff,
    /// Rules of writing that the author sets aside.
    pub overrides: Overrides,
    /// Makes a repeat harmless.
    pub idempotency_key: Option<String>,
}

fn times(cmd: &Backfill, now: Timestamp) -> Result<(), Refusal> {
    if cmd.started_at > now || now.since(cmd.started_at) > OLDEST {
        let message = "The start must lie within the last 400 days, not in the future.";
        return Err(Refusal::field("started_at", message));
    }
    if cmd.resolved_at <= cmd.started_at || cmd.resolved_at > now.plus(MINUTE) {
        let message = "The end must lie after the start, and not in the future.";
        return Err(Refusal::field("resolved_at", message));
    }
    Ok(())
}

/// Enters an incident that is over; its id. Open tasks about its cells in its time are done with it.
pub async fn backfill(tx: &mut Tx, ctx: &Ctx, cmd: Backfill) -> Result<String, Refusal> {
    if let Some(key) = cmd.idempotency_key.as_deref()
        && let Some(done) = tx.update_by_key(key).await?
    {
        return Ok(done.incident_id);
    }
    let title =
        text::single_line(&cmd.title, text::TITLE_MAX).map_err(|e| Refusal::field("title", e.to_string()))?;
    let severity = Severity::try_from(cmd.severity)
        .map_err(|_| Refusal::field("severity", "Choose a severity from Sev 1 to Sev 4."))?;
    times(&cmd, ctx.now)?;
    let message = message(&cmd.message)?;
    let words = Text { title: &title, message: &message, kind: UpdateKind::Resolved };
    let overrides = writing::check(tx, words, &cmd.overrides).await?;
    signed_off(severity, &ctx.actor, &cmd.sign_off)?;
    if cmd.cells.is_empty() {
        return Err(Refusal::field("cells", "Choose at least one service and country that was affected."));
    }
    let row = entered(tx, ctx, &cmd, title, severity).await?;
    let update = last_word(ctx, &row, message, &cmd, &overrides);
    tx.insert_update(&update).await?;
    let cells: Vec<String> = cmd.cells.iter().map(|(id, _)| id.clone()).collect();
    for (cell_id, status) in &cmd.cells {
        if tx.cell(cell_id).await?.is_none() {
            return Err(Refusal::field("cells", format!("There is no cell {cell_id:?} on this page.")));
        }
        tx.upsert_incident_cell(&row.id, cell_id, *status).await?;
    }
    let told = silent_fixes::tell(tx, ctx, &row.id, &cells, (cmd.started_at, cmd.resolved_at)).await?;
    let detail = json!({
        "before": null,
        "after": { "severity": severity.number(), "title": row.title, "started_at": row.started_at.rfc3339(), "resolved_at": cmd.resolved_at.rfc3339() },
        "silent_fixes": told,
        "overrides": overrides,
    });
    audit(tx, ctx, "backfill_incident", &format!("incident:{}", row.id), detail).await?;
    rca::follow(tx, ctx, &row.id).await?;
    tx.bump_revision(ctx.now).await?;
    Ok(row.id)
}

async fn entered(
    tx: &mut Tx,
    ctx: &Ctx,
    cmd: &Backfill,
    title: String,
    severity: Severity,
) -> Result<IncidentRow, Refusal> {
    let (policy_version, _): (i64, domain::sla::policy::SeverityMatrix) = tx.policy(SEVERITY_MATRIX).await?;
    let row = IncidentRow {
        id: new_id(),
        title,
        severity,
        phase: Phase::Resolved,
        started_at: cmd.started_at,
        declared_at: ctx.now,
        declared_by: ctx.actor.clone(),
        restored_at: Some(cmd.resolved_at.millis()),
        resolved_at: Some(cmd.resolved_at.millis()),
        next_update_due_at: None,
        policy_version,
        evidence: None,
        sequence: 1,
        version: 1,
        updated_at: ctx.now,
        is_rehearsal: false,
        is_public: true,
        is_backfilled: true,
        duplicate_of: None,
    };
    tx.insert_incident(&row).await?;
    Ok(row)
}

fn last_word(
    ctx: &Ctx,
    row: &IncidentRow,
    message: Message,
    cmd: &Backfill,
    overrides: &Overrides,
) -> UpdateRow {
    let break_glass_reason = match &cmd.sign_off {
        SignOff::BreakGlass(reason) => Some(reason.clone()),
        _ => None,
    };
    UpdateRow {
        id: new_id(),
        incident_id: row.id.clone(),
        sequence: 1,
        kind: UpdateKind::Resolved,
        phase: Phase::Resolved,
        severity: row.severity,
        known: message.known,
        unknown: message.unknown,
        next_steps: message.next_steps,
        customer_action: message.customer_action,
        published_at: ctx.now,
        published_by: ctx.actor.clone(),
        next_update_due_at: None,
        idempotency_key: cmd.idempotency_key.clone(),
        approved_by: None,
        break_glass_reason,
        overrides: json!(overrides).to_string(),
        is_automatic: false,
        edited_at: None,
    }
}

/// What readers are told of when it was entered.
#[must_use]
pub fn entered_words(row: &IncidentRow) -> Option<String> {
    row.is_backfilled.then(|| {
        format!("Entered afterwards, on {}; nobody was told at the time.", utc_date(row.declared_at))
    })
}
