//! Forms that are kept: saved as they are typed, waiting for a second person, or for their time.

use domain::{
    clock::{DAY, Timestamp},
    lead::{SignOff, signed_off},
    severity::Severity,
};
use serde_json::json;
use store::{DraftRow, Tx};

use super::{
    Ctx, Refusal,
    cells::audit,
    incidents::Published,
    kept::{Form, perform},
};
use crate::{clock::new_id, http::fields::Fields};

/// How far ahead something may be scheduled.
const AHEAD_MAX: i64 = 30 * DAY;

/// Saves what somebody has typed so far.
pub async fn save(
    tx: &mut Tx,
    ctx: &Ctx,
    form: Form,
    incident_id: &str,
    fields: &Fields,
) -> Result<(), Refusal> {
    form.check(fields)?;
    Ok(tx.save_draft(&new_id(), incident_id, form.slug(), &ctx.actor, &fields.to_json(), ctx.now).await?)
}

/// Keeps a form until somebody else approves it, and, with `publish_at`, until then.
///
/// What the rules refuse is refused now, not when it is approved.
pub async fn ask(
    tx: &mut Tx,
    ctx: &Ctx,
    form: Form,
    incident_id: &str,
    fields: &Fields,
    publish_at: Option<Timestamp>,
) -> Result<String, Refusal> {
    form.check(fields)?;
    check_ahead(ctx, publish_at)?;
    let severity = severity(tx, form, incident_id, fields).await?;
    let needs_second = signed_off(severity, &ctx.actor, &SignOff::Alone).is_err();
    let state = if needs_second || publish_at.is_none() { "asked" } else { "scheduled" };
    let row = DraftRow {
        id: new_id(),
        incident_id: incident_id.to_owned(),
        form: form.slug().into(),
        author_id: ctx.actor.clone(),
        fields: fields.to_json(),
        state: state.into(),
        note: String::new(),
        approved_by: None,
        publish_at: publish_at.map(Timestamp::millis),
        created_at: ctx.now,
        updated_at: ctx.now,
    };
    tx.insert_draft(&row).await?;
    tx.drop_saved_draft(&ctx.actor, incident_id, form.slug()).await?;
    let detail = json!({ "form": row.form, "draft": row.id, "before": null, "after": row.state });
    audit(tx, ctx, "ask_approval", &subject(&row), detail).await?;
    Ok(row.id)
}

/// Does what a form says as if it were approved, to hear now what the rules refuse. The caller rolls it back.
pub async fn rehearse(
    tx: &mut Tx,
    ctx: &Ctx,
    form: Form,
    incident_id: &str,
    fields: &Fields,
) -> Result<(), Refusal> {
    perform(tx, ctx, form, incident_id, fields, SignOff::Approved(String::new())).await.map(drop)
}

fn check_ahead(ctx: &Ctx, publish_at: Option<Timestamp>) -> Result<(), Refusal> {
    match publish_at {
        Some(at) if at <= ctx.now => {
            Err(Refusal::field("publish_at", "Choose a time in the future, or leave it empty."))
        }
        Some(at) if at.since(ctx.now) > AHEAD_MAX => {
            Err(Refusal::field("publish_at", "Choose a time within the next 30 days."))
        }
        _ => Ok(()),
    }
}

fn subject(row: &DraftRow) -> String {
    if row.incident_id.is_empty() {
        format!("draft:{}", row.id)
    } else {
        format!("incident:{}", row.incident_id)
    }
}

/// The severity that decides about a second person: the worse of before and after.
async fn severity(tx: &mut Tx, form: Form, incident_id: &str, fields: &Fields) -> Result<Severity, Refusal> {
    let typed = fields.one("severity").parse().ok().and_then(|n: i64| Severity::try_from(n).ok());
    if form == Form::Declare {
        return typed.ok_or_else(|| Refusal::field("severity", "Choose a severity from Sev 1 to Sev 4."));
    }
    let now = tx.incident(incident_id).await?.ok_or(Refusal::NotFound("incident"))?.severity;
    Ok(typed.filter(|_| form == Form::Reclassify).map_or(now, |t| t.min(now)))
}

async fn waiting(tx: &mut Tx, id: &str) -> Result<(DraftRow, Form, Fields), Refusal> {
    let row = tx.draft(id).await?.ok_or(Refusal::NotFound("draft"))?;
    if !matches!(row.state.as_str(), "asked" | "returned") {
        return Err(Refusal::Conflict(format!("This text is {} already.", row.state)));
    }
    let form = Form::find(&row.form).ok_or(Refusal::NotFound("form"))?;
    let fields = Fields::from_json(&row.fields);
    Ok((row, form, fields))
}

