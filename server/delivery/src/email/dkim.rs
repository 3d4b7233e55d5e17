//! DKIM signatures (RFC 6376, RFC 8463), relaxed/relaxed, over a mail as it goes over the wire.
//!
//! The crates that sign bring a second RSA implementation (with an open timing advisory) or a resolver; ring is in the
//! tree already, and what is left is to fold white space. A verifier that shares no code with this checks it.

use data_encoding::BASE64;
use domain::clock::Timestamp;
use ring::{
    digest::{Context, SHA256, digest},
    rand::SystemRandom,
    signature::{Ed25519KeyPair, RSA_PKCS1_SHA256, RsaKeyPair},
};
use rustls::pki_types::{PrivateKeyDer, pem::PemObject as _};

use super::message::Poison;

/// Headers that are signed where they stand in a mail, in this order.
const SIGNED: [&str; 13] = [
    "from",
    "to",
    "subject",
    "date",
    "message-id",
    "in-reply-to",
    "references",
    "reply-to",
    "list-id",
    "list-unsubscribe",
    "list-unsubscribe-post",
    "mime-version",
    "content-type",
];
/// Signed once more than they stand in the mail, so that nobody can add one: what a reader sees as the sender, and
/// where an answer goes.
const SEALED: [&str; 2] = ["from", "reply-to"];
/// Characters of a signature on one line.
const LINE: usize = 72;

/// A key that cannot sign.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadKey(&'static str);

enum Key {
    Rsa(Box<RsaKeyPair>),
    Ed25519(Ed25519KeyPair),
}

/// Signs for one domain with one key.
pub struct Signer {
    key: Key,
    selector: String,
    domain: String,
}

impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Signer({}._domainkey.{}, {})", self.selector, self.domain, self.algorithm())
    }
}

impl Signer {
    /// From a private key in PEM: PKCS#8 (RSA or Ed25519) or PKCS#1. `selector` and `domain` say where its public half
    /// is published: `selector._domainkey.domain`.
    ///
    /// # Errors
    /// What is wrong with the key; nothing of the key itself.
    pub fn new(pem: &[u8], selector: &str, domain: &str) -> Result<Self, BadKey> {
        let der = PrivateKeyDer::from_pem_slice(pem)
            .map_err(|_| BadKey("there is no private key in PEM in it (-----BEGIN PRIVATE KEY-----)"))?;
        let weak = BadKey("it is no RSA key of 2,048 to 4,096 bits and no Ed25519 key");
        let key = match &der {
            PrivateKeyDer::Pkcs1(rsa) => {
                RsaKeyPair::from_der(rsa.secret_pkcs1_der()).map(Box::new).map(Key::Rsa)
            }
            PrivateKeyDer::Pkcs8(key) => {
                let bytes = key.secret_pkcs8_der();
                Ed25519KeyPair::from_pkcs8_maybe_unchecked(bytes)
                    .map(Key::Ed25519)
                    .or_else(|_| RsaKeyPair::from_pkcs8(bytes).map(Box::new).map(Key::Rsa))
            }
            _ => return Err(weak),
        };
        Ok(Self { key: key.map_err(|_| weak)?, selector: selector.to_owned(), domain: domain.to_owned() })
    }

