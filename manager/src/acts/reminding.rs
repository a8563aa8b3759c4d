//! Reminding the holders of invitations that wait, and telling them when one is over.

mod cards;

use crate::domain::{Act, Actor, UserStatus};
use crate::error::Error;
use crate::mail::MailKind;
use crate::manager::Manager;
use crate::store::{Holders, Transaction, WaitingInvitation};

/// Invitations of one transaction, so that nobody waits for long who wants to write.
const BATCH: u32 = 100;

/// Whether a question was answered with as many as one transaction takes.
fn is_full(count: usize) -> bool {
    u32::try_from(count).is_ok_and(|count| count >= BATCH)
}

impl Manager {
    /// Whether [`Manager::remind`] has something to do; looks only.
    pub(crate) async fn has_to_remind(&self, tx: &mut Transaction) -> Result<bool, Error> {
        let (project, now, settings) = (self.project_id(), self.now(), self.project().reminders);
        Ok(self.has_to_remind_of_cards(tx).await?
            || !tx.expired_invitations(Holders::Users, project, now, 1).await?.is_empty()
            || !tx.due_reminders(Holders::Users, project, settings, now, 1).await?.is_empty())
    }

    /// Reminds up to a hundred holders, and notes up to a hundred invitations as over; whether there may be more.
    ///
    /// What is mailed and the note that it was are one transaction: nobody is reminded twice, and nobody is forgotten.
    pub(crate) async fn remind(&self) -> Result<bool, Error> {
        let (project, now) = (self.project_id(), self.now());
        let mut tx = self.write().await?;
        let settings = self.project().reminders;
        let expired = tx.expired_invitations(Holders::Users, project, now, BATCH).await?;
        for invitation in &expired {
            self.note_expired(&mut tx, invitation).await?;
        }
        let waiting = tx.due_reminders(Holders::Users, project, settings, now, BATCH).await?;
        let mut reminded = 0_usize;
        for invitation in &waiting {
            let Some(reminder) = settings.due(invitation.pending, now) else { continue };
            reminded = reminded.saturating_add(1);
            tx.note_reminder(Holders::Users, project, invitation, reminder, now).await?;
            let user = tx.user(project, invitation.user, now).await?;
            let Some(user) = user.filter(|user| user.status == UserStatus::Invited) else { continue };
            if self.mail_reminder(&mut tx, MailKind::InvitationReminder, (user.id, &user.person)).await? {
                let detail = format!("{}, invitation {}", reminder.name(), invitation.id);
                let act = Act::InvitationReminded;
                tx.record(project, now, Actor::Manager, act, user.id.to_string(), detail).await?;
            }
        }
        let has_more_cards = self.remind_of_cards(&mut tx).await?;
        tx.commit().await?;
        Ok(has_more_cards || is_full(expired.len()) || is_full(reminded))
    }

    async fn note_expired(&self, tx: &mut Transaction, invitation: &WaitingInvitation) -> Result<(), Error> {
        let (project, now) = (self.project_id(), self.now());
        tx.note_expiry(Holders::Users, project, invitation, now).await?;
        let user = tx.user(project, invitation.user, now).await?;
        let Some(user) = user.filter(|user| user.status == UserStatus::InvitationExpired) else {
            return Ok(());
        };
        if self.project().reminders.tells_expiry(invitation.pending.expires_at, now) {
            self.mail_user(tx, MailKind::InvitationExpired, (user.id, &user.person), now).await?;
        }
        let detail = format!("invitation {}", invitation.id);
        let act = Act::InvitationExpired;
        Ok(tx.record(project, now, Actor::Manager, act, user.id.to_string(), detail).await?)
    }
}
