//! Incidents: the list, declaring one, and its verbs.

use app::console::{
    self,
    model::{self, CellChoice, ClockItem, FormError, UpdateItem},
};
use axum::{
    Extension,
    extract::{Path, Query, State},
    http::StatusCode,
    response::{IntoResponse as _, Redirect, Response},
};
use domain::{
    clock::{DAY, Timestamp},
    clock_local::{Place, duration_words, utc_and_local, utc_time},
    incident::{Phase, UpdateKind},
    notice::Message,
    severity::Severity,
    sla::{
        clock::{Clock, ClockState},
        policy::SeverityMatrix,
    },
    status::CellStatus,
};
use serde::Deserialize;
use store::{Tx, UpdateRow, policies::SEVERITY_MATRIX};

use super::{
    ctx, forms, frame,
    now::{Names, due, evidence_sentence, incident_line},
    page,
};
use crate::{
    auth::{role::Permission, session::Session},
    clock::new_id,
    commands::{
        Refusal,
        incidents::{self, Published, Step, Verb},
    },
    http::{errors::refusal_page, fields::Fields},
    state::App,
};

/// Open and past incidents.
pub async fn list(State(app): State<App>, Extension(session): Extension<Session>) -> Response {
    let loaded = async {
        let now = app.clock.now();
        let mut tx = app.store.read().await?;
        let names = Names::load(&mut tx).await?;
        let (mut open, mut past) = (Vec::new(), Vec::new());
        for row in tx.incidents_since(now.plus(-90 * DAY), 500).await? {
            let line = incident_line(&mut tx, &names, &row, now).await?;
            if row.resolved_at.is_none() { open.push(line) } else { past.push(line) }
        }
        Ok::<_, Refusal>((open, past))
    };
    match loaded.await {
        Ok((open, past)) => {
            let frame = frame(&app, Some(&session), "Incidents", "/console/incidents");
            page(StatusCode::OK, &frame.nonce.clone(), console::incidents(&frame, &open, &past))
        }
        Err(refusal) => refusal_page(&refusal),
    }
}

/// Where a declaration comes from.
#[derive(Debug, Default, Deserialize)]
pub struct From {
    proposal: Option<String>,
}

async fn choices(tx: &mut Tx, chosen: &[(String, CellStatus)]) -> Result<Vec<CellChoice>, Refusal> {
    let names = Names::load(tx).await?;
    let cells = tx.cells().await?;
    Ok(names
        .order
        .iter()
        .filter_map(|id| {
            let (component, country) = names.cells.get(id)?.clone();
            let now = cells.iter().find(|c| c.id == *id)?.status;
            let chosen = chosen.iter().find(|(c, _)| c == id).map(|(_, s)| *s);
            Some(CellChoice { id: id.clone(), country, component, now, chosen })
        })
        .collect())
}

async fn severities(tx: &mut Tx) -> Result<Vec<(i64, String, String)>, Refusal> {
    let (_, matrix): (i64, SeverityMatrix) = tx.policy(SEVERITY_MATRIX).await?;
    Ok(Severity::ALL
        .into_iter()
        .map(|s| {
            let label = format!("{} – {}, updates {}", s.label(), s.word(), matrix.cadence_words(s));
            (s.number(), label, matrix.promises(s).examples.clone())
        })
        .collect())
}

