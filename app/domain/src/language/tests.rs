use super::*;
use crate::{
    clock::Timestamp,
    clock_local::{self, Place},
};

/// `{0}` and the like.
fn places(text: &str) -> Vec<&str> {
    let mut found: Vec<&str> = text.split('{').skip(1).filter_map(|rest| rest.split('}').next()).collect();
    found.sort_unstable();
    found
}

/// Words that a language shares with English, by their constant.
const SHARED: [&str; 16] = [
    "STATUS",
    "APRIL",
    "AUGUST",
    "SEPTEMBER",
    "NOVEMBER",
    "PROMISES",
    "WEBHOOK",
    "SERVICES",
    "SERVICES_IN",
    "SEV_1_TO_3",
    "SEV_1_AND_2",
    "EMAIL",
    "JSON_API",
    "CONTACT",
    "PAUSE",
    "MINOR",
];

#[test]
fn every_word_has_the_same_places_in_every_language_and_none_is_english_by_mistake() {
    let mut count = 0;
    for (file, words) in EVERY {
        for (name, word) in words {
            count += 1;
            let english = Language::English.say(*word);
            for language in Language::ALL {
                let text = language.say(*word);
                let at = format!("{file}::{name} in {}: {text:?}", language.name());
                assert!(!text.trim().is_empty(), "{at}");
                assert_eq!(places(text), places(english), "{at}");
                assert_eq!(text.trim_end(), text, "{at}");
                assert_eq!(english.ends_with(['.', '?', ':']), text.ends_with(['.', '?', ':']), "{at}");
                let is_same = language != Language::English && text == english;
                assert!(!is_same || SHARED.contains(name), "{at}");
                assert!(language == Language::English || !text.contains('\''), "typewriter apostrophe: {at}");
                if language == Language::Spanish {
                    assert_eq!(text.matches('?').count(), text.matches('¿').count(), "{at}");
                }
            }
        }
    }
    assert!(count > 150, "{count}");
}

#[test]
fn words_are_filled_once() {
    let at = |n: &[&str]| Language::German.fill(about::FROM_TO, n);
    assert_eq!(at(&["{1}", "{0}"]), ", vom {1} bis {0}", "what is filled in is not looked at again");
    assert_eq!(at(&[]), ", vom  bis ");
    assert_eq!(Language::German.around(mail::WORKS_UNTIL), ("Der Link gilt bis ", "."));
}

#[test]
fn the_browsers_best_language_is_taken() {
    for (asked, language) in [
        ("de-CH,de;q=0.9,en;q=0.8", Some(Language::German)),
        ("nl, fr;q=0.5, it;q=0.7", Some(Language::Italian)),
        ("pt-BR", Some(Language::Portuguese)),
        ("en-GB,es;q=0.9", Some(Language::English)),
        ("de;q=0, es;q=0.1", Some(Language::Spanish)),
        ("*", None),
        ("ja", None),
        ("", None),
        (";;q=,,=,\u{0}", None),
    ] {
        assert_eq!(Language::preferred(asked), language, "{asked}");
    }
    assert_eq!(Language::of("tlh"), Language::English);
    assert!(
        Language::ALL
            .iter()
            .enumerate()
            .all(|(n, l)| *l as usize == n && Language::find(l.code()) == Some(*l))
    );
}

#[test]
fn dates_and_lists_take_each_languages_form() {
    let day = |y, m, d| chrono::NaiveDate::from_ymd_opt(y, m, d).unwrap();
    let first = Language::ALL.map(|l| l.date(day(2026, 3, 1)));
    assert_eq!(
        first,
        [
            "1 March 2026",
            "1. März 2026",
            "1er mars 2026",
            "1 de marzo de 2026",
            "1º marzo 2026",
            "1 de março de 2026"
        ]
    );
    let listed = Language::ALL.map(|l| l.listed(&["SMS", "Voice", "Data"]));
    assert_eq!(
        listed,
        [
            "SMS, Voice and Data",
            "SMS, Voice und Data",
            "SMS, Voice et Data",
            "SMS, Voice y Data",
            "SMS, Voice e Data",
            "SMS, Voice e Data"
        ]
    );
    assert_eq!(Language::Spanish.listed(&["Francia", "Italia"]), "Francia e Italia");
    assert_eq!(Language::Spanish.listed(&["Agua", "Hielo"]), "Agua y Hielo");
    assert_eq!(Language::German.listed::<&str>(&[]), "");
}

#[test]
fn times_need_no_preposition_and_english_stays_as_it_was() {
    let at = Timestamp::parse_rfc3339("2026-03-02T23:30:00Z").unwrap();
    let places = [
        Place { name: "France".into(), zone: "Europe/Paris".into() },
        Place { name: "UK".into(), zone: "Europe/London".into() },
    ];
    let german = Language::German;
    assert_eq!(german.utc_and_local(at, at, &places), "23:30 UTC (France: 3. März 00:30; UK: 23:30)");
    assert_eq!(
        Language::French.utc_and_local(at, at, &places[..1]),
        "23:30 UTC (France\u{a0}: 3 mars 00:30)"
    );
    let later = at.plus(crate::clock::DAY);
    assert_eq!(german.utc_time(later, at), "3. März, 23:30 UTC");
    assert_eq!(german.with_reader("23:30 UTC".into(), at, "America/Toronto"), "23:30 UTC; bei Ihnen 18:30");
    for time in [at, later] {
        assert_eq!(Language::English.utc_time(time, at), clock_local::utc_time(time, at));
        let ours = Language::English.utc_and_local(time, at, &places);
        assert_eq!(ours, clock_local::utc_and_local(time, at, &places));
    }
}
