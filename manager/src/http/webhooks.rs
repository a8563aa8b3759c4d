//! Routes for endpoints that are told what happens.

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{FromRequestParts, Query, RawPathParams};
use axum::http::StatusCode;
use axum::http::request::Parts;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::access::{Allowed, Api, Webhooks};
use super::conditional::{IfMatch, Tagged};
use super::json::{Body, Segment};
use super::paging::{Page, PageQuery};
use super::problem::Problem;
use crate::acts::{NewWebhook, WebhookEdit};
use crate::domain::{DeliveryState, Webhook};
use crate::store::Delivery;

/// Every endpoint.
#[derive(Serialize, ToSchema)]
#[schema(as = Webhooks)]
pub(super) struct WebhookList {
    webhooks: Vec<Webhook>,
}

/// An endpoint with its secret, which is shown only here.
#[derive(Serialize, ToSchema)]
pub(super) struct AddedWebhook {
    #[serde(flatten)]
    webhook: Webhook,
    /// By what the receiver verifies signatures: `whsec_…`.
    secret: String,
}

/// Which deliveries are meant.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct DeliveryQuery {
    /// Only those in this state.
    state: Option<DeliveryState>,
}

/// A page of deliveries.
#[derive(Serialize, ToSchema)]
pub(super) struct Deliveries {
    deliveries: Vec<Delivery>,
    /// The `cursor` of the next page; null on the last.
    next: Option<String>,
}

/// The endpoint and the delivery in a path.
pub(super) struct DeliveryName(Uuid, Uuid);

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::default()
        .routes(routes!(list, add))
        .routes(routes!(show, edit, remove))
        .routes(routes!(exchange_secret))
        .routes(routes!(test))
        .routes(routes!(deliveries))
        .routes(routes!(delivery))
        .routes(routes!(redeliver))
}

/// Lists endpoints, oldest first; there are at most 20.
#[utoipa::path(get, path = "/v1/webhooks", operation_id = "list_webhooks", tag = "Webhooks",
    security(("token" = ["webhooks"])),
    responses((status = 200, description = "The endpoints", body = WebhookList)))]
async fn list(access: Allowed<Webhooks>) -> Result<Json<WebhookList>, Problem> {
    Ok(Json(WebhookList { webhooks: access.manager().webhooks().await? }))
}

/// Adds an endpoint, which is told of what happens from now on.
#[utoipa::path(post, path = "/v1/webhooks", operation_id = "add_webhook", tag = "Webhooks",
    security(("token" = ["webhooks"])),
    request_body = NewWebhook,
    responses(
        (status = 201, description = "The endpoint with its secret", body = AddedWebhook),
        (status = 409, description = "`webhooks-full`: there are 20"),
        (status = 422, description = "`webhook-invalid`: the address, the description or an event is not allowed")))]
async fn add(
    access: Allowed<Webhooks>,
    Body(new): Body<NewWebhook>,
) -> Result<(StatusCode, Json<AddedWebhook>), Problem> {
    let (webhook, secret) = access.manager().add_webhook(access.actor(), &new).await?;
    Ok((StatusCode::CREATED, Json(AddedWebhook { webhook, secret: secret.to_string() })))
}

/// Shows an endpoint.
#[utoipa::path(get, path = "/v1/webhooks/{webhook}", operation_id = "show_webhook", tag = "Webhooks",
    security(("token" = ["webhooks"])),
    params(("webhook" = Uuid, Path, description = "The endpoint")),
    responses(
        (status = 200, description = "The endpoint", body = Webhook,
            headers(("ETag" = String, description = "The version of the endpoint"))),
        (status = 404, description = "`webhook-unknown`")))]
async fn show(
    access: Allowed<Webhooks>,
    Segment(webhook): Segment<Uuid>,
) -> Result<Tagged<Webhook>, Problem> {
    Ok(Tagged(access.manager().webhook(webhook).await?))
}

/// Changes an endpoint, or turns it off or on; one that is turned off gives up what it was to be told.
#[utoipa::path(patch, path = "/v1/webhooks/{webhook}", operation_id = "edit_webhook", tag = "Webhooks",
    security(("token" = ["webhooks"])),
    params(
        ("webhook" = Uuid, Path, description = "The endpoint"),
        ("If-Match" = Option<String>, Header, description = "The `ETag` of the endpoint that the edit is meant for, or `*`")),
    request_body = WebhookEdit,
    responses(
        (status = 200, description = "The endpoint", body = Webhook,
            headers(("ETag" = String, description = "The version of the endpoint"))),
        (status = 404, description = "`webhook-unknown`"),
        (status = 412, description = "`precondition-failed`: changed meanwhile"),
        (status = 422, description = "`webhook-invalid`: the address, the description or an event is not allowed"),
        (status = 428, description = "`precondition-required`: there is no `If-Match`")))]
async fn edit(
    access: Allowed<Webhooks>,
    Segment(webhook): Segment<Uuid>,
    IfMatch(expected): IfMatch,
    Body(edit): Body<WebhookEdit>,
) -> Result<Tagged<Webhook>, Problem> {
    Ok(Tagged(access.manager().edit_webhook(access.actor(), &expected, webhook, &edit).await?))
}

