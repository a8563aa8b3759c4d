//! Routes for phones whose holder starts over. Spec: docs/ACTIVATION.md#reset

use axum::Json;
use axum::http::StatusCode;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::access::{Api, Public, Renewing};
use super::activation::{Nothing, RenewalChallenge, RenewalRequest};
use super::json::{Body, Segment};
use super::problem::Problem;

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::default().routes(routes!(challenge)).routes(routes!(reset))
}

/// Gives a device a challenge for its reset.
#[utoipa::path(post, path = "/v1/devices/{device}/reset/challenge", operation_id = "reset_challenge", tag = "Phones",
    security(()),
    params(("device" = Uuid, Path, description = "The device")),
    request_body = Option<Nothing>,
    responses(
        (status = 200, description = "The challenge", body = RenewalChallenge),
        (status = 404, description = "`device-unknown`")))]
async fn challenge(
    access: Public<Renewing>,
    Segment(device): Segment<Uuid>,
    Body(Nothing {}): Body<Nothing>,
) -> Result<Json<RenewalChallenge>, Problem> {
    Ok(Json(access.manager().reset_challenge(device).await?.into()))
}

/// Revokes a device whose holder has reset the app; done again, it changes nothing.
#[utoipa::path(post, path = "/v1/devices/{device}/reset", operation_id = "reset_device", tag = "Phones", security(()),
    params(("device" = Uuid, Path, description = "The device")),
    request_body = RenewalRequest,
    responses(
        (status = 204, description = "The device is revoked"),
        (status = 403, description = "`proof-invalid`"),
        (status = 404, description = "`device-unknown`"),
        (status = 409, description = "`challenge-unknown`")))]
async fn reset(
    access: Public<Renewing>,
    Segment(device): Segment<Uuid>,
    Body(request): Body<RenewalRequest>,
) -> Result<StatusCode, Problem> {
    let (challenge, signature) = request.octets();
    access.manager().reset_device(device, &challenge, &signature).await?;
    Ok(StatusCode::NO_CONTENT)
}
