//! The edge: the only place that reads the wall clock, and the source of randomness.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use domain::clock::Timestamp;

/// Where the time comes from.
#[derive(Debug, Clone)]
pub enum Clock {
    /// The machine's clock.
    Wall,
    /// A clock that tests and the demo's history move by hand.
    Manual(Arc<AtomicI64>),
}

impl Clock {
    /// A clock that stands still at `at` until it is set.
    #[must_use]
    pub fn manual(at: Timestamp) -> Self {
        Self::Manual(Arc::new(AtomicI64::new(at.millis())))
    }

    /// The time.
    #[must_use]
    #[allow(clippy::disallowed_methods, reason = "this is the edge")]
    pub fn now(&self) -> Timestamp {
        match self {
            Self::Wall => {
                let since =
                    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
                Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
            }
            Self::Manual(ms) => Timestamp::from_millis(ms.load(Ordering::SeqCst)),
        }
    }

    /// Sets a manual clock; the wall clock stays as it is.
    pub fn set(&self, at: Timestamp) {
        if let Self::Manual(ms) = self {
            ms.store(at.millis(), Ordering::SeqCst);
        }
    }
}

/// `N` bytes from the operating system.
///
/// # Panics
/// When the operating system has no randomness to give: nothing safe can be done then.
#[must_use]
#[allow(clippy::expect_used, reason = "without randomness nothing safe can be done")]
pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the operating system gives randomness");
    bytes
}

/// A fresh public id.
#[must_use]
pub fn new_id() -> String {
    domain::id::public_id(random())
}
