//! Entering an incident afterwards, and the tasks that ask for it.

use app::console::{self, backfill::BackfillPage, model::FormError};
use axum::{
    extract::{Path, Query},
    http::{StatusCode, header},
    response::{IntoResponse as _, Response},
};
use domain::lead::SignOff;
use serde::Deserialize;
use store::Tx;

use super::{choices, severities};
use crate::{
    clock::new_id,
    commands::{
        Refusal,
        backfill::{self as commands, Backfill},
        silent_fixes, writing,
    },
    http::{
        console::{
            desk::{Answer, Desk, see},
            forms,
        },
        fields::Fields,
    },
};

const FIELDS: [&str; 12] = [
    "title",
    "severity",
    "started_at",
    "resolved_at",
    "cell.*",
    "known",
    "unknown",
    "next_steps",
    "customer_action",
    "break_glass",
    "override.*",
    "idempotency_key",
];

/// The task that it comes from.
#[derive(Debug, Default, Deserialize)]
pub struct From {
    task: Option<String>,
}

/// The form.
pub async fn enter(desk: Desk, Query(from): Query<From>) -> Answer {
    let mut tx = desk.read().await?;
    let mut model = blank(&mut tx).await?;
    if let Some(id) = from.task {
        let task = tx.silent_fix(&id).await?.ok_or(Refusal::NotFound("task"))?;
        model.started = forms::input_time(task.began_at);
        model.resolved = forms::input_time(task.ended_at.plus(domain::clock::MINUTE));
        model.cells = choices(&mut tx, &[(task.cell_id, task.worst)]).await?;
    }
    Ok(page(&desk, StatusCode::OK, &model))
}

async fn blank(tx: &mut Tx) -> Result<BackfillPage, Refusal> {
    Ok(BackfillPage {
        severity: 3,
        severities: severities(tx).await?,
        cells: choices(tx, &[]).await?,
        idempotency_key: new_id(),
        ..BackfillPage::default()
    })
}

fn page(desk: &Desk, status: StatusCode, model: &BackfillPage) -> Response {
    desk.page(status, "Enter a past incident", "/console/incidents", |frame| console::backfill(frame, model))
}

/// Enters it.
pub async fn backfill(desk: Desk) -> Answer {
    let (status, field, message) = match enter_it(&desk).await {
        Ok(id) => return Ok(see(&format!("/console/incidents/{id}"))),
        Err(Refusal::Field { field, message }) => (StatusCode::UNPROCESSABLE_ENTITY, field, message),
        Err(Refusal::Conflict(message)) => (StatusCode::CONFLICT, "", message),
        Err(refusal) => return Err(refusal),
    };
    let fields = &desk.fields;
    let mut tx = desk.read().await?;
    let model = BackfillPage {
        title: fields.one("title").into(),
        severity: fields.one("severity").parse().unwrap_or(3),
        started: fields.one("started_at").into(),
        resolved: fields.one("resolved_at").into(),
        cells: choices(&mut tx, &forms::cells(fields).unwrap_or_default()).await?,
        fields: forms::typed(fields),
        break_glass: fields.one("break_glass").into(),
        idempotency_key: fields.some("idempotency_key").map_or_else(new_id, str::to_owned),
        error: Some(FormError { field: field.into(), message }),
        ..blank(&mut tx).await?
    };
    Ok(page(&desk, status, &model))
}

async fn enter_it(desk: &Desk) -> Result<String, Refusal> {
    let fields: &Fields = &desk.fields;
    forms::only(fields, &FIELDS)?;
    let mut work = desk.begin().await?;
    let at = |name: &'static str| {
        forms::time(fields, name)?.ok_or_else(|| Refusal::field(name, "Give a date and time in UTC."))
    };
    let cmd = Backfill {
        title: fields.one("title").into(),
        severity: fields.one("severity").parse().unwrap_or(0),
        started_at: at("started_at")?,
        resolved_at: at("resolved_at")?,
        cells: forms::cells(fields)?,
        message: forms::message(fields),
        sign_off: fields.some("break_glass").map_or(SignOff::Alone, |r| SignOff::BreakGlass(r.to_owned())),
        overrides: writing::overrides(fields),
        idempotency_key: fields.some("idempotency_key").map(str::to_owned),
    };
    let id = commands::backfill(&mut work.tx, &work.ctx, cmd).await?;
    desk.publish(work).await?;
    Ok(id)
}

/// A person says that a silent fix needs no word.
pub async fn dismiss_silent_fix(desk: Desk, Path(id): Path<String>) -> Answer {
    forms::only(&desk.fields, &["reason"])?;
    let mut work = desk.begin().await?;
    match silent_fixes::dismiss(&mut work.tx, &work.ctx, &id, desk.fields.one("reason")).await {
        Ok(()) => {
            desk.publish(work).await?;
            Ok(see("/console"))
        }
        // One short field: the page that says what is wrong leads back.
        Err(refusal) => Ok(([(header::CACHE_CONTROL, "no-store")], refusal).into_response()),
    }
}
