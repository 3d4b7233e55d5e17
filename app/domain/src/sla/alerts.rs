//! What a running clock tells the people who must act, and when: before it falls due, when it does, and, for the
//! cadence, one tier after another while it is overdue. Alert `n` has one time; each is given once.

use super::{
    clock::{Clock, ClockKind, ClockState},
    policy::{Cadence, SeverityMatrix},
};
use crate::clock::{DAY, Timestamp};

/// One alert of a clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Alert {
    /// It falls due soon.
    Before,
    /// It falls due now.
    Due,
    /// It is overdue: so many tiers up.
    Escalation(u32),
}

impl Alert {
    /// 0 before, 1 due, 2 and more: escalations.
    #[must_use]
    pub const fn number(self) -> u32 {
        match self {
            Self::Before => 0,
            Self::Due => 1,
            Self::Escalation(tiers) => tiers + 1,
        }
    }

    const fn of(number: u32) -> Self {
        match number {
            0 => Self::Before,
            1 => Self::Due,
            n => Self::Escalation(n - 1),
        }
    }
}

/// When a clock gives its alert number `n`; none: it gives no such alert.
fn time(clock: &Clock, matrix: &SeverityMatrix, n: u32) -> Option<Timestamp> {
    let interval = match matrix.promises(clock.severity).cadence {
        Cadence::Every(ms) => ms,
        Cadence::Daily | Cadence::AsNeeded => DAY,
    };
    match Alert::of(n) {
        Alert::Before => {
            Some(clock.due_at.plus(-matrix.remind_before_ms)).filter(|at| *at > clock.started_at)
        }
        Alert::Due => Some(clock.due_at),
        Alert::Escalation(_) if clock.kind != ClockKind::NextUpdate => None,
        Alert::Escalation(1) => Some(clock.due_at.plus(matrix.escalate_after_ms)),
        Alert::Escalation(tiers) => Some(clock.due_at.plus(i64::from(tiers - 1) * interval)),
    }
}

impl Clock {
    /// The same clock, with its first alert set.
    #[must_use]
    pub fn alerting(mut self, matrix: &SeverityMatrix) -> Self {
        self.alerts = u32::from(time(&self, matrix, 0).is_none());
        self.alert_at = time(&self, matrix, self.alerts);
        self
    }

    /// Gives the newest alert whose time has come, and none of those that passed unheard while nobody was looking.
    #[must_use]
    pub fn alert(mut self, matrix: &SeverityMatrix, now: Timestamp) -> (Self, Option<Alert>) {
        if self.state != ClockState::Running {
            self.alert_at = None;
            return (self, None);
        }
        let mut given = None;
        while let Some(at) = self.alert_at.filter(|at| *at <= now) {
            given = Some(Alert::of(self.alerts));
            self.alerts += 1;
            // An interval of nothing must not hold the loop.
            self.alert_at = time(&self, matrix, self.alerts).filter(|next| *next > at || self.alerts < 3);
        }
        (self, given)
    }
}
