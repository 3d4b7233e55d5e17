//! A peer on this machine that answers what a test tells it to.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use server::{state::App, worker::suppliers::reader};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
    task::JoinHandle,
};

type Answers = Arc<Mutex<Box<dyn FnMut(&str) -> String + Send>>>;

/// A peer that speaks HTTP.
pub(super) struct Peer {
    pub(super) address: SocketAddr,
    /// Heads of the requests that came.
    pub(super) heard: Arc<Mutex<Vec<String>>>,
    answers: Answers,
    task: JoinHandle<()>,
}

impl Peer {
    /// Answers each request by its head.
    pub(super) async fn start(answer: impl FnMut(&str) -> String + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let heard: Arc<Mutex<Vec<String>>> = Arc::default();
        let answers: Answers = Arc::new(Mutex::new(Box::new(answer)));
        let (noted, told) = (heard.clone(), answers.clone());
        let task = tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let (mut head, mut buffer) = (String::new(), [0; 2_048]);
                while !head.contains("\r\n\r\n") {
                    match stream.read(&mut buffer).await {
                        Ok(n) if n > 0 => head.push_str(&String::from_utf8_lossy(&buffer[..n])),
                        _ => break,
                    }
                }
                let answer = (told.lock().expect("no panic"))(&head);
                noted.lock().expect("no panic").push(head);
                let _ = stream.write_all(answer.as_bytes()).await;
                let _ = stream.shutdown().await;
            }
        });
        Self { address, heard, answers, task }
    }

    /// Answers otherwise from now on.
    pub(super) fn answer(&self, answer: impl FnMut(&str) -> String + Send + 'static) {
        *self.answers.lock().expect("no panic") = Box::new(answer);
    }

    /// How many requests came.
    pub(super) fn count(&self) -> usize {
        self.heard.lock().expect("no panic").len()
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A whole answer with a body.
pub(super) fn ok(headers: &str, body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n{headers}\r\n{body}", body.len())
}

/// An answer without a body.
pub(super) fn status(line: &str) -> String {
    format!("HTTP/1.1 {line}\r\ncontent-length: 0\r\n\r\n")
}

/// The same application, whose readers may dial this machine.
pub(super) fn may_dial_here(app: &App) -> App {
    let mut guard = (*app.reader_guard).clone();
    guard.allow = vec!["127.0.0.0/8".parse().expect("a range")];
    App { reader_guard: Arc::new(guard), ..app.clone() }
}

/// Reads what is due.
pub(super) async fn tick(app: &App) -> usize {
    server::worker::suppliers::tick(app, &reader(app)).await.expect("a round")
}
