//! Telling administrators.

use uuid::Uuid;

use crate::domain::{Act, Actor, AlertKind, UnixTime, after};
use crate::error::{Error, Refusal};
use crate::jobs::Next;
use crate::mail::{Language, StoredAlert, is_sendable};
use crate::manager::Manager;
use crate::store::{AlertRecipient, AlertRow, Transaction};

/// Between two mails about the same kind of thing, in seconds: a thousand lost mails are not a thousand alerts.
const QUIET_S: u32 = 3600;
/// Things that one mail names; the others are counted.
const NAMED_MAX: usize = 20;
/// Alerts that a list shows.
const SHOWN_MAX: u32 = 1000;

impl Manager {
    /// Writes down something that administrators are to be told of, in the transaction in which it happens.
    ///
    /// They are told at once, or together with what happens within the hour after the last mail about such things.
    pub(crate) async fn raise_alert(
        &self,
        tx: &mut Transaction,
        kind: AlertKind,
        subject: &str,
        detail: &str,
    ) -> Result<(), Error> {
        let now = self.now();
        tracing::warn!(alert = kind.name(), detail, "an alert");
        Ok(tx.insert_alert(self.project_id(), self.ids().next(now), kind, subject, detail, now).await?)
    }

    /// Writes into the audit log what was done about mail.
    pub(super) async fn note(
        &self,
        tx: &mut Transaction,
        actor: Actor,
        act: Act,
        subject: impl ToString,
        detail: impl Into<String>,
    ) -> Result<(), Error> {
        let (project, now) = (self.project_id(), self.now());
        Ok(tx.record(project, now, actor, act, subject.to_string(), detail.into()).await?)
    }

    /// Writes mails about what nobody was told of.
    pub(crate) async fn tell_alerts(&self) -> Result<Next, Error> {
        let (project, now) = (self.project_id(), self.now());
        let mut tx = self.write_beside().await?;
        let recipients = tx.alert_recipients(project).await?;
        let mut wait = None;
        for kind in AlertKind::ALL {
            let untold = tx.untold_alerts(project, kind).await?;
            let Some(last) = untold.last().map(|alert| alert.id) else { continue };
            let quiet_until = tx.alerts_told_at(project, kind).await?.map(|told| after(told, QUIET_S));
            if let Some(until) = quiet_until.filter(|until| *until > now) {
                wait = Some(wait.map_or(until, |earlier: UnixTime| earlier.min(until)));
                continue;
            }
            let details =
                untold.iter().take(NAMED_MAX).map(|alert| format!("{}: {}", alert.subject, alert.detail));
            let count = u32::try_from(untold.len()).unwrap_or(u32::MAX);
            let alert = StoredAlert { kind, count, details: details.collect() };
            for AlertRecipient { address, language } in &recipients {
                self.mail_alert(&mut tx, address, *language, alert.clone()).await?;
            }
            tx.mark_alerts_told(project, kind, last, now).await?;
        }
        tx.commit().await?;
        // Something else may happen meanwhile that has to be told at once.
        Ok(wait.map_or(Next::Usual, |until| Next::At(until.min(after(now, 60)))))
    }

    /// What administrators were or will be told of, newest first.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn alerts(&self, before: Option<Uuid>, limit: u32) -> Result<Vec<AlertRow>, Error> {
        let mut tx = self.read().await?;
        let before = before.unwrap_or_else(Uuid::max);
        Ok(tx.alerts(self.project_id(), before, limit.min(SHOWN_MAX)).await?)
    }

    /// Who is told of alerts.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn alert_recipients(&self) -> Result<Vec<AlertRecipient>, Error> {
        Ok(self.read().await?.alert_recipients(self.project_id()).await?)
    }

    /// Adds somebody who is told of alerts, or changes the language.
    ///
    /// # Errors
    /// [`Refusal::MailAddress`] for an address that no mail can be sent to.
    pub async fn add_alert_recipient(
        &self,
        actor: Actor,
        address: &str,
        language: Language,
    ) -> Result<AlertRecipient, Error> {
        let address = address.trim().to_owned();
        if crate::domain::email(&address).is_err() || !is_sendable(&address) {
            return Err(Refusal::MailAddress(address).into());
        }
        let recipient = AlertRecipient { address, language };
        let mut tx = self.write().await?;
        tx.put_alert_recipient(self.project_id(), &recipient, self.now()).await?;
        self.note(&mut tx, actor, Act::AlertRecipientsChanged, "alerts", "added").await?;
        tx.commit().await?;
        Ok(recipient)
    }

    /// Removes somebody who is told of alerts.
    ///
    /// # Errors
    /// [`Refusal::RecipientUnknown`].
    pub async fn remove_alert_recipient(&self, actor: Actor, address: &str) -> Result<(), Error> {
        let mut tx = self.write().await?;
        if !tx.delete_alert_recipient(self.project_id(), address.trim()).await? {
            return Err(Refusal::RecipientUnknown.into());
        }
        self.note(&mut tx, actor, Act::AlertRecipientsChanged, "alerts", "removed").await?;
        Ok(tx.commit().await?)
    }
}
