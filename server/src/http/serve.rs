//! The accept loop: our own on hyper, since `axum::serve` sets no header timeout and a slow client would hold a
//! connection for ever.

use std::{
    collections::HashMap,
    convert::Infallible,
    net::{IpAddr, SocketAddr},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::{Router, body::Body, extract::ConnectInfo};
use bytes::Bytes;
use http_body_util::{Either, Full};
use hyper::{Request, Response, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    net::{TcpListener, TcpStream},
    runtime::Handle,
    sync::{OwnedSemaphorePermit, Semaphore, watch},
    task::JoinSet,
};
use tokio_io_timeout::TimeoutStream;
use tower::ServiceExt as _;

/// Connections in all, and from one address.
const CONNECTIONS: usize = 16_384;
const CONNECTIONS_PER_IP: usize = 256;
/// A request's head must arrive within this time, also on an idle kept-alive connection.
const HEAD: Duration = Duration::from_secs(10);
/// No byte moves for this long: the connection ends.
const STALL: Duration = Duration::from_secs(30);
/// A request with a body must be answered within this time, its arrival included.
const EXCHANGE: Duration = Duration::from_secs(30);
/// How long running requests may finish after the stop.
const DRAIN: Duration = Duration::from_secs(5);

/// How requests of telemetry begin.
const TELEMETRY: [&[u8]; 2] = [b"POST /ingest/", b"POST /gsma/"];

/// What answers before the router: rendered pages from memory.
pub type Fast = Arc<dyn Fn(&Request<Incoming>) -> Option<Response<Full<Bytes>>> + Send + Sync>;

type Answer = Response<Either<Full<Bytes>, Body>>;

/// Who answers, for every connection the same.
#[derive(Clone)]
pub struct House {
    /// What most requests go to.
    pub router: Router,
    /// What answers before it.
    pub fast: Fast,
    /// Where connections that begin with telemetry are served, so that no visitor waits behind them.
    pub telemetry: Handle,
}

/// Serves until `stop` turns true, then lets running requests finish for a few seconds.
pub async fn serve(listener: TcpListener, house: House, mut stop: watch::Receiver<bool>) {
    let gate = Arc::new(Gate::default());
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stopped(&mut stop) => break,
            Some(_) = connections.join_next() => continue,
        };
        let Ok((stream, peer)) = accepted else {
            // Out of file descriptors, most likely: give the open connections a moment to end.
            tokio::time::sleep(Duration::from_millis(20)).await;
            continue;
        };
        let Some(pass) = gate.admit(peer.ip()) else { continue };
        let (house, stop) = (house.clone(), stop.clone());
        connections.spawn(async move {
            lead(stream, peer, house, stop).await;
            drop(pass);
        });
    }
    drop(listener);
    let _ = tokio::time::timeout(DRAIN, async { while connections.join_next().await.is_some() {} }).await;
}

/// Serves a connection on the threads that its first request is for.
async fn lead(stream: TcpStream, peer: SocketAddr, house: House, mut stop: watch::Receiver<bool>) {
    let first = tokio::select! {
        first = tokio::time::timeout(HEAD, is_telemetry(&stream)) => first,
        () = stopped(&mut stop) => return,
    };
    match first {
        Ok(Ok(true)) => {
            let Ok(stream) = stream.into_std() else { return };
            let lane = house.telemetry.clone();
            let work = async move {
                if let Ok(stream) = TcpStream::from_std(stream) {
                    connection(stream, peer, house, stop).await;
                }
            };
            let mut there = JoinSet::new(); // whose end aborts it
            there.spawn_on(work, &lane);
            there.join_next().await;
        }
        Ok(Ok(false)) => connection(stream, peer, house, stop).await,
        // It broke, or said nothing.
        Ok(Err(_)) | Err(_) => {}
    }
}

/// Whether the first bytes say so. A connection whose first packet is shorter than that is a visitor's: who is slow is no
/// load.
async fn is_telemetry(stream: &TcpStream) -> std::io::Result<bool> {
    let mut first = [0; 14];
    let read = stream.peek(&mut first).await?;
    Ok(TELEMETRY.iter().any(|begins| first[..read].starts_with(begins)))
}

async fn connection(stream: TcpStream, peer: SocketAddr, house: House, mut stop: watch::Receiver<bool>) {
    let _ = stream.set_nodelay(true);
    let mut stream = TimeoutStream::new(stream);
    stream.set_read_timeout(Some(STALL));
    stream.set_write_timeout(Some(STALL));
    let stream = TokioIo::new(Box::pin(stream));
    let service = service_fn(|request: Request<Incoming>| answer(request, peer, &house));
    let serving = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .max_headers(64)
        .max_buf_size(64 * 1024)
        .serve_connection(stream, service);
    let mut serving = std::pin::pin!(serving);
    let asked_to_stop = tokio::select! {
        _ = serving.as_mut() => false,
        () = stopped(&mut stop) => true,
    };
    if asked_to_stop {
        serving.as_mut().graceful_shutdown();
        let _ = serving.await;
    }
}

/// Ends when the flag turns true (or its owner is gone).
pub async fn stopped(stop: &mut watch::Receiver<bool>) {
    let _ = stop.wait_for(|stopped| *stopped).await;
}

async fn answer(request: Request<Incoming>, peer: SocketAddr, house: &House) -> Result<Answer, Infallible> {
    if let Some(response) = (house.fast)(&request) {
        return Ok(response.map(Either::Left));
    }
    let mut request = request.map(Body::new);
    request.extensions_mut().insert(ConnectInfo(peer));
    let response = tokio::time::timeout(EXCHANGE, house.router.clone().oneshot(request)).await;
    Ok(match response {
        Ok(Ok(response)) => response.map(Either::Right),
        Ok(Err(never)) => match never {},
        Err(_) => too_slow().map(Either::Left),
    })
}

fn too_slow() -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from_static(
        b"The request took too long to arrive. Please send it again.\n",
    )));
    *response.status_mut() = http::StatusCode::REQUEST_TIMEOUT;
    response
        .headers_mut()
        .insert(http::header::CONTENT_TYPE, http::HeaderValue::from_static("text/plain; charset=utf-8"));
    response
}

/// Counts connections, in all and per address.
struct Gate {
    all: Arc<Semaphore>,
    by_ip: Arc<Mutex<HashMap<IpAddr, usize>>>,
}

impl Default for Gate {
    fn default() -> Self {
        Self { all: Arc::new(Semaphore::new(CONNECTIONS)), by_ip: Arc::default() }
    }
}

impl Gate {
    /// A pass for one connection, or none when the house or the address is full: it is closed unanswered then.
    fn admit(&self, ip: IpAddr) -> Option<Pass> {
        let all = self.all.clone().try_acquire_owned().ok()?;
        let mut by_ip = self.by_ip.lock().unwrap_or_else(PoisonError::into_inner);
        let held = by_ip.entry(ip).or_insert(0);
        if *held >= CONNECTIONS_PER_IP {
            return None;
        }
        *held += 1;
        drop(by_ip);
        Some(Pass { ip, by_ip: self.by_ip.clone(), _all: all })
    }
}

struct Pass {
    ip: IpAddr,
    by_ip: Arc<Mutex<HashMap<IpAddr, usize>>>,
    _all: OwnedSemaphorePermit,
}

impl Drop for Pass {
    fn drop(&mut self) {
        let mut by_ip = self.by_ip.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(held) = by_ip.get_mut(&self.ip) {
            *held -= 1;
            if *held == 0 {
                by_ip.remove(&self.ip);
            }
        }
    }
}
