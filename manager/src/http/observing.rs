//! One line of log and one set of measurements for each request, without personal data: the pattern of the route and
//! never what stands in its place, no addresses, no names.

use std::cell::Cell;
use std::time::Instant;

use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use tracing::Instrument;

use super::problem::ProblemCode;
use crate::domain::hex;
use crate::random;

/// Carries the id of a request in its answer.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// The route of a request that no route matches.
const UNMATCHED: &str = "unmatched";

tokio::task_local! {
    static CURRENT: Cell<RequestId>;
}

/// Names one request in its answer, in its problem document and in the log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct RequestId([u8; 12]);

impl RequestId {
    fn text(self) -> String {
        hex(&self.0)
    }
}

/// The request that this task answers, as the `instance` of a problem document.
pub(super) fn instance() -> Option<String> {
    CURRENT.try_with(Cell::get).ok().map(|id| format!("urn:ostiary:request:{}", id.text()))
}

/// Runs a request, then logs and counts it.
pub(super) async fn observe(request: Request, next: Next) -> Response {
    let began = Instant::now();
    // Without random octets there are graver faults than two requests of one name.
    let id = RequestId(random::octets().unwrap_or_default());
    let method = known_method(request.method().as_str());
    let route = request.extensions().get::<MatchedPath>().cloned();
    let span = tracing::info_span!("request", id = id.text());
    let answer = CURRENT.scope(Cell::new(id), next.run(request));
    let mut response = answer.instrument(span).await;
    let route = route.as_ref().map_or(UNMATCHED, MatchedPath::as_str);
    let took = began.elapsed();
    let (status, code) = (response.status(), response.extensions().get::<ProblemCode>().copied());
    tracing::info!(
        target: "manager::requests",
        id = id.text(),
        method,
        route,
        status = status.as_u16(),
        problem = code.map(|code| code.0),
        duration_us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX),
        "request"
    );
    count(method, route, status.as_str(), code, took.as_secs_f64());
    if let Ok(value) = HeaderValue::from_str(&id.text()) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    response
}

fn count(method: &'static str, route: &str, status: &str, code: Option<ProblemCode>, seconds: f64) {
    let labels = [("method", method.to_owned()), ("route", route.to_owned()), ("status", status.to_owned())];
    metrics::counter!("ostiary_http_requests_total", &labels).increment(1);
    metrics::histogram!("ostiary_http_request_duration_seconds", "route" => route.to_owned()).record(seconds);
    if let Some(ProblemCode(code)) = code {
        metrics::counter!("ostiary_refusals_total", "code" => code).increment(1);
    }
}

/// A method that anybody can make up must not become a label.
fn known_method(method: &str) -> &'static str {
    const KNOWN: [&str; 6] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];
    KNOWN.into_iter().find(|known| *known == method).unwrap_or("other")
}
