use std::time::Duration;

use super::*;
use crate::webhook::Limits;

/// What a receiver does with the n-th request on its m-th connection, both from 1.
type Script = fn(connection: usize, request: usize) -> Step;

enum Step {
    /// Answers, and waits for the next.
    Say(&'static str),
    /// Answers, and hangs up.
    SayAndGo(&'static str),
    /// Hangs up without a word.
    Go,
}

const FINE: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/// A receiver by a script; its address, and how many connections and requests it saw.
async fn scripted(script: Script) -> (SocketAddr, Arc<AtomicUsize>, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (connections, requests) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (c, r) = (connections.clone(), requests.clone());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let connection = c.fetch_add(1, Ordering::SeqCst) + 1;
            let r = r.clone();
            tokio::spawn(async move {
                for request in 1.. {
                    if head(&mut stream).await.is_empty() {
                        return;
                    }
                    r.fetch_add(1, Ordering::SeqCst);
                    let (says, goes) = match script(connection, request) {
                        Step::Say(text) => (text, false),
                        Step::SayAndGo(text) => (text, true),
                        Step::Go => ("", true),
                    };
                    let _ = stream.write_all(says.as_bytes()).await;
                    if goes {
                        return;
                    }
                }
            });
        }
    });
    (address, connections, requests)
}

fn at(address: SocketAddr) -> (Client, Target) {
    let client = client("127.0.0.0/8");
    let target = Target::parse(&format!("http://{address}/hook"), client.guard()).unwrap();
    (client, target)
}

fn count(n: &AtomicUsize) -> usize {
    n.load(Ordering::SeqCst)
}

#[tokio::test]
async fn one_connection_serves_many_messages() {
    let (address, connections, requests) = scripted(|_, _| Step::Say(FINE)).await;
    let (client, target) = at(address);
    for _ in 0..20 {
        assert!(matches!(post(&client, &target).await.outcome, Outcome::Delivered(_)));
    }
    assert_eq!((count(&connections), count(&requests), client.dials()), (1, 20, 1));
    let other = Target::parse(&format!("http://{address}/other"), client.guard()).unwrap();
    post(&client, &other).await;
    assert_eq!(count(&connections), 1, "by host and port");
    let at_once = (0..10).map(|_| post(&client, &target));
    let outcomes = futures_of(at_once.collect()).await;
    assert!(outcomes.iter().all(|a| matches!(a.outcome, Outcome::Delivered(_))));
    assert!(count(&connections) <= 10, "one message at a time on each");
}

