//! Answers in SCIM's form. Spec: RFC 7644 §3.1 and §3.12.

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::super::problem::Problem;

/// The longest problem document, in octets.
const PROBLEM_MAX: usize = 64 * 1024;

/// JSON of SCIM's own type.
pub(super) struct ScimJson(pub(super) Value);

/// Why a request was refused.
pub(super) struct Refused {
    status: StatusCode,
    kind: Option<&'static str>,
    detail: String,
}

impl Refused {
    pub(super) fn new(status: StatusCode, kind: Option<&'static str>, detail: impl Into<String>) -> Self {
        Self { status, kind, detail: detail.into() }
    }

    /// The same that any other route would say.
    pub(super) fn of_problem(problem: Problem) -> Self {
        let (status, title) = problem.into_parts();
        Self::new(status, None, title)
    }
}

impl IntoResponse for ScimJson {
    fn into_response(self) -> Response {
        let kind = (header::CONTENT_TYPE, HeaderValue::from_static("application/scim+json"));
        ([kind], self.0.to_string()).into_response()
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let mut body = json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"],
            "status": self.status.as_u16().to_string(),
            "detail": self.detail,
        });
        if let (Some(kind), Some(body)) = (self.kind, body.as_object_mut()) {
            body.insert("scimType".to_owned(), json!(kind));
        }
        (self.status, ScimJson(body)).into_response()
    }
}

/// Says in SCIM's form what was refused before a route of SCIM was reached.
pub(super) async fn in_own_form(request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    let kind = response.headers().get(header::CONTENT_TYPE);
    if kind.is_none_or(|kind| kind != "application/problem+json") {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let octets = to_bytes(body, PROBLEM_MAX).await.unwrap_or_default();
    let problem: Value = serde_json::from_slice(&octets).unwrap_or_default();
    let text = |name: &str| problem.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let detail = [text("title"), text("detail")].join(" ").trim().to_owned();
    let refused = Refused::new(parts.status, None, detail).into_response();
    parts.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/scim+json"));
    parts.headers.remove(header::CONTENT_LENGTH);
    Response::from_parts(parts, Body::new(refused.into_body()))
}
