//! Rehearsals: what is played, and how it went.

use serde::{Deserialize, Serialize};

use crate::{
    clock::{MINUTE, Timestamp},
    review::Record,
};

/// Something that those who rehearse get to see at its time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// How long after the beginning, in milliseconds.
    pub after_ms: i64,
    /// What they see or hear.
    pub what: String,
}

/// What is played.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Script {
    /// What it is called.
    pub name: String,
    /// Soonest first.
    pub events: Vec<Event>,
}

/// Measured shares of a recorded incident are shown this far apart.
const SHOWN_EVERY: i64 = 10 * MINUTE;

impl Script {
    /// The scripts that Waypost comes with.
    #[must_use]
    pub fn built_in() -> Vec<Self> {
        let script = |name: &str, events: &[(i64, &str)]| Self {
            name: name.to_owned(),
            events: events
                .iter()
                .map(|(minute, what)| Event { after_ms: minute * MINUTE, what: (*what).to_owned() })
                .collect(),
        };
        vec![
            script(
                "eSIM downloads fail in a whole country",
                &[
                    (
                        0,
                        "Telemetry: 71 % of 620 eSIM downloads in France succeeded in the last 10 minutes; it was 99.4 %.",
                    ),
                    (3, "Support: four travellers at Paris airport cannot install their eSIM."),
                    (8, "Telemetry: 42 % of 580 downloads succeeded. Italy and Spain are as usual."),
                    (12, "A key account asks whether to stop selling France."),
                    (
                        18,
                        "The SM-DP+ operator answers: a certificate on one of two hosts ran out at 00:00 UTC.",
                    ),
                    (
                        30,
                        "The SM-DP+ operator: the standby host takes the traffic; 20 to 40 minutes until it carries all of it.",
                    ),
                    (45, "Telemetry: 93 % of 600 downloads succeeded."),
                    (
                        60,
                        "Telemetry: 99.1 % of 640 downloads succeeded. The operator renews the certificate for good within two hours.",
                    ),
                    (75, "The SM-DP+ operator: both hosts carry the new certificate. It is fixed."),
                ],
            ),
            script(
                "One-time codes by SMS arrive late",
                &[
                    (
                        0,
                        "Support: a bank’s codes reach travellers in Mexico after ten minutes or not at all.",
                    ),
                    (6, "Telemetry: nothing; SMS is not measured there."),
                    (15, "The SMS hub answers: no fault known, they look into it."),
                    (40, "The SMS hub: one of two links is overloaded; they move traffic, no time yet."),
                    (70, "Support: the same bank says that it looks better since a quarter of an hour."),
                    (90, "The SMS hub: the link was doubled; it is fixed."),
                ],
            ),
        ]
    }

    /// A past incident, as those who ran it saw it: what was measured, and what happened beside their own doing.
    #[must_use]
    pub fn recorded(title: &str, record: &Record) -> Self {
        let start = record.started_at;
        let after = |at: Timestamp| at.since(start).max(0);
        let mut events: Vec<Event> = record
            .events
            .iter()
            .filter(|e| e.what.contains(" → ") || e.what.ends_with(" engaged"))
            .map(|e| Event { after_ms: after(e.at), what: e.what.clone() })
            .collect();
        for graph in &record.graphs {
            let mut next = 0;
            for point in graph.points.iter().filter(|p| p.at >= start) {
                if after(point.at) >= next {
                    let what = format!(
                        "Telemetry: {} of {} succeeded, {}.",
                        point.percent(),
                        point.samples,
                        graph.name
                    );
                    events.push(Event { after_ms: after(point.at), what });
                    next = after(point.at) + SHOWN_EVERY;
                }
            }
        }
        if let Some(at) = record.resolved_at {
            events.push(Event { after_ms: after(at), what: "It is fixed for good.".into() });
        }
        events.sort_by_key(|e| e.after_ms);
        Self { name: title.to_owned(), events }
    }

