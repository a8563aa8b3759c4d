//! Suspending a user until further notice.

use uuid::Uuid;

use super::Revocation;
use crate::domain::{Act, Actor, Turn, UserStatus};
use crate::error::Error;
use crate::manager::Manager;

impl Manager {
    /// Suspends a user: doors refuse the phone by the revocation list, an invitation is void; the phone may come back
    /// later.
    ///
    /// # Errors
    /// [`Refusal::UserUnknown`](crate::Refusal::UserUnknown), [`Refusal::UserDeleted`](crate::Refusal::UserDeleted),
    /// [`Refusal::UserStatus`](crate::Refusal::UserStatus) if the user is suspended already.
    pub async fn suspend_user(&self, actor: Actor, user: Uuid) -> Result<Revocation, Error> {
        let (project, now) = (self.project_id(), self.now());
        let mut tx = self.write().await?;
        let (old, next) = self.turn(&mut tx, user, Turn::Suspend).await?;
        tx.void_open_invitation(project, user).await?;
        let serials = tx.revoke_credentials(project, user, now).await?;
        let list_version = self.publish_if(&mut tx, !serials.is_empty()).await?;
        tx.set_user_status(project, user, next, now).await?;
        if old.status == UserStatus::Reset {
            tx.roster_changed(project).await?;
        }
        let detail = format!("list {list_version}");
        tx.record(project, now, actor, Act::UserSuspended, user.to_string(), detail).await?;
        tx.commit().await?;
        Ok(Revocation { devices: 0, serials, list_version })
    }

    /// Ends a suspension: the phone gets a credential with a new serial at its next renewal; a user who had none has
    /// to be invited.
    ///
    /// # Errors
    /// [`Refusal::UserUnknown`](crate::Refusal::UserUnknown), [`Refusal::UserDeleted`](crate::Refusal::UserDeleted),
    /// [`Refusal::UserStatus`](crate::Refusal::UserStatus) unless the user is suspended.
    pub async fn resume_user(&self, actor: Actor, user: Uuid) -> Result<(), Error> {
        let (project, now) = (self.project_id(), self.now());
        let mut tx = self.write().await?;
        let (_, next) = self.turn(&mut tx, user, Turn::Resume).await?;
        tx.set_user_status(project, user, next, now).await?;
        tx.record(project, now, actor, Act::UserResumed, user.to_string(), String::new()).await?;
        tx.commit().await?;
        Ok(())
    }
}
