//! Domains that ask for less get less, and nobody else does.

use std::collections::HashMap;

use delivery::outcome::Outcome;
use domain::clock::{MINUTE, SECOND, Timestamp};

/// What a domain that asked for less is given.
#[derive(Debug)]
struct Share {
    /// Mails under way at once.
    limit: usize,
    /// Taken since the limit last changed.
    taken: usize,
    /// Nothing before then.
    not_before: Timestamp,
    /// The next pause, in milliseconds.
    pause: i64,
}

/// Mails under way by domain, and the limits of those that asked for less (421, 4.7.x): each time the half; one more
/// after ten that were taken, until nobody remembers.
#[derive(Debug, Default)]
pub(super) struct Throttle {
    under_way: HashMap<String, usize>,
    shares: HashMap<String, Share>,
}

impl Throttle {
    /// A mail to this domain is under way.
    pub(super) fn begin(&mut self, host: &str) {
        *self.under_way.entry(host.to_owned()).or_default() += 1;
    }

    /// It is not any more, and was not tried; how many still are.
    pub(super) fn forget(&mut self, host: &str) -> usize {
        let mut left = 0;
        if let Some(count) = self.under_way.get_mut(host) {
            *count = count.saturating_sub(1);
            left = *count;
        }
        if left == 0 {
            self.under_way.remove(host);
        }
        left
    }

    /// It is not any more.
    pub(super) fn end(&mut self, host: &str, outcome: &Outcome, now: Timestamp) {
        let left = self.forget(host);
        match outcome {
            Outcome::Busy(_) => {
                let share = self.shares.entry(host.to_owned()).or_insert(Share {
                    limit: (left + 1).max(2),
                    taken: 0,
                    not_before: now,
                    pause: SECOND,
                });
                // What was under way together is told together: that counts once.
                if share.not_before <= now {
                    share.limit = (share.limit / 2).max(1);
                    share.not_before = now.plus(share.pause);
                    share.pause = (share.pause * 2).min(10 * MINUTE);
                    share.taken = 0;
                }
            }
            Outcome::Delivered(_) => {
                let Some(share) = self.shares.get_mut(host) else { return };
                share.taken += 1;
                if share.taken >= 10 {
                    (share.limit, share.taken, share.pause) = (share.limit + 1, 0, SECOND);
                }
                if share.limit > 8 {
                    self.shares.remove(host);
                }
            }
            _ => {}
        }
    }

    /// Domains that get nothing now.
    pub(super) fn closed(&self, now: Timestamp) -> Vec<&str> {
        let under_way = |host: &String| self.under_way.get(host).copied().unwrap_or(0);
        let is_closed =
            |(host, share): &(&String, &Share)| share.not_before > now || under_way(host) >= share.limit;
        self.shares.iter().filter(is_closed).map(|(host, _)| host.as_str()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_domain_that_asks_for_less_gets_less_and_recovers() {
        let mut throttle = Throttle::default();
        let now = Timestamp::default();
        for _ in 0..8 {
            throttle.begin("busy.example");
        }
        throttle.begin("fine.example");
        assert!(throttle.closed(now).is_empty());
        for _ in 0..8 {
            throttle.end("busy.example", &Outcome::Busy("421".into()), now);
        }
        assert_eq!(throttle.closed(now), ["busy.example"], "a pause, for it alone");
        let later = now.plus(2 * SECOND);
        assert!(throttle.closed(later).is_empty());
        for _ in 0..4 {
            throttle.begin("busy.example");
        }
        assert_eq!(throttle.closed(later), ["busy.example"], "half of what was under way");
        for _ in 0..4 {
            throttle.end("busy.example", &Outcome::Delivered("250".into()), later);
        }
        assert!(throttle.closed(later).is_empty());
        for _ in 0..60 {
            throttle.begin("busy.example");
            throttle.end("busy.example", &Outcome::Delivered("250".into()), later);
        }
        for _ in 0..50 {
            throttle.begin("busy.example");
        }
        assert!(throttle.closed(later).is_empty(), "forgiven");
    }
}
