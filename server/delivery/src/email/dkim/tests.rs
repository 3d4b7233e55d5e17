//! Signatures before an independent judge (the crate `mail-auth`).

use std::{borrow::Borrow, hash::Hash, time::Instant};

use mail_auth::{
    AuthenticatedMessage, DkimResult, MessageAuthenticator, Parameters, ResolverCache, Txt,
    common::{parse::TxtRecordParser as _, verify::DomainKey},
    hickory_resolver::config::{ResolverConfig, ResolverOpts},
};

use super::*;
use crate::email::{
    MailAddress, Outgoing, Rendered,
    letter::stuffed,
    message::{build, opaque},
};

const RSA: &[u8] = include_bytes!("testkeys/rsa.pem");
const RSA_PUBLIC: &str = include_str!("testkeys/rsa.txt");
const ED25519: &[u8] = include_bytes!("testkeys/ed25519.pem");
const ED25519_PUBLIC: &str = include_str!("testkeys/ed25519.txt");

/// The one name that is published.
struct Zone(String, Txt);

impl ResolverCache<Box<str>, Txt> for Zone {
    fn get<Q>(&self, name: &Q) -> Option<Txt>
    where
        Box<str>: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        let ours: Box<str> = format!("{}.", self.0).into();
        (Borrow::<Q>::borrow(&ours) == name).then(|| self.1.clone())
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

/// What the judge says of each signature of a mail.
async fn judged(mail: &str, record: &str) -> Vec<String> {
    let key = DomainKey::parse(record.as_bytes()).unwrap();
    let zone = Zone("mail2026._domainkey.example.com".into(), Txt::DomainKey(key.into()));
    // Knows no server: what is not in the zone is not there.
    let judge = MessageAuthenticator::new(ResolverConfig::default(), ResolverOpts::default()).unwrap();
    let message = AuthenticatedMessage::parse(mail.as_bytes()).unwrap();
    let said = judge.verify_dkim(Parameters::new(&message).with_txt_cache(&zone)).await;
    said.iter()
        .map(|s| match s.result() {
            DkimResult::Pass => "pass".to_owned(),
            other => format!("{other:?}"),
        })
        .collect()
}

fn record(kind: &str, public: &str) -> String {
    format!("v=DKIM1; k={kind}; p={}", public.trim())
}

fn content() -> Rendered {
    Rendered {
        subject: "[Sev 2] Données – a subject that is long enough to be folded over more than one line, – with umlauts: äöü".into(),
        text: "one  two\t three \r\n.\r\n..leading dots\r\nQUIT\r\n\r\n \r\nend\r\n\r\n\r\n".into(),
        html: format!("<p>{}</p>\n<p> a   b </p>\n\n", "long ".repeat(400)),
    }
}

fn wire(thread: Option<&str>, link: Option<&str>) -> String {
    let from = MailAddress::parse("status@example.com").unwrap();
    let to = MailAddress::parse("ada@example.org").unwrap();
    let mail = build(&Outgoing {
        from_name: "Meridian – eSIM",
        from: &from,
        to: &to,
        content: &content(),
        message_id: &opaque(&[7; 32]),
        thread_id: thread,
        unsubscribe_url: link,
        unsubscribe_mail: link.map(|_| "unsub+abc@example.com"),
        date: Timestamp::parse_rfc3339("2026-03-02T08:15:00Z").unwrap(),
    });
    stuffed(&mail.unwrap()).unwrap()
}

/// As it arrives: dots single again, no end mark.
fn arrived(wire: &str) -> String {
    let body = wire.strip_suffix(".\r\n").unwrap();
    body.split("\r\n").map(|l| l.strip_prefix('.').unwrap_or(l)).collect::<Vec<_>>().join("\r\n")
}

fn at() -> Timestamp {
    Timestamp::parse_rfc3339("2026-03-02T08:15:00Z").unwrap()
}

#[tokio::test]
async fn an_independent_judge_accepts_every_kind_of_mail_with_both_kinds_of_key() {
    let pkcs1 = include_bytes!("testkeys/rsa-pkcs1.pem");
    for (pem, kind, public) in
        [(RSA, "rsa", RSA_PUBLIC), (pkcs1, "rsa", RSA_PUBLIC), (ED25519, "ed25519", ED25519_PUBLIC)]
    {
        let signer = Signer::new(pem, "mail2026", "example.com").unwrap();
        for (thread, link) in [
            (Some("root"), Some("https://status.example.com/u/abc")),
            (None, Some("https://x.example/u/a")),
            (None, None),
        ] {
            let signed = signer.sign(&wire(thread, link), at()).unwrap();
            assert_eq!(judged(&arrived(&signed), &record(kind, public)).await, ["pass"], "{signed}");
            assert!(signed.is_ascii() && signed.lines().all(|l| l.len() <= 998));
            let head = signed.split_once("\r\nFrom:").unwrap().0;
            let listed =
                head.split_once("h=").unwrap().1.split_once(';').unwrap().0.replace(['\r', '\n', ' '], "");
            for name in
                ["from", "to", "subject", "date", "message-id", "mime-version", "content-type", "reply-to"]
            {
                assert!(listed.split(':').any(|l| l == name), "{name} in {listed}");
            }
            for name in ["in-reply-to", "references"] {
                assert_eq!(listed.split(':').any(|l| l == name), thread.is_some(), "{name} in {listed}");
            }
            for name in ["list-id", "list-unsubscribe", "list-unsubscribe-post"] {
                assert_eq!(listed.split(':').any(|l| l == name), link.is_some(), "{name} in {listed}");
            }
        }
    }
}

#[tokio::test]
async fn the_judge_refuses_what_was_changed_on_the_way_and_forgives_white_space() {
    let signer = Signer::new(RSA, "mail2026", "example.com").unwrap();
    let record = record("rsa", RSA_PUBLIC);
    let mail =
        arrived(&signer.sign(&wire(Some("root"), Some("https://status.example.com/u/abc")), at()).unwrap());
    for (what, becomes) in [
        ("/u/abc", "/u/abd"),
        ("One-Click", "Two-Click"),
        ("leading dots", "leading cats"),
        ("To: ada", "To: eve"),
        ("\r\nTo: ", "\r\nFrom: eve@example.org\r\nTo: "),
        ("\r\nTo: ", "\r\nReply-To: eve@example.org\r\nTo: "),
        ("s=mail2026", "s=mail2025"),
    ] {
        let changed = mail.replacen(what, becomes, 1);
        assert_ne!(changed, mail, "{what}");
        assert_ne!(judged(&changed, &record).await, ["pass"], "{what}");
    }
    for (what, becomes) in [
        ("\r\nTo: ", "\r\nto:\t  "),
        ("\r\nTo: ", "\r\nX-Relay: was here\r\nTo: "),
        ("leading dots", "leading \t dots"),
    ] {
        let changed = mail.replacen(what, becomes, 1);
        assert_ne!(changed, mail, "{what}");
        assert_eq!(judged(&changed, &record).await, ["pass"], "{what}");
    }
    assert_eq!(judged(&format!("{mail}\r\n\r\n"), &record).await, ["pass"], "empty lines at the end");
    assert_ne!(judged(&format!("{mail}more"), &record).await, ["pass"]);
    let foreign = format!("v=DKIM1; k=ed25519; p={}", ED25519_PUBLIC.trim());
    assert_ne!(judged(&mail, &foreign).await, ["pass"], "another key");
}

#[test]
fn a_key_that_cannot_sign_is_refused_without_being_shown() {
    let weak = include_bytes!("testkeys/weak.pem");
    let foreign = include_bytes!("testkeys/p256.pem");
    let cut = &RSA[..RSA.len() / 2];
    for bad in [b"".as_slice(), b"\0\xff", b"hello", weak, foreign, cut, RSA_PUBLIC.as_bytes()] {
        let error = Signer::new(bad, "s", "example.com").unwrap_err().to_string();
        assert!(error.starts_with("there is no private key") || error.starts_with("it is no RSA"), "{error}");
    }
    let signer = Signer::new(RSA, "s", "example.com").unwrap();
    assert_eq!(format!("{signer:?}"), "Signer(s._domainkey.example.com, rsa-sha256)");
}
