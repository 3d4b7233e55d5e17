//! KPIs: from events to the figures of any period, corrected when a success is told late, bounded in size.

use domain::{
    clock::{DAY, HOUR, MINUTE, SECOND, Timestamp},
    component::Step,
    telemetry::rollup::{Figures, OTHER, SUPPLIERS_MAX, bucket},
};
use http::StatusCode;
use serde_json::{Value, json};
use server::worker::{kpis, retention};
use store::{CorrectionRow, KpiScope};

use crate::harness::{Journey, TestApp, batch};

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
        let (_, download, errors) = supplier.steps.iter().find(|(s, ..)| *s == Step::Download).expect("a step");
        assert_eq!((download.tally.failed, errors.as_slice()), (4, &[("timeout".to_owned(), 4)][..]));
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
        assert_eq!(figures(app, Step::Journey, &KpiScope::default(), at).await.tally.succeeded, 30);
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
}
