//! The verbs of an open incident.

use app::console::model::FormError;
use axum::{extract::Path, http::StatusCode};
use domain::incident::Phase;

use super::{
    key,
    show::{load, render},
};
use crate::{
    commands::{
        Refusal,
        incidents::{self, Step, Verb},
    },
    http::console::{
        desk::{Answer, Desk, see},
        forms,
    },
};

const FIELDS: &[&str] = &[
    "version",
    "idempotency_key",
    "known",
    "unknown",
    "next_steps",
    "customer_action",
    "next_update_due_at",
    "phase",
    "kind",
    "cell.*",
    "severity",
    "reason",
    "preview",
];
/// Does a verb; a refusal, or a wish for a preview, shows the page again with the form as it was.
async fn step(desk: Desk, id: String, form: &'static str, verb: Result<Verb, Refusal>) -> Answer {
    if desk.fields.some("preview").is_some() {
        return again(&desk, &id, form, StatusCode::OK, None).await;
    }
    let (status, field, message) = match try_step(&desk, &id, verb).await {
        Ok(()) => return Ok(see(&format!("/console/incidents/{id}"))),
        Err(Refusal::Field { field, message }) => (StatusCode::UNPROCESSABLE_ENTITY, field, message),
        Err(Refusal::Conflict(message)) => (StatusCode::CONFLICT, "", message),
        Err(refusal) => return Err(refusal),
    };
    again(&desk, &id, form, status, Some(FormError { field: field.into(), message })).await
}

async fn again(
    desk: &Desk,
    id: &str,
    form: &'static str,
    status: StatusCode,
    error: Option<FormError>,
) -> Answer {
    let mut model = load(desk, id).await?;
    model.form = form;
    model.fields = forms::typed(&desk.fields);
    model.chosen_phase = desk.fields.one("phase").into();
    model.chosen_severity = desk.fields.one("severity").parse().unwrap_or(0);
    model.reason = desk.fields.one("reason").into();
    model.next_update_typed = desk.fields.one("next_update_due_at").into();
    model.error = error;
    Ok(render(desk, status, &model))
}

async fn try_step(desk: &Desk, id: &str, verb: Result<Verb, Refusal>) -> Result<(), Refusal> {
    let fields = &desk.fields;
    forms::only(fields, FIELDS)?;
    let step = Step {
        incident_id: id.to_owned(),
        version: fields.one("version").parse().unwrap_or(0),
        message: forms::message(fields),
        next_update_due_at: forms::time(fields, "next_update_due_at")?,
        idempotency_key: key(fields)?,
    };
    let verb = verb?;
    let mut work = desk.begin().await?;
    incidents::act(&mut work.tx, &work.ctx, step, verb).await?;
    desk.publish(work).await
}

/// Posts an update.
pub async fn update(desk: Desk, Path(id): Path<String>) -> Answer {
    let verb = match Phase::try_from(desk.fields.one("phase").to_owned()) {
        Ok(phase) => forms::cells(&desk.fields).map(|cells| Verb::PostUpdate {
            phase,
            is_no_change: desk.fields.one("kind") == "no_change",
            cells,
        }),
        Err(_) => Err(Refusal::field("phase", "Choose where the incident stands.")),
    };
    step(desk, id, "updates", verb).await
}

/// Changes the severity.
pub async fn reclassify(desk: Desk, Path(id): Path<String>) -> Answer {
    let verb = Verb::Reclassify {
        severity: desk.fields.one("severity").parse().unwrap_or(0),
        reason: desk.fields.one("reason").into(),
    };
    step(desk, id, "reclassify", Ok(verb)).await
}

/// Usable again.
pub async fn restore(desk: Desk, Path(id): Path<String>) -> Answer {
    step(desk, id, "restore", Ok(Verb::Restore)).await
}

/// Fixed for good.
pub async fn resolve(desk: Desk, Path(id): Path<String>) -> Answer {
    step(desk, id, "resolve", Ok(Verb::Resolve)).await
}
