//! The verbs of an open incident.

use app::console::model::{self, FormError};
use axum::{extract::Path, http::StatusCode};
use domain::lead::SignOff;

use super::{
    seen::seen,
    show::{load, render},
};
use crate::{
    auth::role::Permission,
    commands::{
        Refusal,
        incidents::Published,
        kept::{Form, named, perform},
    },
    http::{
        console::{
            desk::{Answer, Desk, see},
            forms,
            writing::found,
        },
        fields::Fields,
    },
};

/// What somebody must be allowed to do to publish a form.
pub(crate) const fn needed(form: Form) -> Permission {
    match form {
        Form::Updates => Permission::Publish,
        Form::Declare | Form::Reclassify | Form::Restore | Form::Resolve | Form::Merge => Permission::Command,
    }
}

/// Publishes a form, alone or by breaking the glass, and forgets what was saved of it.
pub(super) async fn submit(desk: &Desk, form: Form, incident_id: &str) -> Result<Published, Refusal> {
    let fields = &desk.fields;
    let sign_off = match fields.one("how") {
        "" | "publish" => SignOff::Alone,
        "alone" => SignOff::BreakGlass(fields.one("break_glass").to_owned()),
        other => return Err(Refusal::field("", format!("{other:?} is not a way to publish."))),
    };
    let mut work = desk.begin().await?;
    let done = perform(&mut work.tx, &work.ctx, form, incident_id, fields, sign_off).await?;
    work.tx.drop_saved_draft(&work.ctx.actor, incident_id, form.slug()).await?;
    desk.publish(work).await?;
    Ok(done)
}

/// Does a verb; a refusal shows the page again with the form as it was.
async fn step(desk: Desk, id: String, form: Form) -> Answer {
    let (status, field, message) = match submit(&desk, form, &id).await {
        Ok(_) => return Ok(see(&format!("/console/incidents/{id}"))),
        Err(Refusal::Field { field, message }) => (StatusCode::UNPROCESSABLE_ENTITY, field, message),
        Err(Refusal::Conflict(message)) => (StatusCode::CONFLICT, "", message),
        Err(refusal) => return Err(refusal),
    };
    again(&desk, &id, form, status, Some(FormError { field: field.into(), message })).await
}

/// The page with a form as it was typed, and what was wrong with it.
pub(crate) async fn again(
    desk: &Desk,
    id: &str,
    form: Form,
    status: StatusCode,
    error: Option<FormError>,
) -> Answer {
    let mut model = typed(desk, id, form).await?;
    model.error = error;
    Ok(render(desk, status, &model))
}

async fn typed(desk: &Desk, id: &str, form: Form) -> Result<model::Incident, Refusal> {
    let mut model = load(desk, id).await?;
    refill(&mut model, form, &desk.fields);
    model.findings = found(&mut desk.read().await?, form, &desk.fields).await?;
    model.restored = None;
    Ok(model)
}

/// The page with a form as it was typed, and with what readers would get.
pub(crate) async fn previewed(desk: &Desk, id: &str, form: Form) -> Answer {
    let seen = seen(desk, form, id).await?;
    let mut model = typed(desk, id, form).await?;
    model.seen = Some(seen);
    Ok(render(desk, StatusCode::OK, &model))
}

/// Puts what was typed back into a form.
pub(super) fn refill(model: &mut model::Incident, form: Form, fields: &Fields) {
    model.form = form.slug();
    model.fields = forms::typed(fields);
    model.chosen_phase = fields.one("phase").into();
    model.chosen_severity = fields.one("severity").parse().unwrap_or(0);
    model.reason = fields.one("reason").into();
    model.into = fields.one("into").into();
    model.next_update_typed = fields.one("next_update_due_at").into();
    model.break_glass = fields.one("break_glass").into();
    model.publish_at = fields.one("publish_at").into();
    for (code, words) in named(fields, "workaround.") {
        model.workarounds.retain(|(c, _)| *c != code);
        model.workarounds.push((code, words));
    }
    for (id, status) in forms::cells(fields).unwrap_or_default() {
        if let Some(cell) = model.cells.iter_mut().find(|c| c.id == id) {
            cell.chosen = Some(status);
        }
    }
}

/// Posts an update.
pub async fn update(desk: Desk, Path(id): Path<String>) -> Answer {
    step(desk, id, Form::Updates).await
}

/// Changes the severity.
pub async fn reclassify(desk: Desk, Path(id): Path<String>) -> Answer {
    step(desk, id, Form::Reclassify).await
}

/// Usable again.
pub async fn restore(desk: Desk, Path(id): Path<String>) -> Answer {
    step(desk, id, Form::Restore).await
}

/// Fixed for good.
pub async fn resolve(desk: Desk, Path(id): Path<String>) -> Answer {
    step(desk, id, Form::Resolve).await
}

/// Part of another incident.
pub async fn merge(desk: Desk, Path(id): Path<String>) -> Answer {
    step(desk, id, Form::Merge).await
}
