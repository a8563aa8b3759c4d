//! Routes for imports.

use axum::Json;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::access::{Allowed, Api, Imports};
use super::json::{Body, Octets, Segment};
use super::problem::Problem;
use crate::acts::ImportPlan;
use crate::domain::Counts;

/// How a plan is applied.
#[derive(Deserialize, ToSchema)]
pub(super) struct ApplyRequest {
    /// Do it although the plan wants to be confirmed.
    #[serde(default)]
    confirm: bool,
}

/// What was done.
#[derive(Serialize, ToSchema)]
pub(super) struct Applied {
    counts: Counts,
}

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::default().routes(routes!(plan)).routes(routes!(show)).routes(routes!(apply))
}

/// Plans a full sync with a CSV file; nothing is changed until the plan is applied.
#[utoipa::path(post, path = "/v1/imports", operation_id = "plan_import", tag = "Imports",
    security(("token" = ["imports"])),
    request_body(content = String, description = "The file: First name, Last name, E-mail address, ID, Sync ID", content_type = "text/csv"),
    responses(
        (status = 200, description = "The plan", body = ImportPlan),
        (status = 422, description = "`import-invalid`: `errors` lists everything that is wrong with the file")))]
async fn plan(access: Allowed<Imports>, Octets(body): Octets) -> Result<Json<ImportPlan>, Problem> {
    Ok(Json(access.manager().plan_import(body.into()).await?))
}

/// Shows a plan.
#[utoipa::path(get, path = "/v1/imports/{plan}", operation_id = "show_import", tag = "Imports",
    security(("token" = ["imports"])),
    params(("plan" = Uuid, Path, description = "The plan")),
    responses((status = 200, description = "The plan", body = ImportPlan), (status = 404, description = "`plan-unknown`")))]
async fn show(access: Allowed<Imports>, Segment(plan): Segment<Uuid>) -> Result<Json<ImportPlan>, Problem> {
    Ok(Json(access.manager().import_plan(plan).await?))
}

/// Applies a plan, exactly as it was shown.
#[utoipa::path(post, path = "/v1/imports/{plan}/apply", operation_id = "apply_import", tag = "Imports",
    security(("token" = ["imports"])),
    params(("plan" = Uuid, Path, description = "The plan")),
    request_body = ApplyRequest,
    responses(
        (status = 200, description = "What was done", body = Applied),
        (status = 404, description = "`plan-unknown`"),
        (status = 409, description = "`plan-outdated`, `plan-applied`, `confirmation-needed`")))]
async fn apply(
    access: Allowed<Imports>,
    Segment(plan): Segment<Uuid>,
    Body(request): Body<ApplyRequest>,
) -> Result<Json<Applied>, Problem> {
    let counts = access.manager().apply_import(access.actor(), plan, request.confirm).await?;
    Ok(Json(Applied { counts }))
}
