//! Components and the step of an activation that a component may be bound to.

use serde::{Deserialize, Serialize};

use crate::status::UnknownWord;

/// A step of the activation journey, or the whole of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// requested → issued
    Issue,
    /// issued → downloaded
    Download,
    /// downloaded → enabled
    Enable,
    /// requested → enabled
    Journey,
}

impl Step {
    /// Every step.
    pub const ALL: [Self; 4] = [Self::Issue, Self::Download, Self::Enable, Self::Journey];

    /// The word stored and sent.
    #[must_use]
    pub const fn slug(self) -> &'static str {
        match self {
            Self::Issue => "issue",
            Self::Download => "download",
            Self::Enable => "enable",
            Self::Journey => "journey",
        }
    }
}

impl TryFrom<String> for Step {
    type Error = UnknownWord;

    fn try_from(s: String) -> Result<Self, UnknownWord> {
        Self::ALL.into_iter().find(|x| x.slug() == s).ok_or(UnknownWord(s))
    }
}

/// The component set that a new page starts with: slug, name, bound step.
pub const DEFAULTS: [(&str, &str, Option<Step>); 7] = [
    ("activation-api", "Activation API", Some(Step::Issue)),
    ("euicc-download", "eUICC download", Some(Step::Download)),
    ("mobile-data", "Mobile data", Some(Step::Enable)),
    ("voice", "Voice", None),
    ("sms", "SMS", None),
    ("top-up", "Top-up", None),
    ("partner-portal", "Partner portal", None),
];
