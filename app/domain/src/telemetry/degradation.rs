//! From figures to a status, with hysteresis: quick to warn, slow to be reassured.

use serde::{Deserialize, Serialize};

pub use super::kpi::Evidence;
use super::lifecycle::step_sla;
use crate::{severity::Severity, status::CellStatus};

/// The degradation policy: data, versioned by the store. Shares are percent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// Windows that a verdict may rest on, in seconds, narrowest first.
    pub windows_secs: [i64; 3],
    /// Fewer samples than this: the next wider window, then no data.
    pub minimum_samples: i64,
    /// A success share below this is degraded.
    pub degraded_below: f64,
    /// Below this: partial outage.
    pub partial_below: f64,
    /// Below this: a major outage is proposed.
    pub major_below: f64,
    /// A share of secondary flows above this is degraded.
    pub fallback_above: f64,
    /// One error class above this share warns the console.
    pub error_class_above: f64,
    /// Evaluations in a row before a cell gets worse.
    pub worsen_evaluations: u32,
    /// Evaluations in a row before it gets better.
    pub recover_evaluations: u32,
    /// Newer samples needed to get better.
    pub recover_samples: i64,
    /// More automatic changes in an hour than this are flapping.
    pub flapping_changes: i64,
    /// Flapping freezes the worse state for so long, in seconds.
    pub freeze_secs: i64,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            windows_secs: [600, 3_600, 86_400],
            minimum_samples: 30,
            degraded_below: 98.0,
            partial_below: 95.0,
            major_below: 80.0,
            fallback_above: 10.0,
            error_class_above: 1.0,
            worsen_evaluations: 2,
            recover_evaluations: 4,
            recover_samples: 60,
            flapping_changes: 3,
            freeze_secs: 3_600,
        }
    }
}

/// What figures say of a cell; automation goes no further than partial outage.
#[must_use]
pub fn opinion(policy: &Policy, evidence: &Evidence) -> CellStatus {
    if evidence.samples < policy.minimum_samples {
        return CellStatus::NoData;
    }
    let slow = evidence.median_latency_ms.is_some_and(|ms| ms * 2 > step_sla(evidence.step));
    if evidence.share < policy.partial_below {
        CellStatus::PartialOutage
    } else if evidence.share < policy.degraded_below || slow || evidence.fallback_rate > policy.fallback_above
    {
        CellStatus::Degraded
    } else {
        CellStatus::Operational
    }
}

/// What is proposed to a person at this evidence: nothing, an incident, or a major outage.
#[must_use]
pub fn proposal(policy: &Policy, evidence: &Evidence) -> Option<(CellStatus, Severity)> {
    match opinion(policy, evidence) {
        CellStatus::PartialOutage if evidence.share < policy.major_below => {
            Some((CellStatus::MajorOutage, Severity::Sev1))
        }
        CellStatus::PartialOutage => Some((CellStatus::PartialOutage, Severity::Sev2)),
        _ => None,
    }
}

/// Evaluations in a row that want to move a cell, one way or the other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Streak {
    worse: u32,
    better: u32,
}

/// The verdict of one evaluation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Stay.
    Stay,
    /// Move to this status.
    Move(CellStatus),
}

impl Streak {
    /// One evaluation. `current` is automation's status so far; `window` what the window says; `newer` what the
    /// samples say that came after it got worse (none: too few of them).
    pub fn evaluate(
        &mut self,
        policy: &Policy,
        current: CellStatus,
        window: CellStatus,
        newer: Option<CellStatus>,
    ) -> Verdict {
        use CellStatus::{NoData, Operational};
        if current == NoData && window == Operational {
            *self = Self::default();
            return Verdict::Move(Operational);
        }
        let worsens = window.rank() > current.rank() || (window == NoData && current != NoData);
        if worsens {
            self.better = 0;
            self.worse += 1;
            return self.reached(self.worse >= policy.worsen_evaluations, window);
        }
        self.worse = 0;
        match newer.filter(|n| current.is_trouble() && *n != NoData && n.rank() < current.rank()) {
            Some(better) => {
                self.better += 1;
                self.reached(self.better >= policy.recover_evaluations, better)
            }
            None => {
                self.better = 0;
                Verdict::Stay
            }
        }
    }

    fn reached(&mut self, enough: bool, to: CellStatus) -> Verdict {
        if enough {
            *self = Self::default();
            Verdict::Move(to)
        } else {
            Verdict::Stay
        }
    }
}
