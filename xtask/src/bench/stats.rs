//! Medians and percentiles.

/// The median; 0 of nothing.
pub(super) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(0.0)
}

/// The value that a share `p` (0 to 1) of the values does not exceed; 0 of nothing.
pub(super) fn percentile(values: &[f64], p: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "an index"
    )]
    let index = ((sorted.len() as f64 * p).ceil() as usize).saturating_sub(1);
    sorted.get(index).copied().unwrap_or(0.0)
}

/// How far two samples' distributions are apart at most (0 to 1), and the chance that both come from one: the
/// two-sample test of Kolmogorov and Smirnov in its asymptotic form.
pub(super) fn kolmogorov_smirnov(a: &[f64], b: &[f64]) -> (f64, f64) {
    if a.is_empty() || b.is_empty() {
        return (0.0, 1.0);
    }
    #[allow(clippy::cast_precision_loss, reason = "counts of samples")]
    let share = |of: &[f64], at: f64| of.iter().filter(|v| **v <= at).count() as f64 / of.len() as f64;
    let distance = a.iter().chain(b).map(|at| (share(a, *at) - share(b, *at)).abs()).fold(0.0, f64::max);
    #[allow(clippy::cast_precision_loss, reason = "counts of samples")]
    let (n, m) = (a.len() as f64, b.len() as f64);
    let root = (n * m / (n + m)).sqrt();
    let lambda = (root + 0.12 + 0.11 / root) * distance;
    if lambda < 0.2 {
        return (distance, 1.0); // the series does not converge there, and the chance is 1 to many digits
    }
    let term = |k: i32| 2.0 * (-1.0_f64).powi(k - 1) * (-2.0 * f64::from(k * k) * lambda * lambda).exp();
    (distance, (1..=100).map(term).sum::<f64>().clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_hundred() {
        let values: Vec<f64> = (1..=100).map(f64::from).collect();
        assert_eq!(percentile(&values, 0.99), 99.0);
        assert_eq!(percentile(&values, 1.0), 100.0);
        assert_eq!(median(vec![3.0, 1.0, 2.0]), 2.0);
        assert_eq!(percentile(&[], 0.5), 0.0);
    }

    #[test]
    fn samples_of_one_distribution_are_told_from_those_of_two() {
        let a: Vec<f64> = (0..200).map(f64::from).collect();
        let near: Vec<f64> = a.iter().map(|v| v + 1.0).collect();
        let far: Vec<f64> = a.iter().map(|v| v + 60.0).collect();
        assert_eq!(kolmogorov_smirnov(&a, &a), (0.0, 1.0));
        assert!(kolmogorov_smirnov(&a, &near).1 > 0.9);
        let (distance, chance) = kolmogorov_smirnov(&a, &far);
        assert!((distance - 0.3).abs() < 0.01 && chance < 1e-6, "{distance} {chance}");
        // The table's value: at n = m = 200 a distance of 0.163 has a chance of about 0.01.
        let shifted: Vec<f64> = a.iter().map(|v| v + 32.6).collect();
        let chance = kolmogorov_smirnov(&a, &shifted).1;
        assert!((0.005..0.015).contains(&chance), "{chance}");
    }
}
