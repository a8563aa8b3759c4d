//! The life of a user: from each status, what each act leads to. The one table that every act asks.

use super::user::UserStatus;

/// What somebody does, or what happens, to a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// Name, address or ID is changed.
    Edit,
    /// The user gets an invitation; older ones are void and a phone is revoked.
    Invite,
    /// A phone redeems the invitation.
    Redeem,
    /// The invitation is withdrawn, or voided by wrong answers.
    VoidInvitation,
    /// The user may not use a phone until further notice.
    Suspend,
    /// The suspension ends.
    Resume,
    /// An administrator revokes the phone; the user stays.
    Revoke,
    /// The holder resets the app, which tells the manager.
    ResetByHolder,
    /// An administrator makes the holder start over.
    ResetByAdministrator,
    /// The user is deleted.
    Delete,
    /// The last phone of a deleted user has learned of it, or holds nothing any more.
    DeletionLearned,
}

/// Why a status does not allow an act.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Forbidden {
    /// The user is deleted or about to be.
    Deleted,
    /// The user is suspended, and the act would undo that.
    Suspended,
    /// The act is for users who are as this says.
    Needs(&'static str),
}

impl Turn {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::Edit,
        Self::Invite,
        Self::Redeem,
        Self::VoidInvitation,
        Self::Suspend,
        Self::Resume,
        Self::Revoke,
        Self::ResetByHolder,
        Self::ResetByAdministrator,
        Self::Delete,
        Self::DeletionLearned,
    ];
}

/// The status that a user of `status` has after `turn`.
///
/// `has_phone` says whether the user has a phone that was not revoked; for a deletion, one that holds a credential
/// which has not expired, too.
///
/// # Errors
/// Why the act is not for a user of this status.
pub const fn next_status(status: UserStatus, turn: Turn, has_phone: bool) -> Result<UserStatus, Forbidden> {
    use UserStatus::{
        Active, Deleted, DeletionPending, InvitationExpired, Invited, NotInvited, Reset, Suspended,
    };
    Ok(match (turn, status) {
        (Turn::DeletionLearned | Turn::ResetByHolder, DeletionPending) => Deleted,
        // Whatever a phone says that was revoked before changes nothing, and a suspension outlives the app.
        (Turn::ResetByHolder, Active) => Reset,
        (Turn::DeletionLearned | Turn::ResetByHolder, unchanged) => unchanged,

        (_, DeletionPending | Deleted) => return Err(Forbidden::Deleted),

        (Turn::Edit, unchanged) => unchanged,

        (Turn::Invite, Suspended) => return Err(Forbidden::Suspended),
        (Turn::Invite, _) => Invited,

        (Turn::Redeem, Invited) => Active,
        (Turn::Redeem, _) => return Err(Forbidden::Needs("invited")),

        (Turn::VoidInvitation, Invited | InvitationExpired) => NotInvited,
        (Turn::VoidInvitation, _) => return Err(Forbidden::Needs("invited")),

        (Turn::Suspend, Suspended) => return Err(Forbidden::Needs("not suspended")),
        (Turn::Suspend, _) => Suspended,

        (Turn::Resume, Suspended) if has_phone => Active,
        (Turn::Resume, Suspended) => NotInvited,
        (Turn::Resume, _) => return Err(Forbidden::Needs("suspended")),

        (Turn::Revoke, Suspended) => Suspended,
        (Turn::Revoke, _) => NotInvited,

        (Turn::ResetByAdministrator, Active) => Reset,
        (Turn::ResetByAdministrator, Suspended) => return Err(Forbidden::Suspended),
        (Turn::ResetByAdministrator, _) => return Err(Forbidden::Needs("active")),

        (Turn::Delete, _) if has_phone => DeletionPending,
        (Turn::Delete, _) => Deleted,
    })
}

#[cfg(test)]
mod tests;
