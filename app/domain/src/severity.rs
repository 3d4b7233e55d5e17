//! Severities. The matrix of their promises is data: see `sla::policy`.

use serde::{Deserialize, Serialize};

use crate::status::Indicator;

/// Severity of an incident, judged by *current* customer impact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "i64", into = "i64")]
pub enum Severity {
    /// Critical: broad outage or safety-critical.
    Sev1,
    /// Major: degradation, or one region.
    Sev2,
    /// Minor: limited feature, clear workaround.
    Sev3,
    /// Informational: no service impact.
    Sev4,
}

impl Severity {
    /// All severities, worst first.
    pub const ALL: [Self; 4] = [Self::Sev1, Self::Sev2, Self::Sev3, Self::Sev4];

    /// 1 to 4.
    #[must_use]
    pub const fn number(self) -> i64 {
        match self {
            Self::Sev1 => 1,
            Self::Sev2 => 2,
            Self::Sev3 => 3,
            Self::Sev4 => 4,
        }
    }

    /// `Sev 2`.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Sev1 => "Sev 1",
            Self::Sev2 => "Sev 2",
            Self::Sev3 => "Sev 3",
            Self::Sev4 => "Sev 4",
        }
    }

    /// `Major`.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Sev1 => "Critical",
            Self::Sev2 => "Major",
            Self::Sev3 => "Minor",
            Self::Sev4 => "Informational",
        }
    }

    /// What an open incident of this severity does to the page indicator.
    #[must_use]
    pub const fn indicator(self) -> Indicator {
        match self {
            Self::Sev1 => Indicator::Critical,
            Self::Sev2 => Indicator::Major,
            Self::Sev3 => Indicator::Minor,
            Self::Sev4 => Indicator::None,
        }
    }
}

impl From<Severity> for i64 {
    fn from(s: Severity) -> Self {
        s.number()
    }
}

impl TryFrom<i64> for Severity {
    type Error = UnknownSeverity;

    fn try_from(n: i64) -> Result<Self, UnknownSeverity> {
        Self::ALL.into_iter().find(|s| s.number() == n).ok_or(UnknownSeverity(n))
    }
}

/// A severity outside 1–4.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("severity {0} is not 1, 2, 3 or 4")]
pub struct UnknownSeverity(pub i64);
