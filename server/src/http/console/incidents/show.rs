//! One incident: its clocks, its forms, its story.

use app::console::{
    self,
    command::Leads,
    engagement::Section,
    model::{self, ClockItem, UpdateItem},
    partners::Facts,
};
use axum::{extract::Path, http::StatusCode, response::Response};
use domain::{
    audience::Audience,
    clock::Timestamp,
    clock_local::{Place, duration_words, utc_and_local, utc_time},
    incident::UpdateKind,
    lead::{SignOff, signed_off},
    notice::Message,
    sla::{
        clock::{Clock, ClockState},
        policy::SeverityMatrix,
    },
    status::CellStatus,
};
use store::{EngagementRow, IncidentRow, Tx, UpdateRow};

use super::{
    choices,
    engage::{self, promise_of},
    facts, leads,
    steps::refill,
};
use crate::{
    auth::role::Permission,
    clock::new_id,
    commands::{Refusal, backfill::entered_words, kept::Form, partner_pages},
    http::{
        console::{
            desk::{Answer, Desk},
            drafts,
            now::{Names, due, evidence_sentence},
        },
        fields::Fields,
    },
    reads::Blast,
};

/// One incident.
pub async fn show(desk: Desk, Path(id): Path<String>) -> Answer {
    see_reminders(&desk, &id).await?;
    let mut model = load(&desk, &id).await?;
    restore_draft(&desk, &mut model).await?;
    Ok(render(&desk, StatusCode::OK, &model))
}

/// Whoever opens the incident has seen what its clocks said.
async fn see_reminders(desk: &Desk, id: &str) -> Result<(), Refusal> {
    let unseen = desk.read().await?.reminders(&desk.session.user_id).await?;
    if unseen.iter().any(|r| r.incident_id == id) {
        let mut work = desk.begin().await?;
        work.tx.see_reminders(&work.ctx.actor, id, work.ctx.now).await?;
        work.commit().await?;
    }
    Ok(())
}

/// What this person saved of a form comes back.
async fn restore_draft(desk: &Desk, model: &mut model::Incident) -> Result<(), Refusal> {
    let mut tx = desk.read().await?;
    for form in [Form::Updates, Form::Reclassify, Form::Restore, Form::Resolve, Form::Merge] {
        if let Some(draft) = tx.saved_draft(&desk.session.user_id, &model.id, form.slug()).await? {
            refill(model, form, &Fields::from_json(&draft.fields));
            let at = utc_time(draft.updated_at, desk.now());
            model.restored = Some(format!("{} restored from your draft of {at}.", form.words()));
            break;
        }
    }
    Ok(())
}

pub(super) fn render(desk: &Desk, status: StatusCode, model: &model::Incident) -> Response {
    desk.page(status, &model.title, "/console/incidents", |frame| console::incident(frame, model))
}

