//! Launches under watch, what markets need, and the matrix of trials.

use domain::clock::{DAY, HOUR, MINUTE, SECOND};
use http::StatusCode;
use serde_json::{Value, json};
use server::{
    auth::role::Role,
    commands::{Refusal, launches::Standing},
    worker::launches,
};
use store::LaunchRow;

use crate::harness::{Journey, Person, TestApp, batch};

const PAGE: &str = "/console/launches";

async fn begin(person: &Person<'_>, fields: &[(&str, &str)]) {
    let answer = person.send(PAGE, fields).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text());
}

async fn launch(app: &TestApp) -> LaunchRow {
    let mut tx = app.app.store.read().await.expect("a transaction");
    tx.launches(1).await.expect("launches").remove(0)
}

/// Journeys begun now: `count` of them, every n-th fails.
async fn activate(app: &TestApp, key: &str, name: &str, country: &'static str, count: usize, nth: usize) {
    app.pass(10 * SECOND);
    for events in batch(name, country, count, nth, app.now()) {
        let answer = app.ingest(key, &events).await;
        assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.text());
    }
}

async fn judged(app: &TestApp) -> (String, Standing, String) {
    tick(app).await.expect("a round");
    let row = launch(app).await;
    (row.state.clone(), Standing::of(&row), row.alert)
}

fn trial(id: &str, days: i64, app: &TestApp, data: Value) -> Value {
    let mut all = json!({ "device": "iPhone 16", "carrier": "Atlantica", "flow": "qr", "check": "qr_decode", "passed": true });
    if let (Value::Object(all), Value::Object(data)) = (&mut all, data) {
        all.extend(data);
    }
    json!([{ "specversion": "1.0", "id": id, "source": "/lab", "type": "esim.trial.result",
        "time": app.now().plus(-days * DAY).rfc3339(), "data": all }])
}

/// Looks at the launches as the worker would, when journeys show what arrived.
async fn tick(app: &TestApp) -> Result<usize, Refusal> {
    app.fold().await;
    launches::tick(&app.app).await
}

