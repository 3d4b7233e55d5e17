//! Windows: counts of one step in one country, and the figures read from them.

use serde::{Deserialize, Serialize};

use super::{
    latency::Latencies,
    lifecycle::{Contribution, Outcome, step_sla},
    rollup::Figures,
};
use crate::{clock::Timestamp, component::Step};

/// Logarithmic latency bins: bin `i` holds latencies below `bin_upper_ms(i)`; each is a quarter wider than the last.
pub const BINS: i64 = 64;

/// The bin of a latency.
#[must_use]
pub fn latency_bin(ms: i64) -> i64 {
    (0..BINS - 1).find(|i| ms < bin_upper_ms(*i)).unwrap_or(BINS - 1)
}

/// The upper end of a bin, in milliseconds: 10 ms × 1.25ⁱ.
#[must_use]
#[allow(clippy::cast_possible_truncation, reason = "at most 10 ms × 1.25^63, far inside i64")]
pub fn bin_upper_ms(bin: i64) -> i64 {
    (10.0 * 1.25_f64.powi(i32::try_from(bin.clamp(0, BINS)).unwrap_or(0))) as i64
}

/// Counts of a step over a window.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Activations whose outcome is known or whose SLA has run out.
    pub samples: i64,
    /// Of those, in time.
    pub succeeded: i64,
    /// Of those, by a secondary flow.
    pub fallback: i64,
    /// Latencies: (bin, samples), by bin.
    pub bins: Vec<(i64, i64)>,
    /// Latencies of wide windows, which have no bins.
    pub latencies: Latencies,
    /// The most frequent error class and its count.
    pub top_error: Option<(String, i64)>,
}

impl Counts {
    /// The latency below which a share of the samples lies, in milliseconds; none without latencies.
    #[must_use]
    pub fn latency_quantile_ms(&self, share: f64) -> Option<i64> {
        if self.bins.is_empty() {
            return self.latencies.quantile_ms(share);
        }
        let all: i64 = self.bins.iter().map(|(_, n)| n).sum();
        #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "counts of samples")]
        let rank = (share * all as f64).ceil() as i64;
        let mut seen = 0;
        self.bins
            .iter()
            .find(|(_, n)| {
                seen += n;
                seen >= rank.max(1)
            })
            .map(|(bin, _)| bin_upper_ms(*bin))
    }

    /// Adds one contribution as it stands at `now`; a pending one whose SLA has run out counts as not succeeded.
    pub fn add(&mut self, contribution: &Contribution, is_fallback: bool, now: Timestamp) {
        let expired = now.since(contribution.entered_at) > step_sla(contribution.step);
        if contribution.outcome == Outcome::Pending && !expired {
            return;
        }
        self.samples += 1;
        self.succeeded += i64::from(contribution.outcome == Outcome::Succeeded);
        self.fallback += i64::from(is_fallback);
        if let Some(ms) = contribution.latency_ms {
            let bin = latency_bin(ms);
            match self.bins.binary_search_by_key(&bin, |(b, _)| *b) {
                Ok(at) => self.bins[at].1 += 1,
                Err(at) => self.bins.insert(at, (bin, 1)),
            }
        }
    }
}

/// What speaks against a cell whose success share does not.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// The median latency is above this, in milliseconds.
    Slow(i64),
    /// The share of secondary flows is above this, in percent.
    Fallback(f64),
}

/// The figures behind a verdict: what is shown as evidence.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// The measured step.
    pub step: Step,
    /// Success share in percent.
    pub share: f64,
    /// Samples behind it.
    pub samples: i64,
    /// Length of the window, in seconds.
    pub window_secs: i64,
    /// Median latency, in milliseconds.
    pub median_latency_ms: Option<i64>,
    /// 95th percentile of the latency, in milliseconds.
    pub p95_latency_ms: Option<i64>,
    /// Share of secondary flows in percent.
    pub fallback_rate: f64,
    /// The most frequent error class and its share in percent.
    pub top_error: Option<(String, f64)>,
    /// When it was judged.
    pub judged_at: Timestamp,
    /// Which part of the activations it is about; none: all of the cell's. Names suppliers: for staff alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<String>,
    /// What it rests on, where that is not the success share.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<Cause>,
}

