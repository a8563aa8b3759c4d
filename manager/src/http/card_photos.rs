//! Routes for photos of cards.

use axum::Json;
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::IntoResponse;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::access::{Allowed, Api, CardsRead, CardsWrite};
use super::json::{Octets, Segment};
use super::problem::Problem;
use crate::domain::Card;

const JPEG: (HeaderName, HeaderValue) = (header::CONTENT_TYPE, HeaderValue::from_static("image/jpeg"));
/// Should anybody open a photo as a page, it is one without rights.
const HARMLESS: (HeaderName, HeaderValue) =
    (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; sandbox"));

/// The routes whose bodies are small.
pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::default().routes(routes!(waiting)).routes(routes!(approve)).routes(routes!(refuse))
}

/// The routes whose bodies are photos.
pub(super) fn photo_routes() -> OpenApiRouter<Api> {
    OpenApiRouter::default().routes(routes!(show, set, remove))
}

/// Fetches the photo of a card.
#[utoipa::path(get, path = "/v1/cards/{card}/photo", operation_id = "show_card_photo", tag = "Cards",
    security(("token" = ["cards:read"])),
    params(("card" = Uuid, Path, description = "The card")),
    responses(
        (status = 200, description = "The photo", content_type = "image/jpeg", body = Vec<u8>),
        (status = 404, description = "`card-unknown`, `photo-unknown`")))]
async fn show(
    access: Allowed<CardsRead>,
    Segment(card): Segment<Uuid>,
) -> Result<impl IntoResponse, Problem> {
    Ok(([JPEG, HARMLESS], access.manager().card_photo(card, false).await?))
}

/// Sets the photo of a card: a JPEG, PNG or WebP of at most 8 MiB, of which a small JPEG without anything else is kept.
#[utoipa::path(put, path = "/v1/cards/{card}/photo", operation_id = "set_card_photo", tag = "Cards",
    security(("token" = ["cards:write"])),
    params(("card" = Uuid, Path, description = "The card")),
    request_body(content = Vec<u8>, description = "The photo", content_type = "application/octet-stream"),
    responses(
        (status = 200, description = "The card", body = Card),
        (status = 404, description = "`card-unknown`"),
        (status = 410, description = "`card-archived`"),
        (status = 422, description = "`photo-refused`: what is wrong with it; `card-invalid`: cards of the template have none")))]
async fn set(
    access: Allowed<CardsWrite>,
    Segment(card): Segment<Uuid>,
    Octets(photo): Octets,
) -> Result<Json<Card>, Problem> {
    Ok(Json(access.manager().set_card_photo(access.actor(), card, photo.into()).await?))
}

/// Takes the photo of a card away.
#[utoipa::path(delete, path = "/v1/cards/{card}/photo", operation_id = "remove_card_photo", tag = "Cards",
    security(("token" = ["cards:write"])),
    params(("card" = Uuid, Path, description = "The card")),
    responses(
        (status = 200, description = "The card", body = Card),
        (status = 404, description = "`card-unknown`, `photo-unknown`"),
        (status = 410, description = "`card-archived`"),
        (status = 422, description = "`card-invalid`: cards of the template have none")))]
async fn remove(access: Allowed<CardsWrite>, Segment(card): Segment<Uuid>) -> Result<Json<Card>, Problem> {
    Ok(Json(access.manager().remove_card_photo(access.actor(), card).await?))
}

/// Fetches the photo that the holder of a card sent and that waits for approval.
#[utoipa::path(get, path = "/v1/cards/{card}/waiting-photo", operation_id = "show_waiting_photo", tag = "Cards",
    security(("token" = ["cards:read"])),
    params(("card" = Uuid, Path, description = "The card")),
    responses(
        (status = 200, description = "The photo", content_type = "image/jpeg", body = Vec<u8>),
        (status = 404, description = "`card-unknown`, `photo-unknown`")))]
async fn waiting(
    access: Allowed<CardsRead>,
    Segment(card): Segment<Uuid>,
) -> Result<impl IntoResponse, Problem> {
    Ok(([JPEG, HARMLESS], access.manager().card_photo(card, true).await?))
}

/// Approves the photo that waits: it is shown from now on.
#[utoipa::path(post, path = "/v1/cards/{card}/waiting-photo/approval", operation_id = "approve_card_photo", tag = "Cards",
    security(("token" = ["cards:write"])),
    params(("card" = Uuid, Path, description = "The card")),
    responses(
        (status = 200, description = "The card", body = Card),
        (status = 404, description = "`card-unknown`, `photo-unknown`"),
        (status = 410, description = "`card-archived`"),
        (status = 422, description = "`card-invalid`: cards of the template have none")))]
async fn approve(access: Allowed<CardsWrite>, Segment(card): Segment<Uuid>) -> Result<Json<Card>, Problem> {
    Ok(Json(access.manager().judge_card_photo(access.actor(), card, true).await?))
}

/// Refuses the photo that waits.
#[utoipa::path(post, path = "/v1/cards/{card}/waiting-photo/refusal", operation_id = "refuse_card_photo", tag = "Cards",
    security(("token" = ["cards:write"])),
    params(("card" = Uuid, Path, description = "The card")),
    responses(
        (status = 200, description = "The card", body = Card),
        (status = 404, description = "`card-unknown`, `photo-unknown`"),
        (status = 410, description = "`card-archived`"),
        (status = 422, description = "`card-invalid`: cards of the template have none")))]
async fn refuse(access: Allowed<CardsWrite>, Segment(card): Segment<Uuid>) -> Result<Json<Card>, Problem> {
    Ok(Json(access.manager().judge_card_photo(access.actor(), card, false).await?))
}
