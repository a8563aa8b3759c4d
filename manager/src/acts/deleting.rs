//! Deleting users, and knowing when a deleted user's phone has learned of it.

use uuid::Uuid;

use super::Revocation;
use crate::domain::{Act, Actor, Serial, Turn, User};
use crate::error::{Error, Refusal};
use crate::manager::Manager;
use crate::store::Transaction;

impl Manager {
    /// Deletes a user: an invitation is void at once, a phone is revoked now.
    ///
    /// The user is *deletion pending* until the phone has learned of it or its credential has expired.
    ///
    /// # Errors
    /// [`Refusal::UserUnknown`], [`Refusal::UserDeleted`].
    pub async fn delete_user(&self, actor: Actor, user: Uuid) -> Result<(User, Revocation), Error> {
        let (project, now) = (self.project_id(), self.now());
        let mut tx = self.write().await?;
        let serials = self.remove(&mut tx, user).await?;
        let list_version = self.publish_if(&mut tx, !serials.is_empty()).await?;
        tx.roster_changed(project).await?;
        let user = tx.user(project, user, now).await?.ok_or(Refusal::UserUnknown)?;
        let (subject, detail) = (user.id.to_string(), format!("{}, list {list_version}", user.status.name()));
        tx.record(project, now, actor, Act::UserDeleted, subject, detail).await?;
        tx.commit().await?;
        Ok((user, Revocation { devices: 0, serials, list_version }))
    }

    /// Takes everything from a user who is deleted; the serials have to be published in the same transaction.
    pub(super) async fn remove(&self, tx: &mut Transaction, user: Uuid) -> Result<Vec<Serial>, Error> {
        let (_, next) = self.turn(tx, user, Turn::Delete).await?;
        let withdrawn = self.withdraw(tx, user).await?;
        tx.set_user_status(self.project_id(), user, next, self.now()).await?;
        Ok(withdrawn.serials)
    }

    /// Ends the deletion of a user whose phones have all learned of it, or hold nothing any more.
    pub(super) async fn finish_deletion(
        &self,
        tx: &mut Transaction,
        user: Uuid,
        actor: Actor,
    ) -> Result<(), Error> {
        let (project, now) = (self.project_id(), self.now());
        let (old, next) = self.turn(tx, user, Turn::DeletionLearned).await?;
        if next != old.status {
            tx.set_user_status(project, user, next, now).await?;
            tx.record(project, now, actor, Act::UserGone, user.to_string(), String::new()).await?;
        }
        Ok(())
    }
}
