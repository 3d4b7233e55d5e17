//! Figures over time as charts with a table.

use app::model::{Chart, ChartTable, Charts};
use domain::{
    clock::{DAY, SECOND, Timestamp},
    clock_local::{day_month, hour_minute, zone},
    telemetry::{kpi::thousands, rollup::Figures},
};
use serde::{Deserialize, Serialize};

/// What was measured in one slot.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Point {
    /// When the slot begins.
    pub at: Timestamp,
    /// Activations whose outcome is known.
    pub samples: i64,
    /// Thousandths that succeeded in time; none without samples.
    pub share: Option<i64>,
    /// Median latency, in milliseconds.
    pub median_ms: Option<i64>,
    /// 95th percentile, in milliseconds.
    pub p95_ms: Option<i64>,
    /// Thousandths that used a secondary flow.
    pub fallback: Option<i64>,
}

impl Point {
    /// The figures of a slot that begins at `at`.
    #[must_use]
    pub fn of(at: Timestamp, figures: &Figures) -> Self {
        #[allow(clippy::cast_possible_truncation, reason = "0 to 1,000")]
        let permille = |percent: f64| (percent * 10.0 + 1e-9).floor() as i64;
        Self {
            at,
            samples: figures.samples,
            share: figures.success_share().map(permille),
            median_ms: figures.median_ms(),
            p95_ms: figures.p95_ms(),
            fallback: figures.fallback_rate().map(permille),
        }
    }
}

/// `97.4 %`, rounded down: 97.96 is below 98, and must not read 98.0. Of thousandths.
#[must_use]
pub fn permille_words(permille: i64) -> String {
    format!("{}.{} %", permille / 10, permille % 10)
}

/// `2.4 s`, `31 s`; `–` for none.
#[must_use]
pub fn seconds(ms: Option<i64>) -> String {
    match ms {
        None => "–".to_owned(),
        Some(ms) if ms < 10_000 => format!("{}.{} s", ms / 1_000, ms % 1_000 / 100),
        Some(ms) => format!("{} s", ms / 1_000),
    }
}

/// Which figures are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Drawn {
    /// Success and median latency: what everybody may see.
    Public,
    /// With the 95th percentile and the fallback rate.
    All,
}

/// When a slot begins, in UTC, as short as the slots allow.
fn time(at: Timestamp, slot_secs: i64, span_ms: i64) -> String {
    let utc = zone("UTC");
    if slot_secs * SECOND >= DAY {
        day_month(at, utc)
    } else if span_ms > DAY {
        format!("{} {}", day_month(at, utc), hour_minute(at, utc))
    } else {
        hour_minute(at, utc)
    }
}

/// The smallest even number of milliseconds that is not below `max`.
fn ceiling(max: i64) -> i64 {
    let steps =
        [100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 30_000, 60_000, 120_000, 300_000, 600_000];
    steps.into_iter().find(|s| *s >= max).unwrap_or(max)
}

fn lowest(points: &[Point], time: &impl Fn(Timestamp) -> String) -> String {
    let low = points.iter().filter_map(|p| Some((p.share?, p.at))).min_by_key(|(share, _)| *share);
    low.map_or_else(String::new, |(share, at)| format!("lowest {} at {}", permille_words(share), time(at)))
}

/// The charts of some slots, each `slot_secs` long, without a gap between them.
#[must_use]
pub fn charts(title: &str, points: &[Point], slot_secs: i64, drawn: Drawn) -> Charts {
    let begin = points.first().map_or_else(Timestamp::default, |p| p.at);
    let end = points.last().map_or_else(Timestamp::default, |p| p.at.plus(slot_secs * SECOND));
    let time = |at: Timestamp| time(at, slot_secs, end.since(begin));
    let span = (format!("{} UTC", time(begin)), format!("{} UTC", time(end)));
    let chart = |name: &str, remark: String, scale: (String, String), lines| Chart {
        name: name.to_owned(),
        remark,
        scale,
        span: span.clone(),
        lines,
    };
    let line = |value: fn(&Point) -> Option<i64>, top: i64| -> Vec<Option<i64>> {
        points.iter().map(|p| value(p).map(|v| v * 1_000 / top.max(1))).collect()
    };
    let shares = chart(
        "Succeeded in time",
        lowest(points, &time),
        ("100 %".into(), "0 %".into()),
        vec![line(|p| p.share, 1_000)],
    );
    let slowest = if drawn == Drawn::All {
        points.iter().filter_map(|p| p.p95_ms).max()
    } else {
        points.iter().filter_map(|p| p.median_ms).max()
    };
    let top = ceiling(slowest.unwrap_or(1_000));
    let scale = (seconds(Some(top)), "0 s".into());
    let mut all = vec![shares];
    if drawn == Drawn::All {
        let lines = vec![line(|p| p.median_ms, top), line(|p| p.p95_ms, top)];
        all.push(chart("Latency", "median, and dashed the 95th percentile".into(), scale, lines));
        let most = points.iter().filter_map(|p| p.fallback).max().unwrap_or(0).max(100);
        let scale = (permille_words(most), "0 %".into());
        all.push(chart("Fallback rate", String::new(), scale, vec![line(|p| p.fallback, most)]));
    } else {
        all.push(chart("Half took less than", String::new(), scale, vec![line(|p| p.median_ms, top)]));
    }
    Charts { title: title.to_owned(), charts: all, table: table(points, slot_secs, drawn, &time) }
}

fn table(points: &[Point], slot_secs: i64, drawn: Drawn, time: &impl Fn(Timestamp) -> String) -> ChartTable {
    let mut head = vec!["From, UTC", "Succeeded", "Of", "Median"];
    if drawn == Drawn::All {
        head.extend(["95th percentile", "Fallback"]);
    }
    let percent = |permille: Option<i64>| permille.map_or_else(|| "no data".to_owned(), permille_words);
    let row = |p: &Point| {
        let mut row = vec![time(p.at), percent(p.share), thousands(p.samples), seconds(p.median_ms)];
        if drawn == Drawn::All {
            row.extend([seconds(p.p95_ms), p.fallback.map_or_else(|| "–".to_owned(), permille_words)]);
        }
        row
    };
    let minutes = slot_secs / 60;
    let each = match minutes {
        1 => "1 minute".to_owned(),
        ..120 => format!("{minutes} minutes"),
        _ => format!("{} hours", minutes / 60),
    };
    ChartTable {
        caption: format!("Each line {each}"),
        head: head.into_iter().map(str::to_owned).collect(),
        rows: points.iter().map(row).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_without_samples_is_a_gap_and_says_so() {
        let at = |n: i64| Timestamp::from_millis(n * 60_000);
        let seen = |n, share| Point { at: at(n), samples: 10, share: Some(share), ..Point::default() };
        let points = [seen(0, 979), Point { at: at(1), ..Point::default() }, seen(2, 1_000)];
        let charts = charts("", &points, 60, Drawn::Public);
        assert_eq!(charts.charts[0].lines, vec![vec![Some(979), None, Some(1_000)]]);
        assert_eq!(charts.charts[0].remark, "lowest 97.9 % at 00:00");
        assert_eq!(charts.table.rows[1], ["00:01", "no data", "0", "–"]);
        assert_eq!(charts.table.caption, "Each line 1 minute");
    }
}
