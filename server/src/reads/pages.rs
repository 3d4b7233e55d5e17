//! The public pages' models.

mod cell;

pub use self::cell::cell;

use app::{
    model::{
        AffectedCell, Charts, Front, HistoryMonth, HistoryPage, IncidentPage, Markup, PastIncident,
        RegionPage, Scope, ServiceLine, Site, TimelineUpdate, verdict,
    },
    paths,
};
use chrono::Datelike as _;
use delivery::markdown;
use domain::{
    clock::{DAY, Timestamp},
    clock_local::{duration_words, hour_minute, local_times, utc_and_local, utc_time, zone},
    engagement::{public_words, took},
    incident::UpdateKind,
    status::Basis,
    telemetry::{chart::Chart, kpi::thousands},
};
use store::{CellRow, CountryRow, PublicEngagementRow, UpdateRow};

use super::{
    World,
    cards::{card, card_in, due, evidence, grid, line, past, verdict_cells},
    charts::{Drawn, charts},
    reviews::published,
    world::{Story, message},
};
use crate::commands::backfill::entered_words;

/// The frame of every page.
#[must_use]
pub fn site(world: &World) -> Site {
    let has_evidence = world.is_partners;
    Site { stale_since: world.stale_since.clone(), has_evidence, ..Site::new(world.page_name.clone()) }
}

/// The front page.
#[must_use]
pub fn front(world: &World) -> Front {
    let open = world.open();
    let countries: Vec<&CountryRow> = world.countries.iter().collect();
    let service = |c: &store::ComponentRow| {
        let cells = world.cells.iter().filter(|cell| cell.component_id == c.id);
        line(world, &c.name, paths::component(&c.slug), cells)
    };
    let today = world.now.utc_day_start();
    Front {
        site: site(world),
        verdict: verdict(&verdict_cells(world, world.cells.iter()), Scope::Page, &watching(world, |_| true)),
        as_of: utc_time(world.now, world.now),
        evidence: telemetry_line(world),
        incidents: open.iter().map(|s| card(world, s)).collect(),
        grid: grid(world, &countries),
        services: world.components.iter().map(service).collect(),
        ledger: ledger(world),
        recent: recent(world, |_| true),
        quiet_today: open.is_empty() && !world.incidents.iter().any(|s| s.row.started_at >= today),
    }
}

/// What is usable again and still being watched.
fn watching(world: &World, is_mine: impl Fn(&Story) -> bool) -> Vec<String> {
    world
        .open()
        .into_iter()
        .filter(|s| s.row.restored_at.is_some() && is_mine(s))
        .map(|s| s.scoped_title(world))
        .collect()
}

/// Resolved incidents of the past week, newest first, at most five.
fn recent(world: &World, is_mine: impl Fn(&Story) -> bool) -> Vec<PastIncident> {
    let from = world.now.plus(-7 * DAY);
    let mine = world
        .incidents
        .iter()
        .filter(|s| s.row.resolved_at.is_some() && s.row.started_at > from && is_mine(s));
    mine.take(5).map(|s| past(world, s)).collect()
}

fn telemetry_line(world: &World) -> Option<String> {
    let measured = world
        .cells
        .iter()
        .filter(|c| c.basis == Basis::Telemetry)
        .filter_map(|c| evidence(c.evidence.as_deref()));
    let (n, newest) = measured.filter(|e| e.window_secs <= 600).fold((0, None), |(n, at), e| {
        (n + e.samples, Some(at.map_or(e.judged_at, |t: domain::clock::Timestamp| t.max(e.judged_at))))
    });
    newest.map(|_| format!("Based on {} measured activation steps in the last 10 min", thousands(n)))
}

fn ledger(world: &World) -> Vec<String> {
    world
        .ledger
        .iter()
        .map(|l| {
            let late = match l.worst_late_ms {
                0 => String::new(),
                ms => format!(", worst {} late", duration_words(ms)),
            };
            format!("{}: {} of {} on time{late}", l.severity.label(), l.kept, l.made)
        })
        .collect()
}

