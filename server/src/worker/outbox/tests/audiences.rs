//! Who is told of what not everybody may know.

use domain::{scope::Scope, status::CellStatus};
use serde_json::Value;

use super::bench::{Bench, Receiver, decoded, header, on_both, willing};
use crate::commands::{
    audiences::{self, Facts},
    desk_book::partners::{self, Partner},
    incidents::{self, Declare},
    partner_pages,
    subscribe::Wish,
};

/// A partner that sells all of a country.
async fn partner(bench: &Bench, name: &str, country: &str) -> String {
    let mut tx = bench.app.store.write().await.unwrap();
    let cells = tx.cells().await.unwrap().into_iter().filter(|c| c.country_code == country).map(|c| c.id);
    let given =
        Partner { name: name.into(), label: String::new(), zone: "UTC".into(), cells: cells.collect() };
    let id = partners::save(&mut tx, &bench.ctx(), None, given).await.unwrap();
    tx.commit().await.unwrap();
    id
}

fn of(partner: &str) -> Wish {
    Wish { partner_id: Some(partner.into()), ..Wish::of(Scope::default()) }
}

async fn declare_for(bench: &Bench, country: &str, partner: &str) -> String {
    let mut tx = bench.app.store.write().await.unwrap();
    let cell = tx.cells().await.unwrap().into_iter().find(|c| c.country_code == country).unwrap();
    let declare = Declare {
        title: "Zanzibar downloads hang".into(),
        severity: 3,
        started_at: bench.app.clock.now(),
        cells: vec![(cell.id, CellStatus::PartialOutage)],
        message: domain::notice::Message {
            known: "About one in four downloads fails.".into(),
            unknown: "When it ends.".into(),
            next_steps: "We move traffic.".into(),
            customer_action: "Try again.".into(),
        },
        partners: vec![partner.into()],
        sign_off: domain::lead::SignOff::Approved("bbbbbbbbbbbb".into()),
        ..Declare::default()
    };
    let done = incidents::declare(&mut tx, &bench.ctx(), declare).await.unwrap();
    tx.commit().await.unwrap();
    done.incident_id
}

async fn write_facts(bench: &Bench, incident: &str, partner: &str, text: &str) {
    let given = Facts {
        incident_id: incident.into(),
        partner_id: partner.into(),
        text: text.into(),
        idempotency_key: None,
    };
    let mut tx = bench.app.store.write().await.unwrap();
    audiences::write_facts(&mut tx, &bench.ctx(), given).await.unwrap();
    tx.commit().await.unwrap();
}

async fn set_live(bench: &Bench, partner: &str) {
    let mut tx = bench.app.store.write().await.unwrap();
    let now = bench.app.clock.now();
    tx.set_partner_live(partner, Some(now), now).await.unwrap();
    tx.commit().await.unwrap();
}

/// Whom mails went to since the last look, and what they said.
async fn told(bench: &Bench) -> Vec<(String, String)> {
    bench.pass(61_000);
    bench.drain().await;
    let mut told: Vec<(String, String)> =
        bench.mails().iter().map(|m| (header(m, "To").to_owned(), decoded(m))).collect();
    bench.forget_mails();
    told.sort();
    told
}

fn to<'t>(told: &'t [(String, String)], who: &str) -> &'t str {
    &told.iter().find(|(to, _)| to.contains(who)).unwrap_or_else(|| panic!("{who} in {told:?}")).1
}

