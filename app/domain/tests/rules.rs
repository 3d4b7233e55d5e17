//! Properties of the rules: clocks, cadence, bars, journeys, hysteresis.

use domain::{
    clock::{DAY, HOUR, MINUTE, SECOND, Timestamp},
    clock_local::{Place, local_times, utc_and_local},
    component::Step,
    incident::{Incident, Phase},
    severity::Severity,
    sla::{
        clock::{ClockKind, ClockState},
        hours::Calendar,
        policy::SeverityMatrix,
    },
    status::CellStatus,
    telemetry::{
        degradation::{Policy, Streak, Verdict},
        event::{ActivationEvent, Happening},
        lifecycle::Activation,
    },
    text,
    uptime::{Change, DAYS, history},
};
use proptest::prelude::*;

fn at(text: &str) -> Timestamp {
    Timestamp::parse_rfc3339(text).unwrap()
}

fn ids() -> impl FnMut() -> String {
    let mut n = 0;
    move || {
        n += 1;
        format!("id{n}")
    }
}

#[test]
fn the_cadence_is_that_of_the_severity_and_is_rearmed_from_now() {
    let matrix = SeverityMatrix::default();
    let mut id = ids();
    let start = at("2026-03-02T09:00:00Z");
    let sev3 = Incident::declare(Severity::Sev3, start, start, None, &matrix, &mut id).unwrap();
    assert_eq!(sev3.next_update_due_at, Some(at("2026-03-03T09:00:00Z")));
    let sev1 = sev3.reclassify(Severity::Sev1, at("2026-03-02T10:14:00Z"), &matrix, &mut id).unwrap();
    assert_eq!(sev1.next_update_due_at, Some(at("2026-03-02T10:44:00Z")));
    let sev2 = Incident::declare(Severity::Sev2, start, start, None, &matrix, &mut id).unwrap();
    assert_eq!(sev2.next_update_due_at, Some(start.plus(HOUR)));
    let sev4 = Incident::declare(Severity::Sev4, start, start, None, &matrix, &mut id).unwrap();
    assert_eq!(sev4.next_update_due_at, None);
}

#[test]
fn a_promise_may_be_earlier_than_policy_never_later_or_past() {
    let matrix = SeverityMatrix::default();
    let now = at("2026-03-02T09:00:00Z");
    let declare = |promised| Incident::declare(Severity::Sev1, now, now, Some(promised), &matrix, &mut ids());
    assert!(declare(now.plus(10 * MINUTE)).is_ok());
    assert!(declare(now.plus(30 * MINUTE)).is_ok());
    assert!(declare(now.plus(30 * MINUTE + 1)).is_err());
    assert!(declare(now).is_err());
}

