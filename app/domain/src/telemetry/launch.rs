//! A launch under watch: the first activations of a country or partner decide whether it is a go.

use serde::{Deserialize, Serialize};

use super::{kpi::thousands, lifecycle::step_sla, scorecard::percent};
use crate::{
    clock::{DAY, HOUR, Timestamp},
    clock_local::duration_words,
    component::Step,
};

/// How many activations decide, unless somebody says otherwise.
pub const ACTIVATIONS: i64 = 200;
/// A launch must show this success, in thousandths.
pub const GOAL: i64 = 980;
/// Below this it is a no-go whatever was agreed, in thousandths.
pub const FLOOR: i64 = 950;
/// More failing webhooks than this are a no-go, in thousandths.
pub const WEBHOOKS: i64 = 20;
/// No Sev 1 or 2 may have been open for this long, in milliseconds.
pub const QUIET: i64 = 72 * HOUR;
/// While it runs, success below the goal is told of from this many activations on.
pub const ALERT_FROM: i64 = 20;
/// So many failures one after the other are told of at once.
pub const ALERT_ROW: i64 = 3;
/// A trial that is older says little, in milliseconds.
pub const TRIAL_STALE: i64 = 30 * DAY;

/// What every market is asked, until somebody changes the list.
pub const CHECKLIST: [&str; 7] = [
    "Profile portability: rules on moving a profile to another device are known and told to travellers",
    "Registration (know your customer): what the country asks for is collected before activation",
    "Roaming agreement and interconnect SLA are signed, with the carrier’s ladder in the desk book",
    "Emergency calls and local short codes were tried with a test eSIM",
    "One-time codes by SMS arrive from the banks and services that travellers use there",
    "Trials of activation, certificate, latency and QR code passed on the devices that are sold there",
    "Taxes, prices and refunds are set; support answers in the hours and languages of the market",
];

/// An activation of a launch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct First {
    /// When it was requested.
    pub requested_at: Timestamp,
    /// When it was enabled.
    pub enabled_at: Option<Timestamp>,
    /// When it failed for good.
    pub failed_at: Option<Timestamp>,
}

impl First {
    /// Whether it succeeded; none: its time has not run out.
    #[must_use]
    pub fn outcome(&self, now: Timestamp) -> Option<bool> {
        let sla = step_sla(Step::Journey);
        match (self.enabled_at, self.failed_at) {
            (Some(at), _) => Some(at.since(self.requested_at) <= sla),
            (None, Some(_)) => Some(false),
            (None, None) => (now.since(self.requested_at) > sla).then_some(false),
        }
    }
}

/// What a verdict rests on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Numbers {
    /// How many activations decide.
    pub wanted: i64,
    /// How many of them have an outcome.
    pub settled: i64,
    /// Of those, enabled within the SLA.
    pub succeeded: i64,
    /// Failures one after the other at the end.
    pub failing_in_a_row: i64,
    /// Webhooks tried since it began.
    pub webhooks: i64,
    /// Of those, not taken.
    pub webhooks_failed: i64,
    /// Incidents of Sev 1 or 2 that are open.
    pub open_incidents: i64,
    /// When the last of them ended, if that was in the past days.
    pub last_incident_at: Option<Timestamp>,
}

impl Numbers {
    /// Counts the first activations, in the order of their requests, until the first whose outcome is open.
    pub fn count(&mut self, firsts: &[First], now: Timestamp) {
        (self.settled, self.succeeded, self.failing_in_a_row) = (0, 0, 0);
        let wanted = usize::try_from(self.wanted).unwrap_or(0);
        for outcome in firsts.iter().take(wanted).filter_map(|f| f.outcome(now)) {
            self.settled += 1;
            self.succeeded += i64::from(outcome);
            self.failing_in_a_row = if outcome { 0 } else { self.failing_in_a_row + 1 };
        }
    }

    /// Whether every activation that decides has an outcome.
    #[must_use]
    pub const fn is_complete(&self) -> bool {
        self.settled >= self.wanted
    }

    /// Success in thousandths, rounded down; none without activations.
    #[must_use]
    pub const fn asr(&self) -> Option<i64> {
        if self.settled == 0 { None } else { Some(self.succeeded * 1_000 / self.settled) }
    }

    /// Whether more webhooks fail than may.
    const fn webhooks_fail(&self) -> bool {
        self.webhooks_failed * 1_000 > self.webhooks * WEBHOOKS
    }
}

/// Where a launch stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It may go on.
    Go,
    /// It must not.
    NoGo,
    /// Something is missing.
    Undecided,
}

