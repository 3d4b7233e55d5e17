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
use crate::{commands::subscribe::Wish, config::Config};

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
