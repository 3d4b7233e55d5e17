//! A supplier's review: figures of a period against what it owes us, each with what it rests on.

use serde::{Deserialize, Serialize};

use crate::{clock::SECOND, clock_local::duration_words, telemetry::kpi::thousands};

/// Fewer samples than this say nothing about a share or a latency.
pub const ENOUGH: i64 = 30;

/// What a supplier owes us; none: nothing was agreed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Targets {
    /// Activation success rate, at least, in thousandths.
    pub asr_permille: Option<i64>,
    /// Median latency, at most, in milliseconds.
    pub median_ms: Option<i64>,
    /// 95th percentile of the latency, at most, in milliseconds.
    pub p95_ms: Option<i64>,
    /// Share of secondary flows, at most, in thousandths.
    pub fallback_permille: Option<i64>,
    /// Mean time to restore, at most, in seconds.
    pub mttr_secs: Option<i64>,
    /// Mean time to engage, at most, in seconds.
    pub engage_secs: Option<i64>,
    /// Failovers in a month, at most.
    pub failovers: Option<i64>,
    /// Certificates that expired unrenewed in a month, at most.
    pub certificate_misses: Option<i64>,
}

/// What was measured in a period.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Activations whose outcome is known or whose SLA has run out.
    pub activations: i64,
    /// Of those, enabled within the SLA.
    pub succeeded: i64,
    /// Of those, by a secondary flow.
    pub fallback: i64,
    /// Activations whose latency is known.
    pub latencies: i64,
    /// Median latency, in milliseconds.
    pub median_ms: Option<i64>,
    /// 95th percentile, in milliseconds.
    pub p95_ms: Option<i64>,
    /// Time in which nothing was measured, in milliseconds.
    pub no_data_ms: i64,
    /// Time of the period that has passed, in milliseconds.
    pub elapsed_ms: i64,
    /// From detection to restoration of each incident that the supplier was called in on, in milliseconds.
    pub restored_ms: Vec<i64>,
    /// Incidents that are not restored yet.
    pub unrestored: i64,
    /// From the call to engagement of each engagement, in milliseconds, and whether in time, where a time was promised.
    pub engaged: Vec<(i64, Option<bool>)>,
    /// Engagements that were asked for and have not come about.
    pub unengaged: i64,
    /// Failovers that began in it.
    pub failovers: i64,
    /// Time with traffic away from home, in milliseconds.
    pub failover_ms: i64,
    /// Certificates that expired unrenewed.
    pub certificate_misses: i64,
    /// Months that the period has: limits are per month.
    pub months: i64,
}

/// How a figure stands to what is owed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Kept.
    Met,
    /// Not kept.
    Missed,
    /// Too little is known.
    Unknown,
    /// Nothing was agreed.
    NoTarget,
}

impl Verdict {
    /// The words shown.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Met => "met",
            Self::Missed => "missed",
            Self::Unknown => "too little data",
            Self::NoTarget => "no target",
        }
    }
}

/// One line of the review.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Slug in files: `asr`.
    pub slug: &'static str,
    /// `Activation success rate`.
    pub name: &'static str,
    /// As files hold it, in [`Line::unit`]; none: not known.
    pub number: Option<i64>,
    /// As people read it.
    pub value: String,
    /// What is owed, as people read it; empty: nothing.
    pub target: String,
    /// Kept or not.
    pub verdict: Verdict,
    /// What it rests on.
    pub basis: String,
}

impl Line {
    /// What the number counts, as files name it.
    #[must_use]
    pub fn unit(&self) -> &'static str {
        match self.slug {
            "asr" | "fallback_rate" => "permille",
            "median_latency" | "p95_latency" | "mttr" | "time_to_engage" => "ms",
            _ => "count",
        }
    }
}

/// `99.2 %`, rounded down, of thousandths.
#[must_use]
pub fn percent(permille: i64) -> String {
    format!("{}.{} %", permille / 10, permille % 10)
}

/// `2.4 s`, `13 s`.
#[must_use]
pub fn seconds(ms: i64) -> String {
    if ms < 10 * SECOND {
        format!("{}.{} s", ms / SECOND, ms % SECOND / 100)
    } else {
        format!("{} s", ms / SECOND)
    }
}

fn mean(all: impl ExactSizeIterator<Item = i64>) -> Option<i64> {
    let count = i64::try_from(all.len()).ok().filter(|n| *n > 0)?;
    Some(all.sum::<i64>() / count)
}

