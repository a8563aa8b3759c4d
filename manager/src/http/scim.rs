//! Routes for identity providers: SCIM 2.0 under `/scim/v2`. Spec: RFC 7644.
//!
//! They are described by themselves, as SCIM has it, and not in the OpenAPI document.

mod answer;
mod request;

use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get, post};
use axum::{Router, middleware};
use serde_json::{Value, json};
use uuid::Uuid;

use super::access::{Allowed, Api, Scim};
use super::json::Octets;
use crate::acts::NotProvisioned;
use crate::scim::discovery::{COUNT_MAX, configuration, resource_types, schemas};
use crate::scim::{Draft, Filter, Record, ScimError, ScimType, apply_patch, resource, selected, version};
use answer::{Refused, ScimJson};
use request::{Base, Listing, id, parsed, versions};

/// What every list says it is.
const LIST: &str = "urn:ietf:params:scim:api:messages:2.0:ListResponse";
/// Users on a page unless the request says otherwise.
const COUNT: u32 = 100;

pub(super) fn routes() -> Router<Api> {
    let users = get(list).post(create);
    let user = get(show).put(replace).patch(modify).delete(delete);
    Router::new()
        .route("/scim/v2/ServiceProviderConfig", get(service_provider_config))
        .route("/scim/v2/ResourceTypes", get(all_resource_types))
        .route("/scim/v2/ResourceTypes/{id}", get(one_resource_type))
        .route("/scim/v2/Schemas", get(all_schemas))
        .route("/scim/v2/Schemas/{id}", get(one_schema))
        .route("/scim/v2/Users", users)
        .route("/scim/v2/Users/.search", post(search))
        // Of all kinds of resources, which are users.
        .route("/scim/v2/.search", post(search))
        .route("/scim/v2/Users/{id}", user)
        .route("/scim/v2/Me", any(unsupported))
        .route("/scim/v2/Bulk", any(unsupported))
        .route("/scim/v2/{*rest}", any(unknown))
        .layer(middleware::from_fn(answer::in_own_form))
}

async fn service_provider_config(_: Allowed<Scim>, Base(base): Base) -> ScimJson {
    ScimJson(configuration(&base))
}

async fn all_resource_types(_: Allowed<Scim>, Base(base): Base) -> ScimJson {
    ScimJson(all(resource_types(&base)))
}

async fn one_resource_type(_: Allowed<Scim>, Base(base): Base, uri: Uri) -> Result<ScimJson, Refused> {
    one(&resource_types(&base), &uri)
}

async fn all_schemas(_: Allowed<Scim>, Base(base): Base) -> ScimJson {
    ScimJson(all(schemas(&base)))
}

async fn one_schema(_: Allowed<Scim>, Base(base): Base, uri: Uri) -> Result<ScimJson, Refused> {
    one(&schemas(&base), &uri)
}

async fn list(access: Allowed<Scim>, Base(base): Base, uri: Uri) -> Result<ScimJson, Refused> {
    found(&access, &Listing::of_query(&uri)?, &base).await
}

async fn search(access: Allowed<Scim>, Base(base): Base, body: Octets) -> Result<ScimJson, Refused> {
    found(&access, &Listing::of_body(&parsed(&body)?)?, &base).await
}

async fn found(access: &Allowed<Scim>, listing: &Listing, base: &str) -> Result<ScimJson, Refused> {
    let filter = listing.filter.as_deref().map(Filter::parse).transpose()?;
    // Places count from 1, and whatever is below that is the first.
    let start = listing.start_index.max(1);
    let count = listing.count.unwrap_or(COUNT).min(COUNT_MAX);
    let found = access.manager().provisioned_users(filter.as_ref(), start.saturating_sub(1), count).await?;
    let resources: Vec<Value> =
        found.records.iter().map(|record| listing.select(resource(record, base))).collect();
    Ok(ScimJson(json!({
        "schemas": [LIST],
        "totalResults": found.total,
        "startIndex": start,
        "itemsPerPage": resources.len(),
        "Resources": resources,
    })))
}

async fn create(access: Allowed<Scim>, base: Base, uri: Uri, body: Octets) -> Result<Response, Refused> {
    let draft = Draft::parse(&parsed(&body)?)?;
    let record = access.manager().provision(access.actor(), &draft).await?;
    Ok(answered(StatusCode::CREATED, &record, &uri, &base))
}