    /// What has happened by now.
    #[must_use]
    pub fn until(&self, begun_at: Timestamp, now: Timestamp) -> Vec<(Timestamp, &str)> {
        let told = self.events.iter().map(|e| (begun_at.plus(e.after_ms), e.what.as_str()));
        told.take_while(|(at, _)| *at <= now).collect()
    }
}

/// What a score is made of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// Promises that were kept.
    pub kept: i64,
    /// Promises that were missed.
    pub missed: i64,
    /// Rules of writing that were overridden.
    pub overridden: i64,
    /// Updates that went out without the second person that they needed.
    pub alone: i64,
    /// Somebody else than the commander led the communication.
    pub has_comms_lead: bool,
    /// Somebody led the technical side.
    pub has_technical_lead: bool,
    /// Somebody spoke with partners.
    pub has_liaison: bool,
    /// It was brought to its end.
    pub is_resolved: bool,
}

/// Points for one thing: what, how many of how many, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Points {
    /// What they are for.
    pub what: &'static str,
    /// How many.
    pub points: i64,
    /// Of how many.
    pub of: i64,
    /// Why.
    pub why: String,
}

/// The score, of 100 points.
#[must_use]
pub fn score(facts: &Facts) -> Vec<Points> {
    let due = facts.kept + facts.missed;
    let roles = [
        (facts.has_comms_lead, 10, "a comms lead beside the commander"),
        (facts.has_technical_lead, 5, "a technical lead"),
        (facts.has_liaison, 5, "a liaison"),
    ];
    let missing: Vec<&str> = roles.iter().filter(|(has, ..)| !has).map(|(_, _, what)| *what).collect();
    let points = |what, points, of, why| Points { what, points, of, why };
    vec![
        points(
            "Promises",
            if due == 0 { 0 } else { 40 * facts.kept / due },
            40,
            format!("{} of {due} kept", facts.kept),
        ),
        points(
            "Words",
            if due == 0 { 0 } else { (20 - 5 * facts.overridden).max(0) },
            20,
            format!("{} rules of writing overridden", facts.overridden),
        ),
        points(
            "Second person",
            if due == 0 { 0 } else { (10 - 5 * facts.alone).max(0) },
            10,
            format!("{} published without one that needed one", facts.alone),
        ),
        points(
            "Roles",
            roles.iter().filter(|(has, ..)| *has).map(|(_, n, _)| n).sum(),
            20,
            if missing.is_empty() {
                "every part was held".into()
            } else {
                format!("missing: {}", missing.join(", "))
            },
        ),
        points(
            "To the end",
            if facts.is_resolved { 10 } else { 0 },
            10,
            if facts.is_resolved { "resolved".into() } else { "not resolved yet".into() },
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_perfect_run_has_all_points_and_nothing_done_has_none() {
        let best = Facts {
            kept: 7,
            has_comms_lead: true,
            has_technical_lead: true,
            has_liaison: true,
            is_resolved: true,
            ..Facts::default()
        };
        let sum = |facts: &Facts| score(facts).iter().map(|p| p.points).sum::<i64>();
        assert_eq!((sum(&best), score(&best).iter().map(|p| p.of).sum::<i64>()), (100, 100));
        assert_eq!(sum(&Facts::default()), 0);
        let worse = Facts { kept: 3, missed: 1, overridden: 9, alone: 9, ..best };
        assert_eq!(sum(&worse), 30 + 20 + 10);
    }

    #[test]
    fn events_come_at_their_time() {
        let script = &Script::built_in()[0];
        let begun = Timestamp::from_millis(1_000_000);
        assert_eq!(script.until(begun, begun).len(), 1);
        assert_eq!(script.until(begun, begun.plus(8 * MINUTE)).len(), 3);
        assert_eq!(script.until(begun, begun.plus(1_000 * MINUTE)).len(), script.events.len());
        for script in Script::built_in() {
            assert!(script.events.is_sorted_by_key(|e| e.after_ms), "{}", script.name);
        }
    }
}
