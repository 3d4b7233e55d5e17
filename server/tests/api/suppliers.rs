//! Suppliers: failovers, certificates, their own status pages, and their review.

mod certificates;
mod peer;
mod review;
mod upstreams;

use domain::clock::{HOUR, MINUTE, Timestamp};
use http::StatusCode;
use serde_json::{Value, json};
use server::{
    auth::role::Role,
    commands::desk_book::suppliers::{self as book, Supplier},
};

use crate::harness::{Answer, Ask, TestApp};

/// Adds a supplier that downloads and activations in France and Italy depend on; its id.
async fn host_a(app: &TestApp) -> String {
    let mut cells = Vec::new();
    for (component, country) in [("euicc-download", "FR"), ("euicc-download", "IT"), ("activation-api", "FR")]
    {
        cells.push(app.cell(component, country).await.id);
    }
    let given = Supplier {
        name: "Profile Host A".into(),
        slug: "smdp-a".into(),
        kind: "smdp_host".into(),
        interconnect_sla: "99.9 % a month".into(),
        cells,
    };
    let mut tx = app.app.store.write().await.expect("a transaction");
    let id = book::save(&mut tx, &app.ctx(), None, given).await.expect("a supplier");
    tx.commit().await.expect("a commit");
    id
}

fn failover(id: &str, at: Timestamp, from: &str, to: &str) -> Value {
    json!([{
        "specversion": "1.0", "id": id, "source": "/noc", "type": "esim.supplier.failover", "time": at.rfc3339(),
        "data": { "supplier": "smdp-a", "from": from, "to": to, "reason": "node 1 is out of memory" },
    }])
}

async fn accepted(answer: &Answer) -> (i64, i64) {
    assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.text());
    let json = answer.json();
    (json["accepted"].as_i64().unwrap_or(-1), json["duplicate"].as_i64().unwrap_or(-1))
}

/// Failovers of the supplier: home, carrier, minutes they lasted (none: open).
async fn failovers(app: &TestApp, id: &str) -> Vec<(String, String, Option<i64>)> {
    let mut tx = app.app.store.read().await.expect("a transaction");
    let moves = tx.supplier_moves(id).await.expect("moves");
    let told: Vec<_> = moves.iter().filter_map(store::MoveRow::told).collect();
    domain::telemetry::supplier::failovers(&told)
        .into_iter()
        .map(|f| (f.home, f.carrier, f.ended.map(|(at, _)| at.since(f.began_at) / MINUTE)))
        .collect()
}

fn told(home: &str, carrier: &str, minutes: Option<i64>) -> (String, String, Option<i64>) {
    (home.to_owned(), carrier.to_owned(), minutes)
}

