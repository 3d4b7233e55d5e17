//! Signatures, judged by code that is not ours, of requests that were really delivered.

use std::{
    io::Write as _,
    process::{Command, Stdio},
};

use domain::clock::{DAY, HOUR, MINUTE, SECOND};

use super::bench::{Bench, Receiver, Seen, on_both, reply, willing};
use crate::commands::subscribe;

/// Standard Webhooks by Node's own HMAC: secret, id, time and signatures by argument, the body on standard input.
const JUDGE: &str = "
const { createHmac, timingSafeEqual } = require('node:crypto');
const [secret, id, at, signatures] = process.argv.slice(1);
const body = require('node:fs').readFileSync(0);
if (secret.startsWith('whpk_')) {
  const { createPublicKey, verify } = require('node:crypto');
  const x = Buffer.from(secret.slice(5), 'base64').toString('base64url');
  const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
  const content = Buffer.concat([Buffer.from(`${id}.${at}.`), body]);
  const isGood = signatures.split(' ').filter((one) => one.startsWith('v1a,'))
    .some((one) => verify(null, content, key, Buffer.from(one.slice(4), 'base64')));
  process.stdout.write(isGood ? 'good' : 'bad');
  process.exit(0);
}
const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
const ours = createHmac('sha256', key).update(`${id}.${at}.`).update(body).digest();
const good = signatures.split(' ').some((one) => {
  const [version, theirs] = one.split(',');
  const bytes = Buffer.from(theirs, 'base64');
  return version === 'v1' && bytes.length === ours.length && timingSafeEqual(bytes, ours);
});
process.stdout.write(good ? 'good' : 'bad');
";

/// Whether a receiver that holds this secret believes the request.
fn is_believed(secret: &str, seen: &Seen) -> bool {
    is_believed_with(secret, seen, seen.body.as_bytes())
}

fn is_believed_with(secret: &str, seen: &Seen, body: &[u8]) -> bool {
    let headers = ["webhook-id", "webhook-timestamp", "webhook-signature"].map(|name| seen.header(name));
    let mut node = Command::new("node")
        .args(["-e", JUDGE, "--", secret])
        .args(headers)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("this test needs node, see CONTRIBUTING.md");
    node.stdin.take().unwrap().write_all(body).unwrap();
    let said = node.wait_with_output().unwrap().stdout;
    match said.as_slice() {
        b"good" => true,
        b"bad" => false,
        other => panic!("the judge said {:?}", String::from_utf8_lossy(other)),
    }
}

async fn rotate(bench: &Bench, id: &str) -> String {
    let mut tx = bench.app.store.write().await.unwrap();
    let secret = subscribe::rotate_secret(&mut tx, &bench.ctx(), &bench.app.keys, id).await.unwrap();
    tx.commit().await.unwrap();
    secret
}

