//! Serving until a signal.

use anyhow::Context;
use serde_json::json;
use tokio::net::TcpListener;
use tracing_subscriber::EnvFilter;

use super::{KeyArguments, ServeArguments, opening, output};

pub(super) async fn serve(arguments: &ServeArguments, key: &KeyArguments, json: bool) -> anyhow::Result<()> {
    let filter = EnvFilter::try_from_env("OSTIARY_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    let manager = opening::open(&arguments.dir, key).await?;
    let listener = TcpListener::bind(arguments.listen).await;
    let listener = listener.with_context(|| format!("listening on {}", arguments.listen))?;
    let address = listener.local_addr()?;
    if json {
        output::object(&json!({ "listening": address.to_string() }))?;
    } else {
        output::line(format!("{} is served on http://{address}.", manager.project().name));
    }
    manager.serve(listener, stop_signal()).await?;
    manager.close().await;
    Ok(())
}

/// Ready when the operator or the system asks the manager to stop.
async fn stop_signal() {
    let interrupt = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = interrupt => {}
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    // Without a way to hear the signal there is nothing to wait for: the process ends by other means.
    if interrupt.await.is_err() {
        std::future::pending::<()>().await;
    }
}
