//! Faults of the relay and of receivers, by a relay that follows a script.

use std::collections::HashMap;

use domain::clock::{DAY, HOUR, MINUTE, SECOND};

use super::{
    bench::{Bench, header, on_both},
    peer::{Do, Moment, Peer},
};
use crate::{clock::new_id, commands::subscribe::mail_pause};

/// Confirmed subscribers besides the first, who is made the long way.
pub(crate) async fn many(bench: &Bench, addresses: &[String]) -> Vec<String> {
    let row = bench.subscriber(&addresses[0], &[]).await;
    let mut ids = vec![row.id.clone()];
    let mut tx = bench.app.store.write().await.unwrap();
    for address in &addresses[1..] {
        let host = address.split_once('@').unwrap().1.to_owned();
        let one = store::SubscriberRow {
            id: new_id(),
            address_hash: address.clone(),
            address: address.clone(),
            host,
            confirm_hash: None,
            ..row.clone()
        };
        tx.insert_subscriber(&one).await.unwrap();
        tx.set_subscriber_state(&one.id, "confirmed", bench.app.clock.now()).await.unwrap();
        ids.push(one.id);
    }
    tx.commit().await.unwrap();
    bench.pass(SECOND);
    ids
}

pub(crate) fn addresses(count: usize, domain: &str) -> Vec<String> {
    (0..count).map(|n| format!("r{n:02}@{domain}")).collect()
}

/// Sends until nothing waits, or a day has passed.
async fn until_all_left(bench: &Bench) {
    for _ in 0..24 * 60 {
        bench.drain().await;
        if !bench.queue("email").await.iter().any(|(state, _)| state == "queued") {
            return;
        }
        bench.pass(MINUTE);
    }
    panic!("mail still waits: {:?}", bench.queue("email").await);
}

/// Every mail that was heard of, kept or not, has one Message-ID per recipient.
pub(crate) fn ids_are_stable(peer: &Peer) {
    let mut ids: HashMap<String, String> = HashMap::new();
    for heard in peer.heard() {
        let message = heard.message.replace("\r\n ", " ");
        let id = header(&message, "Message-ID").trim().to_owned();
        assert_eq!(ids.entry(heard.to).or_insert_with(|| id.clone()), &id);
    }
    let mut all: Vec<_> = ids.values().collect();
    all.sort();
    all.dedup();
    assert_eq!(all.len(), ids.len(), "no two recipients share one");
}