proptest! {
    /// Whatever is done in whatever order: a miss stays on record, one cadence clock runs at most, none is promised
    /// later than policy, and nothing runs after resolving.
    #[test]
    fn clocks_stay_consistent(steps in prop::collection::vec((0u8..4, 1i64..200), 1..25)) {
        let matrix = SeverityMatrix::default();
        let mut id = ids();
        let mut now = at("2026-03-02T09:00:00Z");
        let mut incident = Incident::declare(Severity::Sev2, now, now, None, &matrix, &mut id).unwrap();
        let mut missed = 0;
        for (verb, minutes) in steps {
            now = now.plus(minutes * MINUTE);
            let late = incident.next_update_due_at.is_some_and(|due| now > due);
            let before = incident.clone();
            let after = match verb {
                0 => incident.post_update(Phase::Identified, now, None, &matrix, &mut id),
                1 => {
                    let other = if incident.severity == Severity::Sev1 { Severity::Sev2 } else { Severity::Sev1 };
                    incident.reclassify(other, now, &matrix, &mut id)
                }
                2 => incident.restore(now, None, &matrix, &mut id),
                _ if minutes > 190 => incident.resolve(now),
                _ => incident.post_update(Phase::Investigating, now, None, &matrix, &mut id),
            };
            incident = match after {
                Ok(after) => {
                    missed += usize::from(late && before.phase != Phase::Resolved);
                    after
                }
                Err(_) => before,
            };
            let cadence = incident.clocks.iter().filter(|c| c.kind == ClockKind::NextUpdate);
            let running = cadence.clone().filter(|c| c.state == ClockState::Running).count();
            prop_assert_eq!(running, usize::from(incident.phase != Phase::Resolved));
            prop_assert_eq!(cadence.filter(|c| c.state == ClockState::Breached).count(), missed);
            if let Some(due) = incident.next_update_due_at {
                prop_assert!(due <= matrix.latest_next_update(incident.severity, now).unwrap());
            }
        }
    }

    /// The bars and the uptime equal a count minute by minute.
    #[test]
    fn bars_equal_a_count_by_minutes(changes in prop::collection::vec((0i64..100 * 1440, 0usize..6), 0..20)) {
        let now = at("2026-06-30T17:23:00Z");
        let begin = now.utc_day_start().plus(-99 * DAY);
        let mut changes: Vec<Change> =
            changes.into_iter().map(|(m, s)| Change { at: begin.plus(m * MINUTE), to: CellStatus::ALL[s] }).collect();
        changes.sort_by_key(|c| c.at);
        changes.dedup_by_key(|c| c.at);
        let first = now.utc_day_start().plus(-(DAYS as i64 - 1) * DAY);
        let (mut counted, mut down) = (0i64, 0.0);
        let mut days = vec![CellStatus::NoData; DAYS];
        let mut next = 0;
        let mut status = CellStatus::NoData;
        let mut t = first;
        while t < now {
            while next < changes.len() && changes[next].at <= t {
                status = changes[next].to;
                next += 1;
            }
            let day = &mut days[usize::try_from(t.since(first) / DAY).unwrap()];
            *day = match (*day, status) {
                (CellStatus::NoData, s) => s,
                (d, CellStatus::NoData) => d,
                (d, s) => d.worse(s),
            };
            let lost = match status {
                CellStatus::MajorOutage => Some(1.0),
                CellStatus::PartialOutage => Some(0.3),
                CellStatus::Degraded | CellStatus::Operational => Some(0.0),
                CellStatus::UnderMaintenance | CellStatus::NoData => None,
            };
            if let Some(lost) = lost {
                counted += MINUTE;
                down += lost * MINUTE as f64;
            }
            t = t.plus(MINUTE);
        }
        let result = history(&changes, now);
        prop_assert_eq!(result.counted_ms, counted);
        prop_assert!((result.down_ms - down).abs() < 1.0);
        prop_assert_eq!(result.days, days);
    }

    /// Any order of the same events, with repeats, leaves the same journey.
    #[test]
    fn the_order_of_events_does_not_matter(order in Just((0..6usize).collect::<Vec<_>>()).prop_shuffle(), again in 0..6usize) {
        let start = at("2026-03-02T09:00:00Z");
        let happenings = [
            Happening::Requested,
            Happening::Issued,
            Happening::Fallback,
            Happening::Downloaded,
            Happening::Failed { step: Step::Enable, error_class: "timeout".into() },
            Happening::Revoked,
        ];
        let event = |i: usize| ActivationEvent {
            is_download_only: false,
            subject: "ord-1".into(),
            happening: happenings[i].clone(),
            occurred_at: start.plus(i as i64 * SECOND),
            country: "FR".into(),
            supplier: "smdp-a/1".into(),
            flow: "ota".into(),
            cohort: "baseline".into(),
        };
        let received = start.plus(MINUTE);
        let play = |order: &[usize]| {
            let first = Activation::begin(&event(order[0]), received);
            order[1..].iter().fold(first, |journey, i| journey.apply(&event(*i), received))
        };
        let mut shuffled = order.clone();
        shuffled.push(again);
        prop_assert_eq!(play(&shuffled).contributions(), play(&[0, 1, 2, 3, 4, 5]).contributions());
        prop_assert_eq!(play(&shuffled), play(&[0, 1, 2, 3, 4, 5]));
    }
}