pub(super) async fn load(desk: &Desk, id: &str) -> Result<model::Incident, Refusal> {
    let now = desk.now();
    let mut tx = desk.read().await?;
    let row = tx.incident(id).await?.ok_or(Refusal::NotFound("incident"))?;
    let names = Names::load(&mut tx).await?;
    let held: Vec<(String, CellStatus)> =
        tx.incident_cells(id).await?.into_iter().map(|c| (c.cell_id, c.status)).collect();
    let mut cells = choices(&mut tx, &held).await?;
    if !row.is_public && row.restored_at.is_none() {
        // Its readers see what it holds; the public grid does not.
        for cell in &mut cells {
            let own = held.iter().find(|(id, _)| *id == cell.id).map(|(_, status)| *status);
            cell.now = own.map_or(cell.now, |own| cell.now.worse(own));
        }
    }
    let places = places(&mut tx, &held).await?;
    let matrix = tx.severity_matrix(row.policy_version).await?;
    let latest = matrix.latest_next_update(row.severity, now).map(|at| utc_time(at, now)).unwrap_or_default();
    let blast = Blast::of_incident(&mut tx, id, now).await?;
    let updates = published(desk, &mut tx, &names, id).await?;
    let called = tx.engagements(id).await?;
    let clocks = tx.clocks(id).await?.iter().map(|c| clock_item(c, &matrix, &called, now)).collect();
    let engagement = engage::section(desk, &mut tx, id).await?;
    let leads = leads::read(desk, &mut tx, id, now).await?;
    let waiting = drafts::waiting(&mut tx, &names, Some(id), now).await?;
    let (audience, blast) = told(&blast, row.is_rehearsal, now);
    Ok(model::Incident {
        title: names.title(&mut tx, &row).await?,
        started: utc_and_local(row.started_at, now, &places),
        latest,
        cells,
        workarounds: tx.workarounds(id).await?.into_iter().map(|w| (w.country_code, w.text)).collect(),
        updates,
        clocks,
        audience,
        engagement,
        blast,
        leads,
        waiting,
        others: others(&mut tx, &names, &row).await?,
        goes_on: match &row.duplicate_of {
            Some(other) => tx.incident(other).await?.map(|o| (o.title, other.clone())),
            None => None,
        },
        notes: notes(&mut tx, id, now).await?,
        review: tx.review(id).await?.map(|r| r.state.words()),
        page: page(desk, &mut tx, &row).await?,
        facts: facts::section(desk, &mut tx, &row).await?,
        ..untouched(desk, &row)
    })
}

/// What the row itself tells, and forms as nobody has touched them.
fn untouched(desk: &Desk, row: &IncidentRow) -> model::Incident {
    model::Incident {
        id: row.id.clone(),
        title: String::new(),
        severity: row.severity,
        phase: row.phase.word(),
        phase_slug: row.phase.slug(),
        page: (String::new(), ""),
        version: row.version,
        started: String::new(),
        next_update: row.next_update_due_at.map(|at| due(at, desk.now())),
        latest: String::new(),
        evidence: evidence_sentence(row.evidence.as_deref()),
        cells: Vec::new(),
        workarounds: Vec::new(),
        updates: Vec::new(),
        clocks: Vec::new(),
        form: "",
        fields: model::Fields::default(),
        chosen_phase: String::new(),
        chosen_severity: 0,
        reason: String::new(),
        next_update_typed: String::new(),
        idempotency_key: new_id(),
        error: None,
        may_respond: desk.may(Permission::Respond),
        may_publish: desk.may(Permission::Publish),
        may_command: desk.may(Permission::Command),
        audience: String::new(),
        needs_second: signed_off(row.severity, "", &SignOff::Alone).is_err(),
        break_glass: String::new(),
        publish_at: String::new(),
        findings: Vec::new(),
        seen: None,
        restored: None,
        engagement: Section::default(),
        blast: String::new(),
        leads: Leads::default(),
        waiting: Vec::new(),
        others: Vec::new(),
        into: String::new(),
        goes_on: None,
        entered: entered_words(row),
        notes: Vec::new(),
        note: (String::new(), None),
        review: None,
        facts: Facts::default(),
    }
}

/// Where its readers read it: address and words.
async fn page(desk: &Desk, tx: &mut Tx, row: &IncidentRow) -> Result<(String, &'static str), Refusal> {
    let path = app::paths::incident(&row.id);
    if row.is_rehearsal {
        return Ok(("/console/rehearsals".into(), "Rehearsals"));
    }
    let Some(Audience::Partners(partners)) = tx.audience(&row.id).await? else {
        return Ok((path, "Public page"));
    };
    let first = match partners.first() {
        Some(id) => tx.partner(id).await?,
        None => None,
    };
    let base = first.map(|p| app::paths::partner_page(&partner_pages::token(&desk.app.keys, &p)));
    Ok((format!("{}{path}", base.unwrap_or_default()), "Partner’s page"))
}

