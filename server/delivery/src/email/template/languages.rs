//! Every mail in every language.

use domain::{clock::DAY, language::EVERY, notice::Message};

use super::*;
use crate::sample::{SAMPLE_AT, notice};

const LINKS: [&str; 2] = ["https://status.example.com/u/token", "https://status.example.com/manage/token"];

fn reader(language: Language) -> Reader {
    Reader {
        unsubscribe_url: LINKS[0].into(),
        manage_url: LINKS[1].into(),
        time_zone: "America/Toronto".into(),
        language,
    }
}

/// Every mail to subscribers, by name.
fn mails(language: Language) -> Vec<(&'static str, Rendered)> {
    let mut notice = notice();
    let changed = notice.updates[1].changed.clone();
    notice.updates[0].changed = changed;
    // What the operator wrote is not looked at here.
    notice.title = "«1»".into();
    notice.workarounds[0].2 = "«2»".into();
    let text = || "«3»".to_owned();
    notice.updates[0].message =
        Message { known: text(), unknown: text(), next_steps: text(), customer_action: text() };
    let until = ConfirmSubscription::until(language, SAMPLE_AT.plus(2 * DAY), SAMPLE_AT);
    let confirm = ConfirmSubscription { language, valid_until: until, ..ConfirmSubscription::sample() };
    let known = KnownSubscription { language, ..KnownSubscription::sample() };
    let say = |word| language.say(word).to_owned();
    let test = SubscriberNotice {
        language,
        subject: language.fill(mail::TEST_SUBJECT, &["Meridian eSIM"]),
        lines: vec![say(mail::TEST)],
        ..SubscriberNotice::sample()
    };
    vec![
        ("update", IncidentUpdate::new(&notice, &reader(language), SAMPLE_AT).render().unwrap()),
        ("confirm", ConfirmSubscription { scope: "Meridian".into(), ..confirm }.render().unwrap()),
        ("known", KnownSubscription { scope: "Meridian".into(), ..known }.render().unwrap()),
        ("notice", test.render().unwrap()),
    ]
}

/// What is read of HTML: tags have English names everywhere.
fn without_markup(html: &str) -> String {
    html.split('<')
        .filter_map(|piece| piece.split_once('>'))
        .map(|(_, text)| text)
        .collect::<Vec<_>>()
        .join("\n")
}

/// The pieces of an English word that would be noticed: longer than a name could share.
fn pieces(english: &'static str) -> impl Iterator<Item = &'static str> {
    english.split(['{', '}', '0', '1']).map(str::trim).filter(|p| p.len() >= 5)
}

#[test]
fn every_template_speaks_every_language_and_no_english_word_of_ours_is_left() {
    for language in Language::ALL {
        for (name, mail) in mails(language) {
            let at = format!("{name} in {}", language.name());
            assert!(mail.subject.chars().count() <= 100, "{at}: {}", mail.subject);
            assert!(mail.html.contains(&format!("<html lang=\"{}\">", language.code())), "{at}");
            for body in [&mail.text, &mail.html] {
                assert!(
                    body.contains(LINKS[0]) && !body.contains("{0}") && !body.contains("\n\n\n"),
                    "{at}: {body}"
                );
                assert!(body.contains(language.say(mail::UNSUBSCRIBE)) || name == "confirm", "{at}: {body}");
            }
            if language == Language::English {
                continue;
            }
            let ours = format!("{}\n{}\n{}", mail.subject, mail.text, without_markup(&mail.html));
            let ours: String =
                ours.split_inclusive(char::is_whitespace).filter(|w| !w.starts_with("https")).collect();
            for (_, word) in EVERY.iter().flat_map(|(_, words)| *words) {
                let translated = language.say(*word);
                for piece in pieces(word.texts()[0]).filter(|p| !translated.contains(p)) {
                    let is_there = ours.match_indices(piece).any(|(n, _)| {
                        let is_part = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
                        !is_part(ours[..n].chars().next_back())
                            && !is_part(ours[n + piece.len()..].chars().next())
                    });
                    assert!(!is_there, "{at}: {piece:?} is English\n{ours}");
                }
            }
        }
    }
}

#[test]
fn the_operators_words_stay_and_say_their_language() {
    let german = IncidentUpdate::new(&notice(), &reader(Language::German), SAMPLE_AT).render().unwrap();
    assert_eq!(
        german.subject,
        "[Sev 2] France/eUICC download – about one in four downloads fails – Ursache gefunden"
    );
    assert!(german.html.contains("<div lang=\"en\"><p"), "{}", german.html);
    assert!(german.html.contains("<h1 lang=\"en\""), "{}", german.html);
    for line in [
        "Ursache gefunden · Sev 2 · Schwerwiegend · 13:50 UTC (France: 14:50); bei Ihnen 08:50",
        "About one in four downloads in France fails.",
        "Nächste Meldung: spätestens 14:50 UTC (France: 15:50); bei Ihnen 09:50.",
        "Die Meldungen selbst werden auf Englisch verfasst.",
    ] {
        assert!(german.text.lines().any(|l| l == line), "{line}\n---\n{}", german.text);
    }
    let english = IncidentUpdate::new(&notice(), &reader(Language::English), SAMPLE_AT).render().unwrap();
    assert!(!english.html.contains("<div lang") && !english.text.contains("written in"), "{}", english.html);
}

#[test]
fn hostile_names_stay_text_in_every_language() {
    let hostile = "<script>alert(1)</script>{0}{{ x }}\" onload=\"";
    for language in Language::ALL {
        let mut notice = notice();
        notice.page_name = hostile.into();
        notice.title = hostile.into();
        for cell in &mut notice.cells {
            cell.country_name = hostile.into();
        }
        let update = IncidentUpdate::new(&notice, &reader(language), SAMPLE_AT).render().unwrap();
        let known = KnownSubscription { language, page_name: hostile.into(), ..KnownSubscription::sample() };
        let confirm =
            ConfirmSubscription { language, scope: hostile.into(), ..ConfirmSubscription::sample() };
        for mail in [update, known.render().unwrap(), confirm.render().unwrap()] {
            assert!(!mail.html.contains("<script"), "{}", mail.html);
            assert!(mail.html.contains("{0}"), "what is filled in is not filled again: {}", mail.html);
        }
    }
}
