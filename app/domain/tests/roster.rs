//! Shifts, gaps between them, and the hours of contacts.

use domain::{
    clock::{HOUR, Timestamp},
    engagement::{Party, took},
    roster::{Answers, BadTime, Shift, gaps, local_time, weeks_later},
};
use proptest::prelude::*;

const T: Timestamp = Timestamp::from_millis(1_772_438_400_000);

fn shift(tier: i64, from: i64, to: i64) -> Shift {
    Shift { tier, starts_at: T.plus(from * HOUR), ends_at: T.plus(to * HOUR) }
}

proptest! {
    #[test]
    fn every_hour_is_either_covered_or_in_one_gap(
        shifts in prop::collection::vec((1..4_i64, 0..60_i64, 1..30_i64), 0..12),
        tier in 1..4_i64,
    ) {
        let shifts: Vec<Shift> = shifts.into_iter().map(|(t, from, hours)| shift(t, from, from + hours)).collect();
        let found = gaps(&shifts, tier, T, T.plus(48 * HOUR));
        for hour in 0..48 {
            let at = T.plus(hour * HOUR);
            let covered = shifts.iter().any(|s| s.tier == tier && s.covers(at));
            let in_gaps = found.iter().filter(|(from, to)| *from <= at && at < *to).count();
            prop_assert_eq!(usize::from(!covered), in_gaps, "hour {}", hour);
        }
        prop_assert!(found.windows(2).all(|w| w[0].1 < w[1].0), "apart and in order: {:?}", found);
    }

    #[test]
    fn hours_read_as_they_are_written(
        week in prop::array::uniform7(prop::option::of((0..1440_u32, 1..1440_u32))),
    ) {
        use domain::sla::hours::Hours;
        let week = week.map(|day| {
            day.map(|(opens, open)| Hours { opens_minute: opens, closes_minute: (opens + open).min(1440) })
        });
        prop_assume!(week.iter().any(Option::is_some));
        let answers = Answers::Weekly(week);
        prop_assert_eq!(Answers::parse(&answers.text()), Ok(answers));
    }

    #[test]
    fn no_text_makes_the_reader_panic(text in ".{0,60}", zone in ".{0,12}") {
        let _ = Answers::parse(&text);
        let _ = local_time(&text, &zone);
        let _ = Party::try_from(text.as_str());
    }
}

#[test]
fn contacts_answer_in_their_own_zone() {
    let office = Answers::parse("Mon–Fri 09:00-17:30, Sat 10:00-14:00").expect("hours");
    assert_eq!(office.text(), "Mon-Fri 09:00-17:30, Sat 10:00-14:00");
    // Monday, 2 March 2026, 08:00 UTC is 09:00 in Madrid and 13:30 in Kolkata.
    assert!(office.is_reachable(T, "Europe/Madrid"));
    assert!(!office.is_reachable(T.plus(-1), "Europe/Madrid"));
    assert!(office.is_reachable(T.plus(4 * HOUR - 1), "Asia/Kolkata"));
    assert!(!office.is_reachable(T.plus(4 * HOUR), "Asia/Kolkata"));
    assert!(Answers::parse("24/7").expect("hours").is_reachable(T.plus(-9 * HOUR), "UTC"));
    for wrong in [
        "",
        "always",
        "Mon-Fri",
        "Fri-Mon 09:00-17:00",
        "Mon 17:00-09:00",
        "Mon 09:00-24:01",
        "Mon 09:00-17:00, Mon 18:00-19:00",
        "Mon 9-17",
        "Mon 09:60-17:00",
        "Mon 99999999999:00-17:00",
    ] {
        assert!(Answers::parse(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn a_shift_keeps_its_hour_over_a_clock_change() {
    // Madrid goes to summer time on 29 March 2026.
    let before = local_time("2026-03-23T08:00", "Europe/Madrid").expect("a time");
    let after = weeks_later("2026-03-23T08:00", "Europe/Madrid", 1).expect("a time");
    assert_eq!(after.since(before), 7 * 24 * HOUR - HOUR);
    assert_eq!(local_time("2026-03-29T02:30", "Europe/Madrid"), Err(BadTime::Skipped));
    assert_eq!(local_time("2026-03-29T02:30", "Mars/Olympus"), Err(BadTime::Zone));
    assert_eq!(local_time("tomorrow", "UTC"), Err(BadTime::Form));
}

#[test]
fn the_time_it_took_stands_beside_the_target() {
    let minute = |n: i64| T.plus(n * 60_000);
    assert_eq!(took(T, minute(21), Some(minute(30))), ("after 21 min".into(), Some("target 30 min".into())));
    assert_eq!(took(T, T, None), ("after less than a minute".into(), None));
}
