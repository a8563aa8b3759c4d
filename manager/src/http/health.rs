//! Whether the process lives, and whether it can do its work.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use tokio::time::timeout;

use super::problem::Problem;
use crate::manager::Manager;

/// For how long the checks may take together.
const CHECK_TIMEOUT: Duration = Duration::from_secs(5);

/// How the process is.
#[derive(Serialize)]
pub(super) struct Health {
    status: &'static str,
}

/// The process answers.
pub(super) async fn live() -> Json<Health> {
    Json(Health { status: "live" })
}

/// The process can do its work and was not told to stop.
pub(super) async fn ready(State(manager): State<Manager>) -> Result<Json<Health>, Problem> {
    match timeout(CHECK_TIMEOUT, manager.readiness()).await {
        Ok(Ok(())) => Ok(Json(Health { status: "ready" })),
        Ok(Err(unready)) => Err(Problem::not_ready(unready.to_string())),
        Err(_) => Err(Problem::not_ready("the database does not answer")),
    }
}
