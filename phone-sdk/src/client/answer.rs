//! What the manager answers; members that are not known are ignored.

use serde::{Deserialize, Deserializer, de::Error};

use crate::state::encoding::from_base64url;
use crate::wallet::{IdBarcode, IdField, PhotoState};

/// Octets of a fixed number, in base64url.
#[derive(Clone, Copy)]
pub(crate) struct Octets<const N: usize>(pub(crate) [u8; N]);

/// Octets of any number, in base64url.
pub(crate) struct Blob(pub(crate) Vec<u8>);

#[derive(Deserialize)]
pub(crate) struct ActivationChallenge {
    pub(crate) challenge: Octets<32>,
    pub(crate) project: ProjectAnswer,
    #[serde(default)]
    pub(crate) requires: Vec<String>,
    #[serde(default)]
    pub(crate) asks: Option<Asked>,
}

/// The words of what is asked for.
#[derive(Deserialize)]
pub(crate) struct Asked {
    pub(crate) card: String,
    #[serde(default)]
    pub(crate) questions: Vec<String>,
    pub(crate) terms: Option<TermsAsked>,
    pub(crate) photo: Option<PhotoAsked>,
}

#[derive(Deserialize)]
pub(crate) struct TermsAsked {
    pub(crate) version: String,
    pub(crate) text: String,
}

#[derive(Clone, Copy, Deserialize)]
pub(crate) struct PhotoAsked {
    pub(crate) required: bool,
    #[serde(default)]
    pub(crate) needs_approval: bool,
}

#[derive(Deserialize)]
pub(crate) struct ProjectAnswer {
    pub(crate) id: String,
    pub(crate) name: String,
}

#[derive(Deserialize)]
pub(crate) struct RenewalChallenge {
    pub(crate) challenge: Octets<32>,
}

/// What became of reports, in their order.
#[derive(Deserialize)]
pub(crate) struct ReportsAnswer {
    pub(crate) results: Vec<ReportAnswer>,
}

#[derive(Deserialize)]
pub(crate) struct ReportAnswer {
    pub(crate) acknowledgement: Option<Octets<28>>,
}

/// The answer to an activation or a renewal, not yet believed.
#[derive(Deserialize)]
pub(crate) struct DeviceAnswer {
    pub(crate) device_id: String,
    pub(crate) user: Option<UserAnswer>,
    pub(crate) credential: Option<Blob>,
    #[serde(default)]
    pub(crate) card: Option<CardAnswer>,
    pub(crate) issuer_keys: Vec<IssuerKeyAnswer>,
    pub(crate) revocation_list: Option<Blob>,
    pub(crate) time_token: Blob,
    pub(crate) renew_after: u32,
}

/// A card to show.
#[derive(Deserialize)]
pub(crate) struct CardAnswer {
    pub(crate) template: String,
    pub(crate) status: String,
    pub(crate) card_id: String,
    pub(crate) front: Vec<IdField>,
    pub(crate) secondary: Vec<IdField>,
    pub(crate) back: Vec<IdField>,
    pub(crate) barcode: Option<IdBarcode>,
    pub(crate) photo: PhotoAnswer,
    pub(crate) expires_at: Option<u32>,
    pub(crate) time_zone: Option<String>,
    #[serde(default)]
    pub(crate) ends: Option<String>,
    #[serde(default)]
    pub(crate) validation: Option<ValidationAnswer>,
}

/// By what anybody can ask whether a card is valid.
#[derive(Deserialize)]
pub(crate) struct ValidationAnswer {
    pub(crate) reference: Octets<16>,
    pub(crate) secret: Octets<32>,
}

#[derive(Deserialize)]
pub(crate) struct PhotoAnswer {
    pub(crate) state: PhotoState,
    pub(crate) version: Option<String>,
    pub(crate) image: Option<Blob>,
}

#[derive(Default, Deserialize)]
pub(crate) struct UserAnswer {
    pub(crate) first_name: String,
    pub(crate) last_name: String,
    pub(crate) user_id: String,
}

#[derive(Deserialize)]
pub(crate) struct IssuerKeyAnswer {
    pub(crate) index: u8,
    pub(crate) public_key: Octets<33>,
}

impl<'de, const N: usize> Deserialize<'de> for Octets<N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Blob(octets) = Blob::deserialize(deserializer)?;
        octets.try_into().map(Self).map_err(|_| D::Error::custom("another number of octets"))
    }
}

impl<'de> Deserialize<'de> for Blob {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        from_base64url(&text).map(Self).ok_or_else(|| D::Error::custom("not base64url"))
    }
}