on_both! {
    async fn each_is_told_what_it_may_know(bench) {
        let (acme, globex) = (partner(bench, "Acme", "FR").await, partner(bench, "Globex", "FR").await);
        set_live(bench, &acme).await;
        bench.subscriber("pub@example.org", &[]).await;
        bench.subscriber_to("ann@acme.example", of(&acme)).await;
        bench.subscriber_to("gus@globex.example", of(&globex)).await;
        // The same mailbox may hear of the public page too.
        bench.subscriber("gus@globex.example", &["IT"]).await;
        let hook = Receiver::start(willing).await;
        bench.endpoint_for(&hook.url, of(&globex)).await;
        bench.drain().await;
        bench.forget_mails();
        bench.pass(1);
        let before = hook.seen().len();

        // Globex is not live: what is public is not told to it.
        let public = bench.declare("FR").await;
        let first = told(bench).await;
        assert_eq!(first.len(), 2, "{first:?}");
        assert!(to(&first, "pub@").contains(&format!("https://status.example.com/incidents/{public}")));
        assert!(!to(&first, "pub@").contains("/p/"), "{first:?}");
        let row = bench.app.store.read().await.unwrap().partner(&acme).await.unwrap().unwrap();
        let page = partner_pages::token(&bench.app.keys, &row);
        assert!(to(&first, "ann@").contains(&format!("https://status.example.com/p/{page}/incidents/{public}")), "{first:?}");
        assert!(to(&first, "ann@").contains("From: Acme"), "{first:?}");
        assert_eq!(hook.seen().len(), before);

        // What is for Globex alone reaches its people, live or not, and nobody else.
        let own = declare_for(bench, "FR", &globex).await;
        let second = told(bench).await;
        assert_eq!(second.len(), 1, "{second:?}");
        assert!(to(&second, "gus@").contains("Zanzibar"));
        write_facts(bench, &public, &globex, "Your Quagga node too.").await;
        let third = told(bench).await;
        assert!(third.len() == 1 && to(&third, "gus@").contains("For Globex only: Your Quagga node too."), "{third:?}");

        // Once it is live it is told as everybody is; its facts count in the order of what it was told.
        set_live(bench, &globex).await;
        bench.update(&public).await;
        bench.update(&own).await;
        let fourth = told(bench).await;
        assert_eq!(fourth.len(), 4, "{fourth:?}");
        assert!(fourth.iter().all(|(to, text)| to.contains("gus@") || !text.contains("Quagga")), "{fourth:?}");
        let mut seen: Vec<(String, i64)> = hook.seen()[before..]
            .iter()
            .map(|s| serde_json::from_str::<Value>(&s.body).unwrap())
            .map(|b| (b["incident"]["id"].as_str().unwrap().to_owned(), b["x_waypost"]["sequence"].as_i64().unwrap()))
            .collect();
        seen.sort();
        let mut expected = vec![(public.clone(), 2), (public.clone(), 3), (own.clone(), 1), (own.clone(), 2)];
        expected.sort();
        assert_eq!(seen, expected);
    }

    async fn a_link_is_renewed_and_a_partner_leaves(bench) {
        let globex = partner(bench, "Globex", "FR").await;
        set_live(bench, &globex).await;
        let row = bench.subscriber_to("gus@globex.example", of(&globex)).await;
        let mut tx = bench.app.store.write().await.unwrap();
        partner_pages::new_link(&mut tx, &bench.ctx(), &globex).await.unwrap();
        tx.commit().await.unwrap();
        bench.declare("FR").await;
        let newest = bench.app.store.read().await.unwrap().partner(&globex).await.unwrap().unwrap();
        let page = partner_pages::token(&bench.app.keys, &newest);
        assert!(to(&told(bench).await, "gus@").contains(&format!("/p/{page}/incidents/")));
        let mut tx = bench.app.store.write().await.unwrap();
        partners::remove(&mut tx, &bench.ctx(), &globex).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(bench.state(&row.id).await, "ended");
        bench.declare("FR").await;
        assert_eq!(told(bench).await, []);
    }

    async fn a_mailbox_that_is_not_to_be_written_to_is_left_alone_on_every_page(bench) {
        let globex = partner(bench, "Globex", "FR").await;
        let row = bench.subscriber("gus@globex.example", &[]).await;
        let mut tx = bench.app.store.write().await.unwrap();
        tx.set_subscriber_state(&row.id, "suppressed", bench.app.clock.now()).await.unwrap();
        tx.commit().await.unwrap();
        bench.ask("gus@globex.example", of(&globex)).await;
        assert_eq!(told(bench).await, []);
    }
}
