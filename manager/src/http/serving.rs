//! Serving on a socket until told to stop.

use std::future::Future;
use std::io;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval, timeout};

use crate::manager::Manager;

/// For how long requests that are under way may go on after the manager was told to stop.
const GRACE: Duration = Duration::from_secs(10);
/// How often upkeep is done.
const UPKEEP: Duration = Duration::from_secs(60);

impl Manager {
    /// Serves the API on `listener` until `shutdown` is ready, then lets the requests under way finish for 10 s.
    ///
    /// # Errors
    /// What the operating system says about the socket.
    pub async fn serve(
        &self,
        listener: TcpListener,
        shutdown: impl Future<Output = ()> + Send + 'static,
    ) -> io::Result<()> {
        let (stop, stopped) = watch::channel(false);
        let mut graceful = stopped.clone();
        let server = axum::serve(listener, self.router())
            .with_graceful_shutdown(async move {
                // An error means that the other half is gone, which is a reason to stop as well.
                let _gone = graceful.wait_for(|stop| *stop).await;
            })
            .into_future();
        let upkeep = tokio::spawn(self.clone().keep_up_until(stopped));
        tokio::pin!(server);
        let served = tokio::select! {
            served = &mut server => served,
            () = shutdown => {
                stop.send_replace(true);
                timeout(GRACE, server).await.unwrap_or(Ok(()))
            }
        };
        drop(stop);
        // Upkeep ends at once, or after the one transaction that it is in.
        let _ended = upkeep.await;
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
                }
            }
        }
    }
}
