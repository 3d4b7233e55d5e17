//! Properties of clocks and calendars: business time, alerts, standings.

use domain::{
    clock::{DAY, HOUR, MINUTE, Timestamp},
    incident::Incident,
    severity::Severity,
    sla::{
        clock::{Clock, ClockKind, ClockState},
        hours::{Calendar, Hours},
        policy::SeverityMatrix,
    },
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

/// Every kind of clock that an incident of this severity is promised, armed from `start`.
fn armed(matrix: &SeverityMatrix, severity: Severity, start: Timestamp) -> Vec<Clock> {
    let mut id = ids();
    ClockKind::ALL
        .into_iter()
        .filter_map(|kind| {
            let target = matrix.target(kind, "tier:2", severity)?;
            let due_at = matrix.due(severity, target, start);
            Some(Clock::arm(id(), kind, severity, start, due_at).about("tier:2").alerting(matrix))
        })
        .collect()
}

/// A calendar that makes trouble: half-hour zones, nights, single days.
fn calendars() -> impl Strategy<Value = Calendar> {
    let zones = prop::sample::select(vec![
        "UTC",
        "Europe/Madrid",
        "America/New_York",
        "Asia/Kolkata",
        "Australia/Lord_Howe",
        "Pacific/Apia",
        "America/St_Johns",
    ]);
    (
        zones,
        0u32..1380,
        1u32..60,
        prop::collection::vec(any::<bool>(), 7),
        prop::collection::vec(0i64..730, 0..20),
    )
        .prop_map(|(zone, opens, length, days, holidays)| {
            let first = at("2025-12-20T00:00:00Z").utc().date_naive();
            let hours = Some(Hours { opens_minute: opens, closes_minute: (opens + length * 20).min(1440) });
            let mut week: [Option<Hours>; 7] = std::array::from_fn(|i| hours.filter(|_| days[i]));
            week[2] = hours;
            let holidays = holidays.into_iter().map(|d| first + chrono::Duration::days(d)).collect();
            Calendar { zone: zone.into(), week, holidays }
        })
}

proptest! {
    /// Open time is counted exactly: minute by minute it comes to the same, over daylight saving, half-hour zones, year
    /// ends and holidays on the boundary.
    #[test]
    fn business_time_equals_a_count_by_minutes(calendar in calendars(), start in 0i64..600 * 1440, minutes in 1i64..3_000) {
        let start = at("2025-12-29T00:00:00Z").plus(start * MINUTE);
        let due = calendar.after_open_millis(start, minutes * MINUTE);
        prop_assume!(due.since(start) < 60 * DAY);
        let (mut t, mut counted) = (start, 0);
        while t < due {
            counted += i64::from(calendar.is_open(t));
            t = t.plus(MINUTE);
        }
        prop_assert_eq!(counted, minutes);
        prop_assert!(calendar.is_open(due.plus(-1)), "the last millisecond counts");
        let opens = calendar.next_open(start);
        prop_assert!(opens >= start && (opens.since(start) > 300 * DAY || calendar.is_open(opens)));
    }

    /// A deadline in business days falls on a business day, and later starts never have earlier ones.
    #[test]
    fn business_days_are_business_days(calendar in calendars(), start in 0i64..500 * 1440, days in 1u32..10, later in 0i64..5_000) {
        let start = at("2025-12-29T00:00:00Z").plus(start * MINUTE);
        let due = calendar.after_business_days(start, days);
        prop_assume!(due.since(start) < 300 * DAY);
        let tz = domain::clock_local::zone(&calendar.zone);
        prop_assert!(calendar.is_business_day(due.plus(-1).utc().with_timezone(&tz).date_naive())
            || calendar.is_business_day(due.utc().with_timezone(&tz).date_naive()));
        // An hour that a clock change skips or repeats may shift a deadline by that much, never more.
        prop_assert!(calendar.after_business_days(start.plus(later * MINUTE), days) >= due.plus(-HOUR));
    }

    /// Whatever happens in whatever order, with however long nobody looking in between: a clock has one state, a miss
    /// stays on record, and every alert is given at most once, in order, never before its time.
    #[test]
    fn alerts_are_given_once_however_long_nobody_looks(gaps in prop::collection::vec(1i64..400, 1..40), severity in 0usize..4) {
        let matrix = SeverityMatrix::default();
        let mut now = at("2026-03-27T20:00:00Z");
        let mut clocks = armed(&matrix, Severity::ALL[severity], now);
        let mut incident = Incident::declare(Severity::ALL[severity], now, now, None, &matrix, &mut ids()).unwrap();
        clocks.append(&mut incident.clocks);
        let mut given = vec![Vec::new(); clocks.len()];
        for gap in gaps {
            now = now.plus(gap * MINUTE);
            for (clock, given) in clocks.iter_mut().zip(&mut given) {
                let (after, alert) = clock.clone().fall_due(now).alert(&matrix, now);
                given.extend(alert.map(|a| {
                    prop_assert!(clock.alert_at.is_some_and(|at| at <= now));
                    Ok(a.number())
                }).transpose()?);
                prop_assert!(after.alert_at.is_none_or(|at| at > now || after.state != ClockState::Running), "nothing is left to say for now");
                prop_assert!(clock.breached_at.is_none() || after.breached_at == clock.breached_at, "a miss is never erased");
                let standing = matrix.standing(&after, now);
                if after.state == ClockState::Running {
                    prop_assert_eq!(standing == ClockState::Breached, now > after.due_at);
                } else {
                    prop_assert_eq!(standing, after.state);
                }
                *clock = after;
            }
        }
        for given in given {
            prop_assert!(given.windows(2).all(|w| w[0] < w[1]), "{:?}", given);
        }
    }
}

#[test]
fn a_clock_of_business_hours_is_paused_outside_them() {
    let matrix = SeverityMatrix::default();
    let friday = at("2026-03-06T16:00:00Z");
    let first = matrix.due(Severity::Sev3, matrix.promises(Severity::Sev3).first_response, friday);
    assert_eq!(first, at("2026-03-09T12:00:00Z"), "an hour on Friday, three on Monday");
    let clock = Clock::arm("c".into(), ClockKind::FirstResponse, Severity::Sev3, friday, first);
    for (when, standing) in [
        ("2026-03-06T16:30:00Z", ClockState::Running),
        ("2026-03-06T17:00:00Z", ClockState::Paused),
        ("2026-03-08T12:00:00Z", ClockState::Paused),
        ("2026-03-09T09:00:00Z", ClockState::Running),
        ("2026-03-09T12:00:01Z", ClockState::Breached),
        ("2026-03-09T23:00:00Z", ClockState::Breached),
    ] {
        assert_eq!(matrix.standing(&clock, at(when)), standing, "{when}");
    }
    let round_the_clock =
        Clock::arm("d".into(), ClockKind::Fix, Severity::Sev1, friday, friday.plus(90 * HOUR));
    assert_eq!(matrix.standing(&round_the_clock, at("2026-03-08T03:00:00Z")), ClockState::Running);
}

#[test]
fn an_rca_is_due_on_business_days() {
    let matrix = SeverityMatrix::default();
    let restored = at("2026-03-06T22:10:00Z");
    let due = |severity, kind| matrix.due(severity, matrix.target(kind, "", severity).unwrap(), restored);
    assert_eq!(due(Severity::Sev1, ClockKind::RcaDraft), restored.plus(48 * HOUR));
    assert_eq!(
        due(Severity::Sev1, ClockKind::RcaFinal),
        at("2026-03-16T09:00:00Z"),
        "from Monday morning, five days on"
    );
    assert_eq!(due(Severity::Sev2, ClockKind::RcaDraft), at("2026-03-12T09:00:00Z"));
    assert_eq!(matrix.target(ClockKind::RcaFinal, "", Severity::Sev3), None);
}
