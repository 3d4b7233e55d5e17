//! A small chart beside a change: success before it, as one line. A few hundred bytes; words stand outside the drawing.

use std::fmt::Write as _;

use domain::{
    clock::SECOND,
    clock_local::{hour_minute, zone},
    telemetry::chart::Chart,
};
use leptos::prelude::*;

/// Height of the drawing, in its own units.
const HEIGHT: i64 = 40;

/// The share at the lower edge, in percent: the tens below the lowest point.
#[allow(clippy::cast_possible_truncation, reason = "a share in percent")]
fn floor(shares: &[Option<f64>]) -> i64 {
    let lowest = shares.iter().flatten().fold(100.0_f64, |low, s| low.min(*s));
    ((lowest / 10.0).floor() as i64 * 10).clamp(0, 90)
}

/// The line, broken where nothing was measured.
#[allow(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "units of a drawing")]
fn line(shares: &[Option<f64>], floor: i64) -> String {
    let (mut d, mut pen) = (String::new(), 'M');
    for (x, share) in (0i64..).zip(shares) {
        let Some(share) = share else {
            pen = 'M';
            continue;
        };
        let y = ((100.0 - share) * HEIGHT as f64 / (100 - floor) as f64).round() as i64;
        let _ = write!(d, "{pen}{x} {y}");
        if pen == 'M' {
            d.push_str("h.1"); // a point alone is still seen
        }
        pen = 'L';
    }
    d
}

/// Draws it.
#[must_use]
pub fn spark(chart: &Chart) -> AnyView {
    let shares = chart.shares();
    let floor = floor(&shares);
    let width = shares.len().max(1);
    let steps = i64::try_from(width).unwrap_or(0);
    let utc = |ms: i64| hour_minute(chart.from_at.plus(ms), zone("UTC"));
    let (from, to) = (utc(0), utc(steps * chart.step_secs * SECOND));
    let lowest = shares.iter().flatten().fold(100.0_f64, |low, s| low.min(*s));
    let title = format!("Success from {from} to {to} UTC, lowest {lowest:.1} %");
    view! {
        <figure class="graph">
            <svg viewBox=format!("0 0 {width} {HEIGHT}") preserveAspectRatio="none" role="img" aria-label=title>
                <path class="line" d=line(&shares, floor)></path>
            </svg>
            <p><span>{format!("{from} UTC, {floor} to 100 %")}</span><span>{format!("{to} UTC")}</span></p>
        </figure>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_is_short_and_breaks_where_nothing_was_measured() {
        let shares = [Some(100.0), Some(75.0), None, Some(50.0)];
        assert_eq!(floor(&shares), 50);
        assert_eq!(line(&shares, 50), "M0 0h.1L1 20M3 40h.1");
        assert_eq!(floor(&[None]), 90);
        let full: Vec<_> = (0..60).map(|n| Some(79.0 + f64::from(n % 20))).collect();
        assert!(line(&full, 70).len() < 400, "{}", line(&full, 70).len());
    }
}
