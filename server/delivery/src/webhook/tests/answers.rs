use std::time::Duration;

use tokio::time::Instant;

use super::*;

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
