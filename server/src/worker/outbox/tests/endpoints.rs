//! The life of an endpoint over days: when it is tried, when it is given up, and that restarts change nothing.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use delivery::schedule::next_delay;
use domain::clock::{DAY, HOUR, MINUTE, SECOND, Timestamp};
use domain::scope::Scope;
use store::Engine;

use super::bench::{Bench, Receiver, Seen, header, on_both, reply, willing};
use crate::{
    commands::subscribe::{Wish, endpoints},
    config::Config,
    reads::deliveries,
};

/// Passes its challenge, then answers this to everything.
fn then(seen: &Seen, status: &str) -> Option<String> {
    if seen.body.contains("endpoint.challenge") { willing(seen) } else { Some(reply(status, "")) }
}

#[test]
fn the_schedule_is_the_promised_one() {
    let secs = Config::load(None).unwrap().webhook.schedule_secs;
    let (minute, hour) = (60, 3_600);
    let promised = [
        0,
        5,
        30,
        2 * minute,
        10 * minute,
        30 * minute,
        hour,
        2 * hour,
        4 * hour,
        8 * hour,
        16 * hour,
        24 * hour,
        24 * hour,
        24 * hour,
        24 * hour,
        24 * hour,
        24 * hour,
    ];
    assert_eq!(secs, promised);
    let days = |secs: u64| secs / (24 * hour);
    let all: u64 = secs.iter().sum();
    assert!(days(all) == 7 && all * 10 / (24 * hour) == 73, "7.3 days");
    assert!(secs[..5].iter().sum::<u64>() <= 13 * minute, "the first five within 13 minutes");
    for (attempts, secs) in (0i64..).zip(promised) {
        let ms = i64::try_from(secs).unwrap() * 1_000;
        let delays =
            [0, u32::MAX / 2, u32::MAX].map(|roll| next_delay(&promised, attempts, roll, None).unwrap());
        assert_eq!((delays[0], delays[2]), (ms - ms / 5, ms + ms / 5), "a fifth either way");
        assert!((delays[1] - ms).abs() <= 1);
    }
    assert_eq!(next_delay(&promised, 17, 0, None), None);
}

/// When the second attempt at a message comes, in whole seconds after the first; looked at every so often.
async fn second_attempt(bench: &Bench, receiver: &Receiver, step: i64) -> i64 {
    bench.endpoint(&receiver.url).await;
    bench.drain().await;
    bench.pass(MINUTE);
    bench.declare("FR").await;
    bench.drain().await;
    let (first, before) = (bench.app.clock.now(), receiver.seen().len());
    assert_eq!(before, 2, "the challenge and the first attempt");
    while receiver.seen().len() == before {
        bench.pass(step);
        bench.drain().await;
        assert!(bench.app.clock.now().since(first) < 3 * DAY);
    }
    bench.app.clock.now().since(first) / SECOND
}

on_both! {
    async fn what_a_receiver_asks_is_honoured_up_to_a_day(bench) {
        let forever = Receiver::start(|seen| then(seen, "429 No\r\nRetry-After: 1000000000000")).await;
        assert_eq!(second_attempt(bench, &forever, HOUR).await, 24 * 3_600);
        // The clock stands at 8 in the morning of the day before.
        let date = Receiver::start(|seen| then(seen, "503 No\r\nRetry-After: Wed, 04 Mar 2026 06:00:00 GMT")).await;
        let asked = Timestamp::parse_rfc3339("2026-03-04T06:00:00Z").unwrap();
        let waits = asked.since(bench.app.clock.now().plus(MINUTE)) / SECOND;
        assert!(waits > 0 && waits < 24 * 3_600, "{waits}");
        let came = second_attempt(bench, &date, 10 * MINUTE).await;
        assert!(came >= waits && came < waits + 601, "{came}, asked for {waits}");
    }
}

