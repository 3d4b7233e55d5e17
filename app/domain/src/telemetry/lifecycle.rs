//! One activation's journey, and what it adds to the counts.
//!
//! ```mermaid
//! stateDiagram-v2
//!   [*] --> Requested
//!   Requested --> Issued
//!   Issued --> Downloaded
//!   Downloaded --> Enabled
//!   Requested --> Failed
//!   Issued --> Failed
//!   Downloaded --> Failed
//!   Requested --> Revoked
//!   Issued --> Revoked
//!   Downloaded --> Revoked
//!   Enabled --> Revoked
//! ```
//!
//! Events come late, twice and out of order. So an activation keeps the earliest time of each happening, and its
//! contribution to the counts is a pure function of those: whatever the order, the totals are the same.

use super::event::{ActivationEvent, Happening};
use crate::{
    clock::{MINUTE, SECOND, Timestamp},
    component::Step,
};

/// An event older than this on arrival fills rollups and history, but bears on no live verdict.
pub const LIVE_WITHIN: i64 = 10 * MINUTE;
/// An event further ahead of the clock than this is kept and flagged, not counted.
pub const FUTURE_BEYOND: i64 = MINUTE;

/// How long a step may take, in milliseconds.
#[must_use]
pub const fn step_sla(step: Step) -> i64 {
    match step {
        Step::Issue => 3 * SECOND,
        Step::Download | Step::Enable | Step::Journey => 60 * SECOND,
    }
}

/// One profile's journey so far: the earliest time of each happening.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Activation {
    /// Order or activation id.
    pub subject: String,
    /// ISO code.
    pub country: String,
    /// `name` or `name/node`.
    pub supplier: String,
    /// Flow of the first event.
    pub flow: String,
    /// Cohort of the first event.
    pub cohort: String,
    /// When each happened.
    pub requested_at: Option<Timestamp>,
    /// Profile reserved.
    pub issued_at: Option<Timestamp>,
    /// Profile on the eUICC.
    pub downloaded_at: Option<Timestamp>,
    /// Enabled and attached.
    pub enabled_at: Option<Timestamp>,
    /// Profile gone.
    pub revoked_at: Option<Timestamp>,
    /// Failed for good: when, at which step, and why.
    pub failure: Option<(Timestamp, Step, String)>,
    /// Whether a secondary flow was used.
    pub is_fallback: bool,
    /// Its source knows the download alone.
    pub is_download_only: bool,
    /// False once an event came too late for a live verdict.
    pub is_live: bool,
    /// Arrival of the newest event.
    pub received_at: Timestamp,
}

/// How a step ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Not known yet.
    Pending,
    /// The next step was reached within the SLA.
    Succeeded,
    /// It was reached after the SLA.
    Late,
    /// It failed for good.
    Failed,
}

/// What an activation adds to one step's counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Contribution {
    /// Which step.
    pub step: Step,
    /// When the activation entered the step: this decides the bucket.
    pub entered_at: Timestamp,
    /// How it ended.
    pub outcome: Outcome,
    /// How long it took, in milliseconds, where both ends are known.
    pub latency_ms: Option<i64>,
}

/// A step that counted as failed, and that a later event tells was passed after all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Correction {
    /// Which step.
    pub step: Step,
    /// Since when it had counted as failed.
    pub counted_at: Timestamp,
    /// It was passed within the SLA, and counts as a success now; otherwise it was late.
    pub is_in_time: bool,
}

/// What later events say otherwise than was counted: of one journey before and after them.
#[must_use]
pub fn corrections(before: &Activation, after: &Activation) -> Vec<Correction> {
    let passed = after.contributions();
    let corrected = |old: Contribution| {
        let new = passed.iter().find(|c| c.step == old.step)?;
        let is_in_time = match new.outcome {
            Outcome::Succeeded => true,
            Outcome::Late => false,
            Outcome::Pending | Outcome::Failed => return None,
        };
        let failed_at = match old.outcome {
            Outcome::Pending => old.entered_at.plus(step_sla(old.step)),
            Outcome::Failed => before.failure.as_ref()?.0,
            Outcome::Succeeded | Outcome::Late => return None,
        };
        // What was told late itself counted as failed only since then.
        let counted_at = failed_at.max(before.received_at);
        (counted_at < after.received_at).then_some(Correction { step: old.step, counted_at, is_in_time })
    };
    before.contributions().into_iter().filter_map(corrected).collect()
}

impl Activation {
    /// An activation that its first event tells of.
    #[must_use]
    pub fn begin(event: &ActivationEvent, received_at: Timestamp) -> Self {
        let empty = Self {
            subject: event.subject.clone(),
            country: event.country.clone(),
            supplier: event.supplier.clone(),
            flow: event.flow.clone(),
            cohort: event.cohort.clone(),
            requested_at: None,
            issued_at: None,
            downloaded_at: None,
            enabled_at: None,
            revoked_at: None,
            failure: None,
            is_fallback: event.flow != "ota",
            is_live: true,
            is_download_only: event.is_download_only,
            received_at,
        };
        empty.apply(event, received_at)
    }

