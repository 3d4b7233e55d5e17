//! Pages of a country, a portfolio, or a component.

use domain::status::CellStatus;

use super::{Bars, Charts, Grid, IncidentCard, PastIncident, Site, Verdict};
use crate::paths;

/// One service with its ninety days.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceLine {
    /// Component name, or country name on a component's page.
    pub name: String,
    /// Address.
    pub href: String,
    /// The status now (worst of several).
    pub status: CellStatus,
    /// Ninety days.
    pub bars: Bars,
}

/// The page of a country, a portfolio, or a component.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegionPage {
    /// Frame.
    pub site: Site,
    /// `France`.
    pub name: String,
    /// Where it belongs: name and address.
    pub parent: Option<(String, String)>,
    /// Does it work there?
    pub verdict: Verdict,
    /// `14:30 UTC`, and local (may be empty).
    pub as_of: (String, String),
    /// Open incidents that touch it.
    pub incidents: Vec<IncidentCard>,
    /// Its part of the grid, where it has several countries.
    pub grid: Option<Grid>,
    /// What stands above the lines: `Services` or `Countries`.
    pub lines_title: String,
    /// Its lines.
    pub lines: Vec<ServiceLine>,
    /// Incidents that ended in the last 90 days.
    pub past: Vec<PastIncident>,
    /// What was measured over time, where everybody may see it.
    pub charts: Vec<Charts>,
    /// Where to subscribe to it.
    pub subscribe: String,
}

impl RegionPage {
    /// A country.
    #[must_use]
    pub fn sample() -> Self {
        let mut site = Site::sample();
        site.feed = Some(("Incidents in Spain".into(), paths::rss_of("ES")));
        Self {
            site,
            name: "Spain".into(),
            parent: Some(("Western Europe".into(), paths::portfolio("western-europe"))),
            verdict: Verdict::sample(),
            as_of: ("14:30 UTC".into(), "15:30 in Spain".into()),
            incidents: IncidentCard::samples().split_off(1),
            grid: None,
            lines_title: "Services".into(),
            lines: super::Front::sample().services,
            past: vec![PastIncident::sample()],
            charts: vec![Charts::sample()],
            subscribe: paths::subscribe_to("ES"),
        }
    }
}
