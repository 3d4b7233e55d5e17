//! Editing what was published, in the open: a new version beside the old one, never instead of it.

use domain::{
    lead::{SignOff, signed_off},
    notice::Message,
    text,
};
use serde_json::json;
use store::{Tx, UpdateRow, UpdateVersionRow};

use super::{
    Ctx, Refusal, audiences,
    cells::audit,
    incidents, notices,
    writing::{self, Overrides, Text},
};
use crate::reads::world::message;

/// Characters of a reason.
const REASON_MAX: usize = 300;

/// An edit of a published text.
#[derive(Debug, Clone)]
pub struct Edit {
    /// The incident.
    pub incident_id: String,
    /// The update.
    pub update_id: String,
    /// The version that the author saw; 1 is what was published.
    pub version: i64,
    /// The new text.
    pub message: Message,
    /// Why; readers see it.
    pub reason: String,
    /// Rules that the author sets aside.
    pub overrides: Overrides,
    /// Why nobody else can stand behind it in time; may be empty.
    pub break_glass: String,
    /// Whether subscribers are told once more.
    pub is_told: bool,
}

/// The newest version of an update; 1 when it was never edited.
pub async fn newest(tx: &mut Tx, incident_id: &str, update_id: &str) -> Result<i64, Refusal> {
    let versions = tx.update_versions(incident_id).await?;
    Ok(versions.iter().filter(|v| v.update_id == update_id).map(|v| v.version).max().unwrap_or(1))
}

/// Gives a published update another text.
pub async fn edit(tx: &mut Tx, ctx: &Ctx, edit: Edit) -> Result<(), Refusal> {
    let incident = tx.incident(&edit.incident_id).await?.ok_or(Refusal::NotFound("incident"))?;
    let updates = tx.updates(&edit.incident_id).await?;
    let update = updates.into_iter().find(|u| u.id == edit.update_id).ok_or(Refusal::NotFound("update"))?;
    let version = newest(tx, &incident.id, &update.id).await?;
    if edit.version != version {
        let message = "Somebody else edited this update after you opened this form. What it says now stands above; your text is kept below.";
        return Err(Refusal::Conflict(message.into()));
    }
    let reason = line(&edit.reason, "reason")?;
    let after = incidents::message(&edit.message)?;
    let words = Text { title: "", message: &after, kind: update.kind };
    let overrides = writing::check(tx, words, &edit.overrides).await?;
    let before = message(&update);
    if after == before {
        return Err(Refusal::field("known", "Nothing was changed."));
    }
    let sign_off = sign_off(ctx, &update, &edit.break_glass)?;
    signed_off(update.severity, &ctx.actor, &sign_off)?;
    let broken = match &sign_off {
        SignOff::BreakGlass(reason) => Some(reason.as_str()),
        _ => None,
    };
    if version == 1 {
        keep(tx, &update.id, 1, &before, "", (update.published_at, &update.published_by)).await?;
    }
    keep(tx, &update.id, version + 1, &after, &reason, (ctx.now, &ctx.actor)).await?;
    tx.edit_update(&update.id, &after, &json!(overrides).to_string(), broken, ctx.now).await?;
    audiences::changed(tx, ctx, &incident.id).await?;
    if edit.is_told {
        let (incident_id, update_id) = (incident.id.as_str(), update.id.as_str());
        let (severity, sequence) = (incident.severity, update.sequence);
        notices::enqueue(tx, ctx, notices::Notice { incident_id, update_id, severity, sequence }).await?;
    }
    let detail = json!({
        "update": update.id, "reason": reason, "told": edit.is_told, "overrides": overrides,
        "break_glass": broken, "before": before.body(), "after": after.body(),
    });
    audit(tx, ctx, "edit_update", &format!("incident:{}", incident.id), detail).await
}

/// Whoever edits what somebody else published is the second person.
fn sign_off(ctx: &Ctx, update: &UpdateRow, break_glass: &str) -> Result<SignOff, Refusal> {
    Ok(if update.published_by != ctx.actor {
        SignOff::Approved(update.published_by.clone())
    } else if break_glass.trim().is_empty() {
        SignOff::Alone
    } else {
        SignOff::BreakGlass(line(break_glass, "break_glass")?)
    })
}

/// A line that readers or the record show as it is.
fn line(text: &str, name: &'static str) -> Result<String, Refusal> {
    let text = text::single_line(text, REASON_MAX).map_err(|e| Refusal::field(name, e.to_string()))?;
    text::no_identifiers(&text).map_err(|e| Refusal::field(name, e.to_string()))?;
    Ok(text)
}

async fn keep(
    tx: &mut Tx,
    update_id: &str,
    version: i64,
    message: &Message,
    reason: &str,
    (at, by): (domain::clock::Timestamp, &str),
) -> Result<(), Refusal> {
    let Message { known, unknown, next_steps, customer_action } = message.clone();
    let row = UpdateVersionRow {
        update_id: update_id.to_owned(),
        version,
        known,
        unknown,
        next_steps,
        customer_action,
        reason: reason.to_owned(),
        written_at: at,
        written_by: by.to_owned(),
    };
    Ok(tx.insert_update_version(&row).await?)
}
