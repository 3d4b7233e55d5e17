//! Rules of writing, templates, edits and previews, through the console.

use http::StatusCode;
use server::auth::role::Role;

use crate::harness::{Answer, Person, TestApp};

pub(crate) const GOOD: [(&str, &str); 4] = [
    ("known", "About one in four eSIM downloads in France fails."),
    ("unknown", "Why the first node is slow."),
    ("next_steps", "Traffic moves to the second node; 20 to 40 minutes."),
    ("customer_action", "Scan the same QR code again in five minutes."),
];
pub(crate) const ICCID: &str = "8933150000000000001";

/// A Sev 3 declaration with some fields changed, sent to `path`.
async fn send(app: &TestApp, person: &Person<'_>, path: &str, changed: &[(&str, &str)]) -> Answer {
    let cell = format!("cell.{}", app.cell("euicc-download", "FR").await.id);
    let mut fields = vec![
        ("title", "one in four downloads fails"),
        ("severity", "3"),
        ("started_at", "2026-03-02T08:00"),
        (cell.as_str(), "partial_outage"),
    ];
    fields.extend(GOOD);
    for (name, value) in changed {
        fields.retain(|(n, _)| n != name);
        fields.push((name, value));
    }
    person.send(path, &fields).await
}

pub(crate) async fn declare(app: &TestApp, person: &Person<'_>, changed: &[(&str, &str)]) -> Answer {
    send(app, person, "/console/incidents", changed).await
}

/// Path of a Sev 3 incident that somebody with this role declared.
pub(crate) async fn incident(app: &TestApp, person: &Person<'_>) -> String {
    let answer = declare(app, person, &[]).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text());
    answer.header("location").to_owned()
}

/// The rules as the form sends them, with some fields changed.
fn rules(changed: &[(&str, &str)]) -> Vec<(String, String)> {
    let mut all = vec![("version".to_owned(), "0".to_owned())];
    for rule in domain::writing::linter::RuleName::ALL {
        all.push((format!("enabled.{}", rule.slug()), "yes".into()));
        all.push((format!("says.{}", rule.slug()), "As we do it here.".into()));
        all.push((format!("level.{}", rule.slug()), "warn".into()));
        all.push((format!("words.{}", rule.slug()), String::new()));
    }
    for (name, value) in changed {
        all.retain(|(n, _)| n != name);
        all.push(((*name).to_owned(), (*value).to_owned()));
    }
    all
}

async fn save_rules(person: &Person<'_>, changed: &[(&str, &str)]) -> Answer {
    let all = rules(changed);
    let all: Vec<(&str, &str)> = all.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    person.send("/console/writing/linter", &all).await
}

async fn public_incidents(app: &TestApp) -> usize {
    app.get("/api/v2/incidents.json").await.json()["incidents"].as_array().map_or(0, Vec::len)
}

