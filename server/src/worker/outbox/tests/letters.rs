//! Every kind of mail that leaves, before an independent reader (the crate `mail-parser`) and an independent judge of
//! its signature (the crate `mail-auth`).

use std::{borrow::Borrow, hash::Hash, path::PathBuf, time::Instant};

use domain::clock::MINUTE;
use mail_auth::{
    AuthenticatedMessage, DkimResult, MessageAuthenticator, Parameters, ResolverCache, Txt,
    common::{parse::TxtRecordParser as _, verify::DomainKey},
    hickory_resolver::config::{ResolverConfig, ResolverOpts},
};
use mail_parser::MessageParser;
use store::{OutboxRow, ReminderRow, UserRow};

use super::bench::{Bench, Receiver, header, willing};
use crate::{
    clock::new_id,
    commands::subscribe::{Wish, endpoints},
    config::Config,
    worker::timers::send_reminders,
};

const KEYS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/delivery/src/email/dkim/testkeys");

/// The one name that is published.
struct Zone(Txt);

impl ResolverCache<Box<str>, Txt> for Zone {
    fn get<Q>(&self, name: &Q) -> Option<Txt>
    where
        Box<str>: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        let ours: Box<str> = "mail2026._domainkey.example.com.".into();
        (Borrow::<Q>::borrow(&ours) == name).then(|| self.0.clone())
    }

    fn remove<Q>(&self, _: &Q) -> Option<Txt>
    where
        Box<str>: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        None
    }

    fn insert(&self, _: Box<str>, _: Txt, _: Instant) {}
}

fn signing(config: &mut Config) {
    config.smtp.dkim_key_file = PathBuf::from(KEYS).join("rsa.pem");
    config.smtp.dkim_selector = "mail2026".into();
}

async fn is_signed(mail: &str) -> bool {
    let public = std::fs::read_to_string(PathBuf::from(KEYS).join("rsa.txt")).unwrap();
    let key = DomainKey::parse(format!("v=DKIM1; k=rsa; p={}", public.trim()).as_bytes()).unwrap();
    let zone = Zone(Txt::DomainKey(key.into()));
    let judge = MessageAuthenticator::new(ResolverConfig::default(), ResolverOpts::default()).unwrap();
    let message = AuthenticatedMessage::parse(mail.as_bytes()).unwrap();
    let said = judge.verify_dkim(Parameters::new(&message).with_txt_cache(&zone)).await;
    said.len() == 1 && *said[0].result() == DkimResult::Pass
}

/// Reminds one of the operator's people.
async fn remind(bench: &Bench, incident_id: &str) {
    let mut tx = bench.app.store.write().await.unwrap();
    let now = bench.app.clock.now();
    let user = UserRow {
        id: new_id(),
        email: "ic@example.com".into(),
        name: "Ida".into(),
        role: "commander".into(),
        password_hash: String::new(),
        totp_sealed: None,
        totp_last_step: 0,
        is_disabled: false,
    };
    tx.insert_user(&user, now).await.unwrap();
    let reminder = ReminderRow {
        id: new_id(),
        incident_id: incident_id.to_owned(),
        clock_id: tx.clocks(incident_id).await.unwrap().remove(0).id,
        alert: 0,
        user_id: user.id,
        words: "The next update is due in 5 minutes".into(),
        at: now,
        seen_at: None,
        mail_state: "queued".into(),
        attempts: 0,
        fence: None,
    };
    tx.insert_reminder(&reminder).await.unwrap();
    tx.commit().await.unwrap();
}

/// One mail of each kind, as the sink kept it: confirmation, known, update, test, the two about endpoints, reminder.
async fn one_of_each(bench: &Bench) -> Vec<String> {
    let row = bench.subscriber("ada@example.org", &[]).await;
    bench.sign_up("new@example.org", &[]).await;
    bench.pass(11 * MINUTE);
    bench.sign_up("ada@example.org", &[]).await;
    bench.pass(1);
    let incident = bench.declare("FR").await;
    let receiver = Receiver::start(willing).await;
    let wish = Wish { contact: "owner@example.net".into(), ..Wish::of(domain::scope::Scope::default()) };
    bench.endpoint_for(&receiver.url, wish).await;
    bench.drain().await;
    let mut tx = bench.app.store.write().await.unwrap();
    endpoints::test(&mut tx, &bench.ctx(), &row.id).await.unwrap();
    let endpoint = bench.newest().await.id;
    let failing = OutboxRow {
        event_id: new_id(),
        kind: "endpoint_failing".into(),
        priority: 2,
        incident_id: None,
        update_id: None,
        subscriber_id: Some(endpoint.clone()),
        sequence: 0,
        partner_id: None,
        created_at: bench.app.clock.now(),
        ..OutboxRow::default()
    };
    tx.insert_outbox(&failing).await.unwrap();
    tx.commit().await.unwrap();
    bench.drain().await;
    let mut tx = bench.app.store.write().await.unwrap();
    endpoints::disable(&mut tx, &bench.ctx(), &endpoint, "it answered that it is gone (410)").await.unwrap();
    tx.commit().await.unwrap();
    bench.drain().await;
    remind(bench, &incident).await;
    assert_eq!(send_reminders(&bench.app, &bench.senders).await.unwrap(), 1);
    bench.raw_mails()
}

