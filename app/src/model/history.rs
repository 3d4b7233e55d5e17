//! Past incidents.

use domain::{incident::Phase, severity::Severity};

use super::Site;
use crate::paths;

/// An incident in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PastIncident {
    /// Address.
    pub href: String,
    /// Scope and title.
    pub title: String,
    /// Severity at the end.
    pub severity: Severity,
    /// Phase.
    pub phase: Phase,
    /// `2 Mar 2026, 13:35 UTC`.
    pub started: String,
    /// `resolved after 3 h 5 min`, or `open`.
    pub outcome: String,
}

/// A month of the history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryMonth {
    /// `March 2026`.
    pub name: String,
    /// Newest first; may be empty.
    pub incidents: Vec<PastIncident>,
    /// Summaries of the minor incidents of weeks that began here: days and address, newest first.
    pub summaries: Vec<(String, String)>,
}

/// A quarter of the history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryPage {
    /// Frame.
    pub site: Site,
    /// Newest first.
    pub months: Vec<HistoryMonth>,
    /// Address of the newer page.
    pub newer: Option<String>,
    /// Address of the older page.
    pub older: Option<String>,
}

impl PastIncident {
    /// A sample.
    #[must_use]
    pub fn sample() -> Self {
        Self {
            href: paths::incident("q7d0k3v5n1ab"),
            title: "Italy/Mobile data – slow connections".into(),
            severity: Severity::Sev3,
            phase: Phase::Resolved,
            started: "27 Feb 2026, 09:12 UTC".into(),
            outcome: "resolved after 3 h 5 min".into(),
        }
    }
}

impl HistoryPage {
    /// One month with an incident, two without.
    #[must_use]
    pub fn sample() -> Self {
        Self {
            site: Site::sample(),
            months: vec![
                HistoryMonth { name: "March 2026".into(), incidents: vec![], summaries: vec![] },
                HistoryMonth {
                    name: "February 2026".into(),
                    incidents: vec![PastIncident::sample()],
                    summaries: vec![("23 Feb – 1 Mar 2026".into(), paths::summary("2026-W09"))],
                },
                HistoryMonth { name: "January 2026".into(), incidents: vec![], summaries: vec![] },
            ],
            newer: None,
            older: Some(paths::history_page(2)),
        }
    }
}