/// All of them, together.
async fn futures_of<F: Future<Output = Answer>>(all: Vec<F>) -> Vec<Answer> {
    let mut all: Vec<_> = all.into_iter().map(Box::pin).collect();
    let mut done = Vec::new();
    std::future::poll_fn(|cx| {
        all.retain_mut(|f| match f.as_mut().poll(cx) {
            std::task::Poll::Ready(answer) => {
                done.push(answer);
                false
            }
            std::task::Poll::Pending => true,
        });
        if all.is_empty() { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
    .await;
    done
}

#[tokio::test]
async fn a_connection_that_was_closed_meanwhile_costs_one_more_try_and_no_attempt() {
    let (address, connections, requests) = scripted(|connection, request| match (connection, request) {
        (1, 1) => Step::Say(FINE),
        (1, _) => Step::Go, // read, and dropped without a byte
        _ => Step::Say(FINE),
    })
    .await;
    let (client, target) = at(address);
    for _ in 0..3 {
        assert!(matches!(post(&client, &target).await.outcome, Outcome::Delivered(_)));
    }
    assert_eq!((count(&connections), count(&requests)), (2, 4));
}

#[tokio::test]
async fn a_new_connection_that_is_closed_is_not_tried_again() {
    let (address, connections, requests) = scripted(|_, _| Step::Go).await;
    let (client, target) = at(address);
    assert!(matches!(post(&client, &target).await.outcome, Outcome::Retry { .. }));
    assert_eq!((count(&connections), count(&requests)), (1, 1));
}

#[tokio::test]
async fn half_an_answer_is_an_answer() {
    let (address, connections, requests) = scripted(|_, request| match request {
        1 => Step::Say(FINE),
        _ => Step::SayAndGo("HTTP/1.1 200 O"),
    })
    .await;
    let (client, target) = at(address);
    assert!(matches!(post(&client, &target).await.outcome, Outcome::Delivered(_)));
    assert!(matches!(post(&client, &target).await.outcome, Outcome::Retry { .. }));
    assert_eq!(
        (count(&connections), count(&requests)),
        (1, 2),
        "it may have been taken: the schedule decides"
    );
}

#[tokio::test]
async fn nothing_rests_that_says_close_says_too_much_or_does_not_end() {
    let scripts: [Script; 4] = [
        |_, _| Step::SayAndGo("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok"),
        |_, _| Step::SayAndGo("HTTP/1.1 200 OK\r\n\r\nok"),
        |_, _| Step::Say("HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok"),
        |_, _| {
            Step::Say(
                "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
            )
        },
    ];
    for (n, script) in scripts.into_iter().enumerate() {
        let (address, connections, requests) = scripted(script).await;
        let (client, target) = at(address);
        for _ in 0..3 {
            assert!(matches!(post(&client, &target).await.outcome, Outcome::Delivered(_)), "{n}");
        }
        assert_eq!((count(&connections), count(&requests)), (3, 3), "{n}");
    }
}

#[tokio::test]
async fn who_must_hear_once_at_most_gets_a_connection_of_its_own() {
    let (address, connections, requests) = scripted(|_, _| Step::Say(FINE)).await;
    let (client, target) = at(address);
    post(&client, &target).await;
    let at = Timestamp::from_millis(0);
    client
        .post(&target, Delivery { id: "msg_x", at, secrets: &[], key: None, body: b"{}", is_once: true })
        .await;
    assert_eq!((count(&connections), count(&requests)), (2, 2));
}

#[tokio::test]
async fn connections_rest_for_their_time_only() {
    let (address, connections, _) = scripted(|_, _| Step::Say(FINE)).await;
    let (client, target) = at(address);
    let off = client.clone().with_limits(Limits { idle: Duration::ZERO, ..Limits::default() });
    post(&off, &target).await;
    post(&off, &target).await;
    assert_eq!(count(&connections), 2, "none is kept");

    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let brief = client.with_limits(Limits { idle: Duration::from_millis(200), ..Limits::default() });
    let target =
        Target::parse(&format!("http://{}/", listener.local_addr().unwrap()), brief.guard()).unwrap();
    let (mut stream, answer) = tokio::join!(
        async {
            let (mut stream, _) = listener.accept().await.unwrap();
            head(&mut stream).await;
            stream.write_all(FINE.as_bytes()).await.unwrap();
            stream
        },
        post(&brief, &target)
    );
    assert!(matches!(answer.outcome, Outcome::Delivered(_)));
    let ended = tokio::time::timeout(Duration::from_secs(5), stream.read(&mut [0; 8])).await.unwrap();
    assert!(matches!(ended, Ok(0) | Err(_)), "it is closed although nothing more is sent: {ended:?}");
}

#[tokio::test]
async fn few_connections_rest() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (client, target) = at(listener.local_addr().unwrap());
    let (arrived, all) = (Arc::new(AtomicUsize::new(0)), 80);
    let (open, seen) = (Arc::new(AtomicUsize::new(0)), arrived.clone());
    let now_open = open.clone();
    tokio::spawn(async move {
        let gate = Arc::new(tokio::sync::Notify::new());
        while let Ok((mut stream, _)) = listener.accept().await {
            let (seen, open, gate) = (seen.clone(), now_open.clone(), gate.clone());
            open.fetch_add(1, Ordering::SeqCst);
            tokio::spawn(async move {
                head(&mut stream).await;
                // Nobody is answered before all are there: each needs a connection of its own.
                if seen.fetch_add(1, Ordering::SeqCst) + 1 == all {
                    gate.notify_waiters()
                } else {
                    gate.notified().await
                }
                let _ = stream.write_all(FINE.as_bytes()).await;
                let _ = stream.read(&mut [0; 8]).await;
                open.fetch_sub(1, Ordering::SeqCst);
            });
        }
    });
    let answers = futures_of((0..all).map(|_| post(&client, &target)).collect()).await;
    assert!(answers.iter().all(|a| matches!(a.outcome, Outcome::Delivered(_))));
    let deadline = tokio::time::Instant::now() + Duration::from_secs(5);
    while count(&open) > 64 && tokio::time::Instant::now() < deadline {
        tokio::task::yield_now().await;
    }
    assert_eq!((count(&arrived), count(&open)), (all, 64), "no more than 64 to one host");
}
