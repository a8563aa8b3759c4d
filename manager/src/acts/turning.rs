//! What every act on a user begins with.

use uuid::Uuid;

use crate::domain::{Turn, User, UserStatus, next_status};
use crate::error::{Error, Refusal};
use crate::manager::Manager;
use crate::store::Transaction;

impl Manager {
    /// The user as the act finds one, and the status that the act leads to; the caller writes it.
    ///
    /// # Errors
    /// [`Refusal::UserUnknown`], and whatever keeps a user of this status from the act.
    pub(super) async fn turn(
        &self,
        tx: &mut Transaction,
        user: Uuid,
        turn: Turn,
    ) -> Result<(User, UserStatus), Error> {
        let (project, now) = (self.project_id(), self.now());
        let user = tx.user(project, user, now).await?.ok_or(Refusal::UserUnknown)?;
        let has_phone = match turn {
            Turn::Resume => tx.has_device(project, user.id).await?,
            Turn::Delete => tx.holds_credential(project, user.id, now).await?,
            _ => false,
        };
        let next = next_status(user.status, turn, has_phone).map_err(Refusal::from)?;
        Ok((user, next))
    }
}
