//! What telemetry measured of one service around an incident.

use serde::{Deserialize, Serialize};

use crate::{
    clock::{SECOND, Timestamp},
    telemetry::kpi::thousands,
};

/// Fewer samples than this say nothing about a share.
pub const ENOUGH: i64 = 30;
/// Width of the counts that graphs are made of, in milliseconds.
pub const WIDTH: i64 = 300 * SECOND;
/// Most points of a graph: longer times get wider points.
const POINTS_MAX: i64 = 144;

/// The share of activations that succeeded at one step, over a time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Graph {
    /// `eUICC download in France and Italy`.
    pub name: String,
    /// When it begins.
    pub from: Timestamp,
    /// When it ends.
    pub to: Timestamp,
    /// How much time a point stands for, in milliseconds.
    pub width_ms: i64,
    /// Points with samples, oldest first.
    pub points: Vec<Point>,
}

/// One point of a graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Point {
    /// When it begins.
    pub at: Timestamp,
    /// Activations that entered the step.
    pub samples: i64,
    /// Of those, in time.
    pub succeeded: i64,
}

impl Point {
    /// The share that succeeded, in thousandths.
    #[must_use]
    pub const fn permille(&self) -> i64 {
        if self.samples <= 0 { 0 } else { self.succeeded * 1_000 / self.samples }
    }

    /// `79.6 %`.
    #[must_use]
    pub fn percent(&self) -> String {
        format!("{}.{} %", self.permille() / 10, self.permille() % 10)
    }
}

impl Graph {
    /// The graph of some counts between two times; none: there were no samples.
    #[must_use]
    pub fn of(name: String, from: Timestamp, to: Timestamp, counts: &[Point]) -> Option<Self> {
        let fits = to.since(from).max(0) / POINTS_MAX / WIDTH + 1;
        let graph = Self { name, from, to, width_ms: WIDTH, points: Vec::new() };
        let graph = Self { width_ms: fits * WIDTH, points: graph.merged(fits * WIDTH, counts), ..graph };
        (!graph.points.is_empty()).then_some(graph)
    }

    fn merged(&self, width_ms: i64, counts: &[Point]) -> Vec<Point> {
        let mut out: Vec<Point> = Vec::new();
        for count in counts.iter().filter(|c| c.samples > 0 && c.at >= self.from && c.at < self.to) {
            let at = self.from.plus(count.at.since(self.from) / width_ms * width_ms);
            match out.last_mut().filter(|p| p.at == at) {
                Some(last) => {
                    last.samples += count.samples;
                    last.succeeded += count.succeeded;
                }
                None => out.push(Point { at, ..*count }),
            }
        }
        out
    }

    /// The same with at most `rows` points, for a table.
    #[must_use]
    pub fn condensed(&self, rows: i64) -> Self {
        let times = (self.to.since(self.from).max(0) / self.width_ms.max(1) + rows) / rows.max(1);
        let width_ms = self.width_ms * times.max(1);
        Self { width_ms, points: self.merged(width_ms, &self.points), ..self.clone() }
    }

    /// The worst point that has enough samples.
    #[must_use]
    pub fn lowest(&self) -> Option<&Point> {
        self.points.iter().filter(|p| p.samples >= ENOUGH).min_by_key(|p| (p.permille(), p.at))
    }

    /// `lowest at 08:10 UTC: 61.3 % of 412 succeeded`.
    #[must_use]
    pub fn lowest_words(&self) -> Option<String> {
        let p = self.lowest()?;
        let at = crate::clock_local::hour_minute(p.at, crate::clock_local::zone("UTC"));
        Some(format!("lowest at {at} UTC: {} of {} succeeded", p.percent(), thousands(p.samples)))
    }
}
