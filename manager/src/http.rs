//! The API on HTTP. Each route reads a request, calls one act, and writes its answer.

mod activation;
mod administrator;
mod health;
mod imports;
mod json;
mod measuring;
mod observing;
mod problem;
mod project;
mod readers;
mod serving;
mod users;

use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::{get, post};
use tower_http::timeout::TimeoutLayer;

use crate::manager::Manager;
pub use measuring::MetricsEndpoint;
use problem::Problem;
pub(crate) use serving::UPKEEP;
pub use serving::{Limits, ServeOptions, Tls, TlsError};

/// The longest body of a request, in octets, of everything but an import.
const BODY_MAX: usize = 16 * 1024;
/// The longest CSV file, in octets: about a million people.
const IMPORT_MAX: usize = 128 * 1024 * 1024;
/// For how long a request may take, in seconds.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);
/// For how long an import may take, its upload included.
const IMPORT_TIMEOUT: Duration = Duration::from_secs(300);

impl Manager {
    /// The routes of the API, to be served or mounted in another service.
    pub fn router(&self) -> Router {
        let timeout = |after| TimeoutLayer::with_status_code(StatusCode::REQUEST_TIMEOUT, after);
        let imports = Router::new()
            .route("/v1/imports", post(imports::plan))
            .route("/v1/imports/{plan}", get(imports::show))
            .route("/v1/imports/{plan}/apply", post(imports::apply))
            .layer(DefaultBodyLimit::max(IMPORT_MAX))
            .layer(timeout(IMPORT_TIMEOUT));
        let rest = Router::new()
            .route("/v1/activation/challenge", post(activation::challenge))
            .route("/v1/activation", post(activation::activate))
            .route("/v1/devices/{device}/renewal/challenge", post(activation::renewal_challenge))
            .route("/v1/devices/{device}/renewal", post(activation::renew))
            .route("/v1/projects/{project}/revocation-list", get(project::revocation_list))
            .route("/v1/projects/{project}/time-token", get(project::time_token))
            .route("/activate", get(project::activation_page))
            .route("/health/live", get(health::live))
            .route("/health/ready", get(health::ready))
            .route("/v1/users", get(users::list))
            .route("/v1/users/{user}", get(users::show))
            .route("/v1/users/{user}/devices", get(users::devices))
            .route("/v1/users/{user}/invitations", post(users::invite))
            .route("/v1/users/{user}/revocation", post(users::revoke))
            .route("/v1/users/{user}/suspension", post(users::suspend).delete(users::resume))
            .route("/v1/readers", post(readers::enrol))
            .route("/v1/readers/{reader}/revocation", post(readers::revoke))
            .route("/v1/readers/{reader}/configuration", get(readers::configuration))
            .layer(DefaultBodyLimit::max(BODY_MAX))
            .layer(timeout(REQUEST_TIMEOUT));
        imports
            .merge(rest)
            .fallback(|| async { Problem::not_found() })
            .method_not_allowed_fallback(|| async { Problem::method_not_allowed() })
            .layer(middleware::from_fn(finish))
            .layer(middleware::from_fn(observing::observe))
            .with_state(self.clone())
    }
}

/// Gives every answer what it needs: no caching of what is personal, and a problem document for a timeout.
async fn finish(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    if response.status() == StatusCode::REQUEST_TIMEOUT {
        response = axum::response::IntoResponse::into_response(Problem::timeout());
    }
    let headers = response.headers_mut();
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}
