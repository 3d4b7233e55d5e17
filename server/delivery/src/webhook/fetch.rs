//! One GET from a stranger, under the same rules as webhooks: its name resolved and judged, a checked address dialled,
//! one deadline over all of it, a capped body, no redirects, no decompression.

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::{
    HeaderMap, Request, StatusCode,
    header::{
        ACCEPT, ACCEPT_ENCODING, CONNECTION, ETAG, HOST, HeaderName, IF_MODIFIED_SINCE, IF_NONE_MATCH,
        LAST_MODIFIED, USER_AGENT,
    },
};
use tokio::time::{Instant, timeout, timeout_at};

use super::{
    client::{Client, connect, words},
    target::Target,
};

/// Bytes that are read of a document.
pub const DOCUMENT_MAX: usize = 2 * 1024 * 1024;
/// Longest validator that is kept, in bytes.
const VALIDATOR_MAX: usize = 200;

/// What a document is asked for again by.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Validators {
    /// Its `ETag`; empty: none.
    pub etag: String,
    /// Its `Last-Modified`; empty: none.
    pub last_modified: String,
}

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fetched {
    /// It is what it was.
    Unchanged,
    /// The document.
    Document {
        /// Its bytes.
        body: Vec<u8>,
        /// For the next time.
        validators: Validators,
    },
    /// There is nothing at this address (404, 410).
    Missing,
}

impl Client {
    /// Gets a document. Never panics and never takes longer than the limit of an exchange.
    ///
    /// # Errors
    /// Why there is none, in a few words of our own.
    pub async fn fetch(&self, target: &Target, known: &Validators) -> Result<Fetched, String> {
        let limit = self.limits().exchange;
        timeout(limit, self.get(target, known, Instant::now() + limit))
            .await
            .map_err(|_| format!("no answer within {}", words(limit)))?
    }

    async fn get(&self, target: &Target, known: &Validators, end: Instant) -> Result<Fetched, String> {
        let by = Instant::now() + self.limits().connect;
        let late = || self.could_not_connect();
        let addresses = timeout_at(by, self.permitted(target)).await.map_err(|_| late())??;
        let (stream, peer) = timeout_at(by, self.dial(target, &addresses)).await.map_err(|_| late())??;
        let mut line = connect(target, stream, peer).await?;
        let response = line.send(self.question(target, known)?).await?;
        match response.status() {
            StatusCode::OK => {}
            StatusCode::NOT_MODIFIED => return Ok(Fetched::Unchanged),
            StatusCode::NOT_FOUND | StatusCode::GONE => return Ok(Fetched::Missing),
            s if s.is_redirection() => {
                return Err(format!(
                    "it answers {}: it has moved; list the address that it moved to",
                    s.as_u16()
                ));
            }
            s => return Err(format!("it answers {}", s.as_u16())),
        }
        let validators = validators(response.headers());
        let mut incoming = response.into_body();
        let mut body = Vec::new();
        while let Some(frame) = timeout_at(end, incoming.frame()).await.map_err(|_| "it never ends")? {
            let frame = frame.map_err(|_| "it ends in the middle")?;
            let Some(data) = frame.data_ref() else { continue };
            if body.len() + data.len() > DOCUMENT_MAX {
                return Err(format!("it is larger than {} MiB", DOCUMENT_MAX / 1024 / 1024));
            }
            body.extend_from_slice(data);
        }
        Ok(Fetched::Document { body, validators })
    }

    fn question(&self, target: &Target, known: &Validators) -> Result<Request<Full<Bytes>>, String> {
        let mut request = Request::get(target.path())
            .header(HOST, target.authority())
            .header(USER_AGENT, self.user_agent())
            .header(ACCEPT, "application/json")
            .header(ACCEPT_ENCODING, "identity")
            .header(CONNECTION, "close");
        if !known.etag.is_empty() {
            request = request.header(IF_NONE_MATCH, &known.etag);
        }
        if !known.last_modified.is_empty() {
            request = request.header(IF_MODIFIED_SINCE, &known.last_modified);
        }
        request.body(Full::new(Bytes::new())).map_err(|e| e.to_string())
    }
}

fn validators(headers: &HeaderMap) -> Validators {
    let text = |name: &HeaderName| {
        let value = headers.get(name).and_then(|v| v.to_str().ok()).filter(|v| v.len() <= VALIDATOR_MAX);
        value.unwrap_or_default().to_owned()
    };
    Validators { etag: text(&ETAG), last_modified: text(&LAST_MODIFIED) }
}
