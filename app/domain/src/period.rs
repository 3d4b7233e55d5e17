//! Months and quarters, in UTC: `2026-10`, `2026-Q4`.

use std::fmt;

use crate::{clock::Timestamp, month::Month};

/// A month or a quarter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Period {
    /// One month.
    Month(Month),
    /// The three that begin with this one: January, April, July or October.
    Quarter(Month),
}

impl Period {
    /// The month that holds this time.
    #[must_use]
    pub fn month_of(at: Timestamp) -> Self {
        Self::Month(Month::of(at))
    }

    /// The quarter that holds this time.
    #[must_use]
    pub fn quarter_of(at: Timestamp) -> Self {
        let month = Month::of(at);
        Self::Quarter((1..month.place()).fold(month, |m, _| m.before()))
    }

    /// Reads `2026-10` or `2026-Q4`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (year, quarter) = match text.split_once("-Q") {
            None => return Month::parse(text).map(Self::Month),
            Some(parts) => parts,
        };
        let first = match quarter {
            "1" => "01",
            "2" => "04",
            "3" => "07",
            "4" => "10",
            _ => return None,
        };
        Month::parse(&format!("{year}-{first}")).map(Self::Quarter)
    }

    /// Its first moment.
    #[must_use]
    pub fn start(self) -> Timestamp {
        self.first().start()
    }

    /// The first moment after it.
    #[must_use]
    pub fn end(self) -> Timestamp {
        self.after().start()
    }

    const fn first(self) -> Month {
        match self {
            Self::Month(month) | Self::Quarter(month) => month,
        }
    }

    /// The one after it, of the same length.
    #[must_use]
    pub const fn after(self) -> Self {
        match self {
            Self::Month(month) => Self::Month(month.after()),
            Self::Quarter(month) => Self::Quarter(month.after().after().after()),
        }
    }

    /// The one before it, of the same length.
    #[must_use]
    pub const fn before(self) -> Self {
        match self {
            Self::Month(month) => Self::Month(month.before()),
            Self::Quarter(month) => Self::Quarter(month.before().before().before()),
        }
    }

    /// Whether it is a quarter.
    #[must_use]
    pub const fn is_quarter(self) -> bool {
        matches!(self, Self::Quarter(_))
    }

    /// `October 2026`, `fourth quarter of 2026`.
    #[must_use]
    pub fn words(self) -> String {
        match self {
            Self::Month(month) => month.words(),
            Self::Quarter(month) => {
                let ordinal = ["first", "second", "third", "fourth"];
                let ordinal = ordinal.get(month.quarter() as usize - 1).copied().unwrap_or_default();
                format!("{ordinal} quarter of {}", month.year())
            }
        }
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Month(month) => month.fmt(f),
            Self::Quarter(month) => write!(f, "{:04}-Q{}", month.year(), month.quarter()),
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
