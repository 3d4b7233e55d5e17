//! Secrets outside the database: one 32-byte root, from a file (0600) or the environment; every use derives its own.

use std::{path::Path, sync::OnceLock};

use chacha20poly1305::{
    ChaCha20Poly1305, Key, KeyInit, Nonce,
    aead::{Aead, Payload},
};
use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};

use crate::clock::random;

/// The root secret and what is derived from it.
pub struct Keys {
    root: [u8; 32],
    /// By purpose, for the first time that it is needed: every message needs several.
    derived: [OnceLock<Derived>; PURPOSES],
    cipher: OnceLock<ChaCha20Poly1305>,
}

/// A derived key, and what hashes with it.
struct Derived {
    key: [u8; 32],
    mac: Hmac<Sha256>,
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Keys(…)")
    }
}

/// What a derived key is for; each purpose has its own.
#[derive(Debug, Clone, Copy)]
pub enum Purpose {
    /// Pepper of password hashes.
    Pepper,
    /// Encryption of TOTP and webhook secrets.
    Seal,
    /// Tokens in forms.
    Form,
    /// Tokens in mail links.
    MailLink,
    /// Message-IDs.
    MessageId,
    /// Hashes of subscriber addresses.
    Address,
    /// Hashes of ICCIDs and EIDs.
    Profile,
    /// Key pairs that sign webhooks.
    WebhookKey,
    /// The key pair that signs evidence packs. The last one: [`PURPOSES`] counts by it.
    Evidence,
}

/// How many purposes there are.
const PURPOSES: usize = Purpose::Evidence as usize + 1;

impl Keys {
    /// From 32 bytes.
    #[must_use]
    pub const fn new(root: [u8; 32]) -> Self {
        Self { root, derived: [const { OnceLock::new() }; PURPOSES], cipher: OnceLock::new() }
    }

    /// Reads the key file, or makes it (mode 0600) when it is not there.
    ///
    /// # Errors
    /// When the file cannot be read or made, or does not hold 32 bytes in hex.
    pub fn load_or_create(path: &Path) -> Result<Self, String> {
        use std::io::Write as _;
        use std::os::unix::fs::OpenOptionsExt as _;
        let wrong =
            |e: &dyn std::fmt::Display| format!("the key file {} cannot be used: {e}", path.display());
        match std::fs::read_to_string(path) {
            Ok(text) => Self::from_hex(text.trim()).ok_or_else(|| wrong(&"it must hold 64 hex digits")),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
                let root: [u8; 32] = random();
                let mut file = std::fs::OpenOptions::new()
                    .write(true)
                    .create_new(true)
                    .mode(0o600)
                    .open(path)
                    .map_err(|e| wrong(&e))?;
                writeln!(file, "{}", HEXLOWER.encode(&root))
                    .and_then(|()| file.sync_all())
                    .map_err(|e| wrong(&e))?;
                Ok(Self::new(root))
            }
            Err(e) => Err(wrong(&e)),
        }
    }

    /// From 64 hex digits.
    #[must_use]
    pub fn from_hex(text: &str) -> Option<Self> {
        HEXLOWER.decode(text.as_bytes()).ok()?.try_into().ok().map(Self::new)
    }

    /// The key for one purpose.
    #[must_use]
    pub fn derive(&self, purpose: Purpose) -> [u8; 32] {
        self.derived(purpose).key
    }

    fn derived(&self, purpose: Purpose) -> &Derived {
        self.derived[purpose as usize].get_or_init(|| {
            let name = format!("waypost/{purpose:?}/1");
            let key = keyed(&self.root).chain_update(name.as_bytes()).finalize().into_bytes().into();
            Derived { key, mac: keyed(&key) }
        })
    }

    /// Keyed hash of `parts` for one purpose; parts are length-prefixed, so they cannot run into one another.
    #[must_use]
    pub fn mac(&self, purpose: Purpose, parts: &[&str]) -> [u8; 32] {
        let mut mac = self.derived(purpose).mac.clone();
        for part in parts {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part.as_bytes());
        }
        mac.finalize().into_bytes().into()
    }

    /// [`Keys::mac`] as 43 URL-safe characters.
    #[must_use]
    pub fn token(&self, purpose: Purpose, parts: &[&str]) -> String {
        BASE64URL_NOPAD.encode(&self.mac(purpose, parts))
    }

    /// Encrypts a secret for the database; `context` (table and row) is bound to it.
    #[must_use]
    pub fn seal(&self, context: &str, secret: &[u8]) -> String {
        let nonce: [u8; 12] = random();
        let sealed = self
            .cipher()
            .encrypt(&Nonce::from(nonce), Payload { msg: secret, aad: context.as_bytes() })
            .unwrap_or_default();
        BASE64URL_NOPAD.encode(&[&nonce[..], &sealed].concat())
    }

    /// Decrypts what [`Keys::seal`] made; `None` if it is not ours or was moved to another row.
    #[must_use]
    pub fn open(&self, context: &str, sealed: &str) -> Option<Vec<u8>> {
        let bytes = BASE64URL_NOPAD.decode(sealed.as_bytes()).ok()?;
        let (nonce, body) = bytes.split_at_checked(12)?;
        let nonce: [u8; 12] = nonce.try_into().ok()?;
        self.cipher().decrypt(&Nonce::from(nonce), Payload { msg: body, aad: context.as_bytes() }).ok()
    }

    fn cipher(&self) -> &ChaCha20Poly1305 {
        self.cipher.get_or_init(|| ChaCha20Poly1305::new(&Key::from(self.derive(Purpose::Seal))))
    }
}

