//! Telling anybody who has a card before the eyes whether it is valid.
//!
//! Spec: docs/ACTIVATION.md#showing-that-a-card-is-valid

use std::fmt;

use uuid::Uuid;
use zeroize::Zeroizing;

use super::installing::InstalledCard;
use crate::domain::{CardDesign, CardStanding, CardStatus, ValidationCode, end_as_read};
use crate::error::{Error, Refusal};
use crate::manager::Manager;

const LABEL: &[u8] = b"ostiary card validation";

/// What anybody is told of a card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValidatedCard {
    /// Whether it may be relied on; of one that was withdrawn nothing else is told.
    pub standing: CardStanding,
    /// What people call the kind of card.
    pub kind: String,
    /// The number on it.
    pub card_id: String,
    /// Labels and values of the fields that its template lets be told.
    pub fields: Vec<(String, String)>,
    /// When it ends, as people read it.
    pub ends: Option<String>,
    /// Its photo, a JPEG, where its template lets it be shown.
    pub photo: Option<Vec<u8>>,
}

/// By what a phone shows that its card is the card.
#[derive(Clone, PartialEq, Eq)]
pub struct CardValidation {
    /// The phone, which the links name.
    pub device: Uuid,
    /// The secret of its codes.
    pub secret: Zeroizing<[u8; 32]>,
}

impl Manager {
    /// What is told of the card on a phone to somebody who has read the code that the phone shows now.
    ///
    /// The code is judged before anything is looked up, with a secret that is made from the phone's name: nobody learns
    /// by the answer, or by how long it takes, which phones there are.
    ///
    /// # Errors
    /// [`Refusal::CardCodeWrong`].
    pub async fn validate_card(&self, device: Uuid, code: &ValidationCode) -> Result<ValidatedCard, Error> {
        let now = self.now();
        if !code.holds(&self.validation_secret(device), now) {
            return Err(Refusal::CardCodeWrong.into());
        }
        let mut tx = self.read().await?;
        let installed = self.installed_card(&mut tx, device).await?;
        let Some(InstalledCard { card, design, photo, .. }) = installed else { return Ok(withdrawn()) };
        let Some(told) = design.validation.clone() else { return Ok(withdrawn()) };
        let is_over = card.expires_at.is_some_and(|end| end <= now);
        let standing = match (card.status, is_over) {
            (CardStatus::Active, false) => CardStanding::Valid,
            (CardStatus::Active, true) => CardStanding::Expired,
            _ => CardStanding::Deactivated,
        };
        let value = |key: &String| {
            let (_, field) = design.fields().find(|(_, field)| field.key == *key)?;
            Some((field.label.clone(), card.fields.get(key)?.clone()))
        };
        Ok(ValidatedCard {
            standing,
            fields: told.fields.iter().filter_map(value).collect(),
            ends: card.expires_at.and_then(|at| end_as_read(at, card.time_zone.as_deref().unwrap_or("UTC"))),
            photo: photo.filter(|_| told.photo),
            kind: card.template_name,
            card_id: card.card_id,
        })
    }

    /// What the phone gets that has a card, where its template lets the card be checked.
    pub(super) fn validation(&self, design: &CardDesign, device: Uuid) -> Option<CardValidation> {
        design.validation.as_ref()?;
        Some(CardValidation { device, secret: self.validation_secret(device) })
    }

    /// The secret of the card on a phone: of no other installation, and kept nowhere.
    fn validation_secret(&self, device: Uuid) -> Zeroizing<[u8; 32]> {
        self.vault().derive(&[LABEL, &[0], &self.project_id().0, device.as_bytes()].concat())
    }
}

/// Nothing of a card that is not on that phone any more is anybody's business.
const fn withdrawn() -> ValidatedCard {
    ValidatedCard {
        standing: CardStanding::Withdrawn,
        kind: String::new(),
        card_id: String::new(),
        fields: Vec::new(),
        ends: None,
        photo: None,
    }
}

impl fmt::Debug for CardValidation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CardValidation").field("device", &self.device).finish_non_exhaustive()
    }
}
