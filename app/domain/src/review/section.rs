//! The sections of a review.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// One section, in the order in which they are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Section {
    /// One paragraph.
    Summary,
    /// How long, where, who.
    Impact,
    /// Key events; the record fills it.
    Timeline,
    /// What set it off.
    Trigger,
    /// Why that could happen.
    RootCause,
    /// How it was noticed, and what was not.
    Detection,
    /// What made it usable again.
    Mitigation,
    /// What will be done; a list of its own.
    Actions,
    /// What keeps it from coming back.
    Prevention,
    /// What was said, when, and why.
    Communications,
    /// What customers get.
    Credits,
    /// What would have caught it earlier.
    Earlier,
}

impl Section {
    /// Every section in order.
    pub const ALL: [Self; 12] = [
        Self::Summary,
        Self::Impact,
        Self::Timeline,
        Self::Trigger,
        Self::RootCause,
        Self::Detection,
        Self::Mitigation,
        Self::Actions,
        Self::Prevention,
        Self::Communications,
        Self::Credits,
        Self::Earlier,
    ];

    /// The word stored, and the name of its field.
    #[must_use]
    pub const fn slug(self) -> &'static str {
        match self {
            Self::Summary => "summary",
            Self::Impact => "impact",
            Self::Timeline => "timeline",
            Self::Trigger => "trigger",
            Self::RootCause => "root_cause",
            Self::Detection => "detection",
            Self::Mitigation => "mitigation",
            Self::Actions => "actions",
            Self::Prevention => "prevention",
            Self::Communications => "communications",
            Self::Credits => "credits",
            Self::Earlier => "earlier",
        }
    }

    /// Its heading.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Summary => "Summary",
            Self::Impact => "Impact",
            Self::Timeline => "Timeline",
            Self::Trigger => "Trigger",
            Self::RootCause => "Root cause",
            Self::Detection => "Detection and its gaps",
            Self::Mitigation => "Mitigation",
            Self::Actions => "Corrective actions",
            Self::Prevention => "Prevention",
            Self::Communications => "Customer impact and communications",
            Self::Credits => "Credits",
            Self::Earlier => "What would have caught this earlier",
        }
    }

    /// What to write there.
    #[must_use]
    pub const fn hint(self) -> &'static str {
        match self {
            Self::Summary => "one paragraph: what happened, to whom, how long, why",
            Self::Impact => "share of sessions or travellers; what did not work, what did",
            Self::Timeline => "the record fills it; add key events that it does not know, UTC",
            Self::Trigger => "what set it off, kept apart from the cause",
            Self::RootCause => "why the trigger could do that; systems, never people",
            Self::Detection => "what noticed it and when; what did not and should have",
            Self::Mitigation => "what made it usable again, what was tried before",
            Self::Actions => "one line before the list, if it needs one",
            Self::Prevention => "what keeps this and its like from coming back",
            Self::Communications => "what customers felt; why they were told what, when",
            Self::Credits => "criteria and calculation, or that none apply and why",
            Self::Earlier => "the one check, alarm or question that would have",
        }
    }

    /// Whether somebody must write it: the rest comes from the record or is a list.
    #[must_use]
    pub const fn is_written(self) -> bool {
        !matches!(self, Self::Timeline | Self::Actions)
    }

    /// Whether it is told to everybody unless somebody says otherwise: credits are a matter of contracts.
    #[must_use]
    pub const fn is_public_by_default(self) -> bool {
        !matches!(self, Self::Credits)
    }
}

/// The text of a section, and whom it is for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// As written.
    pub text: String,
    /// For everybody; otherwise for us alone.
    pub is_public: bool,
}

/// Sections that were written.
pub type Sections = BTreeMap<Section, Part>;
