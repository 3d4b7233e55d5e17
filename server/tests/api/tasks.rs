//! Notes, merging, incidents entered afterwards, silent fixes, the record.

use domain::clock::{HOUR, MINUTE};
use http::StatusCode;
use server::{auth::role::Role, commands::cells};

use crate::{
    harness::{Person, TestApp},
    writing::{GOOD, ICCID, declare, incident},
};

async fn pin(app: &TestApp, status: domain::status::CellStatus) {
    let cell = app.cell("voice", "IT").await.id;
    let mut tx = app.app.store.write().await.expect("a transaction");
    cells::pin(&mut tx, &app.ctx(), &cell, status, "We see it").await.expect("a pin");
    tx.commit().await.expect("a commit");
    app.app.snapshot.refresh().await;
}

/// The fields of an entry, with some changed.
async fn entry(app: &TestApp, changed: &[(&str, &str)]) -> Vec<(String, String)> {
    let cell = format!("cell.{}", app.cell("voice", "IT").await.id);
    let mut fields: Vec<(String, String)> = [
        ("title", "calls dropped"),
        ("severity", "3"),
        ("started_at", "2026-03-02T08:00"),
        ("resolved_at", "2026-03-02T08:40"),
        ("known", "Calls in Italy dropped for 20 minutes. A faulty interconnect was taken out."),
        (cell.as_str(), "partial_outage"),
    ]
    .into_iter()
    .map(|(n, v)| (n.to_owned(), v.to_owned()))
    .collect();
    for (name, value) in changed {
        fields.retain(|(n, _)| n != name);
        fields.push(((*name).to_owned(), (*value).to_owned()));
    }
    fields
}

async fn enter(person: &Person<'_>, fields: &[(String, String)]) -> crate::harness::Answer {
    let pairs: Vec<(&str, &str)> = fields.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    person.send("/console/incidents/backfill", &pairs).await
}

