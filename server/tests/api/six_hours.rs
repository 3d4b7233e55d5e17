//! Six hours of one incident, played by the clock, with a miss, a reclassification and a stop of Waypost in the middle:
//! what the ledger says afterwards.

use domain::{
    clock::{MINUTE, SECOND},
    sla::clock::{ClockKind, ClockState},
};
use http::StatusCode;
use server::auth::role::Role;

use crate::harness::{Person, TestApp};

const ALONE: [(&str, &str); 2] = [("how", "alone"), ("break_glass", "Played by a test.")];
const WORDS: [(&str, &str); 6] = [
    ("phase", "identified"),
    ("kind", "progress"),
    ("known", "About one in four eSIM downloads in France fails."),
    ("unknown", "When the first node is back."),
    ("next_steps", "Traffic moves to the second node; 20 to 40 minutes."),
    ("customer_action", "Scan the same QR code again in five minutes."),
];

/// Lets time pass in steps of a minute, as a running Waypost would live through it.
async fn live(app: &TestApp, minutes: i64) {
    for _ in 0..minutes {
        app.pass(MINUTE);
        app.tick().await;
    }
}

async fn post(person: &Person<'_>, page: &str, verb: &str, version: i64, fields: &[(&str, &str)]) {
    let version = version.to_string();
    let all = [fields, &ALONE, &[("version", version.as_str())]].concat();
    let answer = person.send(&format!("{page}/{verb}"), &all).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{verb}: {}", answer.text());
}

api_tests! {
    async fn the_ledger_after_six_hours(app) {
        app.lay_grid().await;
        let commander = app.signed_in(Role::Commander).await;
        let cell = format!("cell.{}", app.cell("euicc-download", "FR").await.id);
        let declare = [&WORDS[2..], &ALONE, &[("title", "one in four downloads fails"), ("severity", "2"),
            ("started_at", "2026-03-02T08:00"), (cell.as_str(), "partial_outage")]].concat();
        app.pass(5 * MINUTE);
        let page = commander.send("/console/incidents", &declare).await.header("location").to_owned();
        assert!(page.starts_with("/console/incidents/"));
        // 09:00, in time. 10:12, twelve minutes late. Then it gets worse: every 30 minutes from now on.
        live(app, 55).await;
        post(&commander, &page, "updates", 1, &WORDS).await;
        live(app, 59).await;
        commander.get(&page).await;
        live(app, 13).await;
        post(&commander, &page, "updates", 2, &WORDS).await;
        live(app, 8).await;
        let worse = [("severity", "1"), ("reason", "Nearly everybody is affected now.")];
        post(&commander, &page, "reclassify", 3, &worse).await;
        // Waypost is down for 25 minutes, and comes back five minutes before the promise: nothing was missed.
        app.pass(25 * MINUTE);
        app.tick().await;
        live(app, 4).await;
        post(&commander, &page, "updates", 4, &WORDS).await;
        for version in 5..=10 {
            live(app, 28).await;
            post(&commander, &page, "updates", version, &WORDS).await;
        }
        live(app, 20).await;
        let works = [("known", "Downloads work again."), ("customer_action", "Scan it again.")];
        post(&commander, &page, "restore", 11, &works).await;
        live(app, 20).await;
        post(&commander, &page, "resolve", 12, &[("known", "Fixed for good.")]).await;
        let hours = app.now().since(crate::harness::START) / (60 * MINUTE);
        assert_eq!(hours, 6);

        let ledger = app.get("/promises.json").await.json();
        println!("{ledger:#}");
        assert_eq!(ledger["severities"][1], serde_json::json!({ "severity": 2, "made": 2, "kept": 1, "worst_late_secs": 720 }));
        assert_eq!(ledger["severities"][0], serde_json::json!({ "severity": 1, "made": 9, "kept": 9, "worst_late_secs": 0 }));
        let id = page.rsplit('/').next().unwrap_or_default();
        let mut tx = app.app.store.read().await.expect("a transaction");
        let clocks = tx.clocks(id).await.expect("clocks");
        let superseded = clocks.iter().filter(|c| c.kind == ClockKind::NextUpdate && c.state == ClockState::Cancelled);
        assert_eq!(superseded.count(), 1, "the promise that the reclassification replaced");
        let late = clocks.iter().find(|c| c.kind == ClockKind::NextUpdate && c.state == ClockState::Breached).expect("the miss");
        assert_eq!(late.late_ms, Some(12 * MINUTE), "to the second: {}", late.late_ms.unwrap_or(0) / SECOND);
        let reminders = tx.incident_reminders(id).await.expect("reminders");
        for clock in &clocks {
            let mut alerts: Vec<i64> = reminders.iter().filter(|r| r.clock_id == clock.id).map(|r| r.alert).collect();
            let given = alerts.len();
            alerts.dedup();
            assert_eq!(alerts.len(), given, "each alert once: {:?}", clock.kind);
        }
    }
}
