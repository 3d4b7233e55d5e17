//! The corpus of hostile addresses, and conversations with receivers that behave badly.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use domain::clock::Timestamp;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    time::Instant,
};

use super::{
    client::{Answer, Client, Delivery, Resolver},
    guard::Guard,
    sign::Secret,
    target::{BadUrl, Target},
};
use crate::outcome::Outcome;

const HOSTILE: &[&str] = &[
    // schemes and shapes
    "",
    " ",
    "x",
    "//example.com/",
    "example.com",
    "javascript:alert(1)",
    "data:text/plain,x",
    "file:///etc/passwd",
    "ftp://example.com/",
    "gopher://example.com:443/_x",
    "unix:///var/run/docker.sock",
    "http+unix://%2Fvar%2Frun/x",
    "dict://example.com:443/",
    "ws://example.com/",
    "https:example.com",
    "https:/example.com",
    "https:///example.com",
    "https://",
    "https://?x",
    "https:\\\\example.com",
    "https://exa mple.com/",
    "https://example.com/\r\nHost: x",
    "https://example.com/\0",
    "https://example.com/a\tb",
    "\u{1}https://example.com/",
    "https://example.com/#f",
    // not https, other ports
    "http://example.com/",
    "http://example.com:443/",
    "https://example.com:80/",
    "https://example.com:22/",
    "https://example.com:25/",
    "https://example.com:8080/",
    "https://example.com:0/",
    "https://example.com:65536/",
    // user information
    "https://user@example.com/",
    "https://user:pw@example.com/",
    "https://@example.com/",
    "https://example.com@127.0.0.1/",
    "https://127.0.0.1#@example.com/",
    "https://example.com\\@127.0.0.1/",
    // loopback in every notation
    "https://127.0.0.1/",
    "https://127.1/",
    "https://127.0.1/",
    "https://2130706433/",
    "https://0x7f000001/",
    "https://0x7f.1/",
    "https://0x7f.0x0.0x0.0x1/",
    "https://0177.0.0.1/",
    "https://017700000001/",
    "https://0/",
    "https://0.0.0.0/",
    "https://127.0.0.1./",
    "https://①②⑦.⓪.⓪.①/",
    "https://１２７.０.０.１/",
    "https://127。0。0。1/",
    "https://%31%32%37.0.0.1/",
    "https://127.255.255.254/",
    "https://localhost/",
    "https://localhost./",
    "https://LOCALHOST/",
    "https://loc\u{ad}alhost/",
    "https://db/",
    "https://[::1]/",
    "https://[::]/",
    "https://[0:0:0:0:0:0:0:1]/",
    "https://[::127.0.0.1]/",
    "https://[::ffff:127.0.0.1]/",
    "https://[::ffff:7f00:1]/",
    "https://[::ffff:0:127.0.0.1]/",
    "https://[::1%25lo]/",
    "https://[::1",
    // private, shared, link-local, metadata
    "https://10.0.0.1/",
    "https://100.64.0.1/",
    "https://172.16.0.1/",
    "https://172.31.255.255/",
    "https://192.168.0.1/",
    "https://169.254.169.254/latest/meta-data/",
    "https://0xA9FEA9FE/",
    "https://2852039166/",
    "https://[::ffff:169.254.169.254]/",
    "https://[fd00:ec2::254]/",
    "https://[fc00::1]/",
    "https://[fe80::1]/",
    "https://[fec0::1]/",
    "https://192.0.0.192/",
    "https://168.63.129.16.:80/",
    // documentation, benchmarking, transition, multicast, reserved
    "https://192.0.2.1/",
    "https://198.51.100.1/",
    "https://203.0.113.1/",
    "https://198.18.0.1/",
    "https://192.88.99.1/",
    "https://224.0.0.1/",
    "https://240.0.0.1/",
    "https://255.255.255.255/",
    "https://[64:ff9b::7f00:1]/",
    "https://[64:ff9b:1::a00:1]/",
    "https://[2002:7f00:1::]/",
    "https://[2001::1]/",
    "https://[2001:db8::1]/",
    "https://[100::1]/",
    "https://[5f00::1]/",
    "https://[3fff::1]/",
    "https://[ff02::1]/",
    // names that are none
    "https://-example.com/",
    "https://example..com/",
    "https://.example.com/",
    "https://exa_mple-.com/",
    "https://xn--/",
    "https://a.b.c.d.e.f.g.example.com:99999/",
];

#[test]
fn hostile_addresses_are_refused_before_anything_is_dialled() {
    assert!(HOSTILE.len() >= 80, "{}", HOSTILE.len());
    let guard = Guard::default();
    for url in HOSTILE {
        assert!(Target::parse(url, &guard).is_err(), "{url:?}");
    }
    let long = format!("https://example.com/{}", "a".repeat(2_048));
    assert_eq!(Target::parse(&long, &guard), Err(BadUrl::TooLong));
}

