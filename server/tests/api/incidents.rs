//! An incident from declaration to resolution, through the console's forms and out on the public doors.

use domain::{
    clock::{MINUTE, SECOND},
    status::CellStatus,
};
use http::StatusCode;
use server::auth::role::Role;

use crate::harness::{Answer, Person, TestApp};

const KNOWN: &str = "About one in four eSIM downloads in France fails.";

async fn declare(app: &TestApp, commander: &Person<'_>, key: &str) -> Answer {
    let cell = format!("cell.{}", app.cell("euicc-download", "FR").await.id);
    let fields = [
        ("title", "one in four downloads fails"),
        ("severity", "2"),
        ("started_at", "2026-03-02T08:00"),
        (cell.as_str(), "partial_outage"),
        ("known", KNOWN),
        ("unknown", "Why the first node is slow."),
        ("next_steps", "Traffic moves to the second node; 20 to 40 minutes."),
        ("customer_action", "Scan the same QR code again in five minutes."),
        ("next_update_due_at", ""),
        ("proposal", ""),
        ("idempotency_key", key),
        ("how", "alone"),
        ("break_glass", "Nobody else is on shift."),
    ];
    commander.send("/console/incidents", &fields).await
}

async fn newest(app: &TestApp) -> serde_json::Value {
    app.get("/api/v2/incidents.json").await.json()["incidents"][0].clone()
}

fn due(incident: &serde_json::Value) -> &str {
    incident["x_waypost"]["next_update_due_at"].as_str().unwrap_or("none")
}

async fn step(commander: &Person<'_>, incident: &str, verb: &str, fields: &[(&str, &str)]) -> Answer {
    let alone = [("how", "alone"), ("break_glass", "Nobody else is on shift.")];
    commander.send(&format!("{incident}/{verb}"), &[fields, &alone].concat()).await
}

api_tests! {
    async fn the_whole_life_of_an_incident(app) {
        app.lay_grid().await;
        let commander = app.signed_in(Role::Commander).await;
        app.pass(5 * MINUTE);

        let declared = declare(app, &commander, "key-1").await;
        assert_eq!(declared.status, StatusCode::SEE_OTHER, "{}", declared.text());
        let page = declared.header("location").to_owned();
        let told = newest(app).await;
        assert_eq!((due(&told), told["impact"].as_str()), ("2026-03-02T09:05:00.000Z", Some("major")));
        assert!(app.get("/").await.text().contains("one in four downloads fails"), "visible with the answer");
        assert!(app.get("/history.rss").await.text().contains(KNOWN));
        assert_eq!(app.cell("euicc-download", "FR").await.status, CellStatus::PartialOutage);

        app.pass(9 * MINUTE);
        let reclassify = [("version", "1"), ("severity", "1"), ("reason", "Nearly everybody is affected now.")];
        let answer = step(&commander, &page, "reclassify", &reclassify).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text());
        let told = newest(app).await;
        assert_eq!((due(&told), told["impact"].as_str()), ("2026-03-02T08:44:00.000Z", Some("critical")));

        app.pass(MINUTE);
        let works = [("version", "2"), ("known", "Downloads work again."), ("customer_action", "Scan it again.")];
        let answer = step(&commander, &page, "restore", &works).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text());
        assert_eq!(newest(app).await["status"], "monitoring");

        app.pass(MINUTE);
        let answer = step(&commander, &page, "resolve", &[("version", "3"), ("known", "Fixed for good.")]).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text());
        let told = newest(app).await;
        assert_eq!((told["status"].as_str(), due(&told)), (Some("resolved"), "none"));
        assert_eq!(told["incident_updates"].as_array().map(Vec::len), Some(4));
        assert!(app.get("/history").await.text().contains("one in four downloads fails"));
        app.pass(24 * 60 * MINUTE);
        assert_eq!(app.tick().await, 0, "a resolved incident promises nothing");
    }

    async fn a_missed_promise_goes_on_record_once_and_the_page_says_so(app) {
        app.lay_grid().await;
        let commander = app.signed_in(Role::Commander).await;
        let page = declare(app, &commander, "key-1").await.header("location").to_owned();
        app.pass(60 * MINUTE - SECOND);
        assert_eq!(app.tick().await, 1, "nobody engaged tier 2; the update is still in time");
        app.pass(4 * MINUTE + SECOND);
        assert_eq!(app.tick().await, 1);
        assert_eq!(app.tick().await, 0, "it fires once");
        assert!(app.get("/").await.text().contains("4 minutes overdue"));
        assert_eq!(newest(app).await["x_waypost"]["next_update_overdue_secs"], 240);

        let fields = [
            ("version", "1"),
            ("kind", "no_change"),
            ("phase", "investigating"),
            ("known", "No change since the last update."),
            ("next_steps", "We keep moving traffic."),
        ];
        // The commander's session ended after an hour without a click.
        assert_eq!(step(&commander, &page, "updates", &fields).await.status, StatusCode::UNAUTHORIZED);
        let owner = app.signed_in(Role::Owner).await;
        let answer = step(&owner, &page, "updates", &fields).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text());
        assert_eq!(due(&newest(app).await), "2026-03-02T10:04:00.000Z", "re-armed from now");
    }

    async fn a_repeated_form_declares_once(app) {
        app.lay_grid().await;
        let commander = app.signed_in(Role::Commander).await;
        let first = declare(app, &commander, "key-1").await.header("location").to_owned();
        let again = declare(app, &commander, "key-1").await.header("location").to_owned();
        assert_eq!(first, again);
        let incidents = app.get("/api/v2/incidents.json").await.json();
        assert_eq!(incidents["incidents"].as_array().map(Vec::len), Some(1));
    }

    async fn two_people_at_once_do_not_overwrite_each_other(app) {
        app.lay_grid().await;
        let commander = app.signed_in(Role::Commander).await;
        let page = declare(app, &commander, "key-1").await.header("location").to_owned();
        let severity = |n| [("version", "1"), ("severity", n), ("reason", "It is wider than we thought.")];
        assert_eq!(step(&commander, &page, "reclassify", &severity("1")).await.status, StatusCode::SEE_OTHER);
        let late = step(&commander, &page, "reclassify", &severity("3")).await;
        assert_eq!(late.status, StatusCode::CONFLICT);
        assert!(late.text().contains("It is wider than we thought."), "the text is kept");
    }

    async fn a_refusal_keeps_what_was_typed_and_names_the_field(app) {
        app.lay_grid().await;
        let commander = app.signed_in(Role::Commander).await;
        let page = declare(app, &commander, "key-1").await.header("location").to_owned();
        let fields = [
            ("version", "1"),
            ("kind", "progress"),
            ("phase", "identified"),
            ("known", "It is the node <script>alert(1)</script>."),
            ("unknown", ""),
            ("next_steps", "We move on."),
            ("customer_action", "Wait."),
        ];
        let answer = step(&commander, &page, "updates", &fields).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(answer.text().contains("It is the node &lt;script&gt;"), "kept, and escaped");
        let mut too_late = fields.to_vec();
        too_late[4].1 = "Nothing.";
        too_late.push(("next_update_due_at", "2026-03-02T23:00"));
        let answer = step(&commander, &page, "updates", &too_late).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "the author may promise earlier, never later");
    }
}
