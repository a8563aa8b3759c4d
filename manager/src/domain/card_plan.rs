//! What a list of cards would do.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::card::{Card, CardStatus, ExpiryRule};
use super::ids::UnixTime;
use super::plan::Confirmation;

/// What a list can say of a card.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CardValues {
    /// What stands on it as its number.
    pub card_id: String,
    /// Values by the keys of their fields.
    pub fields: BTreeMap<String, String>,
    /// The value of the barcode, where each card says it.
    pub barcode_value: Option<String>,
    /// What the holder is asked for.
    pub unique_identifier: Option<String>,
    /// The first second at which it is no longer valid.
    #[schema(value_type = Option<u32>)]
    pub expires_at: Option<UnixTime>,
    /// The IANA time zone of that.
    pub time_zone: Option<String>,
    /// By which rule it ends.
    pub expiry_rule: ExpiryRule,
    /// The e-mail address of whoever gets it.
    pub email: Option<String>,
}

/// One thing to do with a card, or to leave.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "act", rename_all = "snake_case")]
pub enum CardStep {
    /// A card is added.
    Add {
        /// The line in the list.
        line: u64,
        /// The id that it will have.
        card: Uuid,
        /// The new card.
        new: CardValues,
        /// Whether a photo comes with it.
        photo: bool,
    },
    /// A card is changed.
    Change {
        /// The line in the list.
        line: u64,
        /// Which card.
        card: Uuid,
        /// As it is.
        old: CardValues,
        /// As it will be.
        new: CardValues,
        /// Whether it gets another photo.
        photo: bool,
    },
    /// A card that is not in the list is archived.
    Archive {
        /// Which card.
        card: Uuid,
        /// As it is.
        old: CardValues,
        /// Where it stands.
        status: CardStatus,
        /// The phone that has it.
        device: Option<Uuid>,
        /// When that phone installed it.
        #[schema(value_type = Option<u32>)]
        installed_at: Option<UnixTime>,
    },
    /// A card is left as it is because the list only adds.
    SkipListed {
        /// The line in the list.
        line: u64,
        /// Which card.
        card: Uuid,
        /// As it is.
        old: CardValues,
        /// As the list has it.
        new: CardValues,
    },
}

/// How many of each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CardCounts {
    /// Cards to be added.
    pub added: usize,
    /// Cards to be changed.
    pub changed: usize,
    /// Cards to be archived.
    pub archived: usize,
    /// Cards that are already as they should be.
    pub unchanged: usize,
    /// Cards that the list would change, and that are left as they are.
    pub skipped: usize,
    /// Photos that cards get.
    pub photos: usize,
    /// Photos of the archive that no card of the list has.
    pub photos_unused: usize,
}

/// What was shown of a plan, beside its steps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CardPlanHeader<C> {
    /// What the list means for cards that are in it and those that are not.
    pub mode: super::plan::Mode,
    /// The encoding that was detected.
    pub encoding: String,
    /// What each column was taken for.
    pub columns: Vec<C>,
    /// How many of each.
    pub counts: CardCounts,
    /// Why it is applied only when it is confirmed.
    pub confirmation: Option<Confirmation>,
}

impl CardValues {
    /// What a list can say of this card.
    pub fn of(card: &Card) -> Self {
        Self {
            card_id: card.card_id.clone(),
            fields: card.fields.clone(),
            barcode_value: card.barcode_value.clone(),
            unique_identifier: card.unique_identifier.clone(),
            expires_at: card.expires_at,
            time_zone: card.time_zone.clone(),
            expiry_rule: card.expiry_rule,
            email: card.email.clone(),
        }
    }

    /// Puts it into a card.
    pub fn put(&self, card: &mut Card) {
        let values = self.clone();
        card.card_id = values.card_id;
        card.fields = values.fields;
        card.barcode_value = values.barcode_value;
        card.unique_identifier = values.unique_identifier;
        card.expires_at = values.expires_at;
        card.time_zone = values.time_zone;
        card.expiry_rule = values.expiry_rule;
        card.email = values.email;
    }
}

impl CardCounts {
    /// Whether there is nothing to do.
    pub const fn is_nothing(&self) -> bool {
        self.added == 0 && self.changed == 0 && self.archived == 0
    }
}
