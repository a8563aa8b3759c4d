//! Serving until a signal.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context;
use clap::{Args, ValueEnum};
use manager::{Limits, MetricsEndpoint, ServeOptions, Tls, stop_signal};
use serde_json::json;
use tokio::net::TcpListener;
use tracing_subscriber::EnvFilter;

use super::flooding::FloodArguments;
use super::mail::MailArguments;
use super::watching::WatchArguments;
use super::webhooks::ReachArguments;
use super::{KeyArguments, opening, output};

#[derive(Debug, Args)]
pub(crate) struct ServeArguments {
    /// Directory of the project.
    dir: PathBuf,
    /// Address and port to listen on.
    #[arg(long, env = "OSTIARY_LISTEN", value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// Certificate chain in PEM form to serve over TLS with; read again when the file changes.
    #[arg(long, env = "OSTIARY_TLS_CERTIFICATE", value_name = "FILE", requires = "tls_key")]
    tls_certificate: Option<PathBuf>,
    /// Private key of the certificate in PEM form.
    #[arg(long, env = "OSTIARY_TLS_KEY", value_name = "FILE", requires = "tls_certificate")]
    tls_key: Option<PathBuf>,
    /// Address and port for Prometheus; keep it away from the public network.
    #[arg(long, env = "OSTIARY_METRICS_LISTEN", value_name = "ADDRESS:PORT")]
    metrics_listen: Option<SocketAddr>,
    #[command(flatten)]
    floods: FloodArguments,
    /// Form of the log on standard error.
    #[arg(long, env = "OSTIARY_LOG_FORMAT", value_name = "FORMAT", default_value = "text")]
    log_format: LogFormat,
    /// Connections at the same time; one more is closed at once.
    #[arg(long, env = "OSTIARY_MAX_CONNECTIONS", value_name = "NUMBER", default_value_t = Limits::default().connections)]
    max_connections: usize,
    /// Seconds that a client has for the head of a request, and that a connection may be idle.
    #[arg(long, env = "OSTIARY_HEADER_TIMEOUT", value_name = "SECONDS", default_value_t = Limits::default().header_timeout.as_secs())]
    header_timeout: u64,
    /// Seconds to go on serving after a signal to stop, with readiness off, so that a load balancer looks elsewhere.
    #[arg(long, env = "OSTIARY_DRAIN_DELAY", value_name = "SECONDS", default_value_t = 0)]
    drain_delay: u64,
    /// Seconds that requests under way have to end after that.
    #[arg(long, env = "OSTIARY_GRACE", value_name = "SECONDS", default_value_t = Limits::default().grace.as_secs())]
    grace: u64,
    /// Leave mail, reminders and upkeep to other processes: see `jobs run`.
    #[arg(long, env = "OSTIARY_NO_JOBS")]
    no_jobs: bool,
    #[command(flatten)]
    mail: Box<MailArguments>,
    #[command(flatten)]
    reach: ReachArguments,
    #[command(flatten)]
    watch: WatchArguments,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum LogFormat {
    /// One line of text for each event.
    Text,
    /// One JSON object for each event.
    Json,
}

pub(super) async fn serve(arguments: &ServeArguments, key: &KeyArguments, json: bool) -> anyhow::Result<()> {
    log(arguments.log_format);
    let tls = match (&arguments.tls_certificate, &arguments.tls_key) {
        (Some(certificate), Some(key)) => Some(Tls::from_files(certificate, key)?),
        _ => None,
    };
    let manager = opening::open_first(&arguments.dir, key).await?;
    let manager = manager.with_http_settings(arguments.floods.settings());
    let manager = arguments.reach.apply(arguments.mail.apply(manager)?);
    let manager = arguments.watch.apply(manager).await?;
    let listener = listen(arguments.listen).await?;
    let address = listener.local_addr()?;
    let metrics_listener = match arguments.metrics_listen {
        Some(address) => Some(listen(address).await?),
        None => None,
    };
    let metrics_address = metrics_listener.as_ref().and_then(|listener| listener.local_addr().ok());
    let scheme = if tls.is_some() { "https" } else { "http" };
    let metrics = metrics_listener.map(MetricsEndpoint::install).transpose()?;
    let options = ServeOptions { limits: limits(arguments), tls, metrics, no_jobs: arguments.no_jobs };
    if json {
        output::object(&json!({
            "listening": address.to_string(),
            "scheme": scheme,
            "page": format!("{}/admin", manager.page_url()),
            "metrics_listening": metrics_address.map(|address| address.to_string()),
        }))?;
    } else {
        output::line(format!("{} is served on {scheme}://{address}.", manager.project().name));
        output::line(format!("The administrators' page is at {}/admin.", manager.page_url()));
        if let Some(address) = metrics_address {
            output::line(format!("Measurements are on http://{address}/metrics."));
        }
    }
    manager.serve_with(listener, options, stop_signal()).await?;
    manager.close().await;
    Ok(())
}

fn limits(arguments: &ServeArguments) -> Limits {
    Limits {
        connections: arguments.max_connections,
        header_timeout: Duration::from_secs(arguments.header_timeout.max(1)),
        drain_delay: Duration::from_secs(arguments.drain_delay),
        grace: Duration::from_secs(arguments.grace),
        ..Limits::default()
    }
}

async fn listen(address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.with_context(|| format!("listening on {address}"))
}

/// Logs to standard error what `OSTIARY_LOG` asks for.
pub(super) fn log(format: LogFormat) {
    let filter = EnvFilter::try_from_env("OSTIARY_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match format {
        LogFormat::Text => builder.init(),
        LogFormat::Json => builder.json().init(),
    }
}
