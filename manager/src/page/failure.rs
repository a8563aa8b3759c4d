//! What a handler answers when it cannot do what it was asked.

use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};

use crate::error::{Error, Refusal};
use crate::http::problem::Problem;

/// What a handler answers when it fails; how it looks is the matter of `finishing`, which knows who asked.
#[derive(Debug)]
pub(super) struct Failure {
    status: StatusCode,
    /// For people, in English.
    text: String,
}

/// What every handler answers.
pub(super) type Answer = Result<Response, Failure>;

/// Tells `finishing` what to show.
#[derive(Clone, Debug)]
pub(super) struct Failed(pub(super) String);

impl Failure {
    pub(super) fn new(status: StatusCode, text: impl Into<String>) -> Self {
        Self { status, text: text.into() }
    }

    /// A form that this page was not asked to show, or for somebody else.
    pub(super) fn forged() -> Self {
        let text = "This form is out of date, or did not come from this page. Go back, load the page again, and repeat it.";
        Self::new(StatusCode::FORBIDDEN, text)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let (status, text) = Problem::from(error).into_parts();
        Self { status, text }
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Error::from(refusal).into()
    }
}

impl From<askama::Error> for Failure {
    fn from(error: askama::Error) -> Self {
        tracing::error!(%error, "a page cannot be shown");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "The manager failed; try again later.")
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(Failed(self.text));
        response
    }
}

/// Whether htmx asks, for a part of a page.
pub(super) fn is_part(headers: &HeaderMap) -> bool {
    headers.contains_key("hx-request")
}

pub(super) async fn not_found() -> Failure {
    Failure::new(StatusCode::NOT_FOUND, "There is nothing at this address.")
}
