//! Who is called in on an incident: tiers of our own, and suppliers.

use crate::{
    clock::{HOUR, MINUTE, Timestamp},
    clock_local::duration_words,
    sla::{
        alerts::Alert,
        clock::{Clock, ClockKind},
    },
    status::UnknownWord,
};

/// Somebody who can be called in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Party {
    /// The network operations of tier 2.
    TierTwo,
    /// The engineers of tier 3, who own the root cause.
    TierThree,
    /// A supplier, by its id.
    Supplier(String),
}

impl Party {
    /// As clocks and engagements name it: `tier:2`, `supplier:<id>`.
    #[must_use]
    pub fn subject(&self) -> String {
        match self {
            Self::TierTwo => "tier:2".into(),
            Self::TierThree => "tier:3".into(),
            Self::Supplier(id) => format!("supplier:{id}"),
        }
    }

    /// The kind of the clock that runs until they are engaged.
    #[must_use]
    pub const fn clock(&self) -> ClockKind {
        match self {
            Self::TierTwo | Self::TierThree => ClockKind::Tier,
            Self::Supplier(_) => ClockKind::Carrier,
        }
    }

    /// The name of a tier; none: ask the desk book.
    #[must_use]
    pub const fn name(&self) -> Option<&'static str> {
        match self {
            Self::TierTwo => Some("Tier 2 – network operations"),
            Self::TierThree => Some("Tier 3 – engineering"),
            Self::Supplier(_) => None,
        }
    }
}

impl TryFrom<&str> for Party {
    type Error = UnknownWord;

    fn try_from(s: &str) -> Result<Self, UnknownWord> {
        match (s, s.strip_prefix("supplier:")) {
            ("tier:2", _) => Ok(Self::TierTwo),
            ("tier:3", _) => Ok(Self::TierThree),
            (_, Some(id)) if !id.is_empty() => Ok(Self::Supplier(id.to_owned())),
            _ => Err(UnknownWord(s.to_owned())),
        }
    }
}

/// What a supplier does for us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SupplierKind {
    /// Carries voice, messages and data.
    Carrier,
    /// Hosts the SM-DP+ that profiles are downloaded from.
    SmdpHost,
    /// Passes text messages on.
    SmsHub,
    /// Anything else.
    Other,
}

impl SupplierKind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Carrier, Self::SmdpHost, Self::SmsHub, Self::Other];

    /// The word stored.
    #[must_use]
    pub const fn slug(self) -> &'static str {
        match self {
            Self::Carrier => "carrier",
            Self::SmdpHost => "smdp_host",
            Self::SmsHub => "sms_hub",
            Self::Other => "other",
        }
    }

    /// The words shown.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Carrier => "Carrier",
            Self::SmdpHost => "Download host",
            Self::SmsHub => "SMS hub",
            Self::Other => "Supplier",
        }
    }
}

impl TryFrom<&str> for SupplierKind {
    type Error = UnknownWord;

    fn try_from(s: &str) -> Result<Self, UnknownWord> {
        Self::ALL.into_iter().find(|k| k.slug() == s).ok_or_else(|| UnknownWord(s.to_owned()))
    }
}

/// What a clock promises, in words that tell the tiers apart.
#[must_use]
pub fn promise_words(clock: &Clock) -> &'static str {
    match (clock.kind, clock.subject.as_str()) {
        (ClockKind::Tier, "tier:2") => "Tier 2 engaged",
        (ClockKind::Tier, _) => "Tier 3 or supplier contacted",
        (ClockKind::Carrier, _) => "Supplier engaged",
        (kind, _) => kind.words(),
    }
}

/// The tier whose people on call hear an alert beside those who lead: one tier up for each escalation, and whoever has
/// to do the calling.
#[must_use]
pub fn tier_to_tell(clock: &Clock, alert: Alert) -> Option<i64> {
    match (alert, clock.kind, clock.subject.as_str()) {
        (Alert::Escalation(tiers), _, _) => Some(i64::from(tiers) + 1),
        (_, ClockKind::Tier, "tier:2") => Some(1),
        (_, ClockKind::Tier | ClockKind::Carrier, _) => Some(2),
        _ => None,
    }
}

/// Who was engaged, in words for the public: never a name.
#[must_use]
pub fn public_words(kind: &str, subject: &str) -> &'static str {
    match (SupplierKind::try_from(kind), subject) {
        (Ok(kind), _) => kind.words(),
        (Err(_), "tier:3") => "Engineering",
        (Err(_), _) => "Network operations",
    }
}

/// How long it took, and what was promised: `after 21 min` and `target 30 min`.
#[must_use]
pub fn took(from: Timestamp, engaged_at: Timestamp, due_at: Option<Timestamp>) -> (String, Option<String>) {
    let short = |ms: i64| match ms {
        ms if ms < MINUTE => "less than a minute".to_owned(),
        ms if ms < 2 * HOUR => format!("{} min", ms / MINUTE),
        ms => duration_words(ms),
    };
    let target = due_at.map(|due| format!("target {}", short(due.since(from))));
    (format!("after {}", short(engaged_at.since(from).max(0))), target)
}
