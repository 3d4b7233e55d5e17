//! A supplier's review: the same figures on screen, as CSV and as JSON, with what they rest on.

use domain::clock::{DAY, HOUR, MINUTE, SECOND};
use http::StatusCode;
use serde_json::{Value, json};
use server::auth::role::Role;

use super::{failover, host_a};
use crate::harness::{Journey, Person, TestApp};

/// 200 journeys of France, a day ago: 10 fail, 20 use a second flow. One in ten takes longer.
async fn yesterday(app: &TestApp, key: &str) {
    let at = app.now().plus(-DAY);
    let mut events = Vec::new();
    for n in 0..200 {
        let journey =
            Journey { subject: format!("r-{n}"), country: "FR", at: at.plus(n * SECOND), fails: n % 20 == 0 };
        let mut told = journey.events();
        if n % 10 == 1 {
            for event in &mut told {
                if event["type"] == "esim.activation.enabled" {
                    event["time"] = json!(journey.at.plus(20 * SECOND).rfc3339());
                }
            }
            told.push(journey.event("fallback", 2 * SECOND, json!({ "from": "ota", "to": "qr" })));
        }
        events.extend(told);
    }
    // Somebody else's.
    let mut other = Journey { subject: "o".into(), country: "FR", at, fails: true }.events();
    for event in &mut other {
        event["data"]["supplier"] = json!("smdp-a2/1");
    }
    events.extend(other);
    for chunk in events.chunks(900) {
        let answer = app.ingest(key, &Value::Array(chunk.to_vec())).await;
        assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.text());
    }
}

/// An incident on downloads in France: the supplier is called after 5 minutes and comes 21 minutes later; usable after an hour.
async fn incident(app: &TestApp, commander: &Person<'_>, supplier: &str) {
    let cell = format!("cell.{}", app.cell("euicc-download", "FR").await.id);
    let started = app.now().utc().format("%Y-%m-%dT%H:%M").to_string();
    let fields = [
        ("title", "one in four downloads fails"),
        ("severity", "1"),
        ("started_at", &started),
        (cell.as_str(), "partial_outage"),
        ("known", "About one in four eSIM downloads in France fails."),
        ("unknown", "Why the first node is slow."),
        ("next_steps", "Traffic moves to the second node; 20 to 40 minutes."),
        ("customer_action", "Scan the same QR code again in five minutes."),
        ("how", "alone"),
        ("break_glass", "Nobody else is here."),
    ];
    let answer = commander.send("/console/incidents", &fields).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text());
    let page = answer.header("location").to_owned();
    let subject = format!("supplier:{supplier}");
    for (after, subject, step) in
        [(5, "tier:2", "engaged"), (0, &subject, "contacted"), (21, &subject, "engaged")]
    {
        app.pass(after * MINUTE);
        let answer = commander
            .send(&format!("{page}/engagements"), &[("subject", subject), ("step", step), ("at", "")])
            .await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text());
    }
    app.pass(34 * MINUTE);
    let version = {
        let id = page.rsplit('/').next().expect("an id");
        let mut tx = app.app.store.read().await.expect("a transaction");
        tx.incident(id).await.expect("an answer").expect("the incident").version.to_string()
    };
    let fields = [
        ("version", version.as_str()),
        ("known", "The service works again."),
        ("next_steps", "We keep watching it for 20 to 40 minutes."),
        ("customer_action", "Please restart your device."),
        ("unknown", "Why it happened."),
        ("how", "alone"),
        ("break_glass", "Nobody else is here."),
    ];
    let answer = commander.send(&format!("{page}/restore"), &fields).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text());
}

fn figure<'a>(json: &'a Value, slug: &str) -> &'a Value {
    json["figures"].as_array().expect("figures").iter().find(|f| f["figure"] == slug).expect("such a figure")
}