on_both! {
    async fn a_connection_that_is_cut_anywhere_costs_nobody_a_mail_and_repeats_none(bench) {
        let to = addresses(12, "example.org");
        many(bench, &to).await;
        for moment in [Moment::Rcpt, Moment::AfterRcpt, Moment::MidData, Moment::Dot, Moment::Kept] {
            for is_pipelining in [true, false] {
                let mut cuts = 0;
                let peer = Peer::start(bench, is_pipelining, move |at, _| {
                    if at == moment && cuts < 5 {
                        cuts += 1;
                        return Do::Cut;
                    }
                    Do::Go
                }).await;
                bench.declare("FR").await;
                until_all_left(bench).await;
                assert_eq!(peer.kept_to(), to, "{moment:?}, pipelining: {is_pipelining}");
                ids_are_stable(&peer);
                let again = peer.heard().len() - to.len();
                assert_eq!(again, if moment == Moment::Dot { 5 } else { 0 }, "{moment:?}: texts said in vain");
                bench.pass(HOUR);
            }
        }
        let queue = bench.queue("email").await;
        assert!(queue.iter().all(|(state, _)| state == "delivered"), "{queue:?}");
    }

    async fn a_domain_that_asks_for_less_does_not_slow_another(bench) {
        let (busy, fine) = (addresses(10, "busy.example"), addresses(10, "fine.example"));
        let mut all = busy.clone();
        all.extend(fine.clone());
        many(bench, &all).await;
        let mut noes = 0;
        let peer = Peer::start(bench, true, move |at, to| {
            if at == Moment::Rcpt && to.ends_with("@busy.example") && noes < 25 {
                noes += 1;
                return Do::Say("421 4.7.0 too many mails\r\n");
            }
            Do::Go
        }).await;
        bench.declare("FR").await;
        bench.drain().await;
        assert_eq!(peer.kept_to(), fine, "all of them, in the first round");
        until_all_left(bench).await;
        let mut everybody = all;
        everybody.sort();
        assert_eq!(peer.kept_to(), everybody, "each once");
        ids_are_stable(&peer);
    }

    async fn each_recipient_is_judged_alone(bench) {
        let answers: [(&str, &str, &str, &str); 7] = [
            ("r00@example.org", "550 5.1.1 no such user\r\n", "suppressed", "dead"),
            ("r01@example.org", "550 5.7.1 policy\r\n", "confirmed", "dead"),
            ("r02@example.org", "552 5.2.2 mailbox full\r\n", "confirmed", "dead"),
            ("r03@example.org", "450 4.2.0 greylisted\r\n", "confirmed", "later"),
            ("r04@example.org", "451 4.3.0 try again\r\n", "confirmed", "later"),
            ("r05@example.org", "553 no enhanced status\r\n", "suppressed", "dead"),
            ("r06@example.org", "", "confirmed", "at once"),
        ];
        let ids = many(bench, &addresses(7, "example.org")).await;
        let mut is_first = HashMap::new();
        let peer = Peer::start(bench, true, move |at, to| {
            let answer = answers.iter().find(|(a, ..)| *a == to).unwrap();
            if at != Moment::Rcpt || answer.1.is_empty() {
                return Do::Go;
            }
            let tries = is_first.entry(to.to_owned()).or_insert(0);
            *tries += 1;
            if answer.3 == "later" && *tries > 2 { Do::Go } else { Do::Say(answer.1) }
        }).await;
        bench.declare("FR").await;
        bench.drain().await;
        assert_eq!(peer.kept_to(), ["r06@example.org"]);
        for (id, (address, _, state, _)) in ids.iter().zip(answers) {
            assert_eq!(bench.state(id).await, state, "{address}");
        }
        until_all_left(bench).await;
        assert_eq!(peer.kept_to(), ["r03@example.org", "r04@example.org", "r06@example.org"]);
        bench.pass(MINUTE);
        bench.declare("IT").await;
        bench.expand().await;
        let mut tx = bench.app.store.read().await.unwrap();
        for id in [&ids[0], &ids[5]] {
            let news = tx.deliveries_of(id, 9).await.unwrap().into_iter().filter(|d| d.kind == "incident_update");
            assert_eq!(news.count(), 1, "a suppressed address is not written to again");
        }
    }

    async fn an_hour_without_a_relay_costs_no_attempt_and_old_news_is_not_sent_late(bench) {
        let to = addresses(5, "example.org");
        many(bench, &to).await;
        bench.relay_down();
        let incident = bench.declare("FR").await;
        for _ in 0..120 {
            bench.drain().await;
            bench.pass(30 * SECOND);
        }
        bench.update(&incident).await;
        let peer = Peer::start(bench, true, |_, _| Do::Go).await;
        until_all_left(bench).await;
        assert_eq!(peer.kept_to(), to, "the newest update alone, once each");
        assert_eq!(bench.queue("email").await, [("delivered".into(), 6), ("superseded".into(), 5)], "one is a confirmation");
        drop(peer);

        bench.declare("IT").await;
        for _ in 0..26 {
            bench.drain().await;
            bench.pass(HOUR);
        }
        let peer = Peer::start(bench, true, |_, _| Do::Go).await;
        until_all_left(bench).await;
        assert!(peer.heard().is_empty(), "after a day nobody is told");
        assert_eq!(bench.queue("email").await, [("delivered".into(), 6), ("superseded".into(), 10)]);
    }

    async fn too_much_that_comes_back_holds_up_everything_but_news(bench) {
        let to = addresses(220, "example.org");
        let ids = many(bench, &to).await;
        let lost = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(10));
        let limit = lost.clone();
        let peer = Peer::start(bench, true, move |at, to| {
            let n: usize = to.trim_start_matches('r').split('@').next().unwrap().parse().unwrap_or(usize::MAX);
            let is_lost = n < limit.load(std::sync::atomic::Ordering::Relaxed);
            if at == Moment::Rcpt && is_lost { Do::Say("550 5.1.1 no such user\r\n") } else { Do::Go }
        }).await;
        bench.declare("FR").await;
        bench.drain().await;
        let paused = async || bench.app.store.read().await.unwrap().mail_pause().await.unwrap();
        assert!(paused().await.is_none(), "10 of 221 are less than 5 %");
        lost.store(30, std::sync::atomic::Ordering::Relaxed);
        bench.pass(MINUTE);
        bench.declare("IT").await;
        bench.drain().await;
        let why = paused().await.unwrap().why;
        assert!(why.ends_with("were refused for good, and 0 were called spam."), "{why}");

        let before = peer.kept().len();
        bench.pass(MINUTE);
        bench.sign_up("new@example.net", &[]).await;
        let incident = bench.declare("FR").await;
        bench.drain().await;
        assert_eq!(peer.kept().len(), before + 190, "news goes out to all who are left; the confirmation waits");
        let mut tx = bench.app.store.write().await.unwrap();
        mail_pause::resume(&mut tx, &bench.ctx()).await.unwrap();
        assert!(mail_pause::resume(&mut tx, &bench.ctx()).await.is_err(), "once");
        tx.commit().await.unwrap();
        bench.pass(10 * MINUTE);
        bench.drain().await;
        assert_eq!(peer.kept().last().unwrap().to, "new@example.net");
        bench.pass(MINUTE);
        bench.update(&incident).await;
        bench.drain().await;
        assert!(paused().await.is_none(), "what came back before does not count again");
        bench.pass(MINUTE);
        // One complaint among few mails is too much as well.
        let mut tx = bench.app.store.write().await.unwrap();
        use crate::commands::subscribe::bounces::{Report, report};
        report(&mut tx, &bench.ctx(), &ids[200], &Report::Complaint).await.unwrap();
        mail_pause::consider(&mut tx, &bench.ctx()).await.unwrap();
        tx.commit().await.unwrap();
        assert!(paused().await.is_none(), "191 mails since then are too few to tell");
        bench.update(&incident).await;
        bench.drain().await;
        let mut tx = bench.app.store.write().await.unwrap();
        mail_pause::consider(&mut tx, &bench.ctx()).await.unwrap();
        tx.commit().await.unwrap();
        let why = paused().await.unwrap().why;
        assert!(why.contains("0 were refused for good, and 1 were called spam"), "{why}");
        bench.pass(8 * DAY);
        assert!(paused().await.is_some(), "until somebody has looked");
    }
}
