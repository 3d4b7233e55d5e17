//! How two versions of a text differ, word by word.

use similar::{ChangeTag, TextDiff};

/// What became of some words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// In both versions.
    Kept,
    /// Only in the newer one.
    Added,
    /// Only in the older one.
    Removed,
}

/// The words of both versions in reading order; neighbours of one fate are together.
#[must_use]
pub fn words(before: &str, after: &str) -> Vec<(Fate, String)> {
    let diff = TextDiff::from_words(before, after);
    let mut out: Vec<(Fate, String)> = Vec::new();
    for change in diff.iter_all_changes() {
        let fate = match change.tag() {
            ChangeTag::Equal => Fate::Kept,
            ChangeTag::Insert => Fate::Added,
            ChangeTag::Delete => Fate::Removed,
        };
        match out.last_mut() {
            Some((last, text)) if *last == fate => text.push_str(change.value()),
            _ => out.push((fate, change.value().to_owned())),
        }
    }
    out
}
