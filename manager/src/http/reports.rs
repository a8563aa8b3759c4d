//! What readers report, by themselves or through whoever reads it out of them.

use axum::http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::access::{Allowed, Api, ReadersWrite};
use super::json::{Body, Segment};
use super::problem::Problem;
use crate::domain::ReaderId;

/// What a reader says of itself.
#[derive(Deserialize, ToSchema)]
pub(super) struct ReaderReport {
    /// The version of the revocation list that it has.
    list_version: u32,
}

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::default().routes(routes!(report))
}

/// Takes note of the revocation list that a reader has.
#[utoipa::path(post, path = "/v1/readers/{reader}/report", operation_id = "report_reader", tag = "Readers",
    security(("token" = ["readers:write"])),
    params(("reader" = u32, Path, description = "The reader")),
    request_body = ReaderReport,
    responses(
        (status = 204, description = "Noted"),
        (status = 404, description = "`reader-unknown`, `list-unknown`")))]
async fn report(
    access: Allowed<ReadersWrite>,
    Segment(reader): Segment<u32>,
    Body(report): Body<ReaderReport>,
) -> Result<StatusCode, Problem> {
    access.manager().reader_reported(ReaderId(reader), report.list_version).await?;
    Ok(StatusCode::NO_CONTENT)
}
