//! Routes for readers.

use axum::Json;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::access::{Allowed, Api, ReadersRead, ReadersWrite};
use super::conditional::{IfMatch, Tagged};
use super::json::{Base64Url, Body, Segment};
use super::paging::{Page, PageQuery};
use super::problem::Problem;
use crate::acts::{EnrolledReader, NewReader, ReaderEdit, ReaderSummary};
use crate::domain::{OutputFormat, Presence, ReaderId, to_base64url};

/// A reader to be enrolled.
#[derive(Deserialize, ToSchema)]
pub(super) struct EnrolRequest {
    /// What people call it.
    #[schema(min_length = 1, max_length = 100)]
    name: String,
    /// Where it is, for people.
    #[serde(default)]
    #[schema(max_length = 200)]
    place: String,
    /// The key that the reader made: a compressed point.
    public_key: Base64Url<33>,
    /// The user presence that the door demands.
    #[serde(default)]
    presence: Presence,
    /// How the user ID gets to the access control system.
    #[serde(default)]
    output: OutputFormat,
}

/// What changes about a reader; what is left out stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct EditRequest {
    /// What people call it.
    #[schema(min_length = 1, max_length = 100)]
    name: Option<String>,
    /// Where it is, for people.
    #[schema(max_length = 200)]
    place: Option<String>,
    /// The user presence that the door demands.
    presence: Option<Presence>,
    /// How the user ID gets to the access control system.
    output: Option<OutputFormat>,
}

/// A page of readers.
#[derive(Serialize, ToSchema)]
pub(super) struct Readers {
    readers: Vec<ReaderSummary>,
    /// The `cursor` of the next page; null on the last.
    next: Option<String>,
}

/// A reader with what has to be carried to it.
#[derive(Serialize, ToSchema)]
pub(super) struct ReaderView {
    /// Names the reader on the air.
    reader_id: u32,
    /// What people call it.
    name: String,
    /// The signed certificate.
    certificate: String,
    /// The first second at which the certificate is no longer good.
    certificate_not_after: u32,
    /// Goes up with each configuration.
    configuration_version: u32,
    /// The configuration, sealed to the reader's key.
    configuration: String,
}

/// The revocation of a reader.
#[derive(Serialize, ToSchema)]
#[schema(as = ReaderRevocation)]
pub(super) struct Revoked {
    /// Version of the revocation list that says so.
    list_version: u32,
}

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::default()
        .routes(routes!(list, enrol))
        .routes(routes!(show, edit))
        .routes(routes!(configuration))
        .routes(routes!(revoke))
        .routes(routes!(publish))
}

/// Lists readers by number.
#[utoipa::path(get, path = "/v1/readers", operation_id = "list_readers", tag = "Readers",
    security(("token" = ["readers:read"])),
    params(PageQuery),
    responses((status = 200, description = "A page of readers", body = Readers)))]
async fn list(access: Allowed<ReadersRead>, page: Page<u32>) -> Result<Json<Readers>, Problem> {
    let readers = access.manager().readers(ReaderId(page.after.unwrap_or(0)), page.limit).await?;
    let next = page.next(&readers, |reader| reader.reader_id);
    Ok(Json(Readers { readers, next }))
}

/// Shows a reader.
#[utoipa::path(get, path = "/v1/readers/{reader}", operation_id = "show_reader", tag = "Readers",
    security(("token" = ["readers:read"])),
    params(("reader" = u32, Path, description = "The reader")),
    responses(
        (status = 200, description = "The reader", body = ReaderSummary,
            headers(("ETag" = String, description = "The version of the reader"))),
        (status = 404, description = "`reader-unknown`")))]
async fn show(
    access: Allowed<ReadersRead>,
    Segment(reader): Segment<u32>,
) -> Result<Tagged<ReaderSummary>, Problem> {
    Ok(Tagged(access.manager().reader(ReaderId(reader)).await?))
}

/// Changes what is set about a reader; it learns so with its next configuration.
#[utoipa::path(patch, path = "/v1/readers/{reader}", operation_id = "edit_reader", tag = "Readers",
    security(("token" = ["readers:write"])),
    params(
        ("reader" = u32, Path, description = "The reader"),
        ("If-Match" = Option<String>, Header, description = "The `ETag` of the reader that the edit is meant for, or `*`")),
    request_body = EditRequest,
    responses(
        (status = 200, description = "The reader", body = ReaderSummary,
            headers(("ETag" = String, description = "The version of the reader"))),
        (status = 404, description = "`reader-unknown`"),
        (status = 410, description = "`reader-revoked`"),
        (status = 412, description = "`precondition-failed`: changed meanwhile"),
        (status = 422, description = "`reader-name-invalid`, `reader-place-invalid`, `output-format-invalid`"),
        (status = 428, description = "`precondition-required`: there is no `If-Match`")))]
