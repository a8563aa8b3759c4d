//! Mail about cards.

use uuid::Uuid;

use crate::domain::{Act, Actor, InvitationCode, MailState};
use crate::error::{Error, Refusal};
use crate::mail::{MailKind, StoredCard, StoredFields};
use crate::manager::Manager;
use crate::store::{CardRow, Holders, MailFilter, Mailing, Transaction};

/// Whom mail about a card is to.
struct Recipient {
    address: String,
    first_name: String,
    last_name: String,
}

impl Manager {
    /// Mails an invitation to a card that was just made; the address, if one is known.
    pub(in crate::acts) async fn mail_card_invitation(
        &self,
        tx: &mut Transaction,
        row: &CardRow,
        (invitation, code): (Uuid, &InvitationCode),
    ) -> Result<Option<String>, Error> {
        let label = self.secret_label(invitation);
        let sealed = self.vault().seal(&label, code.canonical().as_bytes())?;
        tx.keep_invitation_secret(Holders::Cards, self.project_id(), &code.hash(), &sealed).await?;
        self.mail_about_card(tx, MailKind::CardInvitation, row, Some(invitation)).await
    }

    /// Mails a reminder of an invitation to a card that is open; the address, if there is something to mail and somebody
    /// to mail it to.
    pub(in crate::acts) async fn mail_card_reminder(
        &self,
        tx: &mut Transaction,
        kind: MailKind,
        row: &CardRow,
    ) -> Result<Option<String>, Error> {
        let open = tx.mailable_invitation(Holders::Cards, self.project_id(), row.shown.id).await?;
        let Some(open) = open.filter(|open| open.expires_at > self.now()) else { return Ok(None) };
        self.mail_about_card(tx, kind, row, Some(open.id)).await
    }

    /// Mails whoever has a card, or gets it; the address, if one is known.
    pub(in crate::acts) async fn mail_about_card(
        &self,
        tx: &mut Transaction,
        kind: MailKind,
        row: &CardRow,
        invitation: Option<Uuid>,
    ) -> Result<Option<String>, Error> {
        let card = &row.shown;
        let Some(Recipient { address, first_name, last_name }) = self.recipient(tx, row).await? else {
            return Ok(None);
        };
        let zone = card.time_zone.clone().unwrap_or_else(|| self.project().time_zone.clone());
        let about = StoredCard {
            kind: card.template_name.clone(),
            card_id: card.card_id.clone(),
            end: card.expires_at.map(|at| (at.0, zone)),
        };
        let fields = StoredFields { first_name, last_name, card: Some(about), ..StoredFields::default() };
        let to = (card.user, Some(card.id));
        self.insert(tx, kind, to, invitation, &address, None, &fields, self.now()).await?;
        Ok(Some(address))
    }

    /// Mails the open invitation to a card once more, with the same code, to the address that the card has now.
    ///
    /// # Errors
    /// [`Refusal::CardUnknown`], [`Refusal::CardArchived`], [`Refusal::MailNotRepeatable`] when there is no open
    /// invitation whose code is still known, or no address.
    pub async fn resend_card_invitation(&self, actor: Actor, card: Uuid) -> Result<Mailing, Error> {
        let project = self.project_id();
        let mut tx = self.write().await?;
        let row = self.known_card(&mut tx, card).await?;
        if self.mail_card_reminder(&mut tx, MailKind::CardInvitation, &row).await?.is_none() {
            return Err(Refusal::MailNotRepeatable.into());
        }
        let filter = MailFilter { card: Some(card), state: Some(MailState::Queued), ..MailFilter::default() };
        let newest = tx.mailings(project, filter, Uuid::max(), 1).await?.into_iter().next();
        self.note(&mut tx, actor, Act::CardInvitationMailed, card, "").await?;
        tx.commit().await?;
        Ok(newest.ok_or(Refusal::MailUnknown)?)
    }

    /// The address of the card, or of its user, who is called by name.
    async fn recipient(&self, tx: &mut Transaction, row: &CardRow) -> Result<Option<Recipient>, Error> {
        let user = match row.shown.user {
            Some(user) => tx.user(self.project_id(), user, self.now()).await?,
            None => None,
        };
        let person = user.map(|user| user.person);
        let address = row.shown.email.clone().or_else(|| person.as_ref().map(|person| person.email.clone()));
        let (first_name, last_name) =
            person.map(|person| (person.first_name, person.last_name)).unwrap_or_default();
        Ok(address.map(|address| Recipient { address, first_name, last_name }))
    }
}
