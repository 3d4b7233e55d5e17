//! KPIs: from events to the figures of any period, corrected when a success is told late, bounded in size.

use domain::{
    clock::{DAY, HOUR, MINUTE, SECOND, Timestamp},
    component::Step,
    telemetry::rollup::{Figures, OTHER, SUPPLIERS_MAX, bucket},
};
use http::StatusCode;
use serde_json::{Value, json};
use server::{
    auth::role::Role,
    commands::incidents::{self, Declare, Step as Act, Verb},
    worker::{kpis, retention},
};
use store::{CorrectionRow, KpiScope};

use crate::harness::{Answer, Ask, Journey, METRICS_TOKEN, Person, TestApp, batch};

/// A quarter of 120 downloads in France fails; 120 in Italy succeed.
async fn a_bad_hour(app: &TestApp) {
    app.lay_grid().await;
    let key = app.ingest_key().await;
    for (name, country, nth) in [("fr", "FR", 4), ("it", "IT", 0)] {
        for events in batch(name, country, 120, nth, app.now()) {
            app.ingest(&key, &events).await;
        }
    }
    app.pass(90 * SECOND);
    app.fold().await;
}

/// The address behind the button that declares.
fn declare_from(page: &Answer) -> String {
    let rest = page.text().split("href=\"/console/incidents/new?explored=").nth(1).expect("the button");
    format!("/console/incidents/new?explored={}", rest.split('"').next().unwrap_or_default())
}

/// Declares alone what the form at this address is about; the incident's id.
async fn declare(app: &TestApp, person: &Person<'_>, href: &str) -> String {
    let query = href.split_once('?').expect("a query").1.as_bytes();
    let asked = url::form_urlencoded::parse(query).next().expect("explored").1.into_owned();
    let cell = format!("cell.{}", app.cell("euicc-download", "FR").await.id);
    let fields = [
        ("title", "eSIM downloads fail"),
        ("severity", "1"),
        ("started_at", "2026-03-02T08:00"),
        ("explored", &asked),
        (&cell, "major_outage"),
        ("known", "A quarter of eSIM downloads in France fails."),
        ("unknown", "Why the first node is slow."),
        ("next_steps", "Traffic moves to the second node; 20 to 40 minutes."),
        ("customer_action", "Scan the same QR code again in five minutes."),
        ("how", "alone"),
        ("break_glass", "Nobody else is on shift."),
    ];
    let answer = person.send("/console/incidents", &fields).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text());
    answer.header("location").rsplit('/').next().unwrap_or_default().to_owned()
}

async fn send(app: &TestApp, key: &str, events: Vec<Value>) {
    for chunk in events.chunks(1_000) {
        let answer = app.ingest(key, &Value::Array(chunk.to_vec())).await;
        assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.text());
    }
}

/// The figures from a day before `from` to now.
async fn figures(app: &TestApp, step: Step, scope: &KpiScope, from: Timestamp) -> Figures {
    let mut tx = app.app.store.read().await.expect("a transaction");
    let period = (bucket(from.plus(-DAY), 86_400), app.now().plus(1));
    tx.kpi_figures(step, scope, period, app.now()).await.expect("figures")
}

async fn corrections(app: &TestApp, step: Step) -> Vec<CorrectionRow> {
    let mut tx = app.app.store.read().await.expect("a transaction");
    tx.kpi_corrections(step, &KpiScope::default(), app.now().plus(-DAY), app.now().plus(1))
        .await
        .expect("rows")
}

fn of_supplier(name: &str, node: Option<&str>) -> KpiScope {
    KpiScope { supplier: Some(name.into()), node: node.map(str::to_owned), ..KpiScope::default() }
}

/// A journey with an event for each happening, `(what, milliseconds after its begin, more data)`.
fn journey(subject: &str, at: Timestamp, told: &[(&str, i64, Value)]) -> Vec<Value> {
    let journey = Journey { subject: subject.to_owned(), country: "FR", at, fails: false };
    told.iter().map(|(what, after, more)| journey.event(what, *after, more.clone())).collect()
}

