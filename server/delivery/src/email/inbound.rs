//! Mail that comes back, read: reports of bounces (RFC 3464) and complaints (RFC 5965), what machines answer (RFC
//! 3834), and what people write. Nothing of it is believed here; whom it is about is for the keyed addresses to say.

use mail_parser::{Message, MessageParser, MessagePart, MimeHeaders as _, PartType};

/// Addresses taken out of one mail at most: each costs a look at its tag.
const ADDRESSES: usize = 64;
/// Headers in which mail systems say to whom a mail was really handed, before the one that its sender wrote.
const HANDED_TO: [&str; 6] =
    ["X-Original-To", "Delivered-To", "Envelope-To", "X-Envelope-To", "X-Delivered-To", "To"];
/// Feedback that says that a reader does not want our mail (RFC 5965, RFC 6430); `not-spam` and reports on
/// authentication are none.
const COMPLAINTS: [&str; 3] = ["abuse", "fraud", "opt-out"];

/// What a mail is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// A mail of ours failed.
    Bounce {
        /// Enhanced status (RFC 3463); empty: it says none.
        status: String,
        /// What the refusing side said, as it stands.
        diagnostic: String,
    },
    /// A reader called a mail of ours spam.
    Complaint {
        /// Return paths of the mail complained of.
        about: Vec<String>,
    },
    /// A machine wrote it, and it reports no failure.
    Automatic,
    /// A person wrote it.
    Written,
}

/// A mail that came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inbound {
    /// What it is.
    pub kind: Kind,
    /// To whom it was handed, as its headers say; the most trustworthy first.
    pub to: Vec<String>,
}

/// Reads a mail. None: it is none.
#[must_use]
pub fn read(bytes: &[u8]) -> Option<Inbound> {
    let message = MessageParser::default().parse(bytes)?;
    let to = HANDED_TO.iter().flat_map(|name| addresses(&message, name)).take(ADDRESSES).collect();
    Some(Inbound { kind: kind(&message), to })
}

fn kind(message: &Message<'_>) -> Kind {
    if let Some(report) = part(message, "delivery-status") {
        return bounce(report).unwrap_or(Kind::Automatic);
    }
    if let Some(report) = part(message, "feedback-report") {
        let said = field(report, "Feedback-Type").unwrap_or_default().to_ascii_lowercase();
        if !COMPLAINTS.contains(&said.as_str()) {
            return Kind::Automatic;
        }
        let mut about: Vec<String> = field(report, "Original-Mail-From").into_iter().collect();
        about.extend(message.parts.iter().flat_map(return_paths).take(ADDRESSES));
        return Kind::Complaint { about };
    }
    if is_automatic(message) { Kind::Automatic } else { Kind::Written }
}

/// The first recipient of a report for whom delivery failed. What is only late is no failure.
fn bounce(report: &MessagePart<'_>) -> Option<Kind> {
    let text = String::from_utf8_lossy(report.contents()).replace("\r\n", "\n");
    let failed = text.split("\n\n").find(|group| {
        value(group, "Action").is_some_and(|action| action.trim().eq_ignore_ascii_case("failed"))
    })?;
    let status = value(failed, "Status").unwrap_or_default();
    let status = status.split_ascii_whitespace().next().filter(|s| is_status(s)).unwrap_or_default();
    Some(Kind::Bounce {
        status: status.to_owned(),
        diagnostic: value(failed, "Diagnostic-Code").unwrap_or_default(),
    })
}

/// `5.1.1`
fn is_status(word: &str) -> bool {
    let digits = |n: &str| (1..=3).contains(&n.len()) && n.bytes().all(|b| b.is_ascii_digit());
    word.split('.').count() == 3 && word.split('.').all(digits)
}

fn part<'m, 'x>(message: &'m Message<'x>, subtype: &str) -> Option<&'m MessagePart<'x>> {
    message.parts.iter().find(|part| {
        part.content_type().is_some_and(|kind| {
            kind.ctype().eq_ignore_ascii_case("message")
                && kind.subtype().is_some_and(|s| s.eq_ignore_ascii_case(subtype))
        })
    })
}

fn field(part: &MessagePart<'_>, name: &str) -> Option<String> {
    value(&String::from_utf8_lossy(part.contents()).replace("\r\n", "\n"), name)
}

/// The value of a field among lines that look like headers, unfolded.
fn value(lines: &str, name: &str) -> Option<String> {
    let mut lines = lines.lines();
    let first = lines.by_ref().find_map(|line| {
        let (given, value) = line.split_once(':')?;
        given.trim().eq_ignore_ascii_case(name).then_some(value)
    })?;
    let folded = lines.take_while(|line| line.starts_with([' ', '\t']));
    Some(std::iter::once(first).chain(folded).map(str::trim).collect::<Vec<_>>().join(" "))
}

/// Return paths of the mail that a report quotes, whole or its headers alone.
fn return_paths(part: &MessagePart<'_>) -> Vec<String> {
    match &part.body {
        PartType::Message(quoted) => addresses(quoted, "Return-Path").collect(),
        _ => {
            let is_headers = part.content_type().is_some_and(|k| k.subtype() == Some("rfc822-headers"));
            is_headers.then(|| field(part, "Return-Path")).flatten().into_iter().collect()
        }
    }
}

/// What looks like an address in a header, wherever in the header it stands.
fn addresses(message: &Message<'_>, name: &str) -> impl Iterator<Item = String> {
    let values: Vec<String> = message
        .headers_raw()
        .filter(|(given, _)| given.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.to_owned())
        .collect();
    values.into_iter().flat_map(|value| {
        let words = value.split(|c: char| c.is_whitespace() || "<>,;:\"()".contains(c));
        words.filter(|w| w.contains('@') && w.len() <= 320).map(str::to_owned).collect::<Vec<_>>()
    })
}

/// By what machines say of themselves: an answer to their answer would never end.
fn is_automatic(message: &Message<'_>) -> bool {
    let said = |name: &str| {
        let mut values = message.headers_raw().filter(|(given, _)| given.eq_ignore_ascii_case(name));
        values.next().map(|(_, value)| value.trim().to_ascii_lowercase())
    };
    said("Auto-Submitted").is_some_and(|v| v.split([';', ' ']).next() != Some("no"))
        || said("Precedence").is_some_and(|v| ["bulk", "junk", "list", "auto_reply"].contains(&v.as_str()))
        || said("Return-Path").is_some_and(|v| v == "<>")
        || ["X-Autoreply", "X-Autorespond", "X-Auto-Response-Suppress", "List-Id"]
            .iter()
            .any(|n| said(n).is_some())
}

#[cfg(test)]
mod tests;
