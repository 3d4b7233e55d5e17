//! Local times beside UTC: `14:50 UTC (15:50 in France)`.

use chrono::{DateTime, Datelike, TimeZone, Timelike};
use chrono_tz::Tz;

use crate::clock::Timestamp;

/// A country or region as readers know it, with the zone of its local time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Name shown: `France`.
    pub name: String,
    /// IANA zone: `Europe/Paris`.
    pub zone: String,
}

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// The zone by its IANA name; unknown names read as UTC.
#[must_use]
pub fn zone(name: &str) -> Tz {
    name.parse().unwrap_or(Tz::UTC)
}

/// Whether this is the name of an IANA zone.
#[must_use]
pub fn is_zone(name: &str) -> bool {
    name.parse::<Tz>().is_ok()
}

/// `14:50` in the zone.
#[must_use]
pub fn hour_minute(at: Timestamp, tz: Tz) -> String {
    let local = at.utc().with_timezone(&tz);
    format!("{:02}:{:02}", local.hour(), local.minute())
}

/// `2 Mar` in the zone.
#[must_use]
pub fn day_month(at: Timestamp, tz: Tz) -> String {
    let local = at.utc().with_timezone(&tz);
    format!("{} {}", local.day(), month(&local))
}

/// `2 Mar 2026` in UTC.
#[must_use]
pub fn utc_date(at: Timestamp) -> String {
    let utc = at.utc();
    format!("{} {} {}", utc.day(), month(&utc), utc.year())
}

fn month<Z: TimeZone>(at: &DateTime<Z>) -> &'static str {
    MONTHS.get(at.month0() as usize).copied().unwrap_or("")
}

/// `14:50 UTC`, with the date before it unless it is the day of `now`.
#[must_use]
pub fn utc_time(at: Timestamp, now: Timestamp) -> String {
    let clock = hour_minute(at, Tz::UTC);
    if at.utc_day_start() == now.utc_day_start() {
        format!("{clock} UTC")
    } else {
        format!("{}, {clock} UTC", day_month(at, Tz::UTC))
    }
}

/// `15:50 in France, 10:50 in Mexico`: places with the same clock share one entry. Empty without places.
#[must_use]
pub fn local_times(at: Timestamp, places: &[Place]) -> String {
    let utc_day = at.utc().date_naive();
    let mut groups: Vec<(String, Vec<&str>)> = Vec::new();
    for place in places {
        let tz = zone(&place.zone);
        let mut clock = hour_minute(at, tz);
        if at.utc().with_timezone(&tz).date_naive() != utc_day {
            clock = format!("{} {clock}", day_month(at, tz));
        }
        match groups.iter_mut().find(|(c, _)| *c == clock) {
            Some((_, names)) => names.push(&place.name),
            None => groups.push((clock, vec![&place.name])),
        }
    }
    groups.iter().map(|(clock, names)| format!("{clock} in {}", listed(names))).collect::<Vec<_>>().join(", ")
}

/// `14:50 UTC (15:50 in France)`; without places just UTC.
#[must_use]
pub fn utc_and_local(at: Timestamp, now: Timestamp, places: &[Place]) -> String {
    let utc = utc_time(at, now);
    match local_times(at, places) {
        local if local.is_empty() => utc,
        local => format!("{utc} ({local})"),
    }
}

/// `France, Italy and Spain`.
#[must_use]
pub fn listed<S: AsRef<str>>(names: &[S]) -> String {
    match names {
        [] => String::new(),
        [one] => one.as_ref().to_owned(),
        [start @ .., last] => {
            format!(
                "{} and {}",
                start.iter().map(AsRef::as_ref).collect::<Vec<_>>().join(", "),
                last.as_ref()
            )
        }
    }
}

/// `4 minutes`, `2 h 10 min`, `3 days`: a length of time in words, rounded down; never negative.
#[must_use]
pub fn duration_words(ms: i64) -> String {
    let minutes = ms.max(0) / crate::clock::MINUTE;
    match minutes {
        0 => "less than a minute".into(),
        1 => "1 minute".into(),
        2..=119 => format!("{minutes} minutes"),
        120..=2879 if minutes % 60 == 0 => format!("{} h", minutes / 60),
        120..=2879 => format!("{} h {} min", minutes / 60, minutes % 60),
        _ => format!("{} days", minutes / 1440),
    }
}
