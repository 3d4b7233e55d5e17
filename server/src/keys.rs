//! Secrets outside the database: one 32-byte root, from a file (0600) or the environment; every use derives its own.

use std::path::Path;

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
    /// The key pair that signs evidence packs.
    Evidence,
}

impl Keys {
    /// From 32 bytes.
    #[must_use]
    pub const fn new(root: [u8; 32]) -> Self {
        Self { root }
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
                Ok(Self { root })
            }
            Err(e) => Err(wrong(&e)),
        }
    }

    /// From 64 hex digits.
    #[must_use]
    pub fn from_hex(text: &str) -> Option<Self> {
        let root = HEXLOWER.decode(text.as_bytes()).ok()?.try_into().ok()?;
        Some(Self { root })
    }

    /// The key for one purpose.
    #[must_use]
    pub fn derive(&self, purpose: Purpose) -> [u8; 32] {
        hmac_sha256(&self.root, &[format!("waypost/{purpose:?}/1").as_bytes()])
    }

    /// Keyed hash of `parts` for one purpose; parts are length-prefixed, so they cannot run into one another.
    #[must_use]
    pub fn mac(&self, purpose: Purpose, parts: &[&str]) -> [u8; 32] {
        let framed: Vec<Vec<u8>> =
            parts.iter().map(|p| [&(p.len() as u64).to_be_bytes()[..], p.as_bytes()].concat()).collect();
        hmac_sha256(&self.derive(purpose), &framed.iter().map(Vec::as_slice).collect::<Vec<_>>())
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

    fn cipher(&self) -> ChaCha20Poly1305 {
        ChaCha20Poly1305::new(&Key::from(self.derive(Purpose::Seal)))
    }
}

fn hmac_sha256(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    #[allow(clippy::expect_used, reason = "HMAC takes keys of any length")]
    let mut mac =
        <Hmac<Sha256> as hmac::KeyInit>::new_from_slice(key).expect("HMAC takes keys of any length");
    parts.iter().for_each(|p| mac.update(p));
    mac.finalize().into_bytes().into()
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
