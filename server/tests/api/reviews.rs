//! Reviews: written, handed in, read by somebody else, published, corrected; corrective actions; the week's summary.

use domain::clock::{DAY, HOUR};
use http::StatusCode;
use server::auth::role::Role;

use crate::{
    harness::{Answer, Person, TestApp},
    writing::{GOOD, ICCID, declare},
};

const SECTIONS: [&str; 10] = [
    "summary",
    "impact",
    "trigger",
    "root_cause",
    "detection",
    "mitigation",
    "prevention",
    "communications",
    "credits",
    "earlier",
];

/// An incident that is usable again; its page in the console.
async fn restored(app: &TestApp, commander: &Person<'_>, severity: &str) -> String {
    let alone = [("how", "alone"), ("break_glass", "Nobody else is on shift.")];
    let mut extra = vec![("severity", severity)];
    extra.extend(alone);
    let done = declare(app, commander, &extra).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text());
    let page = done.header("location").to_owned();
    for (verb, version) in [("restore", "1"), ("resolve", "2")] {
        app.pass(HOUR / 2);
        let mut fields = GOOD.to_vec();
        fields.push(("version", version));
        fields.extend(alone);
        let done = commander.send(&format!("{page}/{verb}"), &fields).await;
        assert_eq!(done.status, StatusCode::SEE_OTHER, "{verb}: {}", done.text());
    }
    page
}

fn value<'t>(html: &'t str, name: &str) -> &'t str {
    let mark = format!("name=\"{name}\" value=\"");
    html.split(&mark).nth(1).and_then(|rest| rest.split('"').next()).unwrap_or_default()
}

/// The form as a browser sends it, with every text section filled and one action.
async fn filled(writer: &Person<'_>, rca: &str, changed: &[(&str, &str)]) -> Vec<(String, String)> {
    let html = writer.get(rca).await.text().to_owned();
    let owner = html.split("<option value=\"").find_map(|o| o.split('"').next().filter(|v| v.len() == 12));
    let mut fields: Vec<(String, String)> = Vec::new();
    for slug in SECTIONS.into_iter().chain(["timeline", "actions"]) {
        let text = if SECTIONS.contains(&slug) { format!("Text of {slug}.") } else { String::new() };
        fields.push((slug.into(), text));
        fields.push((format!("was.{slug}"), value(&html, &format!("was.{slug}")).into()));
        if slug != "credits" {
            fields.push((format!("public.{slug}"), "yes".into()));
        }
    }
    fields.push(("actions.was".into(), value(&html, "actions.was").into()));
    for (name, value) in
        [("id", ""), ("what", "Alarm per country"), ("owner", owner.unwrap_or("")), ("due", "2026-03-09")]
    {
        fields.push((format!("action.0.{name}"), value.into()));
    }
    for (name, value) in changed {
        fields.retain(|(n, _)| n != name);
        fields.push(((*name).into(), (*value).into()));
    }
    fields
}

async fn send(person: &Person<'_>, path: &str, fields: &[(String, String)]) -> Answer {
    let pairs: Vec<(&str, &str)> = fields.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    person.send(path, &pairs).await
}

fn is_running(html: &str, promise: &str) -> bool {
    html.contains(&format!("<small>{promise}</small><leptos-island"))
}