/// An incident's page.
#[must_use]
pub fn incident(world: &World, id: &str) -> Option<IncidentPage> {
    let story = world.incident(id)?;
    let row = &story.row;
    let places = story.places(world);
    let fact = |label: &str, at: domain::clock::Timestamp| {
        (label.to_owned(), utc_time(at, world.now), local_times(at, &places))
    };
    let mut facts = vec![fact("Started", row.started_at)];
    facts.extend(row.restored_at.map(|at| fact("Usable again", at.into())));
    facts.extend(row.resolved_at.map(|at| fact("Resolved", at.into())));
    facts.extend(
        evidence(row.evidence.as_deref())
            .filter(|e| e.about.is_none())
            .map(|e| ("Evidence".to_owned(), e.sentence(), String::new())),
    );
    facts.extend(world.engaged.get(id).into_iter().flatten().map(engaged));
    let cells = story.cells.iter().filter_map(|id| {
        let cell = world.cell(id)?;
        let component = world.component_of(cell)?;
        let country = world.country(&cell.country_code)?;
        Some(AffectedCell {
            name: format!("{}, {}", component.name, country.name),
            href: paths::cell(&country.code, &component.slug),
            status: cell.status,
        })
    });
    Some(IncidentPage {
        site: site(world),
        title: story.scoped_title(world),
        severity: row.severity,
        phase: row.phase,
        status: story.status(world),
        facts,
        chart: chart_before(world, story),
        due: due(world, row.next_update_due_at, &places),
        cells: cells.collect(),
        workarounds: story
            .workarounds(world)
            .iter()
            .map(|(_, country, text)| (country.clone(), rich(text)))
            .collect(),
        updates: story.updates.iter().map(|u| timeline(world, story, u)).collect(),
        goes_on: row.duplicate_of.as_deref().and_then(|other| {
            let other = world.incident(other)?;
            Some((other.scoped_title(world), paths::incident(&other.row.id)))
        }),
        entered: entered_words(row),
        review: world.review(id).map(|r| (published(&r), paths::rca(id))),
        subscribe: story
            .countries(world)
            .first()
            .map_or_else(|| paths::SUBSCRIBE.into(), |c| paths::subscribe_to(&c.code)),
    })
}

/// Typed text with its limited markup.
pub(super) fn rich(text: &str) -> Markup {
    Markup(markdown::blocks(text).to_string())
}

/// `Carrier engaged`, `after 21 min`, `target 30 min`: never who it was.
fn engaged(row: &PublicEngagementRow) -> (String, String, String) {
    let from = row.started_at.or(row.contacted_at).map_or(row.engaged_at, Timestamp::from_millis);
    let (after, target) = took(from, row.engaged_at, row.due_at.map(Timestamp::from_millis));
    (format!("{} engaged", public_words(&row.kind, &row.subject)), after, target.unwrap_or_default())
}

fn timeline(world: &World, story: &Story, update: &UpdateRow) -> TimelineUpdate {
    let places = story.places(world);
    let what = match update.kind {
        UpdateKind::Restored => "Usable again".to_owned(),
        UpdateKind::NoChange => "No change".to_owned(),
        UpdateKind::Reclassified => format!("Now {}", update.severity.label()),
        UpdateKind::Facts => format!("For {}", world.page_name),
        _ => update.phase.word().to_owned(),
    };
    let changes = world.moved.get(&update.id).into_iter().flatten().filter_map(|m| {
        let cell = world.cell(&m.cell_id)?;
        let (component, country) = (world.component_of(cell)?, world.country(&cell.country_code)?);
        Some(format!(
            "{}, {}: {} → {}",
            component.name,
            country.name,
            m.old_status.words(),
            m.new_status.words()
        ))
    });
    TimelineUpdate {
        id: update.id.clone(),
        what,
        phase: update.phase,
        at: (utc_time(update.published_at, world.now), local_times(update.published_at, &places)),
        datetime: update.published_at.rfc3339(),
        fields: message(update).labelled().into_iter().map(|(l, t)| (l.to_owned(), rich(t))).collect(),
        edited: update.edited_at.map(|at| {
            let href = format!("{}#{}", paths::edits(&update.incident_id), update.id);
            (utc_time(at.into(), world.now), href)
        }),
        changes: changes.collect(),
        promised: update.next_update_due_at.map(|at| utc_and_local(at.into(), world.now, &places)),
    }
}

