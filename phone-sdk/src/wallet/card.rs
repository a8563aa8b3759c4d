//! A card as the app shows it.

use core::fmt;

use credential::id::{ProjectId, UserId};
use credential::time::{OutsideValidity, UnixTime, Validity};
use serde::{Deserialize, Serialize};

use crate::state::{CardRecord, Document, Standing};

/// A card of this wallet; no other card gets its number until the wallet is reset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct CardId(pub u32);

/// One card.
#[derive(Clone, PartialEq, Eq)]
pub struct Card {
    /// Its name in this wallet.
    pub id: CardId,
    /// The project whose doors take it.
    pub project: ProjectId,
    /// What the project calls itself.
    pub project_name: String,
    /// The holder's first name.
    pub first_name: String,
    /// The holder's last name.
    pub last_name: String,
    /// What a door hands to the access control system; `None` once the device is revoked.
    pub user_id: Option<UserId>,
    /// When the credential holds; `None` once the device is revoked.
    pub validity: Option<Validity>,
    /// From when on it should be renewed.
    pub renew_after: UnixTime,
    /// Whether it opens doors.
    pub state: CardState,
}

/// Whether a card opens doors, by the phone's own clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CardState {
    /// It does.
    Active,
    /// It does, and should be renewed.
    RenewalDue,
    /// Not yet.
    NotYetValid,
    /// No longer; renewing may help.
    Expired,
    /// The user is suspended; renewing may help later.
    Suspended,
    /// The device is revoked for good.
    Revoked,
}

impl Card {
    pub(super) fn of(record: &CardRecord, document: &Document, now: Option<UnixTime>) -> Self {
        let fields = record.fields();
        let validity = fields.as_ref().map(|fields| fields.validity);
        let project_name = document.project(record.project).map(|project| project.name.clone());
        Self {
            id: record.id,
            project: record.project,
            project_name: project_name.unwrap_or_default(),
            first_name: record.first_name.clone(),
            last_name: record.last_name.clone(),
            user_id: fields.map(|fields| fields.user_id),
            validity,
            renew_after: UnixTime(record.renew_after),
            state: state(record, validity, now),
        }
    }
}

fn state(record: &CardRecord, validity: Option<Validity>, now: Option<UnixTime>) -> CardState {
    match (record.standing, validity, now) {
        (Standing::Suspended, ..) => CardState::Suspended,
        (Standing::Revoked, ..) | (_, None, _) => CardState::Revoked,
        (Standing::Good, Some(_), None) => CardState::Active,
        (Standing::Good, Some(validity), Some(now)) => match validity.contains(now) {
            Err(OutsideValidity::NotYetValid) => CardState::NotYetValid,
            Err(OutsideValidity::Expired) => CardState::Expired,
            Ok(()) if now.0 >= record.renew_after => CardState::RenewalDue,
            Ok(()) => CardState::Active,
        },
    }
}

impl fmt::Debug for Card {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Names and user ID are a person's.
        f.debug_struct("Card").field("id", &self.id).field("state", &self.state).finish_non_exhaustive()
    }
}
