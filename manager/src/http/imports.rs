//! Routes for imports.

use axum::Json;
use axum::http::{HeaderName, HeaderValue, header};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::access::{Allowed, Api, Imports, Sync, UsersRead};
use super::json::{Body, Octets, Segment};
use super::meant::{Meant, PlanQuery};
use super::problem::Problem;
use crate::acts::{ImportPlan, Origin, PlanSummary, Undone};
use crate::domain::Counts;

/// Plans that are listed.
const PLANS_MAX: u32 = 100;

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

/// The newest plans, the newest first.
#[derive(Serialize, ToSchema)]
pub(super) struct Plans {
    plans: Vec<PlanSummary>,
}

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::default()
        .routes(routes!(list, plan))
        .routes(routes!(show))
        .routes(routes!(apply))
        .routes(routes!(undo))
        .routes(routes!(sync))
        .routes(routes!(export))
}

/// Plans what a CSV file means; nothing is changed until the plan is applied.
#[utoipa::path(post, path = "/v1/imports", operation_id = "plan_import", tag = "Imports",
    security(("token" = ["imports"])),
    params(PlanQuery),
    request_body(content = String, description = "The file: First name, Last name, E-mail address, ID, Sync ID", content_type = "text/csv"),
    responses(
        (status = 200, description = "The plan", body = ImportPlan),
        (status = 422, description = "`import-invalid`: `errors` lists everything that is wrong with the file")))]
async fn plan(
    access: Allowed<Imports>,
    meant: Meant,
    Octets(body): Octets,
) -> Result<Json<ImportPlan>, Problem> {
    let options = meant.options(Origin::Administrator);
    Ok(Json(access.manager().plan_import_as(body.into(), options).await?))
}

/// Lists the newest plans without their steps, at most 100.
#[utoipa::path(get, path = "/v1/imports", operation_id = "list_imports", tag = "Imports",
    security(("token" = ["imports"])),
    responses((status = 200, description = "The plans", body = Plans)))]
async fn list(access: Allowed<Imports>) -> Result<Json<Plans>, Problem> {
    Ok(Json(Plans { plans: access.manager().import_plans(PLANS_MAX).await? }))
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

/// Undoes an import while there is time: added users go, changed users are as before, deleted users come back.
#[utoipa::path(post, path = "/v1/imports/{plan}/undo", operation_id = "undo_import", tag = "Imports",
    security(("token" = ["imports"])),
    params(("plan" = Uuid, Path, description = "The plan that was applied")),
    responses(
        (status = 200, description = "What was put back", body = Undone),
        (status = 404, description = "`plan-unknown`"),
        (status = 409, description = "`undo-conflict`: `errors` names everybody who was changed meanwhile; `plan-not-applied`, `plan-undone`, `undo-over`")))]
async fn undo(access: Allowed<Imports>, Segment(plan): Segment<Uuid>) -> Result<Json<Undone>, Problem> {
    Ok(Json(access.manager().undo_import(access.actor(), Some(plan)).await?))
}

/// Plans what a CSV file means and does it at once, unless the guard wants it confirmed.
#[utoipa::path(post, path = "/v1/sync", operation_id = "sync", tag = "Imports",
    security(("token" = ["sync"])),
    params(PlanQuery),
    request_body(content = String, description = "The file: First name, Last name, E-mail address, ID, Sync ID", content_type = "text/csv"),
    responses(
        (status = 200, description = "The plan that was applied, or that had nothing to do", body = PlanSummary),
        (status = 409, description = "`sync-waits`: the plan that the title names has to be confirmed; `plan-outdated`: send it again"),
        (status = 422, description = "`import-invalid`: `errors` lists everything that is wrong with the file")))]
async fn sync(
    access: Allowed<Sync>,
    meant: Meant,
    Octets(body): Octets,
) -> Result<Json<PlanSummary>, Problem> {
    let options = meant.options(Origin::Upload);
    Ok(Json(access.manager().sync(access.actor(), body.into(), options).await?))
}

/// Everybody as a CSV file that can be imported again; no spreadsheet takes any of it for a formula.
#[utoipa::path(get, path = "/v1/export", operation_id = "export_users", tag = "Imports",
    security(("token" = ["users:read"])),
    responses((status = 200, description = "The file", body = String, content_type = "text/csv")))]
async fn export(access: Allowed<UsersRead>) -> Result<([(HeaderName, HeaderValue); 2], String), Problem> {
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8")),
        (header::CONTENT_DISPOSITION, HeaderValue::from_static("attachment; filename=\"people.csv\"")),
    ];
    Ok((headers, access.manager().export_users().await?))
}
