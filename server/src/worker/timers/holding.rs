//! Automatic holding statements: where the operator allows them, after the grace, and never for long.

use domain::{
    clock::Timestamp,
    lead::SignOff,
    notice::Message,
    severity::Severity,
    sla::{
        clock::{Clock, ClockKind},
        policy::Holding,
    },
};
use store::{IncidentRow, Tx};

use crate::{
    commands::{
        Ctx, Refusal,
        incidents::{Step, Verb, act},
    },
    state::App,
};

/// Publishes every statement whose time has come; how many.
pub(super) async fn publish(app: &App) -> Result<usize, Refusal> {
    let mut published = 0;
    let now = app.clock.now();
    for (incident_id, clock) in overdue(&mut app.store.read().await?, now).await? {
        let mut tx = app.store.write().await?;
        let Some(incident) = tx.incident(&incident_id).await?.filter(|i| i.resolved_at.is_none()) else {
            continue;
        };
        let matrix = tx.severity_matrix(incident.policy_version).await?;
        let Some(holding) = matrix.promises(incident.severity).holding.clone() else { continue };
        if now.since(clock.due_at) < holding.grace_ms || !is_allowed(&mut tx, &incident, &holding).await? {
            continue;
        }
        let step = statement(&incident, &holding, &clock);
        let verb = Verb::PostUpdate { phase: incident.phase, is_no_change: true, cells: Vec::new() };
        match act(&mut tx, &Ctx::system(now), step, verb).await {
            Ok(_) => {
                tx.commit().await?;
                published += 1;
            }
            // Somebody wrote at this very moment: theirs stands.
            Err(Refusal::Conflict(_)) => {}
            Err(refusal) => return Err(refusal),
        }
    }
    Ok(published)
}

async fn overdue(tx: &mut Tx, now: Timestamp) -> Result<Vec<(String, Clock)>, Refusal> {
    let running = tx.running_clocks().await?;
    let is_late =
        |c: &Clock| c.kind == ClockKind::NextUpdate && now > c.due_at && c.severity != Severity::Sev4;
    Ok(running.into_iter().filter(|(_, c)| is_late(c)).collect())
}

/// Whether a person has written since the last statements that policy allows in a row.
async fn is_allowed(tx: &mut Tx, incident: &IncidentRow, holding: &Holding) -> Result<bool, Refusal> {
    let updates = tx.updates(&incident.id).await?;
    let in_a_row = updates.iter().take_while(|u| u.is_automatic).count();
    Ok(u32::try_from(in_a_row).unwrap_or(u32::MAX) < holding.in_a_row)
}

fn statement(incident: &IncidentRow, holding: &Holding, clock: &Clock) -> Step {
    Step {
        incident_id: incident.id.clone(),
        version: incident.version,
        message: Message {
            // The label goes wherever the text goes: page, mail, feed, webhook.
            known: format!("Automatic statement. {}", holding.known),
            next_steps: holding.next_steps.clone(),
            ..Message::default()
        },
        next_update_due_at: None,
        // One statement per missed promise, whoever else looks at the same time.
        idempotency_key: Some(format!("holding-{}", clock.id)),
        sign_off: SignOff::Automatic,
        overrides: Vec::new(),
    }
}
