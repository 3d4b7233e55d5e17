//! A subscriber who reads German: from the form to the mails, and back by their links.

use axum::http::StatusCode;
use domain::{
    clock::MINUTE,
    language::{self, Language, mail, manage, page, refusal, subscribe as form},
};

use super::{FORM, ask, ask_from, filled, sign_up};
use crate::{
    commands::subscribe,
    worker::outbox::tests::bench::{Bench, Receiver, decoded, header, on_both, reply},
};

on_both! {
    async fn the_form_comes_in_every_language_and_says_where_the_others_are(bench) {
        for language in Language::ALL {
            let path = format!("/subscribe?country=fr&lang={}", language.code());
            let shown = ask(bench, "GET", &path, FORM, "").await.text;
            assert!(shown.contains(&format!("<html lang=\"{}\"", language.code())), "{shown}");
            assert!(shown.contains("value=\"FR\" checked"), "{shown}");
            for other in Language::ALL {
                let link = format!("hreflang=\"{0}\" href=\"/subscribe?country=fr&amp;lang={0}\"", other.code());
                assert!(shown.contains(&link), "{link}: {shown}");
                let is_left = |word| language != other && other == Language::English
                    && shown.contains(other.say(word)) && !language.say(word).contains(other.say(word));
                for word in [form::INTRO, form::ABOUT_WHAT, form::CONSENT, form::TRIP_FROM, page::TIMES, page::HISTORY] {
                    assert!(!is_left(word), "{} in {}", other.say(word), language.name());
                }
            }
            for word in [form::INTRO, form::CONSENT, form::WHICH_SERVICES, page::TIMES, page::SUBSCRIBE] {
                assert!(shown.contains(language.say(word)), "{}: {shown}", language.say(word));
            }
            let wrong = ask_from(bench, language as u8, "POST", "/subscribe", FORM,
                &filled(bench, &format!("channel=email&address=x&what=everything&language={}", language.code()))).await;
            assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
            assert!(wrong.text.contains(language.say(refusal::NOT_EMAIL)), "{}", wrong.text);
        }
    }

    async fn a_german_subscriber_gets_german_mails_and_pages(bench) {
        let german = Language::German;
        let answer = sign_up(bench, "channel=email&address=ada%40example.org&what=chosen&countries=FR&language=de&time_zone=America%2FToronto").await;
        assert!(answer.text.contains(german.say(page::CHECK_MAIL)), "{}", answer.text);
        bench.drain().await;
        let row = bench.newest().await;
        assert_eq!(row.language, "de");
        let asked = decoded(&bench.mails()[0]);
        assert!(asked.contains("Meldungen zu France.") && asked.contains("Der Link gilt bis 4. März, 08:00 UTC."), "{asked}");
        assert!(header(&bench.mails()[0], "Subject").starts_with("Bitte =?utf-8"), "{}", bench.mails()[0]);
        let confirm = format!("/confirm/{}", subscribe::confirm_token(&bench.app.keys, &row));
        let shown = ask(bench, "GET", &confirm, FORM, "").await.text;
        assert!(shown.contains(german.say(page::START)) && shown.contains("<html lang=\"de\""), "{shown}");
        assert!(ask(bench, "POST", &confirm, FORM, "").await.text.contains(german.say(page::SUBSCRIBED)));

        bench.pass(MINUTE);
        bench.declare("FR").await;
        bench.drain().await;
        let told = decoded(&bench.mails()[1]);
        for word in [mail::KNOWN, mail::CHANGED, mail::WRITTEN_IN, mail::UNSUBSCRIBE, mail::LIVE_STATUS_OF] {
            assert!(told.contains(german.say(word)), "{}\n{told}", german.say(word));
        }
        assert!(told.contains("one in four downloads fails") && told.contains("bei Ihnen 03:01"), "{told}");
        let bodies = &told[told.find("--=_waypost").unwrap()..];
        for (_, word) in language::mail::ALL {
            let english = Language::English.say(*word);
            assert!(english.len() < 6 || !bodies.contains(english), "{english}\n{bodies}");
        }

        let manage = format!("/manage/{}", subscribe::manage_token(&bench.app.keys, &row.id));
        let shown = ask(bench, "GET", &format!("{manage}?done=saved"), FORM, "").await.text;
        for word in [manage::TITLE, manage::SAVED, manage::PAUSE, manage::AN_UPDATE, manage::IS_DELIVERED, manage::ERASE_ALL] {
            assert!(shown.contains(german.say(word)), "{}\n{shown}", german.say(word));
        }
        assert!(shown.contains("<html lang=\"de\"") && shown.contains("Sie erhalten Meldungen zu France."), "{shown}");
        let wrong = ask(bench, "POST", &manage, FORM, "what=everything&time_zone=Mars&language=de").await;
        assert!(wrong.text.contains(german.say(refusal::NOT_ZONE)), "{}", wrong.text);
        let changed = ask(bench, "POST", &manage, FORM, "what=everything&language=pt").await;
        assert_eq!(changed.status, StatusCode::SEE_OTHER);
        let leave = format!("/u/{}", subscribe::unsubscribe_token(&bench.app.keys, &row.id));
        let shown = ask(bench, "GET", &leave, FORM, "").await.text;
        assert!(shown.contains(Language::Portuguese.say(page::STOP)), "{shown}");
    }

    async fn every_wrong_choice_is_named_in_the_readers_language(bench) {
        for (visitor, (body, word)) in (1u8..).zip([
            ("", refusal::CHOOSE_WHAT),
            ("what=chosen", refusal::TICK_ONE),
            ("what=chosen&countries=ZZ", refusal::NOT_ON_PAGE),
            ("what=chosen&components=teleport", refusal::NOT_ON_PAGE),
            ("what=incident&incident=nothing00000", refusal::NO_INCIDENT),
            ("what=everything&min_severity=9", refusal::CHOOSE_SEVERITY),
            ("what=everything&trip_from=2026-03-03", refusal::TRIP_DAYS),
            ("what=everything&trip_from=2026-03-03&trip_until=2026-03-02", refusal::TRIP_ORDER),
            ("what=everything&trip_from=2020-03-03&trip_until=2020-03-04", refusal::TRIP_OVER),
            ("what=everything&trip_from=2026-03-03&trip_until=2027-03-04", refusal::TRIP_LONG),
            ("what=everything&time_zone=Mars%2FOlympus", refusal::NOT_ZONE),
            ("what=everything&contact=nobody", refusal::NOT_EMAIL),
        ]) {
            for (n, language) in [Language::German, Language::Italian].into_iter().enumerate() {
                let body = format!("channel=webhook&address=https%3a%2f%2fhooks.example.com%2f&language={}&{body}", language.code());
                let page = ask_from(bench, visitor * 2 + n as u8, "POST", "/subscribe", FORM, &filled(bench, &body)).await;
                assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{body}");
                assert!(page.text.contains(language.say(word)), "{body}: {}", page.text);
                assert!(!page.text.contains(Language::English.say(word)), "{body}: {}", page.text);
            }
        }
        for (address, word) in [
            ("ftp%3a%2f%2fexample.com%2f", refusal::NOT_HTTPS),
            ("https%3a%2f%2fu%3ap%40example.com%2f", refusal::HAS_PASSWORD),
            ("https%3a%2f%2f192.0.2.1%2f", refusal::NOT_PUBLIC),
            ("https%3a%2f%2fexample.com%2f", refusal::NOT_INCOMING),
        ] {
            let channel = if word == refusal::NOT_INCOMING { "slack" } else { "webhook" };
            let body = format!("channel={channel}&address={address}&language=es&what=everything");
            let page = ask_from(bench, 200, "POST", "/subscribe", FORM, &filled(bench, &body)).await;
            assert!(page.text.contains(Language::Spanish.say(word)), "{address}: {}", page.text);
        }
    }

    async fn a_french_channel_is_greeted_in_french(bench) {
        let receiver = Receiver::start(|_| Some(reply("200 OK", "ok"))).await;
        let address = url::form_urlencoded::byte_serialize(receiver.url.as_bytes()).collect::<String>();
        let page = sign_up(bench, &format!("channel=slack&address={address}&what=everything&language=fr")).await;
        assert!(page.text.contains(Language::French.say(page::CHANNEL_ASKED)), "{}", page.text);
        bench.drain().await;
        bench.pass(MINUTE);
        bench.declare("FR").await;
        bench.drain().await;
        let seen = receiver.seen();
        assert!(seen[0].body.contains("concernant tous les services"), "{}", seen[0].body);
        assert!(seen[1].body.contains(Language::French.say(mail::KNOWN)), "{}", seen[1].body);
    }
}
