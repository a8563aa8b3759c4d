//! What every answer of the page gets: the headers that keep browsers in check, and errors as pages.

use askama::Template;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Response};

use super::cookies;
use super::failure::{Failed, is_part};
use super::frame::{Frame, Look, base};
use crate::http::problem::Problem;

/// Nothing but what comes from here, nothing inline, in nobody's frame.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
                      frame-src 'self'; font-src 'none'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";
/// For what is shown in a frame of our own: a text of somebody else with a style of its own, which may do nothing.
const FRAMED_POLICY: &str = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; \
                             font-src 'none'; form-action 'none'; frame-ancestors 'self'; base-uri 'none'";

/// Marks an answer that is shown in a frame of our own.
#[derive(Clone, Copy, Debug)]
pub(super) struct Framed;

const HEADERS: [(HeaderName, &str); 7] = [
    (header::CONTENT_SECURITY_POLICY, POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "same-origin"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (
        HeaderName::from_static("permissions-policy"),
        "camera=(), geolocation=(), microphone=(), payment=(), usb=(), publickey-credentials-get=(self), \
         publickey-credentials-create=(self)",
    ),
];

/// How an error looks.
#[derive(Template)]
#[template(path = "failure.html")]
struct FailurePage {
    f: Frame,
    text: String,
}

/// An error in a part of a page.
#[derive(Template)]
#[template(path = "part/failure.html")]
struct FailurePart {
    text: String,
}

/// Finishes an answer.
pub(super) async fn finish(request: Request, next: Next) -> Response {
    let look = Look::of(request.headers());
    let was_told =
        request.method() == Method::GET && cookies::value(request.headers(), cookies::SAID).is_some();
    let is_part = is_part(request.headers());
    let (parts, body) = request.into_parts();
    let base = base(&parts);
    let mut response = next.run(Request::from_parts(parts, body)).await;
    if response.status() == StatusCode::REQUEST_TIMEOUT {
        let (status, text) = Problem::timeout().into_parts();
        response = status.into_response();
        response.extensions_mut().insert(Failed(text));
    }
    if let Some(Failed(text)) = response.extensions_mut().remove::<Failed>() {
        response = failed(&response, look, base, is_part, &text);
    }
    let is_page = response
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    let is_framed = response.extensions().get::<Framed>().is_some();
    let headers = response.headers_mut();
    if was_told && is_page && !is_part && !is_framed && !says_something(headers) {
        headers.append(header::SET_COOKIE, cookies::clear(cookies::SAID));
    }
    for (name, value) in HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if is_framed {
        headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(FRAMED_POLICY));
        headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("SAMEORIGIN"));
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

fn says_something(headers: &HeaderMap) -> bool {
    let mut set = headers.get_all(header::SET_COOKIE).iter();
    set.any(|cookie| cookie.as_bytes().starts_with(cookies::SAID.as_bytes()))
}

/// The failure as a page, or as a part of one for htmx.
fn failed(response: &Response, look: Look, base: String, is_part: bool, text: &str) -> Response {
    let text = look.language.say_known(text).to_owned();
    let shown = if is_part {
        FailurePart { text }.render()
    } else {
        let f = Frame {
            look,
            here: base.clone(),
            base,
            form_token: String::new(),
            project: String::new(),
            zone: "UTC".to_owned(),
            who: None,
            part: "",
            said: None,
        };
        FailurePage { f, text }.render()
    };
    let cookies: Vec<HeaderValue> = response.headers().get_all(header::SET_COOKIE).iter().cloned().collect();
    let mut page = (response.status(), Html(shown.unwrap_or_default())).into_response();
    for cookie in cookies {
        page.headers_mut().append(header::SET_COOKIE, cookie);
    }
    page
}
