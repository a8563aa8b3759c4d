//! Reminding of invitations to cards, and telling of cards that end.

use uuid::Uuid;

use super::{BATCH, is_full};
use crate::domain::{Act, Actor, CardStatus, EXPIRY_IS_NEWS_S, UnixTime};
use crate::error::Error;
use crate::mail::MailKind;
use crate::manager::Manager;
use crate::store::{CardRow, Holders, Transaction, WaitingInvitation};

impl Manager {
    /// Whether [`Manager::remind_of_cards`] has something to do; looks only.
    pub(super) async fn has_to_remind_of_cards(&self, tx: &mut Transaction) -> Result<bool, Error> {
        let (project, now, settings) = (self.project_id(), self.now(), self.project().reminders);
        Ok(!tx.expired_invitations(Holders::Cards, project, now, 1).await?.is_empty()
            || !tx.due_reminders(Holders::Cards, project, settings, now, 1).await?.is_empty()
            || !self.ending(tx, 1).await?.is_empty()
            || !self.ended(tx, 1).await?.is_empty())
    }

    /// As [`Manager::remind`], for cards; whether there may be more.
    pub(super) async fn remind_of_cards(&self, tx: &mut Transaction) -> Result<bool, Error> {
        let (project, now, settings) = (self.project_id(), self.now(), self.project().reminders);
        let expired = tx.expired_invitations(Holders::Cards, project, now, BATCH).await?;
        for invitation in &expired {
            self.note_expired_card_invitation(tx, invitation).await?;
        }
        let waiting = tx.due_reminders(Holders::Cards, project, settings, now, BATCH).await?;
        for invitation in &waiting {
            let Some(reminder) = settings.due(invitation.pending, now) else { continue };
            tx.note_reminder(Holders::Cards, project, invitation, reminder, now).await?;
            let Some(row) = self.waiting_card(tx, invitation.user).await? else { continue };
            if self.mail_card_reminder(tx, MailKind::CardInvitationReminder, &row).await?.is_some() {
                let detail = format!("{}, invitation {}", reminder.name(), invitation.id);
                let (act, subject) = (Act::CardInvitationReminded, row.shown.id.to_string());
                tx.record(project, now, Actor::Manager, act, subject, detail).await?;
            }
        }
        let ending = self.ending(tx, BATCH).await?;
        for card in &ending {
            self.tell_end(tx, *card, MailKind::CardExpiring).await?;
        }
        let ended = self.ended(tx, BATCH).await?;
        for card in &ended {
            self.tell_end(tx, *card, MailKind::CardExpired).await?;
        }
        Ok([expired.len(), waiting.len(), ending.len(), ended.len()].into_iter().any(is_full))
    }

    async fn ending(&self, tx: &mut Transaction, limit: u32) -> Result<Vec<Uuid>, Error> {
        match self.project().reminders.card_expiry_s() {
            Some(before_s) => Ok(tx.ending_cards(self.project_id(), before_s, self.now(), limit).await?),
            None => Ok(Vec::new()),
        }
    }

    /// Cards whose end is still news.
    async fn ended(&self, tx: &mut Transaction, limit: u32) -> Result<Vec<Uuid>, Error> {
        if !self.project().reminders.when_card_expired {
            return Ok(Vec::new());
        }
        let since = UnixTime(self.now().0.saturating_sub(EXPIRY_IS_NEWS_S));
        Ok(tx.ended_cards(self.project_id(), since, self.now(), limit).await?)
    }

    /// Tells the holder of a card that its end is near, or over; where nobody can be written to, that is noted too.
    async fn tell_end(&self, tx: &mut Transaction, card: Uuid, kind: MailKind) -> Result<(), Error> {
        let (project, now) = (self.project_id(), self.now());
        tx.note_card_end(project, card, kind == MailKind::CardExpired).await?;
        let row = self.known_card(tx, card).await?;
        // A card of a user whose phone was revoked is on no phone.
        if row.shown.status != CardStatus::Active
            || self.mail_about_card(tx, kind, &row, None).await?.is_none()
        {
            return Ok(());
        }
        let detail = if kind == MailKind::CardExpired { "over" } else { "near" };
        let subject = card.to_string();
        Ok(tx.record(project, now, Actor::Manager, Act::CardEndTold, subject, detail.to_owned()).await?)
    }

    async fn note_expired_card_invitation(
        &self,
        tx: &mut Transaction,
        invitation: &WaitingInvitation,
    ) -> Result<(), Error> {
        let (project, now) = (self.project_id(), self.now());
        tx.note_expiry(Holders::Cards, project, invitation, now).await?;
        let Some(row) = self.waiting_card(tx, invitation.user).await? else { return Ok(()) };
        if self.project().reminders.tells_expiry(invitation.pending.expires_at, now) {
            self.mail_about_card(tx, MailKind::CardInvitationExpired, &row, None).await?;
        }
        let (act, subject) = (Act::CardInvitationExpired, row.shown.id.to_string());
        let detail = format!("invitation {}", invitation.id);
        Ok(tx.record(project, now, Actor::Manager, act, subject, detail).await?)
    }

    /// A card that waits for a phone and is not over itself.
    async fn waiting_card(&self, tx: &mut Transaction, card: Uuid) -> Result<Option<CardRow>, Error> {
        let row = self.known_card(tx, card).await?;
        let is_over = row.shown.expires_at.is_some_and(|end| end <= self.now());
        let is_waiting = matches!(row.shown.status, CardStatus::Inactive | CardStatus::Deactivated);
        Ok((is_waiting && row.shown.device.is_none() && !is_over).then_some(row))
    }
}
