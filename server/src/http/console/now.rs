//! The clock board.

use std::collections::{HashMap, HashSet};

use app::console::{
    self,
    model::{ClockLine, Due, IncidentLine, Now, SilentFix},
};
use axum::{
    Extension,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse as _, Redirect, Response},
};
use domain::{
    clock::Timestamp,
    clock_local::{duration_words, hour_minute, utc_date, utc_time, zone},
    engagement::tier_to_tell,
    notice::{full_title, scope, scoped_title},
    sla::{
        alerts::Alert,
        clock::{Clock, ClockKind, ClockState},
        policy::SeverityMatrix,
    },
    status::CellStatus,
    telemetry::{alert::AlertEvidence, kpi::Evidence},
};
use store::{EngagementRow, IncidentCellRow, IncidentRoleRow, IncidentRow, ShiftRow, Tx};

mod judged;

use super::{ctx, drafts, frame, incidents::promise_of, page};
use crate::{
    auth::{role::Permission, session::Session},
    commands::{Refusal, kept::Form, proposals},
    http::errors::refusal_page,
    state::App,
    worker::timers::actors,
};

/// Silent fixes that the board shows at most.
const SILENT_MAX: i64 = 20;

/// Names of cells by id: (component, country), in page order.
pub(crate) struct Names {
    pub(super) order: Vec<String>,
    pub(super) cells: HashMap<String, (String, String)>,
    /// Country names by ISO code.
    countries: HashMap<String, String>,
    /// Cells without which travellers cannot activate or attach.
    vital: HashSet<String>,
}

impl Names {
    pub(crate) async fn load(tx: &mut Tx) -> Result<Self, Refusal> {
        let components = tx.components().await?;
        let countries = tx.countries().await?;
        let cells = tx.cells().await?;
        let (mut order, mut names, mut vital) = (Vec::new(), HashMap::new(), HashSet::new());
        for country in &countries {
            for component in &components {
                let is_it =
                    |c: &&store::CellRow| c.component_id == component.id && c.country_code == country.code;
                if let Some(cell) = cells.iter().find(is_it) {
                    order.push(cell.id.clone());
                    if component.step().is_some() {
                        vital.insert(cell.id.clone());
                    }
                    names.insert(cell.id.clone(), (component.name.clone(), country.name.clone()));
                }
            }
        }
        let countries = countries.into_iter().map(|c| (c.code, c.name)).collect();
        Ok(Self { order, cells: names, countries, vital })
    }

    /// `France`.
    pub(super) fn country(&self, code: &str) -> String {
        self.countries.get(code).cloned().unwrap_or_else(|| code.to_owned())
    }

    /// `eUICC download · France`.
    pub(super) fn cell(&self, id: &str) -> String {
        self.cells
            .get(id)
            .map_or_else(|| id.to_owned(), |(component, country)| format!("{component} · {country}"))
    }

    /// Title with prefix.
    pub(super) async fn title(&self, tx: &mut Tx, row: &IncidentRow) -> Result<String, Refusal> {
        Ok(self.title_of(row, &tx.incident_cells(&row.id).await?))
    }

    /// Whether an incident stops activation or attach for travellers now in the region: those come first in every list.
    pub(super) fn is_vital(&self, held: &[IncidentCellRow]) -> bool {
        held.iter()
            .any(|c| self.vital.contains(&c.cell_id) && c.status.rank() >= CellStatus::PartialOutage.rank())
    }

    /// Title with prefix, of an incident that holds these cells.
    pub(super) fn title_of(&self, row: &IncidentRow, held: &[IncidentCellRow]) -> String {
        let title = full_title(row.severity, &self.scope_of(held), &row.title);
        if row.is_rehearsal { format!("Rehearsal: {title}") } else { title }
    }

    /// The same without the severity.
    pub(crate) fn scoped_title_of(&self, row: &IncidentRow, held: &[IncidentCellRow]) -> String {
        scoped_title(&self.scope_of(held), &row.title)
    }

