use domain::clock::{DAY, HOUR, MINUTE, SECOND};

use super::bench::{Bench, header, on_both};
use crate::{
    clock::new_id,
    commands::subscribe,
    worker::{outbox::mail::MailLane, presence::take_over},
};

on_both! {
    async fn a_sign_up_is_confirmed_by_the_link_in_its_mail_and_then_hears_of_incidents(bench) {
        bench.sign_up("Ada@Example.org", &["FR"]).await;
        bench.drain().await;
        let confirmation = bench.mails().remove(0);
        assert_eq!(header(&confirmation, "Subject"), "Confirm your subscription to Meridian eSIM");
        assert_eq!(header(&confirmation, "Delivered-To"), "ada@example.org");
        let unwrapped = confirmation.replace("=\r\n", "");
        let token = unwrapped.split("/confirm/").nth(1).unwrap().split(['\r', ' ', '"', '=']).next().unwrap().to_owned();
        bench.declare("FR").await;
        bench.drain().await;
        assert_eq!(bench.mails().len(), 1, "not confirmed yet");

        bench.pass(MINUTE);
        let mut tx = bench.app.store.write().await.unwrap();
        assert!(subscribe::confirm(&mut tx, &bench.ctx(), &token).await.unwrap().is_some());
        assert!(subscribe::confirm(&mut tx, &bench.ctx(), &token).await.unwrap().is_some(), "pressed twice");
        tx.commit().await.unwrap();
        bench.pass(MINUTE);
        let incident = bench.declare("FR").await;
        bench.declare("IT").await;
        bench.drain().await;
        bench.pass(MINUTE);
        bench.update(&incident).await;
        bench.drain().await;
        let mails = bench.mails();
        assert_eq!(mails.len(), 3, "one for the declaration, one for the update, none for Italy");
        for mail in &mails[1..] {
            assert!(header(mail, "List-Unsubscribe").starts_with("<https://status.example.com/u/"), "{mail}");
            assert!(mail.contains("one in four downloads fails"), "{mail}");
        }
        assert_eq!(header(&mails[1], "References"), header(&mails[2], "References"));
        assert_ne!(header(&mails[1], "Message-ID"), header(&mails[2], "Message-ID"));
    }

    async fn confirmation_mails_are_few_and_old_links_die(bench) {
        for _ in 0..5 {
            bench.sign_up("ada@example.org", &[]).await;
        }
        bench.drain().await;
        assert_eq!(bench.mails().len(), 1, "one in ten minutes");
        for _ in 0..5 {
            bench.pass(11 * MINUTE);
            bench.sign_up("ada@example.org", &[]).await;
            bench.drain().await;
        }
        assert_eq!(bench.mails().len(), 3, "three a day");
        let row = bench.newest().await;
        let token = subscribe::confirm_token(&bench.app.keys, &row);
        bench.pass(3 * DAY);
        let mut tx = bench.app.store.write().await.unwrap();
        assert!(subscribe::confirm(&mut tx, &bench.ctx(), &token).await.unwrap().is_none(), "older than 48 h");
    }

    async fn whoever_unsubscribes_hears_nothing_not_even_what_was_queued(bench) {
        let row = bench.subscriber("ada@example.org", &[]).await;
        bench.relay_down();
        bench.declare("FR").await;
        bench.drain().await;
        assert_eq!(bench.queue("email").await.iter().find(|(s, _)| s == "queued").map(|(_, n)| *n), Some(1));
        let mut tx = bench.app.store.write().await.unwrap();
        let token = subscribe::unsubscribe_token(&bench.app.keys, &row.id);
        let id = subscribe::subscriber_of(&bench.app.keys, &token).unwrap();
        subscribe::unsubscribe(&mut tx, &bench.ctx(), &id).await.unwrap();
        subscribe::unsubscribe(&mut tx, &bench.ctx(), &id).await.unwrap();
        tx.commit().await.unwrap();
        bench.relay_up(None).await;
        bench.pass(HOUR);
        bench.drain().await;
        assert!(bench.mails().is_empty());
        assert_eq!(bench.state(&row.id).await, "unsubscribed");
        for forged in [&token[..token.len() - 1], &format!("{token}x"), &token[1..], "", &row.id] {
            assert!(subscribe::subscriber_of(&bench.app.keys, forged).is_none(), "{forged}");
        }
    }

    async fn a_relay_that_is_down_delays_mail_and_says_so(bench) {
        bench.subscriber("ada@example.org", &[]).await;
        bench.relay_down();
        bench.declare("FR").await;
        for _ in 0..20 {
            bench.drain().await;
            bench.pass(30 * SECOND);
        }
        let trouble = bench.app.delivery.mail_trouble().unwrap();
        assert!(trouble.contains("127.0.0.1") && trouble.contains("since 08:00 UTC"), "{trouble}");
        assert!(bench.mails().is_empty());
        bench.relay_up(None).await;
        bench.drain().await;
        assert_eq!(bench.mails().len(), 1, "ten minutes of tries cost no attempt");
        assert_eq!(bench.app.delivery.mail_trouble(), None);
    }

    async fn a_late_mail_gives_way_to_a_newer_one(bench) {
        bench.subscriber("ada@example.org", &[]).await;
        let incident = bench.declare("FR").await;
        // A worker claimed it and died; meanwhile there is news.
        bench.relay_down();
        bench.drain().await;
        let mut tx = bench.app.store.write().await.unwrap();
        bench.pass(MINUTE);
        let claimed = tx.claim_mails(1, &new_id(), bench.app.clock.now(), 60 * SECOND, &[]).await.unwrap();
        assert_eq!(claimed.len(), 1);
        tx.commit().await.unwrap();
        bench.update(&incident).await;
        bench.relay_up(None).await;
        bench.pass(2 * MINUTE);
        bench.drain().await;
        let queue = bench.queue("email").await;
        assert!(queue.contains(&("superseded".into(), 1)), "{queue:?}");
        assert_eq!(bench.mails().len(), 1);
    }

    async fn a_crash_between_sending_and_recording_repeats_the_mail_under_the_same_id(bench) {
        bench.subscriber("ada@example.org", &[]).await;
        bench.declare("FR").await;
        bench.expand().await;
        let lane = MailLane::new(bench.app.clone(), bench.senders.clone());
        assert_eq!(lane.crash_after_sending(false).await.unwrap(), 1);
        assert_eq!(bench.mails().len(), 1);
        assert_eq!(bench.drain().await, 0, "the lease still holds");
        bench.pass(61 * SECOND);
        assert_eq!(bench.drain().await, 1);
        let mails = bench.mails();
        assert_eq!(mails.len(), 2);
        assert_eq!(header(&mails[0], "Message-ID"), header(&mails[1], "Message-ID"));
        assert_eq!(header(&mails[0], "Date"), header(&mails[1], "Date"));
    }

    async fn a_crash_after_an_outcome_is_on_disk_repeats_nothing(bench) {
        bench.subscriber("ada@example.org", &[]).await;
        bench.declare("FR").await;
        bench.expand().await;
        let lane = MailLane::new(bench.app.clone(), bench.senders.clone());
        assert_eq!(lane.crash_after_sending(true).await.unwrap(), 1);
        let at = bench.app.clock.now();
        bench.pass(SECOND);
        take_over(&bench.app).await.unwrap();
        assert_eq!(bench.queue("email").await, [("delivered".to_owned(), 2)], "a confirmation, and news");
        bench.pass(61 * SECOND);
        assert_eq!(bench.drain().await, 0);
        assert_eq!(bench.mails().len(), 1);
        let row = bench.newest().await;
        let mut tx = bench.app.store.read().await.unwrap();
        let delivery = tx.deliveries_of(&row.id, 1).await.unwrap().remove(0);
        assert_eq!(delivery.finished_at, Some(at.millis()), "as of when it was taken");
        assert!(!delivery.answer.unwrap().is_empty());
    }

    async fn a_worker_that_lost_its_lease_changes_nothing(bench) {
        bench.subscriber("ada@example.org", &[]).await;
        bench.relay_down();
        bench.declare("FR").await;
        bench.drain().await;
        bench.pass(MINUTE);
        let (slow, fast) = (new_id(), new_id());
        let now = bench.app.clock.now();
        let mut tx = bench.app.store.write().await.unwrap();
        let row = tx.claim_mails(8, &slow, now, 60 * SECOND, &[]).await.unwrap().remove(0);
        assert!(tx.claim_mails(8, &fast, now, 60 * SECOND, &[]).await.unwrap().is_empty(), "leased");
        let later = now.plus(61 * SECOND);
        assert_eq!(tx.claim_mails(8, &fast, later, 60 * SECOND, &[]).await.unwrap().len(), 1);
        assert!(tx.finish_delivery(row.id, &fast, "delivered", "250", later).await.unwrap());
        assert!(!tx.finish_delivery(row.id, &slow, "dead", "late", later).await.unwrap());
        assert!(!tx.retry_delivery(row.id, &slow, "late", later, false).await.unwrap());
        tx.commit().await.unwrap();
        let queue = bench.queue("email").await;
        assert!(!queue.iter().any(|(s, _)| s == "dead" || s == "queued"), "{queue:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_thousand_recipients_hear_it_once_each() {
    let bench = Bench::start(store::Engine::Sqlite).await;
    let row = bench.subscriber("r@example.org", &[]).await;
    let mut tx = bench.app.store.write().await.unwrap();
    for n in 1..3_000 {
        let id = new_id();
        let address = format!("r{n}@example.org");
        let one = store::SubscriberRow {
            id: id.clone(),
            address_hash: address.clone(),
            address,
            confirm_hash: None,
            ..row.clone()
        };
        tx.insert_subscriber(&one).await.unwrap();
        tx.set_subscriber_state(&id, "confirmed", bench.app.clock.now()).await.unwrap();
    }
    tx.commit().await.unwrap();
    bench.pass(SECOND);
    bench.declare("FR").await;
    let started = std::time::Instant::now();
    assert_eq!(bench.drain().await, 3_000);
    eprintln!("3,000 mails in {:?}", started.elapsed());
    let mut to: Vec<String> = bench.mails().iter().map(|m| header(m, "Delivered-To").to_owned()).collect();
    to.sort();
    to.dedup();
    assert_eq!(to.len(), 3_000);
    assert_eq!(bench.mails().len(), 3_000);
    bench.end().await;
}
