//! Routes for phones. Spec: docs/ACTIVATION.md

mod card;

use axum::Json;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use self::card::{Asked, CardView, HolderRequest};
use super::access::{Activating, Api, Public, Renewing};
use super::json::{Base64Url, Body, Segment};
use super::problem::Problem;
use crate::acts::{Activation, ChallengeGiven, DeviceAnswer};
use crate::domain::{InvitationCode, project_id_text, to_base64url};
use crate::error::Refusal;

/// Characters of what a device is called.
const NAME_MAX: usize = 100;
/// Characters of what a device runs.
const PLATFORM_MAX: usize = 40;

/// Whoever wants to redeem an invitation.
#[derive(Deserialize, ToSchema)]
pub(super) struct ChallengeRequest {
    /// The code of the invitation, in any of its forms.
    code: String,
}

/// What has to be signed to redeem an invitation.
#[derive(Serialize, ToSchema)]
pub(super) struct ActivationChallenge {
    /// 32 random octets.
    challenge: String,
    /// The first second at which it is no longer good.
    expires_at: u32,
    project: ProjectView,
    /// What else the holder has to give, or the app to know: `card`, `unique_identifier`, `answers`, `terms`, `photo`.
    #[schema(value_type = Vec<String>)]
    requires: Vec<&'static str>,
    /// The words of it; left out where the invitation brings no card.
    #[serde(skip_serializing_if = "Option::is_none")]
    asks: Option<Asked>,
}

/// Whose doors they are.
#[derive(Serialize, ToSchema)]
#[schema(as = ProjectName)]
struct ProjectView {
    id: String,
    name: String,
}

/// A redemption: an invitation and the proof of a key.
#[derive(Deserialize, ToSchema)]
pub(super) struct ActivationRequest {
    /// The code of the invitation, in any of its forms.
    code: String,
    /// The challenge that was given for it.
    challenge: Base64Url<32>,
    /// The key that the device made: a compressed point.
    public_key: Base64Url<33>,
    /// The proof of that key.
    signature: Base64Url<64>,
    device: DeviceDescription,
    /// What the holder gives, where a card asks for it.
    #[serde(default)]
    holder: HolderRequest,
}

/// A device as it describes itself.
#[derive(Deserialize, ToSchema)]
struct DeviceDescription {
    /// What the holder calls it; no control characters.
    #[schema(max_length = 100)]
    name: String,
    /// What it runs; no control characters.
    #[schema(max_length = 40)]
    platform: String,
}

/// What has to be signed to renew a credential.
#[derive(Serialize, ToSchema)]
pub(super) struct RenewalChallenge {
    /// 32 random octets.
    challenge: String,
    /// The first second at which it is no longer good.
    expires_at: u32,
}

/// A renewal: the proof of the device's key.
#[derive(Deserialize, ToSchema)]
pub(super) struct RenewalRequest {
    /// The challenge that was given for it.
    challenge: Base64Url<32>,
    /// The proof of the device's key.
    signature: Base64Url<64>,
    /// The version of the photo that the device holds, which is then not sent again.
    #[serde(default)]
    held_photo: Option<String>,
}

/// A request without members.
#[derive(Deserialize, ToSchema)]
pub(super) struct Nothing {}

/// What a device gets at activation and at renewal.
#[derive(Serialize, ToSchema)]
#[schema(as = DeviceAnswer)]
pub(super) struct AnswerView {
    device_id: Uuid,
    /// The holder; null for a device that has a card alone.
    user: Option<HolderView>,
    /// The signed credential; null for a device that has a card alone.
    credential: Option<String>,
    /// The card that the device shows; left out if it has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    card: Option<CardView>,
    issuer_keys: Vec<IssuerKeyView>,
    /// The newest signed revocation list; null while there is none.
    revocation_list: Option<String>,
    /// A signed token of the present time.
    time_token: String,
    server_time: u32,
    /// When a third of the credential's life has passed.
    renew_after: u32,
}

/// The holder, as the manager knows the holder now.
#[derive(Serialize, ToSchema)]
#[schema(as = Holder)]
struct HolderView {
    first_name: String,
    last_name: String,
    user_id: String,
}

/// A key that verifies what the project signs.
#[derive(Serialize, ToSchema)]
#[schema(as = IssuerKey)]
struct IssuerKeyView {
    index: u8,
    public_key: String,
}

/// The routes whose bodies may have a photo.
pub(super) fn activation_routes() -> OpenApiRouter<Api> {
    OpenApiRouter::default().routes(routes!(activate))
}

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::default()
        .routes(routes!(challenge))
        .routes(routes!(renewal_challenge))
        .routes(routes!(renew))
}

/// Gives a challenge for an invitation.
#[utoipa::path(post, path = "/v1/activation/challenge", operation_id = "activation_challenge", tag = "Phones",
    security(()),
    request_body = ChallengeRequest,
    responses(
        (status = 200, description = "The challenge", body = ActivationChallenge),
        (status = 404, description = "`invitation-unknown`"),
        (status = 409, description = "`invitation-used`"),
        (status = 410, description = "`invitation-expired`, `invitation-void`")))]
