//! Serving on a socket until told to stop.

mod connection;
mod limits;
mod tls;

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use axum_server::Handle;
use hyper_util::rt::TokioTimer;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval, sleep};

use super::measuring::MetricsEndpoint;
use crate::manager::Manager;
use connection::Door;
pub use limits::Limits;
pub use tls::{Tls, TlsError};

/// How often upkeep is done.
pub(crate) const UPKEEP: Duration = Duration::from_secs(60);

/// How the API is served.
#[derive(Debug, Default)]
pub struct ServeOptions {
    /// What one client, and all of them together, may use up.
    pub limits: Limits,
    /// The certificate to serve under; without one, whatever stands in front of the manager has to end TLS.
    pub tls: Option<Tls>,
    /// Where measurements are served; nowhere unless set.
    pub metrics: Option<MetricsEndpoint>,
}

impl Manager {
    /// Serves the API on `listener` until `shutdown` is ready, then lets the requests under way finish.
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
        let ServeOptions { limits, tls, metrics } = options;
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
        let upkeep = tokio::spawn(self.clone().keep_up_until(stopped.clone()));
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
        // Upkeep ends at once, or after the one transaction that it is in.
        let _ended = upkeep.await;
        if let Some(metrics) = metrics {
            let _ended = metrics.await;
        }
        served
    }

    async fn keep_up_until(self, mut stopped: watch::Receiver<bool>) {
        let mut due = interval(UPKEEP);
        due.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = stopped.changed() => return,
                _ = due.tick() => {
                    if let Err(error) = self.keep_up().await {
                        tracing::error!(%error, "upkeep failed");
                    }
                    self.pulse().beat();
                }
            }
        }
    }
}
