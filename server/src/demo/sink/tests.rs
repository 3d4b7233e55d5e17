use std::{net::SocketAddr, sync::atomic::AtomicUsize};

use delivery::{
    email::{
        MailAddress, Outgoing, Rendered, Security, Smtp, SmtpSettings,
        message::{build, opaque},
        template::IncidentUpdate,
    },
    outcome::Outcome,
};
use domain::clock::Timestamp;
use tokio::time::Instant;

use super::*;

struct Running {
    address: SocketAddr,
    spool: PathBuf,
    _stop: watch::Sender<bool>,
}

impl Running {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let spool =
            std::env::temp_dir().join(format!("waypost-sink-{}-{}", std::process::id(), address.port()));
        let (stop, stopped) = watch::channel(false);
        tokio::spawn(run(listener, spool.clone(), stopped));
        Self { address, spool, _stop: stop }
    }

    fn mails(&self) -> Vec<String> {
        let Ok(files) = std::fs::read_dir(&self.spool) else { return Vec::new() };
        let mut paths: Vec<PathBuf> = files.map(|f| f.unwrap().path()).collect();
        paths.sort();
        assert!(paths.iter().all(|p| p.extension().is_some_and(|e| e == "eml")), "{paths:?}");
        paths.iter().map(|p| std::fs::read_to_string(p).unwrap()).collect()
    }

    /// Says all of `lines` at once and returns everything that is answered until the connection ends.
    async fn say(&self, lines: &str) -> String {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(lines.as_bytes()).await.unwrap();
        let mut answers = Vec::new();
        // A server that hangs up with words unread resets the connection: an end like any other.
        let _ = timeout(Duration::from_secs(10), stream.read_to_end(&mut answers)).await.unwrap();
        String::from_utf8(answers).unwrap()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.spool);
    }
}

fn sender(address: SocketAddr) -> Smtp {
    Smtp::new(
        SmtpSettings {
            host: address.ip().to_string(),
            port: address.port(),
            security: Security::None,
            credentials: None,
            hello: "example.com".into(),
        },
        None,
    )
}

fn mail(to: &str, text: &str) -> (MailAddress, MailAddress, Vec<u8>) {
    let (from, to) = (MailAddress::parse("status@example.com").unwrap(), MailAddress::parse(to).unwrap());
    let content = Rendered { text: text.into(), ..IncidentUpdate::sample().render().unwrap() };
    let id = opaque(&[3; 32]);
    let message = build(&Outgoing {
        from_name: "Meridian eSIM",
        from: &from,
        to: &to,
        content: &content,
        message_id: &id,
        thread_id: Some("root"),
        unsubscribe_url: Some("https://status.example.com/u/token"),
        unsubscribe_mail: None,
        date: Timestamp::from_millis(1_772_459_400_000),
    })
    .unwrap();
    (from, to, message)
}

#[tokio::test]
async fn a_mail_of_ours_arrives_byte_for_byte() {
    let sink = Running::start().await;
    let smtp = sender(sink.address);
    let (from, to, message) = mail("ada@example.org", "before\r\n.\r\n..\r\n.hidden\r\nafter");
    let outcome = smtp.send(&from, &to, &message, Timestamp::default()).await;
    assert!(matches!(&outcome, Outcome::Delivered(a) if a.contains("kept")), "{outcome:?}");
    let kept = sink.mails();
    let head = "Return-Path: <status@example.com>\r\nDelivered-To: ada@example.org\r\n";
    assert_eq!(kept, [format!("{head}{}", String::from_utf8(message).unwrap())]);
    for part in ["\r\n.\r\n..\r\n.hidden\r\nafter", "List-Unsubscribe: <https://status.example.com/u/token>"]
    {
        assert!(kept[0].contains(part), "{part}\n{}", kept[0]);
    }
}

