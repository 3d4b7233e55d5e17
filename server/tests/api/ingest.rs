//! The ingest door: what it takes, what it refuses, and that nothing good is lost beside something bad.

use domain::{
    clock::{MINUTE, SECOND},
    component::Step,
};
use http::StatusCode;
use serde_json::{Value, json};
use server::worker::journeys::Journeys;

use crate::harness::{Ask, Journey, START, TestApp, batch};

fn journey(subject: &str) -> Journey {
    Journey { subject: subject.into(), country: "FR", at: START.plus(-10 * SECOND), fails: false }
}

fn one() -> Value {
    journey("ord-1").event("requested", 0, json!({}))
}

async fn post(app: &TestApp, key: &str, kind: &str, body: impl Into<bytes::Bytes>) -> crate::harness::Answer {
    Ask::post("/ingest/v1/events")
        .header("authorization", &format!("Bearer {key}"))
        .header("content-type", kind)
        .body(body)
        .send(app.address)
        .await
}

const ONE: &str = "application/cloudevents+json";
const BATCH: &str = "application/cloudevents-batch+json";

api_tests! {
    async fn a_batch_is_taken_once(app) {
        app.lay_grid().await;
        let key = app.ingest_key().await;
        let events = &batch("a", "FR", 10, 5, app.now())[0];
        let count = events.as_array().expect("events").len();

        let first = app.ingest(&key, events).await;
        assert_eq!(first.status, StatusCode::ACCEPTED, "{}", first.text());
        assert_eq!(first.json()["accepted"], count);
        assert_eq!(first.json()["items"], json!([]));

        let second = app.ingest(&key, events).await;
        assert_eq!(second.status, StatusCode::ACCEPTED);
        assert_eq!((&second.json()["accepted"], &second.json()["duplicate"]), (&json!(0), &json!(count)));
        let third = app.ingest(&key, events).await;
        assert_eq!(second.json(), third.json(), "from the second repeat on the answers are equal");
    }

    async fn what_arrived_is_applied_once_whoever_applies_it(app) {
        app.lay_grid().await;
        let key = app.ingest_key().await;
        let mut told = 0;
        for events in batch("a", "FR", 40, 0, app.now()) {
            told += events.as_array().expect("events").len();
            assert_eq!(app.ingest(&key, &events).await.status, StatusCode::ACCEPTED);
        }
        let waiting = async || app.app.store.read().await.expect("a transaction").count_arrived().await.expect("a count");
        assert_eq!(usize::try_from(waiting().await), Ok(told), "kept, and nothing counted before they are applied");
        let (mut one, mut other) = (Journeys::default(), Journeys::default());
        let (a, b) = tokio::join!(one.apply(&app.app), other.apply(&app.app));
        assert_eq!(a.expect("a round") + b.expect("a round"), told);
        assert_eq!(waiting().await, 0);
        app.pass(5 * MINUTE);
        let window = app.app.store.read().await.expect("a transaction").window(900, 10, app.now()).await.expect("a window");
        let counts = &window[&(Step::Journey, "FR".to_owned())];
        assert_eq!((counts.samples, counts.succeeded), (40, 40));
        // Whoever sends it again changes nothing.
        for events in batch("a", "FR", 40, 0, START) {
            let answer = app.ingest(&key, &events).await.json();
            assert_eq!((&answer["accepted"], &answer["duplicate"]), (&json!(0), &json!(events.as_array().expect("events").len())));
        }
        assert_eq!(waiting().await, 0);
        // What is new among it is kept and applied alone.
        let mut mixed = batch("a", "FR", 40, 0, START).remove(0);
        mixed.as_array_mut().expect("events").push(journey("ord-new").event("requested", 0, json!({})));
        let answer = app.ingest(&key, &mixed).await.json();
        assert_eq!((&answer["accepted"], answer["duplicate"].as_u64()), (&json!(1), mixed.as_array().map(|all| all.len() as u64 - 1)));
        assert_eq!(waiting().await, 1);
    }

    async fn more_than_the_journeys_can_follow_has_to_wait(app) {
        app.lay_grid().await;
        let key = app.ingest_key().await;
        let thousand = |n: usize| {
            let one = |i: usize| journey(&format!("w-{n}-{i}")).event("requested", 0, json!({}));
            Value::from_iter((0..1_000).map(one))
        };
        for n in 0..30 {
            assert_eq!(app.ingest(&key, &thousand(n)).await.status, StatusCode::ACCEPTED, "{n}");
        }
        let next = thousand(30);
        let mut late = std::pin::pin!(app.ingest(&key, &next));
        let is_early = tokio::time::timeout(std::time::Duration::from_millis(700), &mut late).await.is_ok();
        assert!(!is_early, "30,000 are kept that nobody sees yet");
        app.fold().await;
        assert_eq!(late.await.status, StatusCode::ACCEPTED);
        // When they do not follow at all, nobody waits for ever, and nothing is kept.
        app.fold().await;
        for n in 31..61 {
            assert_eq!(app.ingest(&key, &thousand(n)).await.status, StatusCode::ACCEPTED, "{n}");
        }
        let last = app.ingest(&key, &thousand(61)).await;
        assert_eq!(last.status, StatusCode::TOO_MANY_REQUESTS, "{}", last.text());
        assert!(!last.header("retry-after").is_empty());
        let mut tx = app.app.store.read().await.expect("a transaction");
        assert_eq!(tx.count_events().await.expect("a count"), 61_000);
    }

    async fn one_bad_item_never_loses_its_neighbours(app) {
        app.lay_grid().await;
        let key = app.ingest_key().await;
        let mut bad = journey("ord-2").event("requested", 0, json!({}));
        bad["data"]["country"] = json!("ZZ");
        let events = json!([one(), bad, journey("ord-3").event("requested", 0, json!({}))]);

        let answer = app.ingest(&key, &events).await;
        assert_eq!(answer.status, StatusCode::MULTI_STATUS, "{}", answer.text());
        let told = answer.json();
        assert_eq!((&told["accepted"], &told["rejected"]), (&json!(2), &json!(1)));
        assert_eq!(told["items"][0]["index"], 1);
        assert_eq!(told["items"][0]["error"]["pointer"], "/1/data/country");
        assert!(told["items"][0]["error"]["type"].as_str().expect("a type").ends_with("/unknown-country"));

        let all_bad = app.ingest(&key, &json!([events[1]])).await;
        assert_eq!(all_bad.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", all_bad.text());
    }

    async fn a_member_that_is_there_twice_is_refused_and_its_neighbours_are_taken(app) {
        app.lay_grid().await;
        let key = app.ingest_key().await;
        let good = one().to_string();
        let twice = good.replacen("\"country\":\"FR\"", "\"country\":\"FR\",\"country\":\"IT\"", 1);
        assert_ne!(good, twice);
        let answer = post(app, &key, BATCH, format!("[{twice},{good}]")).await;
        assert_eq!(answer.status, StatusCode::MULTI_STATUS, "{}", answer.text());
        let told = answer.json();
        assert_eq!((&told["accepted"], &told["items"][0]["index"]), (&json!(1), &json!(0)));
        assert!(told["items"][0]["error"]["detail"].as_str().expect("a reason").contains("a member \"country\" is there more than once"), "{told}");
        for door in ["/ingest/v1/heartbeat", "/ingest/v1/certificates", "/ingest/v1/alertmanager", "/gsma/rsp2/es2plus/handleDownloadProgressInfo"] {
            let answer = Ask::post(door)
                .header("authorization", &format!("Bearer {key}"))
                .header("content-type", "application/json")
                .body("{\"source\":\"a\",\"source\":\"b\"}")
                .send(app.address)
                .await;
            assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{door}: {}", answer.text());
            assert!(answer.text().contains("more than once"), "{door}: {}", answer.text());
        }
    }

    async fn structured_and_binary_mode_are_taken(app) {
        app.lay_grid().await;
        let key = app.ingest_key().await;
        let structured = post(app, &key, "application/cloudevents+json; charset=utf-8", one().to_string()).await;
        assert_eq!(structured.status, StatusCode::ACCEPTED, "{}", structured.text());

        let event = journey("ord-9").event("issued", 0, json!({}));
        let text = |member: &str| event[member].as_str().expect("text").to_owned();
        let binary = Ask::post("/ingest/v1/events")
            .header("authorization", &format!("Bearer {key}"))
            .header("content-type", "application/json")
            .header("ce-specversion", "1.0")
            .header("ce-id", &text("id"))
            .header("ce-source", "%2Fsmdp/eu-a")
            .header("ce-type", &text("type"))
            .header("ce-subject", &text("subject"))
            .header("ce-time", &text("time"))
            .body(event["data"].to_string())
            .send(app.address)
            .await;
        assert_eq!(binary.status, StatusCode::ACCEPTED, "{}", binary.text());
        let again = post(app, &key, ONE, event.to_string()).await;
        assert_eq!(again.json()["duplicate"], 1, "the header's source was percent-decoded: {}", again.text());
    }

    async fn the_same_id_with_another_body_is_a_conflict(app) {
        app.lay_grid().await;
        let key = app.ingest_key().await;
        assert_eq!(post(app, &key, ONE, one().to_string()).await.status, StatusCode::ACCEPTED);
        let mut other = one();
        other["data"]["country"] = json!("IT");
        let answer = post(app, &key, ONE, other.to_string()).await;
        assert_eq!(answer.status, StatusCode::CONFLICT, "{}", answer.text());
    }

    async fn bad_input_is_answered_as_a_problem(app) {
        app.lay_grid().await;
        let key = app.ingest_key().await;
        let mut no_id = one();
        no_id.as_object_mut().expect("an object").remove("id");
        let mut code = one();
        code["data"]["profile"] = json!("LPA:1$smdp.example.com$MATCHING-ID");
        let big = format!("[\"{}\"]", "x".repeat(1_100_000));
        let cases: [(&str, String, u16); 6] = [
            (ONE, "{".into(), 400),
            (ONE, no_id.to_string(), 400),
            (ONE, code.to_string(), 422),
            ("text/plain", "hello".into(), 415),
            (BATCH, big, 413),
            (BATCH, "{}".into(), 400),
        ];
        for (kind, body, status) in cases {
            let shown: String = body.chars().take(60).collect();
            let answer = post(app, &key, kind, body).await;
            assert_eq!(answer.status.as_u16(), status, "{kind} {shown}: {}", answer.text());
            assert_eq!(answer.header("content-type"), "application/problem+json", "{shown}");
            assert!(!answer.text().contains("MATCHING-ID"), "an activation code is never repeated");
        }
    }

    async fn nobody_without_a_key_gets_in(app) {
        app.lay_grid().await;
        let key = app.ingest_key().await;
        let wrong = format!("{}x", &key[..key.len() - 1]);
        for key in ["", "tk_aaaaaaaa_bbbb", &wrong] {
            // The body is nonsense: the key is asked for first.
            let answer = post(app, key, "text/plain", "nonsense").await;
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{key}");
            assert!(answer.header("www-authenticate").starts_with("Bearer"));
        }
    }

    async fn a_quota_ends_with_when_to_come_back(app) {
        app.lay_grid().await;
        let key = app.ingest_key_with((2, 1_000)).await;
        let mut last = None;
        for n in 0..4 {
            let event = journey(&format!("q-{n}")).event("requested", 0, json!({}));
            last = Some(post(app, &key, ONE, event.to_string()).await);
        }
        let last = last.expect("an answer");
        assert_eq!(last.status, StatusCode::TOO_MANY_REQUESTS, "{}", last.text());
        assert!(last.header("retry-after").parse::<u64>().expect("seconds") >= 1);
    }

    async fn a_batch_that_no_wait_lets_in_is_refused_for_good(app) {
        app.lay_grid().await;
        let key = app.ingest_key_with((1_000, 3)).await;
        let events: Vec<Value> = (0..4).map(|n| journey(&format!("b-{n}")).event("requested", 0, json!({}))).collect();
        let large = app.ingest(&key, &json!(events)).await;
        assert_eq!(large.status, StatusCode::PAYLOAD_TOO_LARGE, "{}", large.text());
        assert!(large.text().contains("larger than the key's quota of 3 events a minute"), "{}", large.text());
        assert_eq!(large.header("retry-after"), "", "it would be told the same again");
        let answer = app.ingest(&key, &json!(events[..3])).await;
        assert_eq!(answer.status, StatusCode::ACCEPTED, "it had cost nothing: {}", answer.text());
        let spent = app.ingest(&key, &json!(events[3..])).await;
        assert_eq!((spent.status, spent.header("retry-after")), (StatusCode::TOO_MANY_REQUESTS, "2"));
    }

    async fn a_compressed_body_is_refused_by_its_name(app) {
        app.lay_grid().await;
        let key = app.ingest_key().await;
        for (door, kind) in [
            ("/ingest/v1/events", ONE),
            ("/ingest/v1/heartbeat", "application/json"),
            ("/ingest/v1/certificates", "application/json"),
            ("/ingest/v1/alertmanager", "application/json"),
            ("/gsma/rsp2/es2plus/handleDownloadProgressInfo", "application/json"),
        ] {
            for coding in ["gzip", "identity, br", "x-what"] {
                let answer = Ask::post(door)
                    .header("authorization", &format!("Bearer {key}"))
                    .header("content-type", kind)
                    .header("content-encoding", coding)
                    .body(&b"\x1f\x8b\x08"[..])
                    .send(app.address)
                    .await;
                assert_eq!(answer.status, StatusCode::UNSUPPORTED_MEDIA_TYPE, "{door} {coding}: {}", answer.text());
                assert!(answer.text().contains("Content-Encoding"), "{door} {coding}: {}", answer.text());
            }
        }
        let plain = Ask::post("/ingest/v1/events")
            .header("authorization", &format!("Bearer {key}"))
            .header("content-type", ONE)
            .header("content-encoding", "Identity")
            .body(one().to_string())
            .send(app.address)
            .await;
        assert_eq!(plain.status, StatusCode::ACCEPTED, "{}", plain.text());
    }

    async fn an_empty_batch_is_fine(app) {
        app.lay_grid().await;
        let key = app.ingest_key().await;
        let answer = app.ingest(&key, &json!([])).await;
        assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.text());
    }
}
