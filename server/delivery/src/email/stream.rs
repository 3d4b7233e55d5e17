//! Our own sockets for lettre: no delay, and TLS from the first byte where that is wanted.

use std::{
    io,
    net::SocketAddr,
    pin::Pin,
    task::{Context, Poll},
};

use lettre::transport::smtp::client::AsyncTokioStream;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};
use tokio_rustls::client::TlsStream;

use crate::outcome::clean;

/// A TLS stream that lettre can talk through.
#[derive(Debug)]
struct Protected(TlsStream<TcpStream>);

/// Dials the relay.
pub(super) async fn dial(host: &str, port: u16, tls: bool) -> Result<Box<dyn AsyncTokioStream>, String> {
    let wrong = |e: &dyn std::fmt::Display| clean(format!("{host}:{port}: {e}").as_bytes());
    let stream = TcpStream::connect((host, port)).await.map_err(|e| wrong(&e))?;
    stream.set_nodelay(true).map_err(|e| wrong(&e))?;
    if !tls {
        return Ok(Box::new(stream));
    }
    let connector = crate::tls::connector().map_err(|e| wrong(&e))?;
    let name = rustls::pki_types::ServerName::try_from(host.to_owned()).map_err(|e| wrong(&e))?;
    Ok(Box::new(Protected(connector.connect(name, stream).await.map_err(|e| wrong(&crate::tls::words(&e)))?)))
}

impl AsyncTokioStream for Protected {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.0.get_ref().0.peer_addr()
    }
}

impl AsyncRead for Protected {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buf)
    }
}

impl AsyncWrite for Protected {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}
