//! One POST to a stranger: every name resolved for every attempt, every answer checked, a checked address dialled, and
//! one wall-clock deadline over all of it. No redirects, no decompression, no cookies, no proxy from the environment.

use std::{
    future::Future,
    net::{IpAddr, SocketAddr},
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use domain::clock::Timestamp;
use http_body_util::Full;
use hyper::{
    Request, Response,
    body::Incoming,
    header::{ACCEPT, CONTENT_TYPE, HOST, USER_AGENT},
};
use tokio::{
    net::TcpStream,
    time::{Instant, timeout, timeout_at},
};

use super::{
    answer::{Answer, read},
    guard::Guard,
    line::Line,
    pool::{Pool, place},
    sign::{KeyPair, Secret},
    target::Target,
};
use crate::outcome::Outcome;

/// Addresses of a name that are tried.
const ADDRESSES: usize = 8;
/// A connection that has not come to rest this long after its answer is closed.
const SETTLE: Duration = Duration::from_millis(100);

/// How long things may take.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Resolving and connecting.
    pub connect: Duration,
    /// The whole exchange, body included.
    pub exchange: Duration,
    /// How long a connection is kept for the next message; nothing: it is not.
    pub idle: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        let [connect, exchange, idle] = [3, 10, 30].map(Duration::from_secs);
        Self { connect, exchange, idle }
    }
}

/// Turns a name into addresses.
pub type Resolver = Arc<
    dyn Fn(String, u16) -> Pin<Box<dyn Future<Output = std::io::Result<Vec<SocketAddr>>> + Send>>
        + Send
        + Sync,
>;

/// What goes to an endpoint in one attempt.
#[derive(Debug, Clone, Copy)]
pub struct Delivery<'a> {
    /// `msg_…`, the same for every attempt.
    pub id: &'a str,
    /// Time of this attempt.
    pub at: Timestamp,
    /// Sign it: two while a new one is being rolled out. None: it is not signed (chat).
    pub secrets: &'a [Secret],
    /// Sign it with this one too, for receivers that asked for it.
    pub key: Option<&'a KeyPair>,
    /// The exact bytes that are signed and sent.
    pub body: &'a [u8],
    /// It reaches the peer once at most: no connection is used that may turn out closed, which asks for a second try.
    pub is_once: bool,
}

impl Delivery<'_> {
    fn signatures(&self) -> String {
        let secrets = self.secrets.iter().map(|s| s.sign(self.id, self.at, self.body));
        let key = self.key.map(|k| k.sign(self.id, self.at, self.body));
        secrets.chain(key).collect::<Vec<String>>().join(" ")
    }
}

/// Sends webhooks under a [`Guard`].
#[derive(Clone)]
pub struct Client {
    guard: Arc<Guard>,
    resolver: Resolver,
    user_agent: String,
    limits: Limits,
    pool: Arc<Pool>,
    dials: Arc<AtomicU64>,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Client({:?})", self.guard)
    }
}

impl Client {
    /// A client that resolves names by the operating system and says in `User-Agent` whom to complain to.
    #[must_use]
    pub fn new(guard: Guard, user_agent: String) -> Self {
        let resolver: Resolver = Arc::new(|host, port| {
            Box::pin(async move { Ok(tokio::net::lookup_host((host, port)).await?.collect()) })
        });
        let limits = Limits::default();
        let pool = Arc::new(Pool::new(limits.idle));
        Self { guard: Arc::new(guard), resolver, user_agent, limits, pool, dials: Arc::default() }
    }

