//! Who leads an incident, and when a second person must sign off what is published.

use serde::{Deserialize, Serialize};

use crate::{severity::Severity, status::UnknownWord};

/// A part that a person plays in one incident.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lead {
    /// Runs the incident.
    Commander,
    /// Writes to the public; never the commander.
    CommsLead,
    /// Leads the repair.
    TechnicalLead,
    /// Talks to key customers.
    Liaison,
}

impl Lead {
    /// Every part.
    pub const ALL: [Self; 4] = [Self::Commander, Self::CommsLead, Self::TechnicalLead, Self::Liaison];

    /// The word stored.
    #[must_use]
    pub const fn slug(self) -> &'static str {
        match self {
            Self::Commander => "commander",
            Self::CommsLead => "comms_lead",
            Self::TechnicalLead => "technical_lead",
            Self::Liaison => "liaison",
        }
    }

    /// The words shown.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Commander => "Incident commander",
            Self::CommsLead => "Communications lead",
            Self::TechnicalLead => "Technical lead",
            Self::Liaison => "Customer liaison",
        }
    }
}

impl TryFrom<String> for Lead {
    type Error = UnknownWord;

    fn try_from(s: String) -> Result<Self, UnknownWord> {
        Self::ALL.into_iter().find(|l| l.slug() == s).ok_or(UnknownWord(s))
    }
}

/// Why somebody cannot take a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotFit {
    /// The commander and the communications lead are two people.
    #[error(
        "The incident commander and the communications lead must be two people: one decides, the other writes."
    )]
    SamePerson,
    /// It is theirs already.
    #[error("This person has that part already.")]
    Already,
    /// Taking over leaves a note.
    #[error("Write a short note for the hand-over: what is under way, and what comes next.")]
    NoNote,
}

/// Whether `person` may take `part`, given who holds which part now.
///
/// # Errors
/// [`NotFit`] says why not.
pub fn may_take(part: Lead, person: &str, note: &str, holders: &[(Lead, String)]) -> Result<(), NotFit> {
    let holder = |part: Lead| holders.iter().find(|(l, _)| *l == part).map(|(_, p)| p.as_str());
    let other = match part {
        Lead::Commander => Some(Lead::CommsLead),
        Lead::CommsLead => Some(Lead::Commander),
        Lead::TechnicalLead | Lead::Liaison => None,
    };
    if other.is_some_and(|other| holder(other) == Some(person)) {
        return Err(NotFit::SamePerson);
    }
    match holder(part) {
        Some(now) if now == person => Err(NotFit::Already),
        Some(_) if note.trim().is_empty() => Err(NotFit::NoNote),
        _ => Ok(()),
    }
}

/// Who stands behind a publication beside its author.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum SignOff {
    /// Nobody.
    #[default]
    Alone,
    /// A second person, from their own session.
    Approved(String),
    /// Nobody, although two were needed: for this reason, logged and counted.
    BreakGlass(String),
    /// Waypost itself: a statement approved in advance.
    Automatic,
}

/// Why a publication is not signed off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unsigned {
    /// Two people are needed.
    #[error(
        "Sev 1 and Sev 2 need a second person: ask for approval, or break the glass with a reason. Breaking it is logged and counted."
    )]
    SecondPerson,
    /// An approval of one's own text.
    #[error("Somebody else must approve this: you wrote it.")]
    OwnText,
    /// Breaking the glass needs a reason.
    #[error("Say why nobody else can approve this in time.")]
    NoReason,
}

/// Whether what `author` publishes at `severity` is signed off.
///
/// # Errors
/// [`Unsigned`] says what is missing.
pub fn signed_off(severity: Severity, author: &str, sign_off: &SignOff) -> Result<(), Unsigned> {
    match sign_off {
        SignOff::Alone if matches!(severity, Severity::Sev1 | Severity::Sev2) => Err(Unsigned::SecondPerson),
        SignOff::Approved(second) if second == author => Err(Unsigned::OwnText),
        SignOff::BreakGlass(reason) if reason.trim().is_empty() => Err(Unsigned::NoReason),
        SignOff::Alone | SignOff::Approved(_) | SignOff::BreakGlass(_) | SignOff::Automatic => Ok(()),
    }
}