fn keyed(key: &[u8; 32]) -> Hmac<Sha256> {
    #[allow(clippy::expect_used, reason = "HMAC takes keys of any length")]
    <Hmac<Sha256> as hmac::KeyInit>::new_from_slice(key).expect("HMAC takes keys of any length")
}

/// SHA-256 in hex: how tokens and cookies are stored.
#[must_use]
pub fn token_hash(token: &str) -> String {
    HEXLOWER.encode(&Sha256::digest(token.as_bytes()))
}

/// A fresh secret of 256 bits in 43 URL-safe characters.
#[must_use]
pub fn new_token() -> String {
    BASE64URL_NOPAD.encode(&random::<32>())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(key: &[u8], text: &[u8]) -> [u8; 32] {
        let mac = <Hmac<Sha256> as hmac::KeyInit>::new_from_slice(key).unwrap();
        mac.chain_update(text).finalize().into_bytes().into()
    }

    #[test]
    fn what_was_derived_yesterday_is_derived_today() {
        let keys = Keys::new([7; 32]);
        for _ in 0..2 {
            let key = plain(&[7; 32], b"waypost/MailLink/1");
            assert_eq!(keys.derive(Purpose::MailLink), key);
            let text = b"\0\0\0\0\0\0\0\x02ab\0\0\0\0\0\0\0\x01c";
            assert_eq!(keys.mac(Purpose::MailLink, &["ab", "c"]), plain(&key, text));
            assert_ne!(keys.mac(Purpose::MailLink, &["a", "bc"]), plain(&key, text));
            assert_ne!(keys.mac(Purpose::Form, &["ab", "c"]), plain(&key, text));
        }
    }

    #[test]
    fn a_secret_opens_in_its_row_alone() {
        let keys = Keys::new([7; 32]);
        let sealed = keys.seal("subscribers/1", b"secret");
        assert_eq!(Keys::new([7; 32]).open("subscribers/1", &sealed).as_deref(), Some(&b"secret"[..]));
        assert_eq!(keys.open("subscribers/2", &sealed), None);
        assert_eq!(Keys::new([8; 32]).open("subscribers/1", &sealed), None);
        assert_ne!(keys.seal("subscribers/1", b"secret"), sealed, "each time another nonce");
    }
}