async fn challenge(
    access: Public<Activating>,
    Body(request): Body<ChallengeRequest>,
) -> Result<Json<ActivationChallenge>, Problem> {
    let manager = access.manager();
    let (ChallengeGiven { challenge, expires_at }, asked) =
        manager.activation_challenge(&code(&request.code)?).await?;
    let project = manager.project();
    Ok(Json(ActivationChallenge {
        challenge: to_base64url(&challenge),
        expires_at: expires_at.0,
        project: ProjectView { id: project_id_text(project.id), name: project.name.clone() },
        requires: asked.names(),
        asks: card::asked(asked),
    }))
}

/// Redeems an invitation for the key that the device proves.
#[utoipa::path(post, path = "/v1/activation", operation_id = "activate", tag = "Phones", security(()),
    request_body = ActivationRequest,
    responses(
        (status = 201, description = "The credential and what comes with it", body = AnswerView),
        (status = 403, description = "`proof-invalid`, `device-revoked`, `user-suspended`, `answers-wrong`, `card-locked`"),
        (status = 404, description = "`invitation-unknown`"),
        (status = 409, description = "`invitation-used`, `challenge-unknown`"),
        (status = 410, description = "`invitation-expired`, `invitation-void`, `card-archived`"),
        (status = 422, description = "`terms-not-accepted`, `photo-missing`, `photo-refused`")))]
async fn activate(
    access: Public<Activating>,
    Body(request): Body<ActivationRequest>,
) -> Result<(StatusCode, Json<AnswerView>), Problem> {
    let DeviceDescription { name, platform } = request.device;
    described("device.name", &name, NAME_MAX)?;
    described("device.platform", &platform, PLATFORM_MAX)?;
    let activation = Activation {
        code: code(&request.code)?,
        challenge: request.challenge.octets(),
        public_key: request.public_key.octets(),
        signature: request.signature.octets(),
        device_name: name,
        platform,
        holder: request.holder.gives()?,
    };
    let answer = access.manager().activate(activation).await?;
    Ok((StatusCode::CREATED, Json(view(answer, None))))
}

/// Gives a device a challenge for its renewal.
#[utoipa::path(post, path = "/v1/devices/{device}/renewal/challenge", operation_id = "renewal_challenge",
    tag = "Phones", security(()),
    params(("device" = Uuid, Path, description = "The device")),
    request_body = Nothing,
    responses(
        (status = 200, description = "The challenge", body = RenewalChallenge),
        (status = 403, description = "`device-revoked`, `user-suspended`"),
        (status = 404, description = "`device-unknown`")))]
async fn renewal_challenge(
    access: Public<Renewing>,
    Segment(device): Segment<Uuid>,
    Body(Nothing {}): Body<Nothing>,
) -> Result<Json<RenewalChallenge>, Problem> {
    Ok(Json(access.manager().renewal_challenge(device).await?.into()))
}

/// Renews the credential of a device.
#[utoipa::path(post, path = "/v1/devices/{device}/renewal", operation_id = "renew", tag = "Phones", security(()),
    params(("device" = Uuid, Path, description = "The device")),
    request_body = RenewalRequest,
    responses(
        (status = 200, description = "The credential and what comes with it", body = AnswerView),
        (status = 403, description = "`proof-invalid`, `device-revoked`, `user-suspended`"),
        (status = 404, description = "`device-unknown`"),
        (status = 409, description = "`challenge-unknown`")))]
async fn renew(
    access: Public<Renewing>,
    Segment(device): Segment<Uuid>,
    Body(request): Body<RenewalRequest>,
) -> Result<Json<AnswerView>, Problem> {
    let (challenge, signature) = request.octets();
    let answer = access.manager().renew(device, &challenge, &signature).await?;
    Ok(Json(view(answer, request.held_photo.as_deref())))
}

impl RenewalRequest {
    pub(super) const fn octets(&self) -> ([u8; 32], [u8; 64]) {
        (self.challenge.octets(), self.signature.octets())
    }
}

impl From<ChallengeGiven> for RenewalChallenge {
    fn from(given: ChallengeGiven) -> Self {
        Self { challenge: to_base64url(&given.challenge), expires_at: given.expires_at.0 }
    }
}

fn view(answer: DeviceAnswer, held_photo: Option<&str>) -> AnswerView {
    let keys = answer.issuer_keys;
    let user = answer.user.map(|user| user.person);
    AnswerView {
        device_id: answer.device,
        user: user.map(|person| HolderView {
            first_name: person.first_name,
            last_name: person.last_name,
            user_id: person.user_id,
        }),
        credential: answer.credential.as_deref().map(to_base64url),
        card: answer.card.map(|card| card::view(card, held_photo)),
        issuer_keys: keys
            .keys()
            .iter()
            .map(|key| IssuerKeyView { index: key.index.0, public_key: to_base64url(&key.point.0) })
            .collect(),
        revocation_list: answer.revocation_list.as_deref().map(to_base64url),
        time_token: to_base64url(&answer.time_token),
        server_time: answer.server_time.0,
        renew_after: answer.renew_after.0,
    }
}

/// A code that is not well formed is one that nobody was given.
fn code(text: &str) -> Result<InvitationCode, Problem> {
    text.parse().map_err(|_| Refusal::InvitationUnknown.into())
}

fn described(what: &str, text: &str, max: usize) -> Result<(), Problem> {
    if text.chars().count() > max || text.chars().any(char::is_control) {
        return Err(Problem::request_invalid(format!(
            "{what} has more than {max} characters or a control character"
        )));
    }
    Ok(())
}
