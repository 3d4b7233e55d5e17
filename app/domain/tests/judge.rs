//! Properties of the judge: silence, samples, hysteresis, and that a replay decides as the judge does.

use domain::{
    clock::{DAY, HOUR, MINUTE, SECOND, Timestamp},
    component::Step,
    status::CellStatus,
    telemetry::{
        degradation::{Evidence, Policy, Streak},
        judge::{Reading, Settled, Standing, decide, settle, since, turns, widest_needed},
        kpi::Counts,
        replay::{Bucket, Match, Series, compare, replay},
        rule::{PolicyScope, Rule, Watch, rule_of},
    },
};
use proptest::prelude::*;

fn start() -> Timestamp {
    Timestamp::parse_rfc3339("2026-03-02T08:00:00Z").unwrap()
}

fn counts(samples: i64, succeeded: i64) -> Counts {
    Counts { samples, succeeded, ..Counts::default() }
}

fn evidence(samples: i64, succeeded: i64, now: Timestamp) -> Evidence {
    Evidence::of(Step::Download, &counts(samples, succeeded), 600, now)
}

fn any_status() -> impl Strategy<Value = CellStatus> {
    use CellStatus::{Degraded, NoData, Operational, PartialOutage};
    prop::sample::select(vec![NoData, Operational, Degraded, PartialOutage])
}

/// Buckets of ten seconds: entered and succeeded.
fn series(given: &[(i64, i64)]) -> Vec<Bucket> {
    let bucket = |(i, (entered, bad)): (usize, &(i64, i64))| Bucket {
        at: start().plus(i as i64 * 10 * SECOND),
        width_secs: 10,
        entered: *entered,
        succeeded: (entered - bad).max(0),
        unsuccessful: (*bad).min(*entered),
        ..Bucket::default()
    };
    given.iter().enumerate().filter(|(_, (entered, _))| *entered > 0).map(bucket).collect()
}

/// Stretches of the same traffic: how many buckets, how many enter each, how many of those fail.
fn stretches() -> impl Strategy<Value = Vec<(i64, i64)>> {
    let stretch = (1usize..60, 0i64..40, 0i64..40);
    prop::collection::vec(stretch, 1..8).prop_map(|all| {
        all.into_iter().flat_map(|(times, entered, bad)| vec![(entered, bad.min(entered)); times]).collect()
    })
}