/// `1 failover`, `3 failovers`.
fn counted(n: i64, one: &str) -> String {
    if n == 1 { format!("1 {one}") } else { format!("{} {one}s", thousands(n)) }
}

impl Figures {
    /// Success in thousandths, rounded down; none: too few activations.
    #[must_use]
    pub const fn asr_permille(&self) -> Option<i64> {
        if self.activations < ENOUGH { None } else { Some(self.succeeded * 1_000 / self.activations) }
    }

    fn fallback_permille(&self) -> Option<i64> {
        // Rounded up: a share just above its limit must not read as kept.
        (self.activations >= ENOUGH)
            .then(|| (self.fallback * 1_000 + self.activations - 1) / self.activations)
    }

    /// Every line, against what is owed.
    #[must_use]
    pub fn lines(&self, targets: &Targets) -> Vec<Line> {
        let mut lines = self.measured(targets);
        lines.extend(self.worked(targets));
        lines.extend(self.counted(targets));
        lines
    }

    fn measured(&self, targets: &Targets) -> Vec<Line> {
        let of = format!("of {}", counted(self.activations, "activation"));
        let timed = format!("of {} that were enabled", thousands(self.latencies));
        let known = |ms: Option<i64>| ms.filter(|_| self.latencies >= ENOUGH);
        vec![
            at_least("asr", "Activation success rate", self.asr_permille(), targets.asr_permille, of.clone()),
            at_most(
                "median_latency",
                "Median latency",
                known(self.median_ms),
                targets.median_ms,
                seconds,
                timed.clone(),
            ),
            at_most("p95_latency", "Latency of 95 %", known(self.p95_ms), targets.p95_ms, seconds, timed),
            at_most(
                "fallback_rate",
                "Fallback rate",
                self.fallback_permille(),
                targets.fallback_permille,
                percent,
                of,
            ),
        ]
    }

    fn worked(&self, targets: &Targets) -> Vec<Line> {
        let mttr = mean(self.restored_ms.iter().copied());
        let engage = mean(self.engaged.iter().map(|(ms, _)| *ms));
        let promised = self.engaged.iter().filter(|(_, kept)| kept.is_some()).count();
        let kept = self.engaged.iter().filter(|(_, kept)| *kept == Some(true)).count();
        let open = match self.unrestored {
            0 => String::new(),
            n => format!(", {n} not restored yet"),
        };
        let missing = match self.unengaged {
            0 => String::new(),
            n => format!(", {n} not come yet"),
        };
        let incidents = i64::try_from(self.restored_ms.len()).unwrap_or(0);
        let calls = i64::try_from(self.engaged.len()).unwrap_or(0);
        let secs = |s: Option<i64>| s.map(|s| s * SECOND);
        vec![
            at_most(
                "mttr",
                "Mean time to restore",
                mttr,
                secs(targets.mttr_secs),
                duration_words,
                format!("of {}{open}", counted(incidents, "incident")),
            ),
            at_most(
                "time_to_engage",
                "Mean time to engage",
                engage,
                secs(targets.engage_secs),
                duration_words,
                format!(
                    "of {}; {kept} of {promised} in the time promised{missing}",
                    counted(calls, "engagement")
                ),
            ),
        ]
    }

    fn counted(&self, targets: &Targets) -> Vec<Line> {
        let limit = |per_month: Option<i64>| per_month.map(|n| n * self.months);
        let away = match self.failover_ms {
            0 => "no time away from home".to_owned(),
            ms => format!("{} away from home", duration_words(ms)),
        };
        vec![
            at_most(
                "failovers",
                "Failovers",
                Some(self.failovers),
                limit(targets.failovers),
                thousands,
                away,
            ),
            at_most(
                "certificate_misses",
                "Certificates expired unrenewed",
                Some(self.certificate_misses),
                limit(targets.certificate_misses),
                thousands,
                "each known certificate".into(),
            ),
        ]
    }

    /// `4 h of 31 days without data`.
    #[must_use]
    pub fn no_data_words(&self) -> String {
        let whole = duration_words(self.elapsed_ms);
        match self.no_data_ms {
            ms if ms > 0 && self.activations == 0 => format!("No activation was measured in {whole}."),
            0 => format!("Something was measured in every five minutes of {whole}."),
            ms => format!(
                "{} of {whole} had no data; they are left out of shares and latencies.",
                duration_words(ms)
            ),
        }
    }
}

