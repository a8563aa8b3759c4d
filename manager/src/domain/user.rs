//! A user and where the user stands.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::ids::UnixTime;
use super::person::Person;

/// A user as an administrator sees one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct User {
    /// Identifies the user; the ID that doors get is [`Person::user_id`].
    pub id: Uuid,
    /// Name, address and ID.
    #[serde(flatten)]
    pub person: Person,
    /// Where the user stands.
    pub status: UserStatus,
    /// When the invitation ends that is open now.
    #[schema(value_type = Option<u32>)]
    pub invitation_expires_at: Option<UnixTime>,
    /// When a phone first asked for a challenge with that invitation.
    #[schema(value_type = Option<u32>)]
    pub invitation_opened_at: Option<UnixTime>,
    /// When the user was added.
    #[schema(value_type = u32)]
    pub created_at: UnixTime,
    /// When the user was last changed.
    #[schema(value_type = u32)]
    pub updated_at: UnixTime,
}

/// Where a user stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum UserStatus {
    /// Has neither an invitation nor a phone.
    NotInvited,
    /// Has an invitation that can be redeemed.
    Invited,
    /// Let the invitation expire.
    InvitationExpired,
    /// Has an activated phone.
    Active,
    /// May not use the phone until the suspension ends.
    Suspended,
    /// Reset the app.
    Reset,
    /// Is to be deleted, and the phone has not learned it yet.
    DeletionPending,
    /// Is gone.
    Deleted,
}

impl UserStatus {
    /// All of them, in the order of a life.
    pub const ALL: [Self; 8] = [
        Self::NotInvited,
        Self::Invited,
        Self::InvitationExpired,
        Self::Active,
        Self::Suspended,
        Self::Reset,
        Self::DeletionPending,
        Self::Deleted,
    ];

    /// The name in the API and in the store.
    pub const fn name(self) -> &'static str {
        match self {
            Self::NotInvited => "not_invited",
            Self::Invited => "invited",
            Self::InvitationExpired => "invitation_expired",
            Self::Active => "active",
            Self::Suspended => "suspended",
            Self::Reset => "reset",
            Self::DeletionPending => "deletion_pending",
            Self::Deleted => "deleted",
        }
    }

    /// The name that people read.
    pub const fn label(self) -> &'static str {
        match self {
            Self::NotInvited => "Not invited",
            Self::Invited => "Invitation sent",
            Self::InvitationExpired => "Invitation expired",
            Self::Active => "Active",
            Self::Suspended => "Suspended",
            Self::Reset => "Reset",
            Self::DeletionPending => "Deletion pending",
            Self::Deleted => "Deleted",
        }
    }

    /// Undoes [`UserStatus::name`].
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.name() == name)
    }

    /// Whether the user is one of the project's people: neither deleted nor about to be.
    pub const fn is_present(self) -> bool {
        !matches!(self, Self::DeletionPending | Self::Deleted)
    }
}
