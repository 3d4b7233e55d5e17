//! Connections: which threads serve one is decided by its first bytes, what it may ask is not.

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::harness::TestApp;

/// Sends pieces, each as a packet of its own, and reads until so many answers have begun; their status lines.
async fn exchange(stream: &mut TcpStream, pieces: &[&str], answers: usize) -> Vec<String> {
    for piece in pieces {
        stream.write_all(piece.as_bytes()).await.expect("a piece");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    let (mut text, mut buffer) = (String::new(), [0; 65_536]);
    while text.matches("HTTP/1.1 ").count() < answers {
        let read = stream.read(&mut buffer).await.expect("an answer");
        assert_ne!(read, 0, "the connection ended after {text}");
        text.push_str(&String::from_utf8_lossy(&buffer[..read]));
    }
    text.split("HTTP/1.1 ").skip(1).map(|answer| answer.lines().next().unwrap_or("").to_owned()).collect()
}

async fn connect(app: &TestApp) -> TcpStream {
    let stream = TcpStream::connect(app.address).await.expect("a connection");
    stream.set_nodelay(true).expect("an option");
    stream
}

fn beat(app: &TestApp, key: &str) -> String {
    let body = r#"{"source":"/probe"}"#;
    format!(
        "POST /ingest/v1/heartbeat HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {key}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        app.address,
        body.len()
    )
}

fn health(app: &TestApp) -> String {
    format!("GET /healthz HTTP/1.1\r\nHost: {}\r\n\r\n", app.address)
}

api_tests! {
    async fn a_connection_that_began_with_telemetry_answers_visitors_too_and_the_other_way_round(app) {
        app.lay_grid().await;
        let key = app.ingest_key().await;
        let (beat, health) = (beat(app, &key), health(app));
        let told = exchange(&mut connect(app).await, &[&beat, &beat, &health], 3).await;
        assert_eq!(told, ["202 Accepted", "202 Accepted", "200 OK"]);
        let told = exchange(&mut connect(app).await, &[&health, &beat, &health], 3).await;
        assert_eq!(told, ["200 OK", "202 Accepted", "200 OK"]);
        let together = [beat.as_str(), &health].concat();
        assert_eq!(exchange(&mut connect(app).await, &[&together], 2).await, ["202 Accepted", "200 OK"]);
    }

    async fn no_byte_of_a_request_that_comes_in_pieces_is_lost(app) {
        app.lay_grid().await;
        let key = app.ingest_key().await;
        let beat = beat(app, &key);
        for cut in [1, 6, 13, 14, 40] {
            let (first, rest) = beat.split_at(cut);
            let told = exchange(&mut connect(app).await, &[first, rest], 1).await;
            assert_eq!(told, ["202 Accepted"], "cut after {cut} bytes");
        }
    }

    async fn whoever_connects_and_goes_away_takes_nobody_along(app) {
        for said in ["", "P", "POST /ingest/v1/events HTTP/1.1\r\n"] {
            let mut stream = connect(app).await;
            stream.write_all(said.as_bytes()).await.expect("a piece");
            drop(stream);
        }
        assert_eq!(exchange(&mut connect(app).await, &[&health(app)], 1).await, ["200 OK"]);
    }
}
