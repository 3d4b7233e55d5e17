//! What comes back, as mail systems really write it, and as nobody should.

use super::*;

/// Postfix's report on an unknown mailbox.
pub(crate) const BOUNCE: &str = "Return-Path: <>\r\nX-Original-To: bounces+tag@example.com\r\nDelivered-To: hook@example.com\r\n\
From: MAILER-DAEMON@mx.example.org (Mail Delivery System)\r\nSubject: Undelivered Mail Returned to Sender\r\n\
To: bounces+tag@example.com\r\nAuto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\n\
Content-Type: multipart/report; report-type=delivery-status;\r\n\tboundary=\"B.1/mx.example.org\"\r\n\r\n\
This is a MIME-encapsulated message.\r\n\r\n--B.1/mx.example.org\r\nContent-Description: Notification\r\n\
Content-Type: text/plain; charset=us-ascii\r\n\r\nI'm sorry to have to inform you\r\n\r\n--B.1/mx.example.org\r\n\
Content-Description: Delivery report\r\nContent-Type: message/delivery-status\r\n\r\n\
Reporting-MTA: dns; mx.example.org\r\nX-Postfix-Queue-ID: 4F\r\nArrival-Date: Mon,  2 Mar 2026 08:15:00 +0000\r\n\r\n\
Final-Recipient: rfc822; ada@example.org\r\nOriginal-Recipient: rfc822;ada@example.org\r\nAction: failed\r\n\
Status: 5.1.1\r\nRemote-MTA: dns; mx2.example.org\r\nDiagnostic-Code: smtp; 550 5.1.1 <ada@example.org>: Recipient\r\n    \
address rejected: User unknown\r\n\r\n--B.1/mx.example.org\r\nContent-Type: message/rfc822\r\n\r\n\
Return-Path: <bounces+tag@example.com>\r\nFrom: status@example.com\r\nSubject: x\r\n\r\nbody\r\n\r\n--B.1/mx.example.org--\r\n";

/// A provider's feedback loop.
const COMPLAINT: &str = "From: <abusedesk@example.org>\r\nTo: <fbl@example.com>\r\nSubject: FW: x\r\nMIME-Version: 1.0\r\n\
Content-Type: multipart/report; report-type=feedback-report; boundary=\"part1\"\r\n\r\n--part1\r\n\
Content-Type: text/plain; charset=\"US-ASCII\"\r\n\r\nThis is an email abuse report\r\n--part1\r\n\
Content-Type: message/feedback-report\r\n\r\nFeedback-Type: abuse\r\nUser-Agent: SomeGenerator/1.0\r\nVersion: 1\r\n\
Original-Mail-From: <bounces+tag@example.com>\r\nOriginal-Rcpt-To: <ada@example.org>\r\n\r\n--part1\r\n\
Content-Type: message/rfc822\r\n\r\nReturn-Path: <bounces+other@example.com>\r\nFrom: status@example.com\r\n\r\nSpam\r\n--part1--\r\n";

fn kind_of(mail: &str) -> Kind {
    read(mail.as_bytes()).unwrap().kind
}

#[test]
fn a_bounce_says_whom_and_why() {
    let inbound = read(BOUNCE.as_bytes()).unwrap();
    assert_eq!(inbound.to, ["bounces+tag@example.com", "hook@example.com", "bounces+tag@example.com"]);
    assert_eq!(
        inbound.kind,
        Kind::Bounce {
            status: "5.1.1".into(),
            diagnostic: "smtp; 550 5.1.1 <ada@example.org>: Recipient address rejected: User unknown".into()
        }
    );
    assert_eq!(
        read(BOUNCE.replace("\r\n", "\n").as_bytes()).unwrap().kind,
        inbound.kind,
        "with bare line ends"
    );
    for action in ["delayed", "delivered", "relayed", "expanded", "", "failedfailed"] {
        let mail = BOUNCE.replace("Action: failed", &format!("Action: {action}"));
        assert_eq!(kind_of(&mail), Kind::Automatic, "{action}");
    }
    for (said, status) in
        [("5.2.2 (full)", "5.2.2"), ("4.4.7", "4.4.7"), ("nonsense", ""), ("5.1", ""), ("5.1.1.1", "")]
    {
        let mail = BOUNCE.replace("Status: 5.1.1", &format!("Status: {said}"));
        assert!(matches!(kind_of(&mail), Kind::Bounce { status: s, .. } if s == status), "{said}");
    }
    let encoded = BOUNCE.replace(
        "Content-Type: message/delivery-status\r\n",
        "Content-Type: MESSAGE/Delivery-Status\r\nContent-Transfer-Encoding: quoted-printable\r\n",
    );
    assert!(matches!(kind_of(&encoded.replace("Action: failed", "Action=3A failed")), Kind::Bounce { .. }));
}

