//! What all the kills did, counted.

use std::collections::HashMap;

use super::ledger::Mails;

/// The sum over all publishes on one engine.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub kills: usize,
    pub publishes: usize,
    /// Recipients without the mail of a publish.
    pub lost: usize,
    /// Mails beyond one each.
    pub duplicates: usize,
    /// Duplicates over connections of one and the same life: no crash explains them.
    pub without_a_crash: usize,
    /// Duplicates with another Message-ID or another text.
    pub differing: usize,
    /// From each kill to the first 200 of the next life, in milliseconds.
    pub ready_ms: Vec<f64>,
    /// How long all of it took, in seconds.
    pub secs: f64,
    /// Duplicates by the life that sent the earlier copy: those that its end caused.
    by_life: HashMap<usize, usize>,
}

impl Tally {
    /// Counts one publish that so many recipients were to hear of.
    pub(super) fn count(&mut self, mails: Mails, recipients: usize) {
        self.publishes += 1;
        self.lost += recipients.saturating_sub(mails.len());
        for mut copies in mails.into_values() {
            copies.sort_by_key(|c| c.life);
            for pair in copies.windows(2) {
                self.duplicates += 1;
                let is_same = pair[0].message_id == pair[1].message_id && pair[0].hash == pair[1].hash;
                self.differing += usize::from(!is_same);
                if pair[0].life == pair[1].life {
                    self.without_a_crash += 1;
                } else {
                    *self.by_life.entry(pair[0].life).or_default() += 1;
                }
            }
        }
    }

    /// The most duplicates that one kill caused.
    pub(super) fn worst_kill(&self) -> usize {
        self.by_life.values().copied().max().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::Tally;
    use crate::bench::crash::ledger::{Copy, Mails};

    fn copy(life: usize, message_id: &str, hash: u64) -> Copy {
        Copy { life, message_id: message_id.into(), hash }
    }

    #[test]
    fn faults_are_told_apart() {
        let mails: Mails = [
            ("once", vec![copy(0, "a", 1)]),
            ("over a crash", vec![copy(3, "b", 1), copy(2, "b", 1)]),
            ("over two", vec![copy(2, "c", 1), copy(3, "c", 1), copy(4, "c", 1)]),
            ("another id", vec![copy(2, "d", 1), copy(3, "e", 1)]),
            ("another text", vec![copy(2, "f", 1), copy(3, "f", 2)]),
            ("no crash", vec![copy(5, "g", 1), copy(5, "g", 1)]),
        ]
        .map(|(to, copies)| (to.to_owned(), copies))
        .into();
        let mut tally = Tally::default();
        tally.count(mails, 8);
        assert_eq!((tally.lost, tally.duplicates, tally.differing, tally.without_a_crash), (2, 6, 2, 1));
        assert_eq!(tally.worst_kill(), 4, "life 2");
    }
}
