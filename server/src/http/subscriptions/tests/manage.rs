//! What a subscription is about, and changing it by its link.

use axum::http::StatusCode;
use domain::{
    clock::{DAY, MINUTE},
    scope::Scope,
    severity::Severity,
};

use super::{FORM, ask, ask_from, filled};
use crate::{
    commands::subscribe::{Wish, manage_token, unsubscribe_token},
    worker::{
        housekeeping,
        outbox::tests::bench::{Bench, Receiver, header, on_both, willing},
    },
};

async fn page(bench: &Bench, id: &str) -> String {
    let path = format!("/manage/{}", manage_token(&bench.app.keys, id));
    ask(bench, "GET", &path, FORM, "").await.text
}

async fn post(bench: &Bench, id: &str, verb: &str, body: &str) -> StatusCode {
    let path = format!("/manage/{}{verb}", manage_token(&bench.app.keys, id));
    ask(bench, "POST", &path, FORM, body).await.status
}

async fn heard(bench: &Bench) -> usize {
    let before = bench.mails().len();
    bench.declare("FR").await;
    bench.drain().await;
    bench.mails().len() - before
}

on_both! {
    async fn nothing_is_chosen_for_anybody_and_every_wrong_choice_is_named(bench) {
        let form = ask(bench, "GET", "/subscribe", FORM, "").await.text;
        assert!(form.contains("name=\"what\"") && !form.contains(" checked required"), "{form}");
        let ticked = ask(bench, "GET", "/subscribe?country=fr", FORM, "").await.text;
        assert!(ticked.contains("value=\"FR\" checked"), "{ticked}");
        for (visitor, (body, field)) in (1u8..).zip([
            ("", "what"),
            ("what=all", "what"),
            ("what=chosen", "countries"),
            ("what=chosen&countries=ZZ", "countries"),
            ("what=chosen&countries=FR&portfolios=moon", "portfolios"),
            ("what=chosen&components=teleport", "components"),
            ("what=incident&incident=nothing00000", "incident"),
            ("what=everything&min_severity=9", "min_severity"),
            ("what=everything&trip_from=2026-03-03", "trip"),
            ("what=everything&trip_from=2026-03-03&trip_until=2026-03-02", "trip"),
            ("what=everything&trip_from=2020-03-03&trip_until=2020-03-04", "trip"),
            ("what=everything&time_zone=Mars%2FOlympus", "time_zone"),
            ("what=everything&language=tlh", "language"),
            ("what=everything&contact=nobody", "contact"),
        ]) {
            let body = format!("channel=webhook&address=https%3a%2f%2fhooks.example.com%2f&{body}");
            let page = ask_from(bench, visitor, "POST", "/subscribe", FORM, &filled(bench, &body)).await;
            assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{body}");
            assert!(page.text.contains(&format!("{field}-error")), "{body}: {}", page.text);
        }
    }

    async fn an_endpoint_hears_of_measured_changes_unless_its_owner_says_no(bench) {
        for (host, more, hears) in [("a", "", true), ("b", "&written_only=yes", false)] {
            let body = format!("channel=webhook&address=https%3a%2f%2f{host}.example.com%2f&what=everything{more}");
            let page = ask(bench, "POST", "/subscribe", FORM, &filled(bench, &body)).await;
            assert_eq!(page.status, StatusCode::OK, "{}", page.text);
            bench.drain().await;
            let row = bench.newest().await;
            assert_eq!(row.host, format!("{host}.example.com"));
            assert_eq!(Scope::from_json(&row.scope).unwrap().tells_measured, hears, "{more}");
            bench.pass(MINUTE);
        }
        let body = "channel=webhook&address=nowhere&what=everything&written_only=yes";
        let again = ask(bench, "POST", "/subscribe", FORM, &filled(bench, body)).await.text;
        let at = again.find("name=\"written_only\"").expect("the box");
        assert!(again[at..at + 60].contains("checked"), "what was ticked stays ticked: {}", &again[at..at + 60]);
    }

    async fn a_scope_decides_who_hears(bench) {
        let wish = |scope: Scope| Wish { time_zone: "Europe/Paris".into(), ..Wish::of(scope) };
        let codes = |codes: &[&str]| codes.iter().map(|c| (*c).to_owned()).collect::<Vec<_>>();
        let mut tx = bench.app.store.read().await.unwrap();
        let cell = tx.cells().await.unwrap().into_iter().find(|c| c.country_code == "FR").unwrap();
        let service = tx.components().await.unwrap().into_iter().find(|c| c.id == cell.component_id).unwrap().slug;
        let portfolio = tx.portfolios().await.unwrap()[0].slug.clone();
        drop(tx);
        for (address, scope) in [
            ("all@example.org", Scope::default()),
            ("it@example.org", Scope { countries: codes(&["IT"]), ..Scope::default() }),
            ("we@example.org", Scope { portfolios: vec![portfolio], ..Scope::default() }),
            ("svc@example.org", Scope { components: vec![service.clone()], countries: codes(&["FR"]), ..Scope::default() }),
            ("grave@example.org", Scope { min_severity: Some(Severity::Sev1), ..Scope::default() }),
            ("work@example.org", Scope { is_maintenance_only: true, ..Scope::default() }),
        ] {
            bench.subscriber_to(address, wish(scope)).await;
        }
        bench.declare("FR").await;
        bench.drain().await;
        let mut to: Vec<String> = bench.mails().iter().map(|m| header(m, "Delivered-To").to_owned()).collect();
        to.sort();
        assert_eq!(to, ["all@example.org", "svc@example.org", "we@example.org"]);
        assert!(bench.mails()[0].replace("=\r\n", "").contains("09:00 your time"), "{}", bench.mails()[0]);
    }

    async fn a_subscription_is_changed_paused_and_erased_by_its_link(bench) {
        let row = bench.subscriber("ada@example.org", &["FR"]).await;
        assert_eq!(heard(bench).await, 1);
        let shown = page(bench, &row.id).await;
        assert!(shown.contains("a***@e***") && !shown.contains("ada@example.org"), "{shown}");
        assert!(shown.contains("updates about France") && shown.contains("update of an incident"), "{shown}");
        assert_eq!(post(bench, &row.id, "", "what=chosen&countries=IT&time_zone=Asia%2FKolkata").await, StatusCode::SEE_OTHER);
        assert!(page(bench, &row.id).await.contains("updates about Italy"));
        assert_eq!(heard(bench).await, 0);
        assert_eq!(post(bench, &row.id, "", "what=chosen").await, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(post(bench, &row.id, "", "what=everything").await, StatusCode::SEE_OTHER);
        assert_eq!(post(bench, &row.id, "/pause", "days=9999").await, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(post(bench, &row.id, "/pause", "days=1").await, StatusCode::SEE_OTHER);
        assert!(page(bench, &row.id).await.contains("Paused until"));
        assert_eq!(heard(bench).await, 0);
        bench.pass(DAY + 1);
        assert_eq!(heard(bench).await, 1, "a pause ends by itself");
        assert_eq!(post(bench, &row.id, "/pause", "days=0").await, StatusCode::SEE_OTHER);
        assert_eq!(post(bench, &row.id, "/resume", "").await, StatusCode::SEE_OTHER);
        assert_eq!(heard(bench).await, 1);

        let token = manage_token(&bench.app.keys, &row.id);
        let export = ask(bench, "GET", &format!("/manage/{token}/export.json"), FORM, "").await;
        let export: serde_json::Value = serde_json::from_str(&export.text).unwrap();
        assert_eq!((&export["address"], &export["state"]), (&"ada@example.org".into(), &"confirmed".into()));
        assert!(export["messages"].as_array().unwrap().len() >= 4, "{export}");

        bench.relay_down();
        bench.declare("FR").await;
        bench.drain().await;
        assert_eq!(post(bench, &row.id, "/erase", "").await, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(post(bench, &row.id, "/erase", "sure=yes").await, StatusCode::OK);
        let erased = bench.app.store.read().await.unwrap().subscriber(&row.id).await.unwrap().unwrap();
        assert_eq!((erased.address.as_str(), erased.state.as_str(), erased.scope.as_str()), ("", "erased", "{}"));
        let count = bench.mails().len();
        bench.relay_up(None).await;
        bench.pass(MINUTE);
        bench.drain().await;
        assert_eq!(bench.mails().len(), count, "what waited is gone");
        for verb in ["", "/pause", "/resume", "/erase", "/unsubscribe"] {
            assert_eq!(post(bench, &row.id, verb, "sure=yes").await, StatusCode::NOT_FOUND, "{verb}");
        }
        bench.pass(DAY);
        bench.subscriber("ada@example.org", &["FR"]).await;
        assert_eq!(heard(bench).await, 1, "whoever comes back is asked again, and welcome");
    }

    async fn only_the_link_opens_a_subscription(bench) {
        let row = bench.subscriber("ada@example.org", &["FR"]).await;
        let token = manage_token(&bench.app.keys, &row.id);
        let other = unsubscribe_token(&bench.app.keys, &row.id);
        let forged = format!("{}x", &token[..token.len() - 1]);
        let absent = manage_token(&bench.app.keys, "nothing00000");
        let mut answers = Vec::new();
        for wrong in [other, forged, absent, row.id.clone(), "x".into()] {
            for (method, tail) in [("GET", ""), ("GET", "/export.json"), ("POST", ""), ("POST", "/erase")] {
                let got = ask(bench, method, &format!("/manage/{wrong}{tail}"), FORM, "sure=yes").await;
                assert_eq!(got.status, StatusCode::NOT_FOUND, "{method} {wrong}{tail}");
                answers.push(got.text);
            }
        }
        assert!(answers.iter().all(|a| *a == answers[0]), "unknown and forged look the same");
        for method in ["GET", "HEAD", "GET"] {
            ask(bench, method, &format!("/manage/{token}"), FORM, "").await;
        }
        assert_eq!(bench.state(&row.id).await, "confirmed");
        bench.pass(DAY);
        let before = bench.mails().len();
        bench.sign_up("ada@example.org", &["IT"]).await;
        bench.drain().await;
        let mail = bench.mails()[before].replace("=\r\n", "");
        assert!(mail.contains("/manage/") && header(&mail, "Subject").contains("You are subscribed"), "{mail}");
        assert!(page(bench, &row.id).await.contains("updates about France"), "a stranger changes nothing");
    }

    async fn trips_and_single_incidents_end_by_themselves(bench) {
        let from = chrono::NaiveDate::from_ymd_opt(2026, 3, 2).unwrap();
        let trip = Some(domain::scope::Trip { from, until: from + chrono::Days::new(1) });
        let traveller = bench.subscriber_to("t@example.org", Wish::of(Scope { trip, ..Scope::default() })).await;
        let incident = bench.declare("FR").await;
        let one = Scope { incident: Some(incident.clone()), ..Scope::default() };
        let follower = bench.subscriber_to("f@example.org", Wish::of(one)).await;
        let other = bench.declare("IT").await;
        bench.update(&incident).await;
        bench.drain().await;
        let to: Vec<String> = bench.mails().iter().map(|m| header(m, "Delivered-To").to_owned()).collect();
        assert_eq!(to.iter().filter(|t| *t == "f@example.org").count(), 1, "{to:?}: nothing of {other}");
        bench.pass(3 * DAY);
        assert_eq!(housekeeping::tick(&bench.app).await.unwrap(), 1);
        assert_eq!((bench.state(&traveller.id).await, bench.state(&follower.id).await), ("ended".into(), "confirmed".into()));
        assert!(page(bench, &traveller.id).await.contains("has ended"));
        bench.sign_up("late@example.org", &[]).await;
        let late = bench.newest().await;
        bench.drain().await;
        bench.pass(4 * DAY);
        housekeeping::tick(&bench.app).await.unwrap();
        assert!(bench.app.store.read().await.unwrap().subscriber(&late.id).await.unwrap().is_none(), "forgotten");
    }

    async fn a_new_secret_signs_beside_the_old_one_for_a_day(bench) {
        let receiver = Receiver::start(willing).await;
        bench.endpoint(&receiver.url).await;
        bench.drain().await;
        let row = bench.newest().await;
        let token = manage_token(&bench.app.keys, &row.id);
        let shown = ask(bench, "POST", &format!("/manage/{token}/secret"), FORM, "").await.text;
        assert!(shown.contains("whsec_"), "{shown}");
        bench.pass(1);
        bench.declare("FR").await;
        bench.drain().await;
        bench.pass(2 * DAY);
        bench.declare("FR").await;
        bench.drain().await;
        let signed: Vec<usize> = receiver.seen().iter().map(|s| s.head.matches("v1,").count()).collect();
        assert_eq!(signed, [1, 2, 1]);
    }
}
