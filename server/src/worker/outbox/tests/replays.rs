//! What was given up is sent again: one message, a range, or everything; and does not delay what is new.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use domain::clock::{DAY, HOUR, MINUTE};
use store::SubscriberRow;

use super::bench::{Bench, Receiver, on_both, reply, willing};
use crate::commands::{
    Refusal,
    subscribe::endpoints::{Again, replay},
};

async fn again(bench: &Bench, row: &SubscriberRow, what: Again<'_>) -> Result<u64, Refusal> {
    let mut tx = bench.app.store.write().await.unwrap();
    let count = replay(&mut tx, &bench.ctx(), &row.id, what).await?;
    tx.commit().await.unwrap();
    Ok(count)
}

/// A receiver that fails while it is told to, with three messages given up a day apart; their ids, oldest first.
async fn with_three_given_up(bench: &Bench) -> (Receiver, Arc<AtomicBool>, SubscriberRow, Vec<String>) {
    let is_ill = Arc::new(AtomicBool::new(true));
    let ill = is_ill.clone();
    let receiver = Receiver::start(move |seen| {
        let fails = ill.load(Ordering::SeqCst) && !seen.body.contains("endpoint.challenge");
        if fails { Some(reply("500 No", "")) } else { willing(seen) }
    })
    .await;
    bench.endpoint(&receiver.url).await;
    bench.drain().await;
    let row = bench.newest().await;
    bench.pass(MINUTE);
    for _ in 0..3 {
        bench.declare("FR").await;
        for _ in 0..6 {
            bench.drain().await;
            bench.pass(4 * HOUR);
        }
    }
    let mut tx = bench.app.store.read().await.unwrap();
    let mut dead = tx.deliveries_of(&row.id, 100).await.unwrap();
    dead.retain(|d| d.state == "dead");
    dead.reverse();
    (receiver, is_ill, row, dead.into_iter().map(|d| d.event_id).collect())
}

/// Ids of what came since, without their prefix, sorted.
fn heard(receiver: &Receiver, before: usize) -> Vec<String> {
    let seen = receiver.seen();
    let ids = seen[before..].iter().map(|s| s.header("webhook-id").trim_start_matches("msg_").to_owned());
    let mut ids: Vec<String> = ids.collect();
    ids.sort();
    ids
}

/// The same bench with a schedule that ends within a day.
macro_rules! brief {
    ($name:ident, $body:ident) => {
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name() {
            for engine in [store::Engine::Sqlite, store::Engine::Postgres] {
                let bench = Bench::start_with(engine, |c| c.webhook.schedule_secs = vec![0, 3_600]).await;
                $body(&bench).await;
                bench.end().await;
            }
        }
    };
}

brief!(one_a_range_or_all_is_sent_again_under_the_old_id_and_on_record, one_range_all);

async fn one_range_all(bench: &Bench) {
    let (receiver, is_ill, row, ids) = with_three_given_up(bench).await;
    assert_eq!(ids.len(), 3);
    is_ill.store(false, Ordering::SeqCst);
    let day = |n: i64| bench.app.clock.now().utc_day_start().plus(n * DAY);

    let mut before = receiver.seen().len();
    assert_eq!(again(bench, &row, Again::One(&ids[1])).await.unwrap(), 1);
    bench.drain().await;
    assert_eq!(heard(&receiver, before), [ids[1].clone()]);
    before = receiver.seen().len();
    assert_eq!(again(bench, &row, Again::One(&ids[1])).await.unwrap(), 1, "what was taken can be had again");
    bench.drain().await;
    assert_eq!(heard(&receiver, before), [ids[1].clone()]);

    before = receiver.seen().len();
    assert_eq!(again(bench, &row, Again::Between(day(-1), day(0))).await.unwrap(), 1);
    bench.drain().await;
    assert_eq!(heard(&receiver, before), [ids[2].clone()]);
    before = receiver.seen().len();
    assert_eq!(again(bench, &row, Again::Since(day(-9))).await.unwrap(), 1, "the one that is left");
    bench.drain().await;
    assert_eq!(heard(&receiver, before), [ids[0].clone()]);

    let record =
        bench.app.store.read().await.unwrap().audit_of(&format!("subscriber:{}", row.id)).await.unwrap();
    let replays: Vec<&str> =
        record.iter().filter(|r| r.action == "replay_deliveries").map(|r| r.detail.as_str()).collect();
    assert_eq!(replays.len(), 4, "{replays:?}");
    assert!(replays[0].contains(&format!("msg_{}", ids[1])) && replays[2].contains("until"), "{replays:?}");
}

