//! Routes for phones. Spec: docs/ACTIVATION.md

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::json::{Base64Url, Body, Segment};
use super::problem::Problem;
use crate::acts::{Activation, ChallengeGiven, DeviceAnswer};
use crate::domain::{InvitationCode, project_id_text, to_base64url};
use crate::error::Refusal;
use crate::manager::Manager;

/// Characters of what a device is called.
const NAME_MAX: usize = 100;
/// Characters of what a device runs.
const PLATFORM_MAX: usize = 40;

#[derive(Deserialize)]
pub(super) struct ChallengeRequest {
    code: String,
}

#[derive(Serialize)]
pub(super) struct ActivationChallenge {
    challenge: String,
    expires_at: u32,
    project: ProjectView,
    /// What else the holder has to give.
    requires: [String; 0],
}

#[derive(Serialize)]
struct ProjectView {
    id: String,
    name: String,
}

#[derive(Deserialize)]
pub(super) struct ActivationRequest {
    code: String,
    challenge: Base64Url<32>,
    public_key: Base64Url<33>,
    signature: Base64Url<64>,
    device: DeviceDescription,
}

#[derive(Deserialize)]
struct DeviceDescription {
    name: String,
    platform: String,
}

#[derive(Serialize)]
pub(super) struct RenewalChallenge {
    challenge: String,
    expires_at: u32,
}

#[derive(Deserialize)]
pub(super) struct RenewalRequest {
    challenge: Base64Url<32>,
    signature: Base64Url<64>,
}

/// A request without members.
#[derive(Deserialize)]
pub(super) struct Nothing {}

#[derive(Serialize)]
pub(super) struct AnswerView {
    device_id: Uuid,
    user: HolderView,
    credential: String,
    issuer_keys: Vec<IssuerKeyView>,
    revocation_list: Option<String>,
    time_token: String,
    server_time: u32,
    renew_after: u32,
}

#[derive(Serialize)]
struct HolderView {
    first_name: String,
    last_name: String,
    user_id: String,
}

#[derive(Serialize)]
struct IssuerKeyView {
    index: u8,
    public_key: String,
}

pub(super) async fn challenge(
    State(manager): State<Manager>,
    Body(request): Body<ChallengeRequest>,
) -> Result<Json<ActivationChallenge>, Problem> {
    let ChallengeGiven { challenge, expires_at } =
        manager.activation_challenge(&code(&request.code)?).await?;
    let project = manager.project();
    Ok(Json(ActivationChallenge {
        challenge: to_base64url(&challenge),
        expires_at: expires_at.0,
        project: ProjectView { id: project_id_text(project.id), name: project.name.clone() },
        requires: [],
    }))
}

pub(super) async fn activate(
    State(manager): State<Manager>,
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
    };
    let answer = manager.activate(activation).await?;
    Ok((StatusCode::CREATED, Json(view(&manager, answer))))
}

pub(super) async fn renewal_challenge(
    State(manager): State<Manager>,
    Segment(device): Segment<Uuid>,
    Body(Nothing {}): Body<Nothing>,
) -> Result<Json<RenewalChallenge>, Problem> {
    let ChallengeGiven { challenge, expires_at } = manager.renewal_challenge(device).await?;
    Ok(Json(RenewalChallenge { challenge: to_base64url(&challenge), expires_at: expires_at.0 }))
}

pub(super) async fn renew(
    State(manager): State<Manager>,
    Segment(device): Segment<Uuid>,
    Body(request): Body<RenewalRequest>,
) -> Result<Json<AnswerView>, Problem> {
    let answer = manager.renew(device, &request.challenge.octets(), &request.signature.octets()).await?;
    Ok(Json(view(&manager, answer)))
}

fn view(manager: &Manager, answer: DeviceAnswer) -> AnswerView {
    let keys = manager.issuer_keys().keys().iter();
    let person = answer.user.person;
    AnswerView {
        device_id: answer.device,
        user: HolderView {
            first_name: person.first_name,
            last_name: person.last_name,
            user_id: person.user_id,
        },
        credential: to_base64url(&answer.credential),
        issuer_keys: keys
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
