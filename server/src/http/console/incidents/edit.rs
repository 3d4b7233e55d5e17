//! Editing a published update.

use app::console::{
    self,
    edit::EditPage,
    model::{self, FormError},
};
use axum::{extract::Path, http::StatusCode};
use domain::{
    clock_local::utc_time,
    lead::{SignOff, signed_off},
    notice::Message,
};
use store::Tx;

use crate::{
    commands::{
        Refusal,
        edits::{self, Edit},
        kept::Form,
        writing,
    },
    http::console::{
        desk::{Answer, Desk, see},
        forms,
        now::Names,
        writing::found,
    },
    reads::{Blast, edits::differences, world::message},
};

const FIELDS: [&str; 9] = [
    "version",
    "known",
    "unknown",
    "next_steps",
    "customer_action",
    "reason",
    "break_glass",
    "is_told",
    "override.*",
];

/// The form, filled with the text as it stands.
pub async fn show_edit(desk: Desk, Path((incident, update)): Path<(String, String)>) -> Answer {
    let mut tx = desk.read().await?;
    let (model, stands) = load(&desk, &mut tx, &incident, &update).await?;
    let Message { known, unknown, next_steps, customer_action } = stands;
    let fields = model::Fields { known, unknown, next_steps, customer_action };
    let model = EditPage { fields, ..model };
    Ok(desk
        .page(StatusCode::OK, "Edit an update", "/console/incidents", |frame| console::edit(frame, &model)))
}

/// The page without what was typed, and the text as it stands.
async fn load(
    desk: &Desk,
    tx: &mut Tx,
    incident_id: &str,
    update_id: &str,
) -> Result<(EditPage, Message), Refusal> {
    let row = tx.incident(incident_id).await?.ok_or(Refusal::NotFound("incident"))?;
    let updates = tx.updates(incident_id).await?;
    let update = updates.into_iter().find(|u| u.id == update_id).ok_or(Refusal::NotFound("update"))?;
    let by = tx.user_name(&update.published_by).await?.unwrap_or_else(|| "Waypost".into());
    let at = utc_time(update.published_at, desk.now());
    let is_alone = update.published_by == desk.session.user_id
        && signed_off(update.severity, "", &SignOff::Alone).is_err();
    let page = EditPage {
        incident_id: row.id.clone(),
        incident: Names::load(tx).await?.title(tx, &row).await?,
        update_id: update.id.clone(),
        what: format!("{}, published {at} by {by}", update.phase.word()),
        version: edits::newest(tx, incident_id, update_id).await?,
        break_glass: is_alone.then(String::new),
        audience: Blast::of_incident(tx, incident_id, desk.now()).await?.words(desk.now()),
        ..EditPage::default()
    };
    Ok((page, message(&update)))
}

/// Publishes the edit.
pub async fn save_edit(desk: Desk, Path((incident, update)): Path<(String, String)>) -> Answer {
    let (status, field, words) = match try_save(&desk, &incident, &update).await {
        Ok(()) => return Ok(see(&format!("/console/incidents/{incident}#story"))),
        Err(Refusal::Field { field, message }) => (StatusCode::UNPROCESSABLE_ENTITY, field, message),
        Err(Refusal::Conflict(message)) => (StatusCode::CONFLICT, "", message),
        Err(refusal) => return Err(refusal),
    };
    let mut tx = desk.read().await?;
    let (model, stands) = load(&desk, &mut tx, &incident, &update).await?;
    let overtaken = status == StatusCode::CONFLICT;
    let model = EditPage {
        meanwhile: if overtaken { differences(&stands, &forms::message(&desk.fields)) } else { Vec::new() },
        fields: forms::typed(&desk.fields),
        reason: desk.fields.one("reason").into(),
        break_glass: model.break_glass.map(|_| desk.fields.one("break_glass").into()),
        is_told: desk.fields.some("is_told").is_some(),
        findings: found(&mut tx, Form::Updates, &desk.fields).await?,
        error: Some(FormError { field: field.into(), message: words }),
        ..model
    };
    Ok(desk.page(status, "Edit an update", "/console/incidents", |frame| console::edit(frame, &model)))
}

async fn try_save(desk: &Desk, incident: &str, update: &str) -> Result<(), Refusal> {
    let fields = &desk.fields;
    forms::only(fields, &FIELDS)?;
    let edit = Edit {
        incident_id: incident.to_owned(),
        update_id: update.to_owned(),
        version: fields.one("version").parse().unwrap_or(0),
        message: forms::message(fields),
        reason: fields.one("reason").into(),
        overrides: writing::overrides(fields),
        break_glass: fields.one("break_glass").into(),
        is_told: fields.some("is_told").is_some(),
    };
    let mut work = desk.begin().await?;
    edits::edit(&mut work.tx, &work.ctx, edit).await?;
    desk.publish(work).await
}
