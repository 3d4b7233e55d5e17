//! Rehearsals: begun, declared into, ended, scored. Nothing of them leaves the console.

use domain::{
    clock::Timestamp,
    lead::Lead,
    rehearsal::{Facts, Script},
    sla::clock::ClockState,
};
use serde_json::json;
use store::{IncidentRow, RehearsalRow, Tx};

use super::{Ctx, Refusal, cells::audit, rca::record};
use crate::clock::new_id;

/// What is played: a script by its number, or a past incident.
async fn script(tx: &mut Tx, ctx: &Ctx, what: &str, title: &str) -> Result<Script, Refusal> {
    let bad = || Refusal::field("what", "Choose what is played.");
    match what.split_once(':') {
        Some(("script", number)) => {
            let number: usize = number.parse().map_err(|_| bad())?;
            Script::built_in().into_iter().nth(number).ok_or_else(bad)
        }
        Some(("incident", id)) => {
            let incident = tx.incident(id).await?.filter(|i| !i.is_rehearsal).ok_or_else(bad)?;
            let record = record::of(tx, &incident, ctx.now).await?;
            Ok(Script::recorded(if title.is_empty() { &incident.title } else { title }, &record))
        }
        _ => Err(bad()),
    }
}

/// Begins one; its id.
pub async fn begin(tx: &mut Tx, ctx: &Ctx, what: &str, title: &str) -> Result<String, Refusal> {
    let script = script(tx, ctx, what, title).await?;
    let row = RehearsalRow {
        id: new_id(),
        name: script.name.clone(),
        script: json!(script).to_string(),
        begun_at: ctx.now,
        begun_by: ctx.actor_name.clone(),
        incident_id: None,
        ended_at: None,
    };
    tx.insert_rehearsal(&row).await?;
    audit(tx, ctx, "begin_rehearsal", &format!("rehearsal:{}", row.id), json!({ "name": row.name })).await?;
    Ok(row.id)
}

/// Its incident was declared.
pub async fn declared(tx: &mut Tx, id: &str, incident_id: &str) -> Result<(), Refusal> {
    if tx.set_rehearsed(id, incident_id).await? {
        return Ok(());
    }
    Err(Refusal::Conflict("This rehearsal is over, or somebody has declared its incident already.".into()))
}

/// Ends it.
pub async fn end(tx: &mut Tx, ctx: &Ctx, id: &str) -> Result<(), Refusal> {
    tx.rehearsal(id).await?.ok_or(Refusal::NotFound("rehearsal"))?;
    if !tx.end_rehearsal(id, ctx.now).await? {
        return Err(Refusal::Conflict("This rehearsal is over already.".into()));
    }
    audit(tx, ctx, "end_rehearsal", &format!("rehearsal:{id}"), json!({})).await
}

/// What its score is made of.
pub async fn facts(tx: &mut Tx, incident: &IncidentRow, now: Timestamp) -> Result<Facts, Refusal> {
    let clocks = tx.clocks(&incident.id).await?;
    let missed = clocks.iter().filter(|c| c.breached_at.is_some() || c.overdue_ms(now) > 0).count();
    let kept = clocks.iter().filter(|c| c.state == ClockState::Met && c.breached_at.is_none()).count();
    let updates = tx.updates(&incident.id).await?;
    let overridden: usize = updates
        .iter()
        .map(|u| serde_json::from_str::<Vec<(String, String)>>(&u.overrides).unwrap_or_default().len())
        .sum();
    let roles = tx.incident_roles(&incident.id).await?;
    let held = |lead: Lead| roles.iter().find(|r| r.role == lead).map(|r| r.user_id.clone());
    let commander = held(Lead::Commander);
    let count = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
    Ok(Facts {
        kept: count(kept),
        missed: count(missed),
        overridden: count(overridden),
        alone: count(updates.iter().filter(|u| u.break_glass_reason.is_some()).count()),
        has_comms_lead: held(Lead::CommsLead).is_some_and(|c| Some(c) != commander),
        has_technical_lead: held(Lead::TechnicalLead).is_some(),
        has_liaison: held(Lead::Liaison).is_some(),
        is_resolved: incident.resolved_at.is_some(),
    })
}
