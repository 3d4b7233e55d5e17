//! Incidents as readers see them.

use domain::{incident::Phase, severity::Severity, status::CellStatus, telemetry::chart::Chart};

use super::Site;
use crate::paths;

/// The running promise of a next update.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    /// `14:50 UTC`.
    pub at: String,
    /// `15:50 in France`; may be empty.
    pub local: String,
    /// `4 minutes overdue`, once it is late.
    pub overdue: Option<String>,
}

/// An open incident on the front page or a region's page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IncidentCard {
    /// Address.
    pub href: String,
    /// `France/eUICC download – one in five downloads times out`.
    pub title: String,
    /// Severity now.
    pub severity: Severity,
    /// Phase now.
    pub phase: Phase,
    /// What gives it its colour: the worst that it holds a cell at.
    pub status: CellStatus,
    /// When the impact began: UTC, and local (may be empty).
    pub started: (String, String),
    /// The next promise; none for Sev 4.
    pub due: Option<Due>,
    /// `eUICC download, Activation API`.
    pub services: String,
    /// `France`.
    pub places: String,
    /// Live evidence of the worst affected cell, if telemetry measures it: `79.6 %`, and of what.
    pub evidence: Option<(String, String)>,
    /// When the newest update was published.
    pub updated: String,
    /// What we know.
    pub known: String,
    /// What we do next.
    pub next_steps: String,
    /// What customers should do.
    pub customer_action: String,
    /// What helps in the countries of the page that it stands on: country and words.
    pub workarounds: Vec<(String, String)>,
    /// Number of updates so far.
    pub updates: usize,
}

/// A cell that an incident touches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AffectedCell {
    /// `eUICC download, France`.
    pub name: String,
    /// Address.
    pub href: String,
    /// The status shown now.
    pub status: CellStatus,
}

/// HTML that may be shown as it is. Only what typed text was turned into by the one module that cuts it down to an
/// allow-list belongs here.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Markup(pub String);

/// One published update.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimelineUpdate {
    /// Public id, the fragment of its address.
    pub id: String,
    /// `Update`, `No change`, `Now Sev 1`, `Restored`, …
    pub what: String,
    /// Phase that it left the incident in.
    pub phase: Phase,
    /// When: UTC with the date where it helps, and local.
    pub at: (String, String),
    /// RFC 3339, for machines.
    pub datetime: String,
    /// The filled fields, with their labels.
    pub fields: Vec<(String, Markup)>,
    /// When it was last edited, and where its versions are.
    pub edited: Option<(String, String)>,
    /// `eUICC download, France: operational → partial outage`.
    pub changes: Vec<String>,
    /// `14:50 UTC (15:50 in France)`: what it promised.
    pub promised: Option<String>,
}

/// An incident's own page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IncidentPage {
    /// Frame.
    pub site: Site,
    /// Scope and title, without the severity.
    pub title: String,
    /// Severity now.
    pub severity: Severity,
    /// Phase now.
    pub phase: Phase,
    /// Its colour: the worst that it ever held a cell at while open; operational once over.
    pub status: CellStatus,
    /// Facts in reading order: label, value, second line (may be empty).
    pub facts: Vec<(String, String, String)>,
    /// Success before the change that it was proposed for, where telemetry found it.
    pub chart: Option<Chart>,
    /// The next promise, while one runs.
    pub due: Option<Due>,
    /// Cells.
    pub cells: Vec<AffectedCell>,
    /// What helps, by country.
    pub workarounds: Vec<(String, Markup)>,
    /// Newest first.
    pub updates: Vec<TimelineUpdate>,
    /// The incident in which it goes on: title and address.
    pub goes_on: Option<(String, String)>,
    /// When it was entered, if that was afterwards.
    pub entered: Option<String>,
    /// Its published review: `Published 5 Mar 2026.` and the address.
    pub review: Option<(String, String)>,
    /// Where to subscribe, with its first country ticked.
    pub subscribe: String,
}

