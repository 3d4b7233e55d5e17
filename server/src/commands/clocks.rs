//! Clocks beside those of the incident itself: tiers, carriers, the RCA.

use domain::{
    clock::Timestamp,
    severity::Severity,
    sla::clock::{Clock, ClockKind, ClockState},
};
use serde_json::json;
use store::Tx;

use super::{Ctx, Refusal, cells::audit};
use crate::clock::new_id;

/// A promise to be armed.
#[derive(Debug, Clone, Copy)]
pub struct Promise<'a> {
    /// Which incident.
    pub incident_id: &'a str,
    /// What is promised.
    pub kind: ClockKind,
    /// `tier:2`, `supplier:<id>`; empty: the incident itself.
    pub subject: &'a str,
    /// Severity of the incident now.
    pub severity: Severity,
    /// From when.
    pub started_at: Timestamp,
    /// Until when.
    pub due_at: Timestamp,
}

/// Arms a clock, in place of one that runs about the same.
pub async fn arm(tx: &mut Tx, ctx: &Ctx, promise: Promise<'_>) -> Result<Clock, Refusal> {
    cancel(tx, ctx, promise.incident_id, promise.kind, promise.subject, "re-armed").await?;
    let Promise { incident_id, kind, subject, severity, started_at, due_at } = promise;
    let version = tx.incident(incident_id).await?.ok_or(Refusal::NotFound("incident"))?.policy_version;
    let matrix = tx.severity_matrix(version).await?;
    let clock = Clock::arm(new_id(), kind, severity, started_at, due_at).about(subject).alerting(&matrix);
    tx.save_clock(incident_id, &clock).await?;
    record(tx, ctx, "arm_clock", incident_id, &clock).await?;
    Ok(clock)
}

/// The promised thing happened now; false: no such clock runs.
pub async fn stop(
    tx: &mut Tx,
    ctx: &Ctx,
    incident_id: &str,
    kind: ClockKind,
    subject: &str,
) -> Result<bool, Refusal> {
    stop_at(tx, ctx, incident_id, kind, subject, ctx.now).await
}

/// The promised thing happened at `at`, which is told only now. A miss that is on record already stays one: then the
/// clock stops now.
pub async fn stop_at(
    tx: &mut Tx,
    ctx: &Ctx,
    incident_id: &str,
    kind: ClockKind,
    subject: &str,
    at: Timestamp,
) -> Result<bool, Refusal> {
    let Some(clock) = running(tx, incident_id, kind, subject).await? else { return Ok(false) };
    let at = if clock.breached_at.is_some() { ctx.now } else { at.min(ctx.now) };
    let clock = clock.stop(at);
    tx.save_clock(incident_id, &clock).await?;
    record(tx, ctx, "stop_clock", incident_id, &clock).await?;
    Ok(true)
}

/// The promise is dropped; one that is overdue ends as breached. False: no such clock runs.
pub async fn cancel(
    tx: &mut Tx,
    ctx: &Ctx,
    incident_id: &str,
    kind: ClockKind,
    subject: &str,
    reason: &str,
) -> Result<bool, Refusal> {
    let Some(clock) = running(tx, incident_id, kind, subject).await? else { return Ok(false) };
    let clock = clock.cancel(ctx.now, reason);
    tx.save_clock(incident_id, &clock).await?;
    record(tx, ctx, "cancel_clock", incident_id, &clock).await?;
    Ok(true)
}

async fn running(
    tx: &mut Tx,
    incident_id: &str,
    kind: ClockKind,
    subject: &str,
) -> Result<Option<Clock>, Refusal> {
    let is_it = |c: &Clock| c.state == ClockState::Running && c.kind == kind && c.subject == subject;
    Ok(tx.clocks(incident_id).await?.into_iter().find(is_it))
}

async fn record(
    tx: &mut Tx,
    ctx: &Ctx,
    action: &str,
    incident_id: &str,
    clock: &Clock,
) -> Result<(), Refusal> {
    let detail = json!({
        "clock": clock.kind.slug(),
        "subject": clock.subject,
        "state": clock.state.slug(),
        "due_at": clock.due_at.rfc3339(),
        "late_ms": clock.late_ms,
    });
    audit(tx, ctx, action, &format!("incident:{incident_id}"), detail).await
}
