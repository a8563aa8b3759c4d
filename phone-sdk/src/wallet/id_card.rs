//! A digital ID card as the app shows it.

use std::fmt;

use credential::time::UnixTime;
use serde::{Deserialize, Serialize};

/// A card to show: what stands on it, without the picture that an app makes of it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdCard {
    /// What people call the kind of card.
    pub kind: String,
    /// The number on it.
    pub card_id: String,
    /// Whether it is valid, as far as the manager has said; one that was deactivated is to be shown as not valid.
    pub is_valid: bool,
    /// The fields on the front.
    pub front: Vec<IdField>,
    /// The fields of the second row of the front.
    pub secondary: Vec<IdField>,
    /// The fields on the back.
    pub back: Vec<IdField>,
    /// The barcode, if it has one.
    pub barcode: Option<IdBarcode>,
    /// Where its photo is; the octets come from [`crate::Wallet::photo`].
    pub photo: PhotoState,
    /// The first second at which it is no longer valid; `None` if it does not end.
    pub expires_at: Option<UnixTime>,
    /// The IANA time zone in which people read that.
    pub time_zone: Option<String>,
    /// The same as people read it there, `2027-09-30` for the last day or `2027-09-30 12:00`.
    #[serde(default)]
    pub ends: Option<String>,
}

/// A field with its value.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdField {
    /// What stands beside the value.
    pub label: String,
    /// What it is: `text`, `number`, `date`, `email`, `phone` or `url`; anything else is to be shown as text.
    pub kind: String,
    /// The value.
    pub value: String,
}

/// A barcode.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdBarcode {
    /// What it looks like: `qr`, `code_128`, `code_39`, `pdf417`, `aztec`, `data_matrix`, `ean_13`, `ean_8`, `upc_a`,
    /// `upc_e` or `itf`.
    pub symbology: String,
    /// What it says.
    pub value: String,
}

/// Where the photo of a card is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum PhotoState {
    /// There is none.
    None,
    /// It is shown.
    Shown,
    /// The one that the holder sent waits for approval; another may be shown until then.
    Waiting,
    /// The one that the holder sent was refused: a new invitation takes another.
    Refused,
    /// Something that this version does not know.
    #[serde(other)]
    Unknown,
}

impl IdCard {
    /// Whether it is to be shown as valid at a moment.
    pub fn is_valid_at(&self, now: UnixTime) -> bool {
        self.is_valid && self.expires_at.is_none_or(|end| now < end)
    }
}

impl fmt::Debug for IdCard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // What stands on it is a person's.
        f.debug_struct("IdCard").field("is_valid", &self.is_valid).finish_non_exhaustive()
    }
}

impl fmt::Debug for IdField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IdField").field("kind", &self.kind).finish_non_exhaustive()
    }
}

impl fmt::Debug for IdBarcode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IdBarcode").field("symbology", &self.symbology).finish_non_exhaustive()
    }
}
