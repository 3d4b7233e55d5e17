//! What everybody reads of a review: the public parts alone, with the record as it was frozen.

use serde::{Deserialize, Serialize};

use super::{Record, Section, Sections};
use crate::clock::Timestamp;

/// A corrective action as it was published; who answers for it stays among us.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublishedAction {
    /// Its id: whether it is done by now is looked up.
    pub id: String,
    /// What will be done.
    pub what: String,
    /// `2026-03-09`.
    pub due_on: String,
}

/// A published review.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Published {
    /// Public sections in order, with their text (which may be empty where the record speaks).
    pub parts: Vec<(Section, String)>,
    /// Corrective actions, if they are public.
    pub actions: Vec<PublishedAction>,
    /// The public part of the record.
    pub record: Record,
    /// When it was first published.
    pub first_at: Timestamp,
    /// When this text was published.
    pub at: Timestamp,
    /// Why it was corrected; empty: it never was.
    pub correction: String,
}

impl Published {
    /// What may be told of a review; times and correction are left to whoever publishes.
    #[must_use]
    pub fn of(sections: &Sections, actions: Vec<PublishedAction>, record: &Record) -> Self {
        let is_public = |s: Section| sections.get(&s).map_or(s.is_public_by_default(), |p| p.is_public);
        let parts = Section::ALL.into_iter().filter(|s| is_public(*s));
        let parts = parts.map(|s| (s, sections.get(&s).map(|p| p.text.clone()).unwrap_or_default()));
        Self {
            parts: parts.collect(),
            actions: if is_public(Section::Actions) { actions } else { Vec::new() },
            record: record.public(is_public),
            ..Self::default()
        }
    }

    /// Whether a section is told.
    #[must_use]
    pub fn has(&self, section: Section) -> bool {
        self.parts.iter().any(|(s, _)| *s == section)
    }

    /// Everything as plain text with headings, for feeds and programs.
    #[must_use]
    pub fn body(&self) -> String {
        let mut told: Vec<String> = Vec::new();
        for (section, text) in &self.parts {
            let actions = self.actions.iter().filter(|_| *section == Section::Actions);
            let actions = actions.map(|a| format!("– {} (by {})", a.what, a.due_on));
            let lines: Vec<String> =
                [text.clone()].into_iter().filter(|t| !t.is_empty()).chain(actions).collect();
            if !lines.is_empty() {
                told.push(format!("{}\n{}", section.title(), lines.join("\n")));
            }
        }
        told.join("\n\n")
    }
}