/// The judge as it lives: every second, everything added up anew.
fn live(policy: &Policy, buckets: &[Bucket], from: Timestamp, to: Timestamp) -> Vec<(Timestamp, CellStatus)> {
    let sum = |from: Timestamp, now: Timestamp| {
        let mut all = Counts::default();
        for b in buckets.iter().filter(|b| b.at >= from && b.at.plus(10 * SECOND) <= now) {
            let elapsed = b.at.plus(70 * SECOND) <= now;
            all.samples += if elapsed { b.entered } else { b.succeeded + b.unsuccessful };
            all.succeeded += b.succeeded;
        }
        all
    };
    let (mut standing, mut streak) = (Standing::unknown(from), Streak::default());
    let (mut moved, mut out) = (Vec::<(Timestamp, CellStatus, CellStatus)>::new(), Vec::new());
    let mut bucket_end = from;
    while bucket_end <= to {
        for second in 0..4 {
            let now = bucket_end.plus(second * SECOND);
            let window = match standing.open_since(policy, now) {
                Some(from) => since(Step::Download, &sum(from, now), from, now),
                None => {
                    let floor =
                        |at: Timestamp| Timestamp::from_millis(at.millis().div_euclid(10_000) * 10_000);
                    let windows =
                        policy.windows_secs.map(|secs| (secs, sum(floor(now.plus(-secs * SECOND)), now)));
                    widest_needed(policy, Step::Download, &windows, now)
                }
            };
            let newer = standing.status.is_trouble().then(|| {
                let (mut first, mut all) = (now, 0);
                for b in
                    buckets.iter().rev().filter(|b| b.at >= standing.since && b.at.plus(10 * SECOND) <= now)
                {
                    if all >= 2 * policy.recover_samples {
                        break;
                    }
                    (first, all) = (b.at, all + b.entered);
                }
                (first, since(Step::Download, &sum(first, now), first, now))
            });
            let reading = Reading { window, newer };
            if let Some(step) = decide(policy, &standing, &mut streak, &reading) {
                let before = standing.status;
                let recent = moved.iter().filter(|(at, ..)| now.since(*at) < HOUR);
                let recent = turns(recent.map(|(_, from, to)| (*from, *to)));
                if settle(policy, &mut standing, &step, recent, now) == Settled::Moved {
                    moved.push((now, before, step.to));
                    out.push((now, step.to));
                }
            }
        }
        bucket_end = bucket_end.plus(10 * SECOND);
    }
    out
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever a cell was: on fewer samples than policy asks for it is moved to nothing but *no data*.
    #[test]
    fn it_never_moves_on_fewer_than_the_minimum(
        current in any_status(),
        readings in prop::collection::vec((0i64..30, 0i64..30, 0i64..60), 1..40),
    ) {
        let policy = Policy::default();
        let (mut standing, mut streak) = (Standing { status: current, ..Standing::unknown(start()) }, Streak::default());
        for (i, (samples, good, newer)) in readings.into_iter().enumerate() {
            let now = start().plus(i as i64 * SECOND);
            let newer = (start(), evidence(newer, newer, now));
            let reading = Reading { window: evidence(samples, good.min(samples), now), newer: Some(newer) };
            if let Some(step) = decide(&policy, &standing, &mut streak, &reading) {
                prop_assert_eq!(step.to, CellStatus::NoData);
                settle(&policy, &mut standing, &step, 0, now);
            }
        }
    }

    /// Without a sample nothing is ever green that was not, and what is in trouble does not get better.
    #[test]
    fn silence_is_never_green(current in any_status(), looks in 1i64..100) {
        let policy = Policy::default();
        let (mut standing, mut streak) = (Standing { status: current, ..Standing::unknown(start()) }, Streak::default());
        for i in 0..looks {
            let now = start().plus(i * SECOND);
            let reading = Reading { window: evidence(0, 0, now), newer: Some((now, evidence(0, 0, now))) };
            if let Some(step) = decide(&policy, &standing, &mut streak, &reading) {
                prop_assert_eq!(step.to, CellStatus::NoData);
                settle(&policy, &mut standing, &step, 0, now);
            }
        }
        if looks >= 2 {
            prop_assert_eq!(standing.status, CellStatus::NoData);
        }
    }

    /// Coming back takes the evaluations in a row and the newer samples that policy asks for, each time.
    #[test]
    fn coming_back_takes_more_than_going_down(newer in prop::collection::vec((0i64..120, any::<bool>()), 1..60)) {
        let policy = Policy::default();
        let (standing, mut streak) =
            (Standing { status: CellStatus::PartialOutage, ..Standing::unknown(start()) }, Streak::default());
        let mut in_a_row = 0;
        for (samples, is_good) in newer {
            let good = if is_good { samples } else { samples * 9 / 10 };
            let reading = Reading {
                window: evidence(1_000, 900, start()),
                newer: Some((start(), evidence(samples, good, start()))),
            };
            let says = samples >= policy.recover_samples && is_good;
            in_a_row = if says { in_a_row + 1 } else { 0 };
            let moved = decide(&policy, &standing, &mut streak, &reading);
            prop_assert_eq!(moved.is_some(), in_a_row == policy.recover_evaluations);
            if moved.is_some() {
                in_a_row = 0;
            }
        }
    }

    /// A replay over buckets says what the judge says that adds everything up anew each second.
    #[test]
    fn a_replay_decides_as_the_judge_does(given in stretches(), strict in any::<bool>()) {
        let policy = if strict {
            Policy { degraded_below: 99.0, partial_below: 98.0, minimum_samples: 50, ..Policy::default() }
        } else {
            Policy::default()
        };
        let buckets = series(&given);
        let from = start();
        let to = from.plus(given.len() as i64 * 10 * SECOND + 15 * MINUTE);
        let whole = Series { step: Step::Download, buckets: &buckets };
        let would: Vec<_> = replay(&policy, &whole, (from, to), 10).into_iter().map(|c| (c.at, c.to)).collect();
        prop_assert_eq!(would, live(&policy, &buckets, from.plus(-HOUR), to));
    }

    /// Whoever watches is never told later than without: a watch makes nothing laxer.
    #[test]
    fn a_watch_is_never_laxer(
        degraded in prop::option::of(0.0f64..100.0),
        partial in prop::option::of(0.0f64..100.0),
        fallback in prop::option::of(0.0f64..100.0),
        worsen in prop::option::of(1u32..10),
        samples in 30i64..500,
        share in 0.0f64..1.0,
    ) {
        let policy = Policy::default();
        let watch = Watch { degraded_below: degraded, partial_below: partial, fallback_above: fallback, worsen_evaluations: worsen };
        let watched = watch.over(&policy);
        prop_assert!(watched.check().is_ok());
        prop_assert!(watched.worsen_evaluations <= policy.worsen_evaluations);
        let seen = evidence(samples, (samples as f64 * share) as i64, start());
        let opinion = |p: &Policy| domain::telemetry::degradation::opinion(p, &seen);
        prop_assert!(opinion(&watched).rank() >= opinion(&policy).rank());
    }
}

