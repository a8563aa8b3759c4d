//! What has to be done when a time has come.

use crate::domain::{Actor, UnixTime};
use crate::error::Error;
use crate::manager::Manager;
use crate::once::KEPT_S;
use crate::store::{Holders, Transaction};

/// The age at which a revocation list is made anew, in seconds: a day, so that what has expired leaves it and that
/// nobody takes the newest list for one that was held back.
const LIST_LIFE_S: u32 = 24 * 3600;
/// Revocation lists that are kept, the newest ones.
const LISTS_KEPT: u32 = 100;
/// For how long an import plan is kept, in seconds: 90 days.
const PLAN_LIFE_S: u32 = 90 * 24 * 3600;

/// For how long a plan for cards that nobody applies is kept with what it says, in seconds: 7 days.
const UNAPPLIED_LIFE_S: u32 = 7 * 24 * 3600;
/// For how long mail is remembered after it was written, in seconds: 90 days.
const MAIL_KEPT_S: u32 = 90 * 24 * 3600;
/// For how long it is remembered what webhooks were told, in seconds: 30 days.
const DELIVERIES_KEPT_S: u32 = 30 * 24 * 3600;

impl Manager {
    /// Forgets what is over (challenges, old lists and plans), publishes the revocation list anew when it is a day old,
    /// makes deletions last that can no longer be undone, and ends deletions whose phones hold
    /// nothing any more; done again and again while
    /// the manager serves.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn keep_up(&self) -> Result<(), Error> {
        let (project, now) = (self.project_id(), self.now());
        let mut tx = self.write().await?;
        tx.forget_challenges(project, now).await?;
        tx.forget_invitation_secrets(Holders::Users, project, now).await?;
        tx.forget_invitation_secrets(Holders::Cards, project, now).await?;
        tx.forget_mail(project, UnixTime(now.0.saturating_sub(MAIL_KEPT_S))).await?;
        tx.forget_deliveries(project, UnixTime(now.0.saturating_sub(DELIVERIES_KEPT_S))).await?;
        self.end_undo(&mut tx).await?;
        tx.forget_answers(project, UnixTime(now.0.saturating_sub(KEPT_S))).await?;
        tx.forget_answered(project, now).await?;
        for user in tx.deletable_users(project, now).await? {
            self.finish_deletion(&mut tx, user, Actor::Manager).await?;
        }
        self.republish(&mut tx).await?;
        tx.forget_lists(project, LISTS_KEPT).await?;
        let (unapplied, old) = (now.0.saturating_sub(UNAPPLIED_LIFE_S), now.0.saturating_sub(PLAN_LIFE_S));
        tx.forget_card_plans(project, now, UnixTime(unapplied), UnixTime(old)).await?;
        tx.forget_plans(project, UnixTime(now.0.saturating_sub(PLAN_LIFE_S))).await?;
        tx.commit().await?;
        Ok(())
    }

    async fn republish(&self, tx: &mut Transaction) -> Result<(), Error> {
        let newest = tx.revocation_list_issue(self.project_id()).await?;
        let is_stale = |issued_at: UnixTime| self.now().0.saturating_sub(issued_at.0) >= LIST_LIFE_S;
        if newest.is_some_and(|(_, issued_at)| is_stale(issued_at)) {
            self.publish_list(tx).await?;
        }
        Ok(())
    }
}