api_tests! {
    async fn what_breaks_a_rule_is_refused_with_field_and_rule(app) {
        app.lay_grid().await;
        let commander = app.signed_in(Role::Commander).await;
        for (field, text, rule) in [
            ("unknown", " ", "missing_content"),
            ("next_steps", "We expect to fix this in 30 minutes.", "single_point_eta"),
            ("known", "The card 8933150000000000001 cannot download.", "identifier"),
            ("title", "downloads fail for ana@example.com", "identifier"),
        ] {
            let answer = declare(app, &commander, &[(field, text)]).await;
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{field}");
            let page = answer.text();
            assert!(page.contains(&format!("(rule {rule})")) && page.contains(&format!("error-{field}")), "{field}: {page}");
            assert!(page.contains(&format!("override.{rule}")), "it offers the override: {page}");
            assert!(page.contains("Scan the same QR code"), "the text is kept");
        }
        assert_eq!(public_incidents(app).await, 0);
    }

    async fn an_override_needs_a_reason_and_is_recorded(app) {
        app.lay_grid().await;
        let commander = app.signed_in(Role::Commander).await;
        let eta = ("next_steps", "We expect to fix this in 30 minutes.");
        let bare = declare(app, &commander, &[eta, ("override.single_point_eta", " ")]).await;
        assert_eq!(bare.status, StatusCode::UNPROCESSABLE_ENTITY);
        let other = declare(app, &commander, &[eta, ("override.identifier", "no matter")]).await;
        assert_eq!(other.status, StatusCode::UNPROCESSABLE_ENTITY, "another rule's reason does not count");
        let unknown = declare(app, &commander, &[eta, ("override.everything", "no matter")]).await;
        assert_eq!(unknown.status, StatusCode::UNPROCESSABLE_ENTITY);
        let done = declare(app, &commander, &[eta, ("override.single_point_eta", "The carrier confirmed the minute."), ("override.identifier", "not needed")]).await;
        assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text());
        let page = commander.get(done.header("location")).await;
        assert!(page.text().contains("single_point_eta overridden: The carrier confirmed the minute."), "{}", page.text());
        let id = done.header("location").rsplit('/').next().expect("an id");
        let updates = app.app.store.read().await.expect("a transaction").updates(id).await.expect("updates");
        assert_eq!(updates[0].overrides, r#"[["single_point_eta","The carrier confirmed the minute."]]"#, "only what was needed");
    }

    async fn a_warning_is_shown_before_and_stops_nobody(app) {
        app.lay_grid().await;
        let responder = app.signed_in(Role::Responder).await;
        let jargon = ("known", "The HSS does not answer in France.");
        let preview = send(app, &responder, "/console/drafts/declare/new/preview", &[jargon]).await;
        assert_eq!(preview.status, StatusCode::OK);
        assert!(preview.text().contains("What we know: “HSS”."), "{}", preview.text());
        let commander = app.signed_in(Role::Commander).await;
        assert_eq!(declare(app, &commander, &[jargon]).await.status, StatusCode::SEE_OTHER);
    }

    async fn every_verb_is_held_to_the_rules(app) {
        app.lay_grid().await;
        let commander = app.signed_in(Role::Commander).await;
        let page = incident(app, &commander).await;
        let bad = format!("Card {ICCID} works again.");
        for (verb, fields) in [
            ("updates", vec![("version", "1"), ("phase", "identified"), ("known", bad.as_str())]),
            ("reclassify", vec![("version", "1"), ("severity", "4"), ("reason", "We expect the end in 30 minutes.")]),
            ("restore", vec![("version", "1"), ("known", bad.as_str()), ("customer_action", "Nothing.")]),
            ("resolve", vec![("version", "1"), ("known", bad.as_str())]),
        ] {
            let answer = commander.send(&format!("{page}/{verb}"), &fields).await;
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{verb}");
            assert!(answer.text().contains("(rule "), "{verb}: {}", answer.text());
        }
        let asked = send(app, &commander, "/console/drafts/declare/new/ask", &[("known", &bad)]).await;
        assert_eq!(asked.status, StatusCode::UNPROCESSABLE_ENTITY, "before anybody is asked to approve");
    }

    async fn rules_are_edited_as_versions(app) {
        app.lay_grid().await;
        let maintainer = app.signed_in(Role::Maintainer).await;
        assert_eq!(app.signed_in(Role::Commander).await.send("/console/writing/linter", &[]).await.status, StatusCode::FORBIDDEN);
        for (field, value) in [("level.jargon", "shout"), ("version", "7"), ("words.jargon", "a\u{7}b")] {
            let answer = save_rules(&maintainer, &[(field, value)]).await;
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{field}");
        }
        let saved = save_rules(&maintainer, &[("level.jargon", "block"), ("words.jargon", "Node\r\nnode\r\nsecond node")]).await;
        assert_eq!(saved.status, StatusCode::SEE_OTHER, "{}", saved.text());
        let form = maintainer.get("/console/writing/linter").await;
        assert!(form.text().contains("Version 1.") && form.text().contains("node\nsecond node"), "{}", form.text());
        let owner = app.signed_in(Role::Owner).await;
        let refused = declare(app, &owner, &[]).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "a word of the operator's own");
        assert!(refused.text().contains("(rule jargon)"), "{}", refused.text());
        let off = rules(&[("version", "1")]).into_iter().filter(|(n, _)| n != "enabled.jargon").collect::<Vec<_>>();
        let off: Vec<(&str, &str)> = off.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        assert_eq!(maintainer.send("/console/writing/linter", &off).await.status, StatusCode::SEE_OTHER);
        assert_eq!(declare(app, &owner, &[]).await.status, StatusCode::SEE_OTHER);
    }
}
