//! A clock: a running promise with a due time.
//!
//! ```mermaid
//! stateDiagram-v2
//!   [*] --> Running
//!   Running --> Running: fall_due (the breach goes on record, the clock runs on)
//!   Running --> Met: stop, on time
//!   Running --> Breached: stop, late
//!   Running --> Cancelled: cancel, not yet due
//!   Running --> Breached: cancel, already due
//! ```

use serde::{Deserialize, Serialize};

use crate::{clock::Timestamp, severity::Severity, status::UnknownWord};

/// What is promised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClockKind {
    /// The first published update.
    FirstResponse,
    /// The next published update.
    NextUpdate,
    /// Usable again.
    Workaround,
    /// Fixed for good.
    Fix,
    /// A tier is engaged; the subject says which.
    Tier,
    /// A carrier is engaged; the subject says which.
    Carrier,
    /// The draft of the RCA is ready for review.
    RcaDraft,
    /// The final RCA is published.
    RcaFinal,
}

impl ClockKind {
    /// Every kind.
    pub const ALL: [Self; 8] = [
        Self::FirstResponse,
        Self::NextUpdate,
        Self::Workaround,
        Self::Fix,
        Self::Tier,
        Self::Carrier,
        Self::RcaDraft,
        Self::RcaFinal,
    ];

    /// The word stored.
    #[must_use]
    pub const fn slug(self) -> &'static str {
        match self {
            Self::FirstResponse => "first_response",
            Self::NextUpdate => "next_update",
            Self::Workaround => "workaround",
            Self::Fix => "fix",
            Self::Tier => "tier",
            Self::Carrier => "carrier",
            Self::RcaDraft => "rca_draft",
            Self::RcaFinal => "rca_final",
        }
    }

    /// The words shown.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::FirstResponse => "First response",
            Self::NextUpdate => "Next update",
            Self::Workaround => "Workaround",
            Self::Fix => "Permanent fix",
            Self::Tier => "Tier engaged",
            Self::Carrier => "Carrier engaged",
            Self::RcaDraft => "RCA draft",
            Self::RcaFinal => "RCA final",
        }
    }
}

impl TryFrom<String> for ClockKind {
    type Error = UnknownWord;

    fn try_from(s: String) -> Result<Self, UnknownWord> {
        Self::ALL.into_iter().find(|k| k.slug() == s).ok_or(UnknownWord(s))
    }
}

/// Where a clock stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClockState {
    /// Counting.
    Running,
    /// Outside its business hours. Never stored: it follows from the calendar.
    Paused,
    /// Kept.
    Met,
    /// Missed; never erased.
    Breached,
    /// No longer promised, and not missed.
    Cancelled,
}

impl ClockState {
    /// The word stored.
    #[must_use]
    pub const fn slug(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Met => "met",
            Self::Breached => "breached",
            Self::Cancelled => "cancelled",
        }
    }
}

impl TryFrom<String> for ClockState {
    type Error = UnknownWord;

    fn try_from(s: String) -> Result<Self, UnknownWord> {
        [Self::Running, Self::Met, Self::Breached, Self::Cancelled]
            .into_iter()
            .find(|k| k.slug() == s)
            .ok_or(UnknownWord(s))
    }
}

/// One clock of an incident.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clock {
    /// Public id.
    pub id: String,
    /// What is promised.
    pub kind: ClockKind,
    /// About whom: `tier:2`, `supplier:<id>`; empty: the incident itself.
    pub subject: String,
    /// Where it stands.
    pub state: ClockState,
    /// Severity when it was armed.
    pub severity: Severity,
    /// When it was armed.
    pub started_at: Timestamp,
    /// When it falls due.
    pub due_at: Timestamp,
    /// When it stopped.
    pub stopped_at: Option<Timestamp>,
    /// How late it stopped, in milliseconds.
    pub late_ms: Option<i64>,
    /// When the miss went on record.
    pub breached_at: Option<Timestamp>,
    /// Why it was cancelled.
    pub reason: Option<String>,
    /// How many alerts it has given.
    pub alerts: u32,
    /// When it gives the next.
    pub alert_at: Option<Timestamp>,
}

impl Clock {
    /// Arms a clock.
    #[must_use]
    pub const fn arm(
        id: String,
        kind: ClockKind,
        severity: Severity,
        started_at: Timestamp,
        due_at: Timestamp,
    ) -> Self {
        Self {
            id,
            kind,
            subject: String::new(),
            state: ClockState::Running,
            severity,
            started_at,
            due_at,
            stopped_at: None,
            late_ms: None,
            breached_at: None,
            reason: None,
            alerts: 0,
            alert_at: None,
        }
    }

    /// The same clock, about a tier or a supplier.
    #[must_use]
    pub fn about(mut self, subject: &str) -> Self {
        subject.clone_into(&mut self.subject);
        self
    }

    /// The promised thing happened at `at`: met, or breached by so much. A stopped clock stays as it is.
    #[must_use]
    pub fn stop(mut self, at: Timestamp) -> Self {
        if self.state == ClockState::Running {
            self.stopped_at = Some(at);
            if at <= self.due_at {
                self.state = ClockState::Met;
            } else {
                self.state = ClockState::Breached;
                self.late_ms = Some(at.since(self.due_at));
                self.breached_at = self.breached_at.or(Some(self.due_at));
            }
        }
        self
    }

    /// The due time has passed: the miss goes on record, once. The clock runs on until the thing happens.
    #[must_use]
    pub fn fall_due(mut self, now: Timestamp) -> Self {
        if self.state == ClockState::Running && now > self.due_at && self.breached_at.is_none() {
            self.breached_at = Some(self.due_at);
        }
        self
    }

    /// The promise is replaced. One that is overdue ends as breached: it is never erased.
    #[must_use]
    pub fn cancel(mut self, at: Timestamp, reason: &str) -> Self {
        if self.state == ClockState::Running {
            if at > self.due_at {
                return self.stop(at);
            }
            self.state = ClockState::Cancelled;
            self.stopped_at = Some(at);
            self.reason = Some(reason.to_owned());
        }
        self
    }

    /// Milliseconds past due at `now`; 0 while there is time.
    #[must_use]
    pub fn overdue_ms(&self, now: Timestamp) -> i64 {
        self.stopped_at.unwrap_or(now).since(self.due_at).max(0)
    }
}