/// Past incidents by month, a quarter a page, newest first; none: there is nothing that far back.
#[must_use]
pub fn history(world: &World, page: usize) -> Option<HistoryPage> {
    let month_of = |at: domain::clock::Timestamp| {
        let date = at.utc();
        i64::from(date.year()) * 12 + i64::from(date.month0())
    };
    let now = month_of(world.now);
    let oldest = world.incidents.iter().map(|s| month_of(s.row.started_at)).min().unwrap_or(now).min(now);
    let quarter = i64::try_from(page.checked_sub(1)?).ok()?.checked_mul(3)?;
    let newest_here = now.checked_sub(quarter).filter(|n| page == 1 || *n >= oldest)?;
    let month = |number: i64| HistoryMonth {
        name: format!(
            "{} {}",
            MONTHS[usize::try_from(number.rem_euclid(12)).unwrap_or(0)],
            number.div_euclid(12)
        ),
        incidents: world
            .incidents
            .iter()
            .filter(|s| month_of(s.row.started_at) == number)
            .map(|s| past(world, s))
            .collect(),
        summaries: world
            .summaries
            .iter()
            .filter(|(week, _)| month_of(week.start()) == number)
            .map(|(week, _)| (week.days(), paths::summary(&week.to_string())))
            .collect(),
    };
    Some(HistoryPage {
        site: site(world),
        months: (0..3).map(|back| month(newest_here - back)).collect(),
        newer: (page > 1).then(|| paths::history_page(page - 1)),
        older: (newest_here - 3 >= oldest).then(|| paths::history_page(page + 1)),
    })
}

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// A country's or portfolio's page.
#[must_use]
pub fn region(world: &World, slug: &str) -> Option<RegionPage> {
    let code = slug.to_ascii_uppercase();
    if let Some(country) = world.country(&code) {
        let parent = world.portfolios.iter().find(|p| p.id == country.portfolio_id);
        let lines = world.components.iter().map(|c| {
            let cells =
                world.cells.iter().filter(|cell| cell.component_id == c.id && cell.country_code == code);
            line(world, &c.name, paths::cell(&code, &c.slug), cells)
        });
        let mut page =
            region_page(world, &[country], &country.name, "Services", lines.collect(), Scope::Country);
        page.parent = parent.map(|p| (p.name.clone(), paths::portfolio(&p.slug)));
        page.as_of.1 = format!("{} in {}", hour_minute(world.now, zone(&country.zone)), country.name);
        page.subscribe = paths::subscribe_to(&code);
        page.site.feed = Some((format!("Incidents in {}", country.name), paths::rss_of(&code)));
        return Some(page);
    }
    let portfolio = world.portfolios.iter().find(|p| p.slug == slug)?;
    let countries: Vec<&CountryRow> =
        world.countries.iter().filter(|c| c.portfolio_id == portfolio.id).collect();
    let lines = world.components.iter().map(|c| {
        let is_mine = |cell: &&CellRow| {
            cell.component_id == c.id && countries.iter().any(|k| k.code == cell.country_code)
        };
        line(world, &c.name, paths::component(&c.slug), world.cells.iter().filter(is_mine))
    });
    let mut page = region_page(world, &countries, &portfolio.name, "Services", lines.collect(), Scope::Page);
    page.grid = Some(grid(world, &countries));
    page.site.feed = Some((format!("Incidents in {}", portfolio.name), paths::rss_of(&portfolio.slug)));
    Some(page)
}

