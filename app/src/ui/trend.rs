//! A share by day over a period: one line between a floor and a ceiling, what is owed, what was unusual behind it, and
//! the same as a table.

use std::fmt::Write as _;

use domain::{
    clock::{DAY, Timestamp},
    clock_local::{day_month, utc_date, zone},
    telemetry::{kpi::thousands, scorecard::percent},
};
use leptos::prelude::*;

/// Width of the drawing, in its own units; its height is 100.
const WIDTH: i64 = 600;

/// One day: when it begins, the share in thousandths, and of how many.
pub type Day = (Timestamp, i64, i64);

/// A share over a period.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Trend {
    /// `Activation success rate by day`.
    pub name: String,
    /// When it begins.
    pub from: Timestamp,
    /// When it ends.
    pub to: Timestamp,
    /// Days with samples, oldest first.
    pub days: Vec<Day>,
    /// What stands at the bottom and at the top, in thousandths.
    pub range: (i64, i64),
    /// What is owed, in thousandths.
    pub target: Option<i64>,
    /// Times that are shaded.
    pub shaded: Vec<(Timestamp, Timestamp)>,
    /// What the shade means.
    pub shade: &'static str,
}

impl Trend {
    /// A range that holds everything that is shown, in steps of ten percent: it never cuts a day off.
    #[must_use]
    pub fn range_of(days: &[Day], target: Option<i64>, default: (i64, i64)) -> (i64, i64) {
        let all = || days.iter().map(|(_, permille, _)| *permille).chain(target);
        let low = all().min().map_or(default.0, |n| (n / 100 * 100).min(default.0));
        let high = all().max().map_or(default.1, |n| ((n + 99) / 100 * 100).max(default.1));
        (low, high.max(low + 100))
    }

    fn x(&self, at: Timestamp) -> i64 {
        let span = self.to.since(self.from).max(1);
        at.since(self.from).clamp(0, span) * WIDTH * 10 / span
    }

    fn y(&self, permille: i64) -> i64 {
        let (low, high) = self.range;
        (high - permille).clamp(0, high - low) * 1_000 / (high - low).max(1)
    }

    fn line(&self) -> String {
        let mut d = String::new();
        let mut next = None;
        for (at, permille, _) in &self.days {
            let pen = if next == Some(*at) { 'L' } else { 'M' };
            let _ = write!(d, "{pen}{} {}", tenths(self.x(at.plus(DAY / 2))), tenths(self.y(*permille)));
            if pen == 'M' {
                d.push_str("h.1"); // a day alone is still seen
            }
            next = Some(at.plus(DAY));
        }
        d
    }

    fn shades(&self) -> String {
        let mut d = String::new();
        for (from, to) in &self.shaded {
            let (start, end) = (self.x(*from), self.x(*to).max(self.x(*from) + 10));
            let _ = write!(d, "M{} 0V100H{}V0Z", tenths(start), tenths(end));
        }
        d
    }
}

fn tenths(n: i64) -> String {
    format!("{}.{}", n / 10, n % 10)
}

/// Renders it.
#[must_use]
pub fn trend(model: &Trend) -> AnyView {
    let (low, high) = model.range;
    let lowest = model.days.iter().map(|(_, permille, _)| *permille).min();
    let label =
        lowest.map_or_else(|| model.name.clone(), |n| format!("{}, lowest day {}", model.name, percent(n)));
    let owed = model.target.map(|t| {
        let y = tenths(model.y(t));
        view! { <path class="owed" d=format!("M0 {y}H{WIDTH}")></path> }
    });
    let rows = model
        .days
        .iter()
        .map(|(at, permille, of)| view! { <tr><td>{day_month(*at, zone("UTC"))}</td><td>{percent(*permille)}</td><td>{thousands(*of)}</td></tr> })
        .collect_view();
    let mut legend: Vec<String> = Vec::new();
    legend.extend(model.target.map(|t| format!("dashed: {} owed", percent(t))));
    legend.extend((!model.shaded.is_empty()).then(|| format!("shaded: {}", model.shade)));
    view! {
        <figure class="graph">
            <figcaption><b>{model.name.clone()}</b></figcaption>
            <div>
                <span>{format!("{} %", high / 10)}</span>
                <svg viewBox=format!("0 0 {WIDTH} 100") preserveAspectRatio="none" role="img" aria-label=label>
                    <path class="during" d=model.shades()></path>
                    <path class="rule" d=format!("M0 0H{WIDTH}M0 50H{WIDTH}M0 100H{WIDTH}")></path>
                    {owed}
                    <path class="line" d=model.line()></path>
                </svg>
                <span>{format!("{} %", low / 10)}</span>
            </div>
            <p><span>{utc_date(model.from)}</span><span>{legend.join(" · ")}</span><span>{utc_date(model.to.plus(-1))}</span></p>
            <details>
                <summary>"The same as a table"</summary>
                <div class="scroll"><table>
                    <caption class="v">{model.name.clone()}</caption>
                    <thead><tr><th scope="col">"Day, UTC"</th><th scope="col">"Share"</th><th scope="col">"Of"</th></tr></thead>
                    <tbody>{rows}</tbody>
                </table></div>
            </details>
        </figure>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_day_is_cut_off_and_days_without_samples_break_the_line() {
        let day = |n: i64| Timestamp::from_millis(n * DAY);
        let days = vec![(day(0), 990, 10), (day(1), 870, 10), (day(3), 1_000, 10)];
        assert_eq!(Trend::range_of(&days, Some(950), (900, 1_000)), (800, 1_000));
        assert_eq!(Trend::range_of(&[], None, (900, 1_000)), (900, 1_000));
        assert_eq!(Trend::range_of(&[(day(0), 130, 1)], None, (0, 100)), (0, 200));
        let model = Trend { from: day(0), to: day(4), days, range: (800, 1_000), ..Trend::default() };
        assert_eq!(model.line(), "M75.0 5.0h.1L225.0 65.0M525.0 0.0h.1");
    }
}