api_tests! {
    async fn a_note_stays_among_us(app) {
        app.lay_grid().await;
        let ana = app.signed_in(Role::Commander).await;
        let page = incident(app, &ana).await;
        let path = format!("{page}/notes");
        for bad in ["", "a\u{7}b", ICCID] {
            let answer = ana.send(&path, &[("note", bad)]).await;
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{bad:?}");
            assert!(answer.text().contains("error-note"), "{}", answer.text());
        }
        assert_eq!(ana.send(&path, &[("note", "The carrier blames us.")]).await.status, StatusCode::SEE_OTHER);
        assert!(ana.get(&page).await.text().contains("The carrier blames us."));
        let id = page.rsplit('/').next().expect("an id");
        for public in [format!("/incidents/{id}"), "/api/v2/incidents.json".into(), "/history.rss".into()] {
            assert!(!app.get(&public).await.text().contains("blames"), "{public}");
        }
        let export = ana.get(&format!("{page}/export.json")).await.json();
        assert_eq!(export["notes"][0]["text"], "The carrier blames us.");
        assert!(export["audit"].as_array().expect("lines").iter().any(|l| l["action"] == "write_note"));
        assert!(ana.get(&format!("{page}/print")).await.text().contains("The carrier blames us."));
        let record = ana.get(&format!("/console/record?subject=incident:{id}")).await.text().to_owned();
        assert!(record.contains("write note") && record.contains("declare incident"), "{record}");
        assert!(ana.get("/console/record?actor=nobody").await.text().contains("Nothing on record"));
    }

    async fn a_duplicate_goes_on_in_another(app) {
        app.lay_grid().await;
        let ana = app.signed_in(Role::Commander).await;
        let voice = format!("cell.{}", app.cell("voice", "IT").await.id);
        let first = incident(app, &ana).await;
        let second = declare(app, &ana, &[("title", "calls drop"), (&voice, "major_outage")]).await.header("location").to_owned();
        let id = |page: &str| page.rsplit('/').next().expect("an id").to_owned();
        let (kept, gone) = (id(&first), id(&second));
        for into in ["", "nothing00000", gone.as_str()] {
            let answer = ana.send(&format!("{second}/merge"), &[("version", "1"), ("into", into)]).await;
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{into}");
            assert!(answer.text().contains("error-into"), "{}", answer.text());
        }
        let done = ana.send(&format!("{second}/merge"), &[("version", "1"), ("into", &kept), ("known", "The same node.")]).await;
        assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text());
        let read = app.get(&format!("/incidents/{gone}")).await.text().to_owned();
        assert!(read.contains(&format!("/incidents/{kept}")) && read.contains("The same node."), "{read}");
        assert_eq!(app.cell("voice", "IT").await.status.slug(), "major_outage", "the other holds it now");
        let mut tx = app.app.store.read().await.expect("a transaction");
        let clocks = tx.clocks(&gone).await.expect("clocks");
        assert!(clocks.iter().all(|c| c.state.slug() != "running"), "{clocks:?}");
        assert!(clocks.iter().any(|c| c.reason.as_deref() == Some("merged")), "{clocks:?}");
        assert_eq!(tx.open_incidents().await.expect("incidents").len(), 1);
        drop(tx);
        let again = ana.send(&format!("{second}/merge"), &[("version", "2"), ("into", &kept)]).await;
        assert_eq!(again.status, StatusCode::CONFLICT, "{}", again.text());
    }

    async fn a_dip_without_a_word_is_a_task_and_counts(app) {
        app.lay_grid().await;
        let ana = app.signed_in(Role::Commander).await;
        use domain::status::CellStatus::{Operational, PartialOutage};
        pin(app, PartialOutage).await;
        app.pass(12 * MINUTE);
        pin(app, Operational).await;
        let board = ana.get("/console").await.text().to_owned();
        assert!(board.contains("Recovered without a word") && board.contains("for 12 minutes"), "{board}");
        assert_eq!(app.get("/promises.json").await.json()["silent_fixes"], 1);
        let task = board.split("?task=").nth(1).and_then(|r| r.split('"').next()).expect("a task").to_owned();
        let form = ana.get(&format!("/console/incidents/backfill?task={task}")).await;
        assert!(form.text().contains("<option value=\"partial_outage\" selected"), "the form is filled: {}", form.text());
        let empty = ana.send(&format!("/console/silent-fixes/{task}/dismiss"), &[("reason", "")]).await;
        assert_eq!(empty.status, StatusCode::UNPROCESSABLE_ENTITY);
        app.pass(20 * MINUTE);
        let done = enter(&ana, &entry(app, &[("resolved_at", "2026-03-02T08:13")]).await).await;
        assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text());
        assert_eq!(app.get("/promises.json").await.json()["silent_fixes_told_afterwards"], 1);
        assert!(!ana.get("/console").await.text().contains("Recovered without a word"));
        let taken = ana.send(&format!("/console/silent-fixes/{task}/dismiss"), &[("reason", "A drill.")]).await;
        assert_eq!(taken.status, StatusCode::CONFLICT);
        // A dip that an incident tells of is none.
        let page = incident(app, &ana).await;
        app.pass(10 * MINUTE);
        let mut fields = GOOD.to_vec();
        fields.push(("version", "1"));
        assert_eq!(ana.send(&format!("{page}/resolve"), &fields).await.status, StatusCode::SEE_OTHER);
        assert_eq!(app.get("/promises.json").await.json()["silent_fixes"], 1);
    }

    async fn an_incident_entered_afterwards_tells_nobody(app) {
        app.lay_grid().await;
        app.pass(HOUR);
        let ana = app.signed_in(Role::Commander).await;
        for (field, value, wrong) in [
            ("title", "", "title"),
            ("started_at", "2027-03-02T08:00", "started_at"),
            ("started_at", "2024-03-02T08:00", "started_at"),
            ("resolved_at", "2026-03-02T07:59", "resolved_at"),
            ("resolved_at", "2026-03-02T18:00", "resolved_at"),
            ("resolved_at", "soon", "resolved_at"),
            ("severity", "9", "severity"),
            ("severity", "1", "approval"),
            ("known", "", "known"),
        ] {
            let answer = enter(&ana, &entry(app, &[(field, value)]).await).await;
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{field}: {value}");
            assert!(answer.text().contains(&format!("error-{wrong}")), "{field}: {}", answer.text());
        }
        let fields = entry(app, &[("idempotency_key", "entry-1")]).await;
        let done = enter(&ana, &fields).await;
        assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text());
        assert_eq!(enter(&ana, &fields).await.header("location"), done.header("location"), "a repeat enters nothing");
        let page = done.header("location").replace("/console", "");
        let read = app.get(&page).await.text().to_owned();
        assert!(read.contains("Entered afterwards, on 2 Mar 2026"), "{read}");
        assert!(app.get("/history").await.text().contains("calls dropped"));
        assert_eq!(app.cell("voice", "IT").await.status.slug(), "no_data", "the present is left alone");
        let mut tx = app.app.store.read().await.expect("a transaction");
        let id = page.rsplit('/').next().expect("an id");
        assert!(tx.clocks(id).await.expect("clocks").is_empty(), "on no clock");
        let told = tx.unexpanded().await.expect("an outbox");
        assert!(told.is_none(), "told to nobody: {told:?}");
        let serious = enter(&ana, &entry(app, &[("severity", "1"), ("break_glass", "Nobody else was there.")]).await).await;
        assert_eq!(serious.status, StatusCode::SEE_OTHER, "{}", serious.text());
        let viewer = app.signed_in(Role::Communicator).await;
        assert_eq!(enter(&viewer, &fields).await.status, StatusCode::FORBIDDEN);
    }
}