async fn check(mail: &str) {
    assert!(is_signed(mail).await, "{mail}");
    let parsed = MessageParser::default().parse(mail).unwrap();
    let said = |name: &str| parsed.header_raw(name).map(|v| v.replace("\r\n", "").trim().to_owned());
    for once in
        ["From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type", "DKIM-Signature"]
    {
        assert_eq!(
            parsed.headers_raw().filter(|(n, _)| n.eq_ignore_ascii_case(once)).count(),
            1,
            "{once}: {mail}"
        );
    }
    assert_eq!(said("Auto-Submitted").as_deref(), Some("auto-generated"));
    assert_eq!(said("X-Auto-Response-Suppress").as_deref(), Some("All"));
    assert_eq!(parsed.from().unwrap().first().unwrap().address(), Some("status@example.com"));
    assert_eq!(parsed.from().unwrap().first().unwrap().name(), Some("Meridian eSIM"));
    assert!(parsed.message_id().unwrap().ends_with("@example.com"));
    assert!(parsed.date().is_some_and(|d| d.is_valid()));
    assert!(
        parsed.body_text(0).unwrap().len() > 40 && parsed.body_html(0).unwrap().contains("<p"),
        "both bodies"
    );
    assert!(!parsed.subject().unwrap().is_empty());
    let to = parsed.to().unwrap().first().unwrap().address().unwrap().to_owned();
    let is_staff = to == "ic@example.com";
    let list = said("List-Unsubscribe");
    assert_eq!(list.is_none(), is_staff, "{to}");
    if let Some(list) = list {
        let (url, by_mail) = list.split_once(", ").unwrap();
        let token =
            url.strip_prefix("<https://status.example.com/u/").unwrap().trim_end_matches('>').to_owned();
        assert_eq!(by_mail, format!("<mailto:unsub+{token}@example.com>"));
        assert_eq!(said("List-Unsubscribe-Post").as_deref(), Some("List-Unsubscribe=One-Click"));
        assert_eq!(said("Precedence").as_deref(), Some("bulk"));
        assert_eq!(said("List-Id").as_deref(), Some("Meridian eSIM <status.example.com>"));
        assert!(header(mail, "Return-Path").starts_with("<bounces+"), "a return path of its own");
    }
    let is_thread = said("References").is_some();
    assert_eq!(said("In-Reply-To").is_some(), is_thread);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_kind_of_mail_is_signed_and_has_every_header_that_machines_look_for() {
    let bench = Bench::start_with(store::Engine::Sqlite, signing).await;
    let mails = one_of_each(&bench).await;
    let subjects: Vec<String> = mails
        .iter()
        .map(|m| MessageParser::default().parse(m).unwrap().subject().unwrap().to_owned())
        .collect();
    for part in [
        "Confirm your",
        "You are subscribed",
        "downloads time out",
        "A test from",
        "fails",
        "any more",
        "due",
    ] {
        assert!(subjects.iter().any(|s| s.contains(part)), "{part}: {subjects:?}");
    }
    for mail in &mails {
        check(mail).await;
    }
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_key_and_a_hook_nothing_is_signed_and_no_address_offered() {
    let bench = Bench::start_with(store::Engine::Sqlite, |c| c.smtp.hook_token = String::new().into()).await;
    bench.subscriber("ada@example.org", &[]).await;
    bench.declare("FR").await;
    bench.drain().await;
    let mail = bench.mails().remove(0);
    assert!(!mail.contains("DKIM-Signature") && !mail.contains("mailto:"), "{mail}");
    bench.end().await;
}