/// Figures by Wilson's bound, one-sided at 99 %: three of thirty, six of a hundred are surely more than 2 %.
#[test]
fn a_share_of_few_samples_counts_only_when_it_is_sure() {
    use CellStatus::{Degraded, NoData, Operational, PartialOutage};
    let says = |policy: &Policy, failed: i64, samples: i64| {
        domain::telemetry::degradation::opinion(policy, &evidence(samples, samples - failed, start()))
    };
    let sure = Policy::default();
    assert_eq!([1, 2, 3, 5].map(|n| says(&sure, n, 30)), [Operational, Operational, Degraded, PartialOutage]);
    assert_eq!(
        [3, 5, 6, 10, 11].map(|n| says(&sure, n, 100)),
        [Operational, Operational, Degraded, Degraded, PartialOutage]
    );
    assert_eq!(
        [250, 300, 560, 700].map(|n| says(&sure, n, 10_000)),
        [Degraded, Degraded, PartialOutage, PartialOutage]
    );
    assert_eq!(says(&sure, 29, 29), NoData);
    // Rounding turns nothing.
    let strict = Policy { degraded_below: 100.0, partial_below: 100.0, fallback_above: 0.0, ..sure.clone() };
    assert!((30..3_000).all(|n| says(&strict, 0, n) == Operational));
    let bare = Policy { certainty: 50.0, ..sure };
    assert_eq!([1, 2].map(|n| says(&bare, n, 30)), [Degraded, PartialOutage]);
    assert_eq!([2, 3, 5, 6].map(|n| says(&bare, n, 100)), [Operational, Degraded, Degraded, PartialOutage]);
    let fallback = |policy: &Policy, n: i64| {
        let counts = Counts { fallback: n, ..counts(37, 37) };
        let seen = Evidence::of(Step::Download, &counts, 600, start());
        domain::telemetry::degradation::opinion(policy, &seen)
    };
    assert_eq!([4, 7, 9].map(|n| fallback(&bare, n)), [Degraded; 3]);
    assert_eq!([4, 7, 9].map(|n| fallback(&sure, n)), [Operational, Operational, Degraded]);
}

/// What turned a cell has to be sure; that it is well again has to be seen.
#[test]
fn coming_back_rests_on_bare_shares() {
    let policy = Policy::default();
    let standing = Standing { status: CellStatus::Degraded, ..Standing::unknown(start()) };
    let back = |good: i64| {
        let mut streak = Streak::default();
        let reading = Reading {
            window: evidence(60, good, start()),
            newer: Some((start(), evidence(60, good, start()))),
        };
        (0..policy.recover_evaluations)
            .filter_map(|_| decide(&policy, &standing, &mut streak, &reading))
            .next()
    };
    assert_eq!(back(58).map(|m| m.to), None, "58 of 60 may be fewer than 98 %");
    assert_eq!(back(59).map(|m| m.to), Some(CellStatus::Operational));
}

#[test]
fn flapping_freezes_the_worse_state() {
    let policy = Policy::default();
    let now = start();
    let mut standing = Standing { status: CellStatus::PartialOutage, ..Standing::unknown(now) };
    let better = domain::telemetry::judge::Move {
        to: CellStatus::Operational,
        evidence: evidence(100, 100, now),
        evidence_from: Some(now),
    };
    assert_eq!(settle(&policy, &mut standing.clone(), &better, 3, now), Settled::Moved, "as often as it may");
    assert_eq!(settle(&policy, &mut standing, &better, 4, now), Settled::Froze);
    assert_eq!(settle(&policy, &mut standing, &better, 0, now.plus(HOUR - 1)), Settled::Frozen);
    assert_eq!(standing.status, CellStatus::PartialOutage);
    let worse = domain::telemetry::judge::Move { to: CellStatus::NoData, ..better.clone() };
    assert_eq!(
        settle(&policy, &mut standing.clone(), &worse, 9, now),
        Settled::Moved,
        "falling silent is not held"
    );
    assert_eq!(settle(&policy, &mut standing, &better, 0, now.plus(HOUR)), Settled::Moved);
    assert_eq!(standing.status, CellStatus::Operational);
}

#[test]
fn steps_one_way_are_one_turn() {
    use CellStatus::{Degraded, NoData, Operational, PartialOutage};
    let way = |statuses: &[CellStatus]| turns(statuses.windows(2).map(|pair| (pair[0], pair[1])));
    assert_eq!(way(&[]), 1, "the one at hand");
    assert_eq!(way(&[Operational, Degraded]), 2);
    // Down in two steps, up in one, and once more up: what one brown-out looks like.
    assert_eq!(way(&[Operational, Degraded, PartialOutage, Degraded]), 2);
    assert_eq!(way(&[Operational, Degraded, Operational, Degraded]), 4, "it comes and goes");
    assert_eq!(way(&[Operational, PartialOutage, Degraded, PartialOutage]), 4, "so does this");
    assert_eq!(way(&[NoData, Degraded, NoData, Degraded, NoData]), 1, "silence is no turn");
}

