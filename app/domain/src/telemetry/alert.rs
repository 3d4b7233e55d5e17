//! Evidence that is an alert of somebody else's monitoring.

use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;

/// What an alert says of a cell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AlertEvidence {
    /// One line.
    pub alert: String,
    /// Since when, in words.
    pub since: String,
    /// The same, as a time.
    pub starts_at: Timestamp,
}

impl AlertEvidence {
    /// `Alert since 08:15 UTC: ASR 91.2 % over 10 min`.
    #[must_use]
    pub fn sentence(&self) -> String {
        format!("Alert since {}: {}", self.since, self.alert)
    }
}
