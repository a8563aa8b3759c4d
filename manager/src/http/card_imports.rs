//! Routes for imports of cards.

use axum::Json;
use axum::extract::Query;
use axum::extract::rejection::QueryRejection;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::access::{Allowed, Api, CardsRead, CardsWrite};
use super::json::{Body, Octets, Segment};
use super::problem::Problem;
use crate::acts::{CardImportOptions, CardImportPlan, CardsUndone};
use crate::card_list::CardMapping;
use crate::domain::Mode;

/// How the list in the body is meant.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct CardListQuery {
    /// What the list means for cards that are in it and those that are not: `add_and_update`, which is used unless
    /// another is named, leaves those alone; in the mode `replace`, they are archived.
    #[param(inline)]
    mode: Option<Mode>,
    /// What columns hold, where it is not found by itself: `FIELD=COLUMN`, several of them with line feeds between.
    map: Option<String>,
}

/// How a plan is applied.
#[derive(Deserialize, ToSchema)]
pub(super) struct CardApplyRequest {
    /// Do it although the plan wants to be confirmed.
    #[serde(default)]
    confirm: bool,
}

/// The newest plans, the newest first.
#[derive(Serialize, ToSchema)]
pub(super) struct CardPlans {
    plans: Vec<CardImportPlan>,
}

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::default()
        .routes(routes!(plan))
        .routes(routes!(list))
        .routes(routes!(show))
        .routes(routes!(apply))
        .routes(routes!(undo))
}

/// Plans what a list of cards means; nothing is changed until the plan is applied.
#[utoipa::path(post, path = "/v1/card-templates/{template}/imports", operation_id = "plan_card_import", tag = "Cards",
    security(("token" = ["cards:write"])),
    params(("template" = Uuid, Path, description = "The template"), CardListQuery),
    request_body(content = String, content_type = "text/csv",
        description = "The list, or a ZIP archive with one list and photos that are named by card ID"),
    responses(
        (status = 200, description = "The plan", body = CardImportPlan),
        (status = 404, description = "`card-template-unknown`"),
        (status = 409, description = "`card-template-state`: a draft"),
        (status = 422, description = "`import-invalid`: `errors` lists everything that is wrong with the list and the photos")))]
async fn plan(
    access: Allowed<CardsWrite>,
    Segment(template): Segment<Uuid>,
    query: Result<Query<CardListQuery>, QueryRejection>,
    Octets(body): Octets,
) -> Result<Json<CardImportPlan>, Problem> {
    let Query(query) = query.map_err(|rejection| Problem::request_invalid(rejection.body_text()))?;
    let mut mapping = query.map.iter().flat_map(|map| map.lines()).filter(|line| !line.trim().is_empty());
    let mapping =
        mapping.try_fold(CardMapping::default(), CardMapping::with).map_err(Problem::request_invalid)?;
    let mode = query.mode.unwrap_or(CardImportOptions::MODE);
    let options = CardImportOptions { mode, mapping, photos: None };
    Ok(Json(access.manager().plan_card_import(template, body.into(), options).await?))
}

/// Lists the newest plans without their steps, at most 100.
#[utoipa::path(get, path = "/v1/card-imports", operation_id = "list_card_imports", tag = "Cards",
    security(("token" = ["cards:read"])),
    responses((status = 200, description = "The plans", body = CardPlans)))]
async fn list(access: Allowed<CardsRead>) -> Result<Json<CardPlans>, Problem> {
    Ok(Json(CardPlans { plans: access.manager().card_imports().await? }))
}

/// Shows a plan.
#[utoipa::path(get, path = "/v1/card-imports/{plan}", operation_id = "show_card_import", tag = "Cards",
    security(("token" = ["cards:read"])),
    params(("plan" = Uuid, Path, description = "The plan")),
    responses(
        (status = 200, description = "The plan", body = CardImportPlan),
        (status = 404, description = "`plan-unknown`")))]
async fn show(
    access: Allowed<CardsRead>,
    Segment(plan): Segment<Uuid>,
) -> Result<Json<CardImportPlan>, Problem> {
    Ok(Json(access.manager().card_import(plan).await?))
}

/// Applies a plan, exactly as it was shown.
#[utoipa::path(post, path = "/v1/card-imports/{plan}/apply", operation_id = "apply_card_import", tag = "Cards",
    security(("token" = ["cards:write"])),
    params(("plan" = Uuid, Path, description = "The plan")),
    request_body = CardApplyRequest,
    responses(
        (status = 200, description = "The plan, applied", body = CardImportPlan),
        (status = 404, description = "`plan-unknown`"),
        (status = 409, description = "`plan-outdated`, `plan-applied`, `confirmation-needed`")))]
async fn apply(
    access: Allowed<CardsWrite>,
    Segment(plan): Segment<Uuid>,
    Body(request): Body<CardApplyRequest>,
) -> Result<Json<CardImportPlan>, Problem> {
    Ok(Json(access.manager().apply_card_import(access.actor(), plan, request.confirm).await?))
}

/// Undoes an import while there is time: added cards go, changed ones are as before, archived ones come back.
#[utoipa::path(post, path = "/v1/card-imports/{plan}/undo", operation_id = "undo_card_import", tag = "Cards",
    security(("token" = ["cards:write"])),
    params(("plan" = Uuid, Path, description = "The plan that was applied")),
    responses(
        (status = 200, description = "What was put back", body = CardsUndone),
        (status = 404, description = "`plan-unknown`"),
        (status = 409, description = "`undo-conflict`: the title names the cards that were changed meanwhile; `plan-not-applied`, `plan-undone`, `undo-over`")))]
async fn undo(
    access: Allowed<CardsWrite>,
    Segment(plan): Segment<Uuid>,
) -> Result<Json<CardsUndone>, Problem> {
    Ok(Json(access.manager().undo_card_import(access.actor(), plan).await?))
}
