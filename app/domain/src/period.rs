//! Months and quarters, in UTC: `2026-10`, `2026-Q4`.

use std::fmt;

use chrono::{Datelike as _, NaiveDate, NaiveTime};

use crate::clock::Timestamp;

/// A month or a quarter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    year: i32,
    /// Its first month, 1 to 12.
    month: u32,
    /// How many it has: 1 or 3.
    months: u32,
}

const NAMES: [&str; 12] = [
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

impl Period {
    /// The month that holds this time.
    #[must_use]
    pub fn month_of(at: Timestamp) -> Self {
        let day = at.utc();
        Self { year: day.year(), month: day.month(), months: 1 }
    }

    /// The quarter that holds this time.
    #[must_use]
    pub fn quarter_of(at: Timestamp) -> Self {
        let day = at.utc();
        Self { year: day.year(), month: day.month0() / 3 * 3 + 1, months: 3 }
    }

    /// Reads `2026-10` or `2026-Q4`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (year, rest) = text.split_once('-').filter(|(y, _)| y.len() == 4)?;
        let year = year.parse().ok().filter(|y| (1970..=2199).contains(y))?;
        let number = |t: &str, most: u32| t.parse::<u32>().ok().filter(|n| (1..=most).contains(n));
        match rest.strip_prefix('Q') {
            Some(quarter) if quarter.len() == 1 => {
                Some(Self { year, month: number(quarter, 4)? * 3 - 2, months: 3 })
            }
            None if rest.len() == 2 => Some(Self { year, month: number(rest, 12)?, months: 1 }),
            _ => None,
        }
    }

    /// Its first moment.
    #[must_use]
    pub fn start(self) -> Timestamp {
        NaiveDate::from_ymd_opt(self.year, self.month, 1)
            .map_or_else(Timestamp::default, |d| d.and_time(NaiveTime::MIN).and_utc().into())
    }

    /// The first moment after it.
    #[must_use]
    pub fn end(self) -> Timestamp {
        self.after().start()
    }

    /// The one after it, of the same length.
    #[must_use]
    pub const fn after(self) -> Self {
        let month = self.month + self.months;
        if month > 12 { Self { year: self.year + 1, month: 1, ..self } } else { Self { month, ..self } }
    }

    /// The one before it, of the same length.
    #[must_use]
    pub const fn before(self) -> Self {
        if self.month <= self.months {
            Self { year: self.year - 1, month: 13 - self.months, ..self }
        } else {
            Self { month: self.month - self.months, ..self }
        }
    }

    /// Whether it is a quarter.
    #[must_use]
    pub const fn is_quarter(self) -> bool {
        self.months == 3
    }

    /// `October 2026`, `fourth quarter of 2026`.
    #[must_use]
    pub fn words(self) -> String {
        let place = (self.month as usize).saturating_sub(1);
        if self.is_quarter() {
            let ordinal = ["first", "second", "third", "fourth"].get(place / 3).copied().unwrap_or_default();
            return format!("{ordinal} quarter of {}", self.year);
        }
        format!("{} {}", NAMES.get(place).copied().unwrap_or_default(), self.year)
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_quarter() {
            write!(f, "{}-Q{}", self.year, self.month / 3 + 1)
        } else {
            write!(f, "{}-{:02}", self.year, self.month)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_are_read_as_they_are_written() {
        for text in ["2026-01", "2026-12", "2026-Q1", "2026-Q4"] {
            let period = Period::parse(text).unwrap();
            assert_eq!(period.to_string(), text);
            assert_eq!(period.after().before(), period);
            assert_eq!(period.before().after(), period);
            assert!(period.start() < period.end());
            assert_eq!(period.end(), period.after().start());
        }
        for wrong in
            ["", "2026", "2026-13", "2026-00", "2026-1", "2026-Q5", "2026-Q0", "26-Q1", "2026-Q12", "1066-01"]
        {
            assert_eq!(Period::parse(wrong), None, "{wrong}");
        }
        let at = Timestamp::parse_rfc3339("2026-11-30T23:59:59Z").unwrap();
        assert_eq!(Period::month_of(at).to_string(), "2026-11");
        assert_eq!(Period::quarter_of(at).to_string(), "2026-Q4");
        assert_eq!(Period::quarter_of(at).words(), "fourth quarter of 2026");
        assert_eq!(Period::month_of(at).words(), "November 2026");
        assert_eq!(
            Period::parse("2026-Q4").unwrap().end(),
            Timestamp::parse_rfc3339("2027-01-01T00:00:00Z").unwrap()
        );
    }
}