#[test]
fn ordinary_addresses_pass() {
    for (url, host, authority, path) in [
        ("https://hooks.example.com/status?k=v", "hooks.example.com", "hooks.example.com", "/status?k=v"),
        ("HTTPS://Hooks.Example.COM:443", "hooks.example.com", "hooks.example.com", "/"),
        ("https://bücher.example/ä", "xn--bcher-kva.example", "xn--bcher-kva.example", "/%C3%A4"),
        ("https://1.1.1.1/", "1.1.1.1", "1.1.1.1", "/"),
        ("https://[2606:4700::1111]/x", "2606:4700::1111", "[2606:4700::1111]", "/x"),
    ] {
        let target = Target::parse(url, &Guard::default()).unwrap();
        assert_eq!(
            (target.host(), target.authority().as_str(), target.path().as_str()),
            (host, authority, path)
        );
    }
}

fn resolver(answers: Vec<Vec<&'static str>>, asked: &Arc<AtomicUsize>) -> Resolver {
    let (answers, asked) = (Arc::new(answers), asked.clone());
    Arc::new(move |_, port| {
        let turn = asked.fetch_add(1, Ordering::SeqCst);
        let answer = answers[turn % answers.len()].clone();
        Box::pin(
            async move { Ok(answer.iter().map(|ip| SocketAddr::new(ip.parse().unwrap(), port)).collect()) },
        )
    })
}

async fn post(client: &Client, target: &Target) -> Answer {
    let secrets = [Secret::new([1; 32])];
    let delivery = Delivery {
        id: "msg_x",
        at: Timestamp::from_millis(1_772_459_400_000),
        secrets: &secrets,
        body: b"{}",
    };
    client.post(target, delivery).await
}

fn client(allow: &str) -> Client {
    Client::new(Guard { allow: vec![allow.parse().unwrap()], ..Guard::default() }, "Waypost/test".into())
}

#[tokio::test]
async fn a_name_is_refused_if_any_of_its_addresses_is() {
    let listener = TcpListener::bind("127.0.0.2:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let touched = Arc::new(AtomicUsize::new(0));
    let seen = touched.clone();
    tokio::spawn(async move {
        while listener.accept().await.is_ok() {
            seen.fetch_add(1, Ordering::SeqCst);
        }
    });
    let asked = Arc::new(AtomicUsize::new(0));
    for answers in
        [vec!["127.0.0.1"], vec!["127.0.0.2", "127.0.0.1"], vec!["127.0.0.2", "10.0.0.1"], vec!["::1"]]
    {
        let client = client("127.0.0.2/32").with_resolver(resolver(vec![answers], &asked));
        let target = Target::parse(&format!("http://rebind.example:{port}/"), client.guard()).unwrap();
        let answer = post(&client, &target).await;
        assert!(answer.outcome.answer().starts_with("blocked"), "{answer:?}");
    }
    assert_eq!(touched.load(Ordering::SeqCst), 0, "nothing was dialled");
    assert_eq!(asked.load(Ordering::SeqCst), 4, "one resolution per attempt");
}

#[tokio::test]
async fn answers_that_flip_never_reach_the_denied_side() {
    let denied = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = denied.local_addr().unwrap().port();
    let allowed = TcpListener::bind(("127.0.0.2", port)).await.unwrap();
    let reached = Arc::new(AtomicUsize::new(0));
    let seen = reached.clone();
    tokio::spawn(async move {
        while denied.accept().await.is_ok() {
            seen.fetch_add(1, Ordering::SeqCst);
        }
    });
    tokio::spawn(async move {
        while let Ok((stream, _)) = allowed.accept().await {
            tokio::spawn(answer(stream, b"HTTP/1.1 204 No Content\r\n\r\n".to_vec()));
        }
    });
    let asked = Arc::new(AtomicUsize::new(0));
    let flip = vec![vec!["127.0.0.2"], vec!["127.0.0.1"]];
    let client = client("127.0.0.2/32").with_resolver(resolver(flip, &asked));
    let target = Target::parse(&format!("http://rebind.example:{port}/"), client.guard()).unwrap();
    let mut delivered = 0;
    for _ in 0..200 {
        delivered += usize::from(matches!(post(&client, &target).await.outcome, Outcome::Delivered(_)));
    }
    assert_eq!((reached.load(Ordering::SeqCst), delivered), (0, 100));
}

async fn head(stream: &mut TcpStream) -> String {
    let mut seen = Vec::new();
    let mut buf = [0; 4096];
    while !seen.windows(4).any(|w| w == b"\r\n\r\n") {
        match stream.read(&mut buf).await {
            Ok(n) if n > 0 => seen.extend_from_slice(&buf[..n]),
            _ => break,
        }
    }
    String::from_utf8_lossy(&seen).into_owned()
}

async fn answer(mut stream: TcpStream, response: Vec<u8>) {
    head(&mut stream).await;
    let _ = stream.write_all(&response).await;
    let _ = stream.shutdown().await;
}

/// Posts once to a receiver that runs `behave` on its connection.
async fn against<F>(behave: impl FnOnce(TcpStream) -> F + Send + 'static) -> Answer
where
    F: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        behave(stream).await;
    });
    let client = client("127.0.0.0/8");
    let target = Target::parse(&format!("http://127.0.0.1:{port}/hook"), client.guard()).unwrap();
    post(&client, &target).await
}