/// A receiver that says it is gone once it is; to questions too, or not.
async fn mortal(is_gone: &Arc<AtomicBool>, to_questions: bool) -> Receiver {
    let is_gone = Arc::clone(is_gone);
    let answer = move |seen: &Seen| {
        let is_asked = to_questions || !seen.body.contains("endpoint.challenge");
        if is_asked && is_gone.load(Ordering::SeqCst) { Some(reply("410 Gone", "")) } else { willing(seen) }
    };
    Receiver::start(answer).await
}

on_both! {
    async fn what_an_endpoint_missed_while_it_was_given_up_comes_when_it_asks_for_it(bench) {
        let is_gone = Arc::new(AtomicBool::new(false));
        let receiver = mortal(&is_gone, false).await;
        bench.endpoint_for(&receiver.url, Wish::of(Scope { countries: ["FR".into()].into(), ..Scope::default() })).await;
        bench.drain().await;
        let id = bench.newest().await.id;
        bench.pass(MINUTE);
        is_gone.store(true, Ordering::SeqCst);
        let incident = bench.declare("FR").await;
        bench.drain().await;
        assert_eq!(bench.state(&id).await, "disabled");
        for _ in 0..2 {
            bench.pass(MINUTE);
            bench.update(&incident).await;
            bench.drain().await;
        }
        bench.declare("IT").await; // none of its business
        bench.drain().await;
        assert_eq!(receiver.seen().len(), 2, "the challenge, and what it answered by 410");
        let health = deliveries::health(&mut bench.app.store.read().await.unwrap(), bench.app.clock.now()).await.unwrap();
        let hooks = health.iter().find(|c| c.channel == "webhook").unwrap();
        assert_eq!((hooks.count("dead"), hooks.count("held"), hooks.waiting()), (1, 2, 0));
        is_gone.store(false, Ordering::SeqCst);
        let mut tx = bench.app.store.write().await.unwrap();
        endpoints::enable(&mut tx, &bench.ctx(), &id).await.unwrap();
        tx.commit().await.unwrap();
        bench.drain().await;
        assert_eq!(bench.state(&id).await, "confirmed");
        let before = receiver.seen().len();
        let from = bench.app.clock.now().plus(-HOUR);
        let mut tx = bench.app.store.write().await.unwrap();
        assert_eq!(endpoints::replay(&mut tx, &bench.ctx(), &id, endpoints::Again::Since(from)).await.unwrap(), 3);
        tx.commit().await.unwrap();
        for _ in 0..3 {
            bench.drain().await; // two at once to one endpoint
            bench.pass(SECOND);
        }
        let bodies: Vec<serde_json::Value> =
            receiver.seen()[before..].iter().map(|s| serde_json::from_str(&s.body).unwrap()).collect();
        let mut updates: Vec<usize> =
            bodies.iter().map(|b| b["incident"]["incident_updates"].as_array().unwrap().len()).collect();
        updates.sort_unstable();
        assert_eq!(updates, [1, 2, 3], "each update it missed, and no other");
    }

    async fn an_endpoint_that_never_answered_is_asked_once_whoever_presses(bench) {
        let receiver = Receiver::start(|_| Some(reply("200 OK", "ok"))).await;
        bench.endpoint(&receiver.url).await;
        bench.drain().await;
        let id = bench.newest().await.id;
        let mut tx = bench.app.store.write().await.unwrap();
        assert!(endpoints::enable(&mut tx, &bench.ctx(), &id).await.is_err());
        drop(tx);
        bench.drain().await;
        assert_eq!((receiver.seen().len(), bench.state(&id).await.as_str()), (1, "pending"));
    }

    async fn an_endpoint_that_does_not_answer_when_asked_again_keeps_what_is_kept_for_it(bench) {
        let is_gone = Arc::new(AtomicBool::new(false));
        let receiver = mortal(&is_gone, true).await;
        bench.endpoint(&receiver.url).await;
        bench.drain().await;
        let id = bench.newest().await.id;
        bench.pass(MINUTE);
        is_gone.store(true, Ordering::SeqCst);
        let incident = bench.declare("FR").await;
        bench.drain().await;
        let mut tx = bench.app.store.write().await.unwrap();
        endpoints::enable(&mut tx, &bench.ctx(), &id).await.unwrap();
        tx.commit().await.unwrap();
        bench.pass(MINUTE);
        bench.update(&incident).await; // while it is asked
        bench.drain().await;
        assert_eq!(bench.state(&id).await, "disabled");
        bench.pass(4 * DAY);
        let mut tx = bench.app.store.write().await.unwrap();
        let states: Vec<String> =
            tx.deliveries_of(&id, 20).await.unwrap().into_iter().filter(|d| d.kind == "incident_update").map(|d| d.state).collect();
        assert_eq!(states, ["held", "dead"]);
    }

    async fn what_fails_at_every_attempt_counts_as_failing_before_it_is_given_up(bench) {
        let receiver = Receiver::start(|seen| then(seen, "500 No")).await;
        bench.endpoint(&receiver.url).await;
        bench.drain().await;
        bench.pass(MINUTE);
        bench.declare("FR").await;
        bench.drain().await;
        let health = deliveries::health(&mut bench.app.store.read().await.unwrap(), bench.app.clock.now()).await.unwrap();
        let hooks = health.iter().find(|c| c.channel == "webhook").unwrap();
        assert_eq!((hooks.retried, hooks.failure_share(), hooks.is_no_go()), (1, Some(1.0), true));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn days_of_failure_end_an_endpoint_whatever_is_restarted_and_a_success_begins_anew() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let mut bench = Bench::start(engine).await;
        let (is_well, heard) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
        let (well, seen_well) = (is_well.clone(), heard.clone());
        let receiver = Receiver::start(move |seen| {
            if well.load(Ordering::SeqCst) && !seen.body.contains("endpoint.challenge") {
                seen_well.store(true, Ordering::SeqCst);
                return Some(reply("204 No Content", ""));
            }
            then(seen, "500 No")
        })
        .await;
        let wish = Wish { contact: "owner@example.org".into(), ..Wish::of(Scope::default()) };
        bench.endpoint_for(&receiver.url, wish).await;
        bench.drain().await;
        let id = bench.newest().await.id;
        bench.pass(MINUTE);
        bench.declare("FR").await;
        let days = |bench: &Bench, from: Timestamp| bench.app.clock.now().since(from) / DAY;
        // Four days of failure, then one success: the count begins anew.
        let begun = bench.app.clock.now();
        while days(&bench, begun) < 4 {
            bench.drain().await;
            bench.pass(6 * HOUR);
            bench.restart().await;
        }
        is_well.store(true, Ordering::SeqCst);
        while !heard.load(Ordering::SeqCst) {
            bench.drain().await;
            bench.pass(6 * HOUR);
            bench.restart().await;
        }
        is_well.store(false, Ordering::SeqCst);
        let row = bench.newest().await;
        assert_eq!((row.state.as_str(), row.failing_since_at), ("confirmed", None));
        bench.declare("IT").await;
        let begun = bench.app.clock.now();
        while bench.state(&id).await == "confirmed" {
            assert!(days(&bench, begun) < 14, "it is given up when the schedule ends, jitter and all");
            bench.drain().await;
            bench.pass(6 * HOUR);
            bench.restart().await;
        }
        assert!(days(&bench, begun) >= 5, "not before five days: {}", days(&bench, begun));
        assert_eq!(bench.state(&id).await, "disabled");
        let count = receiver.seen().len();
        bench.declare("FR").await;
        bench.restart().await;
        bench.drain().await;
        assert_eq!(receiver.seen().len(), count, "that is known after a restart");
        let mails = bench.mails();
        let about = |what: &str| mails.iter().filter(|m| header(m, "Subject").contains(what)).count();
        assert_eq!(about("Nothing is sent to your endpoint"), 1, "{mails:?}");
        bench.end().await;
    }
}