    /// The journey with one more event; applying the same event again changes nothing but `received_at`.
    #[must_use]
    pub fn apply(mut self, event: &ActivationEvent, received_at: Timestamp) -> Self {
        let at = event.occurred_at;
        let earliest = |slot: &mut Option<Timestamp>| *slot = Some(slot.map_or(at, |t| t.min(at)));
        match &event.happening {
            Happening::Requested => earliest(&mut self.requested_at),
            Happening::Issued => earliest(&mut self.issued_at),
            Happening::Downloaded => earliest(&mut self.downloaded_at),
            Happening::Enabled => earliest(&mut self.enabled_at),
            Happening::Revoked => earliest(&mut self.revoked_at),
            Happening::Fallback => self.is_fallback = true,
            Happening::Failed { step, error_class } => {
                let new = (at, *step, error_class.clone());
                self.failure = Some(match self.failure.take() {
                    Some(old) if (old.0, old.1, &old.2) <= (new.0, new.1, &new.2) => old,
                    _ => new,
                });
            }
        }
        if received_at.since(at) > LIVE_WITHIN && event.happening != Happening::Revoked {
            self.is_live = false;
        }
        self.is_fallback |= event.flow != "ota";
        self.received_at = self.received_at.max(received_at);
        self
    }

    /// Whether the event contradicts the journey so far: it is kept, and flagged.
    #[must_use]
    pub fn contradicts(&self, event: &ActivationEvent) -> bool {
        let at = event.occurred_at;
        let revoked_before = self.revoked_at.is_some_and(|r| r < at);
        let failed_before = self.failure.as_ref().is_some_and(|(f, ..)| *f < at);
        let other_country = self.country != event.country;
        let moves_on =
            matches!(event.happening, Happening::Issued | Happening::Downloaded | Happening::Enabled);
        let fails_after_end =
            matches!(event.happening, Happening::Failed { .. }) && self.enabled_at.is_some_and(|e| e < at);
        // An SM-DP+ tells of every try; the next one may succeed.
        let failed_before = failed_before && !self.is_download_only;
        other_country
            || (revoked_before && event.happening != Happening::Revoked)
            || (failed_before && moves_on)
            || fails_after_end
    }

    /// What this journey adds to the counts of each step it entered.
    #[must_use]
    pub fn contributions(&self) -> Vec<Contribution> {
        if self.is_download_only {
            let download =
                self.step(Step::Download, self.issued_at, self.downloaded_at, self.enabled_at.is_some());
            let enable =
                self.enabled_at.and_then(|at| self.step(Step::Enable, self.downloaded_at, Some(at), false));
            return [download, enable].into_iter().flatten().collect();
        }
        let after_download = self.enabled_at.is_some();
        let after_issue = after_download || self.downloaded_at.is_some();
        [
            self.step(Step::Issue, self.requested_at, self.issued_at, after_issue),
            self.step(Step::Download, self.issued_at, self.downloaded_at, after_download),
            self.step(Step::Enable, self.downloaded_at, self.enabled_at, false),
            self.requested_at
                .and_then(|_| self.step(Step::Journey, self.requested_at, self.enabled_at, false)),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    /// A step from `entry` to `exit`; `passed`: a later happening proves that it succeeded at an unknown time.
    fn step(
        &self,
        step: Step,
        entry: Option<Timestamp>,
        exit: Option<Timestamp>,
        passed: bool,
    ) -> Option<Contribution> {
        let failed_at =
            self.failure.as_ref().filter(|(_, s, _)| *s == step || step == Step::Journey).map(|(at, ..)| *at);
        // An entry that nobody told of is dated by the outcome.
        let entered_at = entry.or(exit).or(failed_at)?;
        let latency_ms = entry.zip(exit).map(|(from, to)| to.since(from).max(0));
        let outcome = match (exit, latency_ms, failed_at) {
            (Some(_), Some(ms), _) if ms > step_sla(step) => Outcome::Late,
            (Some(_), ..) => Outcome::Succeeded,
            (None, _, Some(_)) => Outcome::Failed,
            (None, _, None) if passed => Outcome::Succeeded,
            (None, _, None) => Outcome::Pending,
        };
        Some(Contribution { step, entered_at, outcome, latency_ms })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(happening: Happening, at: i64) -> ActivationEvent {
        ActivationEvent {
            subject: "ord-1".into(),
            happening,
            occurred_at: Timestamp::from_millis(at),
            country: "FR".into(),
            supplier: "smdp-a/1".into(),
            flow: "ota".into(),
            cohort: "baseline".into(),
            is_download_only: false,
        }
    }

    #[test]
    fn a_success_that_is_told_after_the_sla_corrects_what_counted_as_failed() {
        let at = Timestamp::from_millis;
        let begun = Activation::begin(&told(Happening::Requested, 1_000), at(1_100));
        let journey = |enabled, heard| {
            let after = begun.clone().apply(&told(Happening::Enabled, enabled), at(heard));
            corrections(&begun, &after).into_iter().find(|c| c.step == Step::Journey)
        };
        assert_eq!(journey(9_000, 9_100), None, "nothing had counted yet");
        assert_eq!(journey(9_000, 61_000), None, "the SLA runs out at this moment");
        let counted = Correction { step: Step::Journey, counted_at: at(61_000), is_in_time: true };
        assert_eq!(journey(9_000, 61_001), Some(counted));
        assert_eq!(journey(70_000, 70_100), Some(Correction { is_in_time: false, ..counted }));
    }

    #[test]
    fn a_failure_that_was_none_is_a_correction_too() {
        let at = Timestamp::from_millis;
        let failed = Happening::Failed { step: Step::Download, error_class: "timeout".into() };
        let begun = Activation::begin(&told(Happening::Issued, 1_000), at(1_100));
        let failed = begun.apply(&told(failed, 5_000), at(5_100));
        let after = failed.clone().apply(&told(Happening::Downloaded, 4_000), at(9_000));
        let counted = Correction { step: Step::Download, counted_at: at(5_100), is_in_time: true };
        assert_eq!(corrections(&failed, &after), vec![counted]);
    }
}
