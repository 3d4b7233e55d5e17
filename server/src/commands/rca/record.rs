//! What the record holds of an incident, put together for its review.

use std::collections::BTreeMap;

use domain::{
    clock::{HOUR, Timestamp},
    clock_local::{duration_words, listed},
    component::Step,
    engagement::{promise_words, public_words},
    incident::UpdateKind,
    review::{
        Graph, Point, Record,
        graph::WIDTH,
        record::{Event, Said},
    },
    sla::clock::{Clock, ClockKind},
};
use store::{CellRow, ComponentRow, CountryRow, EngagementRow, IncidentRow, Tx, UpdateRow};

use crate::commands::Refusal;

/// How much of the time around an incident its graphs show.
const MARGIN: i64 = HOUR;

/// Everything at this moment.
pub async fn of(tx: &mut Tx, incident: &IncidentRow, now: Timestamp) -> Result<Record, Refusal> {
    let mut updates = tx.updates(&incident.id).await?;
    updates.reverse();
    let clocks = tx.clocks(&incident.id).await?;
    let grid = Grid::load(tx, &incident.id).await?;
    let mut events = happened(incident, &updates);
    events.extend(tx.engagements(&incident.id).await?.iter().flat_map(called));
    events.extend(clocks.iter().filter_map(missed));
    events.extend(moved(tx, incident, &grid, now).await?);
    for role in tx.incident_roles(&incident.id).await? {
        let what = format!("{}: {}", role.role.words(), role.user_name);
        events.push(Event { at: role.since_at, what, is_internal: true });
    }
    events.sort_by_key(|e| e.at);
    Ok(Record {
        worst_severity: super::worst(incident, &updates).number(),
        started_at: incident.started_at,
        declared_at: incident.declared_at,
        restored_at: incident.restored_at.map(Timestamp::from_millis),
        resolved_at: incident.resolved_at.map(Timestamp::from_millis),
        cells: grid.cells.iter().map(|c| grid.name(c)).collect(),
        events,
        said: updates.iter().map(|u| said(u, &clocks)).collect(),
        graphs: graphs(tx, incident, &grid, now).await?,
    })
}

/// The affected cells with their names.
struct Grid {
    cells: Vec<CellRow>,
    components: Vec<ComponentRow>,
    countries: Vec<CountryRow>,
}

impl Grid {
    async fn load(tx: &mut Tx, incident_id: &str) -> Result<Self, Refusal> {
        let held = tx.incident_cells(incident_id).await?;
        let components = tx.components().await?;
        let countries = tx.countries().await?;
        let mut cells = tx.cells().await?;
        cells.retain(|c| held.iter().any(|h| h.cell_id == c.id));
        let country = |code: &str| countries.iter().position(|c| c.code == code);
        let component = |id: &str| components.iter().position(|c| c.id == id);
        cells.sort_by_key(|c| (country(&c.country_code), component(&c.component_id)));
        Ok(Self { cells, components, countries })
    }

    fn component(&self, cell: &CellRow) -> Option<&ComponentRow> {
        self.components.iter().find(|c| c.id == cell.component_id)
    }

    fn country(&self, code: &str) -> &str {
        self.countries.iter().find(|c| c.code == code).map_or("", |c| &c.name)
    }

    /// `eUICC download, France`.
    fn name(&self, cell: &CellRow) -> String {
        let component = self.component(cell).map_or("", |c| &c.name);
        format!("{component}, {}", self.country(&cell.country_code))
    }
}

fn happened(incident: &IncidentRow, updates: &[UpdateRow]) -> Vec<Event> {
    let event = |at, what: String| Event { at, what, is_internal: false };
    let mut out = vec![event(incident.started_at, "The impact began".into())];
    let mut restored = false;
    for update in updates {
        let what = match update.kind {
            UpdateKind::Initial => format!("Declared as {}", update.severity.label()),
            UpdateKind::Reclassified => format!("Reclassified to {}", update.severity.label()),
            UpdateKind::Restored => "Usable again".into(),
            UpdateKind::Resolved => "Fixed for good".into(),
            UpdateKind::Progress | UpdateKind::NoChange
                if restored && update.phase.slug() != "monitoring" =>
            {
                "It came back".into()
            }
            UpdateKind::Progress | UpdateKind::NoChange | UpdateKind::Facts => continue,
        };
        restored = update.phase.slug() == "monitoring";
        out.push(event(update.published_at, what));
    }
    out
}

