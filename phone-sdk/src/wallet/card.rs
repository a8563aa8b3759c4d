//! A card as the app shows it.

use core::fmt;

use credential::id::{ProjectId, UserId};
use credential::time::{OutsideValidity, UnixTime, Validity};
use serde::{Deserialize, Serialize};

use super::id_card::IdCard;
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
    /// What a door hands to the access control system; `None` once the device is revoked, and for a card that is only
    /// shown.
    pub user_id: Option<UserId>,
    /// When the credential holds; `None` where there is none.
    pub validity: Option<Validity>,
    /// From when on it should be renewed.
    pub renew_after: UnixTime,
    /// Whether it opens doors.
    pub state: CardState,
    /// What its holder should be told, if anything.
    pub warning: Option<CardWarning>,
    /// The card to show, if there is one.
    pub id_card: Option<IdCard>,
}

/// What the holder of a card should be told, the gravest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CardWarning {
    /// The device is revoked for good: the card can be removed.
    Revoked,
    /// The project's revocation list names the credential: doors refuse it, and the next renewal says why.
    OnRevocationList,
    /// The user is suspended; renewing helps once the administrator resumes the user.
    Suspended,
    /// The credential is over: doors refuse it until it is renewed.
    Expired {
        /// Since when.
        since: UnixTime,
    },
    /// The phone's clock is wrong, and doors may be answered as strangers or certificates taken for expired.
    ClockWrong {
        /// Seconds by which it is ahead of the manager's; behind it if negative.
        ahead_s: i64,
    },
    /// Offline for too long: renewals that were due did not succeed, and doors refuse the card from `until` on.
    OfflineTooLong {
        /// When the manager last answered.
        since: UnixTime,
        /// When the credential ends.
        until: UnixTime,
    },
}

/// Seconds by which a clock may be wrong without a warning.
const CLOCK_TOLERANCE_S: u64 = 300;

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
    /// It is a card to show, and opens no door.
    ShowOnly,
}

impl CardState {
    /// Its name for programs, which stays.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::RenewalDue => "renewal-due",
            Self::NotYetValid => "not-yet-valid",
            Self::Expired => "expired",
            Self::Suspended => "suspended",
            Self::Revoked => "revoked",
            Self::ShowOnly => "show-only",
        }
    }
}

impl CardWarning {
    /// Its name for programs, which stays.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Revoked => "revoked",
            Self::OnRevocationList => "on-revocation-list",
            Self::Suspended => "suspended",
            Self::Expired { .. } => "expired",
            Self::ClockWrong { .. } => "clock-wrong",
            Self::OfflineTooLong { .. } => "offline-too-long",
        }
    }
}

impl Card {
    pub(super) fn of(record: &CardRecord, document: &Document, now: Option<UnixTime>) -> Self {
        let fields = record.fields();
        let validity = fields.as_ref().map(|fields| fields.validity);
        let state = state(record, validity, now);
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
            state,
            warning: warning(record, document, state, validity, now),
            id_card: record.id_card.clone(),
        }
    }
}

fn state(record: &CardRecord, validity: Option<Validity>, now: Option<UnixTime>) -> CardState {
    match (record.standing, validity, now) {
        (Standing::Suspended, ..) => CardState::Suspended,
        (Standing::Good, None, _) if record.id_card.is_some() => CardState::ShowOnly,
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

fn warning(
    record: &CardRecord,
    document: &Document,
    state: CardState,
    validity: Option<Validity>,
    now: Option<UnixTime>,
) -> Option<CardWarning> {
    let project = document.project(record.project);
    let ahead_s = project.map_or(0, |project| project.clock_ahead_s);
    let clock = (ahead_s.unsigned_abs() > CLOCK_TOLERANCE_S).then_some(CardWarning::ClockWrong { ahead_s });
    let (Some(validity), false) = (validity, state == CardState::Revoked) else {
        return if state == CardState::ShowOnly { clock } else { Some(CardWarning::Revoked) };
    };
    let list = project.and_then(|project| project.revocations.as_ref());
    if list.is_some_and(|list| list.serials.contains(&record.serial())) {
        return Some(CardWarning::OnRevocationList);
    }
    match state {
        CardState::Suspended => return Some(CardWarning::Suspended),
        CardState::Expired => return Some(CardWarning::Expired { since: validity.not_after }),
        _ => {}
    }
    if clock.is_some() {
        return clock;
    }
    // Renewal is due after a third of the life; with two thirds gone it has failed for a while.
    let third = record.renew_after.saturating_sub(validity.not_before.0);
    let late = record.renew_after.saturating_add(third);
    let is_late = now.is_some_and(|now| now.0 >= late);
    is_late.then_some(CardWarning::OfflineTooLong {
        since: UnixTime(record.heard_at),
        until: validity.not_after,
    })
}

impl fmt::Debug for Card {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Names and user ID are a person's.
        f.debug_struct("Card").field("id", &self.id).field("state", &self.state).finish_non_exhaustive()
    }
}