#[test]
fn two_evaluations_worsen_and_four_with_newer_samples_recover() {
    use CellStatus::{NoData, Operational, PartialOutage};
    let policy = Policy::default();
    let mut streak = Streak::default();
    assert_eq!(streak.evaluate(&policy, NoData, Operational, None), Verdict::Move(Operational));
    assert_eq!(streak.evaluate(&policy, Operational, PartialOutage, None), Verdict::Stay);
    assert_eq!(streak.evaluate(&policy, Operational, PartialOutage, None), Verdict::Move(PartialOutage));
    for _ in 0..10 {
        assert_eq!(streak.evaluate(&policy, PartialOutage, PartialOutage, None), Verdict::Stay);
    }
    for _ in 0..3 {
        assert_eq!(streak.evaluate(&policy, PartialOutage, PartialOutage, Some(Operational)), Verdict::Stay);
    }
    assert_eq!(
        streak.evaluate(&policy, PartialOutage, PartialOutage, Some(Operational)),
        Verdict::Move(Operational)
    );
}

#[test]
fn one_good_evaluation_in_between_starts_the_count_again() {
    use CellStatus::{Operational, PartialOutage};
    let policy = Policy::default();
    let mut streak = Streak::default();
    assert_eq!(streak.evaluate(&policy, Operational, PartialOutage, None), Verdict::Stay);
    assert_eq!(streak.evaluate(&policy, Operational, Operational, None), Verdict::Stay);
    assert_eq!(streak.evaluate(&policy, Operational, PartialOutage, None), Verdict::Stay);
}

#[test]
fn business_time_pauses_over_nights_weekends_and_holidays() {
    let mut calendar = Calendar::default();
    let friday = at("2026-03-06T15:00:00Z");
    assert_eq!(calendar.after_open_millis(friday, 4 * HOUR), at("2026-03-09T11:00:00Z"));
    assert_eq!(calendar.same_hour_next_business_day(friday), at("2026-03-09T15:00:00Z"));
    calendar.holidays = vec!["2026-03-09".parse().unwrap()];
    assert_eq!(calendar.same_hour_next_business_day(friday), at("2026-03-10T15:00:00Z"));
    // The clock change of that weekend moves UTC, not the local hour.
    let madrid = Calendar { zone: "Europe/Madrid".into(), ..Calendar::default() };
    assert_eq!(madrid.same_hour_next_business_day(at("2026-03-27T10:00:00Z")), at("2026-03-30T09:00:00Z"));
}

#[test]
fn local_times_stand_beside_utc() {
    let place = |name: &str, zone: &str| Place { name: name.into(), zone: zone.into() };
    let now = at("2026-01-15T14:50:00Z");
    assert_eq!(utc_and_local(now, now, &[place("France", "Europe/Paris")]), "14:50 UTC (15:50 in France)");
    let two =
        [place("France", "Europe/Paris"), place("Italy", "Europe/Rome"), place("India", "Asia/Kolkata")];
    assert_eq!(local_times(now, &two), "15:50 in France and Italy, 20:20 in India");
    let late = at("2026-12-31T23:30:00Z");
    assert_eq!(local_times(late, &[place("France", "Europe/Paris")]), "1 Jan 00:30 in France");
}

#[test]
fn published_text_names_no_customer_and_hides_nothing() {
    for bad in ["ICCID 8933150319000000012F", "write to ana@example.com", "call +33612345678"] {
        assert!(text::no_identifiers(bad).is_err(), "{bad}");
    }
    assert!(text::no_identifiers("ASR 91.2 % of 1,412 downloads at 14:50 UTC").is_ok());
    assert!(text::single_line("two\nlines", 80).is_err());
    assert!(text::single_line("right\u{202E}to left", 80).is_err());
    assert!(text::multi_line("two\r\nlines", 80).is_ok());
    assert!(text::multi_line("nul\0", 80).is_err());
}