impl Evidence {
    /// The figures of some counts.
    #[must_use]
    #[allow(clippy::cast_precision_loss, reason = "counts of samples")]
    pub fn of(step: Step, counts: &Counts, window_secs: i64, judged_at: Timestamp) -> Self {
        let share = |n: i64| if counts.samples > 0 { 100.0 * n as f64 / counts.samples as f64 } else { 0.0 };
        Self {
            step,
            share: share(counts.succeeded),
            samples: counts.samples,
            window_secs,
            median_latency_ms: counts.latency_quantile_ms(0.5),
            p95_latency_ms: counts.latency_quantile_ms(0.95),
            fallback_rate: share(counts.fallback),
            top_error: counts.top_error.as_ref().map(|(class, n)| (class.clone(), share(*n))),
            judged_at,
            about: None,
            cause: None,
        }
    }

    /// The figures of any period, with the most frequent error class and its failures; none without samples.
    #[must_use]
    pub fn measured(
        step: Step,
        figures: &Figures,
        top_error: Option<(String, i64)>,
        window_secs: i64,
        judged_at: Timestamp,
    ) -> Option<Self> {
        #[allow(clippy::cast_precision_loss, reason = "counts of samples")]
        let share = |n: i64| 100.0 * n as f64 / figures.samples as f64;
        Some(Self {
            step,
            share: figures.success_share()?,
            samples: figures.samples,
            window_secs,
            median_latency_ms: figures.median_ms(),
            p95_latency_ms: figures.p95_ms(),
            fallback_rate: figures.fallback_rate().unwrap_or(0.0),
            top_error: top_error.map(|(class, n)| (class, share(n))),
            judged_at,
            about: None,
            cause: None,
        })
    }

    /// The same with what it is about, which only staff may know.
    #[must_use]
    pub fn for_staff(&self) -> String {
        match &self.about {
            Some(about) => format!("{} ({about})", self.sentence()),
            None => self.sentence(),
        }
    }

    /// `90.6 % of 1,600 eSIM downloads succeeded in 10 min`; before it what the verdict rests on, where that is something
    /// else: `52.0 % of 150 eSIM downloads took a second way (more than 10 %); `.
    #[must_use]
    pub fn sentence(&self) -> String {
        let things = match self.step {
            Step::Issue => "activation requests",
            Step::Download => "eSIM downloads",
            Step::Enable => "eSIM enablements",
            Step::Journey => "activations",
        };
        let (share, samples) = (floor_tenth(self.share), thousands(self.samples));
        let window = window_words(self.window_secs);
        match self.cause {
            Some(Cause::Fallback(above)) => format!(
                "{:.1} % of {samples} {things} took a second way (more than {above} %); {share:.1} % succeeded in {window}",
                floor_tenth(self.fallback_rate)
            ),
            Some(Cause::Slow(above_ms)) => format!(
                "half of {samples} {things} took longer than {} (more than {}); {share:.1} % succeeded in {window}",
                seconds(self.median_latency_ms.unwrap_or(0)),
                seconds(above_ms)
            ),
            None => format!("{share:.1} % of {samples} {things} succeeded in {window}"),
        }
    }
}

/// `41.2 s`.
fn seconds(ms: i64) -> String {
    format!("{}.{} s", ms / 1_000, ms % 1_000 / 100)
}

/// Rounded down to a tenth: 97.96 is below 98, and must not read 98.0.
fn floor_tenth(share: f64) -> f64 {
    (share * 10.0 + 1e-9).floor() / 10.0
}

/// `10 min`, `1 h`, `24 h`, `7 days`.
#[must_use]
pub fn window_words(secs: i64) -> String {
    match secs {
        ..3_600 => format!("{} min", (secs + 59) / 60),
        3_600..172_800 => format!("{} h", secs / 3_600),
        _ => format!("{} days", secs / 86_400),
    }
}

/// `1,600`.
#[must_use]
pub fn thousands(n: i64) -> String {
    let digits = n.abs().to_string();
    let mut out = String::new();
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    if n < 0 { format!("-{out}") } else { out }
}
