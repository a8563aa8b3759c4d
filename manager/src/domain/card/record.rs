//! A card as its administrator sees it, and as it is added and edited.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::answers::SecurityAnswer;
use super::expiry::ExpiryRule;
use super::status::CardStatus;
use crate::domain::ids::UnixTime;

/// Wrong answers after which a card is locked.
pub const TRIES_MAX: u32 = 5;
/// For how long it is locked unless an administrator unlocks it, in seconds.
pub const LOCK_S: u32 = 24 * 3600;

/// A card.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Card {
    /// Names the card for the manager.
    pub id: Uuid,
    /// Its template.
    pub template: Uuid,
    /// What people call the template.
    pub template_name: String,
    /// The user whose card it is, if it is one's.
    pub user: Option<Uuid>,
    /// What stands on it as its number; no other card of the template has the same.
    pub card_id: String,
    /// Where it stands.
    pub status: CardStatus,
    /// Values by the keys of their fields.
    pub fields: BTreeMap<String, String>,
    /// The value of the barcode, where each card says it.
    pub barcode_value: Option<String>,
    /// What the holder is asked for.
    pub unique_identifier: Option<String>,
    /// The security questions; nobody sees the answers.
    pub questions: Vec<String>,
    /// The first second at which it is no longer valid; null if it does not end.
    #[schema(value_type = Option<u32>)]
    pub expires_at: Option<UnixTime>,
    /// The IANA time zone in which people read that.
    pub time_zone: Option<String>,
    /// By which rule it ends.
    pub expiry_rule: ExpiryRule,
    /// The e-mail address of whoever gets it.
    pub email: Option<String>,
    /// Where its photo stands.
    pub photo: CardPhoto,
    /// Wrong answers since the last right ones.
    pub wrong_answers: u32,
    /// Until when no answers are taken.
    #[schema(value_type = Option<u32>)]
    pub locked_until: Option<UnixTime>,
    /// The phone that has it.
    pub device: Option<Uuid>,
    /// When that phone installed it.
    #[schema(value_type = Option<u32>)]
    pub installed_at: Option<UnixTime>,
    /// The version of the terms that the holder accepted.
    pub terms_accepted: Option<String>,
    /// When it was added.
    #[schema(value_type = u32)]
    pub created_at: UnixTime,
    /// When it was last changed.
    #[schema(value_type = u32)]
    pub updated_at: UnixTime,
}

/// Where the photo of a card stands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct CardPhoto {
    /// Names the photo that is shown; null if there is none.
    pub shown: Option<String>,
    /// Since when a photo of the holder waits for approval.
    #[schema(value_type = Option<u32>)]
    pub waiting_since: Option<UnixTime>,
    /// Whether the last one that the holder sent was refused.
    pub refused: bool,
}

/// A card to be added.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewCard {
    /// Its template, which has to be approved.
    pub template: Uuid,
    /// What stands on it as its number.
    #[schema(max_length = 100)]
    pub card_id: String,
    /// Values by the keys of their fields.
    #[serde(default)]
    pub fields: BTreeMap<String, String>,
    /// The value of the barcode, where each card says it.
    #[serde(default)]
    pub barcode_value: Option<String>,
    /// What the holder is asked for.
    #[serde(default)]
    #[schema(max_length = 100)]
    pub unique_identifier: Option<String>,
    /// The security questions with their answers, as many as the template asks.
    #[serde(default)]
    #[schema(max_items = 5)]
    pub questions: Vec<SecurityAnswer>,
    /// When it ends, in place of what the template says: a day, `2027-09-30`, or a local time, `2027-09-30T12:00`.
    #[serde(default)]
    pub expires: Option<String>,
    /// The IANA time zone of that; the template's or the project's if it is left out.
    #[serde(default)]
    pub time_zone: Option<String>,
    /// The e-mail address of whoever gets it.
    #[serde(default)]
    pub email: Option<String>,
    /// The user whose card it is: one phone then holds the card and the credential.
    #[serde(default)]
    pub user: Option<Uuid>,
}

/// What is to be changed about a card; what is left out stays, and null takes away.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CardEdit {
    /// What stands on it as its number.
    #[schema(max_length = 100)]
    #[serde(default)]
    pub card_id: Option<String>,
    /// Values by the keys of their fields; those that are left out stay, and an empty one is taken away.
    #[serde(default)]
    pub fields: BTreeMap<String, String>,
    /// The value of the barcode, where each card says it.
    #[serde(default, deserialize_with = "given")]
    pub barcode_value: Option<Option<String>>,
    /// What the holder is asked for.
    #[serde(default, deserialize_with = "given")]
    pub unique_identifier: Option<Option<String>>,
    /// All security questions with their answers.
    #[schema(max_items = 5)]
    #[serde(default)]
    pub questions: Option<Vec<SecurityAnswer>>,
    /// When it ends: a day, `2027-09-30`, or a local time, `2027-09-30T12:00`.
    #[serde(default)]
    pub expires: Option<String>,
    /// The IANA time zone of that.
    #[serde(default)]
    pub time_zone: Option<String>,
    /// The e-mail address of whoever gets it.
    #[serde(default, deserialize_with = "given")]
    pub email: Option<Option<String>>,
    /// The user whose card it is.
    #[serde(default, deserialize_with = "given")]
    pub user: Option<Option<Uuid>>,
}

/// A member that is there, also if it is null.
fn given<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}
