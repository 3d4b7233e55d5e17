//! The page of one cell: its status and what that rests on, what is promised of it, its days and its changes.

use app::{
    model::{Bars, CellChange, CellPage, Site},
    paths,
};
use domain::{
    clock::{DAY, MINUTE, SECOND, Timestamp},
    clock_local::{Place, duration_words, utc_and_local, utc_time},
    sla::{
        availability::{measure, spans, words},
        policy::OFFICE,
    },
    status::{Basis, CellStatus},
    telemetry::{
        chart::Chart,
        kpi::thousands,
        upstream::{Standing, standing},
    },
    uptime::Change,
};
use store::CellRow;

use super::{measured, site};
use crate::reads::{
    World,
    cards::{card_in, evidence, past, sentence_parts},
    world::Story,
};

/// A cell's page.
#[must_use]
pub fn cell(world: &World, country: &str, component: &str) -> Option<CellPage> {
    let country = world.country(&country.to_ascii_uppercase())?;
    let component = world.components.iter().find(|c| c.slug == component)?;
    let cell =
        world.cells.iter().find(|c| c.country_code == country.code && c.component_id == component.id)?;
    let history = world.histories.get(&cell.id)?;
    let place = Place { name: country.name.clone(), zone: country.zone.clone() };
    let is_mine = |s: &&Story| s.cells.contains(&cell.id);
    let changes =
        world.changes.get(&cell.id).map(Vec::as_slice).unwrap_or_default().iter().rev().take(20).map(|c| {
            CellChange {
                at: utc_time(c.at, world.now),
                to: c.to_status,
                cause: c.cause.clone(),
                incident: c.incident_id.as_deref().map(paths::incident),
                samples: world
                    .proofs
                    .get(&c.id)
                    .and_then(|p| evidence(Some(&p.evidence)))
                    .map(|e| format!("n = {}", thousands(e.samples))),
                chart: world.proofs.get(&c.id).and_then(|p| Chart::from_json(&p.chart)),
            }
        });
    let feed = (
        format!("Incidents of {} in {}", component.name, country.name),
        paths::rss_of_cell(&country.code, &component.slug),
    );
    Some(CellPage {
        site: Site { feed: Some(feed), ..site(world) },
        component: (component.name.clone(), paths::component(&component.slug)),
        country: (country.name.clone(), paths::country(&country.code)),
        status: cell.status,
        since: utc_and_local(cell.since_at, world.now, &[place]),
        basis: basis_words(world, cell),
        evidence: figures(world, cell),
        charts: measured(world, component, &country.code),
        upstream: upstream_notes(world, &cell.id),
        bars: Bars::of(history, world.now),
        formula: formula(history),
        target: promised(world, cell),
        incidents: world.open().into_iter().filter(is_mine).map(|s| card_in(world, s, &[country])).collect(),
        changes: changes.collect(),
        past: world
            .incidents
            .iter()
            .filter(|s| s.row.resolved_at.is_some())
            .filter(is_mine)
            .take(10)
            .map(|s| past(world, s))
            .collect(),
    })
}

/// What a status rests on: how many outcomes and how fresh, or that a person set it and when.
fn basis_words(world: &World, cell: &CellRow) -> String {
    let measured = evidence(cell.evidence.as_deref()).filter(|e| e.samples > 0).map(|e| {
        let age = match world.now.since(e.judged_at).max(0) {
            ms if ms < 2 * MINUTE => format!("{} s", ms / SECOND),
            ms => duration_words(ms),
        };
        format!("Judged from telemetry: n = {}, {age} ago.", thousands(e.samples))
    });
    let set = utc_time(cell.since_at, world.now);
    match (cell.basis, cell.telemetry_status) {
        (Basis::Telemetry, own) if own != cell.status => "Judged from an alert of our monitoring.".into(),
        (Basis::Telemetry, _) => measured.unwrap_or_else(|| "Judged from telemetry.".into()),
        (Basis::None, _) => "There is no fresh evidence, and silence is never shown as working.".into(),
        (Basis::Person, CellStatus::NoData) => format!("Set by our staff, {set}; telemetry has no opinion."),
        (Basis::Person, own) if own == cell.status => format!("Set by our staff, {set}; telemetry agrees."),
        (Basis::Person, own) => {
            format!("Set by our staff, {set}; telemetry alone would say: {}.", own.words())
        }
    }
}

