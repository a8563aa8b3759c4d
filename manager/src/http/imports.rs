//! Routes for imports.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::administrator::Administrator;
use super::json::{Body, Octets, Segment};
use super::problem::Problem;
use crate::acts::ImportPlan;
use crate::domain::Counts;
use crate::manager::Manager;

#[derive(Deserialize)]
pub(super) struct ApplyRequest {
    #[serde(default)]
    confirm: bool,
}

#[derive(Serialize)]
pub(super) struct Applied {
    counts: Counts,
}

/// Takes the CSV file as the body, whatever its content type.
pub(super) async fn plan(
    _: Administrator,
    State(manager): State<Manager>,
    Octets(body): Octets,
) -> Result<Json<ImportPlan>, Problem> {
    Ok(Json(manager.plan_import(body.into()).await?))
}

pub(super) async fn show(
    _: Administrator,
    State(manager): State<Manager>,
    Segment(plan): Segment<Uuid>,
) -> Result<Json<ImportPlan>, Problem> {
    Ok(Json(manager.import_plan(plan).await?))
}

pub(super) async fn apply(
    Administrator(actor): Administrator,
    State(manager): State<Manager>,
    Segment(plan): Segment<Uuid>,
    Body(request): Body<ApplyRequest>,
) -> Result<Json<Applied>, Problem> {
    Ok(Json(Applied { counts: manager.apply_import(actor, plan, request.confirm).await? }))
}
