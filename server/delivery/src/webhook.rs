//! Webhooks: Statuspage-shaped bodies, Standard Webhooks signatures, and a client for hostile territory.

mod answer;
pub mod body;
pub mod certificate;
pub mod challenge;
pub mod client;
pub mod fetch;
pub mod guard;
#[cfg(any(test, feature = "testing"))]
pub mod hostile;
mod line;
mod pool;
pub mod sign;
pub mod target;

pub use answer::{Answer, retry_after};
pub use client::{Client, Limits};
pub use guard::Guard;
pub use sign::Secret;
pub use target::{BadUrl, Target};

#[cfg(test)]
mod tests;
