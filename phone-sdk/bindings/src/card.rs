//! Cards in a form that other languages know.

use crate::error::WalletError;
use crate::id_card::IdCard;

/// A card of the wallet.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct Card {
    /// Its number in this wallet.
    pub id: u32,
    /// The project's id, 16 hexadecimal digits.
    pub project: String,
    /// What the project calls itself.
    pub project_name: String,
    /// The holder's first name.
    pub first_name: String,
    /// The holder's last name.
    pub last_name: String,
    /// What doors hand to the access control system; none once the device is revoked.
    pub user_id: Option<String>,
    /// From when on the credential holds, in Unix seconds; none once the device is revoked.
    pub not_before: Option<u64>,
    /// Until when it holds, in Unix seconds.
    pub not_after: Option<u64>,
    /// From when on it should be renewed, in Unix seconds.
    pub renew_after: u64,
    /// Whether it opens doors.
    pub state: CardState,
    /// What the holder should be told, if anything.
    pub warning: Option<CardWarning>,
    /// The card to show, if there is one.
    pub id_card: Option<IdCard>,
}

/// Whether a card opens doors, by the phone's own clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
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
    /// It is a card to show, and opens no door.
    ShowOnly,
}

/// What the holder of a card should be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum CardWarning {
    /// The device is revoked for good: the card can be removed.
    Revoked,
    /// The project's revocation list names the credential: doors refuse it.
    OnRevocationList,
    /// The user is suspended.
    Suspended,
    /// Doors refuse it until it is renewed.
    Expired {
        /// Since when, in Unix seconds.
        since: u64,
    },
    /// The phone's clock is wrong.
    ClockWrong {
        /// Seconds by which it is ahead of the manager's; behind it if negative.
        ahead_s: i64,
    },
    /// Offline for too long.
    OfflineTooLong {
        /// When the manager last answered, in Unix seconds.
        since: u64,
        /// When doors begin to refuse the card, in Unix seconds.
        until: u64,
    },
}

/// What a background renewal did.
#[derive(Clone, uniffi::Record)]
pub struct RenewalReport {
    /// Numbers of the cards with a new credential.
    pub renewed: Vec<u32>,
    /// Cards that were not renewed.
    pub failed: Vec<RenewalFailure>,
    /// When to renew again, in Unix seconds.
    pub next: Option<u64>,
}

/// A card that was not renewed.
#[derive(Clone, uniffi::Record)]
pub struct RenewalFailure {
    /// Its number.
    pub card: u32,
    /// Why.
    pub error: WalletError,
}

impl From<phone_sdk::Card> for Card {
    fn from(card: phone_sdk::Card) -> Self {
        Self {
            id: card.id.0,
            project: project_text(card.project),
            project_name: card.project_name,
            first_name: card.first_name,
            last_name: card.last_name,
            user_id: card.user_id.map(|user_id| user_id.as_str().to_owned()),
            not_before: card.validity.map(|validity| u64::from(validity.not_before.0)),
            not_after: card.validity.map(|validity| u64::from(validity.not_after.0)),
            renew_after: u64::from(card.renew_after.0),
            state: state(card.state),
            warning: card.warning.map(warning),
            id_card: card.id_card.map(IdCard::from),
        }
    }
}

impl From<phone_sdk::RenewalReport> for RenewalReport {
    fn from(report: phone_sdk::RenewalReport) -> Self {
        let failure = |(card, error): (phone_sdk::CardId, phone_sdk::Error)| RenewalFailure {
            card: card.0,
            error: error.into(),
        };
        Self {
            renewed: report.renewed.into_iter().map(|card| card.0).collect(),
            failed: report.failed.into_iter().map(failure).collect(),
            next: report.next.map(|next| u64::from(next.0)),
        }
    }
}

/// A project's id as it is written everywhere.
pub(crate) fn project_text(project: credential::id::ProjectId) -> String {
    format!("{:016x}", u64::from_be_bytes(project.0))
}

const fn state(state: phone_sdk::CardState) -> CardState {
    use phone_sdk::CardState as Sdk;
    match state {
        Sdk::Active => CardState::Active,
        Sdk::RenewalDue => CardState::RenewalDue,
        Sdk::NotYetValid => CardState::NotYetValid,
        Sdk::Suspended => CardState::Suspended,
        Sdk::Revoked => CardState::Revoked,
        Sdk::ShowOnly => CardState::ShowOnly,
        // A state that is not known here opens no door.
        _ => CardState::Expired,
    }
}

fn warning(warning: phone_sdk::CardWarning) -> CardWarning {
    use phone_sdk::CardWarning as Sdk;
    match warning {
        Sdk::OnRevocationList => CardWarning::OnRevocationList,
        Sdk::Suspended => CardWarning::Suspended,
        Sdk::Expired { since } => CardWarning::Expired { since: u64::from(since.0) },
        Sdk::ClockWrong { ahead_s } => CardWarning::ClockWrong { ahead_s },
        Sdk::OfflineTooLong { since, until } => {
            CardWarning::OfflineTooLong { since: u64::from(since.0), until: u64::from(until.0) }
        }
        _ => CardWarning::Revoked,
    }
}
