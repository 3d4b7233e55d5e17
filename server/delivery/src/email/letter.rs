//! One notice to many: the message is built once, and what differs from recipient to recipient is set into its bytes.
//!
//! Where those places are is found by building it again with other values of the same length: whatever folding and
//! encoding the builder applies, the bytes that changed are the places.

use super::{address::MailAddress, message::Poison};

/// Stands for the recipient until there is one.
const NOBODY: &str = "nobody@recipient.invalid";

/// The values that differ from mail to mail besides the recipient. Each is one word of ASCII of a fixed length, of
/// letters, digits, `-` and `_`.
pub const PLACES: usize = 3;

/// A message that waits for its recipients.
#[derive(Debug)]
pub struct Letter {
    /// As it goes over the wire: dots doubled, the end mark behind it.
    wire: Vec<u8>,
    /// Where the recipient's address begins.
    to_at: usize,
    /// For each place its length, and the offsets of all its bytes in `wire`.
    places: [(usize, Vec<usize>); PLACES],
}

impl Letter {
    /// Builds it: `build` makes a whole message to a recipient with these values.
    ///
    /// # Errors
    /// [`Poison`] when the message cannot be built, or a value does not stand in it as it is.
    pub fn cast(
        lengths: [usize; PLACES],
        build: impl Fn(&MailAddress, [&str; PLACES]) -> Result<Vec<u8>, Poison>,
    ) -> Result<Self, Poison> {
        let nobody = MailAddress::parse(NOBODY).map_err(|e| Poison::new(&e.to_string()))?;
        let wire = |values: &[String; PLACES]| -> Result<Vec<u8>, Poison> {
            let bytes = build(&nobody, [&values[0], &values[1], &values[2]])?;
            stuffed(&bytes).map(String::into_bytes)
        };
        let blank = lengths.map(|n| "a".repeat(n));
        let base = wire(&blank)?;
        let mut places: [(usize, Vec<usize>); PLACES] = lengths.map(|n| (n, Vec::new()));
        for (n, (length, offsets)) in places.iter_mut().enumerate() {
            let mut other = blank.clone();
            other[n] = "b".repeat(*length);
            let other = wire(&other)?;
            offsets.extend((0..base.len()).filter(|at| base.get(*at) != other.get(*at)));
            let is_whole = other.len() == base.len()
                && offsets.len().is_multiple_of((*length).max(1))
                && offsets.iter().all(|at| base[*at] == b'a' && other[*at] == b'b');
            if !is_whole {
                return Err(Poison::new("a value does not stand in it as it is"));
            }
        }
        let header = format!("\r\nTo: {NOBODY}\r\n");
        let head = find(&base, header.as_bytes()).ok_or_else(|| Poison::new("it has no recipient"))?;
        Ok(Self { wire: base, to_at: head + "\r\nTo: ".len(), places })
    }

    /// The message to one recipient, as it goes over the wire.
    ///
    /// # Errors
    /// [`Poison`] when a value has another length than the places have, or characters that need encoding.
    pub fn address(&self, to: &MailAddress, values: [&str; PLACES]) -> Result<String, Poison> {
        let mut wire = self.wire.clone();
        for ((length, offsets), value) in self.places.iter().zip(values) {
            let value = value.as_bytes();
            let is_word = value.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
            if value.len() != *length || !is_word {
                return Err(Poison::new(
                    "a value of its is not of the length or the kind that was left room for",
                ));
            }
            for (at, byte) in offsets.iter().zip(value.iter().cycle()) {
                wire[*at] = *byte;
            }
        }
        let to = to.to_string();
        wire.splice(self.to_at..self.to_at + NOBODY.len(), to.into_bytes());
        String::from_utf8(wire).map_err(|e| Poison::new(&e.to_string()))
    }
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|w| w == what)
}

/// The message as it goes over the wire: lone dots doubled, the end mark behind it.
pub(super) fn stuffed(message: &[u8]) -> Result<String, Poison> {
    let text = std::str::from_utf8(message).ok().filter(|t| t.is_ascii());
    let text = text.ok_or_else(|| Poison::new("it is not plain ASCII"))?;
    let mut wire = String::with_capacity(text.len() + 64);
    for line in text.strip_suffix("\r\n").unwrap_or(text).split("\r\n") {
        if line.starts_with('.') {
            wire.push('.');
        }
        wire.push_str(line);
        wire.push_str("\r\n");
    }
    wire.push_str(".\r\n");
    Ok(wire)
}

#[cfg(test)]
mod tests {
    use domain::{clock::Timestamp, language::Language};

    use super::*;
    use crate::email::{
        message::{Outgoing, build},
        template::{IncidentUpdate, Reader},
    };

    fn message(to: &MailAddress, [id, unsubscribe, manage]: [&str; PLACES]) -> Result<Vec<u8>, Poison> {
        let unsubscribe_url = format!("https://status.example.com/u/{unsubscribe}");
        let manage_url = format!("https://status.example.com/manage/{manage}");
        let reader = Reader {
            unsubscribe_url: unsubscribe_url.clone(),
            manage_url,
            time_zone: "Asia/Kolkata".into(),
            language: Language::Portuguese,
        };
        let notice = crate::sample::notice();
        let content = IncidentUpdate::new(&notice, &reader, crate::sample::SAMPLE_AT).render().unwrap();
        let from = MailAddress::parse("status@example.com").unwrap();
        build(&Outgoing {
            from_name: "Meridian eSIM",
            from: &from,
            to,
            content: &content,
            message_id: id,
            thread_id: Some("root"),
            unsubscribe_url: Some(&unsubscribe_url),
            unsubscribe_mail: Some(&format!("unsub+{unsubscribe}@example.com")),
            date: Timestamp::parse_rfc3339("2026-03-02T08:15:00Z").unwrap(),
        })
    }

    #[test]
    fn a_letter_is_byte_for_byte_the_message_built_for_its_recipient() {
        let letter = Letter::cast([52, 55, 55], message).unwrap();
        for (to, seed) in [("a@example.org", 'x'), ("a.very.long.name+with-a-tag@mail.example.co.uk", 'Q')] {
            let to = MailAddress::parse(to).unwrap();
            let word = |n: usize, c: char| {
                format!("{}-_{}", "z9".repeat((n - 3) / 2), c.to_string().repeat(n - 2 - (n - 3) / 2 * 2))
            };
            let values = [word(52, seed), word(55, 'u'), word(55, 'm')];
            let values: [&str; PLACES] = [&values[0], &values[1], &values[2]];
            let ours = letter.address(&to, values).unwrap();
            let theirs = stuffed(&message(&to, values).unwrap()).unwrap();
            assert_eq!(ours, theirs);
        }
    }

    #[test]
    fn values_that_do_not_fit_are_refused() {
        let letter = Letter::cast([52, 55, 55], message).unwrap();
        let to = MailAddress::parse("a@example.org").unwrap();
        let (id, token) = ("i".repeat(52), "t".repeat(55));
        assert!(letter.address(&to, [&id, &token, &token]).is_ok());
        for wrong in ["", "short", &"=".repeat(55), &"t\r\n".repeat(20)[..55], &"t".repeat(56)] {
            assert!(letter.address(&to, [&id, wrong, &token]).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn dots_are_doubled_at_the_start_of_lines_only() {
        assert_eq!(stuffed(b"a\r\n.\r\n..b\r\nc.\r\n").unwrap(), "a\r\n..\r\n...b\r\nc.\r\n.\r\n");
        assert_eq!(stuffed(b".").unwrap(), "..\r\n.\r\n");
        assert!(stuffed("ä".as_bytes()).is_err());
    }
}
