//! What telemetry changes, told: at once to endpoints, gathered for people.

use domain::{
    clock::{HOUR, MINUTE, SECOND},
    scope::Scope,
    status::CellStatus::{self, Degraded, Operational, PartialOutage},
};
use serde_json::Value;

use super::{
    bench::{Bench, Receiver, decoded, header, on_both, willing},
    owners::person,
};
use crate::{
    auth::role::Role,
    commands::{cells, measured, subscribe::Wish},
    worker::timers::{send_owner_notices, write_digests},
};

fn asking(countries: &[&str]) -> Wish {
    Wish::of(Scope {
        tells_measured: true,
        countries: countries.iter().map(|c| (*c).to_owned()).collect(),
        ..Scope::default()
    })
}

/// Telemetry turns the first `count` cells of a country.
async fn turn(bench: &Bench, country: &str, count: usize, to: CellStatus) {
    let mut tx = bench.app.store.write().await.unwrap();
    let all = tx.cells().await.unwrap().into_iter().filter(|c| c.country_code == country);
    for cell in all.take(count) {
        cells::apply_verdict(
            &mut tx,
            &bench.ctx(),
            cell,
            to,
            "71 % of 300 succeeded",
            &store::ChangeEvidenceRow::default(),
        )
        .await
        .unwrap();
    }
    tx.commit().await.unwrap();
}

/// Digests that are due after some time, as mails.
async fn later(bench: &Bench, ms: i64) -> Vec<(String, String)> {
    bench.pass(ms);
    write_digests(&bench.app).await.unwrap();
    bench.drain().await;
    let mut told: Vec<_> = bench.mails().iter().map(|m| (header(m, "To").to_owned(), decoded(m))).collect();
    bench.forget_mails();
    told.sort();
    told
}

