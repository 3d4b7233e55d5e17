//! Standard Webhooks 1.0.0: secrets and signatures.

use data_encoding::{BASE64, BASE64_NOPAD};
use domain::clock::Timestamp;
use hmac::{Hmac, KeyInit, Mac};
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use sha2::Sha256;

/// A signing secret: 24 to 64 bytes, written `whsec_` and base64.
#[derive(Clone)]
pub struct Secret(Vec<u8>);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("whsec_…")
    }
}

/// The text is no signing secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a signing secret is whsec_ and the base64 of 24 to 64 bytes")]
pub struct BadSecret;

impl Secret {
    /// From 32 random bytes.
    #[must_use]
    pub fn new(random: [u8; 32]) -> Self {
        Self(random.to_vec())
    }

    /// Reads `whsec_…`.
    ///
    /// # Errors
    /// When the prefix, the base64 or the length is wrong.
    pub fn parse(text: &str) -> Result<Self, BadSecret> {
        let encoded = text.strip_prefix("whsec_").ok_or(BadSecret)?;
        let bytes = BASE64_NOPAD.decode(encoded.trim_end_matches('=').as_bytes()).map_err(|_| BadSecret)?;
        if (24..=64).contains(&bytes.len()) { Ok(Self(bytes)) } else { Err(BadSecret) }
    }

    /// `whsec_…`, to be shown once.
    #[must_use]
    pub fn reveal(&self) -> String {
        format!("whsec_{}", BASE64.encode(&self.0))
    }

    /// One `v1,…` signature over `id.timestamp.body`; the timestamp is that of the attempt.
    #[must_use]
    pub fn sign(&self, id: &str, at: Timestamp, body: &[u8]) -> String {
        #[allow(clippy::expect_used, reason = "HMAC takes keys of any length")]
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("HMAC takes keys of any length");
        mac.update(format!("{id}.{}.", at.secs()).as_bytes());
        mac.update(body);
        format!("v1,{}", BASE64.encode(&mac.finalize().into_bytes()))
    }
}

/// An Ed25519 key pair for receivers that are to hold no secret; the public half is written `whpk_` and base64.
#[derive(Debug)]
pub struct KeyPair(Ed25519KeyPair);

impl KeyPair {
    /// From 32 bytes that nobody else knows.
    ///
    /// # Errors
    /// None for 32 bytes.
    pub fn new(seed: [u8; 32]) -> Result<Self, BadSecret> {
        Ed25519KeyPair::from_seed_unchecked(&seed).map(Self).map_err(|_| BadSecret)
    }

    /// `whpk_…`, to be handed out.
    #[must_use]
    pub fn public(&self) -> String {
        format!("whpk_{}", BASE64.encode(self.0.public_key().as_ref()))
    }

    /// One `v1a,…` signature over `id.timestamp.body`, as [`Secret::sign`].
    #[must_use]
    pub fn sign(&self, id: &str, at: Timestamp, body: &[u8]) -> String {
        let mut content = format!("{id}.{}.", at.secs()).into_bytes();
        content.extend_from_slice(body);
        format!("v1a,{}", BASE64.encode(self.0.sign(&content).as_ref()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The key, time and message of the Standard Webhooks libraries' own tests.
    #[test]
    fn the_library_test_vector_of_the_public_key() {
        let private =
            "whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg==";
        let bytes = BASE64.decode(private.strip_prefix("whsk_").unwrap().as_bytes()).unwrap();
        let pair = KeyPair::new(bytes[..32].try_into().unwrap()).unwrap();
        assert_eq!(pair.public(), "whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=");
        let at = Timestamp::from_millis(1_614_265_330_000);
        assert_eq!(
            pair.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", at, br#"{"test": 2432232314}"#),
            "v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg=="
        );
    }

    #[test]
    fn the_library_test_vector() {
        let secret = Secret::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let signature = secret.sign(
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            Timestamp::from_millis(1_614_265_330_999),
            br#"{"test": 2432232314}"#,
        );
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn secrets_round_trip_and_stay_out_of_logs() {
        let secret = Secret::new([9; 32]);
        assert_eq!(Secret::parse(&secret.reveal()).unwrap().0, secret.0);
        assert_eq!(format!("{secret:?}"), "whsec_…");
        for wrong in ["", "whsec_", "whsec_AAAA", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_%%%%"] {
            assert!(Secret::parse(wrong).is_err(), "{wrong}");
        }
    }
}
