//! The on-call pack, and who a publication would reach.

use app::console::{pack as view, pack::Pack};
use axum::{
    Json,
    extract::{Path, RawQuery},
    http::StatusCode,
    response::IntoResponse as _,
};
use domain::{
    clock::Timestamp,
    clock_local::{hour_minute, utc_date, utc_time, zone},
    severity::Severity,
    telemetry::kpi::Evidence,
};
use store::{CellRow, ContactRow, IncidentRow, RunbookRow, Tx};

use super::engage::{story, suppliers};
use crate::{
    commands::Refusal,
    http::{
        console::{
            desk::{Answer, Desk},
            desk_book::{ladder, line_of, on_call_facts},
            now::Names,
        },
        fields::Fields,
    },
    reads::Blast,
};

/// Everything that the people on an incident need.
pub async fn pack(desk: Desk, Path(id): Path<String>) -> Answer {
    let mut tx = desk.read().await?;
    let model = load(&mut tx, &id, desk.now()).await?;
    Ok(desk.page(StatusCode::OK, "On-call pack", "/console/incidents", |frame| view::pack(frame, &model)))
}

async fn load(tx: &mut Tx, id: &str, now: Timestamp) -> Result<Pack, Refusal> {
    let row = tx.incident(id).await?.ok_or(Refusal::NotFound("incident"))?;
    let title = Names::load(tx).await?.title(tx, &row).await?;
    let held: Vec<String> = tx.incident_cells(id).await?.into_iter().map(|c| c.cell_id).collect();
    let cells: Vec<CellRow> = tx.cells().await?.into_iter().filter(|c| held.contains(&c.id)).collect();
    let (clocks, contacts) = (tx.clocks(id).await?, tx.contacts().await?);
    let engaged = tx.engagements(id).await?.into_iter().filter(|e| e.contacted_at.is_some());
    let (mine, _) = suppliers(tx, id).await?;
    let supplier = |s: store::SupplierRow| {
        let steps = ladder(&contacts, now, |c| c.supplier_id.as_deref() == Some(s.id.as_str()));
        (s.name, s.interconnect_sla, steps)
    };
    let is_ours = |c: &&ContactRow| c.supplier_id.is_none() && c.partner_id.is_none();
    let errors = error_classes(row.evidence.as_deref(), &cells);
    let account = |p: store::PartnerRow| {
        let steps = ladder(&contacts, now, |c| c.partner_id.as_deref() == Some(p.id.as_str()));
        (format!("{}, {} there", p.name, hour_minute(now, zone(&p.zone))), steps)
    };
    let leads = tx.incident_roles(id).await?.into_iter().filter(|r| r.ended_at.is_none());
    let since = |at| format!("since {}", utc_time(at, now));
    let leads = leads.map(|r| (r.role.words().to_owned(), r.user_name, since(r.since_at)));
    Ok(Pack {
        incident_id: id.to_owned(),
        title,
        made: format!("{}, {} UTC", utc_date(now), hour_minute(now, zone("UTC"))),
        people: leads.chain(on_call_facts(tx, now).await?).collect(),
        engaged: engaged.map(|e| (e.party.clone(), story(&e, &clocks, now))).collect(),
        suppliers: mine.into_iter().map(supplier).collect(),
        contacts: contacts.iter().filter(is_ours).map(|c| line_of(c, now)).collect(),
        runbooks: runbooks(tx.runbooks().await?, &cells, &errors),
        accounts: Blast::of_incident(tx, id, now).await?.partners.into_iter().map(account).collect(),
    })
}

/// Titles of the runbooks that fit an incident.
pub(super) async fn runbook_titles(tx: &mut Tx, incident: &IncidentRow) -> Result<Vec<String>, Refusal> {
    let held: Vec<String> = tx.incident_cells(&incident.id).await?.into_iter().map(|c| c.cell_id).collect();
    let cells: Vec<CellRow> = tx.cells().await?.into_iter().filter(|c| held.contains(&c.id)).collect();
    let errors = error_classes(incident.evidence.as_deref(), &cells);
    Ok(runbooks(tx.runbooks().await?, &cells, &errors).into_iter().map(|(title, _)| title).collect())
}

/// Errors that the evidence of the incident and of its cells names.
fn error_classes(evidence: Option<&str>, cells: &[CellRow]) -> Vec<String> {
    let texts = evidence.into_iter().chain(cells.iter().filter_map(|c| c.evidence.as_deref()));
    texts
        .filter_map(|text| serde_json::from_str::<Evidence>(text).ok()?.top_error)
        .map(|(class, _)| class)
        .collect()
}

/// Runbooks of the affected services and the errors seen; the most exact first.
fn runbooks(all: Vec<RunbookRow>, cells: &[CellRow], errors: &[String]) -> Vec<(String, Vec<String>)> {
    let fits = |r: &RunbookRow| {
        let service = r.component_id.as_ref().is_none_or(|id| cells.iter().any(|c| c.component_id == *id));
        service && (r.error_class.is_empty() || errors.contains(&r.error_class))
    };
    let mut fitting: Vec<RunbookRow> = all.into_iter().filter(fits).collect();
    fitting.sort_by_key(|r| (r.error_class.is_empty(), r.component_id.is_none()));
    fitting.into_iter().map(|r| (r.title, r.steps.lines().map(str::to_owned).collect())).collect()
}

/// Who would be told if these cells were affected: `?cell=…&cell=…`.
pub async fn blast(desk: Desk, RawQuery(query): RawQuery) -> Answer {
    let fields = Fields::parse(query.unwrap_or_default().as_bytes());
    let cells: Vec<String> = fields.all("cell").map(str::to_owned).collect();
    let partners: Vec<String> = fields.all("partner").map(str::to_owned).collect();
    let severity = fields.one("severity").parse::<i64>().ok().and_then(|n| Severity::try_from(n).ok());
    let blast = Blast::of_cells(&mut desk.read().await?, &cells, &partners, severity, desk.now()).await?;
    Ok(Json(blast.json(desk.now())).into_response())
}
