//! Commanding together: the second person, the broken glass, kept texts, hand-overs, reminders.

use domain::clock::{HOUR, MINUTE};
use http::StatusCode;
use server::auth::role::Role;

use crate::harness::{Answer, Person, TestApp};

const ALONE: [(&str, &str); 2] = [("how", "alone"), ("break_glass", "Nobody else is on shift.")];
const MESSAGE: [(&str, &str); 4] = [
    ("known", "About one in four eSIM downloads in France fails."),
    ("unknown", "Why the first node is slow."),
    ("next_steps", "Traffic moves to the second node; 20 to 40 minutes."),
    ("customer_action", "Scan the same QR code again in five minutes."),
];

async fn fields(app: &TestApp, severity: &'static str) -> Vec<(String, String)> {
    let cell = format!("cell.{}", app.cell("euicc-download", "FR").await.id);
    [("title", "one in four downloads fails"), ("severity", severity), ("started_at", "2026-03-02T08:00")]
        .into_iter()
        .chain(MESSAGE)
        .map(|(n, v)| (n.to_owned(), v.to_owned()))
        .chain([(cell, "partial_outage".to_owned())])
        .collect()
}

async fn declare(
    app: &TestApp,
    person: &Person<'_>,
    path: &str,
    severity: &'static str,
    extra: &[(&str, &str)],
) -> Answer {
    let mut all = fields(app, severity).await;
    all.extend(extra.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())));
    let all: Vec<(&str, &str)> = all.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    person.send(path, &all).await
}

async fn incidents(app: &TestApp) -> usize {
    app.get("/api/v2/incidents.json").await.json()["incidents"].as_array().map_or(0, Vec::len)
}

/// The default matrix as the form sends it, with some fields changed.
fn policy(changed: &[(&str, &str)]) -> Vec<(String, String)> {
    let rows = [
        ["15 min", "30 min", "2 h", "6 h", "15 min", "15 min", "30 min", "48 h", "5 business days"],
        [
            "30 min",
            "60 min",
            "8 h",
            "24 h",
            "30 min",
            "60 min",
            "30 min",
            "3 business days",
            "7 business days",
        ],
        ["4 business hours", "daily", "3 business days", "-", "-", "-", "-", "-", "-"],
        ["1 business day", "-", "-", "-", "-", "-", "-", "-", "-"],
    ];
    let names = [
        "first_response",
        "cadence",
        "workaround",
        "fix",
        "tier2",
        "tier3",
        "carrier",
        "rca_draft",
        "rca_final",
    ];
    let mut all: Vec<(String, String)> = Vec::new();
    for (i, row) in rows.iter().enumerate() {
        all.extend(
            names.iter().zip(row).map(|(name, value)| (format!("{name}.{}", i + 1), (*value).to_owned())),
        );
    }
    all.extend(
        (0..7).map(|day| (format!("hours.{day}"), if day < 5 { "09:00-17:00" } else { "" }.to_owned())),
    );
    for (name, value) in [
        ("zone", "Europe/Paris"),
        ("holidays", "2026-12-25"),
        ("remind_before", "5 min"),
        ("escalate_after", "1 min"),
        ("version", "0"),
    ] {
        all.push((name.to_owned(), value.to_owned()));
    }
    for (name, value) in changed {
        all.retain(|(n, _)| n != name);
        all.push(((*name).to_owned(), (*value).to_owned()));
    }
    all
}

async fn audited(app: &TestApp, action: &str) -> bool {
    let mut tx = app.app.store.read().await.expect("a transaction");
    let id = tx.open_incidents().await.expect("incidents")[0].id.clone();
    let updates = tx.updates(&id).await.expect("updates");
    match action {
        "approved" => updates[0].approved_by.is_some(),
        _ => updates[0].break_glass_reason.is_some(),
    }
}

