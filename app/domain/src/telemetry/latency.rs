//! Latencies of any number of activations in a few hundred bytes: a DDSketch, which merges exactly and is within 1 %.

use sketches_ddsketch::{Config, DDSketch};

/// A sketch of latencies in milliseconds. What was added once stays: it cannot forget.
#[derive(Clone)]
pub struct Latencies(DDSketch);

impl Default for Latencies {
    fn default() -> Self {
        Self(DDSketch::new(Config::defaults()))
    }
}

impl std::fmt::Debug for Latencies {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Latencies({} samples)", self.count())
    }
}

impl PartialEq for Latencies {
    fn eq(&self, other: &Self) -> bool {
        self.to_bytes() == other.to_bytes()
    }
}

impl Eq for Latencies {}

impl Latencies {
    /// Adds one latency; negative ones count as 0.
    #[allow(clippy::cast_precision_loss, reason = "latencies are far below 2^53 milliseconds")]
    pub fn add(&mut self, ms: i64) {
        self.0.add(ms.max(0) as f64);
    }

    /// Adds all of another sketch.
    pub fn merge(&mut self, other: &Self) {
        // It refuses another accuracy alone, and every sketch here has the same.
        let _ = self.0.merge(&other.0);
    }

    /// How many were added.
    #[must_use]
    pub fn count(&self) -> usize {
        self.0.count()
    }

    /// The latency below which a share (0 to 1) of them lies, in milliseconds, within 1 %; none without latencies.
    #[must_use]
    #[allow(clippy::cast_possible_truncation, reason = "a latency in milliseconds")]
    pub fn quantile_ms(&self, share: f64) -> Option<i64> {
        self.0.quantile(share.clamp(0.0, 1.0)).ok().flatten().map(|ms| ms.round() as i64)
    }

    /// As it is stored: the format that DDSketch's libraries share.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        if self.count() == 0 { Vec::new() } else { self.0.to_java_bytes() }
    }

    /// Adds all of a stored one; false, and nothing is added, if these bytes are no sketch of this accuracy.
    #[must_use]
    pub fn merge_bytes(&mut self, bytes: &[u8]) -> bool {
        bytes.is_empty() || DDSketch::from_java_bytes(bytes).is_ok_and(|stored| self.0.merge(&stored).is_ok())
    }

    /// From how it is stored; none if these bytes are no sketch of this accuracy.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let mut sketch = Self::default();
        sketch.merge_bytes(bytes).then_some(sketch)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(latencies: impl IntoIterator<Item = i64>) -> Latencies {
        let mut sketch = Latencies::default();
        latencies.into_iter().for_each(|ms| sketch.add(ms));
        sketch
    }

    #[test]
    fn parts_that_were_stored_merge_to_what_the_whole_would_be() {
        let whole = of((1..=10_000).map(|n| n * 7 % 60_000));
        let mut merged = Latencies::default();
        for part in 0..10 {
            let bytes = of((1..=10_000).filter(|n| n % 10 == part).map(|n| n * 7 % 60_000)).to_bytes();
            merged.merge(&Latencies::from_bytes(&bytes).expect("a sketch"));
        }
        assert_eq!(merged.count(), whole.count());
        for share in [0.0, 0.5, 0.95, 0.999, 1.0] {
            assert_eq!(merged.quantile_ms(share), whole.quantile_ms(share), "{share}");
        }
    }

    #[test]
    fn a_quantile_is_within_one_percent() {
        let all = of(1..=1_000);
        for (share, exact) in [(0.5, 500.0), (0.95, 950.0), (0.99, 990.0)] {
            let told = f64::from(i32::try_from(all.quantile_ms(share).expect("samples")).expect("small"));
            assert!((told - exact).abs() <= exact * 0.011 + 1.0, "{share}: {told} is not about {exact}");
        }
    }

    #[test]
    fn nothing_is_no_latency_and_garbage_is_no_sketch() {
        assert_eq!(Latencies::default().quantile_ms(0.5), None);
        assert_eq!(Latencies::from_bytes(&[]), Some(Latencies::default()));
        assert_eq!(Latencies::from_bytes(&[1, 2, 3]), None);
    }
}