/// The verdict and why.
#[must_use]
pub fn judge(n: &Numbers, now: Timestamp) -> (Verdict, Vec<String>) {
    let mut against = Vec::new();
    let mut missing = Vec::new();
    if n.is_complete() {
        let asr = n.asr().unwrap_or(0);
        let said = format!("{} of the first {} activations succeeded", percent(asr), thousands(n.settled));
        if asr < FLOOR {
            against.push(format!("{said}: below {}, a no-go for any launch.", percent(FLOOR)));
        } else if asr < GOAL {
            against.push(format!("{said}: a launch must show {}.", percent(GOAL)));
        }
    } else {
        let so_far = n.asr().map_or_else(String::new, |asr| format!(", {} of them succeeded", percent(asr)));
        missing.push(format!(
            "{} of {} activations have an outcome{so_far}; {} are missing.",
            thousands(n.settled),
            thousands(n.wanted),
            thousands(n.wanted - n.settled)
        ));
    }
    if n.webhooks_fail() {
        let share = percent(n.webhooks_failed * 1_000 / n.webhooks.max(1));
        against.push(format!(
            "{share} of {} webhooks failed: more than {}.",
            thousands(n.webhooks),
            percent(WEBHOOKS)
        ));
    }
    match n.last_incident_at.map(|at| at.plus(QUIET)) {
        _ if n.open_incidents == 1 => missing.push("An incident of Sev 1 or 2 is open.".into()),
        _ if n.open_incidents > 1 => {
            missing.push(format!("{} incidents of Sev 1 or 2 are open.", n.open_incidents));
        }
        Some(quiet) if quiet > now => missing.push(format!(
            "72 h without an open Sev 1 or 2 are over in {}.",
            duration_words(quiet.since(now))
        )),
        _ => {}
    }
    match (n.is_complete(), against.is_empty(), missing.is_empty()) {
        (false, ..) => {
            missing.extend(against);
            (Verdict::Undecided, missing)
        }
        (true, false, _) => (Verdict::NoGo, against),
        (true, true, false) => (Verdict::Undecided, missing),
        (true, true, true) => {
            let asr = percent(n.asr().unwrap_or(0));
            let first = thousands(n.settled);
            (
                Verdict::Go,
                vec![format!(
                    "{asr} of the first {first} activations succeeded, and nothing stands against it."
                )],
            )
        }
    }
}

/// What is told while it runs, before the verdict: tighter than the judge of cells.
#[must_use]
pub fn alert(n: &Numbers) -> Option<String> {
    if n.failing_in_a_row >= ALERT_ROW {
        return Some(format!("the last {} activations failed one after the other", n.failing_in_a_row));
    }
    let asr = n.asr().filter(|asr| n.settled >= ALERT_FROM && *asr < GOAL);
    if let Some(asr) = asr {
        return Some(format!("{} of {} activations succeeded so far", percent(asr), thousands(n.settled)));
    }
    n.webhooks_fail().then(|| {
        let share = percent(n.webhooks_failed * 1_000 / n.webhooks.max(1));
        format!("{share} of {} webhooks failed", thousands(n.webhooks))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SECOND;

    const NOW: Timestamp = Timestamp::from_millis(1_772_438_400_000);

    fn numbers(settled: i64, succeeded: i64) -> Numbers {
        Numbers { wanted: 200, settled, succeeded, ..Numbers::default() }
    }

    fn verdict(n: &Numbers) -> Verdict {
        judge(n, NOW).0
    }

    #[test]
    fn the_verdict_follows_the_rules_to_the_last_activation() {
        assert_eq!(verdict(&numbers(199, 199)), Verdict::Undecided);
        assert_eq!(verdict(&numbers(200, 196)), Verdict::Go);
        assert_eq!(verdict(&numbers(200, 195)), Verdict::NoGo, "97.5 % is not 98 %");
        assert_eq!(verdict(&numbers(200, 189)), Verdict::NoGo);
        let hooks = |failed: i64| Numbers { webhooks: 100, webhooks_failed: failed, ..numbers(200, 200) };
        assert_eq!((verdict(&hooks(2)), verdict(&hooks(3))), (Verdict::Go, Verdict::NoGo));
        let open = Numbers { open_incidents: 1, ..numbers(200, 200) };
        assert_eq!(verdict(&open), Verdict::Undecided);
        let ended = |ago: i64| Numbers { last_incident_at: Some(NOW.plus(-ago)), ..numbers(200, 200) };
        assert_eq!((verdict(&ended(QUIET - 1)), verdict(&ended(QUIET))), (Verdict::Undecided, Verdict::Go));
        // An open incident excuses nothing.
        assert_eq!(verdict(&Numbers { open_incidents: 1, ..numbers(200, 100) }), Verdict::NoGo);
    }

    #[test]
    fn what_is_missing_is_said() {
        let (_, why) = judge(&Numbers { open_incidents: 2, ..numbers(118, 117) }, NOW);
        assert_eq!(
            why[0],
            "118 of 200 activations have an outcome, 99.1 % of them succeeded; 82 are missing."
        );
        assert_eq!(why[1], "2 incidents of Sev 1 or 2 are open.");
    }

    #[test]
    fn alerts_are_tighter_than_the_judge() {
        assert_eq!(alert(&numbers(19, 18)), None);
        assert!(alert(&numbers(20, 19)).is_some_and(|w| w.contains("95.0 %")));
        assert_eq!(alert(&numbers(100, 98)), None);
        let row = Numbers { failing_in_a_row: 3, ..numbers(5, 2) };
        assert!(alert(&row).is_some_and(|w| w.contains("one after the other")));
    }

    #[test]
    fn an_activation_counts_once_its_outcome_is_known() {
        let first = |enabled: Option<i64>, failed: Option<i64>| First {
            requested_at: NOW,
            enabled_at: enabled.map(|s| NOW.plus(s * SECOND)),
            failed_at: failed.map(|s| NOW.plus(s * SECOND)),
        };
        let soon = NOW.plus(30 * SECOND);
        assert_eq!(first(None, None).outcome(soon), None);
        assert_eq!(first(None, None).outcome(NOW.plus(61 * SECOND)), Some(false));
        assert_eq!(first(Some(60), None).outcome(NOW.plus(90 * SECOND)), Some(true));
        assert_eq!(first(Some(61), None).outcome(NOW.plus(90 * SECOND)), Some(false));
        assert_eq!(first(None, Some(5)).outcome(soon), Some(false));
        let mut n = Numbers { wanted: 2, ..Numbers::default() };
        n.count(&[first(Some(5), None), first(None, Some(5)), first(Some(5), None)], soon);
        assert_eq!((n.settled, n.succeeded, n.failing_in_a_row), (2, 1, 1), "the first two alone");
    }
}
