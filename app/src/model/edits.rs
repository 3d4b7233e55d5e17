//! How the published texts of an incident were edited.

use domain::writing::diff::Fate;

use super::Site;

/// The versions of every edited update.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EditsPage {
    /// Frame.
    pub site: Site,
    /// Scope and title, without the severity.
    pub title: String,
    /// The incident's page.
    pub href: String,
    /// Newest update first.
    pub updates: Vec<EditedUpdate>,
}

/// An update that was edited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EditedUpdate {
    /// Public id, the fragment of its address.
    pub id: String,
    /// `Identified, 08:12 UTC`.
    pub what: String,
    /// Newest first.
    pub edits: Vec<EditedText>,
}

/// One edit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EditedText {
    /// `08:30 UTC`.
    pub at: String,
    /// Why.
    pub reason: String,
    /// Label and words of every field that changed.
    pub changes: Vec<(String, Vec<(Fate, String)>)>,
}
