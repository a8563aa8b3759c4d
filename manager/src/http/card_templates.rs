//! Routes for templates of cards.

use axum::Json;
use axum::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::access::{Allowed, Api, CardsRead, CardsWrite};
use super::conditional::{IfMatch, Tagged};
use super::json::{Body, Segment};
use super::paging::{Page, PageQuery};
use super::problem::Problem;
use crate::domain::{CardDesign, CardTemplate};

/// A page of templates.
#[derive(Serialize, ToSchema)]
pub(super) struct CardTemplates {
    templates: Vec<CardTemplate>,
    /// The `cursor` of the next page; null on the last.
    next: Option<String>,
}

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::default()
        .routes(routes!(list, add))
        .routes(routes!(show, replace, remove))
        .routes(routes!(approve))
}

/// Lists card templates, oldest first.
#[utoipa::path(get, path = "/v1/card-templates", operation_id = "list_card_templates", tag = "Cards",
    security(("token" = ["cards:read"])),
    params(PageQuery),
    responses((status = 200, description = "A page of templates", body = CardTemplates)))]
async fn list(access: Allowed<CardsRead>, page: Page<Uuid>) -> Result<Json<CardTemplates>, Problem> {
    let templates = access.manager().templates(page.after, page.limit).await?;
    let next = page.next(&templates, |template| template.id);
    Ok(Json(CardTemplates { templates, next }))
}

/// Adds a card template, as a draft.
#[utoipa::path(post, path = "/v1/card-templates", operation_id = "add_card_template", tag = "Cards",
    security(("token" = ["cards:write"])),
    request_body = CardDesign,
    responses(
        (status = 201, description = "The template", body = CardTemplate),
        (status = 409, description = "`card-template-name-taken`"),
        (status = 422, description = "`card-template-invalid`: everything that is wrong with it")))]
async fn add(
    access: Allowed<CardsWrite>,
    Body(design): Body<CardDesign>,
) -> Result<(StatusCode, Json<CardTemplate>), Problem> {
    Ok((StatusCode::CREATED, Json(access.manager().add_template(access.actor(), &design).await?)))
}

/// Shows a card template.
#[utoipa::path(get, path = "/v1/card-templates/{template}", operation_id = "show_card_template", tag = "Cards",
    security(("token" = ["cards:read"])),
    params(("template" = Uuid, Path, description = "The template")),
    responses(
        (status = 200, description = "The template", body = CardTemplate,
            headers(("ETag" = String, description = "The version of the template"))),
        (status = 404, description = "`card-template-unknown`")))]
async fn show(
    access: Allowed<CardsRead>,
    Segment(template): Segment<Uuid>,
) -> Result<Tagged<CardTemplate>, Problem> {
    Ok(Tagged(access.manager().template(template).await?))
}

/// Replaces the design of a draft.
#[utoipa::path(put, path = "/v1/card-templates/{template}", operation_id = "replace_card_template", tag = "Cards",
    security(("token" = ["cards:write"])),
    params(
        ("template" = Uuid, Path, description = "The template"),
        ("If-Match" = Option<String>, Header, description = "The `ETag` of the template that the edit is meant for, or `*`")),
    request_body = CardDesign,
    responses(
        (status = 200, description = "The template", body = CardTemplate,
            headers(("ETag" = String, description = "The version of the template"))),
        (status = 404, description = "`card-template-unknown`"),
        (status = 409, description = "`card-template-state`: it is approved, `card-template-name-taken`"),
        (status = 412, description = "`precondition-failed`: changed meanwhile"),
        (status = 422, description = "`card-template-invalid`: everything that is wrong with it"),
        (status = 428, description = "`precondition-required`: there is no `If-Match`")))]
async fn replace(
    access: Allowed<CardsWrite>,
    Segment(template): Segment<Uuid>,
    IfMatch(expected): IfMatch,
    Body(design): Body<CardDesign>,
) -> Result<Tagged<CardTemplate>, Problem> {
    Ok(Tagged(access.manager().replace_template(access.actor(), &expected, template, &design).await?))
}

/// Removes a draft.
#[utoipa::path(delete, path = "/v1/card-templates/{template}", operation_id = "remove_card_template", tag = "Cards",
    security(("token" = ["cards:write"])),
    params(("template" = Uuid, Path, description = "The template")),
    responses(
        (status = 204, description = "Done"),
        (status = 404, description = "`card-template-unknown`"),
        (status = 409, description = "`card-template-state`: it is approved")))]
async fn remove(
    access: Allowed<CardsWrite>,
    Segment(template): Segment<Uuid>,
) -> Result<StatusCode, Problem> {
    access.manager().remove_template(access.actor(), template).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Approves a draft: from then on it has cards and is not changed any more.
#[utoipa::path(post, path = "/v1/card-templates/{template}/approval", operation_id = "approve_card_template",
    tag = "Cards", security(("token" = ["cards:write"])),
    params(("template" = Uuid, Path, description = "The template")),
    responses(
        (status = 200, description = "The template", body = CardTemplate),
        (status = 404, description = "`card-template-unknown`"),
        (status = 409, description = "`card-template-state`: it is approved already")))]
async fn approve(
    access: Allowed<CardsWrite>,
    Segment(template): Segment<Uuid>,
) -> Result<Json<CardTemplate>, Problem> {
    Ok(Json(access.manager().approve_template(access.actor(), template).await?))
}
