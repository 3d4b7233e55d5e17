//! Conversations with receivers that behave well, badly, and worse.

mod addresses;
mod answers;
mod keep_alive;
mod rebinding;

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use domain::clock::Timestamp;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use super::{
    answer::Answer,
    client::{Client, Delivery, Resolver},
    guard::Guard,
    sign::Secret,
    target::Target,
};
use crate::outcome::Outcome;

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
        key: None,
        body: b"{}",
        is_once: false,
    };
    client.post(target, delivery).await
}

/// Where a range is allowed, and the name that tests resolve as they like.
fn client(allow: &str) -> Client {
    let names = vec!["rebind.example".into()];
    let guard = Guard { allow: vec![allow.parse().unwrap()], names, ..Guard::default() };
    Client::new(guard, "Waypost/test".into())
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
