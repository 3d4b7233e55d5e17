//! One mail as bytes, with every header that machines need to treat it well (RFC 2369, 2919, 3834, 5322, 8058).

use std::time::{Duration, UNIX_EPOCH};

use data_encoding::BASE32_NOPAD;
use domain::clock::Timestamp;
use lettre::{
    Address, Message,
    message::{
        Mailbox, MultiPart, SinglePart,
        header::{ContentTransferEncoding, ContentType, HeaderName, HeaderValue},
    },
};

use super::{address::MailAddress, template::Rendered};
use crate::outcome::is_hidden;

/// A mail about to be built.
#[derive(Debug, Clone)]
pub struct Outgoing<'a> {
    /// Shown sender: the page's name. Control characters are left out.
    pub from_name: &'a str,
    /// Sender, in the header and on the envelope.
    pub from: &'a MailAddress,
    /// Recipient.
    pub to: &'a MailAddress,
    /// Subject and bodies.
    pub content: &'a Rendered,
    /// Left part of the Message-ID, see [`opaque`]: the same for every attempt.
    pub message_id: &'a str,
    /// Left part of the id that all mails about one incident refer to.
    pub thread_id: Option<&'a str>,
    /// Takes the one-click POST of RFC 8058; none: a mail to the operator's own people, which is no list.
    pub unsubscribe_url: Option<&'a str>,
    /// A mail to this address unsubscribes too, if mail comes back to us.
    pub unsubscribe_mail: Option<&'a str>,
    /// When it was first due; retries keep it.
    pub date: Timestamp,
}

/// This mail can never be built; the next one can.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the mail cannot be built: {0}")]
pub struct Poison(String);

impl Poison {
    /// For a reason.
    #[must_use]
    pub fn new(why: &str) -> Self {
        Self(why.to_owned())
    }
}

/// The left part of a Message-ID from a keyed hash: 52 characters that say nothing.
#[must_use]
pub fn opaque(mac: &[u8; 32]) -> String {
    BASE32_NOPAD.encode(mac).to_ascii_lowercase()
}

/// Builds the message. lettre panics on line breaks in names, so nothing reaches it unchecked.
///
/// # Errors
/// [`Poison`] when a part cannot stand in a header.
pub fn build(mail: &Outgoing<'_>) -> Result<Vec<u8>, Poison> {
    let name = one_line(mail.from_name, 80);
    let subject = one_line(&mail.content.subject, 400);
    let link = mail.unsubscribe_url.map(|url| ("unsubscribe link", url));
    let by_mail = mail.unsubscribe_mail.map(|address| ("unsubscribe address", address));
    for (what, value) in link.into_iter().chain(by_mail).chain([("message id", mail.message_id)]) {
        if value.is_empty() || !value.bytes().all(|b| (b'!'..=b'~').contains(&b)) {
            return Err(Poison(format!("{what} {value:?} is not one word of ASCII")));
        }
    }
    let domain = mail.from.domain();
    let date = UNIX_EPOCH + Duration::from_millis(u64::try_from(mail.date.millis()).unwrap_or(0));
    let mut builder = Message::builder()
        .from(Mailbox::new(Some(name.clone()).filter(|n| !n.is_empty()), address(mail.from)?))
        .to(Mailbox::new(None, address(mail.to)?))
        .subject(subject)
        .date(date)
        .message_id(Some(format!("<{}@{domain}>", mail.message_id)));
    if let Some(root) = mail.thread_id.map(|id| format!("<{id}@{domain}>")) {
        builder = builder.in_reply_to(root.clone()).references(root);
    }
    let list = mail.unsubscribe_url.map(|url| {
        let by_mail = mail.unsubscribe_mail.map(|address| format!(", <mailto:{address}>"));
        [
            ("List-Id", format!("{} <status.{domain}>", phrase(&name))),
            ("List-Unsubscribe", format!("<{url}>{}", by_mail.unwrap_or_default())),
            ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click".into()),
            ("Precedence", "bulk".into()),
        ]
    });
    let always = [("Auto-Submitted", "auto-generated".into()), ("X-Auto-Response-Suppress", "All".into())];
    for (header, value) in list.into_iter().flatten().chain(always) {
        builder = builder.raw_header(HeaderValue::new(HeaderName::new_from_ascii_str(header), value));
    }
    // Always the same boundary and encoding: a letter is built once and must come out alike for every recipient. In
    // quoted-printable no line can hold this boundary.
    let part = |kind, text: &str| {
        let builder = SinglePart::builder().header(kind).header(ContentTransferEncoding::QuotedPrintable);
        builder.body(text.to_owned())
    };
    let bodies = MultiPart::alternative()
        .boundary("=_waypost_alternative")
        .singlepart(part(ContentType::TEXT_PLAIN, &mail.content.text))
        .singlepart(part(ContentType::TEXT_HTML, &mail.content.html));
    builder.multipart(bodies).map(|m| m.formatted()).map_err(|e| Poison(e.to_string()))
}

/// One of ours as one of lettre's.
pub(super) fn address(ours: &MailAddress) -> Result<Address, Poison> {
    ours.to_string().parse().map_err(|e| Poison(format!("{e}")))
}

