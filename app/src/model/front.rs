//! The front page.

use domain::status::CellStatus;

use super::{Bars, Grid, IncidentCard, PastIncident, ServiceLine, Site, Verdict};
use crate::paths;

/// The front page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Front {
    /// Frame.
    pub site: Site,
    /// Does it work?
    pub verdict: Verdict,
    /// `14:30 UTC`.
    pub as_of: String,
    /// `42,118 activations watched in the last 10 min, newest 14 s ago`; none without telemetry.
    pub evidence: Option<String>,
    /// Open incidents, worst first.
    pub incidents: Vec<IncidentCard>,
    /// The grid.
    pub grid: Grid,
    /// Ninety days per component.
    pub services: Vec<ServiceLine>,
    /// `Sev 1: 12 of 12`; empty before the first promise.
    pub ledger: Vec<String>,
    /// Incidents that ended in the last days.
    pub recent: Vec<PastIncident>,
    /// Nothing was reported today (UTC).
    pub quiet_today: bool,
}

impl Front {
    /// 63 cells, 7 bars, two open incidents, one of them overdue.
    #[must_use]
    pub fn sample() -> Self {
        let statuses = [
            CellStatus::Degraded,
            CellStatus::PartialOutage,
            CellStatus::Operational,
            CellStatus::MajorOutage,
            CellStatus::UnderMaintenance,
            CellStatus::Operational,
            CellStatus::NoData,
        ];
        Self {
            site: Site::sample(),
            verdict: Verdict::sample(),
            as_of: "14:30 UTC".into(),
            evidence: Some("Based on 42,118 activations in the last 10 min".into()),
            incidents: IncidentCard::samples(),
            grid: Grid::sample(),
            services: domain::component::DEFAULTS
                .iter()
                .zip(statuses)
                .enumerate()
                .map(|(i, ((slug, name, _), status))| {
                    let mut bars = Bars::sample();
                    bars.days.rotate_left(i * 11);
                    if status == CellStatus::NoData {
                        bars.days.fill(CellStatus::NoData);
                        bars.uptime = None;
                    }
                    ServiceLine { name: (*name).into(), href: paths::component(slug), status, bars }
                })
                .collect(),
            ledger: vec![
                "Sev 1: 12 of 12".into(),
                "Sev 2: 30 of 31 (worst 4 minutes late)".into(),
                "Sev 3: 8 of 8".into(),
            ],
            recent: vec![PastIncident::sample()],
            quiet_today: false,
        }
    }
}
