//! What a round adds to the KPIs: the difference that its events make to their journeys, with every dimension.

use std::{borrow::Cow, collections::HashMap};

use domain::{
    clock::Timestamp,
    component::Step,
    telemetry::{
        event::ActivationEvent,
        lifecycle::{Activation, Contribution, Outcome, corrections},
        rollup::bucket,
    },
};
use store::{DeltaDims, KpiDelta, LivePlace};

/// Buckets as they are written, in seconds: the narrowest.
const MINUTE_SECS: i64 = 60;

/// Entered, succeeded, late, failed, fallback, illegal; and latencies in milliseconds.
type Sum = ([i64; 6], Vec<i64>);

/// Collects differences.
#[derive(Default)]
pub(super) struct Deltas<'a> {
    rollups: HashMap<DeltaDims<'a>, Sum>,
    live: HashMap<LivePlace<'a>, Sum>,
    errors: HashMap<(DeltaDims<'a>, &'a str), i64>,
    /// Activations, and when the newest was heard of.
    corrections: HashMap<(DeltaDims<'a>, bool), (i64, i64)>,
}

fn minute(at: Timestamp) -> i64 {
    bucket(at, MINUTE_SECS).millis()
}

fn dims(journey: &Activation, step: Step, at: Timestamp) -> DeltaDims<'_> {
    (
        minute(at),
        step,
        Cow::Borrowed(&journey.country),
        Cow::Borrowed(&journey.supplier),
        Cow::Borrowed(&journey.flow),
        Cow::Borrowed(&journey.cohort),
    )
}

/// Entered, succeeded, late, failed, fallback, illegal.
fn counts(journey: &Activation, c: &Contribution) -> [i64; 6] {
    let is = |outcome| i64::from(c.outcome == outcome);
    let fallback = i64::from(journey.is_fallback);
    [1, is(Outcome::Succeeded), is(Outcome::Late), is(Outcome::Failed), fallback, 0]
}

fn add(sum: &mut [i64; 6], counts: [i64; 6], sign: i64) {
    for (sum, n) in sum.iter_mut().zip(counts) {
        *sum += sign * n;
    }
}

/// Where a contribution bears on live verdicts.
fn place<'a>(journey: &'a Activation, c: &Contribution) -> LivePlace<'a> {
    (minute(c.entered_at), c.step, Cow::Borrowed(&journey.country))
}

/// Whether there is something to add.
fn adds<K>((_, (counts, latencies)): &(K, Sum)) -> bool {
    counts.iter().any(|n| *n != 0) || !latencies.is_empty()
}

impl<'a> Deltas<'a> {
    /// An event that contradicts its journey.
    pub(super) fn illegal(&mut self, event: &'a ActivationEvent, received_at: Timestamp) {
        let step = if event.is_download_only { Step::Download } else { Step::Journey };
        let dims = (
            minute(received_at),
            step,
            Cow::Borrowed(event.country.as_str()),
            Cow::Borrowed(event.supplier.as_str()),
            Cow::Borrowed(event.flow.as_str()),
            Cow::Borrowed(event.cohort.as_str()),
        );
        self.rollups.entry(dims).or_default().0[5] += 1;
    }

    /// What became of a journey.
    pub(super) fn change(&mut self, before: Option<&'a Activation>, after: &'a Activation) {
        let old = before.map(Activation::contributions).unwrap_or_default();
        let new = after.contributions();
        let was_fallback = before.is_some_and(|b| b.is_fallback);
        for step in Step::ALL {
            let find = |all: &[Contribution]| all.iter().find(|c| c.step == step).copied();
            let (old, new) = (find(&old), find(&new));
            let is_same_failure = before
                .is_none_or(|b| b.failure.as_ref().map(|f| &f.2) == after.failure.as_ref().map(|f| &f.2));
            let is_same_life = before.is_none_or(|b| b.is_live == after.is_live);
            if old == new && was_fallback == after.is_fallback && is_same_failure && is_same_life {
                continue;
            }
            if let (Some(before), Some(c)) = (before, old) {
                self.count(before, &c, -1);
            }
            if let Some(c) = new {
                self.count(after, &c, 1);
                // A sketch cannot forget: a latency that turns out differently is there twice. That takes a contradiction.
                if let Some(ms) = c.latency_ms.filter(|_| old.and_then(|o| o.latency_ms) != c.latency_ms) {
                    self.rollups.entry(dims(after, step, c.entered_at)).or_default().1.push(ms);
                    if after.is_live {
                        self.live.entry(place(after, &c)).or_default().1.push(ms);
                    }
                }
            }
        }
        let Some(before) = before else { return };
        for c in corrections(before, after) {
            let key = (dims(after, c.step, c.counted_at), c.is_in_time);
            let (activations, last) = self.corrections.entry(key).or_default();
            *activations += 1;
            *last = after.received_at.millis().max(*last);
        }
    }

    fn count(&mut self, journey: &'a Activation, c: &Contribution, sign: i64) {
        let key = dims(journey, c.step, c.entered_at);
        if let Some((.., class)) = journey.failure.as_ref().filter(|_| c.outcome == Outcome::Failed) {
            *self.errors.entry((key.clone(), class)).or_default() += sign;
        }
        let (sum, _) = self.rollups.entry(key).or_default();
        add(sum, counts(journey, c), sign);
        if journey.is_live {
            add(&mut self.live.entry(place(journey, c)).or_default().0, counts(journey, c), sign);
        }
    }

    /// What there is to add.
    pub(super) fn finish(self) -> KpiDelta<'a> {
        KpiDelta {
            rollups: self.rollups.into_iter().filter(adds).map(|(d, (c, l))| (d, c, l)).collect(),
            live: self.live.into_iter().filter(adds).map(|(d, (c, l))| (d, c, l)).collect(),
            errors: self
                .errors
                .into_iter()
                .filter(|(_, n)| *n != 0)
                .map(|((d, class), n)| (d, Cow::Borrowed(class), n))
                .collect(),
            corrections: self
                .corrections
                .into_iter()
                .map(|((d, in_time), (n, last))| (d, in_time, n, last))
                .collect(),
        }
    }
}