api_tests! {
    async fn two_people_stand_behind_a_sev_2(app) {
        app.lay_grid().await;
        let commander = app.signed_in(Role::Commander).await;
        let alone = declare(app, &commander, "/console/incidents", "2", &[]).await;
        assert_eq!(alone.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(alone.text().contains("need a second person") && alone.text().contains("one in four"), "the text is kept");
        assert_eq!(incidents(app).await, 0);

        let asked = declare(app, &commander, "/console/drafts/declare/new/ask", "2", &[]).await;
        assert_eq!(asked.status, StatusCode::SEE_OTHER, "{}", asked.text());
        let draft = asked.header("location").to_owned();
        assert_eq!(incidents(app).await, 0, "it waits");
        let own = commander.send(&format!("{draft}/approve"), &[]).await;
        assert_eq!(own.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(own.text().contains("somebody else must approve"), "{}", own.text());

        let second = app.signed_in(Role::Communicator).await;
        assert!(second.get(&draft).await.text().contains("Why the first node is slow."));
        let approved = second.send(&format!("{draft}/approve"), &[]).await;
        assert_eq!(approved.status, StatusCode::SEE_OTHER, "{}", approved.text());
        assert_eq!(incidents(app).await, 1);
        assert!(audited(app, "approved").await);
        let again = second.send(&format!("{draft}/approve"), &[]).await;
        assert_eq!(again.status, StatusCode::CONFLICT, "{}", again.text());
        assert_eq!(incidents(app).await, 1, "a double click publishes once");
    }

    async fn a_sev_3_needs_nobody_else_and_broken_glass_is_recorded(app) {
        app.lay_grid().await;
        let commander = app.signed_in(Role::Commander).await;
        let answer = declare(app, &commander, "/console/incidents", "3", &[]).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text());
        let empty = declare(app, &commander, "/console/incidents", "1", &[("how", "alone"), ("break_glass", " ")]).await;
        assert_eq!(empty.status, StatusCode::UNPROCESSABLE_ENTITY);
        let answer = declare(app, &commander, "/console/incidents", "1", &ALONE).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text());
        assert!(audited(app, "broken").await);
        let page = commander.get(answer.header("location")).await;
        let page = page.text();
        assert!(page.contains("glass broken: Nobody else is on shift."), "{page}");
    }

    async fn what_is_returned_or_refused_is_not_published(app) {
        app.lay_grid().await;
        let commander = app.signed_in(Role::Commander).await;
        let second = app.signed_in(Role::Communicator).await;
        let draft = declare(app, &commander, "/console/drafts/declare/new/ask", "2", &[]).await.header("location").to_owned();
        let bare = second.send(&format!("{draft}/return"), &[("note", " ")]).await;
        assert_eq!(bare.status, StatusCode::UNPROCESSABLE_ENTITY);
        let note = [("note", "Say since when.")];
        assert_eq!(second.send(&format!("{draft}/return"), &note).await.status, StatusCode::SEE_OTHER);
        assert!(commander.get(&draft).await.text().contains("Returned: Say since when."));
        assert_eq!(commander.send(&format!("{draft}/discard"), &[]).await.status, StatusCode::SEE_OTHER);
        assert_eq!(second.send(&format!("{draft}/approve"), &[]).await.status, StatusCode::CONFLICT);
        let wrong = declare(app, &commander, "/console/drafts/declare/new/ask", "2", &[("cell.nowhere00000", "degraded")]).await;
        assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY, "what the rules refuse is refused when it is asked");
        assert_eq!(incidents(app).await, 0);
    }

    async fn a_scheduled_text_goes_out_at_its_time_once(app) {
        app.lay_grid().await;
        let commander = app.signed_in(Role::Commander).await;
        let past = declare(app, &commander, "/console/drafts/declare/new/ask", "3", &[("publish_at", "2026-03-02T07:00")]).await;
        assert_eq!(past.status, StatusCode::UNPROCESSABLE_ENTITY);
        let at = [("publish_at", "2026-03-02T08:30")];
        let answer = declare(app, &commander, "/console/drafts/declare/new/ask", "3", &at).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text());
        app.pass(20 * MINUTE);
        app.tick().await;
        assert_eq!(incidents(app).await, 0);
        app.pass(10 * MINUTE);
        app.tick().await;
        app.tick().await;
        assert_eq!(incidents(app).await, 1);
    }

    async fn what_is_typed_survives_a_lost_session(app) {
        app.lay_grid().await;
        let commander = app.signed_in(Role::Commander).await;
        let saved = declare(app, &commander, "/console/drafts/declare/new/save", "2", &[]).await;
        assert_eq!(saved.status, StatusCode::SEE_OTHER, "{}", saved.text());
        let form = commander.get("/console/incidents/new").await;
        let form = form.text();
        assert!(form.contains("Restored from your draft") && form.contains("Why the first node is slow."), "{form}");
        let other = app.signed_in(Role::Owner).await;
        assert!(!other.get("/console/incidents/new").await.text().contains("Why the first node is slow."));
        assert_eq!(declare(app, &commander, "/console/incidents", "2", &ALONE).await.status, StatusCode::SEE_OTHER);
        assert!(!commander.get("/console/incidents/new").await.text().contains("Restored from"), "published: forgotten");
    }

    async fn the_commander_is_not_the_communications_lead(app) {
        app.lay_grid().await;
        let commander = app.signed_in(Role::Commander).await;
        let page = declare(app, &commander, "/console/incidents", "1", &ALONE).await.header("location").to_owned();
        let give = async |person: &Person<'_>, part: &'static str, user: &str, note: &str| {
            person.send(&format!("{page}/leads"), &[("part", part), ("user", user), ("note", note)]).await
        };
        let same = give(&commander, "comms_lead", &commander.id, "").await;
        assert_eq!(same.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(same.text().contains("must be two people"), "{}", same.text());
        let writer = app.signed_in(Role::Communicator).await;
        assert_eq!(give(&writer, "comms_lead", &writer.id, "").await.status, StatusCode::SEE_OTHER);
        let owner = app.signed_in(Role::Owner).await;
        let silent = give(&owner, "commander", &owner.id, " ").await;
        assert_eq!(silent.status, StatusCode::UNPROCESSABLE_ENTITY, "a hand-over needs its note");
        assert_eq!(give(&owner, "commander", &owner.id, "Traffic is moving; next: watch it.").await.status, StatusCode::SEE_OTHER);
        assert!(owner.get(&page).await.text().contains("Traffic is moving; next: watch it."));
        let viewer = app.signed_in(Role::Viewer).await;
        assert_eq!(give(&viewer, "liaison", &viewer.id, "").await.status, StatusCode::FORBIDDEN);
    }

    async fn people_are_reminded_once_and_late_is_escalated(app) {
        app.lay_grid().await;
        let commander = app.signed_in(Role::Commander).await;
        let page = declare(app, &commander, "/console/incidents", "1", &ALONE).await.header("location").to_owned();
        let id = page.rsplit('/').next().unwrap_or_default().to_owned();
        let told = async || {
            let mut tx = app.app.store.read().await.expect("a transaction");
            let rows = tx.incident_reminders(&id).await.expect("reminders");
            rows.into_iter().filter(|r| r.words.contains("Next update")).map(|r| r.alert).collect::<Vec<_>>()
        };
        app.pass(25 * MINUTE);
        app.tick().await;
        app.tick().await;
        assert_eq!(told().await, [0], "five minutes before, once");
        assert!(commander.get("/console").await.text().contains("Next update is due in 5 minutes"));
        app.pass(5 * MINUTE);
        app.tick().await;
        assert_eq!(told().await, [0, 1], "when it is due");
        app.pass(MINUTE);
        app.tick().await;
        assert_eq!(told().await, [0, 1, 2], "overdue: one tier up");
        // Waypost was down for three hours: the newest escalation is given, and none of those that passed.
        app.pass(3 * HOUR);
        app.tick().await;
        app.tick().await;
        assert_eq!(told().await, [0, 1, 2, 8]);
    }

    async fn a_holding_statement_goes_out_where_policy_allows_and_never_for_long(app) {
        app.lay_grid().await;
        let owner = app.signed_in(Role::Owner).await;
        let policy = policy(&[("holding_grace.1", "5 min"), ("holding_in_a_row.1", "2"),
            ("holding_known.1", "We are still working on it."), ("holding_next_steps.1", "We will say more soon.")]);
        let policy: Vec<(&str, &str)> = policy.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        let saved = owner.send("/console/settings/promises", &policy).await;
        assert_eq!(saved.status, StatusCode::SEE_OTHER, "{}", saved.text());
        let page = declare(app, &owner, "/console/incidents", "1", &ALONE).await.header("location").to_owned();
        let updates = async || {
            let incident = app.get("/api/v2/incidents.json").await.json()["incidents"][0].clone();
            incident["incident_updates"].as_array().cloned().unwrap_or_default()
        };
        app.pass(34 * MINUTE);
        app.tick().await;
        assert_eq!(updates().await.len(), 1, "within the grace");
        for expected in [2, 3, 3] {
            app.pass(36 * MINUTE);
            app.tick().await;
            app.tick().await;
            assert_eq!(updates().await.len(), expected);
        }
        let body = updates().await[0]["body"].as_str().unwrap_or_default().to_owned();
        assert!(body.contains("Automatic statement. We are still working on it."), "{body}");
        let public = app.get(&page.replace("/console", "")).await;
        assert!(public.text().contains("Automatic statement."), "{}", public.text());
        let ledger = app.get("/promises.json").await.json();
        assert_eq!(ledger["severities"][0]["made"], 3, "{ledger}");
        assert_eq!(ledger["severities"][0]["kept"], 0, "an automatic statement is late: {ledger}");
        assert_eq!((ledger["automatic_statements"].as_i64(), ledger["published_alone"].as_i64()), (Some(2), Some(1)));
    }

    async fn a_policy_is_versioned_and_never_rewrites_the_past(app) {
        app.lay_grid().await;
        let owner = app.signed_in(Role::Owner).await;
        declare(app, &owner, "/console/incidents", "1", &ALONE).await;
        for (field, value) in [("cadence.1", "soon"), ("workaround.2", "0 h"), ("zone", "Mars/Base"),
            ("hours.0", "17:00-09:00"), ("holidays", "Christmas"), ("first_response.1", "-"), ("version", "7")] {
            let wrong = policy(&[(field, value)]);
            let wrong: Vec<(&str, &str)> = wrong.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
            let answer = owner.send("/console/settings/promises", &wrong).await;
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{field}");
            assert!(answer.text().contains(value), "what was typed is kept: {field}");
        }
        let stricter = policy(&[("cadence.1", "10 min")]);
        let stricter: Vec<(&str, &str)> = stricter.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        let saved = owner.send("/console/settings/promises", &stricter).await;
        assert_eq!(saved.status, StatusCode::SEE_OTHER, "{}", saved.text());
        assert!(app.get("/promises").await.text().contains("every 10 minutes"));
        let due = |i: usize| async move {
            let incidents = app.get("/api/v2/incidents.json").await.json()["incidents"].clone();
            incidents[i]["x_waypost"]["next_update_due_at"].as_str().unwrap_or_default().to_owned()
        };
        assert_eq!(due(0).await, "2026-03-02T08:30:00.000Z", "declared under the older version");
        declare(app, &owner, "/console/incidents", "1", &ALONE).await;
        let all = [due(0).await, due(1).await];
        assert!(all.contains(&"2026-03-02T08:10:00.000Z".to_owned()) && all.contains(&"2026-03-02T08:30:00.000Z".to_owned()), "{all:?}");
        let viewer = app.signed_in(Role::Viewer).await;
        assert_eq!(viewer.send("/console/settings/promises", &stricter).await.status, StatusCode::FORBIDDEN);
    }
}
