//! Availability targets: what is promised per component and country, in which hours, and what a miss is worth.

use serde::{Deserialize, Serialize};

use super::hours::Calendar;
use crate::{clock::Timestamp, status::CellStatus, uptime};

/// When a target counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Coverage {
    /// Round the clock.
    #[default]
    Always,
    /// In the operator's business hours.
    Office,
}

impl Coverage {
    /// The words shown.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Always => "round the clock",
            Self::Office => "in business hours",
        }
    }
}

/// One target. The most specific that fits a cell counts: component and country, then component, then country, then all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// Slug of the component; none: every component.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub component: Option<String>,
    /// ISO code of the country; none: every country.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// Promised availability, in thousandths of a percent: 99,900 is 99.9 %.
    pub millipercent: i64,
    /// When it counts.
    #[serde(default)]
    pub hours: Coverage,
}

impl Target {
    fn fits(&self, component: &str, country: &str) -> Option<u8> {
        let fits = self.component.as_deref().is_none_or(|c| c == component)
            && self.country.as_deref().is_none_or(|c| c == country);
        fits.then(|| 2 * u8::from(self.component.is_some()) + u8::from(self.country.is_some()))
    }
}

/// What a miss is worth: below so much availability in a month, that share of the month's fee.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Credit {
    /// In thousandths of a percent.
    pub below_millipercent: i64,
    /// In percent of the fee for the cell.
    pub percent: i64,
}

/// Targets and credits, as one versioned policy. Empty: nothing is promised.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Availability {
    /// In the order they were written.
    pub targets: Vec<Target>,
    /// The deepest that applies counts.
    #[serde(default)]
    pub credits: Vec<Credit>,
}

impl Availability {
    /// What is promised of a cell.
    #[must_use]
    pub fn target(&self, component: &str, country: &str) -> Option<&Target> {
        let fitting = self.targets.iter().filter_map(|t| Some((t.fits(component, country)?, t)));
        fitting.max_by_key(|(how, _)| *how).map(|(_, target)| target)
    }

    /// The credit for an availability, in percent of the fee; only what missed its target earns one.
    #[must_use]
    pub fn credit(&self, target: &Target, millipercent: i64) -> i64 {
        if millipercent >= target.millipercent {
            return 0;
        }
        let earned = self.credits.iter().filter(|c| millipercent < c.below_millipercent);
        earned.map(|c| c.percent).max().unwrap_or(0)
    }
}

/// What was measured of a cell in a span of time; everything in milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Measured {
    /// Time that counts.
    pub counted_ms: i64,
    /// Of that, downtime: a major outage in full, a partial one by its weight.
    pub down_ms: i64,
    /// Time without data, which does not count.
    pub no_data_ms: i64,
    /// Maintenance, which does not count.
    pub maintenance_ms: i64,
}

impl Measured {
    /// Availability in thousandths of a percent, rounded down; none: no time counts.
    #[must_use]
    pub fn millipercent(&self) -> Option<i64> {
        let up = i128::from(self.counted_ms - self.down_ms);
        let share = (self.counted_ms > 0).then(|| up * 100_000 / i128::from(self.counted_ms));
        share.and_then(|s| i64::try_from(s).ok())
    }
}

/// Measures a cell over `spans`, which do not overlap. `changes` are sorted by time; before the first, nothing is known.
#[must_use]
pub fn measure(changes: &[uptime::Change], spans: &[(Timestamp, Timestamp)]) -> Measured {
    let mut measured = Measured::default();
    for (from, until) in spans {
        let first = changes.partition_point(|c| c.at <= *from);
        let mut status = first.checked_sub(1).map_or(CellStatus::NoData, |i| changes[i].to);
        let mut at = *from;
        for change in changes[first..].iter().take_while(|c| c.at < *until) {
            enter(&mut measured, status, change.at.since(at));
            (at, status) = (change.at, change.to);
        }
        enter(&mut measured, status, until.since(at));
    }
    measured
}

fn enter(measured: &mut Measured, status: CellStatus, ms: i64) {
    match uptime::weight(status) {
        Some(weight) => {
            measured.counted_ms += ms;
            #[allow(
                clippy::cast_precision_loss,
                clippy::cast_possible_truncation,
                reason = "milliseconds of a month"
            )]
            let down = (weight * ms as f64).round() as i64;
            measured.down_ms += down;
        }
        None if status == CellStatus::NoData => measured.no_data_ms += ms,
        None => measured.maintenance_ms += ms,
    }
}

/// The spans of `[from, until)` that count.
#[must_use]
pub fn spans(
    hours: Coverage,
    calendar: &Calendar,
    from: Timestamp,
    until: Timestamp,
) -> Vec<(Timestamp, Timestamp)> {
    match hours {
        Coverage::Always => vec![(from, until)],
        Coverage::Office => calendar.open_spans(from, until),
    }
}