#[tokio::test]
async fn connections_are_reused_without_the_delayed_acknowledgement() {
    let sink = Running::start().await;
    let smtp = sender(sink.address);
    let started = Instant::now();
    for n in 0..50 {
        let (from, to, message) = mail(&format!("r{n}@example.org"), "text");
        assert!(matches!(smtp.send(&from, &to, &message, Timestamp::default()).await, Outcome::Delivered(_)));
        assert_eq!(smtp.idle(), 1);
    }
    // The stall that we avoid costs 40 ms per mail: 2 s in all.
    assert!(started.elapsed() < Duration::from_millis(1_500), "{:?}", started.elapsed());
    assert_eq!(sink.mails().len(), 50);
    smtp.rest(true).await;
    assert_eq!(smtp.idle(), 0);
}

#[tokio::test]
async fn the_protocol_is_kept() {
    let sink = Running::start().await;
    let answers = sink
        .say(
            "EHLO x\r\nNOOP\r\nDATA\r\nRCPT TO:<a@b.example>\r\nMAIL FROM:a@b\r\nMAIL FROM:<> SIZE=99999999\r\n\
             MAIL FROM:<a@b.example> SIZE=10 BODY=8BITMIME\r\nMAIL FROM:<c@d.example>\r\nRCPT TO:<nobody>\r\n\
             RCPT TO:<a@b.example>\r\nRSET\r\nDATA\r\nWHAT\r\nVRFY x\r\n\
             mail from:<>\r\nrcpt to:<x@y.example>\r\nRCPT TO:<z@y.example>\r\ndata\r\n\
             Subject: x\r\n\r\n..dot\r\n.\r\nQUIT\r\n",
        )
        .await;
    let codes: Vec<&str> =
        answers.lines().filter(|l| l.as_bytes().get(3) == Some(&b' ')).map(|l| &l[..3]).collect();
    assert_eq!(
        codes,
        [
            "220", "250", "250", "503", "503", "501", "552", "250", "503", "501", "250", "250", "503", "502",
            "252", "250", "250", "250", "354", "250", "221"
        ],
        "{answers}"
    );
    assert_eq!(
        sink.mails(),
        ["Return-Path: <>\r\nDelivered-To: x@y.example, z@y.example\r\nSubject: x\r\n\r\n.dot\r\n"]
    );
}

#[tokio::test]
async fn an_endless_line_or_message_fills_nothing() {
    let sink = Running::start().await;
    let answers = sink.say(&format!("EHLO {}", "x".repeat(LINE_MAX + 1))).await;
    assert!(!answers.contains("250"), "{answers}");
    let line = format!("{}\r\n", "y".repeat(998));
    let body = line.repeat(SIZE_MAX / line.len() + 2);
    let talk =
        format!("EHLO x\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<a@b.example>\r\nDATA\r\n{body}.\r\nQUIT\r\n");
    assert!(sink.say(&talk).await.contains("552 5.3.4"), "refused at the end of the data");
    assert!(sink.mails().is_empty());
}

#[tokio::test]
async fn a_spool_that_cannot_be_written_is_a_temporary_failure() {
    let sink = Running::start().await;
    std::fs::write(&sink.spool, "a file where the directory should be").unwrap();
    let (from, to, message) = mail("ada@example.org", "text");
    let outcome = sender(sink.address).send(&from, &to, &message, Timestamp::default()).await;
    assert!(matches!(&outcome, Outcome::Retry { answer, .. } if answer.contains("452")), "{outcome:?}");
    std::fs::remove_file(&sink.spool).unwrap();
}

/// A relay that answers each command line by `script`, and counts connections.
async fn relay(script: fn(&str) -> &'static str) -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let connections = Arc::new(AtomicUsize::new(0));
    let count = connections.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            count.fetch_add(1, Ordering::SeqCst);
            tokio::spawn(async move {
                let mut stream = BufReader::new(BufWriter::new(stream));
                let _ = stream.write_all(b"220 relay\r\n").await;
                let _ = stream.flush().await;
                while let Ok(Some(line)) = read_line(&mut stream).await {
                    let line = String::from_utf8(line).unwrap();
                    let answer = script(line.trim_end());
                    if answer.is_empty() {
                        return;
                    }
                    let _ = stream.write_all(answer.as_bytes()).await;
                    let _ = stream.flush().await;
                    if answer.starts_with("354") {
                        let _ = read_message(&mut stream).await;
                        let answer = script(".");
                        if answer.is_empty() {
                            return;
                        }
                        let _ = stream.write_all(answer.as_bytes()).await;
                        let _ = stream.flush().await;
                    }
                }
            });
        }
    });
    (address, connections)
}

