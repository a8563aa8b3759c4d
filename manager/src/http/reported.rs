//! What readers report through phones: the way in for phones, and lists for administrators.

use axum::Json;
use base64ct::{Base64UrlUnpadded, Encoding};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::access::{Allowed, Api, AuditRead, Public, Renewing};
use super::json::{Body, Segment};
use super::paging::{Page, PageQuery};
use super::problem::Problem;
use crate::domain::{ReaderEvent, ReaderId, ReaderLog, to_base64url};
use crate::error::{Error, Refusal};

/// Reports in one request.
const REPORTS_MAX: usize = 8;

/// Reports that a phone has carried.
#[derive(Deserialize, ToSchema)]
pub(super) struct CarriedReports {
    /// At most 8.
    #[schema(max_items = 8)]
    reports: Vec<CarriedReport>,
}

/// A report that a phone has carried, and cannot read.
#[derive(Deserialize, ToSchema)]
pub(super) struct CarriedReport {
    /// The reader that handed it over.
    reader: u32,
    /// Its octets in base64url.
    #[schema(max_length = 2731)]
    report: String,
}

/// What became of the reports, in their order.
#[derive(Serialize, ToSchema)]
pub(super) struct TakenReports {
    results: Vec<TakenReport>,
}

/// What became of one report.
#[derive(Serialize, ToSchema)]
pub(super) struct TakenReport {
    /// The reader.
    reader: u32,
    /// To be brought to the reader, 28 octets in base64url; null if the report was not taken.
    acknowledgement: Option<String>,
    /// Why it was not taken, for good: `report-invalid`.
    code: Option<&'static str>,
}

/// A page of events of a reader.
#[derive(Serialize, ToSchema)]
pub(super) struct ReaderEvents {
    events: Vec<ReaderEvent>,
    /// The newest logs of the reader, with what is missing of each.
    logs: Vec<ReaderLog>,
    /// The `cursor` of the next page; null on the last.
    next: Option<String>,
}

/// A page of events of a user's phones.
#[derive(Serialize, ToSchema)]
pub(super) struct UserEvents {
    events: Vec<ReaderEvent>,
    /// The `cursor` of the next page; null on the last.
    next: Option<String>,
}

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::default().routes(routes!(take)).routes(routes!(of_reader)).routes(routes!(of_user))
}

/// Takes reports that a phone has carried from readers.
#[utoipa::path(post, path = "/v1/reports", operation_id = "take_reports", tag = "Phones", security(()),
    request_body = CarriedReports,
    responses((status = 200, description = "What became of each", body = TakenReports)))]
async fn take(
    access: Public<Renewing>,
    Body(carried): Body<CarriedReports>,
) -> Result<Json<TakenReports>, Problem> {
    if carried.reports.len() > REPORTS_MAX {
        return Err(Problem::request_invalid(format!("there may be {REPORTS_MAX} reports in one request")));
    }
    let mut results = Vec::new();
    for CarriedReport { reader, report } in carried.reports {
        let octets = Base64UrlUnpadded::decode_vec(&report).unwrap_or_default();
        // What is not base64url is no octets, and so no report.
        results.push(match access.manager().take_report(ReaderId(reader), octets).await {
            Ok(taken) => {
                let acknowledgement = Some(to_base64url(&taken.acknowledgement.0));
                TakenReport { reader, acknowledgement, code: None }
            }
            Err(Error::Refused(refusal @ Refusal::ReportInvalid)) => {
                TakenReport { reader, acknowledgement: None, code: Some(refusal.code()) }
            }
            Err(error) => return Err(error.into()),
        });
    }
    Ok(Json(TakenReports { results }))
}

/// Lists what a reader has reported, in the order in which it arrived.
#[utoipa::path(get, path = "/v1/readers/{reader}/events", operation_id = "list_reader_events", tag = "Readers",
    security(("token" = ["audit:read"])),
    params(("reader" = u32, Path, description = "The reader"), PageQuery),
    responses(
        (status = 200, description = "A page of events", body = ReaderEvents),
        (status = 404, description = "`reader-unknown`")))]
async fn of_reader(
    access: Allowed<AuditRead>,
    Segment(reader): Segment<u32>,
    page: Page<u64>,
) -> Result<Json<ReaderEvents>, Problem> {
    let (manager, reader) = (access.manager(), ReaderId(reader));
    let events = manager.reader_events(reader, page.after.unwrap_or(0), page.limit).await?;
    let logs = manager.reader_logs(reader).await?;
    let next = page.next(&events, |event| event.place);
    Ok(Json(ReaderEvents { events, logs, next }))
}

/// Lists where the phones of a user were granted or denied, as far as readers have reported it.
#[utoipa::path(get, path = "/v1/users/{user}/events", operation_id = "list_user_events", tag = "Users",
    security(("token" = ["audit:read"])),
    params(("user" = Uuid, Path, description = "The user"), PageQuery),
    responses(
        (status = 200, description = "A page of events", body = UserEvents),
        (status = 404, description = "`user-unknown`")))]
async fn of_user(
    access: Allowed<AuditRead>,
    Segment(user): Segment<Uuid>,
    page: Page<Uuid>,
) -> Result<Json<UserEvents>, Problem> {
    let events = access.manager().user_events(user, page.after, page.limit).await?;
    let next = page.next(&events, |event| event.id);
    Ok(Json(UserEvents { events, next }))
}