const fn judge(number: Option<i64>, target: Option<i64>, is_floor: bool) -> Verdict {
    match (number, target) {
        (_, None) => Verdict::NoTarget,
        (None, Some(_)) => Verdict::Unknown,
        (Some(n), Some(t)) if (is_floor && n >= t) || (!is_floor && n <= t) => Verdict::Met,
        _ => Verdict::Missed,
    }
}

fn at_least(
    slug: &'static str,
    name: &'static str,
    number: Option<i64>,
    target: Option<i64>,
    basis: String,
) -> Line {
    Line {
        slug,
        name,
        number,
        value: number.map_or_else(|| "–".into(), percent),
        target: target.map_or_else(String::new, |t| format!("at least {}", percent(t))),
        verdict: judge(number, target, true),
        basis,
    }
}

fn at_most(
    slug: &'static str,
    name: &'static str,
    number: Option<i64>,
    target: Option<i64>,
    words: impl Fn(i64) -> String,
    basis: String,
) -> Line {
    Line {
        slug,
        name,
        number,
        value: number.map_or_else(|| "–".into(), &words),
        target: target.map_or_else(String::new, |t| format!("at most {}", words(t))),
        verdict: judge(number, target, false),
        basis,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::MINUTE;

    fn verdict(figures: &Figures, targets: &Targets, slug: &str) -> (String, Verdict) {
        let line = figures.lines(targets).into_iter().find(|l| l.slug == slug).unwrap();
        (line.value, line.verdict)
    }

    #[test]
    fn a_share_just_below_what_is_owed_does_not_read_as_kept() {
        let targets = Targets { asr_permille: Some(980), fallback_permille: Some(100), ..Targets::default() };
        let figures =
            Figures { activations: 10_000, succeeded: 9_799, fallback: 1_001, ..Figures::default() };
        assert_eq!(verdict(&figures, &targets, "asr"), ("97.9 %".into(), Verdict::Missed));
        assert_eq!(verdict(&figures, &targets, "fallback_rate"), ("10.1 %".into(), Verdict::Missed));
        let good = Figures { succeeded: 9_800, fallback: 1_000, ..figures };
        assert_eq!(verdict(&good, &targets, "asr"), ("98.0 %".into(), Verdict::Met));
        assert_eq!(verdict(&good, &targets, "fallback_rate"), ("10.0 %".into(), Verdict::Met));
    }

    #[test]
    fn every_number_has_a_unit() {
        let lines = Figures::default().lines(&Targets::default());
        let units: Vec<_> = lines.iter().map(|l| (l.slug, l.unit())).collect();
        let expected = [
            ("asr", "permille"),
            ("median_latency", "ms"),
            ("p95_latency", "ms"),
            ("fallback_rate", "permille"),
            ("mttr", "ms"),
            ("time_to_engage", "ms"),
            ("failovers", "count"),
            ("certificate_misses", "count"),
        ];
        assert_eq!(units, expected);
    }

    #[test]
    fn too_little_is_said_to_be_too_little() {
        let targets = Targets { asr_permille: Some(980), mttr_secs: Some(3_600), ..Targets::default() };
        let figures = Figures { activations: 29, succeeded: 29, ..Figures::default() };
        assert_eq!(verdict(&figures, &targets, "asr"), ("–".into(), Verdict::Unknown));
        assert_eq!(verdict(&figures, &targets, "mttr"), ("–".into(), Verdict::Unknown));
        assert_eq!(verdict(&figures, &targets, "median_latency"), ("–".into(), Verdict::NoTarget));
    }

    #[test]
    fn limits_are_per_month_and_means_are_of_what_there_was() {
        let targets = Targets { failovers: Some(1), engage_secs: Some(1_800), ..Targets::default() };
        let figures = Figures {
            failovers: 3,
            months: 3,
            engaged: vec![(21 * MINUTE, Some(true)), (40 * MINUTE, Some(false))],
            ..Figures::default()
        };
        assert_eq!(verdict(&figures, &targets, "failovers"), ("3".into(), Verdict::Met));
        assert_eq!(verdict(&figures, &targets, "time_to_engage"), ("30 minutes".into(), Verdict::Missed));
        assert_eq!(verdict(&Figures { months: 1, ..figures }, &targets, "failovers").1, Verdict::Missed);
    }
}
