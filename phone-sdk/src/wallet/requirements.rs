//! What an invitation asks of its holder, and what the holder gives.
//!
//! Source: `docs/ACTIVATION.md#what-the-holder-gives`

use std::fmt;

use zeroize::{Zeroize, ZeroizeOnDrop};

use super::Wallet;
use crate::client::{ActivationChallenge, Client};
use crate::error::{Error, Restart};
use crate::invitation::Invitation;

/// What an invitation asks of its holder.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Requirements {
    /// What the project calls itself.
    pub project_name: String,
    /// What people call the kind of card that comes to be shown, if one comes.
    pub card: Option<String>,
    /// Whether the unique identifier is asked for.
    pub unique_identifier: bool,
    /// The security questions.
    pub questions: Vec<String>,
    /// What has to be accepted.
    pub terms: Option<Terms>,
    /// Whether a photo is asked for.
    pub photo: Option<PhotoWanted>,
}

/// What has to be accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// Names the wording; accepting is to give it back.
    pub version: String,
    /// The wording.
    pub text: String,
}

/// A photo that is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PhotoWanted {
    /// Whether the card does not come without one.
    pub required: bool,
    /// Whether it is shown only once an administrator has approved it.
    pub needs_approval: bool,
}

/// What a holder gives; wiped when dropped.
#[derive(Clone, Default, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct Holder {
    /// The unique identifier.
    pub unique_identifier: String,
    /// The answers, in the order of the questions.
    pub answers: Vec<String>,
    /// The version of the terms that the holder accepts.
    pub accepted_terms: Option<String>,
    /// A photo: a JPEG, PNG or WebP of at most 512 KiB.
    pub photo: Option<Vec<u8>>,
}

/// The longest photo that a manager takes, in octets.
const PHOTO_OCTETS_MAX: usize = 512 * 1024;

/// Names of what this version can give, or does not need to be told.
const KNOWN: [&str; 5] = ["card", "unique_identifier", "answers", "terms", "photo"];

impl Requirements {
    /// Whether the holder has to be asked for anything at all.
    pub fn asks(&self) -> bool {
        self.unique_identifier
            || !self.questions.is_empty()
            || self.terms.is_some()
            || self.photo.is_some_and(|photo| photo.required)
    }

    pub(super) fn of(challenge: &ActivationChallenge) -> Result<Self, Error> {
        let unknown: Vec<&str> =
            challenge.requires.iter().map(String::as_str).filter(|name| !KNOWN.contains(name)).collect();
        if !unknown.is_empty() {
            return Err(Restart::UpdateNeeded(unknown.join(", ")).into());
        }
        let asks = challenge.asks.as_ref();
        Ok(Self {
            project_name: challenge.project.name.clone(),
            card: asks.map(|asks| asks.card.clone()),
            unique_identifier: challenge.requires.iter().any(|name| name == "unique_identifier"),
            questions: asks.map(|asks| asks.questions.clone()).unwrap_or_default(),
            terms: asks
                .and_then(|asks| asks.terms.as_ref())
                .map(|terms| Terms { version: terms.version.clone(), text: terms.text.clone() }),
            photo: asks
                .and_then(|asks| asks.photo)
                .map(|photo| PhotoWanted { required: photo.required, needs_approval: photo.needs_approval }),
        })
    }

    /// Whether so much was given as is asked for; whether it is right, only the manager knows.
    pub(super) fn are_met_by(&self, holder: &Holder) -> bool {
        let has_photo = holder.photo.is_some() || self.photo.is_none_or(|photo| !photo.required);
        let has_identifier = !self.unique_identifier || !holder.unique_identifier.trim().is_empty();
        let accepts = self.terms.as_ref().is_none_or(|_| holder.accepted_terms.is_some());
        has_photo && has_identifier && accepts && holder.answers.len() >= self.questions.len()
    }
}

impl Holder {
    /// Refuses what no manager takes, before anything is sent.
    pub(super) fn check(&self) -> Result<(), Restart> {
        match &self.photo {
            Some(photo) if photo.len() > PHOTO_OCTETS_MAX => Err(Restart::PhotoRefused),
            _ => Ok(()),
        }
    }
}

impl Wallet {
    /// What an invitation asks of its holder; blocks until the manager has answered.
    ///
    /// # Errors
    /// [`Error`], sorted by what to do; [`Restart::UpdateNeeded`] when it asks for what this version does not know.
    pub fn requirements(&self, invitation: &Invitation) -> Result<Requirements, Error> {
        let _online = self.core.online();
        let client = Client::new(&*self.core.ports.http, invitation.base());
        Requirements::of(&client.activation_challenge(&invitation.code())?)
    }
}

impl fmt::Debug for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Holder(..)")
    }
}
