//! Mail as it comes in at the hook: bounces, complaints, people who want out, machines, forgeries, and rubbish.

use axum::http::StatusCode;
use domain::clock::HOUR;
use serde_json::json;

use super::bounces::{TOKEN, path, post};
use crate::{
    commands::subscribe::{unsubscribe_address, unsubscribe_token},
    worker::outbox::tests::bench::{Bench, header, on_both},
};

/// As a mail system hands it over; how many it changed something for.
async fn comes_in(bench: &Bench, address: &str, mail: &str) -> u64 {
    let (status, body) =
        post(bench, &format!("/hooks/mail{address}"), TOKEN, "message/rfc822", mail.as_bytes().to_vec())
            .await;
    assert_eq!(status, StatusCode::ACCEPTED, "a mail system that is refused would bounce it in turn: {mail}");
    assert_eq!(body["accepted"].as_u64().unwrap() + body["ignored"].as_u64().unwrap(), 1);
    body["accepted"].as_u64().unwrap()
}

fn bounce(to: &str, action: &str, status: &str) -> String {
    format!(
        "Return-Path: <>\r\nFrom: MAILER-DAEMON@mx.example.org\r\nTo: {to}\r\nAuto-Submitted: auto-replied\r\n\
         Subject: Undelivered\r\nMIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n\
         --b\r\nContent-Type: text/plain\r\n\r\nSorry.\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n\
         Reporting-MTA: dns; mx.example.org\r\n\r\nFinal-Recipient: rfc822; ada@example.org\r\nAction: {action}\r\n\
         Status: {status}\r\nDiagnostic-Code: smtp; 550 nobody\x1b[31m of that name\r\n\r\n--b--\r\n"
    )
}

fn complaint(to: &str, original_from: &str) -> String {
    format!(
        "From: fbl@example.org\r\nTo: {to}\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/report; report-type=feedback-report; boundary=b\r\n\r\n\
         --b\r\nContent-Type: text/plain\r\n\r\nAbuse.\r\n--b\r\nContent-Type: message/feedback-report\r\n\r\n\
         Feedback-Type: abuse\r\nVersion: 1\r\nOriginal-Mail-From: <{original_from}>\r\n\r\n--b\r\n\
         Content-Type: message/rfc822\r\n\r\nFrom: status@example.com\r\n\r\nx\r\n--b--\r\n"
    )
}

