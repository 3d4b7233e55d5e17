//! Receivers that behave badly cost a bounded time, and addresses that should never have got in cost nothing.

use std::net::SocketAddr;

use delivery::webhook::hostile::HOSTILE;
use domain::clock::{HOUR, MINUTE};
use store::{Engine, SubscriberRow};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpSocket, TcpStream},
    time::{Duration, Instant, timeout},
};

use super::bench::{Bench, Receiver, on_both};

/// The deadlines of these tests, a tenth of the real ones.
async fn hasty(engine: Engine) -> Bench {
    Bench::start_with(engine, |config| {
        config.webhook.connect_ms = 300;
        config.webhook.exchange_ms = 1_000;
    })
    .await
}

/// A receiver that talks to each connection as it likes.
async fn receiver<F>(talk: fn(TcpStream) -> F) -> SocketAddr
where
    F: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(talk(stream));
        }
    });
    address
}

/// Takes the request and says this much.
async fn begin(stream: &mut TcpStream, head: &str) {
    let _ = stream.read(&mut [0; 16 * 1024]).await;
    let _ = stream.write_all(head.as_bytes()).await;
}

async fn silent(mut stream: TcpStream) {
    begin(&mut stream, "").await;
    std::future::pending().await
}

async fn headers_only(mut stream: TcpStream) {
    begin(&mut stream, "HTTP/1.1 500 No\r\nContent-Length: 10\r\n\r\n").await;
    std::future::pending().await
}

async fn trickle(mut stream: TcpStream) {
    begin(&mut stream, "HTTP/1.1 500 No\r\nContent-Length: 1000\r\n\r\n").await;
    let mut tick = tokio::time::interval(Duration::from_millis(100));
    while stream.write_all(b"x").await.is_ok() {
        tick.tick().await;
    }
}

async fn endless(mut stream: TcpStream) {
    begin(&mut stream, "HTTP/1.1 500 No\r\nTransfer-Encoding: chunked\r\n\r\n").await;
    let chunk = format!("10000\r\n{}\r\n", "y".repeat(0x10000));
    while stream.write_all(chunk.as_bytes()).await.is_ok() {}
}

/// A listener whose queue is full: connecting to it does not end. What fills it has to be kept.
async fn never_accepts() -> (SocketAddr, TcpListener, Vec<TcpStream>) {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = socket.listen(1).unwrap();
    let address = listener.local_addr().unwrap();
    let mut waiting = Vec::new();
    while let Ok(Ok(stream)) = timeout(Duration::from_millis(300), TcpStream::connect(address)).await {
        waiting.push(stream);
    }
    (address, listener, waiting)
}

async fn attempts(bench: &Bench, row: &SubscriberRow) -> Vec<store::DeliveryAttemptRow> {
    bench.app.store.read().await.unwrap().delivery_attempts(&row.id, 100).await.unwrap()
}

async fn each_costs_its_deadline_at_most(bench: &Bench) {
    let (full, _listener, _waiting) = never_accepts().await;
    let mut rows = Vec::new();
    for (address, says) in [
        (full, "could not connect within 300 ms"),
        (receiver(silent).await, "no answer within 1 s"),
        (receiver(headers_only).await, "500"),
        (receiver(trickle).await, "500 xx"),
        (receiver(endless).await, "500 yy"),
    ] {
        bench.endpoint(&format!("http://{address}/hook")).await;
        rows.push((bench.approve_newest().await, says));
    }
    bench.pass(MINUTE);
    bench.declare("FR").await;
    let begun = Instant::now();
    bench.drain().await;
    assert!(begun.elapsed() < Duration::from_secs(4), "all slots are free again: {:?}", begun.elapsed());
    for (row, says) in &rows {
        let attempts = attempts(bench, row).await;
        assert_eq!(attempts.len(), 1, "{says}: {attempts:?}");
        assert!(attempts[0].answer.starts_with(says) && !attempts[0].is_delivered, "{says}: {attempts:?}");
        assert!(attempts[0].took_ms < 2_000, "{says}: {} ms", attempts[0].took_ms);
    }
    assert_eq!(bench.queue("webhook").await.iter().find(|(s, _)| s == "queued"), Some(&("queued".into(), 5)));
}

async fn a_silent_one_hears_one_question_ever(bench: &Bench) {
    let receiver = Receiver::start(|_| None).await;
    bench.endpoint(&receiver.url).await;
    for _ in 0..60 {
        bench.drain().await;
        bench.pass(3 * HOUR);
        bench.declare("FR").await;
    }
    assert_eq!(receiver.seen().len(), 1);
    assert_eq!(bench.newest().await.state, "pending");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bad_receivers_are_bounded_on_both_engines() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let bench = hasty(engine).await;
        each_costs_its_deadline_at_most(&bench).await;
        bench.end().await;
        let bench = hasty(engine).await;
        a_silent_one_hears_one_question_ever(&bench).await;
        bench.end().await;
    }
}

/// As an endpoint from before the rules, or put in by hand.
async fn insert(bench: &Bench, n: usize, url: &str) {
    let row = SubscriberRow {
        id: format!("h{n:011}"),
        channel: "webhook".into(),
        address: url.replace('\0', "\u{1}"), // one of the engines keeps no NUL
        address_hash: format!("hash{n}"),
        state: "confirmed".into(),
        scope: "{}".into(),
        time_zone: "UTC".into(),
        language: "en".into(),
        token_nonce: "x".into(),
        created_at: bench.app.clock.now(),
        ..SubscriberRow::default()
    };
    let secret = delivery::webhook::Secret::new([3; 32]).reveal();
    let context = crate::commands::subscribe::secret_context(&row.id);
    let row = SubscriberRow { secret_sealed: Some(bench.app.keys.seal(&context, secret.as_bytes())), ..row };
    let mut tx = bench.app.store.write().await.unwrap();
    tx.insert_subscriber(&row).await.unwrap();
    tx.set_subscriber_state(&row.id, "confirmed", bench.app.clock.now()).await.unwrap();
    tx.commit().await.unwrap();
}

on_both! {
    async fn no_hostile_address_is_dialled_however_it_got_in(bench) {
        // The bench allows loopback, which is not what is asked here: nothing is allowed but one address that nobody has.
        let mut config = (*bench.app.config).clone();
        config.webhook.allow_cidrs = vec!["127.0.0.2/32".parse().unwrap()];
        let (store, clock) = (bench.app.store.clone(), crate::clock::Clock::manual(bench.app.clock.now()));
        let app = crate::state::App::new(store, config, crate::keys::Keys::new([7; 32]), clock).await.unwrap();
        let senders = std::sync::Arc::new(crate::worker::outbox::Senders::new(&app).unwrap());
        for (n, url) in HOSTILE.iter().enumerate() {
            insert(bench, n, url).await;
        }
        app.clock.set(app.clock.now().plus(MINUTE));
        bench.pass(MINUTE);
        bench.declare("FR").await;
        crate::worker::outbox::drain(&app, &senders).await.unwrap();
        let mut tx = app.store.read().await.unwrap();
        for (n, url) in HOSTILE.iter().enumerate() {
            let attempts = tx.delivery_attempts(&format!("h{n:011}"), 10).await.unwrap();
            assert_eq!(attempts.len(), 1, "{url:?}");
            assert!(!attempts[0].is_delivered, "{url:?}: {}", attempts[0].answer);
        }
        assert_eq!(senders.client.dials(), 0);
    }
}
