//! What became of one attempt to deliver.

/// Longest answer kept, in characters.
const ANSWER_MAX: usize = 300;

/// What became of one attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The peer took it.
    Delivered(String),
    /// The peer did not take it this time.
    Retry {
        /// Its last words, cleaned.
        answer: String,
        /// It asked to be left alone for so many milliseconds.
        after_ms: Option<i64>,
    },
    /// The peer asks us to send less to this domain (421, 4.7.x).
    Busy(String),
    /// The way to every peer is shut (relay down, sign-in refused): nothing is held against this delivery.
    Unreachable(String),
    /// The peer wants nothing more, ever (410).
    Gone(String),
    /// The recipient's address is refused for good.
    Bounced(String),
    /// It will never be taken.
    Dead(String),
}

impl Outcome {
    /// A failure that is tried again by the schedule.
    pub fn retry(answer: impl AsRef<str>) -> Self {
        Self::Retry { answer: clean(answer.as_ref().as_bytes()), after_ms: None }
    }

    /// The peer's last words.
    #[must_use]
    pub fn answer(&self) -> &str {
        match self {
            Self::Delivered(a)
            | Self::Unreachable(a)
            | Self::Gone(a)
            | Self::Bounced(a)
            | Self::Busy(a)
            | Self::Dead(a)
            | Self::Retry { answer: a, .. } => a,
        }
    }
}

/// A foreign text made fit to be stored and shown: lossy UTF-8, no control characters, one line, at most 300
/// characters.
#[must_use]
pub fn clean(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(&bytes[..bytes.len().min(8 * ANSWER_MAX)]);
    let kept: String = text
        .chars()
        .map(|c| if c.is_whitespace() { ' ' } else { c })
        .filter(|c| !is_hidden(*c))
        .take(ANSWER_MAX)
        .collect();
    kept.trim().to_owned()
}

/// Control characters and the bidirectional overrides that make a line read as something else.
pub(crate) fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_text_is_tamed() {
        assert_eq!(clean(b"  \x1b[31mno\r\nthanks\x00 \xff "), "[31mno  thanks \u{fffd}");
        assert_eq!(clean("a\u{202e}b".as_bytes()), "ab");
        assert_eq!(clean(&[b'x'; 100_000]).len(), 300);
    }
}