#[test]
fn the_most_specific_policy_counts() {
    let rule = |slug: &str, version| Rule {
        scope: PolicyScope::find(slug).unwrap(),
        version,
        policy: Policy::default(),
    };
    let all =
        [rule("cell:voice:FR", 4), rule("default", 1), rule("country:FR", 2), rule("component:voice", 3)];
    let version = |component: &str, country: &str| rule_of(&all, component, country).map(|r| r.version);
    assert_eq!(version("voice", "FR"), Some(4));
    assert_eq!(version("voice", "IT"), Some(3));
    assert_eq!(version("sms", "FR"), Some(2));
    assert_eq!(version("sms", "IT"), Some(1));
    for slug in ["default", "cell:voice:FR", "country:FR", "component:voice"] {
        assert_eq!(PolicyScope::find(slug).unwrap().slug(), slug);
    }
    assert_eq!(PolicyScope::find("cell:voice"), None);
    assert_eq!(PolicyScope::find("country:"), None);
}

#[test]
fn a_comparison_tells_what_is_new_and_what_is_missed() {
    let policy = Policy::default();
    // Twenty minutes well, twenty with 8 % failing, then well again.
    let mut given = vec![(20, 0); 120];
    given.extend(vec![(25, 2); 120]);
    given.extend(vec![(20, 0); 720]);
    let buckets = series(&given);
    let whole = Series { step: Step::Download, buckets: &buckets };
    // Down and up in steps is no flapping: it is not held on its way back.
    let period = (start(), start().plus(80 * MINUTE));
    let would = replay(&policy, &whole, period, 10);
    let went: Vec<_> = would.iter().map(|c| c.to).collect();
    assert!(went.len() > 4, "{went:?}");
    assert_eq!(went[0], CellStatus::Operational);
    assert!(went.contains(&CellStatus::PartialOutage), "{went:?}");
    assert_eq!(went.last(), Some(&CellStatus::Operational));
    let lax = Policy { degraded_below: 80.0, partial_below: 70.0, major_below: 60.0, ..policy };
    let calm = replay(&lax, &whole, period, 10);
    assert_eq!(calm.len(), 1, "it only wakes up: {calm:?}");
    let did: Vec<_> = would.iter().map(|c| (c.at.plus(3 * SECOND), c.from, c.to)).collect();
    assert!(compare(&would, &did, MINUTE).iter().all(|l| l.what == Match::Same));
    let lines = compare(&calm, &did, MINUTE);
    assert_eq!(lines.iter().filter(|l| l.what == Match::Missed).count(), did.len() - 1);
    let far: Vec<_> = did.iter().map(|(at, from, to)| (at.plus(DAY), *from, *to)).collect();
    assert_eq!(compare(&would, &far, MINUTE).iter().filter(|l| l.what == Match::New).count(), would.len());
}

#[test]
fn one_key_turns_no_more_than_its_share() {
    let policy = Policy::default();
    assert!(policy.key_may_worsen(17, 63), "18 of 63 are less than 30 %");
    assert!(!policy.key_may_worsen(18, 63));
    assert!(policy.key_may_worsen(2, 3), "a small grid turns whole");
    assert!(!policy.key_may_worsen(3, 9));
}

/// Every evaluation the same, until the cell moves: what it moves to, and what is said of it.
fn verdict(evidence: &Evidence) -> (CellStatus, String) {
    let standing =
        Standing { status: CellStatus::Operational, since: start(), evidence_from: None, frozen_until: None };
    let reading = Reading { window: evidence.clone(), newer: None };
    let mut streak = Streak::default();
    let moved =
        (0..10).find_map(|_| decide(&Policy::default(), &standing, &mut streak, &reading)).expect("a move");
    (moved.to, moved.evidence.sentence())
}

#[test]
fn a_cell_that_degrades_says_what_for() {
    let well = evidence(277, 277, start());
    let second_way = Evidence { fallback_rate: 52.07, ..well.clone() };
    assert_eq!(
        verdict(&second_way),
        (
            CellStatus::Degraded,
            "52.0 % of 277 eSIM downloads took a second way (more than 10 %); 100.0 % succeeded in 10 min"
                .into()
        )
    );
    let slow = Evidence { median_latency_ms: Some(3_600_000), ..well.clone() };
    let (to, said) = verdict(&slow);
    assert_eq!(to, CellStatus::Degraded);
    assert!(said.starts_with("half of 277 eSIM downloads took longer than 3600.0 s (more than "), "{said}");
    let failing = Evidence { fallback_rate: 52.07, ..evidence(277, 200, start()) };
    assert_eq!(
        verdict(&failing),
        (CellStatus::PartialOutage, "72.2 % of 277 eSIM downloads succeeded in 10 min".into())
    );
}
