//! Calendar months in UTC.

use std::fmt;

use chrono::{Datelike as _, NaiveDate, NaiveTime};

use crate::clock::Timestamp;

/// A month.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month {
    year: i32,
    number: u32,
}

impl Month {
    /// The month that holds this time.
    #[must_use]
    pub fn of(at: Timestamp) -> Self {
        let day = at.utc().date_naive();
        Self { year: day.year(), number: day.month() }
    }

    /// Reads `2026-10`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (year, number) = text.split_once('-')?;
        let is_number = |t: &str, len| t.len() == len && t.bytes().all(|b| b.is_ascii_digit());
        if !is_number(year, 4) || !is_number(number, 2) {
            return None;
        }
        let month = Self { year: year.parse().ok()?, number: number.parse().ok()? };
        ((1970..=2199).contains(&month.year) && (1..=12).contains(&month.number)).then_some(month)
    }

    /// Its first moment.
    #[must_use]
    pub fn start(self) -> Timestamp {
        NaiveDate::from_ymd_opt(self.year, self.number, 1)
            .map_or_else(Timestamp::default, |d| d.and_time(NaiveTime::MIN).and_utc().into())
    }

    /// The first moment of the next one.
    #[must_use]
    pub fn end(self) -> Timestamp {
        self.after().start()
    }

    /// The next one.
    #[must_use]
    pub const fn after(self) -> Self {
        match self.number {
            12 => Self { year: self.year + 1, number: 1 },
            n => Self { year: self.year, number: n + 1 },
        }
    }

    /// The one before.
    #[must_use]
    pub const fn before(self) -> Self {
        match self.number {
            1 => Self { year: self.year - 1, number: 12 },
            n => Self { year: self.year, number: n - 1 },
        }
    }

    /// Its year.
    #[must_use]
    pub const fn year(self) -> i32 {
        self.year
    }

    /// Its quarter, 1 to 4.
    #[must_use]
    pub const fn quarter(self) -> u32 {
        (self.number - 1) / 3 + 1
    }

    /// Its place in its quarter, 1 to 3.
    #[must_use]
    pub const fn place(self) -> u32 {
        (self.number - 1) % 3 + 1
    }

    /// `October 2026`.
    #[must_use]
    pub fn words(self) -> String {
        self.start().utc().format("%B %Y").to_string()
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.year, self.number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_follow_one_another() {
        let december = Month::parse("2026-12").unwrap();
        assert_eq!(december.after().to_string(), "2027-01");
        assert_eq!(december.after().before(), december);
        assert_eq!(december.end(), december.after().start());
        assert_eq!(Month::of(december.end().plus(-1)), december);
        assert_eq!(december.words(), "December 2026");
        for wrong in ["", "2026", "2026-13", "2026-00", "2026-1", "26-10", "2026-1x", "0000-01", "+026-10"] {
            assert_eq!(Month::parse(wrong), None, "{wrong}");
        }
    }
}
