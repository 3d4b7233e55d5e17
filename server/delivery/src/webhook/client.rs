//! One POST to a stranger: every name resolved once, every answer checked, the checked address dialled, and one
//! wall-clock deadline over all of it. No redirects, no decompression, no cookies, no proxy from the environment.

use std::{future::Future, net::SocketAddr, pin::Pin, sync::Arc, time::Duration};

use bytes::Bytes;
use domain::clock::Timestamp;
use http_body_util::{BodyExt, Full};
use hyper::{
    Request, Response, StatusCode,
    body::Incoming,
    client::conn::http1,
    header::{ACCEPT, CONTENT_TYPE, HOST, RETRY_AFTER, USER_AGENT},
};
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    time::{Instant, timeout, timeout_at},
};

use super::{guard::Guard, sign::Secret, target::Target};
use crate::{
    outcome::{Outcome, clean},
    schedule::RETRY_AFTER_MAX,
};

/// Resolving and connecting.
const CONNECT: Duration = Duration::from_secs(3);
/// The whole exchange, body included.
const EXCHANGE: Duration = Duration::from_secs(10);
/// Bytes read of an answer.
const BODY_MAX: usize = 64 * 1024;

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
    /// The exact bytes that are signed and sent.
    pub body: &'a [u8],
}

impl Delivery<'_> {
    fn signatures(&self) -> String {
        let signed: Vec<String> = self.secrets.iter().map(|s| s.sign(self.id, self.at, self.body)).collect();
        signed.join(" ")
    }
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    /// What it means.
    pub outcome: Outcome,
    /// The body, as far as it was read.
    pub body: Vec<u8>,
}

/// Sends webhooks under a [`Guard`].
#[derive(Clone)]
pub struct Client {
    guard: Arc<Guard>,
    resolver: Resolver,
    user_agent: String,
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
        Self { guard: Arc::new(guard), resolver, user_agent }
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

    /// Sends one delivery. Never panics and never takes longer than ten seconds.
    pub async fn post(&self, target: &Target, delivery: Delivery<'_>) -> Answer {
        let deadline = Instant::now() + EXCHANGE;
        match timeout_at(deadline, self.exchange(target, delivery)).await {
            Ok(Ok(response)) => read(response, delivery.at, deadline).await,
            Ok(Err(why)) => Answer { outcome: Outcome::retry(why), body: Vec::new() },
            Err(_) => Answer { outcome: Outcome::retry("no answer within 10 s"), body: Vec::new() },
        }
    }

    async fn exchange(&self, target: &Target, delivery: Delivery<'_>) -> Result<Response<Incoming>, String> {
        let request = self.request(target, delivery)?;
        let stream =
            timeout(CONNECT, self.dial(target)).await.map_err(|_| "could not connect within 3 s")??;
        if !target.is_https() {
            return speak(stream, request).await;
        }
        let name = match target.ip() {
            Some(ip) => rustls::pki_types::ServerName::from(ip),
            None => target.host().to_owned().try_into().map_err(|_| "this name cannot be used with TLS")?,
        };
        let connector = crate::tls::connector().map_err(|e| e.to_string())?;
        let stream = connector.connect(name, stream).await.map_err(|e| format!("TLS failed: {e}"))?;
        speak(stream, request).await
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

    /// Resolves once; refuses the name if any of its addresses is refused; dials what was checked.
    async fn dial(&self, target: &Target) -> Result<TcpStream, String> {
        let addresses = match target.ip() {
            Some(ip) => vec![SocketAddr::new(ip, target.port())],
            None => (self.resolver)(target.host().to_owned(), target.port())
                .await
                .map_err(|_| "the name could not be resolved")?,
        };
        let permitted = |a: &SocketAddr| self.guard.permits(a.ip(), target.port(), target.is_https());
        if self.guard.is_internal(target.host(), target.port()) || !addresses.iter().all(permitted) {
            return Err("blocked: this address may not be dialled".into());
        }
        let mut failed = "the name has no address".to_owned();
        for address in addresses.into_iter().take(8) {
            match TcpStream::connect(SocketAddr::new(address.ip(), target.port())).await {
                Ok(stream) => {
                    stream.set_nodelay(true).map_err(|e| e.to_string())?;
                    return Ok(stream);
                }
                Err(e) => failed = format!("could not connect: {e}"),
            }
        }
        Err(failed)
    }
}

async fn speak<S>(stream: S, request: Request<Full<Bytes>>) -> Result<Response<Incoming>, String>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let (mut sender, connection) = http1::Builder::new()
        .max_headers(64)
        .max_buf_size(16 * 1024)
        .handshake(TokioIo::new(stream))
        .await
        .map_err(|e| format!("HTTP failed: {e}"))?;
    // Ends with the response: dropping its body closes the connection.
    tokio::spawn(async move {
        let _ = timeout(EXCHANGE, connection).await;
    });
    sender.send_request(request).await.map_err(|e| format!("HTTP failed: {e}"))
}

/// Reads at most 64 KiB until the deadline. What was promised by the status line holds, however the body ends.
async fn read(response: Response<Incoming>, at: Timestamp, deadline: Instant) -> Answer {
    let status = response.status();
    let retry_after =
        response.headers().get(RETRY_AFTER).and_then(|v| v.to_str().ok()).and_then(|v| retry_after(v, at));
    let mut incoming = response.into_body();
    let mut body = Vec::new();
    while let Ok(Some(Ok(frame))) = timeout_at(deadline, incoming.frame()).await {
        let Some(data) = frame.data_ref() else { continue };
        body.extend_from_slice(&data[..data.len().min(BODY_MAX - body.len())]);
        if body.len() >= BODY_MAX {
            break;
        }
    }
    Answer { outcome: judge(status, retry_after, &body), body }
}

/// What a status means for the delivery.
fn judge(status: StatusCode, after_ms: Option<i64>, body: &[u8]) -> Outcome {
    let answer = clean(
        format!("{} {}", status.as_u16(), String::from_utf8_lossy(&body[..body.len().min(600)])).as_bytes(),
    );
    match status {
        s if s.is_success() => Outcome::Delivered(answer),
        StatusCode::GONE => Outcome::Gone(answer),
        _ => Outcome::Retry { answer, after_ms },
    }
}

/// `Retry-After` in milliseconds: seconds or an HTTP date, between now and a day from now.
#[must_use]
pub fn retry_after(value: &str, now: Timestamp) -> Option<i64> {
    let value = value.trim();
    let ms = if !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit()) {
        value.parse::<i64>().unwrap_or(i64::MAX / 1_000).saturating_mul(1_000)
    } else {
        chrono::DateTime::parse_from_rfc2822(value).ok()?.timestamp_millis().saturating_sub(now.millis())
    };
    Some(ms.clamp(0, RETRY_AFTER_MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_in_both_forms_is_clamped_to_a_day() {
        let now = Timestamp::parse_rfc3339("2015-10-21T07:28:00Z").unwrap();
        for (value, ms) in [
            ("120", Some(120_000)),
            (" 0 ", Some(0)),
            ("1000000000000", Some(RETRY_AFTER_MAX)),
            ("99999999999999999999999", Some(RETRY_AFTER_MAX)),
            ("Wed, 21 Oct 2015 07:29:00 GMT", Some(60_000)),
            ("Wed, 21 Oct 2014 07:28:00 GMT", None),
            ("Tue, 21 Oct 2014 07:28:00 GMT", Some(0)),
            ("-1", None),
            ("soon", None),
            ("", None),
        ] {
            assert_eq!(retry_after(value, now), ms, "{value:?}");
        }
    }
}
