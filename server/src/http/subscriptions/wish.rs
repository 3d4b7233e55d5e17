//! The fields of the form that say what a subscription is about, both ways.

use app::model::{Choice, PortfolioChoice, ScopeForm};
use chrono::NaiveDate;
use domain::{
    clock::{DAY, Timestamp},
    clock_local::is_zone,
    language::Language,
    roster::local_time,
    scope::{Scope, Trip, today},
    severity::Severity,
};

use crate::{
    commands::{
        Refusal,
        subscribe::{Wish, endpoints::Again},
    },
    http::fields::Fields,
    reads::World,
};

fn list(fields: &Fields, name: &str) -> Vec<String> {
    let mut all: Vec<String> = fields.all(name).map(str::to_owned).collect();
    all.sort();
    all.dedup();
    all
}

/// What was asked for.
///
/// # Errors
/// The field and what is wrong with it. What is on the page is judged later.
pub(super) fn read(fields: &Fields, now: Timestamp) -> Result<Wish, Refusal> {
    let mut scope = Scope {
        is_maintenance_only: fields.some("maintenance_only").is_some(),
        tells_measured: fields.some("measured").is_some(),
        min_severity: least(fields)?,
        trip: trip(fields, now)?,
        ..Scope::default()
    };
    match fields.one("what") {
        "everything" => {}
        "incident" => scope.incident = Some(fields.one("incident").to_owned()),
        "chosen" => {
            scope.countries = list(fields, "countries").iter().map(|c| c.to_ascii_uppercase()).collect();
            scope.portfolios = list(fields, "portfolios");
            scope.components = list(fields, "components");
            if scope.is_anywhere() {
                let message = "Tick at least one country or service, or choose everything above.";
                return Err(Refusal::field("countries", message));
            }
        }
        _ => return Err(Refusal::field("what", "Choose what you want to hear of.")),
    }
    Ok(Wish {
        partner_id: None,
        time_zone: fields.one("time_zone").trim().to_owned(),
        language: fields.one("language").to_owned(),
        contact: fields.one("contact").to_owned(),
        ..Wish::of(scope)
    })
}

fn least(fields: &Fields) -> Result<Option<Severity>, Refusal> {
    let Some(typed) = fields.some("min_severity") else { return Ok(None) };
    let least = typed.parse::<i64>().ok().and_then(|n| Severity::try_from(n).ok());
    let least = least.ok_or_else(|| Refusal::field("min_severity", "Choose a severity from the list."))?;
    Ok(Some(least).filter(|s| *s != Severity::Sev4))
}

fn trip(fields: &Fields, now: Timestamp) -> Result<Option<Trip>, Refusal> {
    let (from, until) = match (fields.some("trip_from"), fields.some("trip_until")) {
        (None, None) => return Ok(None),
        (from, until) => (from.unwrap_or_default(), until.unwrap_or_default()),
    };
    let day = |text: &str| NaiveDate::parse_from_str(text, "%Y-%m-%d").ok();
    let (Some(from), Some(until)) = (day(from), day(until)) else {
        return Err(Refusal::field(
            "trip",
            "A trip has a first day and a last day, like 2026-03-03 and 2026-03-12.",
        ));
    };
    let zone = Some(fields.one("time_zone").trim()).filter(|z| is_zone(z)).unwrap_or("UTC");
    Trip::new(from, until, today(now, zone)).map(Some).map_err(|why| Refusal::field("trip", why))
}

/// What is to be sent again: one message, or what was given up, of some days where they are given.
///
/// # Errors
/// When a day is none, or the last lies before the first.
pub(in crate::http) fn repeats(fields: &Fields) -> Result<Again<'_>, Refusal> {
    if let Some(id) = fields.some("message") {
        return Ok(Again::One(id));
    }
    let day = |name: &str, otherwise: Timestamp| match fields.some(name) {
        None => Ok(otherwise),
        Some(text) => local_time(&format!("{}T00:00", text.trim()), "UTC"),
    };
    let end = Timestamp::from_millis(i64::MAX);
    match (day("from", Timestamp::default()), day("until", end)) {
        (Ok(from), Ok(until)) if until == end => Ok(Again::Since(from)),
        (Ok(from), Ok(until)) if from <= until => Ok(Again::Between(from, until.plus(DAY))),
        _ => Err(Refusal::field("from", "Give days like 2026-03-02, the first not after the last.")),
    }
}

/// The fields as they were typed, for a form that comes back.
pub(super) fn typed(world: &World, fields: &Fields) -> ScopeForm {
    let scope = Scope {
        countries: list(fields, "countries"),
        portfolios: list(fields, "portfolios"),
        components: list(fields, "components"),
        incident: fields.some("incident").map(str::to_owned),
        is_maintenance_only: fields.some("maintenance_only").is_some(),
        tells_measured: fields.some("measured").is_some(),
        min_severity: least(fields).ok().flatten(),
        trip: None,
    };
    ScopeForm {
        what: fields.one("what").into(),
        trip_from: fields.one("trip_from").into(),
        trip_until: fields.one("trip_until").into(),
        ..form(world, &scope, fields.one("time_zone"), fields.one("language"))
    }
}

/// The fields filled from a scope.
pub(super) fn form(world: &World, scope: &Scope, time_zone: &str, language: &str) -> ScopeForm {
    let mut zones: Vec<String> = world.countries.iter().map(|c| c.zone.clone()).collect();
    zones.push("UTC".into());
    zones.sort();
    zones.dedup();
    let incident = scope.incident.as_deref().and_then(|id| world.incident(id));
    ScopeForm {
        what: match (&incident, scope.is_anywhere()) {
            (Some(_), _) => "incident".into(),
            (None, true) => "everything".into(),
            (None, false) => "chosen".into(),
        },
        incident: incident.map(|s| (s.row.id.clone(), s.full_title(world))),
        portfolios: world.portfolios.iter().map(|p| portfolio(world, scope, p)).collect(),
        components: world
            .components
            .iter()
            .map(|c| Choice::new(&c.slug, &c.name, scope.components.contains(&c.slug)))
            .collect(),
        min_severity: scope.min_severity.map_or(4, Severity::number),
        is_maintenance_only: scope.is_maintenance_only,
        tells_measured: scope.tells_measured,
        trip_from: scope.trip.map(|t| t.from.to_string()).unwrap_or_default(),
        trip_until: scope.trip.map(|t| t.until.to_string()).unwrap_or_default(),
        time_zone: time_zone.into(),
        zones,
        language: language.into(),
        languages: Language::ALL.map(|l| (l.code().to_owned(), l.name().to_owned())).to_vec(),
    }
}

fn portfolio(world: &World, scope: &Scope, portfolio: &store::PortfolioRow) -> PortfolioChoice {
    let countries = world.countries.iter().filter(|c| c.portfolio_id == portfolio.id);
    PortfolioChoice {
        slug: portfolio.slug.clone(),
        name: portfolio.name.clone(),
        is_chosen: scope.portfolios.contains(&portfolio.slug),
        countries: countries
            .map(|c| Choice::new(&c.code, &c.name, scope.countries.contains(&c.code)))
            .collect(),
    }
}
