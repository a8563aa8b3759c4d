//! Measurements for Prometheus, on a socket of their own.

use std::io;

use axum::Router;
use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use axum::routing::get;
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};
use tokio::net::TcpListener;
use tokio::sync::watch;

use super::access::Api;
use super::health;
use crate::manager::Manager;

/// Bounds of the histogram of durations, in seconds.
const DURATIONS_S: [f64; 11] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0, 30.0];
/// The media type of Prometheus' text format.
const TEXT_FORMAT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Where and from what measurements are served.
#[derive(Debug)]
pub struct MetricsEndpoint {
    listener: TcpListener,
    measured: PrometheusHandle,
}

impl MetricsEndpoint {
    /// Begins to measure in this process, to be served on `listener`.
    ///
    /// # Errors
    /// When something else measures already: it can be asked for once a process.
    pub fn install(listener: TcpListener) -> Result<Self, BuildError> {
        let durations = Matcher::Suffix("_seconds".to_owned());
        let builder = PrometheusBuilder::new().set_buckets_for_metric(durations, &DURATIONS_S)?;
        let measured = builder.install_recorder()?;
        describe();
        Ok(Self { listener, measured })
    }

    pub(super) async fn serve(self, manager: Manager, mut stopped: watch::Receiver<bool>) -> io::Result<()> {
        let router = Router::new()
            .route("/metrics", get(metrics))
            .route("/health/live", get(health::live).with_state(Api::new(manager.clone())))
            .route("/health/ready", get(health::ready).with_state(Api::new(manager.clone())))
            .with_state((manager, self.measured));
        axum::serve(self.listener, router)
            .with_graceful_shutdown(async move {
                let _gone = stopped.wait_for(|stop| *stop).await;
            })
            .await
    }
}

async fn metrics(State((manager, measured)): State<(Manager, PrometheusHandle)>) -> impl IntoResponse {
    if let Err(error) = manager.measure().await {
        tracing::warn!(%error, "the database was not measured");
    }
    measured.run_upkeep();
    ([(header::CONTENT_TYPE, TEXT_FORMAT)], measured.render())
}

fn describe() {
    use metrics::{Unit, describe_counter, describe_gauge, describe_histogram};
    describe_counter!("ostiary_http_requests_total", "Requests by method, route and status");
    describe_histogram!(
        "ostiary_http_request_duration_seconds",
        Unit::Seconds,
        "Time from the head of a request to the head of its answer"
    );
    describe_counter!("ostiary_refusals_total", "Problem documents by code");
    describe_counter!("ostiary_connections_refused_total", "Connections over the limit");
    describe_counter!("ostiary_activations_total", "Devices that were activated");
    describe_counter!("ostiary_renewals_total", "Credentials that were renewed");
    describe_gauge!("ostiary_revocation_list_version", "Version of the newest revocation list, by project");
    describe_gauge!(
        "ostiary_revocation_list_age_seconds",
        Unit::Seconds,
        "Age of the newest revocation list, by project"
    );
    describe_gauge!("ostiary_database_connections", "Connections to the database, by state");
}