    fn scope_of(&self, held: &[IncidentCellRow]) -> String {
        let held: HashSet<&str> = held.iter().map(|c| c.cell_id.as_str()).collect();
        let (mut countries, mut components): (Vec<&str>, Vec<&str>) = (Vec::new(), Vec::new());
        for (component, country) in
            self.order.iter().filter(|id| held.contains(id.as_str())).filter_map(|id| self.cells.get(id))
        {
            if !countries.contains(&country.as_str()) {
                countries.push(country);
            }
            if !components.contains(&component.as_str()) {
                components.push(component);
            }
        }
        scope(&countries, &components)
    }
}

pub(super) fn due(at: i64, now: Timestamp) -> Due {
    Due { at_ms: at, words: utc_time(Timestamp::from_millis(at), now) }
}

/// Open incidents: what stops activation or attach first, then the worst, then the newest; rehearsals last.
pub(super) async fn open_lines(
    tx: &mut Tx,
    names: &Names,
    now: Timestamp,
) -> Result<Vec<IncidentLine>, Refusal> {
    let mut lines = Vec::new();
    for row in tx.open_incidents().await? {
        let held = tx.incident_cells(&row.id).await?;
        lines.push(((row.is_rehearsal, !names.is_vital(&held)), incident_line(names, &row, &held, now)));
    }
    lines.sort_by_key(|(place, _)| *place);
    Ok(lines.into_iter().map(|(_, line)| line).collect())
}

pub(super) fn incident_line(
    names: &Names,
    row: &IncidentRow,
    held: &[IncidentCellRow],
    now: Timestamp,
) -> IncidentLine {
    let end = row.resolved_at.map_or(now, Timestamp::from_millis);
    IncidentLine {
        id: row.id.clone(),
        title: names.title_of(row, held),
        severity: row.severity,
        phase: row.phase.word(),
        started: format!("{}, {} UTC", utc_date(row.started_at), hour_minute(row.started_at, zone("UTC"))),
        lasted: duration_words(end.since(row.started_at)),
        next_update: row.next_update_due_at.map(|at| due(at, now)),
    }
}

pub(super) fn evidence_sentence(json: Option<&str>) -> String {
    let Some(text) = json else { return String::new() };
    if let Ok(alert) = serde_json::from_str::<AlertEvidence>(text) {
        return alert.sentence();
    }
    serde_json::from_str::<Evidence>(text).map(|e| e.for_staff()).unwrap_or_default()
}

/// The board.
pub async fn board(State(app): State<App>, Extension(session): Extension<Session>) -> Response {
    match load(&app, &session).await {
        Ok(model) => {
            let mut frame = frame(&app, Some(&session), "Now", "/console");
            frame.refresh_secs = Some(30);
            page(StatusCode::OK, &frame.nonce.clone(), console::now(&frame, &model))
        }
        Err(refusal) => refusal_page(&refusal),
    }
}

async fn load(app: &App, session: &Session) -> Result<Now, Refusal> {
    let now = app.clock.now();
    let mut tx = app.store.read().await?;
    let names = Names::load(&mut tx).await?;
    let mut model = Now { open: open_lines(&mut tx, &names, now).await?, ..Now::default() };
    let mut desks = Desks::default();
    for (incident_id, clock) in tx.running_clocks().await? {
        let action = match clock.kind {
            ClockKind::FirstResponse | ClockKind::NextUpdate => ("Post update", "#update"),
            ClockKind::Workaround => ("Record restore", "#restore"),
            ClockKind::Fix => ("Resolve", "#resolve"),
            ClockKind::Tier | ClockKind::Carrier => ("Engage", "#engagement"),
            ClockKind::RcaDraft | ClockKind::RcaFinal => ("Write the RCA", "/rca"),
        };
        let incident = match model.open.iter().find(|i| i.id == incident_id) {
            Some(line) => line.title.clone(),
            // Its review is still due.
            None => match tx.incident(&incident_id).await? {
                Some(row) => names.title(&mut tx, &row).await?,
                None => continue,
            },
        };
        let due = due(clock.due_at.millis(), now);
        let (who, is_paused) = desks.of(&mut tx, &incident_id, &clock, now).await?;
        let promise = desks.promise(&clock, &incident_id);
        model.clocks.push(ClockLine { due, promise, incident_id, incident, who, is_paused, action });
    }
    model.reminders =
        tx.reminders(&session.user_id).await?.into_iter().map(|r| (r.words, r.incident_id)).collect();
    model.waiting = drafts::waiting(&mut tx, &names, None, now).await?;
    model.may_command = session.role.may(Permission::Command);
    model.silent_fixes = silent_fixes(&mut tx, &names, now).await?;
    for draft in tx.saved_drafts(&session.user_id).await? {
        let form = Form::find(&draft.form).map_or("Text", Form::words);
        let href = match draft.incident_id.as_str() {
            "" => "/console/incidents/new".to_owned(),
            id => format!("/console/incidents/{id}"),
        };
        model.saved.push((format!("{form}, saved {}", utc_time(draft.updated_at, now)), href));
    }
    model.proposals = judged::proposals(&mut tx, &names, now).await?;
    model.holds = judged::holds(&mut tx, &names, now).await?;
    model.sources = super::sources::warnings(&mut tx, now).await?;
    model.watch = super::launches::watch(&mut tx).await?;
    model.watch.extend(super::suppliers::watch(&mut tx, now).await?);
    model.sources.extend(judged::warnings(&mut tx, &names, now).await?);
    model.delivery = super::subscribers::delivery_sentence(app, &mut tx).await?;
    Ok(model)
}

