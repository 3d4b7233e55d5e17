//! Declaring an incident.

use app::console::{
    self,
    model::{self, FormError},
};
use axum::{extract::Query, http::StatusCode, response::Response};
use serde::Deserialize;
use store::Tx;

use super::{choices, key, severities};
use crate::{
    clock::new_id,
    commands::{
        Refusal,
        incidents::{self, Published},
    },
    http::console::{
        desk::{Answer, Desk, see},
        forms,
        now::evidence_sentence,
    },
};

const FIELDS: &[&str] = &[
    "title",
    "severity",
    "started_at",
    "cell.*",
    "known",
    "unknown",
    "next_steps",
    "customer_action",
    "next_update_due_at",
    "proposal",
    "idempotency_key",
    "preview",
];

/// Where a declaration comes from.
#[derive(Debug, Default, Deserialize)]
pub struct From {
    proposal: Option<String>,
}

/// The form that declares.
pub async fn new(desk: Desk, Query(from): Query<From>) -> Answer {
    let mut tx = desk.read().await?;
    let mut model = model::Declare {
        severity: 2,
        started: forms::input_time(desk.now()),
        severities: severities(&mut tx).await?,
        idempotency_key: new_id(),
        ..model::Declare::default()
    };
    let mut chosen = Vec::new();
    if let Some(id) = from.proposal {
        let proposal = tx.proposal(&id).await?.ok_or(Refusal::NotFound("proposal"))?;
        model.severity = proposal.proposed_severity.number();
        model.started = forms::input_time(proposal.created_at);
        model.proposal = Some((id, evidence_sentence(Some(&proposal.evidence))));
        chosen.push((proposal.cell_id, proposal.proposed_status));
    }
    model.cells = choices(&mut tx, &chosen).await?;
    Ok(show(&desk, StatusCode::OK, &model))
}

fn show(desk: &Desk, status: StatusCode, model: &model::Declare) -> Response {
    desk.page(status, "Declare an incident", "/console/incidents", |frame| console::declare(frame, model))
}

/// Declares and publishes; a refusal, or a wish for a preview, shows the form again as it was.
pub async fn declare(desk: Desk) -> Answer {
    if desk.fields.some("preview").is_some() {
        return again(&desk, None).await;
    }
    match try_declare(&desk).await {
        Ok(done) => Ok(see(&format!("/console/incidents/{}", done.incident_id))),
        Err(Refusal::Field { field, message }) => {
            again(&desk, Some(FormError { field: field.into(), message })).await
        }
        Err(Refusal::Conflict(message)) => {
            again(&desk, Some(FormError { field: String::new(), message })).await
        }
        Err(refusal) => Err(refusal),
    }
}

async fn again(desk: &Desk, error: Option<FormError>) -> Answer {
    let status = if error.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let mut tx = desk.read().await?;
    let fields = &desk.fields;
    let model = model::Declare {
        title: fields.one("title").into(),
        severity: fields.one("severity").parse().unwrap_or(2),
        started: fields.one("started_at").into(),
        fields: forms::typed(fields),
        cells: choices(&mut tx, &forms::cells(fields).unwrap_or_default()).await?,
        proposal: evidence(&mut tx, fields.some("proposal")).await?,
        severities: severities(&mut tx).await?,
        next_update: fields.one("next_update_due_at").into(),
        idempotency_key: fields.some("idempotency_key").map_or_else(new_id, str::to_owned),
        error,
    };
    Ok(show(desk, status, &model))
}

async fn evidence(tx: &mut Tx, proposal: Option<&str>) -> Result<Option<(String, String)>, Refusal> {
    let Some(id) = proposal else { return Ok(None) };
    let found = tx.proposal(id).await?;
    Ok(found.map(|p| (id.to_owned(), evidence_sentence(Some(&p.evidence)))))
}

async fn try_declare(desk: &Desk) -> Result<Published, Refusal> {
    let fields = &desk.fields;
    forms::only(fields, FIELDS)?;
    let cmd = incidents::Declare {
        title: fields.one("title").into(),
        severity: fields.one("severity").parse().unwrap_or(0),
        started_at: forms::time(fields, "started_at")?.unwrap_or_else(|| desk.now()),
        cells: forms::cells(fields)?,
        message: forms::message(fields),
        next_update_due_at: forms::time(fields, "next_update_due_at")?,
        proposal_id: fields.some("proposal").map(str::to_owned),
        idempotency_key: key(fields)?,
    };
    let mut work = desk.begin().await?;
    let done = incidents::declare(&mut work.tx, &work.ctx, cmd).await?;
    desk.publish(work).await?;
    Ok(done)
}
