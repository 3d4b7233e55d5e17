//! The second factor: time-based codes, each used once.

use data_encoding::{BASE32_NOPAD, HEXUPPER};
use domain::clock::Timestamp;
use totp_rs::{Algorithm, Builder};

use crate::clock::random;

/// A fresh secret of 160 bits.
#[must_use]
pub fn new_secret() -> Vec<u8> {
    random::<20>().to_vec()
}

/// The secret as people and apps type it.
#[must_use]
pub fn base32(secret: &[u8]) -> String {
    BASE32_NOPAD.encode(secret)
}

/// The time step whose code this is, if it is right now or one step off.
#[must_use]
pub fn matching_step(secret: &[u8], code: &str, now: Timestamp) -> Option<i64> {
    let code: String = code.chars().filter(|c| !c.is_whitespace()).collect();
    if code.len() != 6 || !code.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let totp = Builder::new()
        .with_algorithm(Algorithm::SHA1)
        .with_digits(6)
        .with_skew(1)
        .with_step_duration(30)
        .with_secret(<[u8; 20]>::try_from(secret).ok()?)
        .build()
        .ok()?;
    totp.check(&code, u64::try_from(now.secs()).ok()?).and_then(|step| i64::try_from(step).ok())
}

/// The address that authenticator apps read from the QR code.
#[must_use]
pub fn enrolment_uri(secret: &[u8], email: &str, issuer: &str) -> String {
    let encode =
        |s: &str| percent_encoding::utf8_percent_encode(s, percent_encoding::NON_ALPHANUMERIC).to_string();
    let issuer = encode(&issuer.replace(':', " "));
    format!("otpauth://totp/{issuer}:{}?secret={}&issuer={issuer}", encode(email), base32(secret))
}

/// Ten codes for the day when the authenticator is lost: `A1B2-C3D4-E5F6`.
#[must_use]
pub fn new_recovery_codes() -> Vec<String> {
    (0..10)
        .map(|_| {
            let hex = HEXUPPER.encode(&random::<6>());
            format!("{}-{}-{}", &hex[..4], &hex[4..8], &hex[8..])
        })
        .collect()
}

/// A recovery code as it is compared: upper case, without what people add.
#[must_use]
pub fn normalised_recovery_code(code: &str) -> String {
    code.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_uppercase()).collect()
}