/// The form that declares.
pub async fn new(
    State(app): State<App>,
    Extension(session): Extension<Session>,
    Query(from): Query<From>,
) -> Response {
    let loaded = async {
        let now = app.clock.now();
        let mut tx = app.store.read().await?;
        let mut model = model::Declare {
            severity: 2,
            started: forms::input_time(now),
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
        Ok::<_, Refusal>(model)
    };
    match loaded.await {
        Ok(model) => {
            let frame = frame(&app, Some(&session), "Declare an incident", "/console/incidents");
            page(StatusCode::OK, &frame.nonce.clone(), console::declare(&frame, &model))
        }
        Err(refusal) => refusal_page(&refusal),
    }
}

const DECLARE_FIELDS: &[&str] = &[
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

/// Declares and publishes; a refusal, or a wish for a preview, shows the form again as it was.
pub async fn declare(
    State(app): State<App>,
    Extension(session): Extension<Session>,
    Extension(fields): Extension<Fields>,
) -> Response {
    let error = if fields.some("preview").is_some() {
        None
    } else {
        match try_declare(&app, &session, &fields).await {
            Ok(done) => {
                return Redirect::to(&format!("/console/incidents/{}", done.incident_id)).into_response();
            }
            Err(Refusal::Field { field, message }) => Some(FormError { field: field.into(), message }),
            Err(Refusal::Conflict(message)) => Some(FormError { field: String::new(), message }),
            Err(refusal) => return refusal_page(&refusal),
        }
    };
    let status = if error.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let loaded = async {
        let mut tx = app.store.read().await?;
        let evidence = match fields.some("proposal") {
            Some(id) => tx.proposal(id).await?.map(|p| (id.to_owned(), evidence_sentence(Some(&p.evidence)))),
            None => None,
        };
        Ok::<_, Refusal>(model::Declare {
            title: fields.one("title").into(),
            severity: fields.one("severity").parse().unwrap_or(2),
            started: fields.one("started_at").into(),
            fields: forms::typed(&fields),
            cells: choices(&mut tx, &forms::cells(&fields).unwrap_or_default()).await?,
            proposal: evidence,
            severities: severities(&mut tx).await?,
            next_update: fields.one("next_update_due_at").into(),
            idempotency_key: fields.some("idempotency_key").map_or_else(new_id, str::to_owned),
            error,
        })
    };
    match loaded.await {
        Ok(model) => {
            let frame = frame(&app, Some(&session), "Declare an incident", "/console/incidents");
            page(status, &frame.nonce.clone(), console::declare(&frame, &model))
        }
        Err(refusal) => refusal_page(&refusal),
    }
}

fn key(fields: &Fields) -> Result<Option<String>, Refusal> {
    match fields.some("idempotency_key") {
        Some(key) if key.len() > 100 => {
            Err(Refusal::field("", "The idempotency key is longer than 100 bytes."))
        }
        key => Ok(key.map(str::to_owned)),
    }
}

async fn try_declare(app: &App, session: &Session, fields: &Fields) -> Result<Published, Refusal> {
    forms::only(fields, DECLARE_FIELDS)?;
    let ctx = ctx(app, session);
    let cmd = incidents::Declare {
        title: fields.one("title").into(),
        severity: fields.one("severity").parse().unwrap_or(0),
        started_at: forms::time(fields, "started_at")?.unwrap_or(ctx.now),
        cells: forms::cells(fields)?,
        message: forms::message(fields),
        next_update_due_at: forms::time(fields, "next_update_due_at")?,
        proposal_id: fields.some("proposal").map(str::to_owned),
        idempotency_key: key(fields)?,
    };
    let mut tx = app.store.write().await?;
    let done = incidents::declare(&mut tx, &ctx, cmd).await?;
    tx.commit().await?;
    app.published().await;
    Ok(done)
}

/// One incident.
pub async fn show(
    State(app): State<App>,
    Extension(session): Extension<Session>,
    Path(id): Path<String>,
) -> Response {
    match load(&app, &session, &id).await {
        Ok(model) => render(&app, &session, StatusCode::OK, &model),
        Err(refusal) => refusal_page(&refusal),
    }
}

fn render(app: &App, session: &Session, status: StatusCode, model: &model::Incident) -> Response {
    let frame = frame(app, Some(session), &model.title, "/console/incidents");
    page(status, &frame.nonce.clone(), console::incident(&frame, model))
}

async fn load(app: &App, session: &Session, id: &str) -> Result<model::Incident, Refusal> {
    let now = app.clock.now();
    let mut tx = app.store.read().await?;
    let row = tx.incident(id).await?.ok_or(Refusal::NotFound("incident"))?;
    let names = Names::load(&mut tx).await?;
    let held: Vec<(String, CellStatus)> =
        tx.incident_cells(id).await?.into_iter().map(|c| (c.cell_id, c.status)).collect();
    let cells = choices(&mut tx, &held).await?;
    let places = places(&mut tx, &held).await?;
    let matrix = tx.severity_matrix(row.policy_version).await?;
    let latest = matrix.latest_next_update(row.severity, now).map(|at| utc_time(at, now)).unwrap_or_default();
    let recipients = tx.count_confirmed_subscribers().await?;
    let mut updates = Vec::new();
    let changes = tx.update_cells(id).await?;
    for update in tx.updates(id).await? {
        let by = tx.user_name(&update.published_by).await?.unwrap_or_else(|| "Waypost".into());
        let moved = changes.iter().filter(|c| c.update_id == update.id);
        let moved = moved
            .map(|c| {
                format!("{}: {} → {}", names.cell(&c.cell_id), c.old_status.words(), c.new_status.words())
            })
            .collect();
        updates.push(update_item(&update, by, moved, now));
    }
    let clocks = tx.clocks(id).await?.iter().map(|c| clock_item(c, now)).collect();
    Ok(model::Incident {
        id: row.id.clone(),
        title: names.title(&mut tx, &row).await?,
        severity: row.severity,
        phase: row.phase.word(),
        phase_slug: row.phase.slug(),
        version: row.version,
        started: utc_and_local(row.started_at, now, &places),
        next_update: row.next_update_due_at.map(|at| due(at, now)),
        latest,
        evidence: evidence_sentence(row.evidence.as_deref()),
        cells,
        updates,
        clocks,
        form: "",
        fields: model::Fields::default(),
        chosen_phase: String::new(),
        chosen_severity: 0,
        reason: String::new(),
        next_update_typed: String::new(),
        idempotency_key: new_id(),
        error: None,
        may_publish: session.role.may(Permission::Publish),
        may_command: session.role.may(Permission::Command),
        audience: format!("Publish to {recipients} subscriber{}", if recipients == 1 { "" } else { "s" }),
    })
}

async fn places(tx: &mut Tx, held: &[(String, CellStatus)]) -> Result<Vec<Place>, Refusal> {
    let cells = tx.cells().await?;
    let countries = tx.countries().await?;
    let is_held =
        |code: &str| cells.iter().any(|c| c.country_code == code && held.iter().any(|(id, _)| *id == c.id));
    Ok(countries
        .into_iter()
        .filter(|c| is_held(&c.code))
        .map(|c| Place { name: c.name, zone: c.zone })
        .collect())
}

fn update_item(update: &UpdateRow, by: String, changes: Vec<String>, now: Timestamp) -> UpdateItem {
    let message = Message {
        known: update.known.clone(),
        unknown: update.unknown.clone(),
        next_steps: update.next_steps.clone(),
        customer_action: update.customer_action.clone(),
    };
    let what = match update.kind {
        UpdateKind::Reclassified => format!("Reclassified to {}", update.severity.label()),
        UpdateKind::Restored => "Restored".into(),
        UpdateKind::NoChange => "No change".into(),
        _ => update.phase.word().into(),
    };
    let fields = message.labelled().into_iter().map(|(label, text)| (label, text.to_owned())).collect();
    UpdateItem { what, at: utc_time(update.published_at, now), by, fields, changes }
}

fn clock_item(clock: &Clock, now: Timestamp) -> ClockItem {
    let late = duration_words(clock.overdue_ms(now));
    let words = match clock.state {
        ClockState::Met => format!("met {}", clock.stopped_at.map(|t| utc_time(t, now)).unwrap_or_default()),
        ClockState::Breached => format!("{late} late"),
        ClockState::Cancelled => clock.reason.clone().unwrap_or_else(|| "cancelled".into()),
        ClockState::Running => String::new(),
    };
    ClockItem {
        promise: clock.kind.words(),
        state: clock.state.slug(),
        due: due(clock.due_at.millis(), now),
        words,
    }
}

const STEP_FIELDS: &[&str] = &[
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

async fn step(
    app: App,
    session: Session,
    id: String,
    fields: Fields,
    form: &'static str,
    verb: Result<Verb, Refusal>,
) -> Response {
    let error = if fields.some("preview").is_some() {
        None
    } else {
        match try_step(&app, &session, &id, &fields, verb).await {
            Ok(()) => return Redirect::to(&format!("/console/incidents/{id}")).into_response(),
            Err(Refusal::Field { field, message }) => {
                Some((StatusCode::UNPROCESSABLE_ENTITY, field, message))
            }
            Err(Refusal::Conflict(message)) => Some((StatusCode::CONFLICT, "", message)),
            Err(refusal) => return refusal_page(&refusal),
        }
    };
    let mut model = match load(&app, &session, &id).await {
        Ok(model) => model,
        Err(refusal) => return refusal_page(&refusal),
    };
    model.form = form;
    model.fields = forms::typed(&fields);
    model.chosen_phase = fields.one("phase").into();
    model.chosen_severity = fields.one("severity").parse().unwrap_or(0);
    model.reason = fields.one("reason").into();
    model.next_update_typed = fields.one("next_update_due_at").into();
    let status = error.as_ref().map_or(StatusCode::OK, |(status, ..)| *status);
    model.error = error.map(|(_, field, message)| FormError { field: field.into(), message });
    render(&app, &session, status, &model)
}

async fn try_step(
    app: &App,
    session: &Session,
    id: &str,
    fields: &Fields,
    verb: Result<Verb, Refusal>,
) -> Result<(), Refusal> {
    forms::only(fields, STEP_FIELDS)?;
    let step = Step {
        incident_id: id.to_owned(),
        version: fields.one("version").parse().unwrap_or(0),
        message: forms::message(fields),
        next_update_due_at: forms::time(fields, "next_update_due_at")?,
        idempotency_key: key(fields)?,
    };
    let verb = verb?;
    let ctx = ctx(app, session);
    let mut tx = app.store.write().await?;
    incidents::act(&mut tx, &ctx, step, verb).await?;
    tx.commit().await?;
    app.published().await;
    Ok(())
}

/// Posts an update.
pub async fn update(
    State(app): State<App>,
    Extension(session): Extension<Session>,
    Path(id): Path<String>,
    Extension(fields): Extension<Fields>,
) -> Response {
    let verb = match Phase::try_from(fields.one("phase").to_owned()) {
        Ok(phase) => forms::cells(&fields).map(|cells| Verb::PostUpdate {
            phase,
            is_no_change: fields.one("kind") == "no_change",
            cells,
        }),
        Err(_) => Err(Refusal::field("phase", "Choose where the incident stands.")),
    };
    step(app, session, id, fields, "updates", verb).await
}

/// Changes the severity.
pub async fn reclassify(
    State(app): State<App>,
    Extension(session): Extension<Session>,
    Path(id): Path<String>,
    Extension(fields): Extension<Fields>,
) -> Response {
    let verb = Verb::Reclassify {
        severity: fields.one("severity").parse().unwrap_or(0),
        reason: fields.one("reason").into(),
    };
    step(app, session, id, fields, "reclassify", Ok(verb)).await
}

/// Usable again.
pub async fn restore(
    State(app): State<App>,
    Extension(session): Extension<Session>,
    Path(id): Path<String>,
    Extension(fields): Extension<Fields>,
) -> Response {
    step(app, session, id, fields, "restore", Ok(Verb::Restore)).await
}

/// Fixed for good.
pub async fn resolve(
    State(app): State<App>,
    Extension(session): Extension<Session>,
    Path(id): Path<String>,
    Extension(fields): Extension<Fields>,
) -> Response {
    step(app, session, id, fields, "resolve", Ok(Verb::Resolve)).await
}
