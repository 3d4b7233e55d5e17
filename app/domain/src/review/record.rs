//! What Waypost itself knows of an incident: filled in while the review is written, frozen when it is handed in.

use serde::{Deserialize, Serialize};

use super::{Graph, Section};
use crate::clock::Timestamp;

/// Everything that the record holds of an incident.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// The worst severity it ever had.
    pub worst_severity: i64,
    /// When the impact began.
    pub started_at: Timestamp,
    /// When it was declared.
    pub declared_at: Timestamp,
    /// When it was usable again.
    pub restored_at: Option<Timestamp>,
    /// When it was fixed for good.
    pub resolved_at: Option<Timestamp>,
    /// `eUICC download, France`.
    pub cells: Vec<String>,
    /// What happened, oldest first.
    pub events: Vec<Event>,
    /// What was published, oldest first.
    pub said: Vec<Said>,
    /// What telemetry measured.
    pub graphs: Vec<Graph>,
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// When.
    pub at: Timestamp,
    /// What.
    pub what: String,
    /// What stays among us; for the public it is as if it was not there.
    pub is_internal: bool,
}

/// A published update.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said {
    /// When.
    pub at: Timestamp,
    /// `Identified`, `Usable again`.
    pub what: String,
    /// What we knew.
    pub known: String,
    /// How late it was, in milliseconds; 0: when it was promised, or earlier.
    pub late_ms: i64,
}

impl Record {
    /// How long each part took: label and milliseconds.
    #[must_use]
    pub fn durations(&self) -> Vec<(&'static str, i64)> {
        let first = self.said.first().map(|s| s.at);
        [
            ("Until declared", Some(self.declared_at)),
            ("Until the first update", first),
            ("Until usable again", self.restored_at),
            ("Until fixed for good", self.resolved_at),
        ]
        .into_iter()
        .filter_map(|(label, at)| Some((label, at?.since(self.started_at).max(0))))
        .collect()
    }

    /// How many of the updates after the first came when they were promised: kept and made.
    #[must_use]
    pub fn kept(&self) -> (usize, usize) {
        (self.said.iter().filter(|s| s.late_ms == 0).count(), self.said.len())
    }

    /// What everybody may read of it, where `is_public` says which sections they read.
    #[must_use]
    pub fn public(&self, is_public: impl Fn(Section) -> bool) -> Self {
        let keep = |e: &&Event| is_public(Section::Timeline) && !e.is_internal;
        Self {
            events: self.events.iter().filter(keep).cloned().collect(),
            said: if is_public(Section::Communications) { self.said.clone() } else { Vec::new() },
            graphs: if is_public(Section::Impact) { self.graphs.clone() } else { Vec::new() },
            ..self.clone()
        }
    }
}