    /// The same client under other limits.
    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.pool = Arc::new(Pool::new(limits.idle));
        self.limits = limits;
        self
    }

    /// The same client with another resolver.
    #[must_use]
    pub fn with_resolver(mut self, resolver: Resolver) -> Self {
        self.resolver = resolver;
        self
    }

    /// The rules in force.
    #[must_use]
    pub fn guard(&self) -> &Guard {
        &self.guard
    }

    /// The limits in force.
    pub(super) const fn limits(&self) -> Limits {
        self.limits
    }

    /// As it calls itself.
    pub(super) fn user_agent(&self) -> &str {
        &self.user_agent
    }

    /// How many connections were dialled so far, whether or not they came about.
    #[must_use]
    pub fn dials(&self) -> u64 {
        self.dials.load(Ordering::Relaxed)
    }

    /// Sends one delivery. Never panics and never takes longer than the limit of an exchange.
    pub async fn post(&self, target: &Target, delivery: Delivery<'_>) -> Answer {
        let deadline = Instant::now() + self.limits.exchange;
        let (mut line, response) = match timeout_at(deadline, self.exchange(target, delivery)).await {
            Ok(Ok(got)) => got,
            Ok(Err(why)) => return Answer { outcome: Outcome::retry(why), body: Vec::new() },
            Err(_) => {
                let why = format!("no answer within {}", words(self.limits.exchange));
                return Answer { outcome: Outcome::retry(why), body: Vec::new() };
            }
        };
        let (answer, is_whole) = read(response, delivery.at, deadline).await;
        if is_whole && timeout(SETTLE, line.goes_on()).await == Ok(true) {
            self.pool.keep(place(target), line);
        }
        answer
    }

    async fn exchange(
        &self,
        target: &Target,
        delivery: Delivery<'_>,
    ) -> Result<(Line, Response<Incoming>), String> {
        let (begun, late) = (Instant::now(), || self.could_not_connect());
        let addresses = timeout(self.limits.connect, self.permitted(target)).await.map_err(|_| late())??;
        let resolved_in = begun.elapsed();
        if !delivery.is_once
            && let Some(mut line) = self.pool.take(&place(target), &addresses)
        {
            match line.send(self.request(target, delivery)?).await {
                Ok(response) => return Ok((line, response)),
                Err(why) if line.has_heard() => return Err(why),
                Err(_) => {} // the peer had closed it meanwhile: once more, over a new one
            }
        }
        let left = self.limits.connect.saturating_sub(resolved_in);
        let (stream, peer) = timeout(left, self.dial(target, &addresses)).await.map_err(|_| late())??;
        let mut line = connect(target, stream, peer).await?;
        let response = line.send(self.request(target, delivery)?).await?;
        Ok((line, response))
    }

    pub(super) fn could_not_connect(&self) -> String {
        format!("could not connect within {}", words(self.limits.connect))
    }

    fn request(&self, target: &Target, delivery: Delivery<'_>) -> Result<Request<Full<Bytes>>, String> {
        let mut request = Request::post(target.path())
            .header(HOST, target.authority())
            .header(USER_AGENT, &self.user_agent)
            .header(ACCEPT, "application/json")
            .header(CONTENT_TYPE, "application/json; charset=utf-8");
        if !delivery.secrets.is_empty() {
            request = request
                .header("webhook-id", delivery.id)
                .header("webhook-timestamp", delivery.at.secs().to_string())
                .header("webhook-signature", delivery.signatures());
        }
        request.body(Full::new(Bytes::copy_from_slice(delivery.body))).map_err(|e| e.to_string())
    }

    /// Resolves; refuses the name if any of its addresses is refused, and closes what was open to it.
    pub(super) async fn permitted(&self, target: &Target) -> Result<Vec<IpAddr>, String> {
        let addresses: Vec<IpAddr> = match target.ip() {
            Some(ip) => vec![ip],
            None => {
                let found = (self.resolver)(target.host().to_owned(), target.port()).await;
                found.map_err(|_| "the name could not be resolved")?.iter().map(SocketAddr::ip).collect()
            }
        };
        let permitted = |ip: &IpAddr| self.guard.permits(*ip, target.port(), target.is_https());
        if self.guard.is_internal(target.host(), target.port()) || !addresses.iter().all(permitted) {
            self.pool.forget(&place(target));
            return Err("blocked: this address may not be dialled".into());
        }
        Ok(addresses)
    }

    /// Dials one of the addresses, which were checked.
    pub(super) async fn dial(
        &self,
        target: &Target,
        addresses: &[IpAddr],
    ) -> Result<(TcpStream, IpAddr), String> {
        let mut failed = "the name has no address".to_owned();
        for ip in addresses.iter().take(ADDRESSES) {
            self.dials.fetch_add(1, Ordering::Relaxed);
            match TcpStream::connect(SocketAddr::new(*ip, target.port())).await {
                Ok(stream) => {
                    stream.set_nodelay(true).map_err(|e| e.to_string())?;
                    return Ok((stream, *ip));
                }
                Err(e) => failed = format!("could not connect: {e}"),
            }
        }
        Err(failed)
    }
}

pub(super) fn words(limit: Duration) -> String {
    if limit.subsec_millis() == 0 {
        return format!("{} s", limit.as_secs());
    }
    format!("{} ms", limit.as_millis())
}

pub(super) async fn connect(target: &Target, stream: TcpStream, peer: IpAddr) -> Result<Line, String> {
    if !target.is_https() {
        return Line::open(stream, peer).await;
    }
    let name = match target.ip() {
        Some(ip) => rustls::pki_types::ServerName::from(ip),
        None => target.host().to_owned().try_into().map_err(|_| "this name cannot be used with TLS")?,
    };
    let connector = crate::tls::connector().map_err(|e| e.to_string())?;
    let failed = |e: std::io::Error| format!("TLS failed: {}", crate::tls::words(&e));
    let stream = connector.connect(name, stream).await.map_err(failed)?;
    Line::open(stream, peer).await
}
