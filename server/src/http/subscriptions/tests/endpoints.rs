//! Endpoints at the doors: what may be registered, and what their owners see and do.

use std::collections::BTreeMap;

use app::paths::ApiV2;
use axum::http::StatusCode;
use delivery::webhook::hostile::{HOSTILE, too_long};
use domain::clock::MINUTE;
use serde_json::{Value, json};

use super::{FORM, ask, filled};
use crate::{
    commands::subscribe::manage_token,
    reads::api,
    worker::outbox::tests::bench::{Bench, Receiver, on_both, reply, willing},
};

async fn page(bench: &Bench, id: &str) -> String {
    let path = format!("/manage/{}", manage_token(&bench.app.keys, id));
    ask(bench, "GET", &path, FORM, "").await.text
}

async fn post(bench: &Bench, id: &str, verb: &str, body: &str) -> StatusCode {
    let path = format!("/manage/{}{verb}", manage_token(&bench.app.keys, id));
    ask(bench, "POST", &path, FORM, body).await.status
}

fn is_challenge(body: &str) -> bool {
    body.contains("endpoint.challenge")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_hostile_address_gets_in_by_either_door() {
    for engine in [store::Engine::Sqlite, store::Engine::Postgres] {
        // A range and a name are allowed: that opens nothing else.
        let bench = Bench::start_with(engine, |config| {
            config.webhook.allow_cidrs = vec!["127.0.0.2/32".parse().unwrap()];
            config.webhook.allow_names = vec!["hooks.internal".into()];
            config.limits.webhook_per_hour = 1_000_000;
        })
        .await;
        let long = too_long();
        for url in HOSTILE.iter().copied().chain([long.as_str()]) {
            let form = url::form_urlencoded::Serializer::new(String::new())
                .append_pair("channel", "webhook")
                .append_pair("what", "everything")
                .append_pair("address", url)
                .finish();
            let page = ask(&bench, "POST", "/subscribe", FORM, &filled(&bench, &form)).await;
            assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{url:?}");
            let body = json!({ "subscriber": { "email": "ops@example.org", "endpoint": url } }).to_string();
            let answer = ask(&bench, "POST", "/api/v2/subscribers.json", "application/json", &body).await;
            // Without an endpoint this is a subscription by mail.
            let status =
                if url.trim().is_empty() { StatusCode::CREATED } else { StatusCode::UNPROCESSABLE_ENTITY };
            assert_eq!(answer.status, status, "{url:?}");
            for address in ["127.0.0", "localhost", "10.0.0.1", "169.254"] {
                assert!(
                    !url.contains(address) || !answer.text.contains(address),
                    "nothing is told: {}",
                    answer.text
                );
            }
        }
        let asked = bench.app.store.read().await.unwrap().subscription_requests(1_000).await.unwrap();
        assert!(asked.iter().all(|request| request.channel == "email"), "{asked:?}");
        for (url, status) in [
            ("http://127.0.0.2:9000/", StatusCode::CREATED),
            ("http://a.hooks.internal:9000/", StatusCode::CREATED),
            ("https://hooks.example.com/", StatusCode::CREATED),
            ("http://hooks.example.com/", StatusCode::UNPROCESSABLE_ENTITY),
            ("https://hooks/", StatusCode::UNPROCESSABLE_ENTITY),
        ] {
            let body = json!({ "subscriber": { "email": "ops@example.org", "endpoint": url } }).to_string();
            let answer = ask(&bench, "POST", "/api/v2/subscribers.json", "application/json", &body).await;
            assert_eq!(answer.status, status, "{url}");
        }
        bench.end().await;
    }
}

/// What the page offers to send again.
fn offered(page: &str) -> Vec<String> {
    page.split("name=\"message\" value=\"")
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap().to_owned())
        .collect()
}