fn region_page(
    world: &World,
    countries: &[&CountryRow],
    name: &str,
    lines_title: &str,
    lines: Vec<ServiceLine>,
    scope: Scope,
) -> RegionPage {
    let is_here = |cell: &CellRow| countries.iter().any(|c| c.code == cell.country_code);
    let is_mine = |s: &Story| s.cells.iter().any(|id| world.cell(id).is_some_and(is_here));
    let cells = verdict_cells(world, world.cells.iter().filter(|c| is_here(c)));
    RegionPage {
        site: site(world),
        name: name.to_owned(),
        parent: None,
        verdict: verdict(&cells, scope, &watching(world, is_mine)),
        as_of: (utc_time(world.now, world.now), String::new()),
        incidents: world
            .open()
            .into_iter()
            .filter(|s| is_mine(s))
            .map(|s| card_in(world, s, countries))
            .collect(),
        grid: None,
        lines_title: lines_title.to_owned(),
        lines,
        past: world
            .incidents
            .iter()
            .filter(|s| s.row.resolved_at.is_some() && is_mine(s))
            .take(10)
            .map(|s| past(world, s))
            .collect(),
        charts: Vec::new(),
        subscribe: paths::SUBSCRIBE.into(),
    }
}

/// A component's page: its line in every country.
#[must_use]
pub fn component(world: &World, slug: &str) -> Option<RegionPage> {
    let component = world.components.iter().find(|c| c.slug == slug)?;
    let mine: Vec<&CellRow> = world.cells.iter().filter(|c| c.component_id == component.id).collect();
    let lines = world.countries.iter().map(|c| {
        let cells = mine.iter().copied().filter(|cell| cell.country_code == c.code);
        line(world, &c.name, paths::cell(&c.code, slug), cells)
    });
    let is_mine = |s: &&Story| s.cells.iter().any(|id| mine.iter().any(|c| c.id == *id));
    let feed = (format!("Incidents of {}", component.name), paths::rss_of_component(slug));
    Some(RegionPage {
        site: Site { feed: Some(feed), ..site(world) },
        name: component.name.clone(),
        parent: None,
        verdict: verdict(
            &verdict_cells(world, mine.iter().copied()),
            Scope::Page,
            &watching(world, |s| is_mine(&s)),
        ),
        as_of: (utc_time(world.now, world.now), String::new()),
        incidents: world.open().into_iter().filter(is_mine).map(|s| card(world, s)).collect(),
        grid: None,
        lines_title: "Countries".into(),
        lines: lines.collect(),
        past: world
            .incidents
            .iter()
            .filter(|s| s.row.resolved_at.is_some())
            .filter(is_mine)
            .take(10)
            .map(|s| past(world, s))
            .collect(),
        charts: measured(world, component, ""),
        subscribe: paths::SUBSCRIBE.into(),
    })
}

/// The charts that everybody may see, where the operator shows them.
fn measured(world: &World, component: &store::ComponentRow, country: &str) -> Vec<Charts> {
    let Some(series) = world.charts_of(component, country) else { return Vec::new() };
    [("Last 24 hours", series.day, 3_600), ("Last 90 days", series.quarter, 86_400)]
        .into_iter()
        .map(|(title, points, slot_secs)| charts(title, &points, slot_secs, Drawn::Public))
        .collect()
}

/// Success before the last automatic change of its cells that came before it was declared; of what telemetry found alone.
fn chart_before(world: &World, story: &Story) -> Option<Chart> {
    evidence(story.row.evidence.as_deref())?;
    let changes = story.cells.iter().filter_map(|id| world.changes.get(id)).flatten();
    let before = changes.filter(|c| c.at <= story.row.declared_at && c.to_status.is_trouble());
    before
        .filter_map(|c| Some((c.at, Chart::from_json(&world.proofs.get(&c.id)?.chart)?)))
        .max_by_key(|(at, _)| *at)
        .map(|(_, chart)| chart)
}
