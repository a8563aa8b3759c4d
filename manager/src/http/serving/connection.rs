//! What stands between a socket and HTTP: the number of connections, TLS, and clients that stop taking.

use std::future::Future;
use std::io::{self, ErrorKind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum_server::accept::Accept;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Sleep, sleep, timeout};
use tokio_rustls::TlsAcceptor;

use super::{Limits, Tls};

/// Lets connections in.
#[derive(Clone)]
pub(super) struct Door {
    places: Arc<Semaphore>,
    tls: Option<Arc<Tls>>,
    handshake_timeout: Duration,
    write_timeout: Duration,
}

/// A connection with its place among all.
pub(super) struct Guarded {
    link: Box<dyn Link>,
    write_timeout: Duration,
    /// Runs while the client takes nothing.
    stalled: Option<Pin<Box<Sleep>>>,
    _place: OwnedSemaphorePermit,
}

pub(super) trait Link: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Link for T {}

impl Door {
    pub(super) fn new(limits: &Limits, tls: Option<Tls>) -> Self {
        Self {
            places: Arc::new(Semaphore::new(limits.connections.min(Semaphore::MAX_PERMITS))),
            tls: tls.map(Arc::new),
            handshake_timeout: limits.handshake_timeout,
            write_timeout: limits.write_timeout,
        }
    }

    async fn enter(self, stream: TcpStream) -> io::Result<Guarded> {
        let place = self.places.try_acquire_owned().map_err(|_| {
            metrics::counter!("ostiary_connections_refused_total").increment(1);
            io::Error::new(ErrorKind::QuotaExceeded, "too many connections")
        })?;
        stream.set_nodelay(true)?;
        let link: Box<dyn Link> = match self.tls {
            Some(tls) => {
                let handshake = TlsAcceptor::from(tls.config()).accept(stream);
                Box::new(timeout(self.handshake_timeout, handshake).await??)
            }
            None => Box::new(stream),
        };
        Ok(Guarded { link, write_timeout: self.write_timeout, stalled: None, _place: place })
    }
}

impl<S: Send + 'static> Accept<TcpStream, S> for Door {
    type Stream = Guarded;
    type Service = S;
    type Future = Pin<Box<dyn Future<Output = io::Result<(Guarded, S)>> + Send>>;

    fn accept(&self, stream: TcpStream, service: S) -> Self::Future {
        let door = self.clone();
        Box::pin(async move { Ok((door.enter(stream).await?, service)) })
    }
}

impl Guarded {
    /// Ends a connection whose client takes nothing for too long.
    fn watch<T>(&mut self, cx: &mut Context<'_>, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.stalled = None;
            return written;
        }
        let write_timeout = self.write_timeout;
        let stalled = self.stalled.get_or_insert_with(|| Box::pin(sleep(write_timeout)));
        ready!(stalled.as_mut().poll(cx));
        Poll::Ready(Err(ErrorKind::TimedOut.into()))
    }
}

impl AsyncRead for Guarded {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.link).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Guarded {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, octets: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.link).poll_write(cx, octets);
        self.watch(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.link).poll_write_vectored(cx, pieces);
        self.watch(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.link.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.link).poll_flush(cx);
        self.watch(cx, flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let ended = Pin::new(&mut self.link).poll_shutdown(cx);
        self.watch(cx, ended)
    }
}
