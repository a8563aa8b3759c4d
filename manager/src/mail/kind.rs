//! What there is to say by mail.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A kind of mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MailKind {
    /// A user is invited.
    Invitation,
    /// A user who has a phone is invited again, so that the phone works no more.
    Reinvitation,
    /// An invitation waits for its user.
    InvitationReminder,
    /// An invitation was not used in time.
    InvitationExpired,
    /// A user's name, address or ID changed.
    UserChanged,
    /// A user was deleted.
    Deletion,
    /// Whoever gets a card is invited.
    CardInvitation,
    /// An invitation to a card waits for its holder.
    CardInvitationReminder,
    /// An invitation to a card was not used in time.
    CardInvitationExpired,
    /// A card ends soon.
    CardExpiring,
    /// A card has ended.
    CardExpired,
    /// Something that an administrator should know.
    Alert,
    /// Whether mail arrives at all.
    Test,
}

impl MailKind {
    /// Every kind.
    pub const ALL: [Self; 13] = [
        Self::Invitation,
        Self::Reinvitation,
        Self::InvitationReminder,
        Self::InvitationExpired,
        Self::UserChanged,
        Self::Deletion,
        Self::CardInvitation,
        Self::CardInvitationReminder,
        Self::CardInvitationExpired,
        Self::CardExpiring,
        Self::CardExpired,
        Self::Alert,
        Self::Test,
    ];

    /// The name in the store, in the API and on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Invitation => "invitation",
            Self::Reinvitation => "reinvitation",
            Self::InvitationReminder => "invitation_reminder",
            Self::InvitationExpired => "invitation_expired",
            Self::UserChanged => "user_changed",
            Self::Deletion => "deletion",
            Self::CardInvitation => "card_invitation",
            Self::CardInvitationReminder => "card_invitation_reminder",
            Self::CardInvitationExpired => "card_invitation_expired",
            Self::CardExpiring => "card_expiring",
            Self::CardExpired => "card_expired",
            Self::Alert => "alert",
            Self::Test => "test",
        }
    }

    /// Undoes [`MailKind::name`].
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// Whether the mail carries the secret of an invitation.
    pub const fn has_invitation(self) -> bool {
        matches!(
            self,
            Self::Invitation
                | Self::Reinvitation
                | Self::InvitationReminder
                | Self::CardInvitation
                | Self::CardInvitationReminder
        )
    }

    /// Whether the mail is about a card.
    pub const fn is_about_card(self) -> bool {
        matches!(
            self,
            Self::CardInvitation
                | Self::CardInvitationReminder
                | Self::CardInvitationExpired
                | Self::CardExpiring
                | Self::CardExpired
        )
    }
}
