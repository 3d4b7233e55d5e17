//! Declaring an incident.

use app::console::{
    self,
    command::Acts,
    model::{self, FormError},
};
use axum::{extract::Query, http::StatusCode, response::Response};
use domain::{clock_local::utc_time, severity::Severity, status::CellStatus};
use serde::Deserialize;
use store::Tx;

use super::{
    choices,
    origins::{origins, ticked},
    seen::seen,
    severities,
    steps::submit,
};
use crate::{
    auth::role::Permission,
    clock::new_id,
    commands::{
        Refusal,
        incidents::Published,
        kept::{Form, named},
        proposals,
    },
    http::{
        console::{
            desk::{Answer, Desk, see},
            forms,
            now::evidence_sentence,
            writing::found,
        },
        fields::Fields,
    },
    reads::{Blast, explored::Question},
};

/// Where a declaration comes from.
#[derive(Debug, Default, Deserialize)]
pub struct From {
    proposal: Option<String>,
    supplier: Option<String>,
    component: Option<String>,
    rehearsal: Option<String>,
    explored: Option<String>,
}

/// The form that declares; what this person saved of it comes back.
pub async fn new(desk: Desk, Query(from): Query<From>) -> Answer {
    let mut tx = desk.read().await?;
    if let Some(id) = &from.proposal {
        return proposed(&desk, &mut tx, id).await;
    }
    let origins = origins(&mut tx, from.supplier.as_deref(), from.component.as_deref()).await?;
    let mut chosen = ticked(&mut tx, &origins).await?;
    let saved = tx.saved_draft(&desk.session.user_id, "", Form::Declare.slug()).await?;
    let origin = from.rehearsal.as_ref().or(from.explored.as_ref());
    if let (Some(draft), None) = (saved, origin) {
        let words = format!("Restored from your draft of {}.", utc_time(draft.updated_at, desk.now()));
        let desk = Desk { fields: Fields::from_json(&draft.fields), ..desk };
        let mut model = typed(&desk, &mut tx, None).await?;
        if !chosen.is_empty() {
            model.cells = choices(&mut tx, &chosen).await?;
        }
        (model.restored, model.origins) = (Some(words), origins);
        return Ok(show(&desk, StatusCode::OK, &model));
    }
    let mut model = model::Declare {
        severity: 2,
        started: forms::input_time(desk.now()),
        severities: severities(&mut tx).await?,
        idempotency_key: new_id(),
        acts: acts(&desk, None),
        origins,
        ..model::Declare::default()
    };
    if let Some(asked) = from.explored {
        chosen.extend(explored(&desk, &mut tx, asked, &mut model).await?);
    }
    model.rehearsal = rehearsed(&mut tx, from.rehearsal.as_deref()).await?;
    model.cells = choices(&mut tx, &chosen).await?;
    model.blast = reach(&desk, &mut tx, &chosen, model.severity).await?;
    model.partners = partners(&mut tx, &desk.fields).await?;
    Ok(show(&desk, StatusCode::OK, &model))
}

/// Fills the form from what was found in the explorer; cells in trouble.
async fn explored(
    desk: &Desk,
    tx: &mut Tx,
    asked: String,
    model: &mut model::Declare,
) -> Result<Vec<(String, CellStatus)>, Refusal> {
    let question = Question::read(tx, &Fields::parse(asked.as_bytes()), desk.now()).await?;
    let Some(draft) = question.draft(tx, desk.now()).await? else { return Ok(Vec::new()) };
    model.severity = draft.severity;
    model.started = forms::input_time(draft.started_at);
    model.title = draft.title.into();
    model.fields.known = draft.known;
    model.explored = Some((asked, draft.evidence));
    Ok(draft.cells)
}

/// The form that a proposal comes to: its cells, its severity, and the text of the approved template.
async fn proposed(desk: &Desk, tx: &mut Tx, id: &str) -> Answer {
    let proposal = tx.proposal(id).await?.ok_or(Refusal::NotFound("proposal"))?;
    let cells = tx.proposal_cells(id).await?;
    let fields = proposals::drafted(tx, &proposal, &cells, desk.now()).await?;
    let desk = Desk { fields, ..desk.clone() };
    let model = typed(&desk, tx, None).await?;
    Ok(show(&desk, StatusCode::OK, &model))
}

fn show(desk: &Desk, status: StatusCode, model: &model::Declare) -> Response {
    desk.page(status, "Declare an incident", "/console/incidents", |frame| console::declare(frame, model))
}

