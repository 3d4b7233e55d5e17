//! Weeks by ISO 8601, in UTC: Monday to Sunday.

use std::fmt;

use chrono::{Datelike as _, NaiveDate, NaiveTime, Weekday};
use serde::{Deserialize, Serialize};

use crate::{
    clock::{DAY, Timestamp},
    clock_local::{day_month, utc_date, zone},
};

/// A week.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Week {
    year: i32,
    number: u32,
}

impl Week {
    /// The week that holds this time.
    #[must_use]
    pub fn of(at: Timestamp) -> Self {
        let week = at.utc().iso_week();
        Self { year: week.year(), number: week.week() }
    }

    /// Reads `2026-W09`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (year, number) = text.split_once("-W")?;
        if year.len() != 4 || number.len() != 2 {
            return None;
        }
        let week = Self { year: year.parse().ok()?, number: number.parse().ok()? };
        NaiveDate::from_isoywd_opt(week.year, week.number, Weekday::Mon).map(|_| week)
    }

    /// Monday, 00:00 UTC.
    #[must_use]
    pub fn start(self) -> Timestamp {
        NaiveDate::from_isoywd_opt(self.year, self.number, Weekday::Mon)
            .map_or_else(Timestamp::default, |d| d.and_time(NaiveTime::MIN).and_utc().into())
    }

    /// The next Monday, 00:00 UTC.
    #[must_use]
    pub fn end(self) -> Timestamp {
        self.start().plus(7 * DAY)
    }

    /// Whether it holds this time.
    #[must_use]
    pub fn holds(self, at: Timestamp) -> bool {
        Self::of(at) == self
    }

    /// The week before.
    #[must_use]
    pub fn before(self) -> Self {
        Self::of(self.start().plus(-DAY))
    }

    /// `23 Feb – 1 Mar 2026`.
    #[must_use]
    pub fn days(self) -> String {
        format!("{} – {}", day_month(self.start(), zone("UTC")), utc_date(self.end().plus(-DAY)))
    }
}

impl fmt::Display for Week {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-W{:02}", self.year, self.number)
    }
}

/// A date as people type it, `2026-03-09`.
#[must_use]
pub fn date(text: &str) -> Option<NaiveDate> {
    text.parse().ok().filter(|d: &NaiveDate| (1970..=2199).contains(&d.year()))
}

/// Whether a target date has passed at `now`, in UTC.
#[must_use]
pub fn is_past(date: NaiveDate, now: Timestamp) -> bool {
    now.utc().date_naive() > date
}

/// `9 Mar 2026`.
#[must_use]
pub fn date_words(date: NaiveDate) -> String {
    utc_date(date.and_time(NaiveTime::MIN).and_utc().into())
}

/// A published summary of the minor incidents of a week.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// Words before the list; may be empty.
    pub opening: String,
    /// Incidents, oldest first.
    pub items: Vec<SummaryItem>,
    /// When it was first published.
    pub first_at: Timestamp,
    /// When this text was published.
    pub at: Timestamp,
}

/// An incident in a weekly summary.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SummaryItem {
    /// The incident.
    pub incident_id: String,
    /// `Italy/SMS – one-time codes arrive late`.
    pub title: String,
    /// When it began.
    pub started_at: Timestamp,
    /// When it was over.
    pub ended_at: Option<Timestamp>,
    /// What there is to say; may be empty.
    pub text: String,
}
