//! Routes for issuer keys.

use axum::Json;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::access::{Allowed, Api, SettingsRead, SettingsWrite};
use super::activation::Nothing;
use super::json::{Body, Segment};
use super::problem::Problem;
use crate::domain::KeyStanding;

/// The issuer keys.
#[derive(Serialize, ToSchema)]
pub(super) struct IssuerKeyList {
    issuer_keys: Vec<KeyStanding>,
}

/// How a key is brought to its next state.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Step {
    /// Whether to do it although readers or phones are not ready.
    #[serde(default)]
    force: bool,
}

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::default().routes(routes!(list, rotate)).routes(routes!(activate)).routes(routes!(retire))
}

/// Lists the issuer keys that the project ever had, and what keeps each from its next state.
#[utoipa::path(get, path = "/v1/issuer-keys", operation_id = "list_issuer_keys", tag = "Issuer keys",
    security(("token" = ["settings:read"])),
    responses((status = 200, description = "The keys by number", body = IssuerKeyList)))]
async fn list(access: Allowed<SettingsRead>) -> Result<Json<IssuerKeyList>, Problem> {
    Ok(Json(IssuerKeyList { issuer_keys: access.manager().issuer_key_list().await? }))
}

/// Makes a new issuer key, which readers get with their next configuration and phones with their next renewal.
#[utoipa::path(post, path = "/v1/issuer-keys", operation_id = "rotate_issuer_key", tag = "Issuer keys",
    security(("token" = ["settings:write"])),
    request_body = Option<Nothing>,
    responses(
        (status = 201, description = "The key, which signs nothing yet", body = KeyStanding),
        (status = 409, description = "`issuer-keys-full`")))]
async fn rotate(
    access: Allowed<SettingsWrite>,
    Body(Nothing {}): Body<Nothing>,
) -> Result<(StatusCode, Json<KeyStanding>), Problem> {
    let key = access.manager().rotate_issuer_key(access.actor()).await?;
    Ok((StatusCode::CREATED, Json(key)))
}

/// Lets a prepared issuer key sign from now on, in place of the one that did.
#[utoipa::path(post, path = "/v1/issuer-keys/{key}/activation", operation_id = "activate_issuer_key",
    tag = "Issuer keys",
    security(("token" = ["settings:write"])),
    params(("key" = u8, Path, description = "The number of the key")),
    request_body = Option<Step>,
    responses(
        (status = 200, description = "The key", body = KeyStanding),
        (status = 404, description = "`issuer-key-unknown`"),
        (status = 409, description = "`issuer-key-state`, `issuer-key-held-up`")))]
async fn activate(
    access: Allowed<SettingsWrite>,
    Segment(key): Segment<u8>,
    Body(step): Body<Step>,
) -> Result<Json<KeyStanding>, Problem> {
    Ok(Json(access.manager().activate_issuer_key(access.actor(), key, step.force).await?))
}

/// Ends the acceptance of an issuer key that signs no more, or never did.
#[utoipa::path(post, path = "/v1/issuer-keys/{key}/retirement", operation_id = "retire_issuer_key",
    tag = "Issuer keys",
    security(("token" = ["settings:write"])),
    params(("key" = u8, Path, description = "The number of the key")),
    request_body = Option<Step>,
    responses(
        (status = 200, description = "The key", body = KeyStanding),
        (status = 404, description = "`issuer-key-unknown`"),
        (status = 409, description = "`issuer-key-state`, `issuer-key-held-up`")))]
async fn retire(
    access: Allowed<SettingsWrite>,
    Segment(key): Segment<u8>,
    Body(step): Body<Step>,
) -> Result<Json<KeyStanding>, Problem> {
    Ok(Json(access.manager().retire_issuer_key(access.actor(), key, step.force).await?))
}
