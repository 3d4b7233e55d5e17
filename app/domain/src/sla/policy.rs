//! The severity matrix: what each severity promises. Data, versioned by the store; these are the defaults.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    clock::{Clock, ClockKind, ClockState},
    hours::Calendar,
};
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
    /// The same hour, so many business days later.
    BusinessDays(u32),
}

/// An automatic holding statement: allowed per severity, never for long.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Holding {
    /// How long overdue the promise is before the statement goes out, in milliseconds.
    pub grace_ms: i64,
    /// How many may follow one another before a person must write.
    pub in_a_row: u32,
    /// The approved text: what we know.
    pub known: String,
    /// The approved text: what we do next.
    pub next_steps: String,
}

/// What one severity promises. A target that is none is not promised.
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
    /// From the declaration until tier 2 is engaged.
    pub tier2: Option<Target>,
    /// From tier 2's engagement until tier 3 or the carrier is contacted.
    pub tier3: Option<Target>,
    /// From contacting a carrier until it is engaged.
    pub carrier: Option<Target>,
    /// From restoring until the draft of the RCA is ready for review.
    pub rca_draft: Option<Target>,
    /// From restoring until the final RCA is published.
    pub rca_final: Option<Target>,
    /// Name of the calendar that business hours and days count on.
    pub calendar: String,
    /// The automatic holding statement, where the operator allows it.
    pub holding: Option<Holding>,
    /// What belongs here, shown beside the picker.
    pub examples: String,
}

/// The matrix with its calendars.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeverityMatrix {
    /// Sev 1 to Sev 4.
    pub severities: [Promises; 4],
    /// What *business hours* means, by name.
    pub calendars: BTreeMap<String, Calendar>,
    /// How long before a promise falls due its people are reminded, in milliseconds.
    pub remind_before_ms: i64,
    /// How long overdue a promise is when it first escalates, in milliseconds.
    pub escalate_after_ms: i64,
}

/// The calendar of the defaults.
pub const OFFICE: &str = "office";

impl Default for SeverityMatrix {
    fn default() -> Self {
        use Target::{Around, Business, BusinessDays};
        let none = |first_response, cadence, examples: &str| Promises {
            first_response,
            cadence,
            workaround: None,
            fix: None,
            tier2: None,
            tier3: None,
            carrier: None,
            rca_draft: None,
            rca_final: None,
            calendar: OFFICE.into(),
            holding: None,
            examples: examples.into(),
        };
        let sev1 = Promises {
            workaround: Some(Around(2 * HOUR)),
            fix: Some(Around(6 * HOUR)),
            tier2: Some(Around(15 * MINUTE)),
            tier3: Some(Around(15 * MINUTE)),
            carrier: Some(Around(30 * MINUTE)),
            rca_draft: Some(Around(48 * HOUR)),
            rca_final: Some(BusinessDays(5)),
            ..none(
                Around(15 * MINUTE),
                Cadence::Every(30 * MINUTE),
                "Nationwide data attach failure; eUICC download failing for everyone.",
            )
        };
        let sev2 = Promises {
            workaround: Some(Around(8 * HOUR)),
            fix: Some(Around(DAY)),
            tier2: Some(Around(30 * MINUTE)),
            tier3: Some(Around(60 * MINUTE)),
            carrier: Some(Around(30 * MINUTE)),
            rca_draft: Some(BusinessDays(3)),
            rca_final: Some(BusinessDays(7)),
            ..none(
                Around(30 * MINUTE),
                Cadence::Every(60 * MINUTE),
                "Throttling in one country; provisioning delay at one operator.",
            )
        };
        let sev3 = Promises {
            workaround: Some(BusinessDays(3)),
            ..none(Business(4 * HOUR), Cadence::Daily, "Late usage reports; intermittent SMS one-time codes.")
        };
        let sev4 = none(BusinessDays(1), Cadence::AsNeeded, "API question; portal access request.");
        Self {
            severities: [sev1, sev2, sev3, sev4],
            calendars: BTreeMap::from([(OFFICE.to_owned(), Calendar::default())]),
            remind_before_ms: 5 * MINUTE,
            escalate_after_ms: MINUTE,
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

    /// The calendar that a severity's clocks run on; the default one if the name is unknown.
    #[must_use]
    pub fn calendar(&self, severity: Severity) -> Calendar {
        self.calendars.get(&self.promises(severity).calendar).cloned().unwrap_or_default()
    }

    /// The target of a kind of clock; none where it is not promised. *Next update* follows the cadence instead.
    #[must_use]
    pub fn target(&self, kind: ClockKind, subject: &str, severity: Severity) -> Option<Target> {
        let promises = self.promises(severity);
        match kind {
            ClockKind::FirstResponse => Some(promises.first_response),
            ClockKind::NextUpdate => None,
            ClockKind::Workaround => promises.workaround,
            ClockKind::Fix => promises.fix,
            ClockKind::Tier if subject == "tier:2" => promises.tier2,
            ClockKind::Tier => promises.tier3,
            ClockKind::Carrier => promises.carrier,
            ClockKind::RcaDraft => promises.rca_draft,
            ClockKind::RcaFinal => promises.rca_final,
        }
    }

    /// The latest time for the next update after one published at `at`; none where nothing is promised.
    #[must_use]
    pub fn latest_next_update(&self, severity: Severity, at: Timestamp) -> Option<Timestamp> {
        match self.promises(severity).cadence {
            Cadence::Every(ms) => Some(at.plus(ms)),
            Cadence::Daily => Some(self.calendar(severity).same_hour_next_business_day(at)),
            Cadence::AsNeeded => None,
        }
    }

    /// When a target of this severity that started at `start` is due.
    #[must_use]
    pub fn due(&self, severity: Severity, target: Target, start: Timestamp) -> Timestamp {
        match target {
            Target::Around(ms) => start.plus(ms),
            Target::Business(ms) => self.calendar(severity).after_open_millis(start, ms),
            Target::BusinessDays(days) => self.calendar(severity).after_business_days(start, days),
        }
    }

    /// The one state of a clock at `now`: a clock of business hours is paused outside them, one past due is breached.
    /// Both follow from the record and the calendar, so that no worker has to be awake for them.
    #[must_use]
    pub fn standing(&self, clock: &Clock, now: Timestamp) -> ClockState {
        if clock.state != ClockState::Running {
            return clock.state;
        }
        if now > clock.due_at {
            return ClockState::Breached;
        }
        let is_of_business = match clock.kind {
            ClockKind::NextUpdate => self.promises(clock.severity).cadence == Cadence::Daily,
            kind => {
                !matches!(self.target(kind, &clock.subject, clock.severity), None | Some(Target::Around(_)))
            }
        };
        if is_of_business && !self.calendar(clock.severity).is_open(now) {
            ClockState::Paused
        } else {
            ClockState::Running
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