on_both! {
    async fn an_owner_sends_one_message_again_and_sees_no_number_of_ours(bench) {
        let receiver = Receiver::start(willing).await;
        for n in 0..3 {
            let other = Receiver::start(willing).await;
            bench.endpoint(&other.url).await;
            bench.drain().await; // the first proves their host
            bench.pass(n);
        }
        bench.pass(1);
        bench.endpoint(&receiver.url).await;
        bench.drain().await;
        let row = bench.newest().await;
        bench.pass(MINUTE);
        bench.declare("FR").await;
        bench.drain().await;
        let shown = page(bench, &row.id).await;
        let ids = offered(&shown);
        assert_eq!(ids.len(), 1, "the message, not the challenge: {shown}");
        assert_eq!(receiver.seen()[1].header("webhook-id"), format!("msg_{}", ids[0]), "as its receiver knows it");
        assert_eq!(post(bench, &row.id, "/replay", &format!("message={}", ids[0])).await, StatusCode::SEE_OTHER);
        bench.drain().await;
        let seen = receiver.seen();
        assert_eq!((seen.len(), seen[2].header("webhook-id")), (3, seen[1].header("webhook-id")));
        for wrong in ["message=nothing00000", "message=1", "message=%00"] {
            assert_eq!(post(bench, &row.id, "/replay", wrong).await, StatusCode::CONFLICT, "{wrong}");
        }
        for wrong in ["from=soon", "from=2026-03-03&until=2026-03-02", "until=2026-02-30"] {
            assert_eq!(post(bench, &row.id, "/replay", wrong).await, StatusCode::UNPROCESSABLE_ENTITY, "{wrong}");
        }
        for good in ["", "from=2026-03-02", "from=2026-03-02&until=2026-03-02", "until=2026-03-09"] {
            assert_eq!(post(bench, &row.id, "/replay", good).await, StatusCode::SEE_OTHER, "{good}");
        }
        // Our rows are numbered for everybody together: neither the page nor the file may show such a number.
        let mut tx = bench.app.store.read().await.unwrap();
        let delivery = tx.deliveries_of(&row.id, 1).await.unwrap().remove(0).id;
        let token = manage_token(&bench.app.keys, &row.id);
        let file = ask(bench, "GET", &format!("/manage/{token}/export.json"), FORM, "").await.text;
        let file: Value = serde_json::from_str(&file).unwrap();
        let names: Vec<&String> = file["messages"][0].as_object().unwrap().keys().collect();
        assert!(!names.iter().any(|n| n.ends_with("id") || n.contains("sequence")), "{names:?} {delivery}");
        let shown = page(bench, &row.id).await;
        assert!(!offered(&shown).iter().any(|id| *id == delivery.to_string()), "{shown}");
    }

    async fn what_a_receiver_says_is_shown_as_text(bench) {
        let receiver = Receiver::start(|seen| {
            if is_challenge(&seen.body) { return willing(seen); }
            Some(reply("500 No", "\u{1b}[31m<script>alert(1)</script>\r\n\u{202e}\u{7}\u{0}'\"&<img src=x>"))
        }).await;
        bench.endpoint(&receiver.url).await;
        bench.drain().await;
        let row = bench.newest().await;
        bench.pass(MINUTE);
        bench.declare("FR").await;
        bench.drain().await;
        let shown = page(bench, &row.id).await;
        assert!(shown.contains("&lt;script&gt;alert(1)"), "{shown}");
        assert!(!shown.contains("<script>alert") && !shown.contains("<img src=x>"), "{shown}");
        assert!(!shown.contains(['\u{1b}', '\u{202e}', '\u{7}', '\0']), "{shown:?}");
        let attempts = bench.app.store.read().await.unwrap().delivery_attempts(&row.id, 1).await.unwrap();
        assert!(attempts[0].answer.starts_with("500 [31m<script>"), "{attempts:?}");
    }

    async fn whoever_keeps_the_highest_sequence_has_what_the_page_shows(bench) {
        let receiver = Receiver::start(willing).await;
        bench.endpoint(&receiver.url).await;
        bench.drain().await;
        bench.pass(MINUTE);
        let incidents = [bench.declare("FR").await, bench.declare("IT").await];
        for n in 0..6 {
            bench.pass(7 * MINUTE);
            bench.update(&incidents[n % 2]).await;
            if n % 3 == 0 { bench.drain().await; }
        }
        for _ in 0..5 {
            bench.pass(MINUTE);
            bench.drain().await;
        }
        bench.app.snapshot.refresh().await;
        let mut bodies: Vec<Value> =
            receiver.seen()[1..].iter().map(|s| serde_json::from_str(&s.body).unwrap()).collect();
        assert_eq!(bodies.len(), 8);
        let origin = bench.app.config.origin();
        let api = bench.app.snapshot.with_world(|w| api::document(w, origin, ApiV2::Incidents));
        let api: Value = serde_json::from_str(&api).unwrap();
        let told = |incident: &Value| {
            let fields = ["id", "name", "status", "impact", "created_at", "updated_at", "shortlink"];
            let updates: Vec<(Value, Value)> = incident["incident_updates"]
                .as_array().unwrap().iter().map(|u| (u["id"].clone(), u["body"].clone())).collect();
            (fields.map(|f| incident[f].clone()), updates)
        };
        let page: BTreeMap<String, _> = api["incidents"].as_array().unwrap().iter()
            .map(|i| (i["id"].as_str().unwrap().to_owned(), told(i))).collect();
        assert_eq!(page.len(), 2);
        let mut seed = 7u64;
        for round in 0..50 {
            for n in (1..bodies.len()).rev() {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                bodies.swap(n, usize::try_from(seed >> 33).unwrap() % (n + 1));
            }
            let mut kept: BTreeMap<String, (i64, &Value)> = BTreeMap::new();
            for body in &bodies {
                let id = body["incident"]["id"].as_str().unwrap().to_owned();
                let sequence = body["x_waypost"]["sequence"].as_i64().unwrap();
                if kept.get(&id).is_none_or(|(newest, _)| sequence > *newest) {
                    kept.insert(id, (sequence, &body["incident"]));
                }
            }
            let kept: BTreeMap<String, _> = kept.into_iter().map(|(id, (_, i))| (id, told(i))).collect();
            assert_eq!(kept, page, "round {round}");
        }
    }
}
