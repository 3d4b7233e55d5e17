//! When the bytes at an address came to be, for readers that ask by date alone.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use domain::clock::{SECOND, Timestamp};

use super::address::Address;

/// Addresses that are remembered; of more, bytes are dated anew whenever they are rendered.
const REMEMBERED: usize = 4_000;

/// Since when an address has had its bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Since {
    /// When they were first rendered.
    pub at: Timestamp,
    /// No other bytes had that second: its date names these alone.
    pub is_alone: bool,
}

impl Since {
    /// As a header says it: whole seconds.
    #[must_use]
    pub fn second(self) -> i64 {
        self.at.millis().div_euclid(SECOND)
    }
}

/// What is remembered, over all generations.
#[derive(Debug, Default)]
pub(super) struct Dates(Mutex<HashMap<Address, (String, Since)>>);

impl Dates {
    /// Since when the bytes with this tag are at this address, that were rendered now.
    pub(super) fn since(&self, address: &Address, tag: &str, now: Timestamp) -> Since {
        let mut dates = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut since = Since { at: now, is_alone: true };
        if let Some((known, before)) = dates.get(address) {
            if known == tag {
                return *before;
            }
            since.is_alone = before.second() != since.second();
        } else if dates.len() >= REMEMBERED {
            return Since { is_alone: false, ..since };
        }
        dates.insert(address.clone(), (tag.to_owned(), since));
        since
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_keep_their_date_and_two_of_one_second_have_none_of_their_own() {
        let dates = Dates::default();
        let at = |ms| Timestamp::from_millis(ms);
        let since = |tag: &str, ms| dates.since(&Address::Front, tag, at(ms));
        assert_eq!(since("a", 1_000), Since { at: at(1_000), is_alone: true });
        assert_eq!(since("a", 9_500), Since { at: at(1_000), is_alone: true }, "rendered again, the same");
        assert_eq!(since("b", 9_600), Since { at: at(9_600), is_alone: true });
        assert_eq!(since("c", 9_999), Since { at: at(9_999), is_alone: false });
        assert_eq!(since("a", 10_000), Since { at: at(10_000), is_alone: true });
    }
}
