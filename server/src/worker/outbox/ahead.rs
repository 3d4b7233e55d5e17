//! How much a lane claims ahead: what leaves in a short while. What is claimed is not looked at again before it leaves,
//! so that whoever unsubscribes is left alone within a second.

use std::time::Duration;

use tokio::time::Instant;

/// Over what time the pace is taken.
const MEASURED: Duration = Duration::from_millis(250);

/// The pace of a lane.
#[derive(Debug)]
pub(super) struct Ahead {
    bounds: (usize, usize),
    /// What leaves in so many milliseconds is claimed.
    span: u128,
    ahead: usize,
    /// Messages that left since then.
    since: Instant,
    count: usize,
}

impl Ahead {
    /// `bounds`: claimed ahead at least and at most; `span`: what leaves in so long is.
    pub(super) fn new(bounds: (usize, usize), span: Duration) -> Self {
        Self { bounds, span: span.as_millis(), ahead: bounds.0, since: Instant::now(), count: 0 }
    }

    /// So many left just now.
    pub(super) fn left(&mut self, count: usize) {
        self.count += count;
        let took = self.since.elapsed();
        if took >= MEASURED {
            let ahead = u128::try_from(self.count).unwrap_or(0) * self.span / took.as_millis().max(1);
            self.ahead = usize::try_from(ahead).unwrap_or(self.bounds.1).clamp(self.bounds.0, self.bounds.1);
            (self.since, self.count) = (Instant::now(), 0);
        }
    }

    /// What is claimed ahead, within the bounds.
    pub(super) const fn get(&self) -> usize {
        self.ahead
    }

    /// How many are to be claimed when `waiting` are at hand: none before half of them have left.
    pub(super) const fn room(&self, waiting: usize) -> usize {
        if waiting * 2 > self.ahead { 0 } else { self.ahead - waiting }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_leaves_in_its_span_is_claimed_and_no_more() {
        let mut ahead = Ahead::new((100, 4_000), Duration::from_millis(250));
        assert_eq!((ahead.get(), ahead.room(0), ahead.room(50), ahead.room(51)), (100, 100, 50, 0));
        let mut pass = async |ms, count| {
            tokio::time::advance(Duration::from_millis(ms)).await;
            ahead.left(count);
            ahead.get()
        };
        assert_eq!(pass(249, 1_000).await, 100, "too short to tell");
        assert_eq!(pass(1, 1_000).await, 2_000, "2,000 in a quarter second");
        assert_eq!(pass(1_000, 2_000).await, 500);
        assert_eq!(pass(250, 1_000_000).await, 4_000, "at most");
        assert_eq!(pass(60_000, 1).await, 100, "at least");
    }
}
