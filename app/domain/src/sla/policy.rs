//! The severity matrix: what each severity promises. Data, versioned by the store; these are the defaults.

use serde::{Deserialize, Serialize};

use super::hours::Calendar;
use crate::{
    clock::{DAY, HOUR, MINUTE, Timestamp},
    clock_local::duration_words,
    severity::Severity,
};

/// How often updates are promised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cadence {
    /// Every so many milliseconds, round the clock.
    Every(i64),
    /// By the same hour of the next business day, or on change.
    Daily,
    /// No promise.
    AsNeeded,
}

/// A target that a clock runs towards.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// So many milliseconds, round the clock.
    Around(i64),
    /// So many milliseconds of business hours.
    Business(i64),
}

/// What one severity promises.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Promises {
    /// From the start to the first published update.
    pub first_response: Target,
    /// Between updates.
    pub cadence: Cadence,
    /// From the start to usable again, maybe by a workaround.
    pub workaround: Option<Target>,
    /// From the start to fixed for good.
    pub fix: Option<Target>,
    /// What belongs here, shown beside the picker.
    pub examples: String,
}

/// The matrix with its calendar.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeverityMatrix {
    /// Sev 1 to Sev 4.
    pub severities: [Promises; 4],
    /// What *business hours* means.
    pub calendar: Calendar,
}

impl Default for SeverityMatrix {
    fn default() -> Self {
        use Target::{Around, Business};
        // A business day is the calendar's eight hours.
        let business_day = 8 * HOUR;
        let row = |first_response, cadence, workaround, fix, examples: &str| Promises {
            first_response,
            cadence,
            workaround,
            fix,
            examples: examples.into(),
        };
        Self {
            severities: [
                row(
                    Around(15 * MINUTE),
                    Cadence::Every(30 * MINUTE),
                    Some(Around(2 * HOUR)),
                    Some(Around(6 * HOUR)),
                    "Nationwide data attach failure; eUICC download failing for everyone.",
                ),
                row(
                    Around(30 * MINUTE),
                    Cadence::Every(60 * MINUTE),
                    Some(Around(8 * HOUR)),
                    Some(Around(DAY)),
                    "Throttling in one country; provisioning delay at one operator.",
                ),
                row(
                    Business(4 * HOUR),
                    Cadence::Daily,
                    Some(Business(3 * business_day)),
                    None,
                    "Late usage reports; intermittent SMS one-time codes.",
                ),
                row(
                    Business(business_day),
                    Cadence::AsNeeded,
                    None,
                    None,
                    "API question; portal access request.",
                ),
            ],
            calendar: Calendar::default(),
        }
    }
}

impl SeverityMatrix {
    /// The row of a severity.
    #[must_use]
    pub const fn promises(&self, severity: Severity) -> &Promises {
        let [one, two, three, four] = &self.severities;
        match severity {
            Severity::Sev1 => one,
            Severity::Sev2 => two,
            Severity::Sev3 => three,
            Severity::Sev4 => four,
        }
    }

    /// The latest time for the next update after one published at `at`; none where nothing is promised.
    #[must_use]
    pub fn latest_next_update(&self, severity: Severity, at: Timestamp) -> Option<Timestamp> {
        match self.promises(severity).cadence {
            Cadence::Every(ms) => Some(at.plus(ms)),
            Cadence::Daily => Some(self.calendar.same_hour_next_business_day(at)),
            Cadence::AsNeeded => None,
        }
    }

    /// When a target that started at `start` is due.
    #[must_use]
    pub fn due(&self, target: Target, start: Timestamp) -> Timestamp {
        match target {
            Target::Around(ms) => start.plus(ms),
            Target::Business(ms) => self.calendar.after_open_millis(start, ms),
        }
    }

    /// `every 60 minutes`, `daily on business days, or on change`, `as needed`.
    #[must_use]
    pub fn cadence_words(&self, severity: Severity) -> String {
        match self.promises(severity).cadence {
            Cadence::Every(ms) => format!("every {}", duration_words(ms)),
            Cadence::Daily => "daily on business days, or on change".into(),
            Cadence::AsNeeded => "as needed".into(),
        }
    }
}
