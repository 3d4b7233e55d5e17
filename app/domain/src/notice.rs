//! What a published update tells its recipients: one structure behind mail, webhook and feed.

use crate::{
    clock::Timestamp,
    clock_local::Place,
    incident::{Phase, UpdateKind},
    language::{Language, Word, about, mail},
    severity::Severity,
    status::CellStatus,
};

/// The four minimum fields of every update.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Message {
    /// What we know: impact first.
    pub known: String,
    /// What we don't know.
    pub unknown: String,
    /// What we do next, and when we will update.
    pub next_steps: String,
    /// What customers should do.
    pub customer_action: String,
}

impl Message {
    /// The four fields under their labels, one paragraph each, empty ones left out: the body of feeds and APIs.
    #[must_use]
    pub fn body(&self) -> String {
        self.labelled()
            .iter()
            .map(|(label, text)| format!("{label}: {text}"))
            .collect::<Vec<_>>()
            .join("\n\n")
    }

    /// The four fields with their labels, in reading order.
    #[must_use]
    pub fn all(&self) -> [(&'static str, &str); 4] {
        [
            ("What we know", &self.known),
            ("What we don’t know", &self.unknown),
            ("What we do next", &self.next_steps),
            ("What you can do", &self.customer_action),
        ]
    }

    /// The filled fields with their labels, in reading order.
    #[must_use]
    pub fn labelled(&self) -> Vec<(&'static str, &str)> {
        self.labelled_in(Language::English)
    }

    /// The same, with labels in another language.
    #[must_use]
    pub fn labelled_in(&self, language: Language) -> Vec<(&'static str, &str)> {
        const LABELS: [Word; 4] = [mail::KNOWN, mail::UNKNOWN, mail::NEXT_STEPS, mail::CUSTOMER_ACTION];
        let fields = self.all().into_iter().zip(LABELS);
        let filled = fields.filter(|((_, text), _)| !text.is_empty());
        filled.map(|((_, text), label)| (language.say(label), text)).collect()
    }
}

/// One affected cell as the update left it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoticeCell {
    /// Public id of the cell.
    pub cell_id: String,
    /// Public id of the country's group.
    pub group_id: String,
    /// Component slug.
    pub component: String,
    /// Component name.
    pub component_name: String,
    /// ISO code.
    pub country: String,
    /// Country name.
    pub country_name: String,
    /// Before the update.
    pub old_status: CellStatus,
    /// After it.
    pub new_status: CellStatus,
    /// Position of the component within its country, from 1.
    pub position: i64,
    /// When the cell was made.
    pub created_at: Timestamp,
    /// When the cell last changed.
    pub updated_at: Timestamp,
}

/// One published update as a line of the incident's story.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoticeUpdate {
    /// Public id.
    pub id: String,
    /// What kind of update.
    pub kind: UpdateKind,
    /// Phase it left the incident in.
    pub phase: Phase,
    /// The four fields.
    pub message: Message,
    /// When it was published.
    pub published_at: Timestamp,
    /// When its text was last edited.
    pub edited_at: Option<Timestamp>,
    /// Cells it changed.
    pub changed: Vec<NoticeCell>,
}

/// A published update with its incident.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IncidentNotice {
    /// Name of the page.
    pub page_name: String,
    /// Public id of the page.
    pub page_id: String,
    /// Where the page's addresses begin, without a closing slash: its origin, or the link to a partner's page.
    pub origin: String,
    /// Page indicator word and its description at the time of sending.
    pub indicator: (String, String),
    /// Public id of the incident.
    pub incident_id: String,
    /// Title without prefix.
    pub title: String,
    /// Severity now.
    pub severity: Severity,
    /// Phase now.
    pub phase: Phase,
    /// When the impact began.
    pub started_at: Timestamp,
    /// When it was declared.
    pub created_at: Timestamp,
    /// When it became usable again.
    pub restored_at: Option<Timestamp>,
    /// When it was fixed for good.
    pub resolved_at: Option<Timestamp>,
    /// The promise that the update makes.
    pub next_update_due_at: Option<Timestamp>,
    /// Sequence of the update within the incident.
    pub sequence: i64,
    /// Affected countries with their zones.
    pub places: Vec<Place>,
    /// ISO codes of the affected countries.
    pub countries: Vec<String>,
    /// Affected cells as they stand.
    pub cells: Vec<NoticeCell>,
    /// What helps meanwhile, by country: ISO code, name, words.
    pub workarounds: Vec<(String, String, String)>,
    /// Updates, newest first; the first is the one told.
    pub updates: Vec<NoticeUpdate>,
}

