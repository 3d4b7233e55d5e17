//! Templates of updates: approved in advance, one per severity and kind, filled by name from a fixed list. One pass, no
//! nesting, no code.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{severity::Severity, status::UnknownWord};

/// The end of what stands where a fact was not known when the template was filled: `[workaround: please fill in]`.
pub const GAP: &str = ": please fill in]";

/// Every placeholder, and what it stands for.
pub const PLACEHOLDERS: [(&str, &str); 15] = [
    ("title", "short description as typed"),
    ("severity", "Sev 2"),
    ("countries", "France and Italy"),
    ("components", "eUICC download"),
    ("started_utc", "08:10 UTC"),
    ("next_update", "09:10 UTC"),
    ("cadence", "every 60 minutes"),
    ("workaround", "the workarounds of the incident"),
    ("restored_utc", "09:40 UTC"),
    ("duration", "1 h 30 min"),
    ("window_utc", "maintenance: 01:00 to 05:00 UTC"),
    ("window_local", "maintenance: the same in local time"),
    ("risk", "maintenance: low, medium or high"),
    ("rollback", "maintenance: available or not"),
    ("contact", "maintenance: whom to reach during the window"),
];

/// When a template is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TemplateKind {
    /// Declaring.
    Initial,
    /// While it lasts.
    Progress,
    /// Usable again, and fixed for good.
    Restore,
    /// Planned work.
    Maintenance,
}

impl TemplateKind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Initial, Self::Progress, Self::Restore, Self::Maintenance];

    /// The word stored and sent.
    #[must_use]
    pub const fn slug(self) -> &'static str {
        match self {
            Self::Initial => "initial",
            Self::Progress => "progress",
            Self::Restore => "restore",
            Self::Maintenance => "maintenance",
        }
    }

    /// The words shown.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Initial => "First report",
            Self::Progress => "Progress",
            Self::Restore => "Restore",
            Self::Maintenance => "Maintenance",
        }
    }
}

impl TryFrom<String> for TemplateKind {
    type Error = UnknownWord;

    fn try_from(s: String) -> Result<Self, UnknownWord> {
        Self::ALL.into_iter().find(|k| k.slug() == s).ok_or(UnknownWord(s))
    }
}

/// Where a template belongs: `sev2-initial`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slot {
    /// Its severity.
    pub severity: Severity,
    /// Its kind.
    pub kind: TemplateKind,
}

impl Slot {
    /// Every slot, by severity.
    pub fn all() -> impl Iterator<Item = Self> {
        Severity::ALL.into_iter().flat_map(|severity| TemplateKind::ALL.map(|kind| Self { severity, kind }))
    }

    /// Its word.
    #[must_use]
    pub fn slug(self) -> String {
        format!("sev{}-{}", self.severity.number(), self.kind.slug())
    }

    /// `Sev 2 – First report`.
    #[must_use]
    pub fn words(self) -> String {
        format!("{} – {}", self.severity.label(), self.kind.words())
    }

    /// The slot by its word.
    #[must_use]
    pub fn find(word: &str) -> Option<Self> {
        Self::all().find(|s| s.slug() == word)
    }
}

/// The texts of a template.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Template {
    /// Short description, without the severity.
    pub title: String,
    /// What we know.
    pub known: String,
    /// What we don't know.
    pub unknown: String,
    /// What we do next.
    pub next_steps: String,
    /// What customers should do.
    pub customer_action: String,
}

/// Why a template is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadTemplate {
    /// A name that is not on the list.
    #[error("There is no placeholder {{{{{0}}}}}. Choose one from the list beside the form.")]
    Unknown(String),
    /// Braces that do not close.
    #[error("A {{{{ is not closed. A placeholder looks like {{{{countries}}}}.")]
    Open,
}

/// What placeholders stand for.
pub type Facts = BTreeMap<&'static str, String>;

/// A piece of a template.
enum Piece<'t> {
    Text(&'t str),
    Name(&'t str),
}

fn pieces(text: &str) -> Result<Vec<Piece<'_>>, BadTemplate> {
    let mut out = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("{{") {
        let (name, tail) = after.split_once("}}").ok_or(BadTemplate::Open)?;
        let name = name.trim();
        let is_known = PLACEHOLDERS.iter().any(|(known, _)| *known == name);
        if !is_known {
            return Err(BadTemplate::Unknown(name.chars().take(40).collect()));
        }
        out.extend([Piece::Text(before), Piece::Name(name)]);
        rest = tail;
    }
    out.push(Piece::Text(rest));
    Ok(out)
}

