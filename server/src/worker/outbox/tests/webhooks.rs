use std::{sync::Arc, time::Duration};

use delivery::webhook::Secret;
use domain::clock::{HOUR, MINUTE, SECOND, Timestamp};
use domain::scope::Scope;
use serde_json::Value;
use tokio::{sync::watch, time::Instant};

use super::bench::{Bench, Receiver, Seen, header, on_both, reply, until, willing};
use crate::{
    commands::subscribe::{self, Wish, endpoints},
    worker::outbox::{lane::Lane, mail::MailLane, run},
};

fn is_challenge(seen: &Seen) -> bool {
    seen.body.contains("endpoint.challenge")
}

/// Passes its challenge, then answers `status` to everything.
fn then(seen: &Seen, status: &str) -> Option<String> {
    if is_challenge(seen) { willing(seen) } else { Some(reply(status, "")) }
}

on_both! {
    async fn an_endpoint_is_asked_first_and_then_gets_signed_notices(bench) {
        let receiver = Receiver::start(willing).await;
        let secret = Secret::parse(&bench.endpoint(&receiver.url).await).unwrap();
        bench.declare("FR").await;
        bench.drain().await;
        let row = bench.newest().await;
        assert_eq!(bench.state(&row.id).await, "confirmed");
        assert_eq!(receiver.seen().len(), 1, "what came before is not told");
        bench.pass(MINUTE);
        let incident = bench.declare("IT").await;
        bench.drain().await;
        bench.pass(MINUTE);
        bench.update(&incident).await;
        bench.drain().await;
        let seen = receiver.seen();
        assert_eq!(seen.len(), 3);
        for one in &seen {
            let at = Timestamp::from_millis(one.header("webhook-timestamp").parse::<i64>().unwrap() * 1_000);
            let expected = secret.sign(one.header("webhook-id"), at, one.body.as_bytes());
            assert_eq!(one.header("webhook-signature"), expected);
        }
        let body: Value = serde_json::from_str(&seen[2].body).unwrap();
        assert_eq!(body["incident"]["id"], incident.as_str());
        assert_eq!(body["incident"]["status"], "identified");
        assert_eq!(body["incident"]["incident_updates"].as_array().unwrap().len(), 2);
        assert_eq!(body["x_waypost"]["severity"], 2);
        assert_eq!(body["x_waypost"]["type"], "incident.updated");
        assert!(body["x_waypost"]["next_update_due_at"].is_string());
        assert_eq!(body["page"]["id"], "k7p2m9q4x1zd");
        let first: Value = serde_json::from_str(&seen[1].body).unwrap();
        assert!(first["x_waypost"]["sequence"].as_i64() < body["x_waypost"]["sequence"].as_i64());
    }

    async fn an_endpoint_that_does_not_echo_gets_one_request_ever_unless_approved(bench) {
        let receiver = Receiver::start(|_| Some(reply("200 OK", "ok"))).await;
        bench.endpoint(&receiver.url).await;
        bench.drain().await;
        for _ in 0..10 {
            bench.pass(HOUR);
            bench.declare("FR").await;
            bench.drain().await;
        }
        assert_eq!(receiver.seen().len(), 1);
        let row = bench.newest().await;
        assert_eq!(bench.state(&row.id).await, "pending");
        let mut tx = bench.app.store.write().await.unwrap();
        subscribe::approve(&mut tx, &bench.ctx(), &row.id).await.unwrap();
        tx.commit().await.unwrap();
        bench.pass(MINUTE);
        bench.declare("FR").await;
        bench.drain().await;
        assert_eq!(receiver.seen().len(), 2);
    }

    async fn failures_are_tried_by_the_schedule_under_the_same_id(bench) {
        let receiver = Receiver::start(|seen| then(seen, "500 No")).await;
        bench.endpoint(&receiver.url).await;
        bench.drain().await;
        bench.pass(MINUTE);
        bench.declare("FR").await;
        bench.drain().await;
        assert_eq!(receiver.seen().len(), 2, "at once");
        bench.pass(3_900);
        bench.drain().await;
        assert_eq!(receiver.seen().len(), 2, "not before 5 s less a fifth");
        bench.pass(2_200);
        bench.drain().await;
        assert_eq!(receiver.seen().len(), 3, "by 5 s and a fifth");
        for _ in 0..200 {
            bench.pass(HOUR);
            bench.drain().await;
        }
        let seen = receiver.seen();
        assert_eq!(seen.len() - 1, 17, "the whole schedule");
        assert!(seen[1..].iter().all(|s| s.header("webhook-id") == seen[1].header("webhook-id")));
        assert_ne!(seen[1].header("webhook-timestamp"), seen[17].header("webhook-timestamp"));
        assert!(bench.queue("webhook").await.contains(&("dead".into(), 1)));
    }

    async fn gone_means_gone_and_retry_after_is_honoured(bench) {
        let gone = Receiver::start(|seen| then(seen, "410 Gone")).await;
        bench.endpoint(&gone.url).await;
        let gone_row = bench.newest().await;
        let later = Receiver::start(|seen| then(seen, "429 Slow\r\nRetry-After: 7200")).await;
        bench.pass(1);
        bench.endpoint(&later.url).await;
        bench.drain().await;
        bench.pass(MINUTE);
        for _ in 0..3 {
            bench.declare("FR").await;
        }
        bench.drain().await;
        assert_eq!(bench.state(&gone_row.id).await, "disabled");
        assert!(gone.seen().len() <= 3, "at most what was under way");
        bench.pass(SECOND);
        bench.drain().await;
        let at_once = later.seen().len();
        assert_eq!(at_once, 4, "its challenge and three notices, two at once");
        bench.pass(HOUR);
        bench.drain().await;
        assert_eq!((later.seen().len(), gone.seen().len() <= 3), (at_once, true));
        bench.pass(HOUR);
        bench.drain().await;
        assert!(later.seen().len() > at_once);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn however_many_endpoints_a_host_has_it_gets_64_messages_at_once() {
    let bench = Bench::start(store::Engine::Sqlite).await;
    let other = Receiver::start(willing).await;
    bench.endpoint(&other.url).await;
    let mut many = Vec::new();
    for n in 0..70 {
        let behave = |seen: &Seen| if is_challenge(seen) { willing(seen) } else { None };
        many.push(Receiver::start_at("127.0.0.9", behave).await);
        bench.endpoint(&many.last().unwrap().url).await;
        if n == 0 {
            bench.drain().await;
        }
    }
    for _ in 0..2 {
        bench.drain().await;
        bench.pass(MINUTE);
    }
    let (stop, stopped) = watch::channel(false);
    let running = tokio::spawn(run(bench.app.clone(), bench.senders.clone(), stopped));
    bench.declare("FR").await;
    bench.app.wake.outbox.notify_one();
    let under_way = || many.iter().filter(|one| one.seen().len() > 1).count();
    until("as many as may be", || under_way() >= 64).await;
    until("another host's", || other.seen().len() > 1).await;
    assert_eq!(under_way(), 64);
    stop.send(true).unwrap();
    running.abort();
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn silent_endpoints_delay_neither_healthy_ones_nor_mail() {
    let bench = Bench::start(store::Engine::Sqlite).await;
    bench.subscriber("ada@example.org", &[]).await;
    let healthy = Receiver::start(willing).await;
    bench.endpoint(&healthy.url).await;
    let mut silent = Vec::new();
    for n in 0..100 {
        let host = format!("127.0.0.{}", 2 + n % 2);
        let behave = |seen: &Seen| if is_challenge(seen) { willing(seen) } else { None };
        silent.push(Receiver::start_at(&host, behave).await);
        bench.endpoint(&silent.last().unwrap().url).await;
        if n < 2 {
            bench.drain().await; // their hosts are proven: the others need not wait for an operator
        }
    }
    bench.drain().await;
    assert_eq!(bench.app.store.read().await.unwrap().count_confirmed_subscribers().await.unwrap(), 102);
    bench.pass(MINUTE);
    let (stop, stopped) = watch::channel(false);
    let running = tokio::spawn(run(bench.app.clone(), bench.senders.clone(), stopped));
    for round in 1..=3 {
        let published = Instant::now();
        bench.declare("FR").await;
        bench.app.wake.outbox.notify_one();
        until("the healthy delivery", || healthy.seen().len() > round).await;
        let delay = healthy.seen()[round].at - published;
        assert!(delay < Duration::from_secs(2), "webhook {round}: {delay:?}");
        until("the mail", || bench.mails().len() == round).await;
        assert!(published.elapsed() < Duration::from_secs(2), "mail {round}: {:?}", published.elapsed());
    }
    let most = silent.iter().map(|s| s.seen().len() - 1).max().unwrap();
    assert!(most <= 2, "{most} at once to one endpoint");
    let stopping = Instant::now();
    stop.send(true).unwrap();
    running.await.unwrap();
    assert!(stopping.elapsed() < Duration::from_secs(6), "the stop waits for nobody long");
    let senders: &Arc<_> = &bench.senders;
    until("the end of everything that was on its way", || Arc::strong_count(senders) == 1).await;
    bench.end().await;
}

on_both! {
    async fn a_stranger_cannot_make_us_ask_one_host_again_and_again(bench) {
        let target = Receiver::start(|_| Some(reply("404 Not Found", ""))).await;
        for _ in 0..6 {
            bench.endpoint(&target.url).await;
            bench.pass(SECOND);
        }
        bench.drain().await;
        assert_eq!(target.seen().len(), 3, "three challenges in a day, then the operator decides");
        let row = bench.newest().await;
        let mut tx = bench.app.store.write().await.unwrap();
        subscribe::approve(&mut tx, &bench.ctx(), &row.id).await.unwrap();
        tx.commit().await.unwrap();
        bench.endpoint(&target.url).await;
        bench.drain().await;
        assert_eq!(target.seen().len(), 4, "a proven host is asked at once");
    }
}

on_both! {
    async fn an_endpoint_that_fails_is_given_up_with_word_to_its_owner_and_can_come_back(bench) {
        let flaky = Receiver::start(|seen| {
            if is_challenge(seen) { willing(seen) } else { Some(reply("500 Internal Server Error", "")) }
        }).await;
        let wish = Wish { contact: "owner@example.org".into(), ..Wish::of(Scope::default()) };
        bench.endpoint_for(&flaky.url, wish).await;
        bench.drain().await;
        let row = bench.newest().await;
        bench.pass(1);
        bench.declare("FR").await;
        for _ in 0..60 {
            bench.drain().await;
            bench.pass(6 * HOUR);
        }
        let subjects: Vec<String> = bench.mails().iter().map(|m| header(m, "Subject").to_owned()).collect();
        assert!(subjects.iter().any(|s| s.contains("Nothing is sent to your endpoint")), "{subjects:?}");
        assert!(bench.mails().iter().all(|m| header(m, "Delivered-To") == "owner@example.org"));
        assert_eq!(bench.state(&row.id).await, "disabled");
        let attempts = bench.app.store.read().await.unwrap().delivery_attempts(&row.id, 100).await.unwrap();
        assert_eq!(attempts.len(), 18, "the challenge and the whole schedule, each on record");
        assert!(attempts[0].answer.starts_with("500") && attempts[17].is_delivered);

        let ctx = bench.ctx();
        let mut tx = bench.app.store.write().await.unwrap();
        endpoints::enable(&mut tx, &ctx, &row.id).await.unwrap();
        tx.commit().await.unwrap();
        bench.drain().await;
        let row = bench.newest().await;
        assert_eq!((row.state.as_str(), row.failing_since_at), ("confirmed", None));
        let before = flaky.seen().len();
        let mut tx = bench.app.store.write().await.unwrap();
        let count = endpoints::replay(&mut tx, &bench.ctx(), &row.id, endpoints::Again::Since(Timestamp::default())).await.unwrap();
        endpoints::test(&mut tx, &bench.ctx(), &row.id).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(count, 1);
        bench.drain().await;
        let seen = flaky.seen();
        let ids: Vec<&str> = seen[before..].iter().map(|s| s.header("webhook-id")).collect();
        assert!(ids.contains(&seen[1].header("webhook-id")), "a replay keeps its id: {ids:?}");
        assert!(seen[before..].iter().any(|s| s.body.contains("endpoint.test")));
    }

    async fn a_nudge_while_a_lane_looks_is_not_lost(bench) {
        let senders = || bench.senders.clone();
        assert!(Lane::new(bench.app.clone(), senders()).minds_a_nudge_meanwhile().await.unwrap());
        assert!(MailLane::new(bench.app.clone(), senders()).minds_a_nudge_meanwhile().await.unwrap());
    }
}
