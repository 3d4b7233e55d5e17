//! One evaluation of one cell: what is read and what is held go in, what changes comes out. The live judge and the
//! replay of a past period both decide here, and nowhere else.

use super::{
    degradation::{Evidence, Policy, Streak, Verdict, cause, opinion, reassurance},
    kpi::Counts,
};
use crate::{
    clock::{SECOND, Timestamp},
    component::Step,
    status::CellStatus,
};

/// What automation holds of a cell between two evaluations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Its opinion so far.
    pub status: CellStatus,
    /// Since when.
    pub since: Timestamp,
    /// It came back: what was heard before this time is closed.
    pub evidence_from: Option<Timestamp>,
    /// Flapping: held at the worse state until then.
    pub frozen_until: Option<Timestamp>,
}

impl Standing {
    /// Nothing is known yet.
    #[must_use]
    pub const fn unknown(since: Timestamp) -> Self {
        Self { status: CellStatus::NoData, since, evidence_from: None, frozen_until: None }
    }

    /// From when on samples are looked at while those that had turned the cell stay closed.
    #[must_use]
    pub fn open_since(&self, policy: &Policy, now: Timestamp) -> Option<Timestamp> {
        self.evidence_from.filter(|from| now.since(*from) < policy.windows_secs[0] * SECOND)
    }
}

/// What one evaluation has read.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    /// What the window says.
    pub window: Evidence,
    /// What the newest samples say that came after the cell got worse, and since when they did; of a cell in trouble.
    pub newer: Option<(Timestamp, Evidence)>,
}

/// A cell is to move.
#[derive(Clone, Debug, PartialEq)]
pub struct Move {
    /// To this status.
    pub to: CellStatus,
    /// On this evidence.
    pub evidence: Evidence,
    /// Samples from before this time are closed from now on.
    pub evidence_from: Option<Timestamp>,
}

/// What became of a move.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settled {
    /// The cell moved.
    Moved,
    /// It flaps, from this evaluation on: the worse state stays.
    Froze,
    /// It flaps still.
    Frozen,
}

/// The narrowest window with enough samples; the widest when none has. Windows: seconds and counts, narrowest first.
#[must_use]
pub fn widest_needed(policy: &Policy, step: Step, windows: &[(i64, Counts)], now: Timestamp) -> Evidence {
    let enough = windows.iter().find(|(_, counts)| counts.samples >= policy.minimum_samples);
    match enough.or(windows.last()) {
        Some((secs, counts)) => Evidence::of(step, counts, *secs, now),
        None => Evidence::of(step, &Counts::default(), 0, now),
    }
}

/// What the samples heard after `from` say.
#[must_use]
pub fn since(step: Step, counts: &Counts, from: Timestamp, now: Timestamp) -> Evidence {
    Evidence::of(step, counts, (now.since(from) + 999) / SECOND, now)
}

/// Whether a cell is to move, and on what.
pub fn decide(policy: &Policy, standing: &Standing, streak: &mut Streak, reading: &Reading) -> Option<Move> {
    let window = opinion(policy, &reading.window);
    let newer = reading.newer.as_ref().filter(|(_, after)| after.samples >= policy.recover_samples);
    let says = newer.map(|(_, after)| reassurance(policy, after));
    let Verdict::Move(to) = streak.evaluate(policy, standing.status, window, says) else { return None };
    let is_better = is_better(standing.status, to);
    let (evidence, evidence_from) = match newer.filter(|_| is_better && standing.status.is_trouble()) {
        Some((from, after)) => (after, Some(*from)),
        None => (&reading.window, standing.evidence_from),
    };
    let cause = cause(policy, evidence).filter(|_| to.is_trouble());
    Some(Move { to, evidence: Evidence { cause, ..evidence.clone() }, evidence_from })
}

/// Whether a cell gets better. Falling silent is no improvement.
#[must_use]
pub const fn is_better(from: CellStatus, to: CellStatus) -> bool {
    to.rank() < from.rank() && !matches!(to, CellStatus::NoData)
}

/// Whether a cell gets worse for travellers. Falling silent is none of it.
#[must_use]
pub const fn is_worse(from: CellStatus, to: CellStatus) -> bool {
    to.is_trouble() && to.rank() > from.rank()
}

/// How often a cell went down or up with one more change for the better after these (from and to, oldest first). Steps
/// one way are one: a cell that goes down in two and comes back in two does not flap. Silence does not count.
#[must_use]
pub fn turns(past: impl IntoIterator<Item = (CellStatus, CellStatus)>) -> i64 {
    let (mut turns, mut last) = (0, None);
    let known = past.into_iter().filter(|(from, to)| ![*from, *to].contains(&CellStatus::NoData));
    for way in known.map(|(from, to)| is_better(from, to)).chain([true]) {
        turns += i64::from(last != Some(way));
        last = Some(way);
    }
    turns
}

/// Moves a cell, unless it comes back too often: `turns` in the past hour with this one ([`turns`]).
pub fn settle(policy: &Policy, standing: &mut Standing, to: &Move, turns: i64, now: Timestamp) -> Settled {
    if is_better(standing.status, to.to) {
        if standing.frozen_until.is_some_and(|until| until > now) {
            return Settled::Frozen;
        }
        if turns > policy.flapping_changes {
            standing.frozen_until = Some(now.plus(policy.freeze_secs * SECOND));
            return Settled::Froze;
        }
        standing.frozen_until = None;
    }
    (standing.status, standing.since, standing.evidence_from) = (to.to, now, to.evidence_from);
    Settled::Moved
}
