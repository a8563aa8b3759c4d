//! `ETag` and `If-Match`: an edit is done to the version that was looked at, or not at all.

use axum::Json;
use axum::extract::FromRequestParts;
use axum::http::header;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::problem::Problem;
use crate::domain::{Expected, Version};
use crate::error::Refusal;

/// The version that an edit is meant for; a route that takes it refuses edits that do not say so.
///
/// Spec: RFC 9110 §13.1.1, RFC 6585 §3
pub(super) struct IfMatch(pub(super) Expected);

/// An answer in JSON with the tag of its version.
pub(super) struct Tagged<T>(pub(super) T);

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let values: Vec<&str> = parts
            .headers
            .get_all(header::IF_MATCH)
            .iter()
            .map(|value| value.to_str().unwrap_or_default())
            .collect();
        if values.is_empty() {
            return Err(Refusal::PreconditionRequired.into());
        }
        let tags: Vec<String> =
            values.iter().flat_map(|value| value.split(',')).map(|tag| tag.trim().to_owned()).collect();
        Ok(Self(if tags.iter().any(|tag| tag == "*") { Expected::Any } else { Expected::OneOf(tags) }))
    }
}

impl<T: Serialize> IntoResponse for Tagged<T> {
    fn into_response(self) -> Response {
        ([(header::ETAG, Version::of(&self.0).tag())], Json(self.0)).into_response()
    }
}
