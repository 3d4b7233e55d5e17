//! The accept loop: our own on hyper, since `axum::serve` sets no header timeout and a slow client would hold a
//! connection for ever.

mod gate;
#[cfg(test)]
mod tests;

use std::{
    convert::Infallible,
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{Router, body::Body, extract::ConnectInfo};
use bytes::Bytes;
use http::{HeaderValue, StatusCode, header};
use http_body_util::{Either, Full};
use hyper::{Request, Response, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    net::{TcpListener, TcpStream},
    runtime::Handle,
    sync::watch,
    task::JoinSet,
};
use tokio_io_timeout::TimeoutStream;
use tower::ServiceExt as _;

use gate::Gate;

/// A request's head must arrive within this time, also on an idle kept-alive connection.
const HEAD: Duration = Duration::from_secs(10);
/// Whoever was slow with the first byte has this much left for the rest.
const LEAST_HEAD: Duration = Duration::from_secs(1);
/// No byte moves for this long: the connection ends.
const STALL: Duration = Duration::from_secs(30);
/// A request with a body must be answered within this time, its arrival included.
const EXCHANGE: Duration = Duration::from_secs(30);
/// How long running requests may finish after the stop.
const DRAIN: Duration = Duration::from_secs(5);

/// Where telemetry is posted to.
const TELEMETRY: [&[u8]; 2] = [b"/ingest/", b"/gsma/"];

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
    /// Where visitors are answered.
    pub visitors: Handle,
    /// Where telemetry is, so that no visitor waits behind it; connections that begin with it are served there.
    pub telemetry: Handle,
}

/// Whose threads serve a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Visitor,
    Telemetry,
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
    let begun = Instant::now();
    let first = tokio::select! {
        first = tokio::time::timeout(HEAD, kind(&stream)) => first,
        () = stopped(&mut stop) => return,
    };
    // It broke, or said nothing.
    let Ok(Ok(kind)) = first else { return };
    let left = HEAD.saturating_sub(begun.elapsed()).max(LEAST_HEAD);
    if kind == Kind::Visitor {
        return connection(stream, (peer, kind, left), house, stop).await;
    }
    let Ok(stream) = stream.into_std() else { return };
    let telemetry = house.telemetry.clone();
    let work = async move {
        if let Ok(stream) = TcpStream::from_std(stream) {
            connection(stream, (peer, kind, left), house, stop).await;
        }
    };
    let _ = on(&telemetry, work).await;
}

/// Runs on other threads to its end; whoever gives up here ends it there. None: it broke.
async fn on<T: Send + 'static>(
    threads: &Handle,
    work: impl Future<Output = T> + Send + 'static,
) -> Option<T> {
    let mut there = JoinSet::new(); // whose end aborts it
    there.spawn_on(work, threads);
    there.join_next().await?.ok()
}

/// By the first bytes. A connection whose first packet is shorter than that is a visitor's: who is slow is no load.
async fn kind(stream: &TcpStream) -> std::io::Result<Kind> {
    let mut first = [0; 14];
    let read = stream.peek(&mut first).await?;
    let is_telemetry = TELEMETRY
        .iter()
        .any(|path| first[..read].strip_prefix(b"POST ").is_some_and(|said| said.starts_with(path)));
    Ok(if is_telemetry { Kind::Telemetry } else { Kind::Visitor })
}

async fn connection(
    stream: TcpStream,
    (peer, kind, head): (SocketAddr, Kind, Duration),
    house: House,
    mut stop: watch::Receiver<bool>,
) {
    let _ = stream.set_nodelay(true);
    let mut stream = TimeoutStream::new(stream);
    stream.set_read_timeout(Some(STALL));
    stream.set_write_timeout(Some(STALL));
    let stream = TokioIo::new(Box::pin(stream));
    let service = service_fn(|request: Request<Incoming>| answer(request, (peer, kind), &house));
    let serving = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(head)
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

/// Answers a request on the threads of its own kind, whatever its connection began with: a proxy shares connections. A visitor on
/// telemetry's is asked to come by another.
async fn answer(
    request: Request<Incoming>,
    (peer, kind): (SocketAddr, Kind),
    house: &House,
) -> Result<Answer, Infallible> {
    let path = request.uri().path().as_bytes();
    let is_telemetry = TELEMETRY.iter().any(|begins| path.starts_with(begins));
    let is_guest = kind == Kind::Telemetry && !is_telemetry;
    let mut response = if let Some(response) = (house.fast)(&request) {
        response.map(Either::Left)
    } else {
        let work = routed(house.router.clone(), request, peer);
        match (kind, is_telemetry) {
            (Kind::Visitor, true) => on(&house.telemetry, work).await,
            (Kind::Telemetry, false) => on(&house.visitors, work).await,
            _ => Some(work.await),
        }
        .unwrap_or_else(broke)
    };
    if is_guest {
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    Ok(response)
}

async fn routed(router: Router, request: Request<Incoming>, peer: SocketAddr) -> Answer {
    let mut request = request.map(Body::new);
    request.extensions_mut().insert(ConnectInfo(peer));
    match tokio::time::timeout(EXCHANGE, router.oneshot(request)).await {
        Ok(Ok(response)) => response.map(Either::Right),
        Ok(Err(never)) => match never {},
        Err(_) => too_slow(),
    }
}

fn said(status: StatusCode, words: &'static str) -> Answer {
    let mut response = Response::new(Either::Left(Full::new(Bytes::from_static(words.as_bytes()))));
    *response.status_mut() = status;
    let kind = HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}

fn too_slow() -> Answer {
    said(StatusCode::REQUEST_TIMEOUT, "The request took too long to arrive. Please send it again.\n")
}

fn broke() -> Answer {
    said(StatusCode::INTERNAL_SERVER_ERROR, "Something is wrong here. Please try again.\n")
}
