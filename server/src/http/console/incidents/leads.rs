//! Who leads an incident.

use app::console::{command::Leads, model::FormError};
use axum::{extract::Path, http::StatusCode};
use domain::{clock::Timestamp, clock_local::utc_time, lead::Lead};
use store::Tx;

use super::show::{load, render};
use crate::{
    auth::role::{Permission, Role},
    commands::{Refusal, roles},
    http::console::{
        desk::{Answer, Desk, see},
        forms,
    },
};

/// Who leads, and who could.
pub(super) async fn read(desk: &Desk, tx: &mut Tx, id: &str, now: Timestamp) -> Result<Leads, Refusal> {
    let rows = tx.incident_roles(id).await?;
    let parts = Lead::ALL.into_iter().map(|lead| {
        let holder = rows.iter().find(|r| r.role == lead && r.ended_at.is_none());
        (lead.slug(), lead.words(), holder.map(|r| (r.user_name.clone(), utc_time(r.since_at, now))))
    });
    let fit = |role: &str| Role::find(role).is_some_and(|r| r.may(Permission::Respond));
    let people = tx.users().await?.into_iter().filter(|u| !u.is_disabled && fit(&u.role));
    let history = rows.iter().filter(|r| !r.note.is_empty()).map(|r| {
        format!("{}: {} to {} – {}", utc_time(r.since_at, now), r.role.words(), r.user_name, r.note)
    });
    Ok(Leads {
        incident_id: id.to_owned(),
        parts: parts.collect(),
        people: people.map(|u| (u.id, format!("{} ({})", u.name, u.role))).collect(),
        history: history.collect(),
        may_hand_over: desk.may(Permission::Respond),
        typed: (String::new(), desk.session.user_id.clone(), String::new()),
        error: None,
    })
}

/// Gives a part to a person.
pub async fn give(desk: Desk, Path(id): Path<String>) -> Answer {
    let fields = &desk.fields;
    let done = async {
        forms::only(fields, &["part", "user", "note"])?;
        let part = Lead::try_from(fields.one("part").to_owned())
            .map_err(|_| Refusal::field("user", "Choose a part."))?;
        let mut work = desk.begin().await?;
        roles::give(&mut work.tx, &work.ctx, &id, part, fields.one("user"), fields.one("note")).await?;
        work.commit().await
    };
    let (field, message) = match done.await {
        Ok(()) => return Ok(see(&format!("/console/incidents/{id}#leads"))),
        Err(Refusal::Field { field, message }) => (field, message),
        Err(refusal) => return Err(refusal),
    };
    let mut model = load(&desk, &id).await?;
    model.leads.typed = (fields.one("part").into(), fields.one("user").into(), fields.one("note").into());
    model.leads.error = Some(FormError { field: field.into(), message });
    Ok(render(&desk, StatusCode::UNPROCESSABLE_ENTITY, &model))
}
