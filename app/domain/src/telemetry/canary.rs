//! Canary against baseline: two shares, a test between them, and what an orchestrator should do.

use serde::{Deserialize, Serialize};
use statrs::distribution::{ContinuousCDF, Normal};

use super::share::{two_sided, wilson};

/// The policy of a comparison: data, versioned by the store. Shares are percent, differences percentage points.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CanaryPolicy {
    /// Whether it is compared at all.
    pub is_enabled: bool,
    /// How far back it looks, in seconds.
    pub window_secs: i64,
    /// Fewer samples than this in either arm: hold.
    pub minimum_samples: i64,
    /// So much worse than the baseline a canary may be.
    pub largest_difference: f64,
    /// How sure an answer has to be, two-sided.
    pub confidence: f64,
    /// A canary with a success share below this is not expanded, however bad the baseline is.
    pub least_share: f64,
}

impl Default for CanaryPolicy {
    fn default() -> Self {
        Self {
            is_enabled: false,
            window_secs: 3_600,
            minimum_samples: 200,
            largest_difference: 2.0,
            confidence: 95.0,
            least_share: 95.0,
        }
    }
}

impl CanaryPolicy {
    /// Whether its figures make sense.
    ///
    /// # Errors
    /// The first field that does not, and why.
    pub fn check(&self) -> Result<(), super::degradation::Wrong> {
        let wrong = [
            (!(300..=86_400).contains(&self.window_secs), "window", "Give 5 min to 24 h."),
            (
                !(30..=100_000).contains(&self.minimum_samples),
                "minimum_samples",
                "Give 30 to 100,000 samples.",
            ),
            (
                !(0.1..=50.0).contains(&self.largest_difference),
                "largest_difference",
                "Give 0.1 to 50 percentage points.",
            ),
            (!(80.0..=99.9).contains(&self.confidence), "confidence", "Give 80 to 99.9 %."),
            (!(0.0..=100.0).contains(&self.least_share), "least_share", "Give a share from 0 to 100 %."),
        ];
        wrong.into_iter().find(|(is_wrong, ..)| *is_wrong).map_or(Ok(()), |(_, field, why)| Err((field, why)))
    }
}

/// Outcomes of one cohort.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Arm {
    /// Activations whose outcome is known or whose SLA has run out.
    pub samples: i64,
    /// Of those, in time.
    pub succeeded: i64,
}

impl Arm {
    /// Success share, 0 to 1; 0 without samples.
    #[must_use]
    #[allow(clippy::cast_precision_loss, reason = "counts of samples")]
    pub fn share(&self) -> f64 {
        if self.samples > 0 { self.succeeded as f64 / self.samples as f64 } else { 0.0 }
    }
}

/// What to do with the canary.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CanaryVerdict {
    /// It is no worse than tolerated, surely enough, and good in itself: give it more.
    Expand,
    /// Not sure yet, or too few samples.
    Hold,
    /// It is worse than tolerated, and worse for sure: take it back.
    RollBack,
}

impl CanaryVerdict {
    /// The word stored and sent.
    #[must_use]
    pub const fn slug(self) -> &'static str {
        match self {
            Self::Expand => "expand",
            Self::Hold => "hold",
            Self::RollBack => "roll_back",
        }
    }

    /// The words shown.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Expand => "expand",
            Self::Hold => "hold",
            Self::RollBack => "roll back",
        }
    }
}

/// Two arms compared. Differences are canary minus baseline, in percentage points.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// The new way.
    pub canary: Arm,
    /// The old way.
    pub baseline: Arm,
    /// The difference of the shares.
    pub difference: f64,
    /// Lower end of its confidence interval (Newcombe, from Wilson's intervals).
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// Statistic of the two-proportion z-test with pooled variance; none: both shares are 0 or 1 alike.
    pub z: Option<f64>,
    /// Its two-sided p-value.
    pub p_value: Option<f64>,
    /// What to do.
    pub verdict: CanaryVerdict,
}

/// The z-test: its statistic and two-sided p-value.
#[allow(clippy::cast_precision_loss, reason = "counts of samples")]
fn z_test(canary: Arm, baseline: Arm) -> Option<(f64, f64)> {
    let (n1, n2) = (canary.samples as f64, baseline.samples as f64);
    let pooled = (canary.succeeded + baseline.succeeded) as f64 / (n1 + n2);
    let error = (pooled * (1.0 - pooled) * (1.0 / n1 + 1.0 / n2)).sqrt();
    if !error.is_finite() || error <= 0.0 {
        return None;
    }
    let z = (canary.share() - baseline.share()) / error;
    Some((z, 2.0 * (1.0 - Normal::standard().cdf(z.abs()))))
}