/// A second person approves: it goes out now, or at its time. The author stays the author.
pub async fn approve(tx: &mut Tx, ctx: &Ctx, id: &str) -> Result<Option<Published>, Refusal> {
    let (row, form, fields) = waiting(tx, id).await?;
    let sign_off = SignOff::Approved(ctx.actor.clone());
    signed_off(Severity::Sev1, &row.author_id, &sign_off)?;
    let is_later = row.publish_at.is_some_and(|at| at > ctx.now.millis());
    let to = if is_later { "scheduled" } else { "published" };
    if !tx.move_draft(id, &row.state, to, "", Some(&ctx.actor), ctx.now).await? {
        return Err(Refusal::Conflict("Somebody else decided on this text a moment ago.".into()));
    }
    let detail = json!({ "draft": id, "before": row.state, "after": to, "author": row.author_id });
    audit(tx, ctx, "approve", &subject(&row), detail).await?;
    if is_later {
        return Ok(None);
    }
    let author = as_author(tx, ctx, &row).await?;
    perform(tx, &author, form, &row.incident_id, &fields, sign_off).await.map(Some)
}

async fn as_author(tx: &mut Tx, ctx: &Ctx, row: &DraftRow) -> Result<Ctx, Refusal> {
    let actor_name = tx.user_name(&row.author_id).await?.unwrap_or_default();
    Ok(Ctx { actor: row.author_id.clone(), actor_name, ..ctx.clone() })
}

/// Back to the author, with a note.
pub async fn give_back(tx: &mut Tx, ctx: &Ctx, id: &str, note: &str) -> Result<(), Refusal> {
    let note = domain::text::multi_line(note, 1_000).map_err(|e| Refusal::field("note", e.to_string()))?;
    let (row, ..) = waiting(tx, id).await?;
    end(tx, ctx, &row, "returned", &note).await
}

/// Nobody will publish it.
pub async fn discard(tx: &mut Tx, ctx: &Ctx, id: &str) -> Result<(), Refusal> {
    let row = tx.draft(id).await?.ok_or(Refusal::NotFound("draft"))?;
    end(tx, ctx, &row, "discarded", "").await
}

async fn end(tx: &mut Tx, ctx: &Ctx, row: &DraftRow, to: &str, note: &str) -> Result<(), Refusal> {
    if !tx.move_draft(&row.id, &row.state, to, note, None, ctx.now).await? {
        return Err(Refusal::Conflict("Somebody else decided on this text a moment ago.".into()));
    }
    let detail = json!({ "draft": row.id, "before": row.state, "after": to, "note": note });
    audit(tx, ctx, "return_draft", &subject(row), detail).await
}

/// Publishes one text whose time has come; false: there is none. What the rules refuse by then goes back to its
/// author with the reason.
pub async fn publish_due(tx: &mut Tx, now: Timestamp) -> Result<Due, Refusal> {
    let Some(row) = tx.claim_scheduled_draft(now).await? else { return Ok(Due::Nothing) };
    let ctx = as_author(tx, &Ctx::system(now), &row).await?;
    let Some(form) = Form::find(&row.form) else {
        end(tx, &ctx, &row, "returned", "This kind of text is not known any more.").await?;
        return Ok(Due::Returned);
    };
    tx.move_draft(&row.id, "scheduled", "published", "", None, now).await?;
    let sign_off = row.approved_by.clone().map_or(SignOff::Alone, SignOff::Approved);
    let fields = Fields::from_json(&row.fields);
    match perform(tx, &ctx, form, &row.incident_id, &fields, sign_off).await {
        Ok(_) => Ok(Due::Published),
        Err(Refusal::Store(error)) => Err(Refusal::Store(error)),
        // The caller rolls back, then returns it with these words.
        Err(refusal) => Ok(Due::Refused(row.id, refusal.to_string())),
    }
}

/// Returns a scheduled text to its author.
pub async fn return_due(tx: &mut Tx, now: Timestamp, id: &str, why: &str) -> Result<(), Refusal> {
    let row = tx.draft(id).await?.ok_or(Refusal::NotFound("draft"))?;
    end(tx, &Ctx::system(now), &row, "returned", why).await
}

/// What became of a scheduled text.
#[derive(Debug)]
pub enum Due {
    /// There is none.
    Nothing,
    /// It is public.
    Published,
    /// It went back to its author.
    Returned,
    /// The rules refuse it by now: id, and why.
    Refused(String, String),
}