/// Contacts are ours alone; that somebody came is told where it was published, and never who it was.
fn called(row: &EngagementRow) -> Vec<Event> {
    let mut out = Vec::new();
    if let Some(at) = row.contacted_at {
        let what = format!("{} contacted", row.party);
        out.push(Event { at: at.into(), what, is_internal: true });
    }
    if let Some(at) = row.engaged_at {
        out.push(Event { at: at.into(), what: format!("{} engaged", row.party), is_internal: true });
        if row.is_public {
            let what = format!("{} engaged", public_words(&row.kind, &row.subject));
            out.push(Event { at: at.into(), what, is_internal: false });
        }
    }
    out
}

fn missed(clock: &Clock) -> Option<Event> {
    let at = clock.breached_at?;
    let late = clock.late_ms.map(|ms| format!(", kept {} late", duration_words(ms))).unwrap_or_default();
    Some(Event { at, what: format!("Promise missed: {}{late}", promise_words(clock)), is_internal: true })
}

/// What the affected cells showed, from an hour before until they were usable.
async fn moved(
    tx: &mut Tx,
    incident: &IncidentRow,
    grid: &Grid,
    now: Timestamp,
) -> Result<Vec<Event>, Refusal> {
    let from = incident.started_at.plus(-MARGIN);
    let to = incident.restored_at.map_or(now, Timestamp::from_millis).plus(MARGIN);
    let changes = tx.cell_changes(from, 0).await?;
    let mine = changes.into_iter().filter(|c| c.at <= to).filter_map(|c| {
        let cell = grid.cells.iter().find(|cell| cell.id == c.cell_id)?;
        let what = format!("{}: {} → {}", grid.name(cell), c.from_status.words(), c.to_status.words());
        Some(Event { at: c.at, what, is_internal: false })
    });
    Ok(mine.collect())
}

fn said(update: &UpdateRow, clocks: &[Clock]) -> Said {
    let is_promise = |c: &&Clock| {
        matches!(c.kind, ClockKind::NextUpdate | ClockKind::FirstResponse)
            && c.stopped_at == Some(update.published_at)
    };
    let late = clocks.iter().filter(is_promise).filter_map(|c| c.late_ms).max();
    let what = match update.kind {
        UpdateKind::Initial => "First report".to_owned(),
        UpdateKind::Restored => "Usable again".to_owned(),
        UpdateKind::NoChange => "No change".to_owned(),
        UpdateKind::Reclassified => format!("Now {}", update.severity.label()),
        UpdateKind::Progress | UpdateKind::Resolved | UpdateKind::Facts => update.phase.word().to_owned(),
    };
    Said {
        at: update.published_at,
        what,
        known: delivery::markdown::plain(&update.known),
        late_ms: late.unwrap_or(0),
    }
}

/// One graph per measured step, over the affected countries.
async fn graphs(
    tx: &mut Tx,
    incident: &IncidentRow,
    grid: &Grid,
    now: Timestamp,
) -> Result<Vec<Graph>, Refusal> {
    let mut steps: BTreeMap<Step, (String, Vec<String>)> = BTreeMap::new();
    for cell in &grid.cells {
        let Some((component, step)) = grid.component(cell).and_then(|c| Some((c, c.step()?))) else {
            continue;
        };
        let (_, countries) = steps.entry(step).or_insert_with(|| (component.name.clone(), Vec::new()));
        countries.push(cell.country_code.clone());
    }
    if steps.is_empty() {
        return Ok(Vec::new());
    }
    let from = Timestamp::from_millis((incident.started_at.millis() - MARGIN).div_euclid(WIDTH) * WIDTH);
    let to = incident.restored_at.map_or(now, Timestamp::from_millis).plus(MARGIN).min(now);
    let measured = tx.measured(WIDTH / 1_000, from, to).await?;
    let graph = |(step, (name, codes)): (Step, (String, Vec<String>))| {
        let mine = measured.iter().filter(|m| m.step == step && codes.contains(&m.country));
        let counts: Vec<Point> =
            mine.map(|m| Point { at: m.at, samples: m.entered, succeeded: m.succeeded }).collect();
        let places: Vec<&str> = codes.iter().map(|code| grid.country(code)).collect();
        Graph::of(format!("{name} in {}", listed(&places)), from, to, &counts)
    };
    Ok(steps.into_iter().filter_map(graph).collect())
}
