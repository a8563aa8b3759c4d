//! What has to be done when a time has come.

use crate::domain::Actor;
use crate::error::Error;
use crate::manager::Manager;

impl Manager {
    /// Forgets expired challenges, makes deletions last that can no longer be undone, and ends deletions whose phones hold nothing any more; done again and again while
    /// the manager serves.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn keep_up(&self) -> Result<(), Error> {
        let (project, now) = (self.project_id(), self.now());
        let mut tx = self.write().await?;
        tx.forget_challenges(project, now).await?;
        self.end_undo(&mut tx).await?;
        for user in tx.deletable_users(project, now).await? {
            self.finish_deletion(&mut tx, user, Actor::Manager).await?;
        }
        tx.commit().await?;
        Ok(())
    }
}
