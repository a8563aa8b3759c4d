//! Serving on a socket until told to stop.

mod connection;
mod limits;
mod signal;
mod tls;

use std::future::Future;
use std::io;
use std::net::SocketAddr;

use axum_server::Handle;
use hyper_util::rt::TokioTimer;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::time::sleep;

use super::measuring::MetricsEndpoint;
use crate::manager::Manager;
use connection::Door;
pub use limits::Limits;
pub use signal::stop_signal;
pub use tls::{Tls, TlsError};

/// How the API is served.
#[derive(Debug, Default)]
pub struct ServeOptions {
    /// What one client, and all of them together, may use up.
    pub limits: Limits,
    /// The certificate to serve under; without one, whatever stands in front of the manager has to end TLS.
    pub tls: Option<Tls>,
    /// Where measurements are served; nowhere unless set.
    pub metrics: Option<MetricsEndpoint>,
    /// Leave what comes due to other processes.
    pub no_jobs: bool,
}

impl Manager {
    /// Serves the API on `listener` and does what comes due until `shutdown` is ready, then lets what is under way
    /// finish.
    ///
    /// # Errors
    /// What the operating system says about the socket.
    pub async fn serve(
        &self,
        listener: TcpListener,
        shutdown: impl Future<Output = ()> + Send + 'static,
    ) -> io::Result<()> {
        self.serve_with(listener, ServeOptions::default(), shutdown).await
    }

    /// Serves as [`Manager::serve`] does, with settings.
    ///
    /// # Errors
    /// What the operating system says about the socket.
    pub async fn serve_with(
        &self,
        listener: TcpListener,
        options: ServeOptions,
        shutdown: impl Future<Output = ()> + Send + 'static,
    ) -> io::Result<()> {
        let ServeOptions { limits, tls, metrics, no_jobs } = options;
        let (stop, stopped) = watch::channel(false);
        let handle = Handle::<SocketAddr>::new();
        let mut server = axum_server::from_tcp(listener.into_std()?)?
            .acceptor(Door::new(&limits, tls))
            .http1_only()
            .handle(handle.clone())
            .first_request_timeout(limits.header_timeout);
        server
            .http_builder()
            .http1()
            .timer(TokioTimer::new())
            .header_read_timeout(limits.header_timeout)
            .max_headers(limits.headers)
            .max_buf_size(limits.header_octets);
        let service = self.router().into_make_service_with_connect_info::<SocketAddr>();
        let server = server.serve(service);
        let (worker, told) = (self.clone(), stopped.clone());
        let work = (!no_jobs).then(|| tokio::spawn(async move { worker.work_for_all_until(told).await }));
        let metrics = metrics.map(|endpoint| tokio::spawn(endpoint.serve(self.clone(), stopped)));
        tokio::pin!(server);
        let served = tokio::select! {
            served = &mut server => served,
            () = shutdown => {
                self.pulse().stop();
                // Readiness is off and requests are still served: whoever spreads them has time to look elsewhere.
                let ended_early = tokio::select! {
                    served = &mut server => Some(served),
                    () = sleep(limits.drain_delay) => None,
                };
                handle.graceful_shutdown(Some(limits.grace));
                match ended_early {
                    Some(served) => served,
                    None => server.await,
                }
            }
        };
        stop.send_replace(true);
        drop(stop);
        // Work that is under way has its own time to end in.
        if let Some(work) = work {
            let _ended = work.await;
        }
        if let Some(metrics) = metrics {
            let _ended = metrics.await;
        }
        served
    }
}