/// Declares and publishes; a refusal shows the form again as it was.
pub async fn declare(desk: Desk) -> Answer {
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

pub(crate) async fn again(desk: &Desk, error: Option<FormError>) -> Answer {
    let status = StatusCode::UNPROCESSABLE_ENTITY;
    let mut tx = desk.read().await?;
    let model = typed(desk, &mut tx, error).await?;
    Ok(show(desk, status, &model))
}

/// The form with what readers would get.
pub(crate) async fn previewed(desk: &Desk) -> Answer {
    let seen = seen(desk, Form::Declare, "").await?;
    let mut model = typed(desk, &mut desk.read().await?, None).await?;
    model.acts.seen = Some(seen);
    Ok(show(desk, StatusCode::OK, &model))
}

fn acts(desk: &Desk, error: Option<FormError>) -> Acts {
    Acts {
        needs_second: None,
        may_publish: desk.may(Permission::Command),
        keep: "/console/drafts/declare/new".into(),
        label: "Declare and publish".into(),
        break_glass: desk.fields.one("break_glass").into(),
        publish_at: desk.fields.one("publish_at").into(),
        error,
        ..Acts::default()
    }
}

/// The form as it was typed.
async fn typed(desk: &Desk, tx: &mut Tx, error: Option<FormError>) -> Result<model::Declare, Refusal> {
    let fields = &desk.fields;
    let chosen = forms::cells(fields).unwrap_or_default();
    Ok(model::Declare {
        title: fields.one("title").into(),
        severity: fields.one("severity").parse().unwrap_or(2),
        started: fields.one("started_at").into(),
        fields: forms::typed(fields),
        cells: choices(tx, &chosen).await?,
        workarounds: named(fields, "workaround."),
        partners: partners(tx, fields).await?,
        origins: origins(tx, None, None).await?,
        blast: reach(desk, tx, &chosen, fields.one("severity").parse().unwrap_or(2)).await?,
        proposal: evidence(tx, fields.some("proposal")).await?,
        explored: found_before(desk, tx).await?,
        rehearsal: rehearsed(tx, fields.some("rehearsal")).await?,
        severities: severities(tx).await?,
        next_update: fields.one("next_update_due_at").into(),
        idempotency_key: fields.some("idempotency_key").map_or_else(new_id, str::to_owned),
        acts: Acts { findings: found(tx, Form::Declare, fields).await?, ..acts(desk, error.clone()) },
        restored: None,
        error,
    })
}

/// Partners that it may be for: id, name, and whether it was ticked.
async fn partners(tx: &mut Tx, fields: &Fields) -> Result<Vec<(String, String, bool)>, Refusal> {
    let is_ticked = |id: &str| fields.all("partner").any(|p| p == id);
    Ok(tx.partners().await?.into_iter().map(|p| (p.id.clone(), p.name, is_ticked(&p.id))).collect())
}

/// Who will be told, in words.
async fn reach(
    desk: &Desk,
    tx: &mut Tx,
    chosen: &[(String, CellStatus)],
    severity: i64,
) -> Result<String, Refusal> {
    let ids: Vec<String> = chosen.iter().map(|(id, _)| id.clone()).collect();
    let severity = Severity::try_from(severity).ok();
    let partners: Vec<String> = desk.fields.all("partner").map(str::to_owned).collect();
    Ok(Blast::of_cells(tx, &ids, &partners, severity, desk.now()).await?.words(desk.now()))
}

async fn evidence(tx: &mut Tx, proposal: Option<&str>) -> Result<Option<(String, String)>, Refusal> {
    let Some(id) = proposal else { return Ok(None) };
    let found = tx.proposal(id).await?;
    Ok(found.map(|p| (id.to_owned(), evidence_sentence(Some(&p.evidence)))))
}

/// What was asked in the explorer, and the figures.
async fn found_before(desk: &Desk, tx: &mut Tx) -> Result<Option<(String, String)>, Refusal> {
    let Some(asked) = desk.fields.some("explored") else { return Ok(None) };
    let question = Question::read(tx, &Fields::parse(asked.as_bytes()), desk.now()).await?;
    Ok(question.evidence(tx, desk.now()).await?.map(|e| (asked.to_owned(), e.for_staff())))
}

/// The rehearsal that it belongs to: id and name.
async fn rehearsed(tx: &mut Tx, id: Option<&str>) -> Result<Option<(String, String)>, Refusal> {
    let Some(id) = id else { return Ok(None) };
    let row = tx.rehearsal(id).await?.ok_or(Refusal::NotFound("rehearsal"))?;
    Ok(Some((row.id, row.name)))
}

async fn try_declare(desk: &Desk) -> Result<Published, Refusal> {
    submit(desk, Form::Declare, "").await
}