impl IncidentCard {
    /// A Sev 2 whose next update is late, with markup in its text, and one with a long title.
    #[must_use]
    pub fn samples() -> Vec<Self> {
        let download = Self {
            href: paths::incident("p31zjtct2jer"),
            title: "Spain/eUICC download – one in five downloads times out".into(),
            severity: Severity::Sev2,
            phase: Phase::Identified,
            status: CellStatus::PartialOutage,
            started: ("13:35 UTC".into(), "14:35 in Spain".into()),
            due: Some(Due { at: "14:50 UTC".into(), local: "15:50 in Spain".into(), overdue: None }),
            services: "eUICC download, Activation API".into(),
            places: "Spain".into(),
            evidence: Some(("79.6 %".into(), "of 1,412 eSIM downloads succeeded in 10 min".into())),
            updated: "13:50 UTC".into(),
            known: "Since 13:35 UTC about one new eSIM download in five in Spain stops at the download step. Devices that \
                    are online already stay online."
                .into(),
            next_steps: "We are moving traffic to the standby host, which takes 20 to 40 minutes.".into(),
            customer_action: "Wait five minutes, then scan the same QR code again. It stays valid & costs <nothing>.".into(),
            workarounds: vec![("Spain".into(), "Download over Wi-Fi.".into())],
            updates: 3,
        };
        let voice = Self {
            href: paths::incident("u2bk4wq0m9dd"),
            title: "Mexico/Voice – calls from Mexico to numbers outside of North America end after a few seconds when \
                    they are made over the secondary interconnect"
                .into(),
            severity: Severity::Sev1,
            phase: Phase::Investigating,
            status: CellStatus::MajorOutage,
            started: ("2 Mar, 13:02 UTC".into(), "07:02 in Mexico".into()),
            due: Some(Due {
                at: "14:26 UTC".into(),
                local: "08:26 in Mexico".into(),
                overdue: Some("4 minutes overdue".into()),
            }),
            services: "Voice".into(),
            places: "Mexico".into(),
            evidence: None,
            updated: "13:56 UTC".into(),
            known: "Calls out of North America drop.".into(),
            next_steps: "Our carrier looks at their interconnect.".into(),
            customer_action: "Use an app over mobile data; data works.".into(),
            workarounds: Vec::new(),
            updates: 1,
        };
        vec![voice, download]
    }
}

impl TimelineUpdate {
    /// An edited one with markup in its text.
    fn sample(id: &str, what: &str, phase: Phase, (at, local): (&str, &str), known: &str) -> Self {
        let field = |label: &str, html: &str| (label.to_owned(), Markup(html.to_owned()));
        Self {
            id: id.into(),
            what: what.into(),
            phase,
            at: (at.into(), local.into()),
            datetime: "2026-03-02T14:20:00.000Z".into(),
            fields: vec![
                field("What we know", known),
                field("What we don’t know", "<p>Whether retries on the standby host slow down as well.</p>"),
                field("What we do next", "<ul><li>Move traffic to the standby host.</li></ul>"),
                field("What you can do", "<p>Scan the same QR code again.</p>"),
            ],
            edited: Some(("14:30 UTC".into(), paths::edits("p31zjtct2jer"))),
            changes: vec!["eUICC download, Spain: operational → partial outage".into()],
            promised: Some("14:50 UTC (15:50 in Spain)".into()),
        }
    }
}

impl IncidentPage {
    /// A restored incident with three updates, markup and an empty field.
    #[must_use]
    pub fn sample() -> Self {
        Self {
            site: Site::sample(),
            title: "Spain/eUICC download – one in five downloads times out".into(),
            severity: Severity::Sev2,
            phase: Phase::Monitoring,
            status: CellStatus::PartialOutage,
            facts: vec![
                ("Started".into(), "2 Mar 2026, 13:35 UTC".into(), "14:35 in Spain".into()),
                ("Usable again".into(), "14:20 UTC".into(), "after 45 minutes".into()),
                ("Affects".into(), "eUICC download".into(), "Spain".into()),
            ],
            chart: None,
            due: Some(Due { at: "14:50 UTC".into(), local: "15:50 in Spain".into(), overdue: None }),
            cells: vec![AffectedCell {
                name: "eUICC download, Spain".into(),
                href: paths::cell("ES", "euicc-download"),
                status: CellStatus::PartialOutage,
            }],
            workarounds: vec![(
                "Spain".into(),
                Markup("<p>Download over <strong>Wi-Fi</strong>.</p>".into()),
            )],
            updates: vec![
                TimelineUpdate::sample(
                    "c",
                    "Restored",
                    Phase::Monitoring,
                    ("14:20 UTC", "15:20 in Spain"),
                    "<p>It works again.</p>",
                ),
                TimelineUpdate::sample(
                    "b",
                    "Now Sev 2",
                    Phase::Identified,
                    ("13:50 UTC", "14:50 in Spain"),
                    "<p>One host is slow &lt;b&gt;.</p>",
                ),
                TimelineUpdate::sample(
                    "a",
                    "First report",
                    Phase::Investigating,
                    ("13:41 UTC", "14:41 in Spain"),
                    "Downloads fail.",
                ),
            ],
            goes_on: None,
            entered: None,
            review: Some(("Published 5 Mar 2026.".into(), paths::rca("p31zjtct2jer"))),
            subscribe: paths::subscribe_to("ES"),
        }
    }
}
