//! The life of a card: from each status, what each act leads to. The one table that every act asks.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Where a card stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CardStatus {
    /// On no phone yet.
    Inactive,
    /// Installed on a phone.
    Active,
    /// Installed, and shown as not valid until it is reactivated.
    Deactivated,
    /// Put away; on no phone.
    Archived,
    /// Taken off its phone.
    Uninstalled,
}

/// What somebody does, or what happens, to a card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CardTurn {
    /// The holder gets an invitation; the phone that has the card loses it.
    Invite,
    /// A phone installs it.
    Install,
    /// An administrator lets it not be valid until further notice; it stays on its phone.
    Deactivate,
    /// It is valid again.
    Reactivate,
    /// An administrator puts it away; its phone loses it.
    Archive,
    /// It comes back, to be installed anew.
    Restore,
    /// An administrator or the holder takes it off its phone.
    Uninstall,
}

/// Why a status does not allow an act.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CardForbidden {
    /// The card was put away.
    Archived,
    /// The act is for cards that are as this says.
    Needs(&'static str),
}

impl CardStatus {
    /// All of them, in the order of a life.
    pub const ALL: [Self; 5] =
        [Self::Inactive, Self::Active, Self::Deactivated, Self::Archived, Self::Uninstalled];

    /// The name in the API and in the store.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Inactive => "inactive",
            Self::Active => "active",
            Self::Deactivated => "deactivated",
            Self::Archived => "archived",
            Self::Uninstalled => "uninstalled",
        }
    }

    /// The name that people read.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Inactive => "Inactive",
            Self::Active => "Active",
            Self::Deactivated => "Deactivated",
            Self::Archived => "Archived",
            Self::Uninstalled => "Uninstalled",
        }
    }

    /// Undoes [`CardStatus::name`].
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.name() == name)
    }
}

/// The status that a card of `status` has after `turn`.
///
/// # Errors
/// Why the act is not for a card of this status.
pub const fn next_card_status(status: CardStatus, turn: CardTurn) -> Result<CardStatus, CardForbidden> {
    use CardStatus::{Active, Archived, Deactivated, Inactive, Uninstalled};
    Ok(match (turn, status) {
        (CardTurn::Restore, Archived) => Inactive,
        (CardTurn::Restore, _) => return Err(CardForbidden::Needs("archived")),
        (_, Archived) => return Err(CardForbidden::Archived),

        // A card that is not valid does not become so by another phone.
        (CardTurn::Invite | CardTurn::Install, Deactivated) => Deactivated,
        (CardTurn::Invite, _) => Inactive,
        (CardTurn::Install, _) => Active,

        (CardTurn::Deactivate, Active) => Deactivated,
        (CardTurn::Deactivate, _) => return Err(CardForbidden::Needs("active")),
        (CardTurn::Reactivate, Deactivated) => Active,
        (CardTurn::Reactivate, _) => return Err(CardForbidden::Needs("deactivated")),

        (CardTurn::Archive, _) => Archived,

        (CardTurn::Uninstall, Active | Deactivated) => Uninstalled,
        (CardTurn::Uninstall, Inactive | Uninstalled) => return Err(CardForbidden::Needs("on a phone")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_lives_is_that_of_the_documentation() {
        use CardStatus::{Active, Archived, Deactivated, Inactive, Uninstalled};
        let table = [
            (CardTurn::Invite, [Some(Inactive), Some(Inactive), Some(Deactivated), None, Some(Inactive)]),
            (CardTurn::Install, [Some(Active), Some(Active), Some(Deactivated), None, Some(Active)]),
            (CardTurn::Deactivate, [None, Some(Deactivated), None, None, None]),
            (CardTurn::Reactivate, [None, None, Some(Active), None, None]),
            (CardTurn::Archive, [Some(Archived), Some(Archived), Some(Archived), None, Some(Archived)]),
            (CardTurn::Restore, [None, None, None, Some(Inactive), None]),
            (CardTurn::Uninstall, [None, Some(Uninstalled), Some(Uninstalled), None, None]),
        ];
        for (turn, expected) in table {
            let found = CardStatus::ALL.map(|status| next_card_status(status, turn).ok());
            assert_eq!(found, expected, "{turn:?}");
        }
    }

    #[test]
    fn names_are_read_as_they_are_written() {
        for status in CardStatus::ALL {
            assert_eq!(CardStatus::from_name(status.name()), Some(status));
        }
    }
}
