//! Mail addresses by our own strict rule: what passes here cannot carry a header, a command or a literal.

use std::fmt;

/// A mail address: a dot-atom of at most 64 characters, `@`, a domain of at least two labels in ASCII.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct MailAddress {
    local: String,
    domain: String,
}

/// The text is not a mail address that we send to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("This does not look like an e-mail address, like name@example.com.")]
pub struct BadAddress;

impl MailAddress {
    /// Reads an address; international domains become ASCII, the domain becomes lower case.
    ///
    /// # Errors
    /// When it breaks the rule: at most 254 bytes, no quotes, comments or address literals.
    pub fn parse(text: &str) -> Result<Self, BadAddress> {
        let text = text.trim_matches(' ');
        let (local, domain) = text.rsplit_once('@').ok_or(BadAddress)?;
        if !is_dot_atom(local) || local.len() > 64 {
            return Err(BadAddress);
        }
        let domain = ascii_domain(domain).ok_or(BadAddress)?;
        if local.len() + 1 + domain.len() > 254 {
            return Err(BadAddress);
        }
        Ok(Self { local: local.to_owned(), domain })
    }

    /// One form for all spellings, to recognise a subscriber who comes back.
    #[must_use]
    pub fn normalised(&self) -> String {
        format!("{}@{}", self.local.to_ascii_lowercase(), self.domain)
    }

    /// The part after the `@`, in ASCII.
    #[must_use]
    pub fn domain(&self) -> &str {
        &self.domain
    }

    /// `a***@e***`: enough for a colleague, too little for a list.
    #[must_use]
    pub fn masked(&self) -> String {
        format!("{}***@{}***", first(&self.local), first(&self.domain))
    }
}

impl fmt::Display for MailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.local, self.domain)
    }
}

fn first(s: &str) -> &str {
    s.get(..1).unwrap_or("")
}

fn is_dot_atom(local: &str) -> bool {
    local.split('.').all(|atom| {
        !atom.is_empty()
            && atom.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&b))
    })
}

/// The domain in ASCII, or `None` if it is no name of two labels or more.
fn ascii_domain(domain: &str) -> Option<String> {
    // The parser decodes percent signs and cuts tabs: neither belongs into a domain.
    if domain.chars().any(|c| c.is_control() || c.is_whitespace() || matches!(c, '%' | '[' | ']' | ':')) {
        return None;
    }
    let url::Host::Domain(ascii) = url::Host::parse(domain).ok()? else { return None };
    let labels: Vec<&str> = ascii.split('.').collect();
    let fits = |label: &&str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let top = labels.last()?;
    (labels.len() >= 2 && labels.iter().all(fits) && !top.bytes().all(|b| b.is_ascii_digit()))
        .then_some(ascii)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_addresses_pass() {
        for (typed, stored) in [
            ("a@example.com", "a@example.com"),
            (" Ada.Lovelace+status@Example.TEST ", "Ada.Lovelace+status@example.test"),
            ("x@bücher.example", "x@xn--bcher-kva.example"),
            ("o'neil_%x@mail.example.co.uk", "o'neil_%x@mail.example.co.uk"),
        ] {
            assert_eq!(MailAddress::parse(typed).map(|a| a.to_string()), Ok(stored.to_owned()), "{typed}");
        }
        let a = MailAddress::parse("Ada@Example.com").unwrap();
        assert_eq!((a.normalised().as_str(), a.masked().as_str()), ("ada@example.com", "A***@e***"));
    }

    #[test]
    fn everything_else_is_refused() {
        let long = format!("{}@example.com", "a".repeat(65));
        let longer = format!("a@{}.com", vec!["b".repeat(60); 5].join("."));
        for typed in [
            "",
            "@",
            "a",
            "a@",
            "@example.com",
            "a@b",
            "a@localhost",
            "a@example.",
            "a@.example.com",
            "a@example..com",
            "a@[127.0.0.1]",
            "a@127.0.0.1",
            "a@[IPv6:::1]",
            "a@1.2.3.4",
            "a@0x7f.1",
            "ä@b.test",
            "a b@example.com",
            "\"a b\"@example.com",
            "a@b@example.com ,c@example.com",
            "a,b@example.com",
            "<a@example.com>",
            "a..b@example.com",
            ".a@example.com",
            "a.@example.com",
            "a@exa mple.com",
            "a@example.com\r\nBcc: x@y.com",
            "a\r\n@example.com",
            "a\0@example.com",
            "a@exam\tple.com",
            "a@-example.com",
            "a@example-.com",
            "a@ex_ample.com",
            "a@example.com:25",
            "a@example.com%20",
            "a@ex%61mple.com",
            "a(c)@example.com",
            "a@example.com\u{2028}",
            "a\u{85}@example.com",
            "a@example.123",
            &long,
            &longer,
        ] {
            assert!(MailAddress::parse(typed).is_err(), "{typed:?}");
        }
    }
}
