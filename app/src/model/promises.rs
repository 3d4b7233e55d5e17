//! What the operator promises, and how it keeps it.

use super::Site;

/// One severity: what is promised, and the last 90 days.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PromiseLine {
    /// `Sev 1`.
    pub label: &'static str,
    /// `Critical`.
    pub word: &'static str,
    /// What belongs here.
    pub examples: String,
    /// Label and words of each promise.
    pub promised: Vec<(&'static str, String)>,
    /// Promises of updates that fell due or were met; none: no update is promised at this severity.
    pub made: Option<i64>,
    /// Of those, kept.
    pub kept: i64,
    /// `8 minutes`; empty: none was missed.
    pub worst: String,
}

/// The page about promises.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PromisesPage {
    /// Frame.
    pub site: Site,
    /// One sentence: how many of all promises were kept.
    pub verdict: String,
    /// Sev 1 to Sev 4.
    pub lines: Vec<PromiseLine>,
    /// What else the ledger counts: broken glass, silent fixes, automatic statements.
    pub counts: Vec<String>,
}

impl PromisesPage {
    /// Two severities, one with a miss.
    #[must_use]
    pub fn sample() -> Self {
        let line = |label, word, kept, worst: &str| PromiseLine {
            label,
            word,
            examples: "eUICC download failing for everyone.".into(),
            promised: vec![("First word", "15 minutes".into()), ("Updates", "every 30 minutes".into())],
            made: Some(42),
            kept,
            worst: worst.into(),
        };
        Self {
            site: Site::sample(),
            verdict: "83 of 84 updates came when they were promised.".into(),
            lines: vec![line("Sev 1", "Critical", 41, "3 minutes"), line("Sev 2", "Major", 42, "")],
            counts: vec!["1 update was published without a second person.".into()],
        }
    }
}
