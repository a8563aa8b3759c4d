//! Inviting the holder of a card, to the card alone.

use uuid::Uuid;

use crate::domain::{
    Act, Actor, CardTurn, HolderPhoto, Invitation, InvitationCode, InvitationState, LIFE_S, PhotoRule,
    UnixTime, after, next_card_status,
};
use crate::error::{Error, Refusal};
use crate::manager::Manager;
use crate::random;
use crate::store::Holders;

/// An invitation to a card with its secret, which is shown only now.
#[derive(Clone, Debug)]
pub struct CardInvitation {
    /// Names the invitation in the audit log.
    pub id: Uuid,
    /// The card.
    pub card: Uuid,
    /// The secret; as a code to type by [`InvitationCode::grouped`].
    pub code: InvitationCode,
    /// The link, which is also the text of the QR code.
    pub link: String,
    /// The first second at which it is no longer valid.
    pub expires_at: UnixTime,
    /// The address that it is mailed to; `None` where none is known.
    pub mailed_to: Option<String>,
}

impl Manager {
    /// Invites whoever gets a card: earlier invitations are void at once, and the phone that has the card loses it.
    ///
    /// It is mailed to the address of the card, or else of its user.
    ///
    /// The answer to the invitation is the card, without a credential that opens doors; the card of a user comes with
    /// the user's own invitation, too. `life_s` is for how many seconds it is good, 1 hour to 1 year; `None` is as the
    /// template or the project sets it.
    ///
    /// # Errors
    /// [`Refusal::CardUnknown`], [`Refusal::CardArchived`], [`Refusal::CardInvalid`] without a photo that the template
    /// requires, [`Refusal::InvitationLife`].
    pub async fn invite_to_card(
        &self,
        actor: Actor,
        id: Uuid,
        life_s: Option<u32>,
    ) -> Result<CardInvitation, Error> {
        let (project, now) = (self.project_id(), self.now());
        let mut tx = self.write().await?;
        let mut row = self.known_card(&mut tx, id).await?;
        row.shown.status = next_card_status(row.shown.status, CardTurn::Invite).map_err(Refusal::from)?;
        let photo = row.design.photo;
        if photo.rule == PhotoRule::Required
            && photo.from_holder == HolderPhoto::Never
            && row.shown.photo.shown.is_none()
        {
            let text = "the template requires a photo, and the card has none yet".to_owned();
            return Err(Refusal::CardInvalid(text).into());
        }
        let hours = row.design.issuance.invitation_hours.map(|hours| hours.saturating_mul(3600));
        let life_s = life_s.or(hours).unwrap_or(self.project().invitation_life_s);
        if !LIFE_S.contains(&life_s) {
            return Err(Refusal::InvitationLife(life_s).into());
        }
        let code = InvitationCode::new(random::octets()?);
        let (invitation, expires_at) = (self.ids().next(now), after(now, life_s));
        tx.void_invitations(Holders::Cards, project, id).await?;
        let open = Invitation { id: invitation, user: id, state: InvitationState::Open, expires_at };
        tx.insert_invitation(Holders::Cards, project, &code.hash(), &open, now).await?;
        (row.shown.device, row.shown.installed_at) = (None, None);
        row.shown.updated_at = now;
        tx.update_card(project, &row).await?;
        let mailed_to = self.mail_card_invitation(&mut tx, &row, (invitation, &code)).await?;
        let detail = format!("invitation {invitation}");
        tx.record(project, now, actor, Act::CardInvited, id.to_string(), detail).await?;
        tx.commit().await?;
        let link = code.link(&self.project().public_url);
        Ok(CardInvitation { id: invitation, card: id, code, link, expires_at, mailed_to })
    }
}
