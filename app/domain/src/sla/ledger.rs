//! The cadence ledger: promises of updates made and kept, per severity.

use super::clock::{Clock, ClockKind, ClockState};
use crate::{clock::Timestamp, severity::Severity};

/// One line of the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line {
    /// Which severity.
    pub severity: Severity,
    /// Promises that fell due or were met.
    pub made: i64,
    /// Of those, kept.
    pub kept: i64,
    /// The worst miss, in milliseconds.
    pub worst_late_ms: i64,
}

/// Counts the *next update* promises that fell due or were met since `from`. Open and superseded ones do not count.
#[must_use]
pub fn ledger(clocks: &[Clock], from: Timestamp, now: Timestamp) -> Vec<Line> {
    Severity::ALL
        .into_iter()
        .map(|severity| {
            let counted = clocks.iter().filter(|c| {
                c.kind == ClockKind::NextUpdate
                    && c.severity == severity
                    && c.due_at >= from
                    && match c.state {
                        ClockState::Met | ClockState::Breached => true,
                        ClockState::Running | ClockState::Paused => now > c.due_at,
                        ClockState::Cancelled => false,
                    }
            });
            counted.fold(Line { severity, made: 0, kept: 0, worst_late_ms: 0 }, |line, clock| Line {
                made: line.made + 1,
                kept: line.kept + i64::from(clock.state == ClockState::Met),
                worst_late_ms: line.worst_late_ms.max(clock.overdue_ms(now)),
                ..line
            })
        })
        .filter(|line| line.made > 0)
        .collect()
}
