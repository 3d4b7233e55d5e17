//! What a subscription is about, and whether something told concerns it. The outbox, the count before publishing and
//! every channel ask here, so that they cannot differ.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::{
    clock::Timestamp,
    clock_local::zone,
    language::{Language, about},
    severity::Severity,
};

/// Longest trip, in days.
pub const TRIP_MAX: i64 = 180;

/// What a subscription is about. Empty lists do not narrow it: `Scope::default()` is everything.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scope {
    /// Slugs of components; empty: all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub components: Vec<String>,
    /// ISO codes; empty, with no portfolio either: everywhere.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub countries: Vec<String>,
    /// Slugs of portfolios: their countries, also those that join later.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub portfolios: Vec<String>,
    /// Public id of the one incident.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incident: Option<String>,
    /// Planned work only.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_maintenance_only: bool,
    /// The least severe that is told; none: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_severity: Option<Severity>,
    /// Only while travelling; it ends by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trip: Option<Trip>,
    /// Also what telemetry changes, before anybody has written about it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub tells_measured: bool,
}

/// Days of a trip, both included, by the traveller's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Trip {
    /// First day.
    pub from: NaiveDate,
    /// Last day.
    pub until: NaiveDate,
}

/// Where something told happens.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Spot {
    /// Component slug.
    pub component: String,
    /// ISO code.
    pub country: String,
    /// Portfolio slug.
    pub portfolio: String,
}

/// Something that is about to be told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Matter {
    /// Its incident; none: cells that changed by themselves.
    pub incident: Option<String>,
    /// Whether it is planned work.
    pub is_maintenance: bool,
    /// Whether telemetry says it, and nobody has written about it.
    pub is_measured: bool,
    /// The worst it has been: whoever heard of it hears of its end. None: no severity was given.
    pub worst: Option<Severity>,
    /// Every cell that it touches or touched.
    pub spots: Vec<Spot>,
}

/// Names for slugs and codes: component, country, portfolio, incident title.
pub trait Names {
    /// The name of a component.
    fn component(&self, slug: &str) -> Option<String>;
    /// The name of a country.
    fn country(&self, code: &str) -> Option<String>;
    /// The name of a portfolio.
    fn portfolio(&self, slug: &str) -> Option<String>;
    /// The title of an incident.
    fn incident(&self, id: &str) -> Option<String>;
}

impl Scope {
    /// From how it is kept; none if that is not a scope: better to tell nobody than everybody.
    #[must_use]
    pub fn from_json(text: &str) -> Option<Self> {
        // A sequence would pass for a struct whose members all have defaults.
        text.starts_with('{').then(|| serde_json::from_str(text).ok()).flatten()
    }

    /// As it is kept.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Whether a cell lies in it.
    #[must_use]
    pub fn holds(&self, spot: &Spot) -> bool {
        let anywhere = self.countries.is_empty() && self.portfolios.is_empty();
        let here =
            anywhere || self.countries.contains(&spot.country) || self.portfolios.contains(&spot.portfolio);
        here && (self.components.is_empty() || self.components.contains(&spot.component))
    }

    /// Whether a subscriber with this scope is told of `matter` at `now`, by the clock of `time_zone`.
    #[must_use]
    pub fn covers(&self, matter: &Matter, now: Timestamp, time_zone: &str) -> bool {
        if self.incident.is_some() && self.incident != matter.incident {
            return false;
        }
        if (self.is_maintenance_only && !matter.is_maintenance)
            || (matter.is_measured && !self.tells_measured)
        {
            return false;
        }
        if let (Some(least), Some(worst)) = (self.min_severity, matter.worst)
            && worst > least
        {
            return false;
        }
        if self.trip.is_some_and(|t| !t.contains(today(now, time_zone))) {
            return false;
        }
        self.is_anywhere() || matter.spots.iter().any(|s| self.holds(s))
    }

    /// Whether neither place nor service narrows it.
    #[must_use]
    pub const fn is_anywhere(&self) -> bool {
        self.components.is_empty() && self.countries.is_empty() && self.portfolios.is_empty()
    }

    /// Whether its trip is over.
    #[must_use]
    pub fn is_over(&self, now: Timestamp, time_zone: &str) -> bool {
        self.trip.is_some_and(|t| today(now, time_zone) > t.until)
    }

    /// `SMS in France and Western Europe, Sev 1 and 2 only, from 3 March to 12 March 2026`.
    #[must_use]
    pub fn words(&self, names: &dyn Names) -> String {
        self.words_in(Language::English, names)
    }

    /// The same in another language.
    #[must_use]
    pub fn words_in(&self, language: Language, names: &dyn Names) -> String {
        let named = |slugs: &[String], name: &dyn Fn(&str) -> Option<String>| -> Vec<String> {
            slugs.iter().map(|s| name(s).unwrap_or_else(|| s.clone())).collect()
        };
        let services = language.listed(&named(&self.components, &|s| names.component(s)));
        let mut places = named(&self.portfolios, &|s| names.portfolio(s));
        places.extend(named(&self.countries, &|s| names.country(s)));
        let places = language.listed(&places);
        let mut words = match (self.incident.as_deref(), services.is_empty(), places.is_empty()) {
            (Some(id), _, _) => {
                let title = names.incident(id).map_or_else(|| id.to_owned(), |t| format!("“{t}”"));
                language.fill(about::THE_INCIDENT, &[&title])
            }
            (None, true, true) => language.say(about::EVERYTHING).to_owned(),
            (None, true, false) => places,
            (None, false, true) => language.fill(about::EVERYWHERE, &[&services]),
            (None, false, false) => language.fill(about::SERVICES_IN, &[&services, &places]),
        };
        if self.is_maintenance_only {
            words.push_str(language.say(about::MAINTENANCE_ONLY));
        }
        match self.min_severity {
            Some(Severity::Sev1) => words.push_str(language.say(about::SEV_1_ONLY)),
            Some(least) if least != Severity::Sev4 => {
                words.push_str(&language.fill(about::SEV_1_TO, &[&least.number().to_string()]));
            }
            _ => {}
        }
        if let Some(trip) = self.trip {
            let (from, until) = (language.date(trip.from), language.date(trip.until));
            words.push_str(&language.fill(about::FROM_TO, &[&from, &until]));
        }
        if self.tells_measured {
            words.push_str(language.say(about::MEASURED_TOO));
        }
        words
    }
}

impl Trip {
    /// Whether a day is part of it.
    #[must_use]
    pub fn contains(&self, day: NaiveDate) -> bool {
        (self.from..=self.until).contains(&day)
    }

    /// A trip that ends after it begins, and not long ago.
    ///
    /// # Errors
    /// One sentence.
    pub fn new(from: NaiveDate, until: NaiveDate, today: NaiveDate) -> Result<Self, &'static str> {
        if until < from {
            return Err("The last day lies before the first.");
        }
        if until < today {
            return Err("This trip is over already.");
        }
        if (until - from).num_days() > TRIP_MAX || (from - today).num_days() > 366 {
            return Err("A trip lasts 180 days at most, and begins within a year.");
        }
        Ok(Self { from, until })
    }
}

/// The date at `now` on the clock of a zone.
#[must_use]
pub fn today(now: Timestamp, time_zone: &str) -> NaiveDate {
    now.utc().with_timezone(&zone(time_zone)).date_naive()
}

#[cfg(test)]
mod tests;