api_tests! {
    async fn the_review_says_the_same_everywhere(app) {
        app.lay_grid().await;
        let id = host_a(app).await;
        let key = app.ingest_key().await;
        app.pass(DAY); // the whole of it lies in March
        let commander = app.signed_in(Role::Commander).await;
        yesterday(app, &key).await;
        incident(app, &commander, &id).await;
        let maintainer = app.signed_in(Role::Maintainer).await;
        for (name, at, from, to) in [("f1", 3 * HOUR, "1", "2"), ("f2", 2 * HOUR, "2", "1")] {
            app.ingest(&key, &failover(name, app.now().plus(-at), from, to)).await;
        }
        let page = format!("/console/suppliers/{id}");
        let owed = [("asr", "95.1"), ("median", "8"), ("p95", "15"), ("fallback", "10"), ("mttr", "60"), ("engage", "20"), ("failovers", "1")];
        let saved = maintainer.send(&format!("{page}/targets"), &owed).await;
        assert_eq!(saved.status, StatusCode::SEE_OTHER, "{}", saved.text());
        let refused = maintainer.send(&format!("{page}/targets"), &[("asr", "120")]).await;
        assert!(refused.status == StatusCode::UNPROCESSABLE_ENTITY && refused.text().contains("up to 100"));

        app.fold().await;
        let json = maintainer.get(&format!("{page}/review.json?period=2026-03")).await.json();
        for (slug, about, kept) in [("median_latency", 7_000, "met"), ("p95_latency", 20_000, "missed")] {
            let line = figure(&json, slug);
            let off = line["number"].as_i64().expect("a latency") - about;
            assert!(off.abs() <= about / 50, "{slug}: {line}"); // a sketch is good to one in a hundred
            assert_eq!(line["kept"], kept, "{slug}: {line}");
        }
        for (slug, number, kept) in [
            ("asr", json!(950), "missed"),
            ("fallback_rate", json!(100), "met"),
            ("mttr", json!(HOUR), "met"),
            ("time_to_engage", json!(21 * MINUTE), "missed"),
            ("failovers", json!(1), "met"),
            ("certificate_misses", json!(0), "no target"),
        ] {
            let line = figure(&json, slug);
            assert_eq!((&line["number"], &line["kept"]), (&number, &json!(kept)), "{slug}: {line}");
        }
        assert_eq!(figure(&json, "asr")["basis"], "of 200 activations");
        assert_eq!((&figure(&json, "asr")["unit"], &figure(&json, "mttr")["unit"]), (&json!("permille"), &json!("ms")));
        assert_eq!(figure(&json, "failovers")["basis"], "60 minutes away from home");
        assert!(json["no_data_secs"].as_i64().is_some_and(|s| s > 80_000), "{json}");

        let csv = maintainer.get(&format!("{page}/review.csv?period=2026-03")).await;
        assert!(csv.header("content-type").starts_with("text/csv"));
        assert!(csv.text().contains("smdp-a,2026-03,asr,950,95.0 %,at least 95.1 %,missed,of 200 activations,permille\r\n"), "{}", csv.text());
        let screen = maintainer.get(&format!("{page}/review?period=2026-03")).await.text().to_owned();
        for words in ["95.0 %", "at least 95.1 %", "after 21 minutes", "<svg", "node 1 is out of memory", "left out of shares"] {
            assert!(screen.contains(words), "{words}: {screen}");
        }
        let quarter = maintainer.get(&format!("{page}/review.json?period=2026-Q1")).await.json();
        assert_eq!(figure(&quarter, "asr")["number"], 950);
        let before = maintainer.get(&format!("{page}/review.json?period=2026-02")).await.json();
        assert_eq!((&figure(&before, "asr")["number"], &figure(&before, "asr")["kept"]), (&Value::Null, &json!("too little data")));
        for wrong in ["2026-13", "soon", "2026-04", "2026-Q9"] {
            assert_eq!(maintainer.get(&format!("{page}/review?period={wrong}")).await.status, StatusCode::NOT_FOUND, "{wrong}");
        }
    }
}