on_both! {
    async fn a_grid_that_turns_is_one_message_to_each_who_asked(bench) {
        turn(bench, "FR", 7, Operational).await;
        bench.pass(SECOND);
        bench.subscriber_to("all@example.org", asking(&[])).await;
        bench.subscriber_to("italy@example.org", asking(&["IT"])).await;
        bench.subscriber("news@example.org", &[]).await;
        for _ in 0..7 {
            turn(bench, "FR", 7, Degraded).await;
            bench.pass(SECOND);
            turn(bench, "FR", 7, PartialOutage).await;
        }
        turn(bench, "FR", 1, Operational).await;
        assert_eq!(later(bench, 10 * SECOND).await, [], "still gathering");
        let told = later(bench, 15 * SECOND).await;
        assert_eq!(told.len(), 1, "{told:?}");
        let (to, text) = &told[0];
        assert!(to.contains("all@") && text.contains("Subject: Meridian eSIM: our measurements have changed"), "{text}");
        assert_eq!(text.matches("operational → partial outage (71 % of 300 succeeded)").count(), 2 * 6, "text and HTML: {text}");
        for name in ["List-Id:", "List-Unsubscribe-Post: List-Unsubscribe=One-Click", "Auto-Submitted: auto-generated"] {
            assert!(text.contains(name), "{name}: {text}");
        }
        assert_eq!(later(bench, MINUTE).await, [], "told once");
        turn(bench, "FR", 7, CellStatus::NoData).await;
        later(bench, MINUTE).await;
        turn(bench, "FR", 7, Operational).await;
        assert_eq!(later(bench, MINUTE).await, [], "a cell that wakes up is no news");
        // There and back within the gathering is nothing to tell.
        turn(bench, "IT", 3, Degraded).await;
        turn(bench, "IT", 3, CellStatus::NoData).await;
        assert_eq!(later(bench, MINUTE).await, []);
    }

    async fn six_a_day_and_the_rest_with_the_next(bench) {
        turn(bench, "FR", 1, Operational).await;
        bench.pass(SECOND);
        bench.subscriber_to("all@example.org", asking(&[])).await;
        let mut count = 0;
        for n in 0..9 {
            turn(bench, "FR", 1, if n % 2 == 0 { Degraded } else { PartialOutage }).await;
            count += later(bench, 2 * HOUR).await.len();
        }
        assert_eq!(count, 6);
        bench.update(&bench.declare("FR").await).await;
        assert!(!later(bench, SECOND).await.is_empty(), "what people write is never capped");
        let told = later(bench, 13 * HOUR).await;
        assert!(told.len() == 1 && told[0].1.contains("our measurements"), "the rest, without anything new: {told:?}");
        assert_eq!(later(bench, HOUR).await, []);
    }

    async fn too_many_in_all_are_held_until_somebody_looks(bench) {
        person(bench, "cid", Role::Commander).await;
        person(bench, "dan", Role::Communicator).await;
        turn(bench, "FR", 1, Operational).await;
        bench.pass(SECOND);
        bench.subscriber_to("all@example.org", asking(&[])).await;
        for n in 0..6 {
            turn(bench, "FR", 1, if n % 2 == 0 { Degraded } else { PartialOutage }).await;
            let told = later(bench, MINUTE).await;
            assert_eq!(told.len(), usize::from(n < 5), "{n}: {told:?}");
        }
        let held = bench.app.store.read().await.unwrap().measured_told().await.unwrap();
        assert!(held.held_at.is_some() && held.held_why.contains("5 went to 1 readers"), "{held:?}");
        assert_eq!(send_owner_notices(&bench.app, &bench.senders).await.unwrap(), 1, "one may command");
        let paged = bench.mails().pop().unwrap();
        assert_eq!(header(&paged, "Delivered-To"), "cid@example.com");
        assert!(header(&paged, "Subject").starts_with("Digests of measured changes are held."), "{paged}");
        bench.forget_mails();
        bench.declare("IT").await;
        let told = later(bench, 2 * HOUR).await;
        assert!(told.len() == 1 && told[0].1.contains("Italy"), "news of incidents goes on: {told:?}");
        let mut tx = bench.app.store.write().await.unwrap();
        measured::resume(&mut tx, &bench.ctx()).await.unwrap();
        assert!(measured::resume(&mut tx, &bench.ctx()).await.is_err(), "once");
        tx.commit().await.unwrap();
        let told = later(bench, SECOND).await;
        assert!(told.len() == 1 && told[0].1.contains("our measurements"), "what was held is told: {told:?}");
    }

    async fn endpoints_hear_of_each_change_in_the_shape_they_know(bench) {
        turn(bench, "FR", 1, Operational).await;
        let (all, plain) = (Receiver::start(willing).await, Receiver::start(willing).await);
        bench.endpoint_for(&all.url, asking(&["FR"])).await;
        bench.endpoint(&plain.url).await;
        bench.drain().await;
        bench.pass(SECOND);
        let (before, none) = (all.seen().len(), plain.seen().len());
        turn(bench, "FR", 1, PartialOutage).await;
        turn(bench, "IT", 1, PartialOutage).await;
        bench.drain().await;
        assert_eq!(plain.seen().len(), none, "only who asked");
        let seen = all.seen();
        assert_eq!(seen.len(), before + 1, "only where it asked");
        let body: Value = serde_json::from_str(&seen[before].body).unwrap();
        assert_eq!(body["component_update"]["old_status"], "operational");
        assert_eq!(body["component_update"]["new_status"], "partial_outage");
        assert_eq!(body["component_update"]["component_id"], body["component"]["id"]);
        assert_eq!((&body["x_waypost"]["type"], &body["x_waypost"]["evidence"]), (&"component.measured".into(), &"71 % of 300 succeeded".into()));
        assert!(body["x_waypost"]["sequence"].as_i64().is_some() && body["page"]["status_indicator"].is_string());
        assert!(seen[before].head.contains("webhook-signature: v1,"), "{}", seen[before].head);
    }
}
