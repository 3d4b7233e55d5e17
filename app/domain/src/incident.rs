//! The life of an incident.
//!
//! ```mermaid
//! stateDiagram-v2
//!   [*] --> Investigating: declare
//!   Investigating --> Identified: post_update
//!   Identified --> Investigating: post_update
//!   Investigating --> Monitoring: restore
//!   Identified --> Monitoring: restore
//!   Monitoring --> Identified: post_update (it came back)
//!   Monitoring --> Resolved: resolve
//!   Investigating --> Resolved: resolve (restores too)
//!   Identified --> Resolved: resolve (restores too)
//! ```

use serde::{Deserialize, Serialize};

use crate::{
    clock::Timestamp,
    severity::Severity,
    sla::{
        clock::{Clock, ClockKind, ClockState},
        policy::SeverityMatrix,
    },
    status::UnknownWord,
};

/// Where an incident stands, in Statuspage's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// The cause is not known.
    Investigating,
    /// The cause is known.
    Identified,
    /// Usable again, being watched.
    Monitoring,
    /// Fixed for good.
    Resolved,
}

impl Phase {
    /// Every phase, in order.
    pub const ALL: [Self; 4] = [Self::Investigating, Self::Identified, Self::Monitoring, Self::Resolved];

    /// The word stored and sent.
    #[must_use]
    pub const fn slug(self) -> &'static str {
        match self {
            Self::Investigating => "investigating",
            Self::Identified => "identified",
            Self::Monitoring => "monitoring",
            Self::Resolved => "resolved",
        }
    }

    /// The word shown.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Investigating => "Investigating",
            Self::Identified => "Identified",
            Self::Monitoring => "Monitoring",
            Self::Resolved => "Resolved",
        }
    }
}

impl TryFrom<String> for Phase {
    type Error = UnknownWord;

    fn try_from(s: String) -> Result<Self, UnknownWord> {
        Self::ALL.into_iter().find(|p| p.slug() == s).ok_or(UnknownWord(s))
    }
}

/// What an update is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UpdateKind {
    /// The first.
    Initial,
    /// Something changed.
    Progress,
    /// Nothing changed, and it says so.
    NoChange,
    /// The severity changed.
    Reclassified,
    /// Usable again.
    Restored,
    /// Fixed for good.
    Resolved,
    /// Facts for one partner: nobody else sees them, and they change nothing else.
    Facts,
}

impl UpdateKind {
    const ALL: [Self; 7] = [
        Self::Initial,
        Self::Progress,
        Self::NoChange,
        Self::Reclassified,
        Self::Restored,
        Self::Resolved,
        Self::Facts,
    ];

    /// The word stored and sent.
    #[must_use]
    pub const fn slug(self) -> &'static str {
        match self {
            Self::Initial => "initial",
            Self::Progress => "progress",
            Self::NoChange => "no_change",
            Self::Reclassified => "reclassified",
            Self::Restored => "restored",
            Self::Resolved => "resolved",
            Self::Facts => "facts",
        }
    }
}

impl TryFrom<String> for UpdateKind {
    type Error = UnknownWord;

    fn try_from(s: String) -> Result<Self, UnknownWord> {
        Self::ALL.into_iter().find(|k| k.slug() == s).ok_or(UnknownWord(s))
    }
}

/// An incident as its rules see it: its state and its running clocks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Incident {
    /// Severity now.
    pub severity: Severity,
    /// Phase now.
    pub phase: Phase,
    /// When the impact began.
    pub started_at: Timestamp,
    /// When it became usable again.
    pub restored_at: Option<Timestamp>,
    /// When it was fixed for good.
    pub resolved_at: Option<Timestamp>,
    /// The promise of the newest update.
    pub next_update_due_at: Option<Timestamp>,
    /// Every clock so far.
    pub clocks: Vec<Clock>,
}

/// Why the rules refuse.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The incident is over.
    #[error("This incident is resolved. Declare a new one if the trouble is back.")]
    Resolved,
    /// Restored already.
    #[error("This incident was restored already. Post an update, or resolve it.")]
    Restored,
    /// The same severity.
    #[error("It is {0} already.")]
    SameSeverity(&'static str),
    /// The next update would come too late.
    #[error("The next update may be promised earlier than policy, never later: {0} at the latest.")]
    TooLate(String),
    /// The next update would be in the past.
    #[error("The next update must be in the future.")]
    InThePast,
    /// A phase that this verb cannot reach.
    #[error(
        "An update moves between investigating and identified; restoring and resolving are steps of their own."
    )]
    Phase,
}

/// Makes ids for new clocks.
pub type NewId<'a> = &'a mut dyn FnMut() -> String;

impl Incident {
    /// Declares an incident and publishes its first update at `now`.
    ///
    /// # Errors
    /// When the promised next update is past or later than policy.
    pub fn declare(
        severity: Severity,
        started_at: Timestamp,
        now: Timestamp,
        promised: Option<Timestamp>,
        matrix: &SeverityMatrix,
        id: NewId<'_>,
    ) -> Result<Self, Refused> {
        let mut incident = Self {
            severity,
            phase: Phase::Investigating,
            started_at,
            restored_at: None,
            resolved_at: None,
            next_update_due_at: None,
            clocks: Vec::new(),
        };
        let promises = matrix.promises(severity);
        let first = matrix.due(severity, promises.first_response, started_at);
        incident
            .clocks
            .push(Clock::arm(id(), ClockKind::FirstResponse, severity, started_at, first).stop(now));
        incident.arm_targets(matrix, id);
        incident.promise(now, promised, matrix, id)?;
        Ok(incident)
    }