on_both! {
    async fn a_bounce_counts_under_its_tag_alone_wherever_the_recipient_is_named(bench) {
        let row = bench.subscriber("ada@example.org", &[]).await;
        let mine = path(bench, &row.id);
        let forged = mine.replace('+', "+x");
        for forged in [forged.as_str(), "bounces@example.com", "ada@example.org", ""] {
            assert_eq!(comes_in(bench, "", &bounce(forged, "failed", "5.1.1")).await, 0, "{forged}");
        }
        let elsewhere = format!("?to={}", forged.replace('+', "%2B"));
        assert_eq!(comes_in(bench, &elsewhere, &bounce(&mine, "failed", "5.1.1")).await, 0, "the envelope is believed first");
        for (action, status) in [("delayed", "5.1.1"), ("delivered", "2.0.0")] {
            assert_eq!(comes_in(bench, "", &bounce(&mine, action, status)).await, 0, "{action}");
        }
        for status in ["5.7.1", "5.2.2", "4.4.7", "", "5.1"] {
            assert_eq!(comes_in(bench, "", &bounce(&mine, "failed", status)).await, 1, "{status}");
        }
        assert_eq!(bench.state(&row.id).await, "confirmed", "policy, a full mailbox, for now, and no status");
        let (status, _) = post(bench, "/hooks/mail", "wrong", "message/rfc822", bounce(&mine, "failed", "5.1.1").into()).await;
        assert_eq!((status, bench.state(&row.id).await.as_str()), (StatusCode::UNAUTHORIZED, "confirmed"));

        let by_header = format!("X-Original-To: {mine}\r\n{}", bounce("hook@example.com", "failed", "5.1.1"));
        assert_eq!(comes_in(bench, "", &by_header).await, 1);
        assert_eq!(bench.state(&row.id).await, "suppressed");
        let other = bench.subscriber("bob@example.org", &[]).await;
        let envelope = format!("?to={}", path(bench, &other.id).replace('+', "%2B"));
        assert_eq!(comes_in(bench, &envelope, &bounce("x@example.com", "failed", "5.1.1")).await, 1);
        assert_eq!(bench.state(&other.id).await, "suppressed");
    }

    async fn a_complaint_counts_by_the_mail_that_it_quotes(bench) {
        let row = bench.subscriber("angry@example.org", &[]).await;
        let mine = path(bench, &row.id);
        assert_eq!(comes_in(bench, "", &complaint("fbl@example.com", &mine.replace('+', "+x"))).await, 0);
        let praise = complaint("fbl@example.com", &mine).replace("abuse", "not-spam");
        assert_eq!(comes_in(bench, "", &praise).await, 0);
        assert_eq!(bench.state(&row.id).await, "confirmed");
        assert_eq!(comes_in(bench, "", &complaint("fbl@example.com", &mine)).await, 1);
        assert_eq!(bench.state(&row.id).await, "suppressed");
    }

    async fn a_mail_to_the_address_in_the_header_unsubscribes_and_machines_do_not(bench) {
        let row = bench.subscriber("ada@example.org", &[]).await;
        bench.declare("FR").await;
        bench.drain().await;
        let list = header(&bench.mails()[0], "List-Unsubscribe").to_owned();
        let address = list.split("<mailto:").nth(1).unwrap().trim_end_matches('>').to_owned();
        assert_eq!(address, unsubscribe_address(&unsubscribe_token(&bench.app.keys, &row.id), "example.com"));
        assert!(address.split_once('@').unwrap().0.len() <= 64, "{address}");
        let mail = |to: &str, header: &str| format!("{header}From: ada@example.org\r\nTo: <{to}>\r\nSubject: \r\n\r\n");
        for header in ["Auto-Submitted: auto-replied\r\n", "Precedence: bulk\r\n", "X-Autoreply: yes\r\n"] {
            assert_eq!(comes_in(bench, "", &mail(&address, header)).await, 0, "{header}");
        }
        assert_eq!(comes_in(bench, "", &mail(&path(bench, &row.id), "")).await, 0, "an answer to the return path");
        for forged in [address.replace("unsub+", "unsub+x"), address.replace("unsub+", "unsub+k7p2"), "unsub@example.com".into(), "unsub+@example.com".into()] {
            assert_eq!(comes_in(bench, "", &mail(&forged, "")).await, 0, "{forged}");
        }
        assert_eq!(bench.state(&row.id).await, "confirmed");
        bench.declare("IT").await;
        bench.expand().await;
        assert_eq!(comes_in(bench, "", &mail(&address.to_lowercase(), "")).await, 1, "some systems change the case");
        assert_eq!(comes_in(bench, "", &mail(&address, "")).await, 1, "again: nothing more");
        assert_eq!(bench.state(&row.id).await, "unsubscribed");
        bench.pass(HOUR);
        bench.drain().await;
        assert_eq!(bench.mails().len(), 1, "what was queued is not sent");
    }

    async fn rubbish_changes_nothing_and_the_next_mail_counts(bench) {
        let row = bench.subscriber("ada@example.org", &[]).await;
        let mine = path(bench, &row.id);
        let whole = bounce(&mine, "failed", "5.1.1");
        let cut = whole.find("Action").unwrap();
        let mut nested = format!("To: {mine}\r\n");
        for n in 0..10_000 {
            nested += &format!("Content-Type: multipart/mixed; boundary=b{n}\r\n\r\n--b{n}\r\n");
        }
        for rubbish in [
            String::new(), "\0".into(), "\r\n\r\n".into(), format!("To: {mine}\0\r\n\r\nx"), whole[..cut].into(),
            whole.replace("failed", "fai\0led"), nested, "\0".repeat(1024 * 1024), whole.replace(&mine, &"+".repeat(100_000)),
        ] {
            assert_eq!(comes_in(bench, "", &rubbish).await, 0, "{:?}", rubbish.get(..80));
        }
        let (status, body) = post(bench, "/hooks/mail", TOKEN, "message/rfc822", vec![b'x'; 1024 * 1024 + 1]).await;
        assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE, "{body}");
        let (status, _) = post(bench, "/hooks/mail", TOKEN, "application/json", whole.clone().into()).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "a mail that calls itself JSON");
        let mut latin: Vec<u8> = whole.replace("Sorry", "S\u{fc}rry").into_bytes();
        latin.extend([0xff, 0xfe]);
        assert_eq!(bench.state(&row.id).await, "confirmed");
        let (status, body) = post(bench, "/hooks/mail", TOKEN, "Message/RFC822; charset=x-none", latin).await;
        assert_eq!((status, &body["accepted"]), (StatusCode::ACCEPTED, &json!(1)));
        assert_eq!(bench.state(&row.id).await, "suppressed");
    }
}
