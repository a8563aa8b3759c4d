//! Inviting a user.

use uuid::Uuid;

use crate::domain::{
    Act, Actor, Invitation, InvitationCode, InvitationState, LIFE_S, Person, Turn, UnixTime, UserStatus,
    after,
};
use crate::error::{Error, Refusal};
use crate::mail::MailKind;
use crate::manager::Manager;
use crate::random;
use crate::store::{Holders, Transaction};

/// An invitation with its secret, which is shown only now.
#[derive(Clone, Debug)]
pub struct IssuedInvitation {
    /// Names the invitation in the audit log.
    pub id: Uuid,
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
    /// Invites a user for as long as the project says; see [`Manager::invite_for`].
    ///
    /// # Errors
    /// [`Refusal::UserUnknown`], [`Refusal::UserDeleted`], [`Refusal::UserSuspended`].
    pub async fn invite(&self, actor: Actor, user: Uuid) -> Result<IssuedInvitation, Error> {
        self.invite_for(actor, user, None).await
    }

    /// Invites a user: earlier invitations are void at once, and a phone that the user has is revoked now.
    ///
    /// `life_s` is for how many seconds the invitation is good, 1 hour to 1 year; `None` is as the project sets it.
    ///
    /// # Errors
    /// [`Refusal::UserUnknown`], [`Refusal::UserDeleted`], [`Refusal::UserSuspended`], [`Refusal::InvitationLife`].
    pub async fn invite_for(
        &self,
        actor: Actor,
        user: Uuid,
        life_s: Option<u32>,
    ) -> Result<IssuedInvitation, Error> {
        let (project, now) = (self.project_id(), self.now());
        let mut tx = self.write().await?;
        let (old, next) = self.turn(&mut tx, user, Turn::Invite).await?;
        let had_phone = self.revoke(&mut tx, user).await?.devices > 0;
        let kind = if had_phone { MailKind::Reinvitation } else { MailKind::Invitation };
        let invitation = self.issue_invitation(&mut tx, kind, (user, &old.person), life_s).await?;
        tx.set_user_status(project, user, next, now).await?;
        if old.status == UserStatus::Reset {
            tx.roster_changed(project).await?;
        }
        let detail = format!("invitation {}", invitation.id);
        tx.record(project, now, actor, Act::UserInvited, user.to_string(), detail).await?;
        tx.commit().await?;
        Ok(invitation)
    }

    /// Makes an invitation in place of older ones and mails it; status and audit log are the caller's.
    pub(super) async fn issue_invitation(
        &self,
        tx: &mut Transaction,
        kind: MailKind,
        (user, person): (Uuid, &Person),
        life_s: Option<u32>,
    ) -> Result<IssuedInvitation, Error> {
        let (project, now) = (self.project_id(), self.now());
        let life_s = life_s.unwrap_or(self.project().invitation_life_s);
        if !LIFE_S.contains(&life_s) {
            return Err(Refusal::InvitationLife(life_s).into());
        }
        let (id, expires_at) = (self.ids().next(now), after(now, life_s));
        let code = InvitationCode::new(random::octets()?);
        tx.void_invitations(Holders::Users, project, user).await?;
        let invitation = Invitation { id, user, state: InvitationState::Open, expires_at };
        tx.insert_invitation(Holders::Users, project, &code.hash(), &invitation, now).await?;
        self.mail_invitation(tx, kind, (user, person), (id, &code)).await?;
        let link = code.link(&self.project().public_url);
        Ok(IssuedInvitation { id, user, code, link, expires_at })
    }
}