api_tests! {
    async fn a_failover_event_moves_the_traffic_once_and_one_back_ends_it(app) {
        app.lay_grid().await;
        let id = host_a(app).await;
        let (key, maintainer) = (app.ingest_key().await, app.signed_in(Role::Maintainer).await);
        let page = format!("/console/suppliers/{id}");
        for (slug, role) in [("1", "home"), ("2", "standby")] {
            let answer = maintainer.send(&format!("{page}/nodes"), &[("slug", slug), ("role", role)]).await;
            assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text());
        }
        assert!(!maintainer.get(&page).await.text().contains("Fallback in use"));

        let began = app.now().plus(-20 * MINUTE);
        let event = failover("f1", began, "smdp-a/1", "2");
        assert_eq!(accepted(&app.ingest(&key, &event).await).await, (1, 0));
        assert_eq!(accepted(&app.ingest(&key, &event).await).await, (0, 1), "told again");
        // Another source tells the same under another id.
        assert_eq!(accepted(&app.ingest(&key, &failover("g1", began.plus(1_000), "1", "2")).await).await, (1, 0));
        assert_eq!(failovers(app, &id).await, [told("1", "2", None)]);
        let shown = maintainer.get(&page).await.text().to_owned();
        assert!(shown.contains("Fallback in use: node 2 carries what is at home on 1"), "{shown}");
        assert!(shown.contains("for 20 minutes") && shown.contains("node 1 is out of memory"), "{shown}");
        assert!(shown.contains("eUICC download: France and Italy"), "{shown}");
        let board = maintainer.get("/console").await.text().to_owned();
        assert!(board.contains("Profile Host A: fallback in use, node 2"), "{board}");

        let back = failover("f2", app.now().plus(-5 * MINUTE), "2", "1");
        assert_eq!(accepted(&app.ingest(&key, &back).await).await, (1, 0));
        assert_eq!(failovers(app, &id).await, [told("1", "2", Some(15))]);
        // Told late: an earlier one, over before.
        let earlier = app.now().plus(-5 * HOUR);
        for (name, at, from, to) in [("e2", earlier.plus(10 * MINUTE), "2", "1"), ("e1", earlier, "1", "2")] {
            assert_eq!(accepted(&app.ingest(&key, &failover(name, at, from, to)).await).await, (1, 0));
        }
        assert_eq!(failovers(app, &id).await, [told("1", "2", Some(10)), told("1", "2", Some(15))]);
        assert!(!maintainer.get("/console").await.text().contains("fallback in use"));
    }

    async fn what_an_event_names_that_nobody_entered_is_said_to_be_so(app) {
        app.lay_grid().await;
        let key = app.ingest_key().await;
        let maintainer = app.signed_in(Role::Maintainer).await;
        assert_eq!(accepted(&app.ingest(&key, &failover("f1", app.now(), "1", "2")).await).await, (1, 0));
        let sources = maintainer.get("/console/sources").await.text().to_owned();
        assert!(sources.contains("Failovers of unknown suppliers") && sources.contains("supplier=smdp-a"), "{sources}");
        let id = host_a(app).await;
        assert!(!maintainer.get("/console/sources").await.text().contains("supplier=smdp-a"));
        assert!(failovers(app, &id).await.is_empty(), "it counts from now on");

        assert_eq!(accepted(&app.ingest(&key, &failover("f2", app.now(), "1", "eu-7")).await).await, (1, 0));
        let page = maintainer.get(&format!("/console/suppliers/{id}")).await.text().to_owned();
        assert!(page.contains("eu-7") && page.contains("only heard of in an event"), "{page}");
        assert_eq!(failovers(app, &id).await, [told("1", "eu-7", None)]);
    }

    async fn a_failover_event_is_held_to_its_key_and_its_shape(app) {
        app.lay_grid().await;
        let id = host_a(app).await;
        let owner = app.signed_in(Role::Owner).await;
        let page = owner.send("/console/sources/keys", &[("name", "b"), ("suppliers", "smdp-b")]).await;
        let key = page.text().split("id=\"new-key\">").nth(1).and_then(|t| t.split('<').next()).map(str::to_owned);
        // A key may name only suppliers that are known, or any: see what the form says.
        if let Some(key) = key {
            let answer = app.ingest(&key, &failover("f1", app.now(), "1", "2")).await;
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", answer.text());
            assert!(answer.text().contains("foreign-supplier"), "{}", answer.text());
        } else {
            panic!("no key: {}", page.text());
        }
        let key = app.ingest_key().await;
        for (data, pointer) in [
            (json!({ "from": "1", "to": "2" }), "/0/data/supplier"),
            (json!({ "supplier": "smdp-a", "to": "2" }), "/0/data/from"),
            (json!({ "supplier": "smdp-a", "from": "smdp-b/1", "to": "2" }), "/0/data/from"),
            (json!({ "supplier": "smdp-a", "from": "1", "to": "1" }), "/0/data/to"),
            (json!({ "supplier": "smdp-a", "from": "1", "to": "<script>" }), "/0/data/to"),
            (json!(null), "/0/data"),
        ] {
            let mut event = failover("x", app.now(), "1", "2");
            event[0]["data"] = data.clone();
            let answer = app.ingest(&key, &event).await;
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{data}: {}", answer.text());
            assert_eq!(answer.json()["items"][0]["error"]["pointer"], pointer, "{data}: {}", answer.text());
        }
        assert!(failovers(app, &id).await.is_empty());
    }

    async fn a_person_puts_a_failover_on_record_and_may_strike_it(app) {
        app.lay_grid().await;
        let id = host_a(app).await;
        let page = format!("/console/suppliers/{id}");
        let (responder, maintainer) = (app.signed_in(Role::Responder).await, app.signed_in(Role::Maintainer).await);
        for (slug, role) in [("1", "home"), ("2", "standby")] {
            maintainer.send(&format!("{page}/nodes"), &[("slug", slug), ("role", role)]).await;
        }
        let wrong = [("from", "1"), ("to", "1"), ("reason", "a test")];
        let refused = responder.send(&format!("{page}/moves"), &wrong).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(refused.text().contains("a test") && refused.text().contains("Choose another one"), "{}", refused.text());
        let future = [("from", "1"), ("to", "2"), ("reason", "a test"), ("at", "2026-03-02T09:00")];
        assert!(responder.send(&format!("{page}/moves"), &future).await.text().contains("still to come"));
        let good = [("from", "1"), ("to", "2"), ("reason", "a test"), ("at", "2026-03-02T07:30")];
        for _ in 0..2 {
            let answer = responder.send(&format!("{page}/moves"), &good).await;
            assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text());
        }
        assert_eq!(failovers(app, &id).await, [told("1", "2", None)], "a double click is one failover");
        let mut tx = app.app.store.read().await.expect("a transaction");
        let moves = tx.supplier_moves(&id).await.expect("moves");
        drop(tx);
        for step in &moves {
            let strike = format!("{page}/moves/{}/strike", step.id);
            assert_eq!(maintainer.send(&strike, &[]).await.status, StatusCode::SEE_OTHER);
            assert_eq!(maintainer.send(&strike, &[]).await.status, StatusCode::NOT_FOUND);
        }
        assert!(failovers(app, &id).await.is_empty());
        let mut tx = app.app.store.read().await.expect("a transaction");
        let lines = tx.audit_of(&format!("supplier:{id}")).await.expect("the record");
        let actions: Vec<&str> = lines.iter().map(|l| l.action.as_str()).collect();
        for action in ["save_node", "record_move", "strike_move"] {
            assert!(actions.contains(&action), "{actions:?}");
        }
    }

    async fn a_supplier_that_goes_takes_what_is_known_of_it_along(app) {
        app.lay_grid().await;
        let id = host_a(app).await;
        let maintainer = app.signed_in(Role::Maintainer).await;
        let page = format!("/console/suppliers/{id}");
        let cell = app.cell("euicc-download", "FR").await.id;
        maintainer.send(&format!("{page}/nodes"), &[("slug", "1"), ("role", "home"), ("cell", &cell)]).await;
        let certificate = [("kind", "tls"), ("name", "dp.example.com"), ("node", "1"), ("expires_at", "2026-09-01T00:00")];
        assert_eq!(maintainer.send(&format!("{page}/certificates"), &certificate).await.status, StatusCode::SEE_OTHER);
        maintainer.send(&format!("{page}/hosts"), &[("host", "dp.example.com"), ("node", "1")]).await;
        let upstream = [("name", "A"), ("url", "https://status.example.com"), ("cell", cell.as_str())];
        assert_eq!(maintainer.send(&format!("{page}/upstreams"), &upstream).await.status, StatusCode::SEE_OTHER);
        let gone = maintainer.send(&format!("/console/desk-book/suppliers/{id}/remove"), &[]).await;
        assert_eq!(gone.status, StatusCode::SEE_OTHER, "{}", gone.text());
        assert_eq!(maintainer.get(&page).await.status, StatusCode::NOT_FOUND);
    }
}

/// Posts certificates with a key.
async fn post_certificates(app: &TestApp, key: &str, body: &Value) -> Answer {
    Ask::post("/ingest/v1/certificates")
        .header("authorization", &format!("Bearer {key}"))
        .header("content-type", "application/json")
        .body(body.to_string())
        .send(app.address)
        .await
}
