//! Published reviews and weekly summaries.

use domain::review::{Record, Section};

use super::{Markup, Site};

/// A published review (root cause analysis) of an incident.
#[derive(Debug, Clone)]
pub struct ReviewPage {
    /// Frame.
    pub site: Site,
    /// Scope and title of the incident.
    pub title: String,
    /// Its page.
    pub href: String,
    /// `Published 5 Mar 2026.`, with when it was corrected.
    pub published: String,
    /// Why it was corrected; empty: it never was.
    pub correction: String,
    /// Public sections in order.
    pub parts: Vec<ReviewPart>,
    /// Corrective actions.
    pub actions: Vec<PromisedAction>,
    /// The public part of what the record holds.
    pub record: Record,
}

/// A section of it.
#[derive(Debug, Clone)]
pub struct ReviewPart {
    /// Which.
    pub section: Section,
    /// What was written; none: the record speaks.
    pub text: Option<Markup>,
}

/// A corrective action as everybody sees it.
#[derive(Debug, Clone)]
pub struct PromisedAction {
    /// What will be done.
    pub what: String,
    /// `by 9 Mar 2026`, `done 8 Mar 2026`.
    pub state: String,
    /// It should have been done by now.
    pub is_overdue: bool,
}

/// A summary of a week's minor incidents.
#[derive(Debug, Clone)]
pub struct SummaryPage {
    /// Frame.
    pub site: Site,
    /// `23 Feb – 1 Mar 2026`.
    pub days: String,
    /// `Published 2 Mar 2026.`
    pub published: String,
    /// Words before the list.
    pub opening: Option<Markup>,
    /// Incidents, oldest first.
    pub items: Vec<SummaryLine>,
}

/// An incident in it.
#[derive(Debug, Clone)]
pub struct SummaryLine {
    /// Scope and title.
    pub title: String,
    /// Its page.
    pub href: String,
    /// `24 Feb 2026, 08:10 UTC, over after 3 h`.
    pub facts: String,
    /// What there is to say.
    pub text: Option<Markup>,
}