api_tests! {
    async fn a_review_goes_its_whole_way(app) {
        app.lay_grid().await;
        let ana = app.signed_in(Role::Commander).await;
        let page = restored(app, &ana, "2").await;
        let ben = app.signed_in(Role::Communicator).await;
        let rca = format!("{page}/rca");
        let public = rca.replace("/console", "");
        let html = ana.get(&rca).await.text().to_owned();
        assert!(is_running(&html, "RCA draft"), "{html}");
        assert!(html.contains("Missing before it can be handed in"), "{html}");
        let board = ana.get("/console").await.text().to_owned();
        assert!(board.contains("Write the RCA") && board.contains(&rca), "the board says so: {board}");
        let early = ana.send(&format!("{rca}/hand-in"), &[("summary", "Only this."), ("was.summary", value(&html, "was.summary")), ("public.summary", "yes")]).await;
        assert_eq!(early.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(early.text().contains("Not complete yet") && early.text().contains(">Only this.</textarea>"), "what was written is saved: {}", early.text());
        let fields = filled(&ana, &rca, &[]).await;
        let done = send(&ana, &format!("{rca}/hand-in"), &fields).await;
        assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text());
        assert_eq!(app.get(&public).await.status, StatusCode::NOT_FOUND, "nobody read it yet");
        let own = ana.send(&format!("{rca}/publish"), &[]).await;
        assert_eq!(own.status, StatusCode::UNPROCESSABLE_ENTITY, "nobody publishes their own");
        let back = ben.send(&format!("{rca}/give-back"), &[("note", " ")]).await;
        assert_eq!(back.status, StatusCode::UNPROCESSABLE_ENTITY, "without a reason");
        assert_eq!(ben.send(&format!("{rca}/publish"), &[]).await.status, StatusCode::SEE_OTHER);
        let read = app.get(&public).await.text().to_owned();
        assert!(read.contains("Text of root_cause.") && read.contains("Alarm per country"), "{read}");
        assert!(!read.contains("Text of credits."), "credits stay among us: {read}");
        assert!(read.contains("by 9 Mar 2026"), "{read}");
        let api = app.get("/api/v2/incidents.json").await.json();
        assert_eq!(api["incidents"][0]["status"], "postmortem");
        assert_eq!(api["incidents"][0]["incident_updates"][0]["status"], "postmortem");
        assert!(app.get("/history.rss").await.text().contains("Text of root_cause."));
        assert!(app.get("/history.atom").await.text().contains("Postmortem"));
        assert!(app.get(&page.replace("/console", "")).await.text().contains(&public), "the incident links to it");
        let html = ana.get(&rca).await.text().to_owned();
        assert!(!is_running(&html, "RCA draft") && !is_running(&html, "RCA final"), "{html}");
        corrected(app, &ana, &ben, &rca).await;
    }

    async fn two_writers_lose_nothing(app) {
        app.lay_grid().await;
        let ana = app.signed_in(Role::Commander).await;
        let rca = format!("{}/rca", restored(app, &ana, "1").await);
        let ben = app.signed_in(Role::Responder).await;
        let (mine, theirs) = (filled(&ana, &rca, &[]).await, filled(&ben, &rca, &[("trigger", "Ben’s trigger.")]).await);
        assert_eq!(send(&ana, &rca, &mine).await.status, StatusCode::SEE_OTHER);
        let refused = send(&ben, &rca, &theirs).await;
        assert_eq!(refused.status, StatusCode::CONFLICT);
        let html = refused.text().to_owned();
        assert!(html.contains(">Ben’s trigger.</textarea>") && html.contains("Text of trigger."), "both stand there: {html}");
        let again = filled(&ben, &rca, &[("trigger", "Ben’s trigger.")]).await;
        let mut again: Vec<_> = again.into_iter().filter(|(n, _)| !n.starts_with("action")).collect();
        again.retain(|(n, _)| n == "trigger" || n == "public.trigger" || n == "was.trigger");
        assert_eq!(send(&ben, &rca, &again).await.status, StatusCode::SEE_OTHER);
        let html = ana.get(&rca).await.text().to_owned();
        assert!(html.contains(">Ben’s trigger.</textarea>") && html.contains(">Text of summary.</textarea>"), "{html}");
        assert!(html.contains("Alarm per country"), "an unsent list stays: {html}");
    }

    async fn what_is_wrong_is_named_and_kept(app) {
        app.lay_grid().await;
        let ana = app.signed_in(Role::Commander).await;
        let rca = format!("{}/rca", restored(app, &ana, "2").await);
        let long = "x".repeat(4_001);
        for (field, text, slug) in [
            ("summary", long.as_str(), "summary"),
            ("trigger", "a\u{7}b", "trigger"),
            ("earlier", &format!("Card {ICCID}."), "earlier"),
            ("action.0.due", "soon", "actions"),
            ("action.0.owner", "nobody000000", "actions"),
            ("action.0.what", &format!("Replace {ICCID}"), "actions"),
        ] {
            let answer = send(&ana, &rca, &filled(&ana, &rca, &[(field, text)]).await).await;
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{field}");
            assert!(answer.text().contains(&format!("error-{slug}")), "{field}: {}", answer.text());
            assert!(answer.text().contains("Text of mitigation."), "the rest is kept");
        }
        let unknown = ana.send(&rca, &[("made_up", "x")]).await;
        assert_eq!(unknown.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(ana.get("/console/incidents/nothing00000/rca").await.status, StatusCode::NOT_FOUND);
        let huge = "é".repeat(300_000);
        assert_eq!(ana.send(&rca, &[("summary", &huge)]).await.status, StatusCode::PAYLOAD_TOO_LARGE);
        let full: Vec<(&str, String)> = SECTIONS.iter().map(|s| (*s, "é".repeat(4_000))).collect();
        let full: Vec<(&str, &str)> = full.iter().map(|(n, v)| (*n, v.as_str())).collect();
        let html = ana.get(&rca).await.text().to_owned();
        let was: Vec<String> = SECTIONS.iter().map(|s| format!("was.{s}")).collect();
        let marks = was.iter().map(|name| (name.as_str(), value(&html, name)));
        let all: Vec<(&str, &str)> = full.into_iter().chain(marks).collect();
        assert_eq!(ana.send(&rca, &all).await.status, StatusCode::SEE_OTHER, "every section may be full");
    }

    async fn the_summary_of_a_week(app) {
        app.lay_grid().await;
        let ana = app.signed_in(Role::Commander).await;
        let page = restored(app, &ana, "3").await;
        assert_eq!(ana.get(&format!("{page}/rca")).await.status, StatusCode::NOT_FOUND, "a Sev 3 has none of its own");
        let id = page.rsplit('/').next().unwrap_or_default().to_owned();
        let path = "/console/reviews/weeks/2026-W10";
        let html = ana.get(path).await.text().to_owned();
        assert!(html.contains(&format!("name=\"item.{id}\"")), "{html}");
        assert_eq!(app.get("/summaries/2026-W10").await.status, StatusCode::NOT_FOUND);
        let was = value(&html, "was").to_owned();
        let item = format!("item.{id}");
        let bad = ana.send(path, &[("was", &was), ("opening", &format!("Card {ICCID}"))]).await;
        assert_eq!(bad.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", bad.text());
        let fields = [("was", was.as_str()), ("opening", "A calm week."), (item.as_str(), "Slow, and **over**.")];
        assert_eq!(ana.send(&format!("{path}/publish"), &fields).await.status, StatusCode::SEE_OTHER);
        let read = app.get("/summaries/2026-W10").await.text().to_owned();
        assert!(read.contains("A calm week.") && read.contains("Slow, and <strong>over</strong>."), "{read}");
        assert!(app.get("/history").await.text().contains("/summaries/2026-W10"));
        let late = ana.send(path, &[("was", &was), ("opening", "Another.")]).await;
        assert_eq!(late.status, StatusCode::CONFLICT);
        assert!(late.text().contains(">Another.</textarea>"), "{}", late.text());
        for bad in ["2026-w10", "2026-W60", "2030-W01", "x"] {
            assert_eq!(ana.get(&format!("/console/reviews/weeks/{bad}")).await.status, StatusCode::NOT_FOUND, "{bad}");
        }
    }
}

/// What is published stays until its correction is; an action is done, and everybody sees it.
async fn corrected(app: &TestApp, ana: &Person<'_>, ben: &Person<'_>, rca: &str) {
    let public = rca.replace("/console", "");
    let begun = ana.send(&format!("{rca}/correct"), &[("note", "The trigger was another.")]).await;
    assert_eq!(begun.status, StatusCode::SEE_OTHER, "{}", begun.text());
    assert!(
        app.get(&public).await.text().contains("Text of trigger."),
        "it stays until the correction is out"
    );
    let html = ana.get(rca).await.text().to_owned();
    let (was, path) = (value(&html, "was.trigger"), format!("{rca}/hand-in"));
    let fields = [("trigger", "Another trigger."), ("public.trigger", "yes"), ("was.trigger", was)];
    assert_eq!(ana.send(&path, &fields).await.status, StatusCode::SEE_OTHER);
    assert_eq!(ben.send(&format!("{rca}/publish"), &[]).await.status, StatusCode::SEE_OTHER);
    let read = app.get(&public).await.text().to_owned();
    assert!(
        read.contains("Another trigger.") && read.contains("Corrected: The trigger was another."),
        "{read}"
    );
    app.pass(10 * DAY);
    app.app.snapshot.refresh().await;
    let later = app.signed_in(Role::Responder).await;
    let late = app.get(&public).await.text().to_owned();
    assert!(late.contains("was due 9 Mar 2026"), "{late}");
    let list = later.get("/console/reviews").await.text().to_owned();
    assert!(list.contains("1 open, 1 overdue."), "{list}");
    let id =
        list.split("/console/reviews/actions/").nth(1).and_then(|r| r.split('"').next()).unwrap_or_default();
    let path = format!("/console/reviews/actions/{id}");
    let done = later.send(&path, &[("done", "yes"), ("note", "In place since Monday.")]).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text());
    assert_eq!(later.send(&path, &[("done", "yes")]).await.status, StatusCode::CONFLICT);
    assert!(app.get(&public).await.text().contains("done 12 Mar 2026"), "{}", app.get(&public).await.text());
}