/// What telemetry changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MeasuredNotice {
    /// Public id of the page.
    pub page_id: String,
    /// Where the page's addresses begin, without a closing slash.
    pub origin: String,
    /// Page indicator word and its description at the time of sending.
    pub indicator: (String, String),
    /// In the order in which they began.
    pub changes: Vec<MeasuredChange>,
}

/// A cell that telemetry changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MeasuredChange {
    /// The cell with what it showed and shows.
    pub cell: NoticeCell,
    /// What that rests on, one sentence.
    pub evidence: String,
    /// When.
    pub at: Timestamp,
}

impl IncidentNotice {
    /// `[Sev 2] France/eUICC download – about one in five downloads time out`.
    #[must_use]
    pub fn full_title(&self) -> String {
        self.full_title_in(Language::English)
    }

    /// The same, with the words between the names in another language.
    #[must_use]
    pub fn full_title_in(&self, language: Language) -> String {
        full_title(self.severity, &self.scope_in(language), &self.title)
    }

    /// `France/eUICC download`.
    #[must_use]
    pub fn scope(&self) -> String {
        self.scope_in(Language::English)
    }

    /// The same in another language.
    #[must_use]
    pub fn scope_in(&self, language: Language) -> String {
        let mut countries: Vec<&str> = self.cells.iter().map(|c| c.country_name.as_str()).collect();
        countries.dedup();
        let mut components: Vec<&str> = Vec::new();
        for cell in &self.cells {
            if !components.contains(&cell.component_name.as_str()) {
                components.push(&cell.component_name);
            }
        }
        scope_in(language, &countries, &components)
    }

    /// Scheme and host alone.
    #[must_use]
    pub fn site(&self) -> &str {
        site_of(&self.origin)
    }

    /// Address of the incident's page.
    #[must_use]
    pub fn link(&self) -> String {
        format!("{}/incidents/{}", self.origin, self.incident_id)
    }
}

/// Scheme and host of an address, without a closing slash.
#[must_use]
pub fn site_of(address: &str) -> &str {
    let host = address.find("://").map_or(0, |at| at + 3);
    address[host..].find('/').map_or(address, |path| &address[..host + path])
}

/// `France/eUICC download`; many are counted: `6 countries/eUICC download and SMS`.
#[must_use]
pub fn scope(countries: &[&str], components: &[&str]) -> String {
    scope_in(Language::English, countries, components)
}

fn scope_in(language: Language, countries: &[&str], components: &[&str]) -> String {
    let short = |names: &[&str], word: Word| match names.len() {
        0 => String::new(),
        1..=3 => language.listed(names),
        n => language.fill(word, &[&n.to_string()]),
    };
    match (short(countries, about::COUNTRIES), short(components, about::SERVICES)) {
        (a, b) if a.is_empty() => b,
        (a, b) if b.is_empty() => a,
        (a, b) => format!("{a}/{b}"),
    }
}

/// `[Sev N] Region/Component – short description`.
#[must_use]
pub fn full_title(severity: Severity, scope: &str, title: &str) -> String {
    format!("[{}] {}", severity.label(), scoped_title(scope, title))
}

/// `Region/Component – short description`.
#[must_use]
pub fn scoped_title(scope: &str, title: &str) -> String {
    if scope.is_empty() { title.to_owned() } else { format!("{scope} – {title}") }
}