on_both! {
    async fn strangers_code_believes_what_is_delivered_and_nothing_else(bench) {
        let receiver = Receiver::start(willing).await;
        let secret = bench.endpoint(&receiver.url).await;
        bench.drain().await;
        bench.pass(MINUTE);
        bench.declare("FR").await;
        bench.drain().await;
        let seen = receiver.seen();
        assert_eq!(seen.len(), 2);
        assert!(seen.iter().all(|one| is_believed(&secret, one)), "the challenge and the message");
        let other = delivery::webhook::Secret::new([1; 32]).reveal();
        assert!(!is_believed(&other, &seen[1]));
        assert!(!is_believed_with(&secret, &seen[1], seen[1].body.replace("partial", "major").as_bytes()));
        assert!(!is_believed_with(&secret, &seen[1], seen[0].body.as_bytes()));
    }

    async fn whoever_asks_for_it_gets_a_signature_that_a_public_key_proves(bench) {
        let receiver = Receiver::start(willing).await;
        let secret = bench.endpoint(&receiver.url).await;
        bench.drain().await;
        let row = bench.newest().await;
        let public = subscribe::key_pair(&bench.app.keys, &row.id).unwrap().public();
        for is_on in [false, true, false] {
            let mut tx = bench.app.store.write().await.unwrap();
            subscribe::sign_with_key(&mut tx, &bench.ctx(), &row.id, is_on).await.unwrap();
            tx.commit().await.unwrap();
            bench.pass(MINUTE);
            bench.declare("FR").await;
            bench.drain().await;
            let seen = receiver.seen().pop().unwrap();
            assert!(is_believed(&secret, &seen), "the secret signs in any case");
            assert_eq!(is_believed(&public, &seen), is_on);
            let other = subscribe::key_pair(&bench.app.keys, "somebodyelse").unwrap().public();
            assert!(!is_believed(&other, &seen));
        }
    }

    async fn a_secret_that_is_changed_twice_keeps_the_one_in_use_for_a_day(bench) {
        let receiver = Receiver::start(willing).await;
        let old = bench.endpoint(&receiver.url).await;
        bench.drain().await;
        let row = bench.newest().await;
        let new = [rotate(bench, &row.id).await, rotate(bench, &row.id).await, rotate(bench, &row.id).await];
        let mut tx = bench.app.store.write().await.unwrap();
        let once_more = subscribe::rotate_secret(&mut tx, &bench.ctx(), &bench.app.keys, &row.id).await;
        assert!(once_more.is_err(), "a header has an end");
        drop(tx);
        let [first, second, third] = &new;
        for (after, old_counts) in [(MINUTE, true), (DAY + HOUR, false)] {
            bench.pass(after);
            bench.declare("FR").await;
            bench.drain().await;
            let seen = receiver.seen().pop().unwrap();
            let believed = [&old, first, second, third].map(|secret| is_believed(secret, &seen));
            assert_eq!(believed, [old_counts, old_counts, old_counts, true]);
        }
        assert_ne!(rotate(bench, &row.id).await, new[2], "and a day later it can be changed again");
    }

    async fn each_old_secret_has_a_day_of_its_own_however_often_it_is_changed(bench) {
        let receiver = Receiver::start(willing).await;
        let old = bench.endpoint(&receiver.url).await;
        bench.drain().await;
        let row = bench.newest().await;
        let second = rotate(bench, &row.id).await;
        bench.pass(23 * HOUR);
        let third = rotate(bench, &row.id).await;
        for (after, counts) in [(MINUTE, [true, true, true]), (2 * HOUR, [false, true, true]), (DAY, [false, false, true])] {
            bench.pass(after);
            bench.declare("FR").await;
            bench.drain().await;
            let seen = receiver.seen().pop().unwrap();
            assert_eq!([&old, &second, &third].map(|secret| is_believed(secret, &seen)), counts);
        }
    }

    async fn a_secret_that_cannot_be_opened_any_more_is_mended_by_a_new_one(bench) {
        let receiver = Receiver::start(willing).await;
        bench.endpoint(&receiver.url).await;
        bench.drain().await;
        let mut row = bench.newest().await;
        row.secret_sealed = Some("sealed elsewhere".into());
        let mut tx = bench.app.store.write().await.unwrap();
        tx.save_subscriber(&row, bench.app.clock.now()).await.unwrap();
        tx.commit().await.unwrap();
        let new = rotate(bench, &row.id).await;
        bench.pass(MINUTE);
        bench.declare("FR").await;
        bench.drain().await;
        assert!(is_believed(&new, &receiver.seen().pop().unwrap()));
    }

    async fn a_secret_that_changes_between_two_attempts_leaves_none_unbelievable(bench) {
        let receiver = Receiver::start(|seen| {
            if seen.body.contains("endpoint.challenge") { willing(seen) } else { Some(reply("500 No", "")) }
        }).await;
        let old = bench.endpoint(&receiver.url).await;
        bench.drain().await;
        let row = bench.newest().await;
        bench.pass(MINUTE);
        bench.declare("FR").await;
        bench.drain().await;
        let new = rotate(bench, &row.id).await;
        bench.pass(7 * SECOND);
        bench.drain().await;
        bench.pass(DAY + HOUR);
        bench.drain().await;
        let seen = receiver.seen().split_off(1);
        assert_eq!(seen.len(), 3);
        let believed: Vec<(bool, bool)> =
            seen.iter().map(|one| (is_believed(&old, one), is_believed(&new, one))).collect();
        assert_eq!(believed, [(true, false), (true, true), (false, true)]);
        assert!(seen.iter().all(|one| one.header("webhook-id") == seen[0].header("webhook-id")));
        let mut times: Vec<&str> = seen.iter().map(|one| one.header("webhook-timestamp")).collect();
        times.dedup();
        assert_eq!(times.len(), 3, "each attempt tells its own time");
    }
}
