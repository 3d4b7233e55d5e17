//! How sure a share of few samples is.

use statrs::distribution::{ContinuousCDF, Normal};

/// The z of a confidence in percent, one-sided: 95 gives 1.645.
#[must_use]
pub fn one_sided(confidence: f64) -> f64 {
    Normal::standard().inverse_cdf(confidence / 100.0)
}

/// The z of a confidence in percent, two-sided: 95 gives 1.960.
#[must_use]
pub fn two_sided(confidence: f64) -> f64 {
    one_sided(50.0 + confidence / 2.0)
}

/// Wilson's interval of a share from 0 to 1: robust where few or all succeed.
#[must_use]
#[allow(clippy::cast_precision_loss, reason = "counts of samples")]
pub fn wilson(share: f64, samples: i64, z: f64) -> (f64, f64) {
    let n = (samples as f64).max(1.0);
    let z2 = z * z;
    let middle = (share + z2 / (2.0 * n)) / (1.0 + z2 / n);
    let half = z * (share * (1.0 - share) / n + z2 / (4.0 * n * n)).sqrt() / (1.0 + z2 / n);
    (middle - half, middle + half)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Newcombe (1998), table I, method 3: 81 of 263 and 0 of 20, at 95 %.
    #[test]
    fn the_interval_is_the_one_of_the_textbooks() {
        let z = two_sided(95.0);
        assert!((z - 1.959_964).abs() < 1e-5, "{z}");
        let (low, high) = wilson(81.0 / 263.0, 263, z);
        assert!((low - 0.2553).abs() < 5e-5 && (high - 0.3662).abs() < 5e-5, "{low} {high}");
        let (low, high) = wilson(0.0, 20, z);
        assert!(low.abs() < 1e-9 && (high - 0.1611).abs() < 5e-5, "{low} {high}");
    }
}