api_tests! {
    async fn figures_hold_every_dimension_whatever_the_order(app) {
        app.lay_grid().await;
        let key = app.ingest_key().await;
        let at = app.now().plus(-5 * MINUTE);
        let mut events = Vec::new();
        for n in 0..40 {
            let node = json!({ "supplier": format!("smdp-a/{}", n % 2 + 1), "flow": if n % 4 == 0 { "qr" } else { "ota" },
                "cohort": if n < 10 { "canary" } else { "baseline" } });
            let mut told = vec![("requested", 0, node.clone()), ("issued", SECOND, node.clone())];
            if n % 10 == 9 {
                let mut failed = node.clone();
                failed["step"] = json!("download");
                failed["error_class"] = json!("timeout");
                told.push(("failed", 4 * SECOND, failed));
            } else {
                told.extend([("downloaded", 6 * SECOND, node.clone()), ("enabled", 10 * SECOND, node)]);
            }
            events.extend(journey(&format!("o-{n}"), at, &told));
        }
        // Backwards in two requests, and all of it twice.
        events.reverse();
        let rest = events.split_off(77);
        for part in [events.clone(), rest, events] {
            send(app, &key, part).await;
        }
        assert!(app.fold().await > 0);
        assert_eq!(app.fold().await, 0, "what is folded is folded once");
        let all = figures(app, Step::Journey, &KpiScope::default(), at).await;
        assert_eq!((all.samples, all.tally.entered, all.tally.succeeded, all.tally.failed), (40, 40, 36, 4));
        assert_eq!((all.success_share(), all.fallback_rate()), (Some(90.0), Some(25.0)));
        let median = all.median_ms().expect("latencies");
        assert!((9_900..=10_100).contains(&median), "{median} ms");
        let scoped = async |scope: KpiScope| figures(app, Step::Journey, &scope, at).await.samples;
        assert_eq!(scoped(of_supplier("smdp-a", None)).await, 40);
        assert_eq!(scoped(of_supplier("smdp-a", Some("1"))).await, 20);
        assert_eq!(scoped(of_supplier("smdp-b", None)).await, 0);
        assert_eq!(scoped(KpiScope { flow: Some("qr".into()), ..KpiScope::default() }).await, 10);
        assert_eq!(scoped(KpiScope { cohort: Some("canary".into()), ..KpiScope::default() }).await, 10);
        assert_eq!(scoped(KpiScope { country: Some("IT".into()), ..KpiScope::default() }).await, 0);
        let mut tx = app.app.store.read().await.expect("a transaction");
        let period = (at.plus(-HOUR), app.now());
        let supplier = tx.supplier_kpis("smdp-a", Some("2"), period, app.now()).await.expect("KPIs");
        let download = supplier.steps.iter().find(|s| s.step == Step::Download).expect("a step");
        let errors = vec![("timeout".to_owned(), 4)];
        assert_eq!((download.figures.tally.failed, &download.errors), (4, &errors));
        let component = tx.component_kpis("euicc-download", Some("FR"), Some("canary"), period, app.now()).await;
        assert_eq!(component.expect("KPIs").expect("a step measures it").figures.samples, 10);
        assert!(tx.component_kpis("voice", None, None, period, app.now()).await.expect("an answer").is_none());
    }

    async fn what_is_stuck_counts_once_its_sla_has_run_out_and_is_corrected_visibly(app) {
        app.lay_grid().await;
        let key = app.ingest_key().await;
        let at = bucket(app.now(), 60);
        app.pass(at.since(app.now()) + 2 * SECOND);
        for n in 0..3 {
            send(app, &key, journey(&format!("o-{n}"), at, &[("requested", 0, json!({}))])).await;
        }
        app.fold().await;
        let live = async || {
            let mut tx = app.app.store.read().await.expect("a transaction");
            let window = tx.window(600, 10, app.now()).await.expect("a window");
            window.get(&(Step::Journey, "FR".into())).map_or((0, 0), |c| (c.samples, c.succeeded))
        };
        // The live judge's buckets are ten seconds wide, those of the figures a minute.
        app.pass(at.plus(70 * SECOND - 1).since(app.now()));
        assert_eq!(live().await, (0, 0), "nobody is stuck before the SLA has run out");
        app.pass(1);
        assert_eq!(live().await, (3, 0));
        app.pass(at.plus(2 * MINUTE - 1).since(app.now()));
        assert_eq!(figures(app, Step::Journey, &KpiScope::default(), at).await.samples, 0);
        app.pass(1);
        let stuck = figures(app, Step::Journey, &KpiScope::default(), at).await;
        assert_eq!((stuck.samples, stuck.stuck(), stuck.success_share()), (3, 3, Some(0.0)));
        assert!(corrections(app, Step::Journey).await.is_empty());

        // Two had succeeded in time and were told late; one was late itself.
        app.pass(at.plus(5 * MINUTE).since(app.now()));
        send(app, &key, journey("o-0", at, &[("enabled", 20 * SECOND, json!({}))])).await;
        app.pass(2 * MINUTE);
        send(app, &key, journey("o-1", at, &[("enabled", 30 * SECOND, json!({}))])).await;
        send(app, &key, journey("o-2", at, &[("enabled", 90 * SECOND, json!({}))])).await;
        app.fold().await;
        assert_eq!(live().await, (3, 2));
        let told = figures(app, Step::Journey, &KpiScope::default(), at).await;
        assert_eq!((told.samples, told.tally.succeeded, told.tally.late, told.stuck()), (3, 2, 1, 0));
        let (counted_at, last_at) = (at.plus(MINUTE), at.plus(7 * MINUTE));
        let row = |is_in_time, activations| CorrectionRow {
            counted_at, country_code: "FR".into(), supplier: "smdp-a".into(), node: "1".into(), is_in_time, activations, last_at,
        };
        let mut corrected = corrections(app, Step::Journey).await;
        corrected.sort_by_key(|c| !c.is_in_time);
        assert_eq!(corrected, vec![row(true, 2), row(false, 1)]);
        send(app, &key, journey("o-1", at, &[("enabled", 30 * SECOND, json!({}))])).await;
        app.fold().await;
        assert_eq!(corrections(app, Step::Journey).await.len(), 2, "a repeat corrects nothing");
    }

    async fn illegal_transitions_are_kept_flagged_and_counted_per_supplier(app) {
        app.lay_grid().await;
        let key = app.ingest_key().await;
        let at = app.now().plus(-MINUTE);
        let failed = json!({ "step": "download", "error_class": "timeout" });
        let told = [("requested", 0, json!({})), ("issued", SECOND, json!({})), ("failed", 2 * SECOND, failed),
            ("downloaded", 5 * SECOND, json!({}))];
        send(app, &key, journey("o-1", at, &told)).await;
        app.fold().await;
        let all = figures(app, Step::Journey, &of_supplier("smdp-a", Some("1")), at).await;
        assert_eq!((all.tally.illegal, all.tally.entered), (1, 1));
        assert_eq!(figures(app, Step::Journey, &of_supplier("smdp-b", None), at).await.tally.illegal, 0);
        let mut tx = app.app.store.read().await.expect("a transaction");
        assert_eq!(tx.count_events().await.expect("a count"), 4, "it is kept");
    }

    async fn rollups_widen_with_age_and_lose_nothing(app) {
        app.lay_grid().await;
        let key = app.ingest_key().await;
        let at = app.now();
        for events in batch("fr", "FR", 200, 10, at) {
            app.ingest(&key, &events).await;
        }
        app.pass(2 * MINUTE);
        app.fold().await;
        let before = figures(app, Step::Download, &KpiScope::default(), at).await;
        assert_eq!((before.samples, before.tally.failed), (200, 20));
        for age in [4 * HOUR, 3 * DAY, 20 * DAY] {
            app.pass(at.plus(age).since(app.now()));
            kpis::widen(&app.app).await.expect("a fold");
            kpis::widen(&app.app).await.expect("a fold of what was folded");
            let mut tx = app.app.store.read().await.expect("a transaction");
            let period = (bucket(at.plus(-DAY), 86_400), app.now());
            let rows = tx.kpi_rows(Step::Download, &KpiScope::default(), period.0, period.1).await.expect("rows");
            let wide = if age < DAY { 300 } else if age < 14 * DAY { 3_600 } else { 86_400 };
            assert!(!rows.is_empty() && rows.iter().all(|r| r.width_secs == wide), "{wide}: {rows:?}");
            assert_eq!(figures(app, Step::Download, &KpiScope::default(), at).await, before);
            let errors = tx.kpi_errors(Step::Download, &KpiScope::default(), period.0, period.1).await;
            assert_eq!(errors.expect("errors"), vec![("timeout".to_owned(), 20)]);
        }
        // What is told weeks late lands in the wide bucket at once.
        let late = journey("late", at, &[("issued", 0, json!({})), ("downloaded", 3 * SECOND, json!({}))]);
        send(app, &key, late).await;
        app.fold().await;
        let after = figures(app, Step::Download, &KpiScope::default(), at).await;
        assert_eq!((after.samples, after.tally.succeeded), (201, before.tally.succeeded + 1));
    }

    async fn raw_events_end_after_their_days_and_figures_stay(app) {
        app.lay_grid().await;
        let key = app.ingest_key().await;
        let at = app.now();
        for events in batch("old", "FR", 30, 0, at) {
            app.ingest(&key, &events).await;
        }
        app.fold().await;
        app.pass(app.app.config.telemetry.raw_events_days * DAY);
        for events in batch("new", "FR", 5, 0, app.now()) {
            app.ingest(&key, &events).await;
        }
        app.fold().await;
        assert!(retention::tick(&app.app).await.expect("a round") > 0, "fine rollups go");
        let count = async || app.app.store.read().await.expect("a transaction").count_events().await.expect("a count");
        assert_eq!(count().await, 140, "not a day too early");
        app.pass(1);
        retention::tick(&app.app).await.expect("a round");
        assert_eq!(count().await, 20);
        let mut tx = app.app.store.read().await.expect("a transaction");
        assert!(tx.activations(&["old-1"]).await.expect("journeys").is_empty());
        assert_eq!(tx.activations(&["new-1"]).await.expect("journeys").len(), 1);
        drop(tx);
        assert_eq!(figures(app, Step::Journey, &KpiScope::default(), at).await.tally.succeeded, 35);
        assert_eq!(retention::tick(&app.app).await.expect("a round"), 0);
    }

    async fn a_key_tells_only_so_many_suppliers_apart_on_a_day(app) {
        app.lay_grid().await;
        let (one, two) = (app.ingest_key().await, app.ingest_key().await);
        let at = app.now();
        let named = |n: usize| {
            let more = json!({ "supplier": format!("made-up/{n}") });
            journey(&format!("n-{n}"), at, &[("requested", 0, more.clone()), ("enabled", 5 * SECOND, more)])
        };
        send(app, &one, (0..SUPPLIERS_MAX + 10).flat_map(named).collect()).await;
        send(app, &two, journey("other-key", at, &[("requested", 0, json!({}))])).await;
        app.fold().await;
        assert_eq!(figures(app, Step::Journey, &of_supplier("made-up", None), at).await.tally.entered, 32);
        assert_eq!(figures(app, Step::Journey, &of_supplier(OTHER, None), at).await.tally.entered, 10);
        assert_eq!(figures(app, Step::Journey, &of_supplier("smdp-a", Some("1")), at).await.tally.entered, 1);
        app.pass(DAY);
        let fresh = json!({ "supplier": "made-up/99" });
        send(app, &one, journey("n-new", app.now(), &[("requested", 0, fresh)])).await;
        app.fold().await;
        assert_eq!(figures(app, Step::Journey, &of_supplier("made-up", Some("99")), at).await.tally.entered, 1);
    }

    async fn the_explorer_shows_what_was_measured_side_by_side(app) {
        a_bad_hour(app).await;
        let viewer = app.signed_in(Role::Viewer).await;
        let all = viewer.get("/console/explorer").await;
        assert_eq!(all.status, StatusCode::OK, "{}", all.text());
        for words in ["87.50 %", "smdp-a/1", "timeout", "By flow", "Illegal transitions", "no incident restored", "Corrections"] {
            assert!(all.text().contains(words), "{words} is not in {}", all.text());
        }
        assert!(!all.text().contains("Declare an incident from this"), "a viewer declares nothing");
        let narrow = "/console/explorer?component=euicc-download&country=FR&supplier=smdp-a%2F1&window=1h";
        assert!(viewer.get(narrow).await.text().contains("75.00 %"));
        for window in ["1h", "24h", "7d", "90d"] {
            let page = viewer.get(&format!("/console/explorer?window={window}")).await;
            assert!(page.text().contains("87.50 %"), "{window}: {}", page.text());
        }
        let shortest = viewer.get("/console/explorer?window=10m").await;
        assert!(shortest.status == StatusCode::OK && shortest.text().contains(": 10 min until "), "{}", shortest.text());
        let nothing = viewer.get("/console/explorer?country=PT").await;
        assert!(nothing.text().contains("Nothing was measured here"), "{}", nothing.text());
        for (query, says) in [("window=3d", "Choose 10m"), ("flow=nfc", "Choose one of ota"), ("country=ZZ", "not on the page"),
            ("component=voice", "No activations measure"), ("until=1", "last 90 days"), ("node=1", "has no field")] {
            let page = viewer.get(&format!("/console/explorer?{query}")).await;
            assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{query}");
            assert!(page.text().contains(says), "{query}: {}", page.text());
        }
    }

    async fn an_incident_is_declared_from_the_explorer_with_its_figures(app) {
        a_bad_hour(app).await;
        let commander = app.signed_in(Role::Commander).await;
        let asked = "/console/explorer?component=euicc-download&country=FR&window=1h";
        let href = declare_from(&commander.get(asked).await);
        let form = commander.get(&href).await;
        for words in ["eSIM downloads fail", "75.0 % of 120 eSIM downloads succeeded in 1 h", "name=\"explored\""] {
            assert!(form.text().contains(words), "{words} is not in {}", form.text());
        }
        app.pass(10 * MINUTE);
        let id = declare(app, &commander, &href).await;
        let mut tx = app.app.store.read().await.expect("a transaction");
        let evidence = tx.incident(&id).await.expect("an incident").expect("an incident").evidence.expect("evidence");
        drop(tx);
        let evidence: Value = serde_json::from_str(&evidence).expect("JSON");
        assert_eq!((&evidence["samples"], &evidence["share"]), (&json!(120), &json!(75.0)));
        assert_eq!(evidence["top_error"], json!(["timeout", 25.0]));
        let sentence = "75.0 % of 120 eSIM downloads succeeded in 1 h";
        assert!(commander.get(&format!("/console/incidents/{id}")).await.text().contains(sentence));
        assert!(app.get(&format!("/incidents/{id}")).await.text().contains(sentence));

        // Figures of one supplier are for staff alone.
        let href = declare_from(&commander.get(&format!("{asked}&supplier=smdp-a")).await);
        let id = declare(app, &commander, &href).await;
        let inside = commander.get(&format!("/console/incidents/{id}")).await;
        assert!(inside.text().contains("(supplier smdp-a)"), "{}", inside.text());
        let public = app.get(&format!("/incidents/{id}")).await;
        assert_eq!(public.status, StatusCode::OK);
        assert!(!public.text().contains("smdp") && !public.text().contains(sentence), "{}", public.text());
    }

    async fn prometheus_reads_kpis_by_supplier_node_flow_and_cohort(app) {
        a_bad_hour(app).await;
        let told = Ask::get("/metrics").header("authorization", &format!("Bearer {METRICS_TOKEN}")).send(app.address).await;
        let labels = "supplier=\"smdp-a\",node=\"1\",flow=\"ota\",cohort=\"baseline\"";
        for line in [
            format!("waypost_kpi_success_ratio{{step=\"download\",{labels}}} 0.875"),
            format!("waypost_kpi_samples{{step=\"journey\",{labels}}} 240"),
            format!("waypost_kpi_illegal_transitions{{step=\"journey\",{labels}}} 0"),
            "waypost_kpi_failures{step=\"download\",error_class=\"timeout\"} 30".to_owned(),
        ] {
            assert!(told.text().contains(&line), "{line} is not in {}", told.text());
        }
    }

    async fn charts_are_public_where_somebody_chose_it_and_name_no_supplier(app) {
        a_bad_hour(app).await;
        let component = app.cell("euicc-download", "FR").await.component_id;
        let pages = ["/regions/fr/euicc-download", "/components/euicc-download"];
        let shown = async |path: &str| app.get(path).await.text().contains("Succeeded in time");
        for page in pages {
            assert!(!shown(page).await, "{page}: nobody has chosen it");
        }
        let maintainer = app.signed_in(Role::Maintainer).await;
        let chosen = [("chart", component.as_str())];
        assert_eq!(app.signed_in(Role::Viewer).await.send("/console/settings/charts", &chosen).await.status, StatusCode::FORBIDDEN);
        let voice = app.cell("voice", "FR").await.component_id;
        let wrong = maintainer.send("/console/settings/charts", &[("chart", &voice)]).await;
        assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(maintainer.send("/console/settings/charts", &chosen).await.status, StatusCode::SEE_OTHER);
        for page in pages {
            let public = app.get(page).await;
            assert!(public.text().contains("Succeeded in time") && public.text().contains("last 90 days"), "{}", public.text());
            assert!(!public.text().contains("smdp") && !public.text().contains("<script"), "{}", public.text());
        }
        assert!(app.get(pages[0]).await.text().contains("75.0 %"), "France alone");
        assert!(app.get(pages[1]).await.text().contains("87.5 %"), "all countries");
        assert!(!shown("/regions/fr/mobile-data").await, "the others stay as they are");
        assert_eq!(kpis::draw(&app.app).await.expect("a drawing"), 1);
        assert_eq!(maintainer.send("/console/settings/charts", &[]).await.status, StatusCode::SEE_OTHER);
        for page in pages {
            assert!(!shown(page).await, "{page}: chosen no longer");
        }
    }

    async fn time_to_restore_runs_from_detected_to_restored(app) {
        app.lay_grid().await;
        let cell = app.cell("euicc-download", "FR").await.id;
        let message = domain::notice::Message {
            known: "Some eSIM downloads in France fail.".into(),
            unknown: "When it ends.".into(),
            next_steps: "We move traffic; an update follows at 09:00 UTC.".into(),
            customer_action: "Scan the same QR code again in five minutes.".into(),
        };
        let cmd = Declare {
            title: "some downloads fail".into(),
            severity: 3,
            started_at: app.now().plus(-HOUR),
            cells: vec![(cell, domain::status::CellStatus::PartialOutage)],
            message: message.clone(),
            ..Declare::default()
        };
        let mut tx = app.app.store.write().await.expect("a transaction");
        let done = incidents::declare(&mut tx, &app.ctx(), cmd).await.expect("an incident");
        tx.commit().await.expect("a commit");
        app.pass(30 * MINUTE);
        let mut tx = app.app.store.write().await.expect("a transaction");
        let version = tx.incident(&done.incident_id).await.expect("a row").expect("a row").version;
        let step = Act { incident_id: done.incident_id, version, message, ..Act::default() };
        incidents::act(&mut tx, &app.ctx(), step, Verb::Restore).await.expect("restored");
        tx.commit().await.expect("a commit");
        let mut tx = app.app.store.read().await.expect("a transaction");
        let period = (app.now().plus(-DAY), app.now().plus(1));
        let mttr = tx.mttr(Some("euicc-download"), Some("FR"), None, period).await.expect("MTTR");
        assert_eq!((mttr.incidents, mttr.mean_ms), (1, Some(30 * MINUTE)), "from detected, not from begun");
        assert_eq!(tx.mttr(None, Some("IT"), None, period).await.expect("MTTR").mean_ms, None);
        assert_eq!(tx.mttr(None, None, Some("smdp-a"), period).await.expect("MTTR").incidents, 0, "nothing depends on it");
        assert_eq!(tx.mttr(None, None, None, (period.0, app.now())).await.expect("MTTR").incidents, 0, "restored later");
    }

    async fn wide_windows_are_of_hours_and_forget_what_was_not_live(app) {
        app.lay_grid().await;
        let key = app.ingest_key().await;
        let at = app.now();
        for hour in 0..30 {
            app.pass(at.plus(hour * HOUR + 10 * MINUTE).since(app.now()));
            for events in batch(&format!("h{hour}"), "FR", 4, 4, app.now()) {
                app.ingest(&key, &events).await;
            }
            // One whose end is told too late to bear on a verdict.
            let begun = journey(&format!("late-{hour}"), app.now(), &[("requested", 0, json!({}))]);
            send(app, &key, begun).await;
            app.pass(11 * MINUTE);
            let told = journey(&format!("late-{hour}"), app.now().plus(-11 * MINUTE), &[("enabled", 9 * SECOND, json!({}))]);
            send(app, &key, told).await;
            app.fold().await;
            kpis::widen(&app.app).await.expect("a fold");
        }
        app.pass(MINUTE);
        let mut tx = app.app.store.read().await.expect("a transaction");
        for (secs, hours) in [(3_600, 1), (86_400, 24)] {
            let window = tx.wide_window(secs, app.now(), |_, _| true).await.expect("a window");
            let counts = &window[&(Step::Journey, "FR".to_owned())];
            assert_eq!((counts.samples, counts.succeeded), (4 * hours, 3 * hours), "{secs}");
            assert_eq!(counts.latencies.count(), usize::try_from(3 * hours).expect("few"));
            let median = counts.latency_quantile_ms(0.5).expect("latencies");
            assert!((6_930..=7_070).contains(&median), "{median} ms");
        }
        let without = tx.wide_window(3_600, app.now(), |_, _| false).await.expect("a window");
        assert_eq!(without[&(Step::Journey, "FR".to_owned())].latency_quantile_ms(0.5), None);
        assert_eq!(figures(app, Step::Journey, &KpiScope::default(), at).await.tally.entered, 150, "figures hold them all");
    }
}
