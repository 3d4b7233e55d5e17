//! Cell statuses and the page indicator.

use serde::{Deserialize, Serialize};

/// The status of a cell (one component in one country).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CellStatus {
    /// Works, with fresh evidence.
    Operational,
    /// Works, but slowly or by a secondary flow.
    #[serde(rename = "degraded_performance")]
    Degraded,
    /// Fails for some.
    PartialOutage,
    /// Fails for most or all.
    MajorOutage,
    /// Planned work is going on.
    UnderMaintenance,
    /// No fresh evidence: silence is never green.
    NoData,
}

impl CellStatus {
    /// Every status, worst last, then maintenance and no data.
    pub const ALL: [Self; 6] = [
        Self::Operational,
        Self::Degraded,
        Self::PartialOutage,
        Self::MajorOutage,
        Self::UnderMaintenance,
        Self::NoData,
    ];

    /// The word stored and sent: `partial_outage`.
    #[must_use]
    pub const fn slug(self) -> &'static str {
        match self {
            Self::Operational => "operational",
            Self::Degraded => "degraded_performance",
            Self::PartialOutage => "partial_outage",
            Self::MajorOutage => "major_outage",
            Self::UnderMaintenance => "under_maintenance",
            Self::NoData => "no_data",
        }
    }

    /// The words shown: `partial outage`.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Operational => "operational",
            Self::Degraded => "degraded performance",
            Self::PartialOutage => "partial outage",
            Self::MajorOutage => "major outage",
            Self::UnderMaintenance => "under maintenance",
            Self::NoData => "no data",
        }
    }

    /// The Statuspage word; that enum has none for *no data*, which reads `operational` there.
    #[must_use]
    pub const fn statuspage(self) -> &'static str {
        match self {
            Self::NoData => "operational",
            other => other.slug(),
        }
    }

    /// How bad: 0 operational, 1 no data, 2 maintenance, 3 degraded, 4 partial, 5 major. For "worst of" only.
    #[must_use]
    pub const fn rank(self) -> u8 {
        match self {
            Self::Operational => 0,
            Self::NoData => 1,
            Self::UnderMaintenance => 2,
            Self::Degraded => 3,
            Self::PartialOutage => 4,
            Self::MajorOutage => 5,
        }
    }

    /// The worse of two.
    #[must_use]
    pub const fn worse(self, other: Self) -> Self {
        if other.rank() > self.rank() { other } else { self }
    }

    /// Whether a traveller is hurt: degraded, partial or major.
    #[must_use]
    pub const fn is_trouble(self) -> bool {
        self.rank() >= 3
    }
}

impl TryFrom<String> for CellStatus {
    type Error = UnknownWord;

    fn try_from(s: String) -> Result<Self, UnknownWord> {
        Self::ALL.into_iter().find(|c| c.slug() == s).ok_or(UnknownWord(s))
    }
}

/// What a cell's status rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// Activations or heartbeats.
    Telemetry,
    /// A person: a pin or an incident.
    Person,
    /// Nothing.
    None,
}

impl Basis {
    /// The word stored and sent.
    #[must_use]
    pub const fn slug(self) -> &'static str {
        match self {
            Self::Telemetry => "telemetry",
            Self::Person => "person",
            Self::None => "none",
        }
    }
}

impl TryFrom<String> for Basis {
    type Error = UnknownWord;

    fn try_from(s: String) -> Result<Self, UnknownWord> {
        [Self::Telemetry, Self::Person, Self::None].into_iter().find(|b| b.slug() == s).ok_or(UnknownWord(s))
    }
}

/// A stored or sent word that no enum here knows.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown word {0:?}")]
pub struct UnknownWord(pub String);

/// The page's top-level indicator, in Statuspage's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Indicator {
    /// All well.
    None,
    /// Only maintenance.
    Maintenance,
    /// Minor.
    Minor,
    /// Major.
    Major,
    /// Critical.
    Critical,
}

impl Indicator {
    /// The word sent.
    #[must_use]
    pub const fn slug(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Maintenance => "maintenance",
            Self::Minor => "minor",
            Self::Major => "major",
            Self::Critical => "critical",
        }
    }
}

/// The page's words and indicator from its cells, as the Statuspage documentation ladders them; first match wins.
#[must_use]
pub fn rollup(cells: &[CellStatus]) -> (Indicator, &'static str) {
    use CellStatus::{Degraded, MajorOutage, PartialOutage, UnderMaintenance};
    let any = |s| cells.contains(&s);
    let all = |s| !cells.is_empty() && cells.iter().all(|c| *c == s);
    if let [one] = cells {
        return match one {
            UnderMaintenance => (Indicator::Maintenance, "Service Under Maintenance"),
            Degraded => (Indicator::Minor, "Partially Degraded Service"),
            PartialOutage => (Indicator::Major, "Partial System Outage"),
            MajorOutage => (Indicator::Critical, "Major System Outage"),
            CellStatus::Operational | CellStatus::NoData => (Indicator::None, "All Systems Operational"),
        };
    }
    if all(MajorOutage) {
        (Indicator::Critical, "Major System Outage")
    } else if all(PartialOutage) || any(MajorOutage) {
        (Indicator::Major, "Partial System Outage")
    } else if any(PartialOutage) {
        (Indicator::Minor, "Minor Service Outage")
    } else if all(Degraded) {
        (Indicator::Minor, "Degraded System Service")
    } else if any(Degraded) {
        (Indicator::Minor, "Partially Degraded Service")
    } else if any(UnderMaintenance) {
        (Indicator::Maintenance, "Service Under Maintenance")
    } else {
        (Indicator::None, "All Systems Operational")
    }
}

/// The page's indicator: the worse of its cells' roll-up and its open incidents' severities.
#[must_use]
pub fn page_indicator(cells: &[CellStatus], open: &[crate::severity::Severity]) -> (Indicator, &'static str) {
    let (indicator, words) = rollup(cells);
    let incidents = open.iter().map(|s| s.indicator()).max().unwrap_or(Indicator::None);
    if incidents <= indicator {
        return (indicator, words);
    }
    let words = match incidents {
        Indicator::Critical => "Major System Outage",
        Indicator::Major => "Partial System Outage",
        Indicator::Minor => "Minor Service Outage",
        Indicator::Maintenance | Indicator::None => words,
    };
    (incidents, words)
}
