//! Rehearsals: everything works as in an incident, and nothing of it leaves the console.

use domain::clock::MINUTE;
use http::StatusCode;
use server::auth::role::Role;

use crate::{
    harness::TestApp,
    writing::{GOOD, declare},
};

/// Everything that the public can read.
async fn public(app: &TestApp) -> Vec<(String, String)> {
    let mut out = Vec::new();
    for path in [
        "/",
        "/history",
        "/history.rss",
        "/history.atom",
        "/regions/fr",
        "/components/euicc-download",
        "/api/v2/summary.json",
        "/api/v2/incidents.json",
        "/promises",
        "/promises.json",
    ] {
        out.push((path.to_owned(), app.get(path).await.text().to_owned()));
    }
    out
}

api_tests! {
    async fn a_rehearsal_leaves_no_trace_outside(app) {
        app.lay_grid().await;
        let ana = app.signed_in(Role::Commander).await;
        let nothing = ana.send("/console/rehearsals", &[("what", "script:99")]).await;
        assert_eq!(nothing.status, StatusCode::UNPROCESSABLE_ENTITY);
        let begun = ana.send("/console/rehearsals", &[("what", "script:0")]).await;
        assert_eq!(begun.status, StatusCode::SEE_OTHER, "{}", begun.text());
        let path = begun.header("location").to_owned();
        let id = path.rsplit('/').next().expect("an id").to_owned();
        let first = ana.get(&path).await.text().to_owned();
        assert!(first.contains("71 % of 620") && !first.contains("42 % of 580"), "each at its time: {first}");
        let form = ana.get(&format!("/console/incidents/new?rehearsal={id}")).await.text().to_owned();
        assert!(form.contains(&format!("name=\"rehearsal\" value=\"{id}\"")), "{form}");
        let alone = [("how", "alone"), ("break_glass", "Only two of us rehearse.")];
        let before = app.cell("euicc-download", "FR").await.status;
        let done = declare(app, &ana, &[("rehearsal", &id), ("severity", "1"), ("title", "zebra downloads fail"), alone[0], alone[1]]).await;
        assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text());
        let page = done.header("location").to_owned();
        let twice = declare(app, &ana, &[("rehearsal", &id), ("severity", "1"), alone[0], alone[1]]).await;
        assert_eq!(twice.status, StatusCode::CONFLICT.max(StatusCode::UNPROCESSABLE_ENTITY), "one incident each: {}", twice.text());
        app.pass(10 * MINUTE);
        app.tick().await;
        let mut fields = GOOD.to_vec();
        fields.extend([("version", "1"), ("phase", "identified"), ("kind", "progress"), alone[0], alone[1]]);
        let posted = ana.send(&format!("{page}/updates"), &fields).await;
        assert_eq!(posted.status, StatusCode::SEE_OTHER, "{}", posted.text());
        app.pass(45 * MINUTE);
        app.tick().await;
        app.app.snapshot.refresh().await;
        assert_eq!(app.cell("euicc-download", "FR").await.status, before, "cells are left alone");
        let incident = page.rsplit('/').next().expect("an id");
        for (path, text) in public(app).await {
            assert!(!text.contains("zebra") && !text.contains(incident), "{path}: {text}");
        }
        assert_eq!(app.get(&format!("/incidents/{incident}")).await.status, StatusCode::NOT_FOUND);
        let ledger = app.get("/promises.json").await.json();
        assert!(ledger["severities"].as_array().expect("a list").iter().all(|s| s["made"] == 0), "{ledger}");
        assert_eq!(ledger["published_alone"], 0, "{ledger}");
        assert!(app.app.store.read().await.expect("a transaction").unexpanded().await.expect("an outbox").is_none(), "told to nobody");
        let seen = ana.get(&format!("{path}/page")).await;
        assert!(seen.text().contains("zebra downloads fail"), "its private page shows it: {}", seen.text());
        let running = ana.get(&path).await.text().to_owned();
        assert!(running.contains("42 % of 580") && running.contains("would reach"), "{running}");
        assert!(running.contains("2 published without one that needed one"), "{running}");
        assert!(ana.get("/console").await.text().contains("Rehearsal: [Sev 1]"));
    }

    async fn a_past_incident_is_played_again_and_ended(app) {
        app.lay_grid().await;
        let ana = app.signed_in(Role::Commander).await;
        let page = declare(app, &ana, &[]).await.header("location").to_owned();
        app.pass(20 * MINUTE);
        let mut fields = GOOD.to_vec();
        fields.push(("version", "1"));
        assert_eq!(ana.send(&format!("{page}/resolve"), &fields).await.status, StatusCode::SEE_OTHER);
        let id = page.rsplit('/').next().expect("an id");
        let begun = ana.send("/console/rehearsals", &[("what", &format!("incident:{id}"))]).await;
        assert_eq!(begun.status, StatusCode::SEE_OTHER, "{}", begun.text());
        let path = begun.header("location").to_owned();
        assert!(ana.get(&path).await.text().contains("partial outage"));
        assert_eq!(ana.send(&format!("{path}/end"), &[]).await.status, StatusCode::SEE_OTHER);
        assert_eq!(ana.send(&format!("{path}/end"), &[]).await.status, StatusCode::CONFLICT);
        assert!(ana.get("/console/rehearsals").await.text().contains("nobody declared it"));
        let late = declare(app, &ana, &[("rehearsal", path.rsplit('/').next().expect("an id"))]).await;
        assert_ne!(late.status, StatusCode::SEE_OTHER, "it is over");
    }
}