async fn status(response: &str) -> Outcome {
    let response = response.as_bytes().to_vec();
    against(|s| answer(s, response)).await.outcome
}

#[tokio::test]
async fn statuses_mean_what_the_specification_says() {
    assert_eq!(status("HTTP/1.1 204 No Content\r\n\r\n").await, Outcome::Delivered("204".into()));
    assert_eq!(status("HTTP/1.1 410 Gone\r\nContent-Length: 0\r\n\r\n").await, Outcome::Gone("410".into()));
    for (response, after_ms) in [
        ("HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n", None),
        ("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n", None),
        ("HTTP/1.1 429 Too Many\r\nRetry-After: 120\r\nContent-Length: 0\r\n\r\n", Some(120_000)),
        (
            "HTTP/1.1 503 No\r\nRetry-After: Mon, 02 Mar 2026 13:51:00 GMT\r\nContent-Length: 0\r\n\r\n",
            Some(60_000),
        ),
    ] {
        match status(response).await {
            Outcome::Retry { after_ms: got, .. } => assert_eq!(got, after_ms, "{response}"),
            other => panic!("{response}: {other:?}"),
        }
    }
    assert!(matches!(status("SSH-2.0-OpenSSH_9.2\r\n").await, Outcome::Retry { .. }));
    assert!(matches!(status("").await, Outcome::Retry { .. }));
    let ansi = status("HTTP/1.1 500 No\r\nContent-Length: 9\r\n\r\n\x1b[31mred\u{7}").await;
    assert_eq!(ansi.answer(), "500 [31mred");
    let flood = format!("HTTP/1.1 200 OK\r\n{}\r\n", "X-A: b\r\n".repeat(100));
    assert!(matches!(status(&flood).await, Outcome::Retry { .. }), "more than 64 headers");
    let wide = format!("HTTP/1.1 200 OK\r\nX-A: {}\r\n\r\n", "b".repeat(40_000));
    assert!(matches!(status(&wide).await, Outcome::Retry { .. }), "more than 16 KiB of headers");
}

#[tokio::test]
async fn a_delivery_carries_host_signature_and_body() {
    let (tell, told) = tokio::sync::oneshot::channel();
    against(|mut stream| async move {
        let seen = head(&mut stream).await;
        let _ = stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await;
        let _ = tell.send(seen);
    })
    .await;
    let seen = told.await.unwrap().to_ascii_lowercase();
    assert!(seen.starts_with("post /hook http/1.1\r\n"), "{seen}");
    let signature = Secret::new([1; 32])
        .sign("msg_x", Timestamp::from_millis(1_772_459_400_000), b"{}")
        .to_ascii_lowercase();
    for line in [
        "host: 127.0.0.1:",
        "webhook-id: msg_x",
        "webhook-timestamp: 1772459400",
        &format!("webhook-signature: {signature}"),
    ] {
        assert!(seen.contains(line), "{line}\n{seen}");
    }
    assert!(!seen.contains("accept-encoding") && !seen.contains("cookie"));
}

#[tokio::test]
async fn receivers_that_hang_trickle_or_flood_cost_ten_seconds_and_64_kib_at_most() {
    let started = Instant::now();
    let silent = against(|stream| async move {
        tokio::time::sleep(Duration::from_secs(60)).await;
        drop(stream);
    });
    let trickle = against(|mut stream| async move {
        head(&mut stream).await;
        let _ = stream.write_all(b"HTTP/1.1 500 No\r\nContent-Length: 1000\r\n\r\n").await;
        while stream.write_all(b"x").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    });
    let endless = against(|mut stream| async move {
        head(&mut stream).await;
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n").await;
        let chunk = format!("10000\r\n{}\r\n", "y".repeat(0x10000));
        while stream.write_all(chunk.as_bytes()).await.is_ok() {}
    });
    let informational = against(|mut stream| async move {
        head(&mut stream).await;
        while stream.write_all(b"HTTP/1.1 102 Processing\r\n\r\n").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    });
    let (silent, trickle, endless, informational) = tokio::join!(silent, trickle, endless, informational);
    assert!(started.elapsed() < Duration::from_millis(10_500), "{:?}", started.elapsed());
    assert!(started.elapsed() > Duration::from_secs(9), "the silent one was given its time");
    assert!(matches!(silent.outcome, Outcome::Retry { .. }), "{silent:?}");
    assert!(matches!(trickle.outcome, Outcome::Retry { .. }) && trickle.body.len() < 50, "{trickle:?}");
    assert!(matches!(informational.outcome, Outcome::Retry { .. }), "{informational:?}");
    assert!(matches!(endless.outcome, Outcome::Delivered(_)));
    assert_eq!(endless.body.len(), 64 * 1024);
}
