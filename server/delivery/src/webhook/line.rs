//! One HTTP/1.1 connection to a receiver. It ends with its holder: a peer cannot keep it open.

use std::{
    net::IpAddr,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http_body_util::Full;
use hyper::{Request, Response, body::Incoming, client::conn::http1};
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    task::AbortHandle,
    time::Instant,
};

/// Headers and bytes of them that are read of an answer.
const HEADERS_MAX: usize = 64;
const HEAD_MAX: usize = 16 * 1024;

/// A connection, ready for one request after the other.
#[derive(Debug)]
pub(super) struct Line {
    sender: http1::SendRequest<Full<Bytes>>,
    driver: AbortHandle,
    /// Whether a byte has come since the last request.
    heard: Arc<AtomicBool>,
    peer: IpAddr,
    opened: Instant,
}

impl Line {
    /// Speaks HTTP over a stream to `peer`.
    pub(super) async fn open<S>(stream: S, peer: IpAddr) -> Result<Self, String>
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let heard = Arc::new(AtomicBool::new(false));
        let stream = Listening { stream, heard: heard.clone() };
        let (sender, connection) = http1::Builder::new()
            .max_headers(HEADERS_MAX)
            .max_buf_size(HEAD_MAX)
            .handshake(TokioIo::new(stream))
            .await
            .map_err(|e| format!("HTTP failed: {e}"))?;
        let driver = tokio::spawn(async move { drop(connection.await) }).abort_handle();
        Ok(Self { sender, driver, heard, peer, opened: Instant::now() })
    }

    /// Sends a request; the head of what comes back.
    pub(super) async fn send(&mut self, request: Request<Full<Bytes>>) -> Result<Response<Incoming>, String> {
        self.heard.store(false, Ordering::Relaxed);
        self.sender.send_request(request).await.map_err(|e| format!("HTTP failed: {e}"))
    }

    /// Whether the peer has said anything since the last request.
    pub(super) fn has_heard(&self) -> bool {
        self.heard.load(Ordering::Relaxed)
    }

    /// Whether it will take another request, once the last answer has been read whole.
    pub(super) async fn goes_on(&mut self) -> bool {
        self.sender.ready().await.is_ok()
    }

    /// Whether it is still open, as far as is known.
    pub(super) fn is_open(&self) -> bool {
        self.sender.is_ready()
    }

    /// The address that was dialled.
    pub(super) const fn peer(&self) -> IpAddr {
        self.peer
    }

    /// When it was opened.
    pub(super) const fn opened(&self) -> Instant {
        self.opened
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

/// A stream that notes whether anything came.
struct Listening<S> {
    stream: S,
    heard: Arc<AtomicBool>,
}

impl<S: AsyncRead + Unpin> AsyncRead for Listening<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        let before = buf.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, buf))?;
        if buf.filled().len() > before {
            self.heard.store(true, Ordering::Relaxed);
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Listening<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[std::io::IoSlice<'_>],
    ) -> Poll<std::io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}
