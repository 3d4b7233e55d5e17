//! Webhooks: Statuspage-shaped bodies, Standard Webhooks signatures, and a client for hostile territory.

pub mod body;
pub mod challenge;
pub mod client;
pub mod guard;
pub mod sign;
pub mod target;

pub use client::Client;
pub use guard::Guard;
pub use sign::Secret;
pub use target::{BadUrl, Target};

#[cfg(test)]
mod tests;