    const fn algorithm(&self) -> &'static str {
        match self.key {
            Key::Rsa(_) => "rsa-sha256",
            Key::Ed25519(_) => "ed25519-sha256",
        }
    }

    /// Puts the signature before a mail as it goes over the wire: dots doubled, the end mark behind it.
    ///
    /// # Errors
    /// [`Poison`] when it is no mail, or the key does not sign.
    pub fn sign(&self, wire: &str, at: Timestamp) -> Result<String, Poison> {
        let (head, body) = wire.split_once("\r\n\r\n").ok_or_else(|| Poison::new("it has no body"))?;
        let (names, mut signed) = headers(head);
        let unsigned = format!(
            "DKIM-Signature: v=1; a={}; c=relaxed/relaxed; d={}; s={};\r\n t={}; h={};\r\n bh={};\r\n b=",
            self.algorithm(),
            self.domain,
            self.selector,
            at.millis().div_euclid(1_000),
            names.join(":\r\n  "),
            BASE64.encode(&body_hash(body)),
        );
        relaxed_header(&unsigned, &mut signed);
        let signature = BASE64.encode(&self.seal(signed.trim_end_matches("\r\n").as_bytes())?);
        let mut mail = String::with_capacity(unsigned.len() + signature.len() + wire.len() + 32);
        mail.push_str(&unsigned);
        for (n, line) in signature.as_bytes().chunks(LINE).enumerate() {
            if n > 0 {
                mail.push_str("\r\n  ");
            }
            mail.push_str(std::str::from_utf8(line).unwrap_or_default()); // base64 is ASCII
        }
        mail.push_str("\r\n");
        mail.push_str(wire);
        Ok(mail)
    }

    fn seal(&self, signed: &[u8]) -> Result<Vec<u8>, Poison> {
        match &self.key {
            Key::Ed25519(key) => Ok(key.sign(digest(&SHA256, signed).as_ref()).as_ref().to_vec()),
            Key::Rsa(key) => {
                let mut signature = vec![0; key.public().modulus_len()];
                key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), signed, &mut signature)
                    .map_err(|_| Poison::new("the DKIM key does not sign"))?;
                Ok(signature)
            }
        }
    }
}

/// Names for `h=`, and the headers in the form in which they are signed.
fn headers(head: &str) -> (Vec<&'static str>, String) {
    let mut fields: Vec<String> = Vec::new();
    for line in head.split("\r\n") {
        match fields.last_mut() {
            Some(field) if line.starts_with([' ', '\t']) => field.push_str(line),
            _ => fields.push(line.to_owned()),
        }
    }
    let (mut names, mut signed) = (Vec::new(), String::with_capacity(head.len()));
    for name in SIGNED {
        let is_it =
            |f: &&String| f.split_once(':').is_some_and(|(n, _)| n.trim_end().eq_ignore_ascii_case(name));
        // The last one first: that is how a verifier looks for them.
        for field in fields.iter().rev().filter(is_it) {
            names.push(name);
            relaxed_header(field, &mut signed);
        }
        if SEALED.contains(&name) {
            names.push(name);
        }
    }
    (names, signed)
}

/// A header in relaxed form: name in lower case, one space for any white space, none at the ends.
fn relaxed_header(field: &str, out: &mut String) {
    let (name, value) = field.split_once(':').unwrap_or((field, ""));
    out.push_str(&name.trim_end().to_ascii_lowercase());
    out.push(':');
    for (n, word) in value.split_ascii_whitespace().enumerate() {
        if n > 0 {
            out.push(' ');
        }
        out.push_str(word);
    }
    out.push_str("\r\n");
}

/// SHA-256 of a body in relaxed form; it comes with doubled dots and the end mark.
fn body_hash(stuffed: &str) -> Vec<u8> {
    let body = stuffed.strip_suffix(".\r\n").unwrap_or(stuffed);
    let (mut hash, mut empty) = (Context::new(&SHA256), 0);
    for line in body.strip_suffix("\r\n").unwrap_or(body).split("\r\n") {
        let line = line.strip_prefix('.').unwrap_or(line).trim_end_matches([' ', '\t']);
        if line.is_empty() {
            empty += 1; // empty lines at the end do not count
            continue;
        }
        for _ in 0..std::mem::take(&mut empty) {
            hash.update(b"\r\n");
        }
        relaxed_line(line, &mut hash);
        hash.update(b"\r\n");
    }
    hash.finish().as_ref().to_vec()
}

/// A line without white space at its end: what is left of it becomes single spaces.
fn relaxed_line(line: &str, hash: &mut Context) {
    let mut rest = line;
    while let Some(at) = rest.find([' ', '\t']) {
        hash.update(&rest.as_bytes()[..at]);
        hash.update(b" ");
        rest = rest[at..].trim_start_matches([' ', '\t']);
    }
    hash.update(rest.as_bytes());
}

#[cfg(test)]
mod tests;
