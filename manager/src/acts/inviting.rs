//! Inviting a user.

use uuid::Uuid;

use crate::domain::{Act, Actor, Invitation, InvitationCode, InvitationState, UnixTime, UserStatus, after};
use crate::error::{Error, Refusal};
use crate::mail::MailKind;
use crate::manager::Manager;
use crate::random;

/// An invitation with its secret, which is shown only now.
#[derive(Clone, Debug)]
pub struct IssuedInvitation {
    /// Who is invited.
    pub user: Uuid,
    /// The secret; as a code to type by [`InvitationCode::grouped`].
    pub code: InvitationCode,
    /// The link, which is also the text of the QR code.
    pub link: String,
    /// The first second at which it is no longer valid.
    pub expires_at: UnixTime,
}

impl Manager {
    /// Invites a user: earlier invitations are void at once, and a phone that the user has is revoked now.
    ///
    /// # Errors
    /// [`Refusal::UserUnknown`], [`Refusal::UserDeleted`], [`Refusal::UserSuspended`].
    pub async fn invite(&self, actor: Actor, user: Uuid) -> Result<IssuedInvitation, Error> {
        let (project, now) = (self.project_id(), self.now());
        let code = InvitationCode::new(random::octets()?);
        let expires_at = after(now, self.project().invitation_life_s);
        let id = self.ids().next(now);
        let mut tx = self.write().await?;
        let known = tx.user(project, user, now).await?.ok_or(Refusal::UserUnknown)?;
        let status = known.status;
        if status == UserStatus::Suspended {
            return Err(Refusal::UserSuspended.into());
        }
        if !status.is_present() {
            return Err(Refusal::UserDeleted.into());
        }
        let had_phone = self.revoke(&mut tx, user).await?.devices > 0;
        let invitation = Invitation { id, user, state: InvitationState::Open, expires_at };
        tx.insert_invitation(project, &code.hash(), &invitation, now).await?;
        let kind = if had_phone { MailKind::Reinvitation } else { MailKind::Invitation };
        self.mail_invitation(&mut tx, kind, (user, &known.person), (id, &code)).await?;
        tx.set_user_status(project, user, UserStatus::Invited, now).await?;
        if status == UserStatus::Reset {
            tx.roster_changed(project).await?;
        }
        tx.record(project, now, actor, Act::UserInvited, user.to_string(), format!("invitation {id}"))
            .await?;
        tx.commit().await?;
        let link = code.link(&self.project().public_url);
        Ok(IssuedInvitation { user, code, link, expires_at })
    }
}
