//! What the judge is told and tells: policies for parts of the grid, watch periods, quorum, keys, proposals, dry runs.

use domain::{
    clock::{MINUTE, SECOND},
    status::CellStatus,
    telemetry::{chart::Chart, degradation::Policy, rule::Watch},
};
use http::StatusCode;
use serde_json::{Value, json};
use server::{
    auth::role::Role,
    commands::{cells, degradation},
};

use crate::harness::{Ask, Journey, Person, TestApp, batch};

const DEFAULT: &str = "/console/degradation/policies/default";
const FRANCE: &str = "/console/degradation/policies/cell:euicc-download:FR";

async fn send(
    app: &TestApp,
    key: &str,
    name: &str,
    country: &'static str,
    count: usize,
    every_nth_fails: usize,
) {
    for events in batch(name, country, count, every_nth_fails, app.now()) {
        let answer = app.ingest(key, &events).await;
        assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.text());
    }
}

async fn status(app: &TestApp, country: &str) -> CellStatus {
    app.cell("euicc-download", country).await.status
}

/// A form with the default's figures, and some changed.
fn form(is_default: bool, version: &str, changed: &[(&str, &str)]) -> Vec<(String, String)> {
    let mut fields: Vec<(String, String)> = degradation::texts(&Policy::default(), is_default)
        .into_iter()
        .map(|(name, _, value)| {
            let value = changed.iter().find(|(n, _)| *n == name).map_or(value, |(_, v)| (*v).to_owned());
            (name.to_owned(), value)
        })
        .collect();
    fields.push(("version".into(), version.into()));
    fields.extend(
        changed
            .iter()
            .filter(|(n, _)| ["from", "until"].contains(n))
            .map(|(n, v)| ((*n).into(), (*v).into())),
    );
    fields
}

async fn post(person: &Person<'_>, path: &str, fields: &[(String, String)]) -> crate::harness::Answer {
    let fields: Vec<(&str, &str)> = fields.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    person.send(path, &fields).await
}

async fn save(person: &Person<'_>, path: &str, is_default: bool, version: &str, changed: &[(&str, &str)]) {
    let saved = post(person, path, &form(is_default, version, changed)).await;
    assert_eq!(saved.status, StatusCode::SEE_OTHER, "{}", saved.text());
}

/// The same events under new ids.
fn told_again(events: &mut [Value]) -> Value {
    for event in events.iter_mut() {
        event["id"] = json!(format!("{}-again", event["id"].as_str().expect("an id")));
    }
    Value::Array(events.to_vec())
}

/// The newest automatic change of a cell with what it rests on.
async fn proof(app: &TestApp, country: &str) -> store::ChangeEvidenceRow {
    let cell = app.cell("euicc-download", country).await;
    let mut tx = app.app.store.read().await.expect("a transaction");
    let all = tx.evidence_of_cell(&cell.id, app.now().plus(-86_400 * SECOND), 10).await.expect("evidence");
    all.into_iter().next().expect("a change")
}

async fn proposals(app: &TestApp) -> Vec<(store::ProposalRow, usize)> {
    let mut tx = app.app.store.read().await.expect("a transaction");
    let mut all = Vec::new();
    for row in tx.open_proposals().await.expect("proposals") {
        let cells = tx.proposal_cells(&row.id).await.expect("cells").len();
        all.push((row, cells));
    }
    all
}

fn minute(app: &TestApp, ms: i64) -> String {
    app.now().plus(ms).utc().format("%Y-%m-%dT%H:%M").to_string()
}

async fn alert(app: &TestApp, key: &str, fingerprint: &str, begins: i64, is_over: bool) {
    let starts = app.now().plus(-begins).rfc3339();
    let told = json!({
        "version": "4", "groupKey": "{}", "truncatedAlerts": 0, "status": if is_over { "resolved" } else { "firing" },
        "receiver": "status", "groupLabels": {}, "commonLabels": {}, "commonAnnotations": {}, "externalURL": "http://am:9093",
        "alerts": [{
            "status": if is_over { "resolved" } else { "firing" },
            "labels": { "alertname": "VoiceDown", "component": "voice", "country": "FR", "severity": "critical" },
            "annotations": { "summary": "calls fail" }, "startsAt": starts,
            "endsAt": if is_over { app.now().rfc3339() } else { "0001-01-01T00:00:00Z".into() },
            "generatorURL": "http://prom/", "fingerprint": fingerprint,
        }],
    });
    let answer = Ask::post("/ingest/v1/alertmanager")
        .header("authorization", &format!("Bearer {key}"))
        .header("content-type", "application/json")
        .body(told.to_string())
        .send(app.address)
        .await;
    assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.text());
}

