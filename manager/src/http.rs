//! The API on HTTP. Each route reads a request, calls one act, and writes its answer.

pub(crate) mod access;
mod activation;
mod administrators;
mod audit;
mod card_imports;
mod card_photos;
mod card_templates;
mod cards;
mod conditional;
mod configuring;
mod health;
mod imports;
mod json;
mod keys;
mod lives;
mod mail_settings;
mod mails;
mod meant;
mod measuring;
mod observing;
mod openapi;
pub(crate) mod paging;
pub(crate) mod problem;
mod project;
pub(crate) mod projects;
mod readers;
mod repeating;
mod reported;
mod reports;
mod resetting;
mod scim;
mod serving;
mod settings;
mod users;
mod validation;
mod webhooks;

use std::time::Duration;

use axum::extract::{DefaultBodyLimit, Request};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::{Extension, Router};
use tower_http::timeout::TimeoutLayer;
use utoipa_axum::router::OpenApiRouter;

use crate::manager::Manager;
use crate::page;
use crate::photo::PHOTO_OCTETS_MAX;
use access::Api;
pub use measuring::MetricsEndpoint;
pub use openapi::openapi_document;
use problem::Problem;
pub use serving::{Limits, ServeOptions, Tls, TlsError, stop_signal};
pub use settings::{FloodLimits, HttpSettings};

/// The longest body of a request, in octets, of everything but an import.
const BODY_MAX: usize = 16 * 1024;
/// The longest CSV file, in octets: about a million people.
const IMPORT_MAX: usize = 128 * 1024 * 1024;
/// The longest text of a mail, and the longest report on one, in octets.
const MAIL_MAX: usize = 1024 * 1024;
/// The longest activation, in octets: with a photo of its holder.
const ACTIVATION_MAX: usize = 768 * 1024;
/// The longest design of a card template, in octets: with its terms.
const DESIGN_MAX: usize = 128 * 1024;
/// For how long a request may take, in seconds.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);
/// For how long an import may take, its upload included.
const IMPORT_TIMEOUT: Duration = Duration::from_secs(300);

impl Manager {
    /// The routes of one project.
    fn project_router(&self, site: &page::Site) -> Router {
        let (routes, _) = described().split_for_parts();
        let provisioning = scim::routes()
            .layer(DefaultBodyLimit::max(BODY_MAX))
            .layer(TimeoutLayer::with_status_code(StatusCode::REQUEST_TIMEOUT, REQUEST_TIMEOUT));
        let api = Api::new(self.clone());
        let pages = page::routes(self, site).layer(middleware::from_fn(observing::observe));
        routes
            .merge(provisioning)
            .fallback(|| async { Problem::not_found() })
            .method_not_allowed_fallback(|| async { Problem::method_not_allowed() })
            .layer(middleware::from_fn(finish))
            .layer(middleware::from_fn(observing::observe))
            .layer(Extension(api.clone()))
            .with_state(api)
            .merge(pages)
    }
}

/// Every route with its description.
fn described() -> OpenApiRouter<Api> {
    let timeout = |after| TimeoutLayer::with_status_code(StatusCode::REQUEST_TIMEOUT, after);
    let large = OpenApiRouter::default()
        .merge(imports::routes())
        .merge(card_imports::routes())
        .layer(middleware::from_fn(repeating::repeat))
        .layer(DefaultBodyLimit::max(IMPORT_MAX))
        .layer(timeout(IMPORT_TIMEOUT));
    let texts = OpenApiRouter::default()
        .merge(mail_settings::text_routes())
        .merge(mails::bounce_routes())
        .layer(DefaultBodyLimit::max(MAIL_MAX))
        .layer(timeout(REQUEST_TIMEOUT));
    let photos = OpenApiRouter::default()
        .merge(card_photos::photo_routes())
        .layer(DefaultBodyLimit::max(PHOTO_OCTETS_MAX))
        .layer(timeout(REQUEST_TIMEOUT));
    let designs = OpenApiRouter::default()
        .merge(card_templates::routes())
        .layer(middleware::from_fn(repeating::repeat))
        .layer(DefaultBodyLimit::max(DESIGN_MAX))
        .layer(timeout(REQUEST_TIMEOUT));
    let activations = OpenApiRouter::default()
        .merge(activation::activation_routes())
        .layer(DefaultBodyLimit::max(ACTIVATION_MAX))
        .layer(timeout(REQUEST_TIMEOUT));
    let small = OpenApiRouter::default()
        .merge(activation::routes())
        .merge(administrators::routes())
        .merge(audit::routes())
        .merge(card_photos::routes())
        .merge(cards::routes())
        .merge(configuring::routes())
        .merge(health::routes())
        .merge(keys::routes())
        .merge(mail_settings::routes())
        .merge(mails::routes())
        .merge(openapi::routes())
        .merge(project::routes())
        .merge(readers::routes())
        .merge(reported::routes())
        .merge(reports::routes())
        .merge(resetting::routes())
        .merge(users::routes())
        .merge(validation::routes())
        .merge(lives::routes())
        .merge(webhooks::routes())
        .layer(middleware::from_fn(repeating::repeat))
        .layer(DefaultBodyLimit::max(BODY_MAX))
        .layer(timeout(REQUEST_TIMEOUT));
    OpenApiRouter::with_openapi(openapi::empty())
        .merge(large)
        .merge(texts)
        .merge(photos)
        .merge(designs)
        .merge(activations)
        .merge(small)
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