fn figures(world: &World, cell: &CellRow) -> Vec<(String, String, String)> {
    let Some(e) = evidence(cell.evidence.as_deref()).filter(|e| e.samples > 0) else { return Vec::new() };
    let percent = |share: f64| format!("{:.1} %", (share * 10.0 + 1e-9).floor() / 10.0);
    let row = |label: &str, value: String, second: String| (label.to_owned(), value, second);
    let (share, of) = sentence_parts(&e);
    let mut out = vec![row("Success", share, of)];
    if let Some(ms) = e.median_latency_ms {
        let most = e.p95_latency_ms.map(|p| format!("95 % within {}", seconds(p))).unwrap_or_default();
        out.push(row("Median time", seconds(ms), most));
    }
    if e.fallback_rate > 0.0 {
        out.push(row("By a second way", percent(e.fallback_rate), "of them".into()));
    }
    if let Some((class, share)) = &e.top_error {
        out.push(row("Most frequent error", class.clone(), format!("{} of them", percent(*share))));
    }
    let age = world.now.since(e.judged_at);
    let age = if age < 2 * MINUTE { String::new() } else { format!("{} ago", duration_words(age)) };
    out.push(row("Measured", utc_time(e.judged_at, world.now), age));
    out
}

/// What suppliers' own pages say, in our words: nothing of theirs is repeated. It turns no cell.
fn upstream_notes(world: &World, cell_id: &str) -> Vec<String> {
    let note = |u: &store::UpstreamRow| {
        let name = &u.public_name;
        let read_at = u.read_at.map(Timestamp::from_millis);
        let time = |at| utc_time(at, world.now);
        match (standing(&u.state, read_at, world.now), read_at) {
            (Standing::Says(state), Some(at)) => {
                format!("Upstream: {name} reports {}, as of {}.", state.words(), time(at))
            }
            (_, Some(at)) => format!("Upstream: what {name} reports has been unknown since {}.", time(at)),
            (_, None) => format!("Upstream: what {name} reports is not known."),
        }
    };
    world.upstreams.get(cell_id).into_iter().flatten().map(note).collect()
}

/// `2.4 s`, `0.3 s`, `31 s`.
fn seconds(ms: i64) -> String {
    #[allow(clippy::cast_precision_loss, reason = "milliseconds of a latency")]
    let secs = ms as f64 / 1_000.0;
    if secs < 10.0 { format!("{secs:.1} s") } else { format!("{secs:.0} s") }
}

/// What is promised of a cell, beside what 90 days gave in the hours that count.
fn promised(world: &World, cell: &CellRow) -> String {
    let Some(component) = world.component_of(cell) else { return String::new() };
    let Some(target) = world.availability.target(&component.slug, &cell.country_code) else {
        return String::new();
    };
    let calendar = world.matrix.calendars.get(OFFICE).cloned().unwrap_or_default();
    let from = world.now.utc_day_start().plus(-89 * DAY);
    let changes = world.changes.get(&cell.id).map(Vec::as_slice).unwrap_or_default();
    let changes: Vec<Change> = changes.iter().map(|c| Change { at: c.at, to: c.to_status }).collect();
    let measured = measure(&changes, &spans(target.hours, &calendar, from, world.now));
    let verdict = match measured.millipercent() {
        None => "there was no data to hold against it".to_owned(),
        Some(m) => {
            let verdict = if m >= target.millipercent { "met" } else { "missed" };
            format!("{verdict} over these 90 days, with {}", words(m))
        }
    };
    format!("Target: {} {}; {verdict}.", words(target.millipercent), target.hours.words())
}

fn formula(history: &domain::uptime::History) -> String {
    let no_data = match history.no_data_ms {
        0 => "There was data all the time.".to_owned(),
        ms => format!("{} without data are left out.", duration_words(ms)),
    };
    format!(
        "Uptime is 100 % minus downtime: a major outage counts in full, a partial outage with 0.3, maintenance is left out. {no_data}"
    )
}
