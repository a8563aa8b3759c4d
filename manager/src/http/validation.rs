//! Checks of cards by the codes that phones show, for anybody: as a page, and in the API.

mod page;

use axum::Json;
use axum::extract::Path;
use axum::extract::rejection::PathRejection;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::access::{Api, Public, Validating};
use super::problem::Problem;
use crate::acts::ValidatedCard;
use crate::domain::{ValidationCode, from_base64url, to_base64url};
use crate::error::{Error, Refusal};
use crate::manager::Manager;

/// What is told of a card.
#[derive(Serialize, ToSchema)]
#[schema(as = ValidatedCard)]
pub(super) struct ValidationView {
    /// `valid`, `deactivated`, `expired`, or `withdrawn` for a card of which nothing else is told.
    standing: &'static str,
    /// What people call the kind of card.
    kind: String,
    /// The number on it.
    card_id: String,
    /// The fields that its template lets be told.
    fields: Vec<ToldField>,
    /// When it ends, as people read it.
    ends: Option<String>,
    /// Its photo, a JPEG in base64url, where its template lets it be shown.
    photo: Option<String>,
}

/// A field that is told.
#[derive(Serialize, ToSchema)]
pub(super) struct ToldField {
    /// What stands beside the value.
    label: String,
    /// The value.
    value: String,
}

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::default().routes(routes!(validate)).routes(routes!(validation_page))
}

/// Tells whether a card is valid, to whoever has just scanned the code that its phone shows.
#[utoipa::path(get, path = "/v1/card-validations/{reference}/{code}", operation_id = "validate_card",
    tag = "Everybody", security(()),
    params(
        ("reference" = String, Path, description = "What the link names the card by, 16 octets in base64url"),
        ("code" = String, Path, description = "The 8 digits behind it")),
    responses(
        (status = 200, description = "What is told of the card", body = ValidationView),
        (status = 404, description = "`card-code-wrong`: of no card, or too old")))]
async fn validate(
    access: Public<Validating>,
    path: Result<Path<(String, String)>, PathRejection>,
) -> Result<Json<ValidationView>, Problem> {
    Ok(Json(view(judged(access.manager(), path).await?)))
}

/// The page behind the code that a phone shows.
#[utoipa::path(get, path = "/v/{reference}/{code}", operation_id = "validation_page", tag = "Everybody",
    security(()),
    params(
        ("reference" = String, Path, description = "What the link names the card by, 16 octets in base64url"),
        ("code" = String, Path, description = "The 8 digits behind it")),
    responses(
        (status = 200, description = "What is told of the card, or that the code is of none", body = String,
            content_type = "text/html")))]
async fn validation_page(
    access: Public<Validating>,
    headers: HeaderMap,
    path: Result<Path<(String, String)>, PathRejection>,
) -> Result<Response, Problem> {
    let language = page::Language::of(&headers);
    match judged(access.manager(), path).await {
        Ok(card) => Ok(page::of(&card, &access.manager().project().name, language)),
        Err(Error::Refused(Refusal::CardCodeWrong)) => Ok(page::unknown(language)),
        Err(other) => Ok(Problem::from(other).into_response()),
    }
}

/// Whatever is not a name or a code is nobody's.
async fn judged(
    manager: &Manager,
    path: Result<Path<(String, String)>, PathRejection>,
) -> Result<ValidatedCard, Error> {
    let Path((reference, code)) = path.map_err(|_| Refusal::CardCodeWrong)?;
    let device = from_base64url::<16>(&reference).map(Uuid::from_bytes).ok_or(Refusal::CardCodeWrong)?;
    let code = ValidationCode::parse(&code).ok_or(Refusal::CardCodeWrong)?;
    manager.validate_card(device, &code).await
}

fn view(card: ValidatedCard) -> ValidationView {
    ValidationView {
        standing: card.standing.name(),
        kind: card.kind,
        card_id: card.card_id,
        fields: card.fields.into_iter().map(|(label, value)| ToldField { label, value }).collect(),
        ends: card.ends,
        photo: card.photo.as_deref().map(to_base64url),
    }
}
