//! Parts that several pages share: incident cards, past incidents, grid, service lines.

use app::{
    model::{
        Bars, Due, Grid, GridCell, GridCountry, GridGroup, GridRow, IncidentCard, PastIncident, ServiceLine,
        VerdictCell,
    },
    paths,
};
use delivery::markdown::plain;
use domain::{
    clock::{MINUTE, Timestamp},
    clock_local::{Place, duration_words, listed, local_times, utc_time},
    status::CellStatus,
    telemetry::kpi::Evidence,
    uptime::{History, together},
};
use store::{CellRow, ComponentRow, CountryRow};

use super::{World, world::Story};

/// Evidence older than this is not of this moment.
const FRESH: i64 = 10 * MINUTE;

/// The evidence of a cell or an incident.
pub(super) fn evidence(json: Option<&str>) -> Option<Evidence> {
    serde_json::from_str(json?).ok()
}

/// A promise in words, with how late it is.
pub(super) fn due(world: &World, at: Option<i64>, places: &[Place]) -> Option<Due> {
    let at = Timestamp::from_millis(at?);
    let late = world.now.since(at);
    let overdue = (late > 0).then(|| format!("{} overdue", duration_words(late)));
    Some(Due { at: utc_time(at, world.now), local: local_times(at, places), overdue })
}

/// A card on the page of some countries: with what helps there.
pub(super) fn card_in(world: &World, story: &Story, countries: &[&CountryRow]) -> IncidentCard {
    let helps = story.workarounds(world).into_iter();
    let here = helps.filter(|(code, ..)| countries.iter().any(|c| c.code == *code));
    let workarounds = here.map(|(_, country, text)| (country, plain(&text))).collect();
    IncidentCard { workarounds, ..card(world, story) }
}

pub(super) fn card(world: &World, story: &Story) -> IncidentCard {
    let row = &story.row;
    let places = story.places(world);
    let newest = story.updates.first();
    let text = |pick: fn(&store::UpdateRow) -> &str| {
        plain(story.updates.iter().map(pick).find(|t| !t.is_empty()).unwrap_or_default())
    };
    let names: Vec<&str> = story.components(world).iter().map(|c| c.name.as_str()).collect();
    let countries: Vec<&str> = places.iter().map(|p| p.name.as_str()).collect();
    IncidentCard {
        href: paths::incident(&row.id),
        title: story.scoped_title(world),
        severity: row.severity,
        phase: row.phase,
        status: story.status(world),
        started: (utc_time(row.started_at, world.now), local_times(row.started_at, &places)),
        due: due(world, row.next_update_due_at, &places),
        services: listed(&names),
        places: listed(&countries),
        evidence: measured_now(world, story),
        updated: newest.map(|u| utc_time(u.published_at, world.now)).unwrap_or_default(),
        known: text(|u| &u.known),
        next_steps: text(|u| &u.next_steps),
        customer_action: text(|u| &u.customer_action),
        workarounds: Vec::new(),
        updates: story.updates.len(),
    }
}

/// What telemetry measures at this moment in the worst of an incident's cells; none: nothing fresh.
fn measured_now(world: &World, story: &Story) -> Option<(String, String)> {
    let fresh = story
        .cells
        .iter()
        .filter_map(|id| evidence(world.cell(id)?.evidence.as_deref()))
        .filter(|e| e.samples > 0 && world.now.since(e.judged_at) < FRESH);
    fresh.min_by(|a, b| a.share.total_cmp(&b.share)).map(|e| sentence_parts(&e))
}

/// `79.6 %` and `of 1,412 eSIM downloads succeeded in 10 min`.
pub(super) fn sentence_parts(evidence: &Evidence) -> (String, String) {
    let sentence = evidence.sentence();
    let (share, rest) = sentence.split_once(" % ").unwrap_or((&sentence, ""));
    (format!("{share} %"), rest.to_owned())
}

pub(super) fn past(world: &World, story: &Story) -> PastIncident {
    let row = &story.row;
    let outcome = match (row.resolved_at, row.restored_at) {
        _ if row.duplicate_of.is_some() => "Part of another incident".into(),
        (Some(at), _) => format!("Resolved after {}", duration_words(at - row.started_at.millis())),
        (None, Some(at)) => format!("Usable again after {}", duration_words(at - row.started_at.millis())),
        (None, None) => "Still open".into(),
    };
    PastIncident {
        href: paths::incident(&row.id),
        title: story.scoped_title(world),
        severity: row.severity,
        phase: row.phase,
        started: utc_time(row.started_at, world.now),
        outcome,
    }
}

pub(super) fn verdict_cells<'w>(
    world: &'w World,
    cells: impl Iterator<Item = &'w CellRow>,
) -> Vec<VerdictCell> {
    cells
        .filter_map(|cell| {
            let component = world.component_of(cell)?;
            Some(VerdictCell {
                component: component.slug.clone(),
                component_name: component.name.clone(),
                country: world.country(&cell.country_code)?.name.clone(),
                status: cell.status,
            })
        })
        .collect()
}

/// The grid over some countries.
pub(super) fn grid(world: &World, countries: &[&CountryRow]) -> Grid {
    let mut groups: Vec<GridGroup> = Vec::new();
    for country in countries {
        let Some(portfolio) = world.portfolios.iter().find(|p| p.id == country.portfolio_id) else {
            continue;
        };
        match groups.last_mut().filter(|g| g.name == portfolio.name) {
            Some(group) => group.span += 1,
            None => groups.push(GridGroup {
                name: portfolio.name.clone(),
                href: paths::portfolio(&portfolio.slug),
                span: 1,
            }),
        }
    }
    let row = |component: &ComponentRow| GridRow {
        name: component.name.clone(),
        href: paths::component(&component.slug),
        cells: countries
            .iter()
            .map(|country| {
                let is_it = |c: &&CellRow| c.country_code == country.code && c.component_id == component.id;
                let cell = world.cells.iter().find(is_it)?;
                Some(GridCell { href: paths::cell(&country.code, &component.slug), status: cell.status })
            })
            .collect(),
    };
    Grid {
        groups,
        countries: countries
            .iter()
            .map(|c| GridCountry {
                code: c.code.clone(),
                name: c.name.clone(),
                href: paths::country(&c.code),
            })
            .collect(),
        rows: world.components.iter().map(row).collect(),
    }
}

/// Several cells as one line: the worst of what they show, and their days together.
pub(super) fn line<'w>(
    world: &'w World,
    name: &str,
    href: String,
    cells: impl Iterator<Item = &'w CellRow>,
) -> ServiceLine {
    let cells: Vec<&CellRow> = cells.collect();
    let histories: Vec<&History> = cells.iter().filter_map(|c| world.histories.get(&c.id)).collect();
    let status = cells.iter().map(|c| c.status).reduce(CellStatus::worse).unwrap_or(CellStatus::NoData);
    ServiceLine { name: name.to_owned(), href, status, bars: Bars::of(&together(histories), world.now) }
}