brief!(strangers_messages_and_endless_replays_are_refused, refused);

async fn refused(bench: &Bench) {
    let (_receiver, _, row, ids) = with_three_given_up(bench).await;
    let other = Receiver::start(willing).await;
    bench.endpoint(&other.url).await;
    bench.drain().await;
    let stranger = bench.newest().await;
    for (who, id) in [(&stranger, ids[0].as_str()), (&row, "nothing00000"), (&row, "")] {
        assert!(matches!(again(bench, who, Again::One(id)).await, Err(Refusal::Conflict(_))), "{id:?}");
    }
    let mut taken = 0;
    while again(bench, &row, Again::Since(bench.app.clock.now())).await.is_ok() {
        taken += 1;
        assert!(taken < 100);
    }
    assert_eq!(taken, 20);
    bench.pass(HOUR);
    assert!(again(bench, &row, Again::One(&ids[0])).await.is_ok(), "an hour later it goes on");
}

on_both! {
    async fn an_attempt_that_was_taken_stays_on_record_when_it_is_sent_again(bench) {
        let receiver = Receiver::start(willing).await;
        bench.endpoint(&receiver.url).await;
        bench.drain().await;
        let row = bench.newest().await;
        bench.pass(MINUTE);
        bench.declare("FR").await;
        bench.drain().await;
        let attempts = async || {
            let mut tx = bench.app.store.read().await.unwrap();
            let all = tx.delivery_attempts(&row.id, 100).await.unwrap();
            assert!(all.iter().all(|a| a.is_delivered && a.answer.starts_with("200")), "{all:?}");
            all.into_iter().map(|a| (a.delivery_id, a.at)).collect::<Vec<_>>()
        };
        let first = attempts().await;
        assert_eq!(first.len(), 2, "the update, and before it the challenge");
        assert!(first[0].1 > first[1].1, "{first:?}");
        bench.pass(MINUTE);
        let event = {
            let mut tx = bench.app.store.read().await.unwrap();
            tx.deliveries_of(&row.id, 1).await.unwrap().remove(0).event_id
        };
        assert_eq!(again(bench, &row, Again::One(&event)).await.unwrap(), 1);
        assert_eq!(attempts().await, first, "asking for it tells nothing new and loses nothing");
        assert_eq!(bench.drain().await, 1);
        let then = attempts().await;
        assert_eq!(then[1..], first);
        assert_eq!((then.len(), then[0].0), (3, first[0].0), "the same delivery, once more");
        assert_eq!(then[0].1, bench.app.clock.now());
    }

    async fn what_is_new_goes_before_what_is_sent_again(bench) {
        let receiver = Receiver::start(willing).await;
        bench.endpoint(&receiver.url).await;
        bench.drain().await;
        let row = bench.newest().await;
        bench.pass(MINUTE);
        for _ in 0..5 {
            bench.declare("FR").await;
        }
        for _ in 0..5 {
            bench.drain().await; // two at once
            bench.pass(MINUTE);
        }
        let mut tx = bench.app.store.read().await.unwrap();
        let old = tx.deliveries_of(&row.id, 100).await.unwrap();
        drop(tx);
        for delivery in old.iter().filter(|d| d.kind == "incident_update") {
            again(bench, &row, Again::One(&delivery.event_id)).await.unwrap();
        }
        bench.declare("IT").await;
        bench.expand().await;
        let mut tx = bench.app.store.write().await.unwrap();
        let now = bench.app.clock.now();
        let claimed = tx.claim_deliveries(1, "f", now, MINUTE).await.unwrap();
        assert!(old.iter().all(|d| d.event_id != claimed[0].event_id), "the new one is claimed first");
    }
}
