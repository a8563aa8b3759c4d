//! Whether the process lives, and whether it can do its work.

use std::time::Duration;

use axum::Json;
use serde::Serialize;
use tokio::time::timeout;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::access::{Api, Probing, Public};
use super::problem::Problem;

/// For how long the checks may take together.
const CHECK_TIMEOUT: Duration = Duration::from_secs(5);

/// How the process is.
#[derive(Serialize, ToSchema)]
pub(super) struct Health {
    /// `live` or `ready`.
    status: &'static str,
}

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::default().routes(routes!(live)).routes(routes!(ready))
}

/// Answers if the process lives.
#[utoipa::path(get, path = "/health/live", operation_id = "live", tag = "Service", security(()),
    responses((status = 200, description = "It lives", body = Health)))]
pub(super) async fn live(_: Public<Probing>) -> Json<Health> {
    Json(Health { status: "live" })
}

/// Tells whether the process can do its work and was not told to stop.
#[utoipa::path(get, path = "/health/ready", operation_id = "ready", tag = "Service", security(()),
    responses(
        (status = 200, description = "It can", body = Health),
        (status = 503, description = "`not-ready`: `detail` says why")))]
pub(super) async fn ready(access: Public<Probing>) -> Result<Json<Health>, Problem> {
    match timeout(CHECK_TIMEOUT, access.manager().readiness()).await {
        Ok(Ok(())) => Ok(Json(Health { status: "ready" })),
        Ok(Err(unready)) => Err(Problem::not_ready(unready.to_string())),
        Err(_) => Err(Problem::not_ready("the database does not answer")),
    }
}
