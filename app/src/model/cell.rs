//! The page of one cell: one component in one country.

use domain::{status::CellStatus, telemetry::chart::Chart};

use super::{Bars, Charts, IncidentCard, PastIncident, Site};
use crate::paths;

/// A change of the shown status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CellChange {
    /// `2 Mar 2026, 13:35 UTC`.
    pub at: String,
    /// What it became.
    pub to: CellStatus,
    /// One sentence.
    pub cause: String,
    /// The incident behind it.
    pub incident: Option<String>,
    /// How many outcomes it rests on, in words; none: a person, an alert or a heartbeat.
    pub samples: Option<String>,
    /// Success before it.
    pub chart: Option<Chart>,
}

/// A cell's page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CellPage {
    /// Frame.
    pub site: Site,
    /// Component name and address.
    pub component: (String, String),
    /// Country name and address.
    pub country: (String, String),
    /// Shown status.
    pub status: CellStatus,
    /// `since 13:35 UTC (14:35 in Spain)`.
    pub since: String,
    /// What the status rests on, in one sentence.
    pub basis: String,
    /// Figures: label, value, second line (may be empty).
    pub evidence: Vec<(String, String, String)>,
    /// What was measured over time, where everybody may see it.
    pub charts: Vec<Charts>,
    /// What pages of suppliers say of what it depends on, in our words.
    pub upstream: Vec<String>,
    /// Ninety days.
    pub bars: Bars,
    /// How the uptime was counted, with the time that had no data.
    pub formula: String,
    /// What is promised, and what was measured in the hours that count; empty: nothing is promised.
    pub target: String,
    /// Open incidents that hold it.
    pub incidents: Vec<IncidentCard>,
    /// Newest first.
    pub changes: Vec<CellChange>,
    /// Incidents of the last 90 days.
    pub past: Vec<PastIncident>,
}

impl CellPage {
    /// A cell in trouble.
    #[must_use]
    pub fn sample() -> Self {
        let feed =
            ("Incidents of eUICC download in Spain".into(), paths::rss_of_cell("ES", "euicc-download"));
        Self {
            site: Site { feed: Some(feed), ..Site::sample() },
            component: ("eUICC download".into(), paths::component("euicc-download")),
            country: ("Spain".into(), paths::country("ES")),
            status: CellStatus::PartialOutage,
            since: "13:35 UTC (14:35 in Spain)".into(),
            basis: "An open incident holds this status; telemetry agrees.".into(),
            evidence: vec![
                ("Success".into(), "79.6 %".into(), "of 1,412 eSIM downloads in 10 min".into()),
                ("Median time".into(), "2.4 s".into(), "95 % within 31 s".into()),
                ("By a second way".into(), "3.1 %".into(), "fallback flow".into()),
                ("Most frequent error".into(), "timeout".into(), "18.2 % of downloads".into()),
                ("Measured".into(), "14:30 UTC".into(), "12 s ago".into()),
            ],
            charts: vec![Charts::sample()],
            upstream: vec![
                "Upstream: Textline reports degraded performance, as of 14:28 UTC.".into(),
                "Upstream: what Atlantica reports has been unknown since 12:05 UTC.".into(),
            ],
            bars: Bars::sample(),
            formula: "100 % minus downtime; 7 days without data are left out.".into(),
            target: "Target: 99.9 % round the clock; missed.".into(),
            incidents: IncidentCard::samples().split_off(1),
            changes: vec![CellChange {
                at: "2 Mar 2026, 13:35 UTC".into(),
                to: CellStatus::PartialOutage,
                cause: "79.6 % of 1,412 eSIM downloads succeeded in 10 min.".into(),
                incident: Some(paths::incident("p31zjtct2jer")),
                samples: Some("n = 1,412".into()),
                chart: Some(Chart {
                    from_at: domain::clock::Timestamp::from_millis(1_772_458_200_000),
                    step_secs: 60,
                    points: vec![(140, 139), (141, 140), (140, 139), (0, 0), (142, 118), (141, 113)],
                }),
            }],
            past: vec![PastIncident::sample()],
        }
    }
}
