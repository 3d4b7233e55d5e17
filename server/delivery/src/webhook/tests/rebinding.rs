use std::sync::atomic::AtomicU64;

use super::*;

/// Counts the connections that somebody makes to it, and takes none of them further.
async fn counted(listener: TcpListener) -> Arc<AtomicUsize> {
    let reached = Arc::new(AtomicUsize::new(0));
    let seen = reached.clone();
    tokio::spawn(async move {
        while listener.accept().await.is_ok() {
            seen.fetch_add(1, Ordering::SeqCst);
        }
    });
    reached
}

/// A receiver at 127.0.0.2 that takes everything and keeps its connections open, beside a denied one at 127.0.0.1 on the
/// same port; the port, how often the denied one was reached, and the other's connections and requests.
async fn two_sides() -> (u16, Arc<AtomicUsize>, Arc<(AtomicU64, AtomicU64)>) {
    let (denied, allowed) = loop {
        let denied = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = denied.local_addr().unwrap().port();
        if let Ok(allowed) = TcpListener::bind(("127.0.0.2", port)).await {
            break (denied, allowed);
        }
    };
    let port = denied.local_addr().unwrap().port();
    let served = Arc::new((AtomicU64::new(0), AtomicU64::new(0)));
    let counts = served.clone();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = allowed.accept().await {
            counts.0.fetch_add(1, Ordering::SeqCst);
            let counts = counts.clone();
            tokio::spawn(async move {
                while !head(&mut stream).await.is_empty() {
                    counts.1.fetch_add(1, Ordering::SeqCst);
                    let _ = stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await;
                }
            });
        }
    });
    (port, counted(denied).await, served)
}

#[tokio::test]
async fn a_name_is_refused_if_any_of_its_addresses_is() {
    let (port, denied, served) = two_sides().await;
    let asked = Arc::new(AtomicUsize::new(0));
    let mixed = [
        vec!["127.0.0.1"],
        vec!["127.0.0.2", "127.0.0.1"],
        vec!["127.0.0.1", "127.0.0.2"],
        vec!["127.0.0.2", "10.0.0.1"],
        vec!["127.0.0.2", "::ffff:127.0.0.1"],
        vec!["127.0.0.2", "64:ff9b::7f00:1"],
        vec!["::1"],
    ];
    for answers in mixed.clone() {
        let client = client("127.0.0.2/32").with_resolver(resolver(vec![answers], &asked));
        let target = Target::parse(&format!("http://rebind.example:{port}/"), client.guard()).unwrap();
        let answer = post(&client, &target).await;
        assert!(answer.outcome.answer().starts_with("blocked"), "{answer:?}");
        assert_eq!(client.dials(), 0);
    }
    assert_eq!(
        (denied.load(Ordering::SeqCst), served.0.load(Ordering::SeqCst)),
        (0, 0),
        "nothing was dialled"
    );
    assert_eq!(asked.load(Ordering::SeqCst), mixed.len(), "one resolution per attempt");
}

#[tokio::test]
async fn a_thousand_answers_that_flip_never_reach_the_denied_side() {
    let (port, denied, served) = two_sides().await;
    let asked = Arc::new(AtomicUsize::new(0));
    // Good, bad, good, mixed, …: every good answer comes while a connection of the one before may rest.
    let flip = vec![vec!["127.0.0.2"], vec!["127.0.0.1"], vec!["127.0.0.2"], vec!["127.0.0.2", "127.0.0.1"]];
    let client = client("127.0.0.2/32").with_resolver(resolver(flip, &asked));
    let target = Target::parse(&format!("http://rebind.example:{port}/"), client.guard()).unwrap();
    let (mut delivered, mut blocked) = (0, 0);
    for _ in 0..1_000 {
        let outcome = post(&client, &target).await.outcome;
        delivered += usize::from(matches!(outcome, Outcome::Delivered(_)));
        blocked += usize::from(outcome.answer().starts_with("blocked"));
    }
    assert_eq!((denied.load(Ordering::SeqCst), delivered, blocked), (0, 500, 500));
    assert_eq!(asked.load(Ordering::SeqCst), 1_000, "resolved for every attempt, whatever rests");
    let served = (served.0.load(Ordering::SeqCst), served.1.load(Ordering::SeqCst));
    assert_eq!(served, (500, 500), "nothing rests once a name has turned");
}

#[tokio::test]
async fn a_redirect_to_a_denied_address_is_not_followed() {
    let (port, denied, _) = two_sides().await;
    for status in ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"] {
        let response =
            format!("HTTP/1.1 {status}\r\nLocation: http://127.0.0.1:{port}/\r\nContent-Length: 0\r\n\r\n");
        let outcome = super::status(&response).await;
        assert!(matches!(outcome, Outcome::Retry { .. }), "{status}: {outcome:?}");
    }
    assert_eq!(denied.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn hostile_addresses_that_got_past_registration_never_reach_a_socket() {
    // As an operator's row from another time would: literals that were allowed once, and names that mean them.
    let once =
        Guard { allow: vec!["0.0.0.0/0".parse().unwrap(), "::/0".parse().unwrap()], ..Guard::default() };
    let client = Client::new(Guard::default(), "Waypost/test".into());
    let (mut parsed, mut named) = (0, 0);
    for url in crate::webhook::hostile::HOSTILE {
        let Ok(target) = Target::parse(url, &once) else { continue };
        parsed += 1;
        assert!(post(&client, &target).await.outcome.answer().starts_with("blocked"), "{url}");
        let Some(ip) = target.ip().filter(|ip| !crate::webhook::guard::is_global(*ip)) else { continue };
        named += 1;
        let found: Resolver =
            Arc::new(move |_, port| Box::pin(async move { Ok(vec![SocketAddr::new(ip, port)]) }));
        let client = client.clone().with_resolver(found);
        let target = Target::parse("https://hooks.example.com/", client.guard()).unwrap();
        assert!(post(&client, &target).await.outcome.answer().starts_with("blocked"), "{ip}");
    }
    assert!(parsed >= 60 && named >= 60, "{parsed} {named}");
    assert_eq!(client.dials(), 0);
}