async fn outcomes(script: fn(&str) -> &'static str, recipients: &[&str]) -> (Vec<Outcome>, usize) {
    let (address, connections) = relay(script).await;
    let smtp = sender(address);
    let mut outcomes = Vec::new();
    for to in recipients {
        let (from, to, message) = mail(to, "text");
        outcomes.push(smtp.send(&from, &to, &message, Timestamp::default()).await);
    }
    (outcomes, connections.load(Ordering::SeqCst))
}

#[tokio::test]
async fn each_recipient_gets_the_relays_verdict_and_the_connection_lives_on() {
    let script = |line: &str| match line {
        l if l.starts_with("EHLO") => "250 relay\r\n",
        l if l.contains("<unknown@") => "550 5.1.1 no such user\r\n",
        l if l.contains("<later@") => "450 4.2.0 greylisted\r\n",
        "DATA" => "354 go\r\n",
        _ => "250 2.0.0 ok\r\n",
    };
    let (outcomes, connections) =
        outcomes(script, &["unknown@example.org", "later@example.org", "ada@example.org"]).await;
    assert!(matches!(&outcomes[0], Outcome::Dead(a) if a.contains("no such user")), "{outcomes:?}");
    assert!(
        matches!(&outcomes[1], Outcome::Retry { answer, .. } if answer.contains("greylisted")),
        "{outcomes:?}"
    );
    assert!(matches!(&outcomes[2], Outcome::Delivered(_)), "{outcomes:?}");
    assert_eq!(connections, 1, "a refusal is answered by RSET, not by a new connection");
}

#[tokio::test]
async fn a_relay_that_refuses_the_sender_or_hangs_up_is_no_recipients_fault() {
    let refuses =
        |line: &str| if line.starts_with("EHLO") { "250 relay\r\n" } else { "530 5.7.0 sign in first\r\n" };
    let (told, _) = outcomes(refuses, &["ada@example.org"]).await;
    assert!(matches!(&told[0], Outcome::Unreachable(a) if a.contains("sign in first")), "{told:?}");
    let after_data = |line: &str| match line {
        l if l.starts_with("EHLO") => "250 relay\r\n",
        "DATA" => "354 go\r\n",
        "." => "",
        _ => "250 ok\r\n",
    };
    let (told, _) = outcomes(after_data, &["ada@example.org"]).await;
    assert!(
        matches!(&told[0], Outcome::Retry { .. }),
        "cut after DATA: maybe taken, so tried again: {told:?}"
    );
    // A port that nothing listens on.
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let (from, to, message) = mail("ada@example.org", "text");
    assert!(matches!(
        sender(free).send(&from, &to, &message, Timestamp::default()).await,
        Outcome::Unreachable(_)
    ));
}

#[tokio::test]
async fn a_pooled_connection_that_the_relay_closed_costs_no_attempt() {
    // Closes at the second MAIL of a connection: answers nothing to it.
    static MAILS: AtomicUsize = AtomicUsize::new(0);
    let script = |line: &str| match line {
        l if l.starts_with("EHLO") => "250 relay\r\n",
        l if l.starts_with("MAIL") && MAILS.fetch_add(1, Ordering::SeqCst) == 1 => "",
        "DATA" => "354 go\r\n",
        _ => "250 ok\r\n",
    };
    let (told, connections) = outcomes(script, &["a@example.org", "b@example.org"]).await;
    assert!(told.iter().all(|o| matches!(o, Outcome::Delivered(_))), "{told:?}");
    assert_eq!(connections, 2);
}
