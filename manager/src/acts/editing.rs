//! Editing a user, and what follows for the invitation or the phone.

use uuid::Uuid;

use super::adding::valid;
use super::{IssuedInvitation, Revocation};
use crate::domain::{
    Act, Actor, Expected, Field, Person, PersonEdit, Serial, Turn, User, UserStatus, email_key,
};
use crate::error::{Error, Refusal};
use crate::mail::MailKind;
use crate::manager::Manager;
use crate::store::Transaction;

/// A user after an edit, and what followed from it.
#[derive(Clone, Debug)]
pub struct EditedUser {
    /// The user as it is now.
    pub user: User,
    /// The invitation that took the place of the one that was sent to the old address.
    pub invitation: Option<IssuedInvitation>,
    /// The credentials that carried the old user ID.
    pub revocation: Option<Revocation>,
}

/// What follows from a changed person; serials have to be published in the same transaction.
#[derive(Default)]
pub(super) struct Consequences {
    pub(super) invitation: Option<IssuedInvitation>,
    pub(super) serials: Vec<Serial>,
}

impl Manager {
    /// Changes what is known of a user.
    ///
    /// The phone of an active user learns of it at its next renewal. A changed user ID revokes the credentials that
    /// carry the old one at once, since that ID may be given to somebody else; the phone stays and renews. An address
    /// that changes while the user is invited gets a new invitation, and the old one is void.
    ///
    /// # Errors
    /// [`Refusal::UserUnknown`], [`Refusal::UserDeleted`], [`Refusal::PersonInvalid`], [`Refusal::Taken`].
    pub async fn edit_user(&self, actor: Actor, user: Uuid, edit: &PersonEdit) -> Result<EditedUser, Error> {
        self.edit_expected_user(actor, &Expected::Any, user, edit).await
    }

    /// Changes a user as [`Manager::edit_user`] does, if the user is still as the edit is meant for.
    ///
    /// # Errors
    /// Those of [`Manager::edit_user`], [`Refusal::PreconditionFailed`].
    pub async fn edit_expected_user(
        &self,
        actor: Actor,
        expected: &Expected,
        user: Uuid,
        edit: &PersonEdit,
    ) -> Result<EditedUser, Error> {
        let (project, now) = (self.project_id(), self.now());
        let mut tx = self.write().await?;
        let (old, _) = self.turn(&mut tx, user, Turn::Edit).await?;
        if !expected.holds(&old) {
            return Err(Refusal::PreconditionFailed.into());
        }
        let new = valid(edit.applied_to(&old.person))?;
        if new == old.person {
            return Ok(EditedUser { user: old, invitation: None, revocation: None });
        }
        self.refuse_taken(&mut tx, &new, Some(user)).await?;
        let Consequences { invitation, serials } = self.change_person(&mut tx, &old, &new).await?;
        let revocation = if serials.is_empty() {
            None
        } else {
            let list_version = self.publish_list(&mut tx).await?;
            Some(Revocation { devices: 0, serials, list_version })
        };
        tx.roster_changed(project).await?;
        let detail = detail(&old.person, &new, invitation.as_ref(), revocation.as_ref());
        tx.record(project, now, actor, Act::UserEdited, user.to_string(), detail).await?;
        let user = tx.user(project, user, now).await?.ok_or(Refusal::UserUnknown)?;
        tx.commit().await?;
        Ok(EditedUser { user, invitation, revocation })
    }

    /// Writes the new values of a user and does what follows from them.
    pub(super) async fn change_person(
        &self,
        tx: &mut Transaction,
        user: &User,
        new: &Person,
    ) -> Result<Consequences, Error> {
        let (project, now) = (self.project_id(), self.now());
        let old = &user.person;
        tx.update_person(project, user.id, new, now).await?;
        let mut consequences = Consequences::default();
        if user.status == UserStatus::Invited && email_key(&old.email) != email_key(&new.email) {
            consequences.invitation =
                Some(self.issue_invitation(tx, MailKind::Invitation, (user.id, new), None).await?);
        }
        if old.user_id != new.user_id {
            consequences.serials = tx.revoke_credentials(project, user.id, now).await?;
        }
        Ok(consequences)
    }
}

/// Which fields were changed, without their values, and what followed.
fn detail(
    old: &Person,
    new: &Person,
    invitation: Option<&IssuedInvitation>,
    revocation: Option<&Revocation>,
) -> String {
    let changed = [
        (Field::FirstName, old.first_name != new.first_name),
        (Field::LastName, old.last_name != new.last_name),
        (Field::Email, old.email != new.email),
        (Field::UserId, old.user_id != new.user_id),
        (Field::SyncId, old.sync_id != new.sync_id),
    ];
    let changed: Vec<&str> =
        changed.into_iter().filter(|(_, is_changed)| *is_changed).map(|(field, _)| field.key()).collect();
    let mut detail = changed.join(" ");
    if let Some(invitation) = invitation {
        detail.push_str(&format!(", invitation {}", invitation.id));
    }
    if let Some(revocation) = revocation {
        detail.push_str(&format!(", list {}", revocation.list_version));
    }
    detail
}