/// On one line, without control characters and line breaks of any kind; and nothing in it is read as an encoded word
/// (RFC 2047), which could say what was refused here.
fn one_line(text: &str, max: usize) -> String {
    let text: String = text
        .chars()
        .map(|c| if c.is_whitespace() { ' ' } else { c })
        .filter(|c| !is_hidden(*c))
        .take(max)
        .collect();
    text.trim().replace("=?", "= ?")
}

/// A name as an RFC 5322 phrase of plain ASCII words.
fn phrase(name: &str) -> String {
    let plain: String = name.chars().filter(|c| c.is_ascii_alphanumeric() || *c == ' ').collect();
    if plain.trim().is_empty() { "Status".into() } else { plain.trim().to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::email::template::IncidentUpdate;

    fn built(from_name: &str, content: &Rendered) -> Result<String, Poison> {
        let from = MailAddress::parse("status@example.com").unwrap();
        let to = MailAddress::parse("ada@example.org").unwrap();
        let id = opaque(&[7; 32]);
        build(&Outgoing {
            from_name,
            from: &from,
            to: &to,
            content,
            message_id: &id,
            thread_id: Some("root"),
            unsubscribe_url: Some(
                "https://status.example.com/u/0123456789ab0123456789012345678901234567890123456789012",
            ),
            unsubscribe_mail: Some(
                "unsub+0123456789ab0123456789012345678901234567890123456789012@example.com",
            ),
            date: Timestamp::parse_rfc3339("2026-03-02T08:15:00Z").unwrap(),
        })
        .map(|b| String::from_utf8(b).unwrap())
    }

    #[test]
    fn headers_are_complete_and_stable() {
        let content = IncidentUpdate::sample().render().unwrap();
        let mail = built("Meridian eSIM", &content).unwrap();
        let (head, _) = mail.split_once("\r\n\r\n").unwrap();
        let unfolded = head.replace("\r\n ", " ");
        let id = opaque(&[7; 32]);
        for line in [
            "From: \"Meridian eSIM\" <status@example.com>".to_owned(),
            "To: ada@example.org".into(),
            format!("Message-ID: <{id}@example.com>"),
            "In-Reply-To: <root@example.com>".into(),
            "References: <root@example.com>".into(),
            "List-Id: Meridian eSIM <status.example.com>".into(),
            "List-Unsubscribe: <https://status.example.com/u/0123456789ab0123456789012345678901234567890123456789012>, \
             <mailto:unsub+0123456789ab0123456789012345678901234567890123456789012@example.com>"
                .into(),
            "List-Unsubscribe-Post: List-Unsubscribe=One-Click".into(),
            "Auto-Submitted: auto-generated".into(),
            "Precedence: bulk".into(),
            "X-Auto-Response-Suppress: All".into(),
            "Date: Mon, 02 Mar 2026 08:15:00 +0000".into(),
            "MIME-Version: 1.0".into(),
        ] {
            assert!(unfolded.lines().any(|l| l.replace("  ", " ") == line), "{line}\n---\n{unfolded}");
        }
        assert!(mail.is_ascii());
        assert!(mail.contains("Content-Type: text/plain") && mail.contains("Content-Type: text/html"));
        assert!(mail.lines().all(|l| l.len() <= 998));
    }

    #[test]
    fn hostile_text_cannot_leave_its_header() {
        let hostile = "x\r\nBcc: victim@example.com\r\n\r\nbody\u{85}\u{2028}\u{2029}\0\u{202e}";
        let content = Rendered {
            subject: hostile.into(),
            text: "a\r\n.\r\nQUIT\r\n\0".into(),
            html: "<p>a\u{0}</p>".into(),
        };
        let mail = built(hostile, &content).unwrap();
        let head = mail.split_once("\r\n\r\n").unwrap().0;
        assert!(!head.lines().any(|l| l.starts_with("Bcc")), "{head}");
        assert!(built(&"n".repeat(10_000), &content).is_ok());
        let encoded = Rendered { subject: "=?utf-8?q?=0D=0ABcc:_x?=".into(), ..content.clone() };
        let mail = built("=?utf-8?b?4oCu?=", &encoded).unwrap();
        assert!(mail.contains("Subject: = ?utf-8?q?=0D=0ABcc:_x?=\r\n"), "{mail}");
        assert!(built("", &content).is_ok());
    }

    #[test]
    fn a_broken_link_is_an_error_and_no_panic() {
        let content = IncidentUpdate::sample().render().unwrap();
        let from = MailAddress::parse("status@example.com").unwrap();
        let mail = Outgoing {
            from_name: "x",
            from: &from,
            to: &from,
            content: &content,
            message_id: "id",
            thread_id: None,
            unsubscribe_url: Some("https://x/\r\nBcc: y@example.com"),
            unsubscribe_mail: None,
            date: Timestamp::default(),
        };
        assert!(build(&mail).is_err());
        let by_mail = Some("unsub@example.com>\r\nBcc: <y@example.com");
        assert!(build(&Outgoing { unsubscribe_url: None, unsubscribe_mail: by_mail, ..mail }).is_err());
    }
}