/// Fills one text. What a fact holds is never read as a template; a fact that is not known leaves a gap, which the
/// linter finds.
///
/// # Errors
/// When a placeholder is unknown or not closed.
pub fn fill_text(text: &str, facts: &Facts) -> Result<String, BadTemplate> {
    let mut out = String::with_capacity(text.len());
    for piece in pieces(text)? {
        match piece {
            Piece::Text(text) => out.push_str(text),
            Piece::Name(name) => match facts.get(name).filter(|f| !f.is_empty()) {
                Some(fact) => out.push_str(fact),
                None => {
                    out.push('[');
                    out.push_str(&name.replace('_', " "));
                    out.push_str(GAP);
                }
            },
        }
    }
    Ok(out)
}

impl Template {
    /// The texts under the names of their fields.
    #[must_use]
    pub fn fields(&self) -> [(&'static str, &str); 5] {
        [
            ("title", &self.title),
            ("known", &self.known),
            ("unknown", &self.unknown),
            ("next_steps", &self.next_steps),
            ("customer_action", &self.customer_action),
        ]
    }

    /// Checks every text.
    ///
    /// # Errors
    /// The field and what is wrong with it.
    pub fn check(&self) -> Result<(), (&'static str, BadTemplate)> {
        self.fields().into_iter().try_for_each(|(field, text)| pieces(text).map(drop).map_err(|e| (field, e)))
    }

    /// Fills every text; one that cannot be filled stays as it is.
    #[must_use]
    pub fn fill(&self, facts: &Facts) -> Self {
        let fill = |text: &str| fill_text(text, facts).unwrap_or_else(|_| text.to_owned());
        Self {
            title: fill(&self.title),
            known: fill(&self.known),
            unknown: fill(&self.unknown),
            next_steps: fill(&self.next_steps),
            customer_action: fill(&self.customer_action),
        }
    }

    /// The template that Waypost comes with.
    #[must_use]
    pub fn built_in(slot: Slot) -> Self {
        let again = match slot.severity {
            Severity::Sev1 | Severity::Sev2 => "We publish again by {{next_update}} at the latest.",
            Severity::Sev3 => "We publish again by {{next_update}}, or as soon as something changes.",
            Severity::Sev4 => "We publish again when there is something to add.",
        };
        let text = |title: &str, known: &str, unknown: &str, next: String, action: &str| Self {
            title: title.into(),
            known: known.into(),
            unknown: unknown.into(),
            next_steps: next,
            customer_action: action.into(),
        };
        match slot.kind {
            TemplateKind::Initial => text(
                "{{components}} in {{countries}} does not work as it should",
                "Since {{started_utc}} {{title}}. This affects {{components}} in {{countries}}. Other services are not affected as far as we can see.",
                "We do not know the cause yet, nor how long it lasts.",
                format!("Our engineers are looking into it with our suppliers. {again}"),
                "Please try again in 30 minutes. Nothing is charged twice. {{workaround}}",
            ),
            TemplateKind::Progress => text(
                "",
                "{{components}} in {{countries}} is still affected. What changed: [what changed: please fill in]",
                "Working hypothesis, not confirmed: [hypothesis: please fill in]",
                format!("[actions and a range of time: please fill in] {again}"),
                "{{workaround}}",
            ),
            TemplateKind::Restore => text(
                "",
                "{{components}} in {{countries}} works again since {{restored_utc}}, after {{duration}}.",
                "",
                "We keep watching it, and publish a review of what happened.".into(),
                "If your device does not connect by itself, switch mobile data off and on, or restart it.",
            ),
            TemplateKind::Maintenance => text(
                "[Planned Maintenance] {{components}}/{{countries}}",
                "We work on {{components}} in {{countries}} during {{window_utc}} ({{window_local}}). Short interruptions are possible.",
                "Risk: {{risk}}. Rollback: {{rollback}}.",
                "We publish when the work begins and when it ends. Contact during the window: {{contact}}."
                    .into(),
                "You need not do anything. Please plan activations outside the window.",
            ),
        }
    }
}