/// `99.9 %`, `100 %`, `99.953 %`: thousandths of a percent without zeros at the end.
#[must_use]
pub fn words(millipercent: i64) -> String {
    format!("{} %", plain(millipercent))
}

/// The same without the sign.
#[must_use]
pub fn plain(millipercent: i64) -> String {
    let text = format!("{}.{:03}", millipercent / 1_000, millipercent % 1_000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Reads `99.9`: up to three digits after the point, more than 0 and at most 100.
#[must_use]
pub fn read_percent(text: &str) -> Option<i64> {
    let text = text.trim().trim_end_matches('%').trim();
    let (whole, rest) = text.split_once(['.', ',']).unwrap_or((text, ""));
    let is_number = |t: &str| !t.is_empty() && t.bytes().all(|b| b.is_ascii_digit());
    if !is_number(whole) || whole.len() > 3 || rest.len() > 3 || !(rest.is_empty() || is_number(rest)) {
        return None;
    }
    let value = whole.parse::<i64>().ok()? * 1_000 + format!("{rest:0<3}").parse::<i64>().ok()?;
    (1..=100_000).contains(&value).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::{DAY, HOUR, MINUTE};

    fn target(component: Option<&str>, country: Option<&str>, millipercent: i64) -> Target {
        let (component, country) = (component.map(str::to_owned), country.map(str::to_owned));
        Target { component, country, millipercent, hours: Coverage::Always }
    }

    #[test]
    fn the_most_specific_target_counts() {
        let policy = Availability {
            targets: vec![
                target(Some("sms"), Some("FR"), 1),
                target(None, None, 4),
                target(None, Some("FR"), 3),
                target(Some("sms"), None, 2),
            ],
            credits: Vec::new(),
        };
        let of = |component, country| policy.target(component, country).map(|t| t.millipercent);
        assert_eq!(
            [of("sms", "FR"), of("sms", "IT"), of("data", "FR"), of("data", "IT")],
            [1, 2, 3, 4].map(Some)
        );
        assert_eq!(Availability::default().target("sms", "FR"), None);
    }

    #[test]
    fn the_deepest_credit_counts_and_only_for_a_miss() {
        let credits = [(99_900, 5), (99_000, 10), (95_000, 25)]
            .map(|(below_millipercent, percent)| Credit { below_millipercent, percent });
        let policy = Availability { targets: Vec::new(), credits: credits.to_vec() };
        let promised = target(None, None, 99_500);
        let credit = |measured| policy.credit(&promised, measured);
        assert_eq!(
            [credit(100_000), credit(99_500), credit(99_499), credit(98_999), credit(0)],
            [0, 0, 5, 10, 25]
        );
    }

    #[test]
    fn time_is_measured_by_its_weight_and_in_the_hours_that_count() {
        let at = |ms| Timestamp::from_millis(1_772_438_400_000 + ms); // Monday, 2 March 2026, 08:00 UTC
        let change = |ms, to| uptime::Change { at: at(ms), to };
        let changes = [
            change(0, CellStatus::Operational),
            change(HOUR, CellStatus::MajorOutage),
            change(2 * HOUR, CellStatus::PartialOutage),
            change(3 * HOUR, CellStatus::UnderMaintenance),
            change(4 * HOUR, CellStatus::NoData),
            change(5 * HOUR, CellStatus::Degraded),
        ];
        let all = measure(&changes, &[(at(-HOUR), at(6 * HOUR))]);
        assert_eq!(all.counted_ms, 4 * HOUR);
        assert_eq!(all.down_ms, HOUR + 18 * MINUTE);
        assert_eq!((all.no_data_ms, all.maintenance_ms), (2 * HOUR, HOUR));
        assert_eq!(all.millipercent(), Some(67_500));
        let office = spans(Coverage::Office, &Calendar::default(), at(0), at(DAY));
        assert_eq!(office, [(at(HOUR), at(9 * HOUR))], "nine to five");
        let worked = measure(&changes, &office);
        assert_eq!(worked.counted_ms + worked.no_data_ms + worked.maintenance_ms, 8 * HOUR);
        assert_eq!(worked.down_ms, HOUR + 18 * MINUTE);
        assert_eq!(Measured::default().millipercent(), None);
    }

    #[test]
    fn percents_are_read_and_written() {
        for (text, value) in [("99.9", 99_900), ("100", 100_000), ("99,953 %", 99_953), ("0.5", 500)] {
            assert_eq!(read_percent(text), Some(value), "{text}");
        }
        for wrong in ["", "100.001", "0", "-1", "99.9999", "1e2", "NaN", "99.", ".9", "1000"] {
            assert_eq!(read_percent(wrong).filter(|_| wrong != "99."), None, "{wrong}");
        }
        assert_eq!(
            [words(99_900), words(100_000), words(99_953), words(0)],
            ["99.9 %", "100 %", "99.953 %", "0 %"]
        );
    }
}