api_tests! {
    async fn a_change_keeps_its_figures_its_policy_and_a_chart(app) {
        app.lay_grid().await;
        let key = app.ingest_key().await;
        send(app, &key, "bad", "FR", 400, 4).await;
        app.judge(5).await;
        assert_eq!(status(app, "FR").await, CellStatus::PartialOutage);
        let proof = proof(app, "FR").await;
        let evidence: Value = serde_json::from_str(&proof.evidence).expect("JSON");
        assert_eq!((&evidence["samples"], &evidence["share"], &evidence["window_secs"]), (&json!(400), &json!(75.0), &json!(600)));
        assert_eq!(evidence["top_error"][0], "timeout");
        assert_eq!((proof.policy_scope.as_str(), proof.policy_version, proof.sources), ("default", 0, 1));
        assert!(key.contains(proof.key_id.as_deref().expect("the key")), "{proof:?}");
        let chart = Chart::from_json(&proof.chart).expect("a chart");
        assert_eq!(chart.points.len(), 60);
        assert_eq!(chart.points.iter().fold((0, 0), |s, p| (s.0 + p.0, s.1 + p.1)), (400, 300));

        app.app.snapshot.refresh().await;
        let page = app.get("/regions/fr/euicc-download").await;
        for words in ["Judged from telemetry: n = 400, ", " s ago.", "<small>n = 400</small>", "aria-label=\"Success from"] {
            assert!(page.text().contains(words), "{words}: {}", page.text());
        }
        assert!(!page.text().contains("<script"), "script-free");
        assert!(!app.get("/").await.text().contains("Success from"), "the front page does not grow");
        let viewer = app.signed_in(Role::Viewer).await;
        let cell = app.cell("euicc-download", "FR").await;
        let page = viewer.get(&format!("/console/cells/{}", cell.id)).await;
        for words in ["n = 400, policy default version 0, one source, mostly by key", "aria-label=\"Success from", "the policy for Every cell (default), version 0"] {
            assert!(page.text().contains(words), "{words}: {}", page.text());
        }
        // 25 % time out: a class of errors above 1 % is on the board.
        let board = viewer.get("/console").await;
        assert!(board.text().contains("eUICC download · France: 25.0 % fail with timeout, of 400 samples."), "{}", board.text());

        let mut tx = app.app.store.write().await.expect("a transaction");
        cells::pin(&mut tx, &app.ctx(), &cell.id, CellStatus::MajorOutage, "we know better").await.expect("a pin");
        tx.commit().await.expect("a commit");
        app.app.snapshot.refresh().await;
        let page = app.get("/regions/fr/euicc-download").await;
        assert!(page.text().contains("Set by our staff, 08:00 UTC; telemetry alone would say: partial outage."), "{}", page.text());
    }

    async fn the_most_specific_policy_judges_and_every_version_stays(app) {
        app.lay_grid().await;
        let key = app.ingest_key().await;
        let maintainer = app.signed_in(Role::Maintainer).await;
        let page = maintainer.get(FRANCE).await;
        assert!(page.text().contains("It has no policy of its own; these are the figures of: Every cell (default)."), "{}", page.text());
        let lax = [("degraded_below", "70"), ("partial_below", "60"), ("major_below", "50")];
        save(&maintainer, FRANCE, false, "0", &lax).await;
        send(app, &key, "fr", "FR", 400, 4).await;
        send(app, &key, "it", "IT", 400, 4).await;
        app.judge(5).await;
        assert_eq!(status(app, "FR").await, CellStatus::Operational, "75 % is enough there");
        assert_eq!(status(app, "IT").await, CellStatus::PartialOutage);
        assert_eq!(proof(app, "FR").await.policy_scope, "cell:euicc-download:FR");

        let stale = post(&maintainer, FRANCE, &form(false, "0", &lax)).await;
        assert_eq!(stale.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(stale.text().contains("Somebody saved another version") && stale.text().contains("value=\"70\""), "{}", stale.text());
        for (name, wrong) in [("partial_below", "80"), ("minimum_samples", "many"), ("freeze", "3 business days")] {
            let mut changed = lax.to_vec();
            changed.push((name, wrong));
            changed.retain(|(n, v)| *n != name || *v == wrong);
            let refused = post(&maintainer, FRANCE, &form(false, "1", &changed)).await;
            assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{name}");
            assert!(refused.text().contains(&format!("id=\"error-{name}\"")), "{}", refused.text());
        }
        assert_eq!(post(&maintainer, "/console/degradation/policies/country:ZZ", &form(false, "0", &[])).await.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(maintainer.get("/console/degradation/policies/nonsense").await.status, StatusCode::NOT_FOUND);

        let gone = maintainer.send(&format!("{FRANCE}/withdraw"), &[]).await;
        assert_eq!(gone.status, StatusCode::SEE_OTHER);
        app.judge(3).await;
        assert_eq!(status(app, "FR").await, CellStatus::PartialOutage, "the default counts again");
        assert_eq!(proof(app, "FR").await.policy_scope, "default");
        let mut tx = app.app.store.read().await.expect("a transaction");
        let versions = tx.policy_versions("degradation:cell:euicc-download:FR", 9).await.expect("versions");
        assert_eq!(versions.iter().map(|v| v.version).collect::<Vec<_>>(), [2, 1]);
        drop(tx);
        let viewer = app.signed_in(Role::Viewer).await;
        assert_eq!(viewer.get("/console/degradation").await.status, StatusCode::OK);
        assert_eq!(post(&viewer, FRANCE, &form(false, "2", &lax)).await.status, StatusCode::FORBIDDEN);
    }

    async fn who_watches_closer_does_so_for_a_stated_time(app) {
        app.lay_grid().await;
        let key = app.ingest_key().await;
        let maintainer = app.signed_in(Role::Maintainer).await;
        let until = minute(app, 10 * MINUTE);
        let fields = [("component", "euicc-download"), ("place", "western-europe"), ("until", until.as_str()), ("reason", "after the change of SM-DP+"), ("partial_below", "99.5"), ("degraded_below", "99.9")];
        let opened = maintainer.send("/console/degradation/watches", &fields).await;
        assert_eq!(opened.status, StatusCode::SEE_OTHER, "{}", opened.text());
        let wrong = maintainer.send("/console/degradation/watches", &fields[..2]).await;
        assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(wrong.text().contains("id=\"error-until\""), "{}", wrong.text());
        send(app, &key, "fr", "FR", 1_000, 80).await;
        send(app, &key, "us", "US", 1_000, 80).await;
        app.judge(5).await;
        assert_eq!(status(app, "FR").await, CellStatus::PartialOutage, "98.8 % is too little while somebody watches");
        assert_eq!(status(app, "US").await, CellStatus::Operational);
        assert!(proof(app, "FR").await.watch_id.is_some());
        let page = maintainer.get("/console/degradation").await;
        assert!(page.text().contains("eUICC download · Western Europe") && page.text().contains("goes on"), "{}", page.text());
        app.pass(10 * MINUTE);
        let mut tx = app.app.store.read().await.expect("a transaction");
        assert!(degradation::watching(&mut tx, app.now()).await.expect("watches").is_empty(), "it ends by itself");
        drop(tx);
        // By a function, for what is to come: maintenance opens it.
        let mut tx = app.app.store.write().await.expect("a transaction");
        let new = degradation::NewWatch {
            cells: vec![app.cell("voice", "FR").await.id],
            place: "Voice · France".into(),
            watch: Watch { worsen_evaluations: Some(1), ..Watch::default() },
            from: app.now().plus(MINUTE),
            until: app.now().plus(2 * MINUTE),
            reason: "after maintenance".into(),
        };
        let id = degradation::open_watch(&mut tx, &app.ctx(), new).await.expect("a watch");
        tx.commit().await.expect("a commit");
        let ended = maintainer.send(&format!("/console/degradation/watches/{id}/end"), &[]).await;
        assert_eq!(ended.status, StatusCode::SEE_OTHER);
    }

    async fn a_key_says_no_worse_than_it_may(app) {
        app.lay_grid().await;
        let owner = app.signed_in(Role::Owner).await;
        let typed = [("name", "probe"), ("worst", "degraded"), ("requests", "1000000"), ("events", "100000000")];
        let wrong = owner.send("/console/sources/keys", &[("name", "probe"), ("worst", "red")]).await;
        assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(wrong.text().contains("id=\"error-worst\""), "{}", wrong.text());
        let made = owner.send("/console/sources/keys", &typed).await;
        let modest = made.text().split("id=\"new-key\">").nth(1).and_then(|t| t.split('<').next()).expect("a key").to_owned();
        assert!(made.text().contains("degraded at most"), "{}", made.text());
        send(app, &modest, "bad", "FR", 400, 4).await;
        alert(app, &modest, "f1", MINUTE, false).await;
        app.judge(6).await;
        assert_eq!(status(app, "FR").await, CellStatus::Degraded);
        assert_eq!(app.cell("voice", "FR").await.status, CellStatus::Degraded, "a critical alert of it too");
        assert!(proposals(app).await.is_empty(), "and nothing is proposed");
        let board = owner.get("/console").await.text().to_owned();
        assert!(board.contains("eUICC download · France would be partial outage, but the key that told most of it may say degraded at most"), "{board}");
        // Somebody who may say so says so.
        app.pass(10 * SECOND);
        let key = app.ingest_key().await;
        send(app, &key, "worse", "FR", 400, 2).await;
        alert(app, &key, "f2", MINUTE, false).await;
        app.judge(6).await;
        assert_eq!(status(app, "FR").await, CellStatus::PartialOutage);
        assert_eq!(app.cell("voice", "FR").await.status, CellStatus::PartialOutage);
        assert!(!proposals(app).await.is_empty());
        // What takes its place is bound alike.
        let id = modest.split('_').nth(1).expect("an id");
        let renewed = owner.send(&format!("/console/sources/keys/{id}/renew"), &[]).await.text().to_owned();
        assert_eq!(renewed.matches("degraded at most").count(), 2, "{renewed}");
    }

    async fn one_source_alone_turns_nothing_where_policy_asks_for_two(app) {
        app.lay_grid().await;
        let key = app.ingest_key().await;
        let maintainer = app.signed_in(Role::Maintainer).await;
        save(&maintainer, DEFAULT, true, "0", &[("quorum_sources", "2")]).await;
        send(app, &key, "good", "FR", 500, 0).await;
        app.judge(3).await;
        assert_eq!(status(app, "FR").await, CellStatus::Operational, "waking up needs no second source");
        send(app, &key, "bad", "FR", 400, 4).await;
        app.judge(5).await;
        assert_eq!(status(app, "FR").await, CellStatus::Operational);
        let board = maintainer.get("/console").await;
        assert!(board.text().contains("eUICC download · France would be partial outage, but too few sources say so (1)"), "{}", board.text());
        let cell = app.cell("euicc-download", "FR").await;
        let page = maintainer.get(&format!("/console/cells/{}", cell.id)).await;
        assert!(page.text().contains("only one source told of it, and the policy asks for more"), "{}", page.text());
        let mut events = Vec::new();
        for n in 0..20 {
            let journey = Journey { subject: format!("probe-{n}"), country: "FR", at: app.now().plus(-10 * SECOND), fails: true };
            events.extend(journey.events().into_iter().map(|mut e| {
                e["source"] = json!("/probe/paris");
                e
            }));
        }
        // A name costs nothing: the same key under another name is no second source.
        assert_eq!(app.ingest(&key, &Value::Array(events.clone())).await.status, StatusCode::ACCEPTED);
        app.judge(5).await;
        assert_eq!(status(app, "FR").await, CellStatus::Operational);
        // Nor is what takes the key's place.
        let owner = app.signed_in(Role::Owner).await;
        let id = key.split('_').nth(1).expect("an id");
        let page = owner.send(&format!("/console/sources/keys/{id}/renew"), &[]).await;
        let renewed = page.text().split("id=\"new-key\">").nth(1).and_then(|t| t.split('<').next()).expect("a key").to_owned();
        assert_eq!(app.ingest(&renewed, &told_again(&mut events)).await.status, StatusCode::ACCEPTED);
        app.judge(5).await;
        assert_eq!(status(app, "FR").await, CellStatus::Operational);
        let other = app.ingest_key().await;
        assert_eq!(app.ingest(&other, &told_again(&mut events)).await.status, StatusCode::ACCEPTED);
        app.judge(5).await;
        assert_eq!(status(app, "FR").await, CellStatus::PartialOutage, "a second source saw it");
        assert_eq!(proof(app, "FR").await.sources, 2);
    }

    async fn whoever_sends_last_does_not_drown_the_other_source(app) {
        app.lay_grid().await;
        let (first, last) = (app.ingest_key().await, app.ingest_key().await);
        let maintainer = app.signed_in(Role::Maintainer).await;
        save(&maintainer, DEFAULT, true, "0", &[("quorum_sources", "2")]).await;
        for mut events in batch("probe", "FR", 300, 1, app.now()) {
            for event in events.as_array_mut().expect("events") {
                event["source"] = json!("/probe/paris");
            }
            assert_eq!(app.ingest(&first, &events).await.status, StatusCode::ACCEPTED);
        }
        app.pass(SECOND);
        send(app, &last, "burst", "FR", 600, 1).await;
        app.judge(5).await;
        assert_eq!(status(app, "FR").await, CellStatus::PartialOutage);
        assert_eq!(proof(app, "FR").await.sources, 2);
    }

    async fn after_a_recovery_errors_are_those_of_the_samples_beside_them(app) {
        app.lay_grid().await;
        let key = app.ingest_key().await;
        send(app, &key, "bad", "FR", 400, 4).await;
        app.judge(5).await;
        assert_eq!(status(app, "FR").await, CellStatus::PartialOutage);
        app.pass(MINUTE);
        send(app, &key, "well", "FR", 300, 0).await;
        app.judge(20).await;
        let cell = app.cell("euicc-download", "FR").await;
        assert_eq!(cell.status, CellStatus::Operational);
        let evidence: Value = serde_json::from_str(cell.evidence.as_deref().expect("evidence")).expect("JSON");
        assert_eq!((&evidence["share"], &evidence["top_error"]), (&json!(100.0), &Value::Null), "{evidence}");
        assert_eq!(app.cell("activation-api", "FR").await.status, CellStatus::Operational);
    }

    async fn a_key_that_turns_too_much_waits_for_a_person(app) {
        app.lay_grid().await;
        let key = app.ingest_key().await;
        let maintainer = app.signed_in(Role::Maintainer).await;
        save(&maintainer, DEFAULT, true, "0", &[("key_share", "8")]).await;
        let countries = ["FR", "IT", "ES", "DE", "PT", "GB", "US", "CA", "MX"];
        for country in countries {
            send(app, &key, &format!("bad{country}"), country, 80, 4).await;
        }
        app.judge(6).await;
        let mut down = 0;
        for country in countries {
            down += usize::from(status(app, country).await == CellStatus::PartialOutage);
        }
        assert_eq!(down, 5, "8 % of 63 cells are five");
        let commander = app.signed_in(Role::Commander).await;
        let board = commander.get("/console").await;
        assert!(board.text().contains("would turn more of the page than one key may"), "{}", board.text());
        assert_eq!(board.text().matches(" would be partial outage: ").count(), 4, "{}", board.text());
        // Getting better is never held.
        let better = ["FR", "IT", "ES", "DE", "PT", "GB", "US", "CA", "MX"];
        let mut turned = better[0];
        for country in better {
            if status(app, country).await == CellStatus::PartialOutage {
                turned = country;
            }
        }
        app.pass(MINUTE);
        send(app, &key, "well", turned, 300, 0).await;
        app.judge(6).await;
        assert_eq!(status(app, turned).await, CellStatus::Operational);

        let hold = app.app.store.read().await.expect("a transaction").key_holds(app.now()).await.expect("holds");
        assert_eq!((hold.len(), hold[0].state.as_str()), (1, "held"));
        assert_eq!(maintainer.send(&format!("/console/key-holds/{}/pass", hold[0].id), &[]).await.status, StatusCode::FORBIDDEN);
        let passed = commander.send(&format!("/console/key-holds/{}/pass", hold[0].id), &[]).await;
        assert_eq!(passed.status, StatusCode::SEE_OTHER, "{}", passed.text());
        app.judge(5).await;
        for country in countries.into_iter().filter(|c| *c != turned) {
            assert_eq!(status(app, country).await, CellStatus::PartialOutage, "{country}");
        }
        assert_eq!(commander.send(&format!("/console/key-holds/{}/dismiss", hold[0].id), &[]).await.status, StatusCode::CONFLICT);
    }

    async fn cells_in_trouble_for_one_reason_are_one_proposal_with_a_draft(app) {
        app.lay_grid().await;
        let key = app.ingest_key().await;
        send(app, &key, "fr", "FR", 400, 4).await;
        send(app, &key, "it", "IT", 400, 12).await;
        app.judge(5).await;
        let open = proposals(app).await;
        assert_eq!(open.len(), 1, "{open:?}");
        assert_eq!((open[0].1, open[0].0.proposed_severity.number()), (2, 1), "the worst counts");
        assert_eq!(open[0].0.component_slug.as_deref(), Some("euicc-download"));
        assert_eq!(open[0].0.country_code, None);
        let commander = app.signed_in(Role::Commander).await;
        let board = commander.get("/console").await;
        assert!(board.text().contains("eUICC download, 2 cells") && board.text().contains("Proposed by telemetry"), "{}", board.text());
        let draft = commander.get(&format!("/console/incidents/new?proposal={}", open[0].0.id)).await;
        assert_eq!(draft.status, StatusCode::OK);
        let text = draft.text();
        assert!(text.contains("France") && text.contains("Italy"), "{text}");
        assert!(text.contains("eUICC download") && text.split("name=\"known\"").nth(1).and_then(|t| t.split_once('>')).is_some_and(|(_, t)| !t.starts_with('<')), "the template fills it: {text}");

        alert(app, &key, "a1", 0, false).await;
        app.judge(1).await;
        assert_eq!(proposals(app).await.len(), 2, "voice in France has nothing in common with downloads");
        assert!(commander.get("/console").await.text().contains("Proposed by an alert"));
        // The measured cells of a proposal leave it one by one.
        app.pass(MINUTE);
        send(app, &key, "fr-well", "FR", 400, 0).await;
        app.judge(20).await;
        let left = proposals(app).await;
        let downloads = left.iter().find(|(p, _)| p.component_slug.as_deref() == Some("euicc-download")).expect("still open");
        assert_eq!((downloads.1, downloads.0.proposed_severity.number()), (1, 2), "Italy alone is Sev 2");
    }

    async fn a_proposal_nobody_decides_on_is_declared_where_policy_says_so(app) {
        app.lay_grid().await;
        let key = app.ingest_key().await;
        let maintainer = app.signed_in(Role::Maintainer).await;
        save(&maintainer, DEFAULT, true, "0", &[("auto_confirm", "2 min")]).await;
        send(app, &key, "fr", "FR", 400, 4).await;
        send(app, &key, "it", "IT", 400, 4).await;
        app.judge(5).await;
        let pinned = app.cell("euicc-download", "IT").await;
        let mut tx = app.app.store.write().await.expect("a transaction");
        cells::pin(&mut tx, &app.ctx(), &pinned.id, CellStatus::Degraded, "we know why").await.expect("a pin");
        tx.commit().await.expect("a commit");
        assert!(maintainer.get("/console").await.text().contains("Nobody decides: it is declared by itself at 08:02 UTC."));
        app.pass(110 * SECOND);
        app.judge(1).await;
        let open = app.app.store.read().await.expect("a transaction").open_incidents().await.expect("incidents");
        assert!(open.is_empty(), "not yet");
        app.judge(10).await;
        let mut tx = app.app.store.read().await.expect("a transaction");
        let open = tx.open_incidents().await.expect("incidents");
        assert_eq!(open.len(), 1);
        assert_eq!((open[0].declared_by.as_str(), open[0].severity.number()), ("automation", 1));
        let held = tx.incident_cells(&open[0].id).await.expect("cells");
        assert_eq!(held.len(), 1, "a pin stands: {held:?}");
        let updates = tx.updates(&open[0].id).await.expect("updates");
        assert!(updates[0].is_automatic && updates[0].known.starts_with("Automatic statement. "), "{updates:?}");
        assert!(tx.open_proposals().await.expect("proposals").is_empty());
        drop(tx);
        app.judge(30).await;
        let open = app.app.store.read().await.expect("a transaction").open_incidents().await.expect("incidents");
        assert_eq!(open.len(), 1, "once");
        let page = app.get(&format!("/incidents/{}", open[0].id)).await;
        assert!(page.text().contains("Automatic statement."), "{}", page.text());
        assert!(page.text().contains("aria-label=\"Success from"), "the chart of what was found: {}", page.text());
        assert_eq!(app.cell("euicc-download", "IT").await.status, CellStatus::Degraded);
    }

    async fn a_policy_is_tried_on_the_past_before_it_is_saved(app) {
        app.lay_grid().await;
        let key = app.ingest_key().await;
        let maintainer = app.signed_in(Role::Maintainer).await;
        for minute in 0..3 {
            send(app, &key, &format!("well{minute}"), "FR", 200, 0).await;
            app.judge(60).await;
        }
        send(app, &key, "bad", "FR", 300, 4).await;
        app.judge(60).await;
        assert_eq!(status(app, "FR").await, CellStatus::PartialOutage);
        let (from, until) = (minute(app, -6 * MINUTE), minute(app, 0));
        let period = [("from", from.as_str()), ("until", until.as_str())];
        let same = post(&maintainer, &format!("{DEFAULT}/try"), &form(true, "0", &period)).await;
        assert_eq!(same.status, StatusCode::OK, "{}", same.text());
        assert!(same.text().contains("from rollups of ten seconds"), "{}", same.text());
        assert!(same.text().contains("0 new, 0 that would not have happened"), "the judge and the replay agree: {}", same.text());
        let mut lax = vec![("degraded_below", "50"), ("partial_below", "40"), ("major_below", "30")];
        lax.extend(period);
        let other = post(&maintainer, &format!("{DEFAULT}/try"), &form(true, "0", &lax)).await;
        assert!(other.text().contains(">would not have happened<") && other.text().contains("value=\"50\""), "{}", other.text());
        for wrong in [("2025-01-01T00:00", "2025-02-01T00:00", "from"), (until.as_str(), from.as_str(), "until"), ("", until.as_str(), "from")] {
            let tried = post(&maintainer, &format!("{DEFAULT}/try"), &form(true, "0", &[("from", wrong.0), ("until", wrong.1)])).await;
            assert_eq!(tried.status, StatusCode::UNPROCESSABLE_ENTITY, "{wrong:?}");
            assert!(tried.text().contains(&format!("id=\"error-{}\"", wrong.2)), "{}", tried.text());
        }
        let mut tx = app.app.store.read().await.expect("a transaction");
        assert!(tx.policy_versions("degradation", 1).await.expect("versions").is_empty(), "nothing is saved");
    }

    async fn an_alert_that_comes_and_goes_freezes_the_worse_state(app) {
        app.lay_grid().await;
        let key = app.ingest_key().await;
        let app_ = app;
        let beat = json!({ "source": "/probe", "interval_secs": 3_600, "cells": [{ "component": "voice", "country": "FR" }] });
        let told = Ask::post("/ingest/v1/heartbeat").header("authorization", &format!("Bearer {key}")).header("content-type", "application/json").body(beat.to_string()).send(app.address).await;
        assert_eq!(told.status, StatusCode::ACCEPTED);
        app.judge(2).await;
        let voice = async || app_.cell("voice", "FR").await;
        assert_eq!(voice().await.status, CellStatus::Operational);
        for round in 0..4 {
            let name = format!("flap{round}");
            alert(app, &key, &name, 0, false).await;
            app.judge(2).await;
            assert_eq!(voice().await.status, CellStatus::PartialOutage, "{round}");
            alert(app, &key, &name, 2 * SECOND, true).await;
            app.judge(2).await;
        }
        let cell = voice().await;
        assert_eq!(cell.status, CellStatus::PartialOutage, "held at the worse state");
        assert!(cell.frozen_until_at.is_some_and(|until| until > app.now().millis()));
        let viewer = app.signed_in(Role::Viewer).await;
        let page = viewer.get(&format!("/console/cells/{}", cell.id)).await;
        assert!(page.text().contains("Flapping: it went down and up too often in an hour."), "{}", page.text());
        app.pass(3_700 * SECOND);
        let told = Ask::post("/ingest/v1/heartbeat").header("authorization", &format!("Bearer {key}")).header("content-type", "application/json").body(beat.to_string()).send(app.address).await;
        assert_eq!(told.status, StatusCode::ACCEPTED);
        app.judge(2).await;
        assert_eq!(voice().await.status, CellStatus::Operational, "an hour later it may come back");
    }

    async fn a_canary_is_compared_and_its_verdict_is_published_once(app) {
        app.lay_grid().await;
        let key = app.ingest_key().await;
        let maintainer = app.signed_in(Role::Maintainer).await;
        let fields = [("component", "euicc-download"), ("country", "FR"), ("enabled", "yes"), ("window", "10 min"), ("minimum_samples", "100"), ("largest_difference", "2"), ("confidence", "95"), ("least_share", "95"), ("version", "")];
        let saved = maintainer.send("/console/canary", &fields).await;
        assert_eq!(saved.status, StatusCode::SEE_OTHER, "{}", saved.text());
        let voice = maintainer.send("/console/canary", &[("component", "voice"), ("window", "10 min"), ("minimum_samples", "100"), ("largest_difference", "2"), ("confidence", "95"), ("least_share", "95")]).await;
        assert_eq!(voice.status, StatusCode::UNPROCESSABLE_ENTITY, "no step, nothing to compare");
        send(app, &key, "base", "FR", 400, 0).await;
        let mut events = Vec::new();
        for n in 0..150 {
            let journey = Journey { subject: format!("canary-{n}"), country: "FR", at: app.now().plus(-10 * SECOND), fails: n % 5 == 0 };
            events.extend(journey.events().into_iter().map(|mut e| {
                e["data"]["cohort"] = json!("canary");
                e
            }));
        }
        for chunk in events.chunks(500) {
            assert_eq!(app.ingest(&key, &json!(chunk)).await.status, StatusCode::ACCEPTED);
        }
        app.pass(MINUTE);
        app.judge(5).await;
        let published = async || app.app.store.read().await.expect("a transaction").canary_changes(9).await.expect("changes");
        assert_eq!(published().await.len(), 0, "one finding is not enough");
        app.judge(30).await;
        assert_eq!(published().await.len(), 1);
        app.judge(90).await;
        let all = published().await;
        assert_eq!(all.len(), 1, "once");
        let body: Value = serde_json::from_str(&all[0].body).expect("JSON");
        let verdict = &body["canary_verdict"];
        assert_eq!((&verdict["verdict"], &verdict["before"], &verdict["country"]), (&json!("roll_back"), &json!("hold"), &json!("FR")));
        assert_eq!((&verdict["canary"]["samples"], &verdict["canary"]["succeeded"]), (&json!(150), &json!(120)));
        assert_eq!((&verdict["baseline"]["samples"], &verdict["baseline"]["succeeded"]), (&json!(400), &json!(400)));
        let page = maintainer.get("/console/canary").await;
        for words in ["roll back", "80.0 % of 150", "100.0 % of 400", "−20.0 points"] {
            let words = words.replace('−', "-");
            assert!(page.text().contains(&words), "{words}: {}", page.text());
        }
        // Turned off, it is forgotten.
        let off: Vec<_> = fields.iter().copied().filter(|(n, _)| *n != "enabled").collect();
        let off: Vec<_> = off.into_iter().map(|(n, v)| if n == "version" { (n, "1") } else { (n, v) }).collect();
        assert_eq!(maintainer.send("/console/canary", &off).await.status, StatusCode::SEE_OTHER);
        app.judge(31).await;
        assert!(app.app.store.read().await.expect("a transaction").canary_verdicts().await.expect("verdicts").is_empty());
    }
}
