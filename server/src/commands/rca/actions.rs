//! Corrective actions of a review: what will be done, by whom, until when, and that it was done.

use domain::{
    review::{Action, PublishedAction, State},
    text,
    week::date,
};
use serde_json::{Value, json};
use store::{CorrectiveActionRow, Tx};

use super::{load, mark, subject};
use crate::{
    clock::new_id,
    commands::{Ctx, Refusal, audiences, cells::audit},
};

/// Longest text of an action, in characters.
const WHAT_MAX: usize = 300;
/// Most actions of a review.
const ACTIONS_MAX: usize = 50;

/// An action as typed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Typed {
    /// Its id; empty: a new one.
    pub id: String,
    /// What will be done; empty: it is taken out.
    pub what: String,
    /// User id; may be empty in a draft.
    pub owner_id: String,
    /// `2026-03-09`; may be empty in a draft.
    pub due_on: String,
}

/// A stored action as the gate sees it.
#[must_use]
pub fn at_the_gate(row: &CorrectiveActionRow) -> Action {
    Action { what: row.what.clone(), has_owner: row.owner_id.is_some(), has_date: row.due_on.is_some() }
}

/// What is published of an action; none: it has no date yet.
#[must_use]
pub fn published(row: CorrectiveActionRow) -> Option<PublishedAction> {
    Some(PublishedAction { id: row.id, what: row.what, due_on: row.due_on? })
}

fn told(row: &CorrectiveActionRow) -> Value {
    json!({
        "what": row.what,
        "owner": row.owner_id,
        "due_on": row.due_on,
        "done_at": row.done_at,
        "done_note": row.done_note,
    })
}

/// Mark of the whole list, by which a form knows what it was opened at.
#[must_use]
pub fn mark_of(rows: &[CorrectiveActionRow]) -> String {
    mark(&rows.iter().map(|r| (&r.id, &r.what, &r.owner_id, &r.due_on)).collect::<Vec<_>>())
}

async fn checked(tx: &mut Tx, given: &Typed) -> Result<(String, Option<String>, Option<String>), Refusal> {
    let bad = |e: text::BadText| Refusal::field("actions", format!("“{}”: {e}", short(&given.what)));
    let what = text::single_line(&given.what, WHAT_MAX).map_err(bad)?;
    text::no_identifiers(&what).map_err(bad)?;
    let owner = Some(given.owner_id.clone()).filter(|id| !id.is_empty());
    if let Some(id) = &owner
        && tx.user(id).await?.is_none_or(|u| u.is_disabled)
    {
        return Err(Refusal::field("actions", format!("Choose who answers for “{}”.", short(&what))));
    }
    let due = Some(given.due_on.trim().to_owned()).filter(|d| !d.is_empty());
    if due.as_deref().is_some_and(|d| date(d).is_none()) {
        let message = format!("The date of “{}” is not one, like 2026-03-09.", short(&what));
        return Err(Refusal::field("actions", message));
    }
    Ok((what, owner, due))
}

fn short(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(40).collect()
}

/// Replaces the list. If somebody else changed it since `was` and the author changed it too, nothing is saved.
pub async fn save(
    tx: &mut Tx,
    ctx: &Ctx,
    incident_id: &str,
    typed: &[Typed],
    was: &str,
) -> Result<(), Refusal> {
    let review = load(tx, incident_id).await?;
    let before = tx.actions(incident_id).await?;
    let mut after: Vec<CorrectiveActionRow> = Vec::new();
    for given in typed.iter().filter(|t| !(t.what.trim().is_empty() && t.id.is_empty())) {
        let known = before.iter().find(|r| r.id == given.id);
        if given.what.trim().is_empty() {
            continue;
        }
        let (what, owner_id, due_on) = checked(tx, given).await?;
        let position = i64::try_from(after.len()).unwrap_or(0) + 1;
        let blank = CorrectiveActionRow {
            id: if given.id.is_empty() { new_id() } else { given.id.clone() },
            incident_id: incident_id.to_owned(),
            position,
            what: String::new(),
            owner_id: None,
            owner_name: None,
            due_on: None,
            done_at: None,
            done_by: None,
            done_note: String::new(),
        };
        let row = known.cloned().unwrap_or(blank);
        after.push(CorrectiveActionRow { position, what, owner_id, due_on, ..row });
    }
    if mark_of(&after) == was || mark_of(&after) == mark_of(&before) {
        return Ok(()); // nothing was changed here
    }
    if review.state != State::Draft {
        return Err(domain::review::Refused::NotDraft.into());
    }
    if mark_of(&before) != was {
        return Err(Refusal::Conflict(
            "Somebody else changed the corrective actions after you opened this form. Theirs stand beneath yours; saving again keeps yours."
                .into(),
        ));
    }
    if after.len() > ACTIONS_MAX {
        return Err(Refusal::field("actions", format!("{ACTIONS_MAX} corrective actions are the most.")));
    }
    replace(tx, ctx, incident_id, &before, &after).await
}

async fn replace(
    tx: &mut Tx,
    ctx: &Ctx,
    incident_id: &str,
    before: &[CorrectiveActionRow],
    after: &[CorrectiveActionRow],
) -> Result<(), Refusal> {
    for gone in before.iter().filter(|b| !after.iter().any(|a| a.id == b.id)) {
        if gone.done_at.is_some() {
            let message = format!("“{}” is done already; it stays on record.", short(&gone.what));
            return Err(Refusal::field("actions", message));
        }
        tx.delete_action(&gone.id).await?;
    }
    for row in after {
        // Ids come from the form: one of another incident must not be taken over.
        if !before.iter().any(|b| b.id == row.id) && tx.action(&row.id).await?.is_some() {
            return Err(Refusal::NotFound("corrective action"));
        }
        tx.save_action(row, ctx.now).await?;
    }
    let list = |rows: &[CorrectiveActionRow]| rows.iter().map(told).collect::<Vec<_>>();
    let detail = json!({ "before": list(before), "after": list(after) });
    audit(tx, ctx, "plan_actions", &subject(incident_id), detail).await
}

/// An action was done, or was not after all; true: the public page says so.
pub async fn set_done(tx: &mut Tx, ctx: &Ctx, id: &str, is_done: bool, note: &str) -> Result<bool, Refusal> {
    let before = tx.action(id).await?.ok_or(Refusal::NotFound("corrective action"))?;
    if before.done_at.is_some() == is_done {
        let message = if is_done { "This was marked as done already." } else { "This is open already." };
        return Err(Refusal::Conflict(message.into()));
    }
    let note = match note.trim() {
        "" => String::new(),
        note => {
            let bad = |e: text::BadText| Refusal::field("note", e.to_string());
            let note = text::single_line(note, WHAT_MAX).map_err(bad)?;
            text::no_identifiers(&note).map_err(bad)?;
            note
        }
    };
    let after = CorrectiveActionRow {
        done_at: is_done.then_some(ctx.now.millis()),
        done_by: is_done.then(|| ctx.actor.clone()),
        done_note: note,
        ..before.clone()
    };
    tx.save_action(&after, ctx.now).await?;
    let is_public = load(tx, &before.incident_id).await?.published.is_some();
    if is_public {
        audiences::changed(tx, ctx, &before.incident_id).await?;
    }
    let action = if is_done { "finish_action" } else { "reopen_action" };
    let detail = json!({ "action": before.what, "before": told(&before), "after": told(&after) });
    audit(tx, ctx, action, &subject(&before.incident_id), detail).await?;
    Ok(is_public)
}
