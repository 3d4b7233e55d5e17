use std::thread;

use axum::routing::{get, post};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::*;
use crate::worker::background::{Quarters, Threads, Way};

async fn here() -> String {
    thread::current().name().unwrap_or("").to_owned()
}

async fn breaks() {
    panic!("poison");
}

/// What is answered to these requests over one connection, until it ends or all are.
async fn told(address: SocketAddr, requests: &[&str]) -> Vec<String> {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let mut all = Vec::new();
    for request in requests {
        stream
            .write_all(format!("{request} HTTP/1.1\r\nHost: here\r\nContent-Length: 0\r\n\r\n").as_bytes())
            .await
            .unwrap();
        let mut buffer = [0; 4_096];
        let read = stream.read(&mut buffer).await.unwrap_or(0);
        if read == 0 {
            break;
        }
        let text = String::from_utf8_lossy(&buffer[..read]).into_owned();
        let ends = if text.contains("connection: close") { ", and ends" } else { "" };
        all.push(format!("{}{ends}", text.split("\r\n\r\n").nth(1).unwrap()));
    }
    all
}

#[test]
fn requests_are_answered_on_threads_of_their_kind_whatever_connection_they_come_by() {
    let mut visitors = tokio::runtime::Builder::new_multi_thread();
    let visitors = visitors.thread_name("visitors").worker_threads(1).enable_all().build().unwrap();
    let quarters = Quarters::open("telemetry", Threads::One, Way::Some).unwrap();
    let router = Router::new()
        .route("/ingest/where", post(here))
        .route("/gsma/where", post(here))
        .route("/where", get(here))
        .route("/breaks", get(breaks));
    let house = House {
        router,
        fast: Arc::new(|_| None),
        visitors: visitors.handle().clone(),
        telemetry: quarters.handle(),
    };
    let (stop, stopped) = watch::channel(false);
    let talk = async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let serving = visitors.spawn(serve(listener, house, stopped));
        let told = async |requests: &[&str]| told(address, requests).await;
        assert_eq!(
            told(&["GET /where", "POST /ingest/where", "POST /gsma/where", "GET /where"]).await,
            ["visitors", "telemetry", "telemetry", "visitors"]
        );
        assert_eq!(told(&["POST /gsma/where", "POST /ingest/where"]).await, ["telemetry", "telemetry"]);
        assert_eq!(
            told(&["POST /ingest/where", "GET /where", "GET /where"]).await,
            ["telemetry", "visitors, and ends"]
        );
        assert_eq!(
            told(&["POST /ingest/where", "GET /breaks"]).await,
            ["telemetry", "Something is wrong here. Please try again.\n, and ends"]
        );
        stop.send(true).unwrap();
        serving.await.unwrap();
    };
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(talk);
}
