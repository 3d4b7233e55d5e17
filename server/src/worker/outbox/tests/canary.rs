//! Verdicts on canaries go to the endpoints chosen for them, signed, and to nobody else.

use serde_json::Value;
use store::{CanaryChangeRow, OutboxRow};

use super::bench::{Bench, Receiver, on_both, willing};
use crate::{clock::new_id, commands::canary};

async fn publish(bench: &Bench, verdict: &str) {
    let (event_id, at) = (new_id(), bench.app.clock.now());
    let body = serde_json::json!({ "x_waypost": { "type": "canary.verdict" }, "canary_verdict": { "verdict": verdict } });
    let row =
        CanaryChangeRow { event_id: event_id.clone(), scope: "default".into(), at, body: body.to_string() };
    let notice = OutboxRow { event_id, kind: canary::KIND.into(), created_at: at, ..OutboxRow::default() };
    let mut tx = bench.app.store.write().await.unwrap();
    tx.insert_canary_change(&row).await.unwrap();
    tx.insert_outbox(&notice).await.unwrap();
    tx.commit().await.unwrap();
}

on_both! {
    async fn a_verdict_goes_to_the_chosen_and_to_nobody_else(bench) {
        let (chosen, other) = (Receiver::start(willing).await, Receiver::start(willing).await);
        bench.endpoint(&chosen.url).await;
        let id = bench.newest().await.id;
        bench.pass(1);
        bench.endpoint(&other.url).await;
        bench.subscriber("reader@example.org", &[]).await;
        bench.drain().await;
        bench.forget_mails();
        let (before, none) = (chosen.seen().len(), other.seen().len());
        publish(bench, "expand").await;
        bench.drain().await;
        assert_eq!(chosen.seen().len(), before, "nobody is chosen yet");
        let mut tx = bench.app.store.write().await.unwrap();
        canary::mark(&mut tx, &bench.ctx(), &id, true).await.unwrap();
        tx.commit().await.unwrap();
        publish(bench, "roll_back").await;
        bench.drain().await;
        bench.drain().await;
        let seen = chosen.seen();
        assert_eq!(seen.len(), before + 1, "once");
        let body: Value = serde_json::from_str(&seen[before].body).unwrap();
        assert_eq!((&body["x_waypost"]["type"], &body["canary_verdict"]["verdict"]), (&"canary.verdict".into(), &"roll_back".into()));
        assert!(seen[before].head.contains("webhook-signature: v1,"), "{}", seen[before].head);
        assert_eq!(other.seen().len(), none);
        assert!(bench.mails().is_empty());
        let mut tx = bench.app.store.write().await.unwrap();
        canary::mark(&mut tx, &bench.ctx(), &id, false).await.unwrap();
        tx.commit().await.unwrap();
        publish(bench, "hold").await;
        bench.drain().await;
        assert_eq!(chosen.seen().len(), before + 1, "taken out again");
    }
}
