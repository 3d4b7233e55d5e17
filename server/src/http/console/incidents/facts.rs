//! Facts for one partner on an incident.

use app::console::{
    model::FormError,
    partners::{FactLine, Facts},
};
use axum::{extract::Path, http::StatusCode};
use domain::{audience::Audience, clock_local::utc_time};
use store::{IncidentRow, Tx};

use super::show::{load, render};
use crate::{
    auth::role::Permission,
    clock::new_id,
    commands::{
        Refusal,
        audiences::{self, write_facts},
    },
    http::console::{
        desk::{Answer, Desk, see},
        forms,
    },
};

/// What was written for single partners, and for whom more can be written.
pub(super) async fn section(desk: &Desk, tx: &mut Tx, row: &IncidentRow) -> Result<Facts, Refusal> {
    let partners = tx.partners().await?;
    let name =
        |id: &str| partners.iter().find(|p| p.id == id).map_or("a partner", |p| p.name.as_str()).to_owned();
    let mut lines = Vec::new();
    for fact in tx.facts(&row.id).await?.into_iter().rev() {
        let by = tx.user_name(&fact.published_by).await?.unwrap_or_default();
        lines.push(FactLine {
            partner: name(&fact.partner_id),
            at: format!("{} · {by}", utc_time(fact.published_at, desk.now())),
            text: fact.text,
        });
    }
    let mut choices = Vec::new();
    if !row.is_rehearsal {
        for partner in &partners {
            if audiences::sees(tx, Some(&partner.id), &row.id).await? {
                choices.push((partner.id.clone(), partner.name.clone()));
            }
        }
    }
    let only_for = match tx.audience(&row.id).await? {
        Some(Audience::Partners(ids)) => ids.iter().map(|id| name(id)).collect(),
        _ => Vec::new(),
    };
    Ok(Facts {
        lines,
        choices,
        only_for,
        may_write: desk.may(Permission::Publish),
        idempotency_key: new_id(),
        ..Facts::default()
    })
}

/// Publishes facts for one partner.
pub async fn write(desk: Desk, Path(id): Path<String>) -> Answer {
    let done = async {
        forms::only(&desk.fields, &["partner", "facts", "idempotency_key"])?;
        let given = audiences::Facts {
            incident_id: id.clone(),
            partner_id: desk.fields.one("partner").into(),
            text: desk.fields.one("facts").replace("\r\n", "\n"),
            idempotency_key: desk.fields.some("idempotency_key").map(str::to_owned),
        };
        let mut work = desk.begin().await?;
        write_facts(&mut work.tx, &work.ctx, given).await?;
        desk.publish(work).await
    };
    let (status, field, message) = match done.await {
        Ok(()) => return Ok(see(&format!("/console/incidents/{id}#facts"))),
        Err(Refusal::Field { field, message }) => (StatusCode::UNPROCESSABLE_ENTITY, field, message),
        Err(Refusal::Conflict(message)) => (StatusCode::CONFLICT, "", message),
        Err(refusal) => return Err(refusal),
    };
    let mut model = load(&desk, &id).await?;
    model.facts.partner = desk.fields.one("partner").into();
    model.facts.text = desk.fields.one("facts").into();
    model.facts.error = Some(FormError { field: field.into(), message });
    Ok(render(&desk, status, &model))
}
