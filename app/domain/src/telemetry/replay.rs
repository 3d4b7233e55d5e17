//! What a policy would have done with a past period: the judge's own decisions over stored rollups.
//!
//! Rollups know no source and no time of arrival. So a bucket is looked at as it stands by now, at its end, and neither
//! the quorum of sources nor the limit of a key is replayed.

use std::collections::VecDeque;

use super::{
    degradation::{Policy, Streak},
    judge::{self, Reading, Settled, Standing},
    kpi::{BINS, Counts, Evidence},
    lifecycle::step_sla,
};
use crate::{
    clock::{HOUR, SECOND, Timestamp},
    component::Step,
    status::CellStatus,
};

/// What entered a step in one stretch of time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bucket {
    /// When it begins.
    pub at: Timestamp,
    /// How long it is, in seconds.
    pub width_secs: i64,
    /// How many entered.
    pub entered: i64,
    /// Of those, in time.
    pub succeeded: i64,
    /// Of those, too late or failed.
    pub unsuccessful: i64,
    /// Of those, by a secondary flow.
    pub fallback: i64,
    /// Latencies: (bin, samples).
    pub bins: Vec<(i64, i64)>,
}

impl Bucket {
    fn end(&self) -> Timestamp {
        self.at.plus(self.width_secs * SECOND)
    }

    fn is_elapsed(&self, step: Step, now: Timestamp) -> bool {
        self.end().plus(step_sla(step)) <= now
    }
}

/// What would have changed.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// When.
    pub at: Timestamp,
    /// Before.
    pub from: CellStatus,
    /// After.
    pub to: CellStatus,
    /// On what.
    pub evidence: Evidence,
}

/// The buckets of one cell, oldest first, without gaps of meaning: a stretch without a bucket is silence.
#[derive(Clone, Debug)]
pub struct Series<'a> {
    /// The step of the cell's component.
    pub step: Step,
    /// Its buckets, from a day before the period where there are any.
    pub buckets: &'a [Bucket],
}

/// Sums over consecutive buckets, moved along instead of added up again.
struct Slider {
    from: usize,
    to: usize,
    samples: i64,
    succeeded: i64,
    fallback: i64,
    bins: Vec<i64>,
}

impl Slider {
    fn new() -> Self {
        let bins = vec![0; usize::try_from(BINS).unwrap_or(64) + 1];
        Self { from: 0, to: 0, samples: 0, succeeded: 0, fallback: 0, bins }
    }

    fn add(&mut self, bucket: &Bucket, sign: i64) {
        self.samples += sign * bucket.entered;
        self.succeeded += sign * bucket.succeeded;
        self.fallback += sign * bucket.fallback;
        for (bin, n) in &bucket.bins {
            if let Some(slot) = usize::try_from(*bin).ok().and_then(|b| self.bins.get_mut(b)) {
                *slot += sign * n;
            }
        }
    }

    /// Moves to `from..to`.
    fn slide(&mut self, buckets: &[Bucket], from: usize, to: usize) {
        if from < self.from || to < self.to || from > self.to {
            *self = Self { from, to: from, ..Self::new() };
        }
        while self.to < to {
            self.add(&buckets[self.to], 1);
            self.to += 1;
        }
        while self.from < from {
            self.add(&buckets[self.from], -1);
            self.from += 1;
        }
    }
}

impl Series<'_> {
    /// What is known at `now` of the buckets from `from` to `to`: those whose SLA has run out count whole.
    fn counts(&self, slider: &mut Slider, from: usize, to: usize, now: Timestamp) -> Counts {
        let mut elapsed = to;
        while elapsed > from && !self.buckets[elapsed - 1].is_elapsed(self.step, now) {
            elapsed -= 1;
        }
        slider.slide(self.buckets, from, elapsed);
        let mut counts = Counts {
            samples: slider.samples,
            succeeded: slider.succeeded,
            fallback: slider.fallback,
            ..Counts::default()
        };
        let mut bins = slider.bins.clone();
        for bucket in &self.buckets[elapsed..to] {
            counts.samples += bucket.succeeded + bucket.unsuccessful;
            counts.succeeded += bucket.succeeded;
            counts.fallback += bucket.fallback;
            for (bin, n) in &bucket.bins {
                if let Some(slot) = usize::try_from(*bin).ok().and_then(|b| bins.get_mut(b)) {
                    *slot += n;
                }
            }
        }
        counts.bins = (0..).zip(bins).filter(|(_, n)| *n != 0).collect();
        counts
    }

    /// The first bucket that begins at or after a time.
    fn index(&self, at: Timestamp) -> usize {
        self.buckets.partition_point(|b| b.at < at)
    }
}

/// One cell on its way through a period.
struct Walk<'a> {
    series: &'a Series<'a>,
    sliders: [Slider; 4],
    /// Width of a bucket, in milliseconds.
    width: i64,
}

