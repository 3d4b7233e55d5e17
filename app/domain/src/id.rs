//! Public identifiers: 12 lowercase alphanumerics, the shape that status page clients expect.

const ALPHABET: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";

/// Number of characters in a public identifier.
pub const LEN: usize = 12;

/// Makes a public identifier from 16 random bytes (62 bits are used). Identifiers are names, never secrets.
#[must_use]
pub fn public_id(random: [u8; 16]) -> String {
    let mut n = u128::from_be_bytes(random);
    (0..LEN)
        .map(|_| {
            let c = ALPHABET[usize::try_from(n % 36).unwrap_or(0)];
            n /= 36;
            char::from(c)
        })
        .collect()
}

/// Whether `s` has the shape of a public identifier.
#[must_use]
pub fn is_public_id(s: &str) -> bool {
    s.len() == LEN && s.bytes().all(|b| ALPHABET.contains(&b))
}
