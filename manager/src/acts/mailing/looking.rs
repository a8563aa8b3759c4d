//! Looking at mail, sending it again, and trying whether it arrives.

use uuid::Uuid;

use crate::domain::{Act, Actor, MailState, UserStatus};
use crate::error::{Error, Refusal};
use crate::mail::{Language, MailKind, is_sendable};
use crate::manager::Manager;
use crate::store::{MailFilter, Mailing};

/// Mails that one page has at most.
const MAILS_PAGE_MAX: u32 = 1000;

impl Manager {
    /// Up to `limit` mails (1,000 at most) that were written before the mail `before`, newest first.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn mails(
        &self,
        filter: MailFilter,
        before: Option<Uuid>,
        limit: u32,
    ) -> Result<Vec<Mailing>, Error> {
        let mut tx = self.read().await?;
        let before = before.unwrap_or_else(Uuid::max);
        Ok(tx.mailings(self.project_id(), filter, before, limit.min(MAILS_PAGE_MAX)).await?)
    }

    /// The mail of this id.
    ///
    /// # Errors
    /// [`Refusal::MailUnknown`].
    pub async fn mail(&self, id: Uuid) -> Result<Mailing, Error> {
        let mail = self.read().await?.mailing(self.project_id(), id).await?;
        Ok(mail.ok_or(Refusal::MailUnknown)?)
    }

    /// Mails a user once more what the last mail said, to the address that the user has now.
    ///
    /// An invitation keeps its code.
    ///
    /// # Errors
    /// [`Refusal::UserUnknown`], [`Refusal::UserDeleted`], [`Refusal::MailNotRepeatable`] when there is no open
    /// invitation whose code is still known: then the user has to be invited again.
    pub async fn resend_invitation(&self, actor: Actor, user: Uuid) -> Result<Mailing, Error> {
        let project = self.project_id();
        let mut tx = self.write().await?;
        let user = self.present_user(&mut tx, user).await?;
        let is_open = user.status == UserStatus::Invited;
        let to = (user.id, &user.person);
        if !is_open || !self.mail_reminder(&mut tx, MailKind::Invitation, to).await? {
            return Err(Refusal::MailNotRepeatable.into());
        }
        let filter =
            MailFilter { user: Some(user.id), state: Some(MailState::Queued), ..MailFilter::default() };
        let newest = tx.mailings(project, filter, Uuid::max(), 1).await?.into_iter().next();
        self.note(&mut tx, actor, Act::InvitationMailed, user.id, "").await?;
        tx.commit().await?;
        Ok(newest.ok_or(Refusal::MailUnknown)?)
    }

    /// Writes a test mail to an address; it is sent as any other mail is.
    ///
    /// # Errors
    /// [`Refusal::MailAddress`] for an address that no mail can be sent to.
    pub async fn send_test_mail(
        &self,
        actor: Actor,
        address: &str,
        language: Option<Language>,
    ) -> Result<Mailing, Error> {
        let address = address.trim();
        if crate::domain::email(address).is_err() || !is_sendable(address) {
            return Err(Refusal::MailAddress(address.to_owned()).into());
        }
        let mut tx = self.write().await?;
        self.mail_test(&mut tx, address, language).await?;
        self.note(&mut tx, actor, Act::MailTested, "mail", "").await?;
        let newest = tx.mailings(self.project_id(), MailFilter::default(), Uuid::max(), 1).await?;
        tx.commit().await?;
        Ok(newest.into_iter().next().ok_or(Refusal::MailUnknown)?)
    }

    /// Sets the language in which a user gets mail; `None` is that of the project.
    ///
    /// # Errors
    /// [`Refusal::UserUnknown`], [`Refusal::UserDeleted`].
    pub async fn set_user_language(
        &self,
        actor: Actor,
        user: Uuid,
        language: Option<Language>,
    ) -> Result<(), Error> {
        let mut tx = self.write().await?;
        let user = self.present_user(&mut tx, user).await?.id;
        tx.set_user_language(self.project_id(), user, language).await?;
        let name = language.map_or("that of the project", Language::name);
        self.note(&mut tx, actor, Act::MailSettingsChanged, user, format!("language {name}")).await?;
        Ok(tx.commit().await?)
    }
}
