//! Notes of our own.

use app::console::model::FormError;
use axum::{extract::Path, http::StatusCode};

use super::show::{load, render};
use crate::{
    commands::{Refusal, notes},
    http::console::{
        desk::{Answer, Desk, see},
        forms,
    },
};

/// Adds a note.
pub async fn note(desk: Desk, Path(id): Path<String>) -> Answer {
    let done = async {
        forms::only(&desk.fields, &["note"])?;
        let mut work = desk.begin().await?;
        let text = desk.fields.one("note").replace("\r\n", "\n");
        notes::write(&mut work.tx, &work.ctx, &id, &text).await?;
        work.commit().await
    };
    let (field, message) = match done.await {
        Ok(()) => return Ok(see(&format!("/console/incidents/{id}#notes"))),
        Err(Refusal::Field { field, message }) => (field, message),
        Err(refusal) => return Err(refusal),
    };
    let mut model = load(&desk, &id).await?;
    model.note = (desk.fields.one("note").into(), Some(FormError { field: field.into(), message }));
    Ok(render(&desk, StatusCode::UNPROCESSABLE_ENTITY, &model))
}
