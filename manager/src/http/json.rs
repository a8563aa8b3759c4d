//! Bodies and path segments, with a problem document for everything that is not well formed.

use std::borrow::Cow;
use std::str::FromStr;

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, RawPathParams, Request};
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use serde::Deserialize;
use serde::de::{DeserializeOwned, Error as _};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, SchemaType, Type};
use utoipa::{PartialSchema, ToSchema};

use super::problem::Problem;
use crate::domain::from_base64url;

/// A JSON body; an empty one is `{}`.
pub(super) struct Body<T>(pub(super) T);

/// The only variable segment of a path.
pub(super) struct Segment<T>(pub(super) T);

/// The octets of a body of any type.
pub(super) struct Octets(pub(super) Bytes);

/// Exactly `N` octets in base64url.
#[derive(Clone, Copy)]
pub(super) struct Base64Url<const N: usize>(pub(super) [u8; N]);

impl<const N: usize> Base64Url<N> {
    pub(super) const fn octets(self) -> [u8; N] {
        self.0
    }
}

impl<const N: usize> PartialSchema for Base64Url<N> {
    fn schema() -> RefOr<Schema> {
        let characters = N.saturating_mul(8).div_ceil(6);
        ObjectBuilder::new()
            .schema_type(SchemaType::Type(Type::String))
            .description(Some(format!("{N} octets in base64url without padding")))
            .min_length(Some(characters))
            .max_length(Some(characters))
            .pattern(Some(format!("^[A-Za-z0-9_-]{{{characters}}}$")))
            .into()
    }
}

impl<const N: usize> ToSchema for Base64Url<N> {
    fn name() -> Cow<'static, str> {
        format!("Octets{N}").into()
    }
}

impl<'de, const N: usize> Deserialize<'de> for Base64Url<N> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let octets = from_base64url(&text);
        octets
            .map(Self)
            .ok_or_else(|| D::Error::custom(format!("expected {N} octets in base64url without padding")))
    }
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let content_type = request.headers().get(header::CONTENT_TYPE).cloned();
        let Octets(body) = Octets::from_request(request, state).await?;
        if body.is_empty() {
            return parse(b"{}");
        }
        let is_json = content_type.as_ref().and_then(|value| value.to_str().ok()).is_some_and(|value| {
            value.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/json")
        });
        if !is_json {
            return Err(Problem::request_invalid("the content type is not application/json"));
        }
        parse(&body)
    }
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<Body<T>, Problem> {
    serde_json::from_slice(body).map(Body).map_err(|error| Problem::request_invalid(error.to_string()))
}

impl<S: Send + Sync> FromRequest<S> for Octets {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        Bytes::from_request(request, state).await.map(Self).map_err(|rejection| {
            if rejection.into_response().status() == StatusCode::PAYLOAD_TOO_LARGE {
                Problem::body_too_large()
            } else {
                Problem::request_invalid("the body broke off")
            }
        })
    }
}

impl<T: FromStr + Send, S: Send + Sync> FromRequestParts<S> for Segment<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let params =
            RawPathParams::from_request_parts(parts, state).await.map_err(|_| Problem::not_found())?;
        let segment = params.iter().next().and_then(|(_, value)| value.parse().ok());
        segment.map(Self).ok_or_else(Problem::not_found)
    }
}
