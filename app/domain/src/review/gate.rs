//! The gate before a review is read: what is missing, by name.

use std::fmt;

use super::section::{Section, Sections};

/// A corrective action, as the gate sees it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Action {
    /// What will be done.
    pub what: String,
    /// Somebody answers for it.
    pub has_owner: bool,
    /// It has a target date.
    pub has_date: bool,
}

/// Something that is missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Missing {
    /// The service does not work again.
    Restored,
    /// A section has no text, or only a placeholder.
    Text(Section),
    /// There is no corrective action.
    Actions,
    /// An action that nobody answers for.
    Owner(String),
    /// An action without a target date.
    Date(String),
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Restored => write!(f, "the incident is not restored"),
            Self::Text(section) => write!(f, "“{}” is empty", section.title()),
            Self::Actions => write!(f, "there is no corrective action"),
            Self::Owner(what) => write!(f, "“{}” has no owner", short(what)),
            Self::Date(what) => write!(f, "“{}” has no target date", short(what)),
        }
    }
}

fn short(text: &str) -> String {
    if text.chars().count() <= 40 { text.to_owned() } else { text.chars().take(39).chain(['…']).collect() }
}

/// Everything that keeps a review from being handed in.
#[must_use]
pub fn missing(sections: &Sections, actions: &[Action], is_restored: bool) -> Vec<Missing> {
    let mut out = Vec::new();
    if !is_restored {
        out.push(Missing::Restored);
    }
    for section in Section::ALL {
        let text = sections.get(&section).map_or("", |p| p.text.as_str());
        if section.is_written() && is_placeholder(text) {
            out.push(Missing::Text(section));
        }
        if section == Section::Actions {
            if actions.is_empty() {
                out.push(Missing::Actions);
            }
            for action in actions {
                if !action.has_owner {
                    out.push(Missing::Owner(action.what.clone()));
                }
                if !action.has_date {
                    out.push(Missing::Date(action.what.clone()));
                }
            }
        }
    }
    out
}

/// Nothing, or a word that stands for nothing yet.
fn is_placeholder(text: &str) -> bool {
    const WORDS: [&str; 10] =
        ["", "tbd", "tba", "todo", "to do", "n/a", "pending", "later", "to be determined", "xxx"];
    let bare = text.trim().trim_matches(|c: char| c.is_ascii_punctuation() || c == '…').to_lowercase();
    WORDS.contains(&bare.as_str())
}
