//! The administrators' page: HTML over the same acts as the API, rendered here, usable without scripts where it can be.
//!
//! * `access`: who may see and do what; a handler gets at the manager with [`access::Signed`] or [`access::Sent`] only,
//!   which name the scope that it needs as the routes of the API do.
//! * `frame`: what stands around every page; `words`: every word in both languages; `assets`: style and scripts.
//! * `finishing`: the headers of every answer, and how errors look.
//! * one file for each page.

mod access;
mod appearance;
mod applying;
mod assets;
mod audit;
mod cards;
mod cookies;
mod diff;
mod enrolling;
mod failure;
mod fields;
mod finishing;
mod form;
mod frame;
mod home;
mod imports;
mod moments;
mod my_account;
mod pictures;
mod readers;
mod settings;
mod signing_in;
mod site;
mod templates;
mod users;
mod words;

use std::time::Duration;

use axum::extract::{DefaultBodyLimit, Request};
use axum::http::StatusCode;
use axum::response::Redirect;
use axum::routing::get;
use axum::{Router, middleware};
use tower_http::timeout::TimeoutLayer;

use crate::manager::Manager;
pub(crate) use site::{Page, Site};

/// What the addresses of the page begin with.
pub(crate) const PREFIX: &str = "/admin";
/// The longest form, in octets.
const FORM_MAX: usize = 256 * 1024;
/// For how long a request may take.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// The routes of the page of one project, below [`PREFIX`].
pub(crate) fn routes(manager: &Manager, site: &Site) -> Router {
    let page = Page::new(manager.clone(), site.clone());
    let small = Router::new()
        .merge(appearance::routes())
        .merge(assets::routes())
        .merge(audit::routes())
        .merge(cards::routes())
        .merge(enrolling::routes())
        .merge(home::routes())
        .merge(imports::routes())
        .merge(my_account::routes())
        .merge(readers::routes())
        .merge(settings::routes())
        .merge(signing_in::routes())
        .merge(templates::routes())
        .merge(users::routes())
        .layer(DefaultBodyLimit::max(FORM_MAX))
        .merge(cards::large_routes())
        .merge(imports::large_routes())
        .layer(TimeoutLayer::with_status_code(StatusCode::REQUEST_TIMEOUT, REQUEST_TIMEOUT));
    let answered = small.fallback(failure::not_found).layer(middleware::from_fn(finishing::finish));
    Router::new().route("/", get(to_page)).nest(PREFIX, answered).with_state(page)
}

/// Whoever comes to the address of the manager with a browser wants the page.
async fn to_page(request: Request) -> Redirect {
    let (parts, _) = request.into_parts();
    Redirect::to(&frame::base(&parts))
}
