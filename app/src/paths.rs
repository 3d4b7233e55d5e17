//! Every address of Waypost, once: handlers route by these, pages link by these.

/// The front page.
pub const HOME: &str = "/";
/// Past incidents.
pub const HISTORY: &str = "/history";
/// The RSS feed of the whole page.
pub const RSS: &str = "/history.rss";
/// The Atom feed of the whole page.
pub const ATOM: &str = "/history.atom";
/// The RSS feed with an entry per update.
pub const UPDATES_RSS: &str = "/updates.rss";
/// The Atom feed with an entry per update.
pub const UPDATES_ATOM: &str = "/updates.atom";
/// What is promised, and whether it is kept.
pub const PROMISES: &str = "/promises";
/// The same for programs.
pub const PROMISES_JSON: &str = "/promises.json";
/// Subscribing.
pub const SUBSCRIBE: &str = "/subscribe";
/// The form in a language.
#[must_use]
pub fn subscribe_in(language: domain::language::Language) -> String {
    match language {
        domain::language::Language::English => SUBSCRIBE.to_owned(),
        other => format!("{SUBSCRIBE}?lang={}", other.code()),
    }
}

/// A partner's own page.
#[must_use]
pub fn partner_page(token: &str) -> String {
    format!("/p/{token}")
}

/// Evidence packs, on a partner's page.
pub const EVIDENCE: &str = "/evidence";

/// The pack of a month.
#[must_use]
pub fn evidence(month: &str) -> String {
    format!("{EVIDENCE}/{month}")
}

/// The same as a file: `json` or `csv`.
#[must_use]
pub fn evidence_file(month: &str, kind: &str) -> String {
    format!("{EVIDENCE}/{month}.{kind}")
}

/// The description of the public API, for people.
pub const API: &str = "/api";
/// The page's icon.
pub const ICON: &str = "/favicon.svg";
/// Is this process alive?
pub const HEALTH: &str = "/healthz";
/// For crawlers.
pub const ROBOTS: &str = "/robots.txt";
/// For those who find a hole.
pub const SECURITY: &str = "/.well-known/security.txt";
/// The console's clock board.
pub const CONSOLE: &str = "/console";
/// First factor.
pub const SIGN_IN: &str = "/console/sign-in";
/// Second factor.
pub const SIGN_IN_CODE: &str = "/console/sign-in/code";
/// Events come in.
pub const INGEST_EVENTS: &str = "/ingest/v1/events";
/// Signs of life come in.
pub const INGEST_HEARTBEAT: &str = "/ingest/v1/heartbeat";

/// The public JSON of Statuspage's API, version 2: one variant per document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ApiV2 {
    /// Page and status.
    Status,
    /// Everything that is current.
    Summary,
    /// All cells.
    Components,
    /// The 50 newest incidents.
    Incidents,
    /// Open incidents.
    Unresolved,
    /// Planned work.
    Maintenances,
    /// Planned work to come.
    MaintenancesUpcoming,
    /// Planned work going on.
    MaintenancesActive,
}

impl ApiV2 {
    /// Every document.
    pub const ALL: [Self; 8] = [
        Self::Status,
        Self::Summary,
        Self::Components,
        Self::Incidents,
        Self::Unresolved,
        Self::Maintenances,
        Self::MaintenancesUpcoming,
        Self::MaintenancesActive,
    ];

    /// Its address.
    #[must_use]
    pub const fn path(self) -> &'static str {
        match self {
            Self::Status => "/api/v2/status.json",
            Self::Summary => "/api/v2/summary.json",
            Self::Components => "/api/v2/components.json",
            Self::Incidents => "/api/v2/incidents.json",
            Self::Unresolved => "/api/v2/incidents/unresolved.json",
            Self::Maintenances => "/api/v2/scheduled-maintenances.json",
            Self::MaintenancesUpcoming => "/api/v2/scheduled-maintenances/upcoming.json",
            Self::MaintenancesActive => "/api/v2/scheduled-maintenances/active.json",
        }
    }

    /// The document at this address.
    #[must_use]
    pub fn at(path: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|d| d.path() == path)
    }
}

/// An incident's page.
#[must_use]
pub fn incident(id: &str) -> String {
    format!("/incidents/{id}")
}

/// How the published texts of an incident were edited.
#[must_use]
pub fn edits(id: &str) -> String {
    format!("/incidents/{id}/edits")
}

/// The published review of an incident.
#[must_use]
pub fn rca(id: &str) -> String {
    format!("/incidents/{id}/rca")
}

/// The summary of a week's minor incidents: `2026-W09`.
#[must_use]
pub fn summary(week: &str) -> String {
    format!("/summaries/{week}")
}

/// A country's page.
#[must_use]
pub fn country(code: &str) -> String {
    format!("/regions/{}", code.to_ascii_lowercase())
}

/// A portfolio's page.
#[must_use]
pub fn portfolio(slug: &str) -> String {
    format!("/regions/{slug}")
}

/// A cell's page: one component in one country.
#[must_use]
pub fn cell(country: &str, component: &str) -> String {
    format!("/regions/{}/{component}", country.to_ascii_lowercase())
}

/// A component's page.
#[must_use]
pub fn component(slug: &str) -> String {
    format!("/components/{slug}")
}

/// A page of the history: 1 is the newest quarter.
#[must_use]
pub fn history_page(page: usize) -> String {
    if page <= 1 { HISTORY.into() } else { format!("{HISTORY}?page={page}") }
}

/// The feed of one region (country code or portfolio slug).
#[must_use]
pub fn rss_of(region: &str) -> String {
    format!("{RSS}?region={}", region.to_ascii_lowercase())
}

/// The feed of one component.
#[must_use]
pub fn rss_of_component(component: &str) -> String {
    format!("{RSS}?component={component}")
}

/// The feed of one component in one country.
#[must_use]
pub fn rss_of_cell(country: &str, component: &str) -> String {
    format!("{}&component={component}", rss_of(country))
}

/// Subscribing, with a country ticked already.
#[must_use]
pub fn subscribe_to(country: &str) -> String {
    format!("{SUBSCRIBE}?country={country}")
}

/// Confirming a subscription, from a mail.
#[must_use]
pub fn confirm(token: &str) -> String {
    format!("/confirm/{token}")
}

/// Ending a subscription, from a mail.
#[must_use]
pub fn unsubscribe(token: &str) -> String {
    format!("/u/{token}")
}

/// Changing a subscription, from a mail or the page that took it.
#[must_use]
pub fn manage(token: &str) -> String {
    format!("/manage/{token}")
}

/// The one-time first-run setup.
#[must_use]
pub fn setup(token: &str) -> String {
    format!("/setup/{token}")
}