    /// Publishes an update that leaves the incident in `phase`.
    ///
    /// # Errors
    /// When it is resolved, the phase is not one an update can reach, or the promise breaks policy.
    pub fn post_update(
        mut self,
        phase: Phase,
        now: Timestamp,
        promised: Option<Timestamp>,
        matrix: &SeverityMatrix,
        id: NewId<'_>,
    ) -> Result<Self, Refused> {
        match (self.phase, phase) {
            (Phase::Resolved, _) => return Err(Refused::Resolved),
            (Phase::Investigating | Phase::Identified, Phase::Monitoring) | (_, Phase::Resolved) => {
                return Err(Refused::Phase);
            }
            (Phase::Monitoring, Phase::Monitoring) => {}
            (Phase::Monitoring, Phase::Investigating | Phase::Identified) => self.restored_at = None,
            (Phase::Investigating | Phase::Identified, Phase::Investigating | Phase::Identified) => {}
        }
        self.phase = phase;
        self.promise(now, promised, matrix, id)?;
        Ok(self)
    }

    /// Changes the severity: the cadence is re-armed from now, the other targets run from the incident's start, and
    /// what was missed before stays on record.
    ///
    /// # Errors
    /// When it is resolved or has that severity.
    pub fn reclassify(
        mut self,
        severity: Severity,
        now: Timestamp,
        matrix: &SeverityMatrix,
        id: NewId<'_>,
    ) -> Result<Self, Refused> {
        if self.phase == Phase::Resolved {
            return Err(Refused::Resolved);
        }
        if severity == self.severity {
            return Err(Refused::SameSeverity(severity.label()));
        }
        self.severity = severity;
        self.end_clocks(&[ClockKind::Workaround, ClockKind::Fix], |c| c.cancel(now, "reclassified"));
        self.arm_targets(matrix, id);
        self.end_clocks(&[ClockKind::NextUpdate], |c| c.cancel(now, "reclassified"));
        self.promise(now, None, matrix, id)?;
        Ok(self)
    }

    /// Usable again, maybe by a workaround.
    ///
    /// # Errors
    /// When it is restored or resolved already, or the promise breaks policy.
    pub fn restore(
        mut self,
        now: Timestamp,
        promised: Option<Timestamp>,
        matrix: &SeverityMatrix,
        id: NewId<'_>,
    ) -> Result<Self, Refused> {
        match self.phase {
            Phase::Resolved => return Err(Refused::Resolved),
            Phase::Monitoring => return Err(Refused::Restored),
            Phase::Investigating | Phase::Identified => {}
        }
        self.phase = Phase::Monitoring;
        self.restored_at = Some(now);
        self.end_clocks(&[ClockKind::Workaround], |c| c.stop(now));
        self.promise(now, promised, matrix, id)?;
        Ok(self)
    }

    /// Fixed for good: no further update is promised. Whom nobody engaged is no longer waited for; the RCA still is.
    ///
    /// # Errors
    /// When it is resolved already.
    pub fn resolve(mut self, now: Timestamp) -> Result<Self, Refused> {
        if self.phase == Phase::Resolved {
            return Err(Refused::Resolved);
        }
        self.phase = Phase::Resolved;
        self.restored_at = self.restored_at.or(Some(now));
        self.resolved_at = Some(now);
        self.next_update_due_at = None;
        self.end_clocks(&[ClockKind::Tier, ClockKind::Carrier], |c| c.cancel(now, "resolved"));
        let stopped =
            [ClockKind::FirstResponse, ClockKind::NextUpdate, ClockKind::Workaround, ClockKind::Fix];
        self.end_clocks(&stopped, |c| c.stop(now));
        Ok(self)
    }

    /// Stops the running cadence clock and arms the next one.
    fn promise(
        &mut self,
        now: Timestamp,
        promised: Option<Timestamp>,
        matrix: &SeverityMatrix,
        id: NewId<'_>,
    ) -> Result<(), Refused> {
        let latest = matrix.latest_next_update(self.severity, now);
        if let Some(promised) = promised {
            if promised <= now {
                return Err(Refused::InThePast);
            }
            if let Some(latest) = latest.filter(|l| promised > *l) {
                return Err(Refused::TooLate(crate::clock_local::utc_time(latest, now)));
            }
        }
        self.end_clocks(&[ClockKind::NextUpdate], |c| c.stop(now));
        self.next_update_due_at = promised.or(latest);
        if let Some(due_at) = self.next_update_due_at {
            let clock = Clock::arm(id(), ClockKind::NextUpdate, self.severity, now, due_at);
            self.clocks.push(clock.alerting(matrix));
        }
        Ok(())
    }

    fn arm_targets(&mut self, matrix: &SeverityMatrix, id: NewId<'_>) {
        let promises = matrix.promises(self.severity).clone();
        let workaround = promises.workaround.filter(|_| self.restored_at.is_none());
        for (kind, target) in [(ClockKind::Workaround, workaround), (ClockKind::Fix, promises.fix)] {
            if let Some(target) = target {
                let due_at = matrix.due(self.severity, target, self.started_at);
                let clock = Clock::arm(id(), kind, self.severity, self.started_at, due_at);
                self.clocks.push(clock.alerting(matrix));
            }
        }
    }

    fn end_clocks(&mut self, kinds: &[ClockKind], end: impl Fn(Clock) -> Clock) {
        self.clocks = std::mem::take(&mut self.clocks)
            .into_iter()
            .map(|c| if c.state == ClockState::Running && kinds.contains(&c.kind) { end(c) } else { c })
            .collect();
    }
}
