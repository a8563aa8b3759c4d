//! What a request of SCIM asks for.

use std::convert::Infallible;

use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, StatusCode, Uri};
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

use super::super::json::Octets;
use super::super::projects::MountedAt;
use super::answer::Refused;
use crate::scim::{ScimError, ScimType};

/// The address of SCIM as the client reached it.
pub(super) struct Base(pub(super) String);

impl<S: Send + Sync> FromRequestParts<S> for Base {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let text = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok());
        let scheme = text("x-forwarded-proto").filter(|scheme| *scheme == "https").unwrap_or("http");
        let prefix = parts.extensions.get::<MountedAt>().map(|at| at.0.as_str()).unwrap_or_default();
        let origin = text("host").map(|host| format!("{scheme}://{host}")).unwrap_or_default();
        Ok(Self(format!("{origin}{prefix}/scim/v2")))
    }
}

/// Which users, and what of them. Spec: RFC 7644 §3.4.2.
#[derive(Debug, Default)]
pub(super) struct Listing {
    pub(super) filter: Option<String>,
    pub(super) start_index: u32,
    pub(super) count: Option<u32>,
    /// Names of attributes, with commas between.
    pub(super) attributes: Option<String>,
    pub(super) excluded_attributes: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SearchRequest {
    filter: Option<String>,
    start_index: Option<i64>,
    count: Option<i64>,
    attributes: Option<Vec<String>>,
    excluded_attributes: Option<Vec<String>>,
}

impl Listing {
    pub(super) fn of_query(uri: &Uri) -> Result<Self, Refused> {
        let mut listing = Self { start_index: 1, ..Self::default() };
        let Query(pairs): Query<Vec<(String, String)>> = Query::try_from_uri(uri)
            .map_err(|error| ScimError::new(ScimType::InvalidSyntax, error.body_text()))?;
        for (name, value) in pairs {
            match name.to_ascii_lowercase().as_str() {
                "filter" => listing.filter = Some(value),
                "startindex" => listing.start_index = number(&name, &value)?,
                "count" => listing.count = Some(number(&name, &value)?),
                "attributes" => listing.attributes = Some(value),
                "excludedattributes" => listing.excluded_attributes = Some(value),
                // Sorting is not supported; everything else means nothing here.
                _ => {}
            }
        }
        Ok(listing)
    }

    pub(super) fn of_body(body: &Value) -> Result<Self, Refused> {
        let request: SearchRequest = serde_json::from_value(body.clone())
            .map_err(|error| ScimError::new(ScimType::InvalidSyntax, error.to_string()))?;
        let whole = |number: i64| u32::try_from(number.max(0)).unwrap_or(u32::MAX);
        Ok(Self {
            filter: request.filter,
            start_index: request.start_index.map_or(1, whole),
            count: request.count.map(whole),
            attributes: request.attributes.map(|names| names.join(",")),
            excluded_attributes: request.excluded_attributes.map(|names| names.join(",")),
        })
    }
}

/// A whole number; what is below zero is zero.
fn number(name: &str, value: &str) -> Result<u32, Refused> {
    let number: i64 = value
        .trim()
        .parse()
        .map_err(|_| ScimError::new(ScimType::InvalidValue, format!("{name} is not a whole number")))?;
    Ok(u32::try_from(number.max(0)).unwrap_or(u32::MAX))
}

/// The JSON of a body.
pub(super) fn parsed(body: &Octets) -> Result<Value, Refused> {
    let parsed = serde_json::from_slice(&body.0);
    Ok(parsed
        .map_err(|error| ScimError::new(ScimType::InvalidSyntax, format!("the body is not JSON: {error}")))?)
}

/// The user whom the address means.
pub(super) fn id(uri: &Uri) -> Result<Uuid, Refused> {
    let segment = uri.path().rsplit('/').next().unwrap_or_default();
    Uuid::parse_str(segment).map_err(|_| Refused::new(StatusCode::NOT_FOUND, None, "There is no such user."))
}

/// The entity tags of a header; `None` where it is not sent.
pub(super) fn versions(headers: &HeaderMap, name: &HeaderName) -> Option<Vec<String>> {
    let values: Vec<String> = headers
        .get_all(name)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(|tag| tag.trim().to_owned())
        .collect();
    (!values.is_empty()).then_some(values)
}