impl Walk<'_> {
    /// What the judge would have read at `now`.
    fn reading(&mut self, policy: &Policy, standing: &Standing, now: Timestamp) -> Reading {
        let step = self.series.step;
        let to = self.series.buckets.partition_point(|b| b.end() <= now);
        let window = match standing.open_since(policy, now) {
            Some(from) => {
                let first = self.series.index(from).min(to);
                judge::since(step, &self.series.counts(&mut self.sliders[3], first, to, now), from, now)
            }
            None => {
                let mut windows = Vec::with_capacity(3);
                for (slider, secs) in self.sliders.iter_mut().zip(policy.windows_secs) {
                    // As the live judge reads rollups: the bucket that the window begins in counts whole.
                    let from = now.plus(-secs * SECOND).millis().div_euclid(self.width) * self.width;
                    let first = self.series.index(Timestamp::from_millis(from)).min(to);
                    windows.push((secs, self.series.counts(slider, first, to, now)));
                    if windows.last().is_some_and(|(_, c)| c.samples >= policy.minimum_samples) {
                        break; // no wider one is looked at
                    }
                }
                judge::widest_needed(policy, step, &windows, now)
            }
        };
        let newer = standing.status.is_trouble().then(|| self.newest(policy, standing, to, now));
        Reading { window, newer }
    }

    /// The newest samples after the cell got worse, at most twice what coming back needs.
    fn newest(
        &self,
        policy: &Policy,
        standing: &Standing,
        to: usize,
        now: Timestamp,
    ) -> (Timestamp, Evidence) {
        let floor = self.series.index(standing.since);
        let (mut first, mut samples) = (to, 0);
        while first > floor && samples < 2 * policy.recover_samples {
            first -= 1;
            samples += self.series.buckets[first].entered;
        }
        let counts = self.series.counts(&mut Slider::new(), first, to, now);
        let from = self.series.buckets.get(first).map_or(now, |b| b.at).min(now);
        (from, judge::since(self.series.step, &counts, from, now))
    }
}

/// What a policy would have done with a cell from `from` to `to`, looking every `step_secs`. It begins to look an hour
/// earlier, knowing nothing; what it does before `from` is not listed.
#[must_use]
pub fn replay(
    policy: &Policy,
    series: &Series<'_>,
    (from, to): (Timestamp, Timestamp),
    step_secs: i64,
) -> Vec<Change> {
    let begin = from.plus(-HOUR);
    let mut standing = Standing::unknown(begin);
    let mut streak = Streak::default();
    let width = step_secs.max(1) * SECOND;
    let mut walk = Walk { series, sliders: std::array::from_fn(|_| Slider::new()), width };
    let mut automatic: VecDeque<(Timestamp, CellStatus, CellStatus)> = VecDeque::new();
    let mut changes = Vec::new();
    let looks = i64::from(policy.worsen_evaluations.max(policy.recover_evaluations)).min(step_secs.max(1));
    let mut bucket_end = begin;
    while bucket_end <= to {
        // The judge looks every second; between two buckets it sees the same.
        for second in 0..looks {
            let now = bucket_end.plus(second * SECOND);
            let reading = walk.reading(policy, &standing, now);
            let Some(step) = judge::decide(policy, &standing, &mut streak, &reading) else {
                if streak.is_idle() {
                    break; // the next second sees the same buckets
                }
                continue;
            };
            while automatic.front().is_some_and(|(at, ..)| now.since(*at) >= HOUR) {
                automatic.pop_front();
            }
            let before = standing.status;
            let turns = judge::turns(automatic.iter().map(|(_, from, to)| (*from, *to)));
            if judge::settle(policy, &mut standing, &step, turns, now) == Settled::Moved {
                automatic.push_back((now, before, step.to));
                if now >= from {
                    changes.push(Change { at: now, from: before, to: step.to, evidence: step.evidence });
                }
            }
        }
        bucket_end = bucket_end.plus(width);
    }
    changes
}

/// How a change of a replay stands to what did happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Match {
    /// It did happen, about then.
    Same,
    /// It did not happen.
    New,
    /// It did happen, and would not.
    Missed,
}

/// One line of a comparison.
#[derive(Clone, Debug, PartialEq)]
pub struct Compared {
    /// When it would have happened, or did.
    pub at: Timestamp,
    /// Before.
    pub from: CellStatus,
    /// After.
    pub to: CellStatus,
    /// How they stand to one another.
    pub what: Match,
    /// What it rests on; none: it did happen, and its own evidence stands with it.
    pub evidence: Option<Evidence>,
}

/// Lays what would have happened beside what did (time, before, after); both oldest first. Equal is what goes to the same
/// status at most `tolerance` milliseconds apart.
#[must_use]
pub fn compare(
    would: &[Change],
    did: &[(Timestamp, CellStatus, CellStatus)],
    tolerance: i64,
) -> Vec<Compared> {
    let mut open: Vec<_> = did.to_vec();
    let mut lines: Vec<Compared> = Vec::new();
    for change in would {
        let twin =
            open.iter().position(|(at, _, to)| *to == change.to && at.since(change.at).abs() <= tolerance);
        let what = match twin {
            Some(i) => {
                open.remove(i);
                Match::Same
            }
            None => Match::New,
        };
        let evidence = Some(change.evidence.clone());
        lines.push(Compared { at: change.at, from: change.from, to: change.to, what, evidence });
    }
    let missed =
        open.into_iter().map(|(at, from, to)| Compared { at, from, to, what: Match::Missed, evidence: None });
    lines.extend(missed);
    lines.sort_by_key(|l| l.at);
    lines
}