/// Dips that ended without a word.
async fn silent_fixes(tx: &mut Tx, names: &Names, now: Timestamp) -> Result<Vec<SilentFix>, Refusal> {
    let told = |fix: store::SilentFixRow| {
        let lasted = duration_words(fix.ended_at.since(fix.began_at));
        SilentFix {
            cell: names.cell(&fix.cell_id),
            worst: fix.worst,
            when: format!("{}, for {lasted}", utc_time(fix.began_at, now)),
            cause: fix.cause,
            id: fix.id,
        }
    };
    Ok(tx.open_silent_fixes(SILENT_MAX).await?.into_iter().map(told).collect())
}

/// What the board needs to know of each incident: who leads it, and its policy.
#[derive(Default)]
struct Desks {
    incidents: HashMap<String, (Vec<IncidentRoleRow>, SeverityMatrix, Vec<EngagementRow>)>,
    on_call: Option<Vec<ShiftRow>>,
}

impl Desks {
    /// What a clock promises.
    fn promise(&self, clock: &Clock, incident_id: &str) -> String {
        promise_of(clock, self.incidents.get(incident_id).map_or(&[], |(_, _, engagements)| engagements))
    }

    /// Who must act on a clock, and whether it is paused.
    async fn of(
        &mut self,
        tx: &mut Tx,
        incident_id: &str,
        clock: &Clock,
        now: Timestamp,
    ) -> Result<(String, bool), Refusal> {
        if !self.incidents.contains_key(incident_id) {
            let version = tx.incident(incident_id).await?.map_or(0, |i| i.policy_version);
            let roles = tx.incident_roles(incident_id).await?;
            let desk = (roles, tx.severity_matrix(version).await?, tx.engagements(incident_id).await?);
            self.incidents.insert(incident_id.to_owned(), desk);
        }
        if self.on_call.is_none() {
            self.on_call = Some(tx.on_call(now).await?);
        }
        let Some((roles, matrix, _)) = self.incidents.get(incident_id) else {
            return Ok((String::new(), false));
        };
        let mut who: Vec<&str> = actors(clock.kind)
            .iter()
            .filter_map(|lead| roles.iter().find(|r| r.role == *lead && r.ended_at.is_none()))
            .map(|r| r.user_name.as_str())
            .collect();
        let tier = tier_to_tell(clock, Alert::Due);
        let on_call = self.on_call.iter().flatten().filter(|s| Some(s.tier) == tier);
        who.extend(on_call.map(|s| s.user_name.as_str()));
        who.dedup();
        Ok((who.join(", "), matrix.standing(clock, now) == ClockState::Paused))
    }
}

/// A person decides: no incident.
pub async fn dismiss(
    State(app): State<App>,
    Extension(session): Extension<Session>,
    Path(id): Path<String>,
) -> Response {
    let done = async {
        let mut tx = app.store.write().await?;
        proposals::dismiss(&mut tx, &ctx(&app, &session), &id).await?;
        tx.commit().await?;
        Ok::<_, Refusal>(())
    };
    match done.await {
        Ok(()) => Redirect::to("/console").into_response(),
        Err(refusal) => refusal_page(&refusal),
    }
}
