//! Posts to the doors over one kept connection.

use std::net::SocketAddr;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::{
    Request,
    client::conn::http1::{self, SendRequest},
};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// A sender with its key.
#[derive(Debug)]
pub struct Sender {
    target: SocketAddr,
    key: String,
    line: Option<SendRequest<Full<Bytes>>>,
}

impl Sender {
    /// A sender to a server without TLS.
    #[must_use]
    pub const fn new(target: SocketAddr, key: String) -> Self {
        Self { target, key, line: None }
    }

    /// Sends a batch of events.
    ///
    /// # Errors
    /// What was answered, when it was not taken.
    pub async fn events(&mut self, batch: String) -> Result<(), String> {
        self.post("/ingest/v1/events", "application/cloudevents-batch+json", batch).await
    }

    /// Sends a heartbeat.
    ///
    /// # Errors
    /// What was answered, when it was not taken.
    pub async fn heartbeat(&mut self, body: String) -> Result<(), String> {
        self.post("/ingest/v1/heartbeat", "application/json", body).await
    }

    async fn post(&mut self, path: &str, kind: &str, body: String) -> Result<(), String> {
        let request = Request::post(path)
            .header("host", self.target.to_string())
            .header("authorization", format!("Bearer {}", self.key))
            .header("content-type", kind)
            .body(Full::new(Bytes::from(body)))
            .map_err(|e| e.to_string())?;
        let mut line = match self.line.take().filter(|l| !l.is_closed()) {
            Some(line) => line,
            None => self.dial().await?,
        };
        let response = line.send_request(request).await.map_err(|e| e.to_string())?;
        let status = response.status();
        let answer = response.into_body().collect().await.map_err(|e| e.to_string())?.to_bytes();
        self.line = Some(line);
        if status.is_success() {
            Ok(())
        } else {
            Err(format!("{status}: {}", String::from_utf8_lossy(&answer)))
        }
    }

    async fn dial(&self) -> Result<SendRequest<Full<Bytes>>, String> {
        let stream = TcpStream::connect(self.target).await.map_err(|e| e.to_string())?;
        let (line, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(|e| e.to_string())?;
        tokio::spawn(connection);
        Ok(line)
    }
}