/// The words of the button, and whom it reaches.
fn told(blast: &Blast, is_rehearsal: bool, now: Timestamp) -> (String, String) {
    if is_rehearsal {
        return ("Publish to the sink".into(), "A rehearsal: nobody outside sees or hears it.".into());
    }
    let n = blast.total();
    (format!("Publish to {n} subscriber{}", if n == 1 { "" } else { "s" }), blast.words(now))
}

/// Incidents that are still going on beside this one: id and title.
async fn others(tx: &mut Tx, names: &Names, mine: &IncidentRow) -> Result<Vec<(String, String)>, Refusal> {
    let mut out = Vec::new();
    for row in tx.open_incidents().await? {
        let is_like = row.is_rehearsal == mine.is_rehearsal && row.is_public == mine.is_public;
        if row.id != mine.id && is_like && row.restored_at.is_none() {
            out.push((row.id.clone(), names.title(tx, &row).await?));
        }
    }
    Ok(out)
}

async fn notes(tx: &mut Tx, id: &str, now: Timestamp) -> Result<Vec<(String, String)>, Refusal> {
    let rows = tx.notes(id).await?;
    Ok(rows.into_iter().map(|n| (format!("{} · {}", utc_time(n.at, now), n.author_name), n.text)).collect())
}

/// Updates of an incident, newest first.
async fn published(desk: &Desk, tx: &mut Tx, names: &Names, id: &str) -> Result<Vec<UpdateItem>, Refusal> {
    let now = desk.now();
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
        let signed = signed(tx, &update, now).await?;
        let item = update_item(&update, by, moved, now);
        let edit = item.edit.clone().filter(|_| desk.may(Permission::Publish));
        updates.push(UpdateItem { signed, edit, ..item });
    }
    Ok(updates)
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
    let at = utc_time(update.published_at, now);
    let edit = Some(format!("/console/incidents/{}/updates/{}", update.incident_id, update.id));
    UpdateItem { what, at, by, fields, changes, edit, signed: String::new() }
}

/// Who stands behind an update beside its author, and which rules of writing were set aside.
async fn signed(tx: &mut Tx, update: &UpdateRow, now: Timestamp) -> Result<String, Refusal> {
    let overrides: Vec<(String, String)> = serde_json::from_str(&update.overrides).unwrap_or_default();
    let mut said: String =
        overrides.iter().map(|(rule, why)| format!(" · {rule} overridden: {why}")).collect();
    if let Some(at) = update.edited_at {
        said.push_str(&format!(" · edited {}", utc_time(at.into(), now)));
    }
    Ok(second(tx, update).await? + &said)
}

async fn second(tx: &mut Tx, update: &UpdateRow) -> Result<String, Refusal> {
    if update.is_automatic {
        return Ok(" · automatic".into());
    }
    if let Some(reason) = &update.break_glass_reason {
        return Ok(format!(" · glass broken: {reason}"));
    }
    let Some(second) = &update.approved_by else { return Ok(String::new()) };
    let name = tx.user_name(second).await?.unwrap_or_else(|| "somebody".into());
    Ok(format!(" · approved by {name}"))
}

fn clock_item(
    clock: &Clock,
    matrix: &SeverityMatrix,
    engagements: &[EngagementRow],
    now: Timestamp,
) -> ClockItem {
    let state = matrix.standing(clock, now);
    let late = duration_words(clock.overdue_ms(now));
    let words = match state {
        ClockState::Met => format!("met {}", clock.stopped_at.map(|t| utc_time(t, now)).unwrap_or_default()),
        ClockState::Breached => format!("{late} late"),
        ClockState::Cancelled => clock.reason.clone().unwrap_or_else(|| "cancelled".into()),
        ClockState::Paused => "paused until business hours".into(),
        ClockState::Running => String::new(),
    };
    ClockItem {
        promise: promise_of(clock, engagements),
        state: state.slug(),
        due: due(clock.due_at.millis(), now),
        words,
    }
}
