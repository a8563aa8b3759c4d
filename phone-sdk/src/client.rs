//! The manager's HTTP interface, as `docs/ACTIVATION.md` has it.

mod answer;
mod problem;

use serde::Serialize;
use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

use credential::crypto::Point;
use credential::id::ProjectId;

use crate::error::{Error, Retry};
use crate::port::{HttpClient, HttpRequest, HttpResponse};
use crate::state::ReportRecord;
use crate::state::encoding::{project_text, to_base64url};
use crate::wallet::{DeviceLabel, Holder};

pub(crate) use answer::{
    ActivationChallenge, Blob, CardAnswer, DeviceAnswer, IssuerKeyAnswer, RenewalChallenge, ReportsAnswer,
};

/// Characters that the manager takes of what a device is called.
const NAME_CHARACTERS_MAX: usize = 100;
/// Characters that the manager takes of what a device runs.
const PLATFORM_CHARACTERS_MAX: usize = 40;

/// One manager.
#[derive(Clone, Copy)]
pub(crate) struct Client<'a> {
    http: &'a dyn HttpClient,
    base: &'a str,
}

#[derive(Serialize)]
struct ChallengeRequest<'a> {
    code: &'a str,
}

#[derive(Serialize)]
struct ActivationRequest<'a> {
    code: &'a str,
    challenge: String,
    public_key: String,
    signature: String,
    device: Device,
    #[serde(skip_serializing_if = "Option::is_none")]
    holder: Option<HolderRequest<'a>>,
}

#[derive(Serialize)]
struct HolderRequest<'a> {
    unique_identifier: &'a str,
    answers: &'a [String],
    terms: Option<&'a str>,
    photo: Option<String>,
}

#[derive(Serialize)]
struct Device {
    name: String,
    platform: String,
}

#[derive(Serialize)]
struct Empty {}

#[derive(Serialize)]
struct RenewalRequest<'a> {
    challenge: String,
    signature: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    held_photo: Option<&'a str>,
}

#[derive(Serialize)]
struct ReportsRequest<'a> {
    reports: &'a [CarriedReport],
}

/// A report as it is taken along.
#[derive(Serialize)]
pub(crate) struct CarriedReport {
    reader: u32,
    report: String,
}

impl CarriedReport {
    pub(crate) fn of(record: &ReportRecord) -> Self {
        Self { reader: record.reader.0, report: to_base64url(&record.octets) }
    }
}

/// A challenge answered with the holder key.
pub(crate) struct Proof {
    pub(crate) challenge: [u8; 32],
    pub(crate) public_key: Point,
    pub(crate) signature: [u8; 64],
}

impl<'a> Client<'a> {
    pub(crate) const fn new(http: &'a dyn HttpClient, base: &'a str) -> Self {
        Self { http, base }
    }

    pub(crate) fn activation_challenge(&self, code: &str) -> Result<ActivationChallenge, Error> {
        self.post("/v1/activation/challenge", &ChallengeRequest { code })
    }

    pub(crate) fn activate(
        &self,
        code: &str,
        proof: &Proof,
        label: &DeviceLabel,
        holder: &Holder,
    ) -> Result<DeviceAnswer, Error> {
        let device = Device {
            name: label.name.chars().take(NAME_CHARACTERS_MAX).collect(),
            platform: label.platform.chars().take(PLATFORM_CHARACTERS_MAX).collect(),
        };
        let request = ActivationRequest {
            code,
            challenge: to_base64url(&proof.challenge),
            public_key: to_base64url(&proof.public_key.0),
            signature: to_base64url(&proof.signature),
            device,
            holder: (*holder != Holder::default()).then(|| HolderRequest {
                unique_identifier: &holder.unique_identifier,
                answers: &holder.answers,
                terms: holder.accepted_terms.as_deref(),
                photo: holder.photo.as_deref().map(to_base64url),
            }),
        };
        let given = holder
            .answers
            .iter()
            .map(String::len)
            .sum::<usize>()
            .saturating_add(holder.unique_identifier.len());
        let photo = holder.photo.as_ref().map_or(0, Vec::len);
        // What is escaped takes up to six octets for each, and four are written for three of the photo.
        let room = given.saturating_mul(6).saturating_add(photo.saturating_mul(4).div_ceil(3));
        let response = self.send_with_room("/v1/activation", &request, room)?;
        decoded(&response)
    }

