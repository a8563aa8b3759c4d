//! Routes for readers.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};

use super::administrator::Administrator;
use super::json::{Base64Url, Body, Segment};
use super::problem::Problem;
use crate::acts::{EnrolledReader, NewReader};
use crate::domain::{OutputFormat, Presence, ReaderId, to_base64url};
use crate::manager::Manager;

#[derive(Deserialize)]
pub(super) struct EnrolRequest {
    name: String,
    public_key: Base64Url<33>,
    #[serde(default)]
    presence: Presence,
    #[serde(default)]
    output: OutputFormat,
}

#[derive(Serialize)]
pub(super) struct ReaderView {
    reader_id: u32,
    name: String,
    certificate: String,
    certificate_not_after: u32,
    configuration_version: u32,
    configuration: String,
}

#[derive(Serialize)]
pub(super) struct Revoked {
    list_version: u32,
}

pub(super) async fn enrol(
    Administrator(actor): Administrator,
    State(manager): State<Manager>,
    Body(request): Body<EnrolRequest>,
) -> Result<(StatusCode, Json<ReaderView>), Problem> {
    let new = NewReader {
        name: request.name,
        public_key: request.public_key.octets(),
        presence: request.presence,
        output: request.output,
    };
    Ok((StatusCode::CREATED, Json(manager.enrol_reader(actor, new).await?.into())))
}

pub(super) async fn configuration(
    _: Administrator,
    State(manager): State<Manager>,
    Segment(reader): Segment<u32>,
) -> Result<Json<ReaderView>, Problem> {
    Ok(Json(manager.reader_configuration(ReaderId(reader)).await?.into()))
}

pub(super) async fn revoke(
    Administrator(actor): Administrator,
    State(manager): State<Manager>,
    Segment(reader): Segment<u32>,
) -> Result<Json<Revoked>, Problem> {
    Ok(Json(Revoked { list_version: manager.revoke_reader(actor, ReaderId(reader)).await? }))
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
