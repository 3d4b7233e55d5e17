//! Who leads an incident, and hand-overs.

use domain::{
    lead::{Lead, may_take},
    text,
};
use serde_json::json;
use store::{IncidentRoleRow, Tx};

use super::{Ctx, Refusal, cells::audit};
use crate::{
    auth::role::{Permission, Role},
    clock::new_id,
};

/// What somebody must be allowed to do to take a part.
const fn needed(part: Lead) -> Permission {
    match part {
        Lead::Commander => Permission::Command,
        Lead::CommsLead => Permission::Publish,
        Lead::TechnicalLead | Lead::Liaison => Permission::Respond,
    }
}

/// Longest note of a hand-over, in characters.
const NOTE_MAX: usize = 1_000;

/// Gives a part to a person; whoever held it hands over, with a note.
pub async fn give(
    tx: &mut Tx,
    ctx: &Ctx,
    incident_id: &str,
    part: Lead,
    user_id: &str,
    note: &str,
) -> Result<(), Refusal> {
    let incident = tx.incident(incident_id).await?.ok_or(Refusal::NotFound("incident"))?;
    let user = tx.user(user_id).await?.filter(|u| !u.is_disabled);
    let user = user.ok_or_else(|| Refusal::field("user", "Choose somebody who can sign in."))?;
    if !Role::find(&user.role).is_some_and(|r| r.may(needed(part))) {
        let message =
            format!("{} is a {} and cannot be {}.", user.name, user.role, part.words().to_lowercase());
        return Err(Refusal::field("user", message));
    }
    let note = match note.trim() {
        "" => String::new(),
        some => text::multi_line(some, NOTE_MAX).map_err(|e| Refusal::field("note", e.to_string()))?,
    };
    let now = tx.incident_roles(incident_id).await?;
    let holders: Vec<(Lead, String)> =
        now.into_iter().filter(|r| r.ended_at.is_none()).map(|r| (r.role, r.user_id)).collect();
    may_take(part, user_id, &note, &holders).map_err(|e| match e {
        domain::lead::NotFit::NoNote => Refusal::field("note", e.to_string()),
        other => Refusal::field("user", other.to_string()),
    })?;
    let before = holders.iter().find(|(l, _)| *l == part).map(|(_, who)| who.clone());
    let row = IncidentRoleRow {
        id: new_id(),
        incident_id: incident.id,
        role: part,
        user_id: user.id,
        user_name: user.name,
        since_at: ctx.now,
        given_by: ctx.actor.clone(),
        note,
        ended_at: None,
    };
    tx.give_incident_role(&row).await?;
    let detail = json!({
        "role": part.slug(), "before": before, "after": row.user_id, "note": row.note,
    });
    audit(tx, ctx, "hand_over", &format!("incident:{}", row.incident_id), detail).await
}

/// Whoever acts begins with a part, if their role lets them have it.
pub(super) async fn begin(tx: &mut Tx, ctx: &Ctx, incident_id: &str, part: Lead) -> Result<(), Refusal> {
    let user = tx.user(&ctx.actor).await?;
    let is_fit = user.and_then(|u| Role::find(&u.role)).is_some_and(|r| r.may(needed(part)));
    if is_fit { give(tx, ctx, incident_id, part, &ctx.actor, "").await } else { Ok(()) }
}