async fn show(access: Allowed<Scim>, base: Base, uri: Uri, headers: HeaderMap) -> Result<Response, Refused> {
    let record = access.manager().provisioned(id(&uri)?).await?;
    let held = versions(&headers, &header::IF_NONE_MATCH);
    let current = version(&record);
    if held.is_some_and(|held| held.iter().any(|held| held == "*" || *held == current)) {
        return Ok((StatusCode::NOT_MODIFIED, [(header::ETAG, current)]).into_response());
    }
    Ok(answered(StatusCode::OK, &record, &uri, &base))
}

async fn replace(
    access: Allowed<Scim>,
    base: Base,
    uri: Uri,
    headers: HeaderMap,
    body: Octets,
) -> Result<Response, Refused> {
    let answering = (&base, &uri, &headers);
    let (user, draft) = (id(&uri)?, Draft::parse(&parsed(&body)?)?);
    changed(&access, user, &answering, |_| Ok(draft)).await
}

async fn modify(
    access: Allowed<Scim>,
    base: Base,
    uri: Uri,
    headers: HeaderMap,
    body: Octets,
) -> Result<Response, Refused> {
    let answering = (&base, &uri, &headers);
    let (user, patch) = (id(&uri)?, parsed(&body)?);
    changed(&access, user, &answering, |record| apply_patch(&patch, record)).await
}

async fn changed(
    access: &Allowed<Scim>,
    user: Uuid,
    (base, uri, headers): &(&Base, &Uri, &HeaderMap),
    change: impl FnOnce(&Record) -> Result<Draft, ScimError>,
) -> Result<Response, Refused> {
    let wanted = versions(headers, &header::IF_MATCH);
    let manager = access.manager();
    let record = manager.reprovision(access.actor(), user, wanted.as_deref(), change).await?;
    Ok(answered(StatusCode::OK, &record, uri, base))
}

async fn delete(access: Allowed<Scim>, uri: Uri, headers: HeaderMap) -> Result<StatusCode, Refused> {
    let wanted = versions(&headers, &header::IF_MATCH);
    access.manager().deprovision(access.actor(), id(&uri)?, wanted.as_deref()).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn unsupported(_: Allowed<Scim>) -> Refused {
    Refused::new(StatusCode::NOT_IMPLEMENTED, None, "This is not supported; see ServiceProviderConfig.")
}

async fn unknown(_: Allowed<Scim>) -> Refused {
    Refused::new(StatusCode::NOT_FOUND, None, "There is nothing at this address.")
}

fn answered(status: StatusCode, record: &Record, uri: &Uri, Base(base): &Base) -> Response {
    let listing = Listing::of_query(uri).unwrap_or_default();
    let location = format!("{base}/Users/{}", record.id);
    let named = [(header::ETAG, version(record)), (header::LOCATION, location)];
    (status, named, ScimJson(listing.select(resource(record, base)))).into_response()
}

fn all(resources: Vec<Value>) -> Value {
    json!({
        "schemas": [LIST],
        "totalResults": resources.len(),
        "startIndex": 1,
        "itemsPerPage": resources.len(),
        "Resources": resources,
    })
}

fn one(resources: &[Value], uri: &Uri) -> Result<ScimJson, Refused> {
    let wanted = uri.path().rsplit('/').next().unwrap_or_default();
    let found = resources.iter().find(|resource| resource.get("id").and_then(Value::as_str) == Some(wanted));
    found
        .cloned()
        .map(ScimJson)
        .ok_or_else(|| Refused::new(StatusCode::NOT_FOUND, None, "There is no such resource."))
}

impl Listing {
    fn select(&self, resource: Value) -> Value {
        selected(resource, self.attributes.as_deref(), self.excluded_attributes.as_deref())
    }
}

impl From<NotProvisioned> for Refused {
    fn from(refused: NotProvisioned) -> Self {
        match refused {
            NotProvisioned::Scim(error) => error.into(),
            NotProvisioned::Changed => {
                Self::new(StatusCode::PRECONDITION_FAILED, None, "The user was changed; fetch it again.")
            }
            NotProvisioned::Error(error) => Self::of_problem(error.into()),
        }
    }
}

impl From<ScimError> for Refused {
    fn from(error: ScimError) -> Self {
        let status = match error.kind {
            ScimType::Uniqueness => StatusCode::CONFLICT,
            _ => StatusCode::BAD_REQUEST,
        };
        Self::new(status, Some(error.kind.name()), error.detail)
    }
}