/// Compares two arms under a policy.
///
/// Roll back: the z-test finds the canary worse at the policy's confidence, and the difference is larger than tolerated.
/// Expand: the whole confidence interval lies within what is tolerated, and the canary's own share is not too small. Hold:
/// everything else.
#[must_use]
pub fn compare(policy: &CanaryPolicy, canary: Arm, baseline: Arm) -> Comparison {
    let alpha = 1.0 - policy.confidence / 100.0;
    let z = two_sided(policy.confidence);
    let (p1, p2) = (canary.share(), baseline.share());
    let ((low1, high1), (low2, high2)) = (wilson(p1, canary.samples, z), wilson(p2, baseline.samples, z));
    let difference = p1 - p2;
    let low = difference - ((p1 - low1).powi(2) + (high2 - p2).powi(2)).sqrt();
    let high = difference + ((high1 - p1).powi(2) + (p2 - low2).powi(2)).sqrt();
    let test = z_test(canary, baseline);
    let tolerated = -policy.largest_difference / 100.0;
    let is_worse = difference < 0.0 && test.is_some_and(|(_, p)| p < alpha);
    let enough = canary.samples.min(baseline.samples) >= policy.minimum_samples;
    let verdict = if enough && is_worse && difference < tolerated {
        CanaryVerdict::RollBack
    } else if enough && low > tolerated && p1 * 100.0 >= policy.least_share {
        CanaryVerdict::Expand
    } else {
        CanaryVerdict::Hold
    };
    Comparison {
        canary,
        baseline,
        difference: difference * 100.0,
        low: low * 100.0,
        high: high * 100.0,
        z: test.map(|(z, _)| z),
        p_value: test.map(|(_, p)| p),
        verdict,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arm(succeeded: i64, samples: i64) -> Arm {
        Arm { samples, succeeded }
    }

    #[test]
    fn a_canary_that_is_bad_in_itself_is_not_expanded_beside_a_worse_baseline() {
        let policy = CanaryPolicy::default();
        assert_eq!(compare(&policy, arm(400, 500), arm(3_000, 5_000)).verdict, CanaryVerdict::Hold);
        assert_eq!(compare(&policy, arm(950, 1_000), arm(3_000, 5_000)).verdict, CanaryVerdict::Expand);
    }

    /// Figures by R: `prop.test(c(450, 490), c(500, 500), correct = FALSE)` gives X² = 28.369, p = 1.0e-7.
    #[test]
    fn the_test_is_the_one_of_the_textbooks() {
        let c = compare(&CanaryPolicy::default(), arm(450, 500), arm(490, 500));
        let z = c.z.unwrap();
        assert!((z + 5.3263).abs() < 0.001, "{z}");
        assert!(c.p_value.unwrap() < 2e-7, "{:?}", c.p_value);
        assert!((c.difference + 8.0).abs() < 1e-9);
        assert!(c.low < -8.0 && c.high > -8.0 && c.high < -4.9, "{c:?}");
        assert_eq!(c.verdict, CanaryVerdict::RollBack);
        // Newcombe (1998), table II, 56/70 against 48/80, method 10: 0.0524 to 0.3339.
        let c = compare(&CanaryPolicy::default(), arm(56, 70), arm(48, 80));
        assert!((c.low - 5.24).abs() < 0.01 && (c.high - 33.39).abs() < 0.01, "{c:?}");
    }

    #[test]
    fn the_verdict_needs_samples_and_certainty() {
        let policy = CanaryPolicy::default();
        let verdict = |canary, baseline| compare(&policy, canary, baseline).verdict;
        assert_eq!(verdict(arm(0, 199), arm(1_000, 1_000)), CanaryVerdict::Hold, "too few");
        assert_eq!(verdict(arm(1_990, 2_000), arm(1_990, 2_000)), CanaryVerdict::Expand);
        assert_eq!(verdict(arm(297, 300), arm(299, 300)), CanaryVerdict::Hold, "not sure yet");
        assert_eq!(
            verdict(arm(9_850, 10_000), arm(9_950, 10_000)),
            CanaryVerdict::Expand,
            "worse, but tolerated"
        );
        assert_eq!(verdict(arm(270, 300), arm(299, 300)), CanaryVerdict::RollBack);
        assert_eq!(verdict(arm(1_000, 1_000), arm(1_000, 1_000)), CanaryVerdict::Expand, "both perfect");
        assert_eq!(verdict(arm(0, 0), arm(0, 0)), CanaryVerdict::Hold);
    }
}
