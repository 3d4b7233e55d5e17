//! Passwords: argon2id with a pepper, two at a time.

use std::sync::{
    LazyLock,
    atomic::{AtomicUsize, Ordering},
};

use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::{PasswordHasher as _, PasswordVerifier as _, phc::PasswordHash},
};
use tokio::sync::Semaphore;
use zeroize::Zeroizing;

use crate::keys::{Keys, Purpose};

/// Shortest password, in characters; a second factor is enforced for everybody.
pub const MIN: usize = 12;
/// Longest password, in characters.
pub const MAX: usize = 128;

/// 64 MiB each: two at once, and a short queue, so that a flood of sign-ins eats neither memory nor CPU.
static SLOTS: Semaphore = Semaphore::const_new(2);
static WAITING: AtomicUsize = AtomicUsize::new(0);
const QUEUE: usize = 8;

/// Too many passwords are being checked.
#[derive(Debug)]
pub struct Busy;

static COMMON: LazyLock<Vec<&'static str>> =
    LazyLock::new(|| include_str!("common_passwords.txt").lines().collect());

/// Whether a new password will do; else what is wrong with it.
pub fn check_new(password: &str, names: &[&str]) -> Result<(), String> {
    let length = password.chars().count();
    if !(MIN..=MAX).contains(&length) {
        return Err(format!("Use {MIN} to {MAX} characters. A few random words make a good password."));
    }
    let lower = password.to_lowercase();
    let squeezed: String = lower.chars().filter(|c| c.is_alphanumeric()).collect();
    let is_common = COMMON.iter().any(|c| lower == *c || squeezed == *c || squeezed == c.repeat(2));
    let distinct = lower.chars().collect::<std::collections::HashSet<_>>().len();
    let is_name = names
        .iter()
        .any(|n| !n.is_empty() && squeezed == n.to_lowercase().replace(|c: char| !c.is_alphanumeric(), ""));
    if is_common || is_name || distinct < 5 {
        return Err("This password is easy to guess. A few random words make a good one.".into());
    }
    Ok(())
}

fn hasher(pepper: &[u8]) -> Result<Argon2<'_>, argon2::Error> {
    Argon2::new_with_secret(pepper, Algorithm::Argon2id, Version::V0x13, Params::new(65_536, 3, 1, Some(32))?)
}

/// Hashes a password to a PHC string.
pub async fn hash(keys: &Keys, password: String) -> Result<String, Busy> {
    let pepper = Zeroizing::new(keys.derive(Purpose::Pepper));
    let password = Zeroizing::new(password);
    run(move || hasher(&pepper[..]).ok()?.hash_password(password.as_bytes()).ok().map(|h| h.to_string()))
        .await?
        .ok_or(Busy)
}

/// Whether the password fits the hash. Without a hash (nobody has that address) it takes as long and says no.
pub async fn verify(keys: &Keys, password: String, hash: Option<String>) -> Result<bool, Busy> {
    let pepper = Zeroizing::new(keys.derive(Purpose::Pepper));
    let password = Zeroizing::new(password);
    run(move || {
        let Ok(hasher) = hasher(&pepper[..]) else { return false };
        match hash.as_deref().and_then(|h| PasswordHash::new(h).ok()) {
            Some(hash) => hasher.verify_password(password.as_bytes(), &hash).is_ok(),
            None => hasher.hash_password(password.as_bytes()).is_err(),
        }
    })
    .await
}

async fn run<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Busy> {
    struct Place;
    impl Drop for Place {
        fn drop(&mut self) {
            WAITING.fetch_sub(1, Ordering::SeqCst);
        }
    }
    let before = WAITING.fetch_add(1, Ordering::SeqCst);
    let _place = Place;
    if before >= QUEUE + 2 {
        return Err(Busy);
    }
    let _slot = SLOTS.acquire().await.map_err(|_| Busy)?;
    tokio::task::spawn_blocking(work).await.map_err(|_| Busy)
}
