//! The linter: what is wrong with a text before it is published. Pure: the same text gives the same findings.

use crate::{incident::UpdateKind, notice::Message, text::no_identifiers};

pub use super::policy::{Level, LinterPolicy, Rule, RuleName};
use super::{
    eta::{names_a_point, sentences},
    template::GAP,
};

/// Something that a rule found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Which rule.
    pub rule: RuleName,
    /// In which field.
    pub field: &'static str,
    /// Whether it stops the publication.
    pub level: Level,
    /// The words in question; empty where something is missing.
    pub excerpt: String,
    /// What to do.
    pub message: String,
}

/// Longest excerpt, in characters.
const EXCERPT_MAX: usize = 80;

/// Checks the four fields of an update. Findings that stop it come first.
#[must_use]
pub fn lint(message: &Message, kind: UpdateKind, policy: &LinterPolicy) -> Vec<Finding> {
    let mut found = missing(message, kind, policy);
    let fields = [
        ("known", &message.known),
        ("unknown", &message.unknown),
        ("next_steps", &message.next_steps),
        ("customer_action", &message.customer_action),
    ];
    for (field, text) in fields {
        found.extend(lint_text(field, text, policy));
    }
    found.sort_by_key(|f| f.level == Level::Warn);
    found
}

/// Checks one text by the rules that look at words.
#[must_use]
pub fn lint_text(field: &'static str, text: &str, policy: &LinterPolicy) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut find = |name: RuleName, excerpt: &dyn Fn(&Rule) -> Option<(String, String)>| {
        if let Some((rule, (excerpt, message))) = policy.rule(name).and_then(|r| Some((r, excerpt(r)?))) {
            found.push(Finding { rule: name, field, level: rule.level, excerpt: short(&excerpt), message });
        }
    };
    find(RuleName::Identifier, &|_| no_identifiers(text).err().map(|e| (String::new(), e.to_string())));
    find(RuleName::MissingContent, &|_| {
        let gap = text.find(GAP)?;
        let begin = text[..gap].rfind('[').unwrap_or(gap);
        Some((text[begin..gap + GAP.len()].to_owned(), "A gap of the template is still open.".into()))
    });
    // What customers are told to wait is not what we promise.
    if field != "customer_action" {
        find(RuleName::SinglePointEta, &|rule| {
            let sentence = sentences(text).find(|s| is_single_point(s, rule))?;
            Some((sentence.to_owned(), rule.says.clone()))
        });
    }
    for name in [RuleName::Jargon, RuleName::Marketing, RuleName::Speculation] {
        find(name, &|rule| Some((first_word(text, rule)?.to_owned(), rule.says.clone())));
    }
    find(RuleName::UnlabelledHypothesis, &|rule| {
        let guess = sentences(text).find(|s| first_word(s, rule).is_some() && !is_labelled(s))?;
        Some((guess.to_owned(), rule.says.clone()))
    });
    found
}

fn is_single_point(sentence: &str, rule: &Rule) -> bool {
    let lower = sentence.to_lowercase();
    let is_promise = lower.contains("update");
    !is_promise && first_word(sentence, rule).is_some() && names_a_point(sentence)
}

fn is_labelled(sentence: &str) -> bool {
    let lower = sentence.to_lowercase();
    ["hypothesis", "not confirmed", "unconfirmed", "not yet confirmed"].iter().any(|l| lower.contains(l))
}

/// The first of the rule's words that stands in a text as a word of its own, as it was written.
fn first_word<'t>(text: &'t str, rule: &Rule) -> Option<&'t str> {
    rule.words.iter().find_map(|word| whole_word(text, word))
}

fn whole_word<'t>(text: &'t str, word: &str) -> Option<&'t str> {
    let wanted: Vec<char> = word.to_lowercase().chars().collect();
    if wanted.is_empty() {
        return None;
    }
    let starts = text.char_indices().map(|(i, _)| i);
    starts.into_iter().find_map(|start| {
        if text[..start].chars().next_back().is_some_and(char::is_alphanumeric) {
            return None;
        }
        let mut end = start;
        let mut rest = text[start..].chars();
        for c in &wanted {
            let next = rest.next()?;
            if next.to_lowercase().next() != Some(*c) {
                return None;
            }
            end += next.len_utf8();
        }
        (!rest.next().is_some_and(char::is_alphanumeric)).then(|| &text[start..end])
    })
}

/// The fields that a kind of update must have: *no change* and the steps after restoring may leave some out.
fn missing(message: &Message, kind: UpdateKind, policy: &LinterPolicy) -> Vec<Finding> {
    let Some(rule) = policy.rule(RuleName::MissingContent) else { return Vec::new() };
    let is_full = matches!(kind, UpdateKind::Initial | UpdateKind::Progress);
    let needed = [
        ("known", true, &message.known, "what we know"),
        ("unknown", is_full, &message.unknown, "what we don’t know"),
        ("next_steps", is_full || kind == UpdateKind::NoChange, &message.next_steps, "what we do next"),
        (
            "customer_action",
            is_full || kind == UpdateKind::Restored,
            &message.customer_action,
            "what customers should do",
        ),
    ];
    needed
        .into_iter()
        .filter(|(_, is_needed, text, _)| *is_needed && text.trim().is_empty())
        .map(|(field, _, _, what)| Finding {
            rule: RuleName::MissingContent,
            field,
            level: rule.level,
            excerpt: String::new(),
            message: format!("Please fill this in: every update says {what}."),
        })
        .collect()
}

fn short(text: &str) -> String {
    let mut cut: String = text.chars().take(EXCERPT_MAX).collect();
    if text.chars().count() > EXCERPT_MAX {
        cut.push('…');
    }
    cut
}