api_tests! {
    async fn the_first_activations_decide_and_the_verdict_is_kept(app) {
        app.lay_grid().await;
        let (key, maintainer) = (app.ingest_key().await, app.signed_in(Role::Maintainer).await);
        activate(app, &key, "before", "PT", 30, 1).await; // before it began: they do not count
        app.pass(MINUTE);
        begin(&maintainer, &[("name", "Portugal"), ("country", "PT"), ("activations", "100")]).await;
        activate(app, &key, "a", "PT", 60, 0).await;
        activate(app, &key, "other", "ES", 60, 2).await;
        let (state, standing, alert) = judged(app).await;
        assert_eq!((state.as_str(), standing.numbers.settled, standing.numbers.succeeded), ("running", 60, 60));
        assert!(standing.reasons[0].contains("40 are missing") && alert.is_empty(), "{standing:?}");
        activate(app, &key, "b", "PT", 39, 20).await; // one fails
        assert_eq!(judged(app).await.1.numbers.settled, 99);
        activate(app, &key, "c", "PT", 50, 0).await;
        let (state, standing, _) = judged(app).await;
        assert_eq!((state.as_str(), standing.numbers.settled, standing.numbers.succeeded), ("go", 100, 99), "{standing:?}");
        let page = maintainer.get(PAGE).await.text().to_owned();
        assert!(page.contains("99.0 % of the first 100 activations succeeded"), "{page}");
        activate(app, &key, "d", "PT", 50, 1).await;
        assert_eq!(judged(app).await.1, standing, "the verdict stays with its numbers");
    }

    async fn what_goes_wrong_is_told_early_and_is_a_no_go_at_the_end(app) {
        app.lay_grid().await;
        let (key, maintainer) = (app.ingest_key().await, app.signed_in(Role::Maintainer).await);
        begin(&maintainer, &[("name", "Portugal"), ("country", "PT"), ("activations", "40")]).await;
        activate(app, &key, "a", "PT", 25, 12).await; // 2 of 25 fail
        let (state, _, alert) = judged(app).await;
        assert_eq!(state, "running");
        assert!(alert.contains("92.0 % of 25 activations succeeded so far"), "{alert}");
        let board = maintainer.get("/console").await.text().to_owned();
        assert!(board.contains("Launch Portugal: 92.0 %"), "{board}");
        // Nobody enables: after a minute the outcome is known all the same.
        app.pass(10 * SECOND);
        for n in 0..20 {
            let journey = Journey { subject: format!("s-{n}"), country: "PT", at: app.now(), fails: false };
            app.ingest(&key, &json!([journey.event("requested", 0, json!({}))])).await;
        }
        assert_eq!(judged(app).await.1.numbers.settled, 25);
        app.pass(MINUTE + SECOND);
        let (state, standing, alert) = judged(app).await;
        assert_eq!((state.as_str(), standing.numbers.succeeded, alert.as_str()), ("no_go", 23, ""));
        assert!(standing.reasons[0].contains("57.5 % of the first 40 activations succeeded: below 95.0 %"), "{standing:?}");
        let mut tx = app.app.store.read().await.expect("a transaction");
        let actions: Vec<String> = tx.audit_of(&format!("launch:{}", launch(app).await.id)).await.expect("lines").into_iter().map(|l| l.action).collect();
        assert_eq!(actions, ["begin_launch", "alert_launch", "end_launch"]);
    }

    async fn a_go_needs_three_quiet_days_and_a_launch_ends_by_itself(app) {
        app.lay_grid().await;
        let (key, maintainer) = (app.ingest_key().await, app.signed_in(Role::Maintainer).await);
        let commander = app.signed_in(Role::Commander).await;
        let cell = format!("cell.{}", app.cell("sms", "MX").await.id);
        let fields = [
            ("title", "one in four messages is late"), ("severity", "2"), ("started_at", "2026-03-02T08:00"), (cell.as_str(), "partial_outage"),
            ("known", "About one in four text messages in Mexico is late."), ("unknown", "Why the hub is slow."),
            ("next_steps", "Traffic moves to the second link; 20 to 40 minutes."),
            ("customer_action", "Use an app over mobile data."), ("how", "alone"), ("break_glass", "Nobody else is here."),
        ];
        let declared = commander.send("/console/incidents", &fields).await;
        assert_eq!(declared.status, StatusCode::SEE_OTHER, "{}", declared.text());
        begin(&maintainer, &[("name", "Portugal"), ("country", "PT"), ("activations", "20"), ("days", "5")]).await;
        activate(app, &key, "a", "PT", 20, 0).await;
        let (state, standing, _) = judged(app).await;
        assert_eq!((state.as_str(), standing.reasons[0].as_str()), ("running", "An incident of Sev 1 or 2 is open."));
        app.pass(5 * DAY);
        let (state, standing, _) = judged(app).await;
        assert_eq!((state.as_str(), standing.numbers.succeeded), ("undecided", 20));
        let maintainer = app.signed_in_as(Role::Maintainer, "late").await;
        assert_eq!(maintainer.get(PAGE).await.text().matches("Ended undecided").count(), 1);

        let commander = app.signed_in_as(Role::Commander, "later").await;
        for verb in ["restore", "resolve"] {
            let id = declared.header("location").rsplit('/').next().expect("an id");
            let mut tx = app.app.store.read().await.expect("a transaction");
            let version = tx.incident(id).await.expect("an answer").expect("the incident").version.to_string();
            drop(tx);
            let fields = [
                ("version", version.as_str()), ("known", "Messages arrive in time again."), ("unknown", "Why it happened."),
                ("next_steps", "We keep watching it for 20 to 40 minutes."), ("customer_action", "Nothing is needed."), ("how", "alone"),
                ("break_glass", "Nobody else is here."),
            ];
            let answer = commander.send(&format!("{}/{verb}", declared.header("location")), &fields).await;
            assert_eq!(answer.status, StatusCode::SEE_OTHER, "{verb}: {}", answer.text());
        }
        let maintainer = app.signed_in_as(Role::Maintainer, "again").await;
        begin(&maintainer, &[("name", "Portugal again"), ("country", "PT"), ("activations", "20")]).await;
        activate(app, &key, "b", "PT", 20, 0).await;
        let (state, standing, _) = judged(app).await;
        assert!(state == "running" && standing.reasons[0].starts_with("72 h without an open Sev 1 or 2 are over in"), "{standing:?}");
        app.pass(72 * HOUR);
        assert_eq!(judged(app).await.0, "go");
    }

    async fn a_partners_launch_counts_what_its_platform_sends(app) {
        app.lay_grid().await;
        let (key, maintainer) = (app.ingest_key().await, app.signed_in(Role::Maintainer).await);
        let theirs = app.ingest_key().await;
        let family = theirs.split('_').nth(1).expect("its id").to_owned();
        begin(&maintainer, &[("name", "Nordlys"), ("key", &family), ("activations", "20")]).await;
        activate(app, &key, "ours", "FR", 30, 1).await;
        activate(app, &theirs, "theirs", "IT", 20, 0).await;
        let (state, standing, _) = judged(app).await;
        assert_eq!((state.as_str(), standing.numbers.settled), ("go", 20), "{standing:?}");
        for (fields, field) in [
            (&[("name", "x")][..], "Choose a country, or the key"),
            (&[("name", ""), ("country", "PT")], "fill this in"),
            (&[("name", "x"), ("country", "ZZ")], "Choose a country of the page"),
            (&[("name", "x"), ("country", "PT"), ("activations", "5")], "from 20 to 5000"),
        ] {
            let answer = maintainer.send(PAGE, fields).await;
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{fields:?}");
            assert!(answer.text().contains(field), "{field}: {}", answer.text());
        }
        begin(&maintainer, &[("name", "Short"), ("country", "PT")]).await;
        let stop = format!("{PAGE}/{}/stop", launch(app).await.id);
        assert_eq!(maintainer.send(&stop, &[("reason", "")]).await.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(maintainer.send(&stop, &[("reason", "begun by mistake")]).await.status, StatusCode::SEE_OTHER);
        assert_eq!(maintainer.send(&stop, &[("reason", "again")]).await.status, StatusCode::CONFLICT);
        assert!(maintainer.get(PAGE).await.text().contains("begun by mistake"));
    }

    async fn a_market_has_a_list_with_owners(app) {
        app.lay_grid().await;
        let (maintainer, responder) = (app.signed_in(Role::Maintainer).await, app.signed_in(Role::Responder).await);
        for _ in 0..2 {
            let begun = maintainer.send(&format!("{PAGE}/markets"), &[("country", "MX")]).await;
            assert_eq!(begun.status, StatusCode::SEE_OTHER, "{}", begun.text());
        }
        let mut tx = app.app.store.read().await.expect("a transaction");
        let checks = tx.checks().await.expect("checks");
        drop(tx);
        assert_eq!(checks.len(), 7, "begun twice, it is one list");
        assert!(checks[0].item.starts_with("Profile portability"));
        let line = format!("{PAGE}/checks/{}", checks[0].id);
        let nobody = responder.send(&line, &[("state", "done"), ("owner", ""), ("note", "typed before")]).await;
        assert!(nobody.status == StatusCode::UNPROCESSABLE_ENTITY && nobody.text().contains("typed before"));
        assert!(nobody.text().contains("Say who saw to it"), "{}", nobody.text());
        let done = responder.send(&line, &[("state", "done"), ("owner", "Ana"), ("note", "")]).await;
        assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text());
        let more = maintainer.send(&format!("{PAGE}/markets/MX"), &[("item", "IMEI blocklists were asked for")]).await;
        assert_eq!(more.status, StatusCode::SEE_OTHER);
        let again = maintainer.send(&format!("{PAGE}/markets/MX"), &[("item", "IMEI blocklists were asked for")]).await;
        assert!(again.text().contains("stands on the list already"));
        let page = responder.get(PAGE).await.text().to_owned();
        assert!(page.contains("1 of 8 seen to") && page.contains("done · Ana ·"), "{page}");
    }

    async fn trials_make_a_matrix_with_ages_and_are_no_activations(app) {
        app.lay_grid().await;
        let (key, viewer) = (app.ingest_key().await, app.signed_in(Role::Viewer).await);
        assert!(viewer.get("/console/trials").await.text().contains("No trial has been told yet"));
        let told = [
            trial("t1", 2, app, json!({ "latency_ms": 900 })),
            trial("t0", 5, app, json!({ "passed": false })), // told later, happened earlier
            trial("t2", 31, app, json!({ "check": "activation", "flow": "ota", "latency_ms": 21_400, "country": "FR", "supplier": "smdp-a/1" })),
            trial("t3", 0, app, json!({ "check": "certificate", "device": "Pixel 10", "passed": false })),
            trial("t1", 2, app, json!({ "latency_ms": 900 })),
        ];
        for event in &told {
            let answer = app.ingest(&key, event).await;
            assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.text());
        }
        let page = viewer.get("/console/trials").await.text().to_owned();
        for words in ["passed in 0.9 s", "2 days ago", "1 of the last 2 passed", "passed in 21 s", "stale: 31 days ago", "failed", "not tried",
            "Of 3 combinations 1 passed lately, 1 failed, 1 stale: older than 30 days"] {
            assert!(page.contains(words), "{words}: {page}");
        }
        let mut tx = app.app.store.read().await.expect("a transaction");
        assert!(tx.window(86_400 * 40, 300, app.now()).await.expect("a window").is_empty(), "no activation");
        drop(tx);
        for (data, slug) in [
            (json!({ "check": "smell" }), "bad-check"),
            (json!({ "passed": "yes" }), "bad-passed"),
            (json!({ "latency_ms": -1 }), "bad-latency"),
            (json!({ "device": "" }), "bad-text"),
            (json!({ "device": "356938035643809" }), "identifier"),
            (json!({ "carrier": null }), "missing-member"),
            (json!({ "country": "ZZ" }), "unknown-country"),
            (json!({ "flow": "pigeon" }), "bad-flow"),
        ] {
            let answer = app.ingest(&key, &trial("x", 0, app, data.clone())).await;
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{data}");
            assert!(answer.text().contains(slug), "{data}: {}", answer.text());
        }
    }
}