    pub(crate) fn renewal_challenge(&self, device_id: &str) -> Result<RenewalChallenge, Error> {
        self.post(&format!("/v1/devices/{device_id}/renewal/challenge"), &Empty {})
    }

    /// `held_photo` names the photo that is not to be sent again.
    pub(crate) fn renew(
        &self,
        device_id: &str,
        proof: &Proof,
        held_photo: Option<&str>,
    ) -> Result<DeviceAnswer, Error> {
        let request = RenewalRequest {
            challenge: to_base64url(&proof.challenge),
            signature: to_base64url(&proof.signature),
            held_photo,
        };
        self.post(&format!("/v1/devices/{device_id}/renewal"), &request)
    }

    pub(crate) fn reset_challenge(&self, device_id: &str) -> Result<RenewalChallenge, Error> {
        self.post(&format!("/v1/devices/{device_id}/reset/challenge"), &Empty {})
    }

    pub(crate) fn reset(&self, device_id: &str, proof: &Proof) -> Result<(), Error> {
        let request = RenewalRequest {
            challenge: to_base64url(&proof.challenge),
            signature: to_base64url(&proof.signature),
            held_photo: None,
        };
        self.send(&format!("/v1/devices/{device_id}/reset"), &request).map(|_| ())
    }

    /// Takes reports along; for each the acknowledgement, or `None` if the manager refuses it for good.
    pub(crate) fn deliver(&self, reports: &[CarriedReport]) -> Result<Vec<Option<[u8; 28]>>, Error> {
        let answer: ReportsAnswer = self.post("/v1/reports", &ReportsRequest { reports })?;
        let taken = answer.results.into_iter().map(|result| result.acknowledgement.map(|octets| octets.0));
        Ok(taken.collect())
    }

    /// The signed list; `None` if there is none, or none but the version held.
    pub(crate) fn revocation_list(&self, project: ProjectId, held: u32) -> Result<Option<Vec<u8>>, Error> {
        let etag = format!("\"{held}\"");
        let path = format!("/v1/projects/{}/revocation-list", project_text(project));
        let response = self.get(&path, (held != 0).then_some(&etag))?;
        if response.status == 304 || problem::is(&response, "revocation-list-none") {
            return Ok(None);
        }
        succeeded(response).map(|response| Some(response.body))
    }

    pub(crate) fn time_token(&self, project: ProjectId) -> Result<Vec<u8>, Error> {
        let response = self.get(&format!("/v1/projects/{}/time-token", project_text(project)), None)?;
        succeeded(response).map(|response| response.body)
    }

    fn get(&self, path: &str, if_none_match: Option<&String>) -> Result<HttpResponse, Error> {
        let url = format!("{}{path}", self.base);
        let request = HttpRequest { url: &url, json: None, if_none_match: if_none_match.map(String::as_str) };
        Ok(self.http.send(&request)?)
    }

    fn post<T: DeserializeOwned>(&self, path: &str, body: &impl Serialize) -> Result<T, Error> {
        decoded(&self.send(path, body)?)
    }

    fn send(&self, path: &str, body: &impl Serialize) -> Result<HttpResponse, Error> {
        self.send_with_room(path, body, 0)
    }

    /// The room is enough for every request that has no more than `more` octets of its holder's in it, so that no copy of
    /// a code or an answer is left behind by growing.
    fn send_with_room(&self, path: &str, body: &impl Serialize, more: usize) -> Result<HttpResponse, Error> {
        let mut json = Zeroizing::new(Vec::with_capacity(more.saturating_add(2048)));
        serde_json::to_writer(&mut *json, body).map_err(|_| Retry::NotAManager)?;
        let url = format!("{}{path}", self.base);
        let request = HttpRequest { url: &url, json: Some(&json), if_none_match: None };
        succeeded(self.http.send(&request)?)
    }
}

fn decoded<T: DeserializeOwned>(response: &HttpResponse) -> Result<T, Error> {
    serde_json::from_slice(&response.body).map_err(|_| Retry::NotAManager.into())
}

fn succeeded(response: HttpResponse) -> Result<HttpResponse, Error> {
    if matches!(response.status, 200 | 201 | 204) { Ok(response) } else { Err(problem::error(&response)) }
}
