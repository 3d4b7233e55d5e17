//! The 90-day bars and the uptime figure, from a cell's status changes.

use crate::{
    clock::{DAY, Timestamp},
    status::CellStatus,
};

/// Days in a bar.
pub const DAYS: usize = 90;

/// One change of a cell's status. Before the first, nothing is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    /// When.
    pub at: Timestamp,
    /// What it changed to.
    pub to: CellStatus,
}

/// Ninety days of one cell, or of several together.
#[derive(Clone, Debug, PartialEq)]
pub struct History {
    /// The worst status of each UTC day, oldest first; today last. A day without any data is *no data*.
    pub days: Vec<CellStatus>,
    /// 100 − downtime share; none when there was no data at all.
    pub uptime_percent: Option<f64>,
    /// Milliseconds without data inside the window.
    pub no_data_ms: i64,
    /// Milliseconds that count (maintenance and no data are out).
    pub counted_ms: i64,
    /// Weighted milliseconds of downtime.
    pub down_ms: f64,
}

/// How much of an hour in a status counts as downtime.
#[must_use]
pub const fn weight(status: CellStatus) -> Option<f64> {
    match status {
        CellStatus::MajorOutage => Some(1.0),
        CellStatus::PartialOutage => Some(0.3),
        CellStatus::Degraded | CellStatus::Operational => Some(0.0),
        CellStatus::UnderMaintenance | CellStatus::NoData => None,
    }
}

/// The history of one cell. `changes` are sorted by time; the window is the last 90 UTC days with today, up to `now`.
#[must_use]
pub fn history(changes: &[Change], now: Timestamp) -> History {
    let first_day = now.utc_day_start().plus(-(DAYS as i64 - 1) * DAY);
    let mut days = vec![None::<CellStatus>; DAYS];
    let (mut no_data_ms, mut counted_ms, mut down_ms) = (0, 0, 0.0);
    let before = changes.iter().rev().find(|c| c.at <= first_day).map_or(CellStatus::NoData, |c| c.to);
    let inside = changes.iter().filter(|c| c.at > first_day && c.at <= now).copied();
    let starts = std::iter::once(Change { at: first_day, to: before }).chain(inside.clone());
    let ends = inside.map(|c| c.at).chain(std::iter::once(now));
    for (change, end) in starts.zip(ends) {
        let length = end.since(change.at);
        match weight(change.to) {
            Some(w) => {
                counted_ms += length;
                #[allow(clippy::cast_precision_loss, reason = "milliseconds of 90 days fit a double exactly")]
                let lost = w * length as f64;
                down_ms += lost;
            }
            None if change.to == CellStatus::NoData => no_data_ms += length,
            None => {}
        }
        mark(&mut days, first_day, change, end);
    }
    finish(days, no_data_ms, counted_ms, down_ms)
}

/// Enters a stretch into every day that it touches. No data never covers what is known of a day.
fn mark(days: &mut [Option<CellStatus>], first_day: Timestamp, change: Change, end: Timestamp) {
    if end <= change.at {
        return;
    }
    let index = |t: Timestamp| usize::try_from(t.since(first_day) / DAY).unwrap_or(0).min(DAYS - 1);
    for day in &mut days[index(change.at)..=index(end.plus(-1))] {
        *day = Some(match (*day, change.to) {
            (None | Some(CellStatus::NoData), new) => new,
            (Some(old), CellStatus::NoData) => old,
            (Some(old), new) => old.worse(new),
        });
    }
}

fn finish(days: Vec<Option<CellStatus>>, no_data_ms: i64, counted_ms: i64, down_ms: f64) -> History {
    #[allow(clippy::cast_precision_loss, reason = "milliseconds of 90 days fit a double exactly")]
    let uptime_percent = (counted_ms > 0).then(|| 100.0 - 100.0 * down_ms / counted_ms as f64);
    let days = days.into_iter().map(|d| d.unwrap_or(CellStatus::NoData)).collect();
    History { days, uptime_percent, no_data_ms, counted_ms, down_ms }
}

/// Several cells as one: the worst of each day, and the uptime over all their time.
#[must_use]
pub fn together<'a>(cells: impl IntoIterator<Item = &'a History>) -> History {
    let mut days = vec![None::<CellStatus>; DAYS];
    let (mut no_data_ms, mut counted_ms, mut down_ms) = (0, 0, 0.0);
    for cell in cells {
        no_data_ms += cell.no_data_ms;
        counted_ms += cell.counted_ms;
        down_ms += cell.down_ms;
        for (day, status) in days.iter_mut().zip(&cell.days) {
            *day = Some(match (*day, *status) {
                (None | Some(CellStatus::NoData), new) => new,
                (Some(old), CellStatus::NoData) => old,
                (Some(old), new) => old.worse(new),
            });
        }
    }
    finish(days, no_data_ms, counted_ms, down_ms)
}

/// `99.97 %`; rounded down, so that 100 % means no downtime at all.
#[must_use]
pub fn percent_words(percent: f64) -> String {
    if percent >= 100.0 { "100 %".into() } else { format!("{:.2} %", (percent * 100.0).floor() / 100.0) }
}