#[test]
fn a_complaint_names_the_mail_complained_of() {
    let about = ["<bounces+tag@example.com>", "bounces+other@example.com"].map(str::to_owned).to_vec();
    assert_eq!(kind_of(COMPLAINT), Kind::Complaint { about });
    let headers =
        COMPLAINT.replace("Content-Type: message/rfc822\r\n", "Content-Type: text/rfc822-headers\r\n");
    assert!(matches!(kind_of(&headers), Kind::Complaint { about } if about.len() == 2));
    for other in ["not-spam", "auth-failure", "virus", "other", ""] {
        let mail = COMPLAINT.replace("Feedback-Type: abuse", &format!("Feedback-Type: {other}"));
        assert_eq!(kind_of(&mail), Kind::Automatic, "{other}");
    }
}

#[test]
fn people_and_machines_are_told_apart() {
    let mail = |header: &str| {
        format!("{header}From: ada@example.org\r\nTo: <unsub+x@example.com>\r\nSubject: away\r\n\r\nI am\r\n")
    };
    for written in
        ["", "Auto-Submitted: no\r\n", "Precedence: first-class\r\n", "Return-Path: <ada@example.org>\r\n"]
    {
        assert_eq!(kind_of(&mail(written)), Kind::Written, "{written}");
    }
    for automatic in [
        "Auto-Submitted: auto-replied\r\n",
        "auto-submitted: auto-generated; owner-email=\"x\"\r\n",
        "Precedence: bulk\r\n",
        "Precedence: AUTO_REPLY\r\n",
        "X-Autoreply: yes\r\n",
        "X-Auto-Response-Suppress: All\r\n",
        "Return-Path: <>\r\n",
        "List-Id: <x.example.org>\r\n",
    ] {
        assert_eq!(kind_of(&mail(automatic)), Kind::Automatic, "{automatic}");
    }
}

#[test]
fn nothing_makes_it_panic_or_dawdle() {
    let begin = std::time::Instant::now();
    for end in 0..BOUNCE.len() {
        let _ = read(&BOUNCE.as_bytes()[..end]);
        let _ = read(&COMPLAINT.as_bytes()[..end.min(COMPLAINT.len())]);
    }
    let mut nested = String::from("To: a@example.com\r\n");
    for n in 0..10_000 {
        nested += &format!("Content-Type: multipart/mixed; boundary=b{n}\r\n\r\n--b{n}\r\n");
    }
    let mut wrapped = String::new();
    for _ in 0..10_000 {
        wrapped += "Content-Type: message/rfc822\r\n\r\n";
    }
    let mut encoded = String::from("hello");
    for _ in 0..12 {
        let body = data_encoding::BASE64.encode(encoded.as_bytes());
        encoded = format!("Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n{body}");
    }
    let charset = BOUNCE.replace("us-ascii", "x-no-such-charset").replace("sorry", "s\u{fc}rry =FF=FE");
    let big = format!("{BOUNCE}{}", "x".repeat(1024 * 1024));
    let addresses = format!("To: {}\r\n\r\nx", "a+b@example.com, ".repeat(60_000));
    for hostile in [
        nested.into_bytes(),
        wrapped.into_bytes(),
        encoded.into_bytes(),
        charset.into_bytes(),
        big.into_bytes(),
        addresses.into_bytes(),
        BOUNCE.replace("failed", "fai\0led").into_bytes(),
        vec![0; 1024 * 1024],
        vec![0xff; 1024 * 1024],
        (0..=255u8).cycle().take(1024 * 1024).collect(),
        b"\r\n".repeat(500_000),
        b":".repeat(1024 * 1024),
        b"To: a@b.example\r\n ".repeat(60_000),
        b"=?utf-8?b?".repeat(100_000),
        b"".to_vec(),
    ] {
        if let Some(inbound) = read(&hostile) {
            assert!(inbound.to.len() <= ADDRESSES);
        }
    }
    assert!(begin.elapsed() < std::time::Duration::from_secs(20), "{:?}", begin.elapsed());
}
