//! A small chart: success over the window before a change, kept with it and drawn when it is shown.

use serde::{Deserialize, Serialize};

use super::replay::Bucket;
use crate::clock::{SECOND, Timestamp};

/// Most points of a chart.
pub const POINTS: i64 = 60;

/// Shares over time, as they were when something changed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Chart {
    /// When the first point begins.
    pub from_at: Timestamp,
    /// Length of a point, in seconds.
    pub step_secs: i64,
    /// Per point: how many outcomes are known, and how many of those succeeded.
    pub points: Vec<(i64, i64)>,
}

/// Seconds per point for a window: at most [`POINTS`] of them, each a whole number of rollups `width_secs` wide.
#[must_use]
pub const fn step_secs(window_secs: i64, width_secs: i64) -> i64 {
    let widths = (window_secs + width_secs - 1) / width_secs;
    let per_point = (widths + POINTS - 1) / POINTS;
    width_secs * if per_point > 1 { per_point } else { 1 }
}

impl Chart {
    /// The chart of a window that ends at `to`, from rollups `width_secs` wide. Outcomes that are not known yet are left out.
    #[must_use]
    pub fn of(buckets: &[Bucket], window_secs: i64, width_secs: i64, to: Timestamp) -> Self {
        let step = step_secs(window_secs, width_secs);
        let steps = ((window_secs + step - 1) / step).max(1);
        let end = (to.millis().div_euclid(width_secs * SECOND) + 1) * width_secs * SECOND;
        let from_at = Timestamp::from_millis(end - steps * step * SECOND);
        let mut points = vec![(0, 0); usize::try_from(steps).unwrap_or(0)];
        for bucket in buckets {
            let place = bucket.at.since(from_at).div_euclid(step * SECOND);
            if let Some(point) = usize::try_from(place).ok().and_then(|i| points.get_mut(i)) {
                point.0 += bucket.succeeded + bucket.unsuccessful;
                point.1 += bucket.succeeded;
            }
        }
        Self { from_at, step_secs: step, points }
    }

    /// From how it is kept; none: there is none.
    #[must_use]
    pub fn from_json(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok().filter(|c: &Self| c.points.iter().any(|(n, _)| *n > 0))
    }

    /// The share of each point in percent; none where nothing was measured.
    #[must_use]
    #[allow(clippy::cast_precision_loss, reason = "counts of samples")]
    pub fn shares(&self) -> Vec<Option<f64>> {
        self.points.iter().map(|(n, good)| (*n > 0).then(|| *good as f64 * 100.0 / *n as f64)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chart_has_few_points_whatever_the_window() {
        assert_eq!((step_secs(600, 10), step_secs(3_600, 10), step_secs(86_400, 300)), (10, 60, 1_500));
        let at = |secs: i64| Timestamp::from_millis(secs * SECOND);
        let bucket = |secs: i64, succeeded, unsuccessful| Bucket {
            at: at(secs),
            width_secs: 10,
            succeeded,
            unsuccessful,
            ..Bucket::default()
        };
        let chart =
            Chart::of(&[bucket(1_000, 9, 1), bucket(990, 5, 0), bucket(10, 1, 1)], 600, 10, at(1_004));
        assert_eq!(chart.points.len(), 60);
        assert_eq!(chart.points[59], (10, 9), "the bucket that the change falls into comes last");
        assert_eq!(chart.points[58], (5, 5));
        assert_eq!(chart.shares()[59], Some(90.0));
        assert_eq!(chart.shares()[0], None, "what lies before the window is left out");
        assert_eq!(Chart::from_json(&serde_json::to_string(&chart).unwrap()), Some(chart));
        assert_eq!(Chart::from_json(""), None);
    }
}
