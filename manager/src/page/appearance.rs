//! Language, and light or dark, as the visitor likes it better than the device does.

use axum::Router;
use axum::http::header;
use axum::response::Response;
use axum::routing::post;

use super::access::Guest;
use super::cookies;
use super::site::Page;
use super::words::Language;
use crate::http::access::flood::Fetching;

pub(super) fn routes() -> Router<Page> {
    Router::new().route("/appearance", post(appearance))
}

/// Whoever tries the looks of the page does not try to sign in, and is counted among those who fetch something.
async fn appearance(guest: Guest<Fetching>) -> Response {
    let Guest { frame, fields, .. } = guest;
    // Back to where the visitor was, which is never another host.
    let back = fields.text("here").strip_prefix(&frame.base).unwrap_or("");
    let back = if back.starts_with('/') { back } else { "/" };
    let mut response = frame.go(back);
    let headers = response.headers_mut();
    if let Some(language) = fields.some("language").and_then(Language::from_code) {
        headers.append(header::SET_COOKIE, cookies::set_for_long(cookies::LANGUAGE, language.code()));
    }
    match fields.text("theme") {
        theme @ ("light" | "dark") => {
            headers.append(header::SET_COOKIE, cookies::set_for_long(cookies::THEME, theme));
        }
        "device" => {
            headers.append(header::SET_COOKIE, cookies::clear(cookies::THEME));
        }
        _ => {}
    }
    response
}
