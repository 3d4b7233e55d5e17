//! From figures to a status, with hysteresis: quick to warn, slow to be reassured.

use serde::{Deserialize, Serialize};

pub use super::kpi::{Cause, Evidence};
use super::{
    lifecycle::step_sla,
    share::{one_sided, wilson},
};
use crate::{severity::Severity, status::CellStatus};

/// The degradation policy: data, versioned by the store. Shares are percent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Policy {
    /// Windows that a verdict may rest on, in seconds, narrowest first.
    pub windows_secs: [i64; 3],
    /// Fewer samples than this: the next wider window, then no data.
    pub minimum_samples: i64,
    /// How sure it has to be, in percent, that a share is beyond its threshold before it counts against a cell: one
    /// failure of thirty is a share of 96.7 %, and says nothing. 50: the bare share counts.
    pub certainty: f64,
    /// A success share below this is degraded.
    pub degraded_below: f64,
    /// Below this: partial outage.
    pub partial_below: f64,
    /// Below this: a major outage is proposed.
    pub major_below: f64,
    /// A share of secondary flows above this is degraded.
    pub fallback_above: f64,
    /// A median latency above this share of the step's SLA is degraded.
    pub slow_above: f64,
    /// One error class above this share warns the console.
    pub error_class_above: f64,
    /// Evaluations in a row before a cell gets worse.
    pub worsen_evaluations: u32,
    /// Evaluations in a row before it gets better.
    pub recover_evaluations: u32,
    /// Newer samples needed to get better.
    pub recover_samples: i64,
    /// Going down or up more often than this in an hour, by automation, is flapping ([`super::judge::turns`]).
    pub flapping_changes: i64,
    /// Flapping freezes the worse state for so long, in seconds.
    pub freeze_secs: i64,
    /// A cell gets worse only on outcomes that so many sources told of.
    pub quorum_sources: usize,
    /// A proposal that nobody decides on is declared by itself after this time, in seconds; none: never.
    pub auto_confirm_secs: Option<i64>,
    /// One key makes no larger share of the grid worse than this within [`Policy::key_window_secs`]. Of the default alone.
    pub key_share: f64,
    /// See [`Policy::key_share`]; in seconds.
    pub key_window_secs: i64,
}

/// So many cells one key may always make worse, however small the grid is.
pub const KEY_CELLS: usize = 3;

impl Default for Policy {
    fn default() -> Self {
        Self {
            windows_secs: [600, 3_600, 86_400],
            minimum_samples: 30,
            certainty: 99.0,
            degraded_below: 98.0,
            partial_below: 95.0,
            major_below: 80.0,
            fallback_above: 10.0,
            slow_above: 50.0,
            error_class_above: 1.0,
            worsen_evaluations: 2,
            recover_evaluations: 4,
            recover_samples: 60,
            flapping_changes: 3,
            freeze_secs: 3_600,
            quorum_sources: 1,
            auto_confirm_secs: None,
            key_share: 30.0,
            key_window_secs: 600,
        }
    }
}

/// A field of a policy and what is wrong with it.
pub type Wrong = (&'static str, &'static str);

impl Policy {
    /// Whether its figures make sense together.
    ///
    /// # Errors
    /// The first field that does not.
    pub fn check(&self) -> Result<(), Wrong> {
        let share = |value: f64| (0.0..=100.0).contains(&value);
        let wrong = [
            (!share(self.degraded_below), "degraded_below", "Give a share from 0 to 100 %."),
            (
                !share(self.partial_below) || self.partial_below > self.degraded_below,
                "partial_below",
                "A partial outage begins at or below the share that is degraded.",
            ),
            (
                !share(self.major_below) || self.major_below > self.partial_below,
                "major_below",
                "A major outage is proposed at or below the share that is a partial outage.",
            ),
            (!share(self.fallback_above), "fallback_above", "Give a share from 0 to 100 %."),
            (!(1.0..=1_000.0).contains(&self.slow_above), "slow_above", "Give a share from 1 to 1000 %."),
            (!share(self.error_class_above), "error_class_above", "Give a share from 0 to 100 %."),
            (
                !(60..=3_600).contains(&self.windows_secs[0])
                    || !self.windows_secs.is_sorted()
                    || self.windows_secs[2] > 86_400,
                "windows",
                "Give three windows from 1 min to 24 h, the narrowest first; that one has at most 1 h.",
            ),
            (!(5..=100_000).contains(&self.minimum_samples), "minimum_samples", "Give 5 to 100,000 samples."),
            (
                !(50.0..=99.9).contains(&self.certainty),
                "certainty",
                "Give 50 to 99.9 %; 50: the bare share counts.",
            ),
            (!(1..=600).contains(&self.worsen_evaluations), "worsen_evaluations", "Give 1 to 600."),
            (!(1..=600).contains(&self.recover_evaluations), "recover_evaluations", "Give 1 to 600."),
            (
                !(self.minimum_samples..=1_000).contains(&self.recover_samples),
                "recover_samples",
                "Coming back needs at least the minimum of samples, and at most 1,000.",
            ),
            (!(1..=60).contains(&self.flapping_changes), "flapping_changes", "Give 1 to 60 changes."),
            (!(60..=86_400).contains(&self.freeze_secs), "freeze", "Give 1 min to 24 h."),
            (!(1..=20).contains(&self.quorum_sources), "quorum_sources", "Give 1 to 20 sources."),
            (
                self.auto_confirm_secs.is_some_and(|secs| !(60..=86_400).contains(&secs)),
                "auto_confirm",
                "Give 1 min to 24 h, or leave it empty.",
            ),
            (!share(self.key_share), "key_share", "Give a share from 0 to 100 %."),
            (!(60..=86_400).contains(&self.key_window_secs), "key_window", "Give 1 min to 24 h."),
        ];
        wrong.into_iter().find(|(is_wrong, ..)| *is_wrong).map_or(Ok(()), |(_, field, why)| Err((field, why)))
    }

