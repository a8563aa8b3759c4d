//! Sending what is due.

use std::time::{Duration, Instant};

use uuid::Uuid;

use crate::domain::{AlertKind, InvitationCode, MailState, UnixTime, after};
use crate::error::Error;
use crate::jobs::{Backoff, Next, Stop};
use crate::mail::{
    Channel, Delivery, InvitationFields, Letter, MailFields, MailKind, MailText, MessageId, compose, domain,
    moment, render,
};
use crate::manager::Manager;
use crate::store::{Holders, MailEnd, TakenMail};

use super::settings::Mailroom;

/// Mails that are taken at a time.
const BATCH: u32 = 20;
/// After this time a run takes no more mail, so that it ends before it is cut off.
const BUDGET: Duration = Duration::from_secs(120);
/// For how long a run has the mails that it took, in seconds: longer than it can last.
const LEASE_S: u32 = 700;
/// Between two tries of a mail.
const AGAIN: Backoff = Backoff { first_s: 60, most_s: 4 * 3600 };
/// A mail that was not taken for so long is given up: 3 days, in seconds.
const PATIENCE_S: u32 = 3 * 24 * 3600;
/// Mail that cannot be sent at all for so long is an alert, in seconds.
const BROKEN_S: u32 = 15 * 60;
/// An alert about that is not repeated earlier, in seconds.
const BROKEN_AGAIN_S: u32 = 24 * 3600;