async fn edit(
    access: Allowed<ReadersWrite>,
    Segment(reader): Segment<u32>,
    IfMatch(expected): IfMatch,
    Body(request): Body<EditRequest>,
) -> Result<Tagged<ReaderSummary>, Problem> {
    let EditRequest { name, place, presence, output } = request;
    let edit = ReaderEdit { name, place, presence, output };
    let manager = access.manager();
    Ok(Tagged(manager.edit_expected_reader(access.actor(), &expected, ReaderId(reader), edit).await?))
}

/// Signs a new revocation list now, for whoever is to see that it is fresh.
#[utoipa::path(post, path = "/v1/revocation-list", operation_id = "publish_revocation_list", tag = "Readers",
    security(("token" = ["readers:write"])),
    responses((status = 200, description = "The list, which everybody may fetch", body = Revoked)))]
async fn publish(access: Allowed<ReadersWrite>) -> Result<Json<Revoked>, Problem> {
    let list_version = access.manager().publish_revocation_list(access.actor()).await?;
    Ok(Json(Revoked { list_version }))
}

/// Enrols a reader: signs a certificate for its key, and makes its first configuration.
#[utoipa::path(post, path = "/v1/readers", operation_id = "enrol_reader", tag = "Readers",
    security(("token" = ["readers:write"])),
    request_body = EnrolRequest,
    responses(
        (status = 201, description = "The reader", body = ReaderView),
        (status = 409, description = "`reader-known`: a reader with this key was enrolled before"),
        (status = 422, description = "`reader-key-invalid`, `reader-name-invalid`, `reader-place-invalid`, `output-format-invalid`")))]
async fn enrol(
    access: Allowed<ReadersWrite>,
    Body(request): Body<EnrolRequest>,
) -> Result<(StatusCode, Json<ReaderView>), Problem> {
    let new = NewReader {
        name: request.name,
        place: request.place,
        public_key: request.public_key.octets(),
        presence: request.presence,
        output: request.output,
    };
    let reader = access.manager().enrol_reader(access.actor(), new).await?;
    Ok((StatusCode::CREATED, Json(reader.into())))
}

/// Shows a reader with a configuration that is up to date.
#[utoipa::path(get, path = "/v1/readers/{reader}/configuration", operation_id = "reader_configuration", tag = "Readers",
    security(("token" = ["readers:read"])),
    params(("reader" = u32, Path, description = "The reader")),
    responses(
        (status = 200, description = "The reader", body = ReaderView),
        (status = 404, description = "`reader-unknown`"),
        (status = 410, description = "`reader-revoked`")))]
async fn configuration(
    access: Allowed<ReadersRead>,
    Segment(reader): Segment<u32>,
) -> Result<Json<ReaderView>, Problem> {
    Ok(Json(access.manager().reader_configuration(ReaderId(reader)).await?.into()))
}

/// Revokes a reader: phones refuse it from the next revocation list on.
#[utoipa::path(post, path = "/v1/readers/{reader}/revocation", operation_id = "revoke_reader", tag = "Readers",
    security(("token" = ["readers:write"])),
    params(("reader" = u32, Path, description = "The reader")),
    responses(
        (status = 200, description = "The list that says so", body = Revoked),
        (status = 404, description = "`reader-unknown`"),
        (status = 410, description = "`reader-revoked`")))]
async fn revoke(
    access: Allowed<ReadersWrite>,
    Segment(reader): Segment<u32>,
) -> Result<Json<Revoked>, Problem> {
    let list_version = access.manager().revoke_reader(access.actor(), ReaderId(reader)).await?;
    Ok(Json(Revoked { list_version }))
}

impl From<EnrolledReader> for ReaderView {
    fn from(reader: EnrolledReader) -> Self {
        Self {
            reader_id: reader.id.0,
            name: reader.name,
            certificate: to_base64url(&reader.certificate),
            certificate_not_after: reader.certificate_not_after.0,
            configuration_version: reader.configuration_version,
            configuration: to_base64url(&reader.configuration),
        }
    }
}