/// Removes an endpoint, and what it was and was to be told.
#[utoipa::path(delete, path = "/v1/webhooks/{webhook}", operation_id = "remove_webhook", tag = "Webhooks",
    security(("token" = ["webhooks"])),
    params(("webhook" = Uuid, Path, description = "The endpoint")),
    responses((status = 204, description = "Done"), (status = 404, description = "`webhook-unknown`")))]
async fn remove(access: Allowed<Webhooks>, Segment(webhook): Segment<Uuid>) -> Result<StatusCode, Problem> {
    access.manager().remove_webhook(access.actor(), webhook).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Gives an endpoint another secret, which signs whatever is posted from now on.
#[utoipa::path(post, path = "/v1/webhooks/{webhook}/secret", operation_id = "exchange_webhook_secret",
    tag = "Webhooks",
    security(("token" = ["webhooks"])),
    params(("webhook" = Uuid, Path, description = "The endpoint")),
    responses(
        (status = 200, description = "The endpoint with its new secret", body = AddedWebhook),
        (status = 404, description = "`webhook-unknown`")))]
async fn exchange_secret(
    access: Allowed<Webhooks>,
    Segment(webhook): Segment<Uuid>,
) -> Result<Json<AddedWebhook>, Problem> {
    let (webhook, secret) = access.manager().exchange_webhook_secret(access.actor(), webhook).await?;
    Ok(Json(AddedWebhook { webhook, secret: secret.to_string() }))
}

/// Queues the event `webhook.test` for an endpoint.
#[utoipa::path(post, path = "/v1/webhooks/{webhook}/test", operation_id = "test_webhook", tag = "Webhooks",
    security(("token" = ["webhooks"])),
    params(("webhook" = Uuid, Path, description = "The endpoint")),
    responses(
        (status = 202, description = "What will be posted", body = Delivery),
        (status = 404, description = "`webhook-unknown`"),
        (status = 409, description = "`webhook-off`: turn it on first")))]
async fn test(
    access: Allowed<Webhooks>,
    Segment(webhook): Segment<Uuid>,
) -> Result<(StatusCode, Json<Delivery>), Problem> {
    Ok((StatusCode::ACCEPTED, Json(access.manager().test_webhook(access.actor(), webhook).await?)))
}

/// Lists what an endpoint was and is to be told, newest first.
#[utoipa::path(get, path = "/v1/webhooks/{webhook}/deliveries", operation_id = "list_deliveries", tag = "Webhooks",
    security(("token" = ["webhooks"])),
    params(("webhook" = Uuid, Path, description = "The endpoint"), PageQuery, DeliveryQuery),
    responses(
        (status = 200, description = "A page of deliveries", body = Deliveries),
        (status = 404, description = "`webhook-unknown`")))]
async fn deliveries(
    access: Allowed<Webhooks>,
    Segment(webhook): Segment<Uuid>,
    page: Page<Uuid>,
    query: Result<Query<DeliveryQuery>, QueryRejection>,
) -> Result<Json<Deliveries>, Problem> {
    let Query(query) = query.map_err(|rejection| Problem::request_invalid(rejection.body_text()))?;
    let deliveries = access.manager().deliveries(webhook, query.state, page.after, page.limit).await?;
    let next = page.next(&deliveries, |delivery| delivery.id);
    Ok(Json(Deliveries { deliveries, next }))
}

/// Shows a delivery.
#[utoipa::path(get, path = "/v1/webhooks/{webhook}/deliveries/{delivery}", operation_id = "show_delivery",
    tag = "Webhooks",
    security(("token" = ["webhooks"])),
    params(
        ("webhook" = Uuid, Path, description = "The endpoint"),
        ("delivery" = Uuid, Path, description = "The delivery")),
    responses(
        (status = 200, description = "The delivery", body = Delivery),
        (status = 404, description = "`webhook-unknown`, `delivery-unknown`")))]
async fn delivery(access: Allowed<Webhooks>, name: DeliveryName) -> Result<Json<Delivery>, Problem> {
    Ok(Json(access.manager().delivery(name.0, name.1).await?))
}

/// Queues a delivery once more, with the id and the body that it had.
#[utoipa::path(post, path = "/v1/webhooks/{webhook}/deliveries/{delivery}/redelivery", operation_id = "redeliver",
    tag = "Webhooks",
    security(("token" = ["webhooks"])),
    params(
        ("webhook" = Uuid, Path, description = "The endpoint"),
        ("delivery" = Uuid, Path, description = "The delivery")),
    responses(
        (status = 202, description = "What will be posted", body = Delivery),
        (status = 404, description = "`webhook-unknown`, `delivery-unknown`"),
        (status = 409, description = "`webhook-off`: turn it on first")))]
async fn redeliver(
    access: Allowed<Webhooks>,
    name: DeliveryName,
) -> Result<(StatusCode, Json<Delivery>), Problem> {
    Ok((StatusCode::ACCEPTED, Json(access.manager().redeliver(access.actor(), name.0, name.1).await?)))
}

impl<S: Send + Sync> FromRequestParts<S> for DeliveryName {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let params =
            RawPathParams::from_request_parts(parts, state).await.map_err(|_| Problem::not_found())?;
        let named = |name: &str| {
            let value = params.iter().find(|(key, _)| *key == name).map(|(_, value)| value);
            value.and_then(|value| Uuid::parse_str(value).ok())
        };
        let name = named("webhook").zip(named("delivery")).map(|(webhook, delivery)| Self(webhook, delivery));
        name.ok_or_else(Problem::not_found)
    }
}