/// Why a mail is not even tried.
enum Unsendable {
    /// What it is about is over.
    Dropped(&'static str),
    /// It can never be sent.
    Bounced(&'static str),
}

impl Manager {
    /// Sends mail that is due, as much as a minute's limit and the time of a run allow.
    pub(crate) async fn send_mail(&self, stop: &Stop) -> Result<Next, Error> {
        let room = self.mailroom().await?;
        let mut channel = room.transport.open();
        let result = self.send_through(&room, &mut channel, stop).await;
        channel.close().await;
        result
    }

    async fn send_through(&self, room: &Mailroom, channel: &mut Channel, stop: &Stop) -> Result<Next, Error> {
        let began = Instant::now();
        let mut left = room.per_minute;
        loop {
            if left == 0 {
                return Ok(Next::At(after(self.now(), 60)));
            }
            let lease = self.ids().next(self.now());
            let batch = self.take_batch(lease, left.min(BATCH)).await?;
            if batch.is_empty() {
                return Ok(Next::Usual);
            }
            for mail in batch {
                if stop.is_requested() || began.elapsed() > BUDGET {
                    self.release_batch(lease).await?;
                    return Ok(Next::Again);
                }
                left = left.saturating_sub(1);
                let delivery = self.send_one(room, channel, &mail).await?;
                self.end(&mail, lease, &delivery).await?;
                if let Delivery::Broken(class) = delivery {
                    self.release_batch(lease).await?;
                    self.tell_if_broken(&class).await?;
                    return Err(Error::MailBroken(class));
                }
            }
        }
    }

    async fn take_batch(&self, lease: Uuid, limit: u32) -> Result<Vec<TakenMail>, Error> {
        let now = self.now();
        let mut tx = self.write_beside().await?;
        let batch = tx.take_mail(self.project_id(), lease, after(now, LEASE_S), now, limit).await?;
        tx.commit().await?;
        Ok(batch)
    }

    async fn release_batch(&self, lease: Uuid) -> Result<(), Error> {
        let mut tx = self.write_beside().await?;
        tx.release_mail(self.project_id(), lease).await?;
        Ok(tx.commit().await?)
    }

    /// Puts a mail together and hands it over.
    async fn send_one(
        &self,
        room: &Mailroom,
        channel: &mut Channel,
        mail: &TakenMail,
    ) -> Result<Delivery, Error> {
        let project = self.project_id();
        let language = mail.language.unwrap_or(room.language);
        let mut tx = self.write_beside().await?;
        let text = tx.mail_text(project, mail.kind, language).await?;
        let invitation = match mail.invitation {
            None => Ok(None),
            Some(invitation) => {
                let found = match (mail.card, mail.user) {
                    (Some(card), _) => tx.mailable_invitation(Holders::Cards, project, card).await?,
                    (None, Some(user)) => tx.mailable_invitation(Holders::Users, project, user).await?,
                    (None, None) => None,
                };
                let found = found.filter(|found| found.id == invitation && found.expires_at > self.now());
                found.ok_or(Unsendable::Dropped("invitation over")).map(Some)
            }
        };
        let is_back = match mail.user.filter(|_| mail.kind == MailKind::Deletion) {
            None => false,
            Some(user) => {
                tx.user(project, user, self.now()).await?.is_some_and(|user| user.status.is_present())
            }
        };
        let id = MessageId(mail.id);
        let host = domain(&room.from_address).unwrap_or_else(|| "localhost".to_owned());
        let message_id = mail.message_id.clone().unwrap_or_else(|| id.text(&host));
        tx.fix_mail(project, mail.id, &message_id, language).await?;
        tx.commit().await?;
        if is_back {
            return Ok(Unsendable::Dropped("user is back").into());
        }
        let invitation = match invitation {
            Ok(invitation) => invitation,
            Err(reason) => return Ok(reason.into()),
        };
        let invitation = match invitation {
            None => None,
            Some(found) => {
                let opened = self.vault().open(&self.secret_label(found.id), &found.sealed_secret)?;
                let code =
                    std::str::from_utf8(&opened).ok().and_then(|text| text.parse::<InvitationCode>().ok());
                let Some(code) = code else { return Ok(Unsendable::Dropped("invitation over").into()) };
                Some(InvitationFields {
                    link: code.link(&self.project().public_url),
                    code: code.grouped(),
                    expires: moment(found.expires_at, &self.project().time_zone, language),
                })
            }
        };
        let text = text.unwrap_or_else(|| MailText::standard(mail.kind, language));
        let link = invitation.as_ref().map(|fields| fields.link.clone());
        let fields = MailFields::new(&self.project().name, &mail.fields, invitation, language);
        let Ok(rendered) = render(&text, &fields, language) else {
            return Ok(Delivery::Deferred("text".to_owned()));
        };
        let letter = Letter {
            project,
            id,
            message_id: &message_id,
            from: &room.from_address,
            from_name: &room.from_name,
            reply_to: room.reply_to.as_deref(),
            bounces_to: room.bounce_address.as_deref(),
            to: &mail.address,
            to_name: &fields.name,
            date: mail.created_at,
            language,
            rendered: &rendered,
            link: link.as_deref(),
        };
        match compose(&letter) {
            Ok(message) => Ok(channel.send(&message).await),
            Err(_) => Ok(Unsendable::Bounced("address").into()),
        }
    }

    /// Writes what became of a mail; one that will not arrive is an alert.
    async fn end(&self, mail: &TakenMail, lease: Uuid, delivery: &Delivery) -> Result<(), Error> {
        let (project, now) = (self.project_id(), self.now());
        let is_over = now.0 >= after(mail.created_at, PATIENCE_S).0;
        let (state, error) = match delivery {
            Delivery::Sent => (MailState::Sent, None),
            Delivery::Dropped(reason) => (MailState::Dropped, Some(reason.as_str())),
            Delivery::Rejected(class) => (MailState::Bounced, Some(class.as_str())),
            Delivery::Deferred(class) if is_over => (MailState::Bounced, Some(class.as_str())),
            Delivery::Deferred(class) | Delivery::Broken(class) => {
                (MailState::Deferred, Some(class.as_str()))
            }
        };
        let end = MailEnd { state, error, next_attempt_at: AGAIN.again_at(now, mail.attempts) };
        let mut tx = self.write_beside().await?;
        tx.end_mail(project, mail.id, lease, end, now).await?;
        if state == MailState::Bounced && (mail.user.is_some() || mail.card.is_some()) {
            let detail = format!("{}: {}", mail.kind.name(), error.unwrap_or_default());
            self.raise_alert(&mut tx, AlertKind::MailBounced, &mail.address, &detail).await?;
        }
        tx.commit().await?;
        tracing::info!(mail = %mail.id, kind = mail.kind.name(), state = state.name(), error, "mail");
        Ok(())
    }

    /// Raises an alert when nothing could be sent for a while.
    async fn tell_if_broken(&self, class: &str) -> Result<(), Error> {
        let (project, now) = (self.project_id(), self.now());
        let mut tx = self.write_beside().await?;
        let waits = tx.oldest_waiting_mail(project, now).await?;
        let told = tx.last_alert(project, AlertKind::MailBroken).await?;
        let is_old =
            |since: Option<UnixTime>, seconds| since.is_some_and(|since| now.0 >= after(since, seconds).0);
        if is_old(waits, BROKEN_S) && (told.is_none() || is_old(told, BROKEN_AGAIN_S)) {
            self.raise_alert(&mut tx, AlertKind::MailBroken, "mail", class).await?;
        }
        Ok(tx.commit().await?)
    }
}

impl From<Unsendable> for Delivery {
    fn from(reason: Unsendable) -> Self {
        match reason {
            Unsendable::Dropped(reason) => Self::Dropped(reason.to_owned()),
            Unsendable::Bounced(reason) => Self::Rejected(reason.to_owned()),
        }
    }
}
