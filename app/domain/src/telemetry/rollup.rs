//! Rollups: counts that merge, in buckets that widen with age, so that ninety days cost about as much as one.

use super::{latency::Latencies, lifecycle::step_sla};
use crate::{
    clock::{DAY, HOUR, SECOND, Timestamp},
    component::Step,
};

/// Widths of buckets in seconds, and how old (in milliseconds) a bucket may get before it is folded into the next width.
pub const WIDTHS: [(i64, i64); 4] = [(60, 3 * HOUR), (300, 26 * HOUR), (3_600, 8 * DAY), (86_400, i64::MAX)];

/// Error classes that one key can name on one day; later ones count as [`OTHER`].
pub const ERROR_CLASSES_MAX: usize = 64;
/// Suppliers with their nodes that one key can name on one day; later ones count as [`OTHER`].
pub const SUPPLIERS_MAX: usize = 32;
/// What is told apart no longer.
pub const OTHER: &str = "other";

/// Where the bucket of this width (in seconds) begins that holds `at`.
#[must_use]
pub const fn bucket(at: Timestamp, width_secs: i64) -> Timestamp {
    let width = width_secs * SECOND;
    Timestamp::from_millis(at.millis().div_euclid(width) * width)
}

/// Buckets of this width (in seconds) that began before this time are folded into the next width.
#[must_use]
pub fn folded_before(width_secs: i64, now: Timestamp) -> Option<(Timestamp, i64)> {
    let at = WIDTHS.iter().position(|(width, _)| *width == width_secs)?;
    let (next, _) = *WIDTHS.get(at + 1)?;
    Some((bucket(now.plus(-WIDTHS[at].1), next), next))
}

/// The width (in seconds) that what happened at `at` is kept in.
#[must_use]
pub fn width_at(at: Timestamp, now: Timestamp) -> i64 {
    let is_fine =
        |(width, _): &&(i64, i64)| folded_before(*width, now).is_none_or(|(before, _)| at >= before);
    WIDTHS.iter().find(is_fine).map_or(86_400, |(width, _)| *width)
}

/// What activations did at one step: additive, so that parts of any size merge.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Activations that entered the step.
    pub entered: i64,
    /// Of those, in time.
    pub succeeded: i64,
    /// Of those, after the SLA.
    pub late: i64,
    /// Of those, failed for good.
    pub failed: i64,
    /// Of those, by a secondary flow.
    pub fallback: i64,
    /// Events that contradicted their journey.
    pub illegal: i64,
}

impl Tally {
    /// Adds another.
    pub const fn add(&mut self, other: &Self) {
        self.entered += other.entered;
        self.succeeded += other.succeeded;
        self.late += other.late;
        self.failed += other.failed;
        self.fallback += other.fallback;
        self.illegal += other.illegal;
    }
}

/// The figures of any number of activations at one step.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Figures {
    /// Whose outcome is known, or whose SLA has run out: what shares are of.
    pub samples: i64,
    /// How long they took.
    pub latencies: Latencies,
    /// The counts.
    pub tally: Tally,
}

#[allow(clippy::cast_precision_loss, reason = "counts of samples")]
fn percent(n: i64, of: i64) -> Option<f64> {
    (of > 0).then(|| 100.0 * n as f64 / of as f64)
}

impl Figures {
    /// Adds the counts of a bucket `width_secs` wide that began at `bucket_at`, as it stands at `now`. Activations without an outcome
    /// count once the SLA of the whole bucket has run out.
    pub fn add(
        &mut self,
        step: Step,
        (bucket_at, width_secs): (Timestamp, i64),
        tally: &Tally,
        now: Timestamp,
    ) {
        let is_over = bucket_at.plus(width_secs * SECOND + step_sla(step)) <= now;
        self.samples += if is_over { tally.entered } else { tally.succeeded + tally.late + tally.failed };
        self.tally.add(tally);
    }

    /// Adds other figures.
    pub fn merge(&mut self, other: &Self) {
        self.samples += other.samples;
        self.tally.add(&other.tally);
        self.latencies.merge(&other.latencies);
    }

    /// Success share in percent (of the whole journey: the ASR); none without samples.
    #[must_use]
    pub fn success_share(&self) -> Option<f64> {
        percent(self.tally.succeeded, self.samples)
    }

    /// Of all that entered, those that used a secondary flow, in percent; none if nobody entered.
    #[must_use]
    pub fn fallback_rate(&self) -> Option<f64> {
        percent(self.tally.fallback, self.tally.entered)
    }

    /// Without an outcome although the SLA has run out.
    #[must_use]
    pub const fn stuck(&self) -> i64 {
        let stuck = self.samples - self.tally.succeeded - self.tally.late - self.tally.failed;
        if stuck > 0 { stuck } else { 0 }
    }

    /// Half of them took less, in milliseconds.
    #[must_use]
    pub fn median_ms(&self) -> Option<i64> {
        self.latencies.quantile_ms(0.5)
    }

    /// 95 of 100 took less, in milliseconds.
    #[must_use]
    pub fn p95_ms(&self) -> Option<i64> {
        self.latencies.quantile_ms(0.95)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_widens_with_age_and_stands_in_one_width_at_a_time() {
        let now = Timestamp::from_millis(1_772_438_400_000 + 123_456);
        let width = |age: i64| width_at(now.plus(-age), now);
        assert_eq!(
            [0, HOUR, 4 * HOUR, DAY, 3 * DAY, 15 * DAY, 90 * DAY].map(width),
            [60, 60, 300, 300, 3_600, 86_400, 86_400]
        );
        for (secs, _) in WIDTHS {
            let Some((before, next)) = folded_before(secs, now) else { continue };
            assert_eq!(bucket(before, next), before, "a fold never cuts a wider bucket");
            assert!(width_at(before, now) <= secs && width_at(before.plus(-1), now) >= next);
        }
    }

    #[test]
    fn who_has_no_outcome_counts_only_once_the_sla_has_run_out() {
        let at = Timestamp::from_millis(600_000);
        let tally = Tally { entered: 10, succeeded: 6, failed: 1, ..Tally::default() };
        let at_age = |ms| {
            let mut figures = Figures::default();
            figures.add(Step::Journey, (at, 60), &tally, at.plus(ms));
            (figures.samples, figures.stuck())
        };
        assert_eq!(at_age(60 * SECOND + 59_999), (7, 0));
        assert_eq!(at_age(60 * SECOND + 60_000), (10, 3));
    }

    #[test]
    fn nothing_has_no_share() {
        let none = Figures::default();
        assert_eq!((none.success_share(), none.fallback_rate(), none.median_ms()), (None, None, None));
    }
}