    /// Whether one key may make one more cell worse that made `before` worse in its window, in a grid of `cells`.
    #[must_use]
    #[allow(clippy::cast_precision_loss, reason = "counts of cells")]
    pub fn key_may_worsen(&self, before: usize, cells: usize) -> bool {
        before < KEY_CELLS || (before + 1) as f64 * 100.0 <= self.key_share * cells as f64
    }
}

/// What figures say against a cell, as surely as its policy asks; automation goes no further than partial outage.
#[must_use]
pub fn opinion(policy: &Policy, evidence: &Evidence) -> CellStatus {
    graded(policy, evidence, policy.certainty)
}

/// What figures say of a cell that is in trouble, taken as they are: whoever comes back shows that it is well.
#[must_use]
pub fn reassurance(policy: &Policy, evidence: &Evidence) -> CellStatus {
    graded(policy, evidence, BARE)
}

/// At this certainty a share counts as it is.
const BARE: f64 = 50.0;

/// Whether a share is surely above a threshold, both in percent.
#[must_use]
pub fn surely_above(share: f64, threshold: f64, samples: i64, certainty: f64) -> bool {
    // The bound is never above the share, but for rounding.
    let is_above = share > threshold;
    is_above
        && (certainty <= BARE || wilson(share / 100.0, samples, one_sided(certainty)).0 * 100.0 > threshold)
}

/// Whether a success share is surely below a threshold, both in percent.
fn surely_below(evidence: &Evidence, threshold: f64, certainty: f64) -> bool {
    if certainty <= BARE {
        return evidence.share < threshold;
    }
    surely_above(100.0 - evidence.share, 100.0 - threshold, evidence.samples, certainty)
}

fn graded(policy: &Policy, evidence: &Evidence, certainty: f64) -> CellStatus {
    if evidence.samples < policy.minimum_samples {
        return CellStatus::NoData;
    }
    let slow = evidence.median_latency_ms.is_some_and(|ms| is_slow(policy, ms, step_sla(evidence.step)));
    let (rate, samples) = (evidence.fallback_rate, evidence.samples);
    if surely_below(evidence, policy.partial_below, certainty) {
        CellStatus::PartialOutage
    } else if surely_below(evidence, policy.degraded_below, certainty)
        || slow
        || surely_above(rate, policy.fallback_above, samples, certainty)
    {
        CellStatus::Degraded
    } else {
        CellStatus::Operational
    }
}

/// What speaks against a cell whose success share does not; none: nothing, or the share.
#[must_use]
pub fn cause(policy: &Policy, evidence: &Evidence) -> Option<Cause> {
    let (sla, certainty) = (step_sla(evidence.step), policy.certainty);
    if evidence.samples < policy.minimum_samples || surely_below(evidence, policy.degraded_below, certainty) {
        None
    } else if evidence.median_latency_ms.is_some_and(|ms| is_slow(policy, ms, sla)) {
        #[allow(
            clippy::cast_possible_truncation,
            clippy::cast_precision_loss,
            reason = "milliseconds of a step"
        )]
        let above = (sla as f64 * policy.slow_above / 100.0) as i64;
        Some(Cause::Slow(above))
    } else {
        surely_above(evidence.fallback_rate, policy.fallback_above, evidence.samples, certainty)
            .then_some(Cause::Fallback(policy.fallback_above))
    }
}

#[allow(clippy::cast_precision_loss, reason = "milliseconds of a step")]
fn is_slow(policy: &Policy, median_ms: i64, sla_ms: i64) -> bool {
    median_ms as f64 * 100.0 > policy.slow_above * sla_ms as f64
}

/// What is proposed to a person at this evidence: nothing, an incident, or a major outage.
#[must_use]
pub fn proposal(policy: &Policy, evidence: &Evidence) -> Option<(CellStatus, Severity)> {
    match opinion(policy, evidence) {
        CellStatus::PartialOutage if surely_below(evidence, policy.major_below, policy.certainty) => {
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
    /// Whether no evaluation wants to move the cell.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        *self == Self::default()
    }

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
