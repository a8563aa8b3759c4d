//! Endpoints that are told what happens: which there are.

mod delivering;
mod looking;

use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::domain::{Act, Actor, EventFilter, Expected, OffBecause, WEBHOOKS_MAX, Webhook};
use crate::error::{Error, Refusal};
use crate::manager::Manager;
use crate::store::{Transaction, WebhookRow};
use crate::webhook::{Secret, check};

/// Characters of a description.
const DESCRIPTION_MAX: usize = 200;

/// An endpoint to be added.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewWebhook {
    /// Where events are posted to: `https://…`, or `http://…` on the loopback interface.
    #[schema(max_length = 2000)]
    pub url: String,
    /// What it is for, for people.
    #[serde(default)]
    #[schema(max_length = 200)]
    pub description: String,
    /// The events that it is told of; none, or `all`, is every event.
    #[serde(default)]
    pub events: Vec<String>,
}

/// What is to be changed about an endpoint; what is left out stays.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct WebhookEdit {
    /// Where events are posted to.
    #[schema(max_length = 2000)]
    pub url: Option<String>,
    /// What it is for, for people.
    #[schema(max_length = 200)]
    pub description: Option<String>,
    /// The events that it is told of; none, or `all`, is every event.
    pub events: Option<Vec<String>>,
    /// Whether it is told anything.
    pub enabled: Option<bool>,
}

impl Manager {
    /// Adds an endpoint; with its secret as text, which is shown only here.
    ///
    /// # Errors
    /// [`Refusal::WebhookInvalid`], [`Refusal::WebhooksFull`].
    pub async fn add_webhook(
        &self,
        actor: Actor,
        new: &NewWebhook,
    ) -> Result<(Webhook, Zeroizing<String>), Error> {
        let (project, now) = (self.project_id(), self.now());
        let mut webhook = Webhook {
            id: self.ids().next(now),
            url: String::new(),
            description: String::new(),
            events: Vec::new(),
            enabled: true,
            off_because: None,
            off_at: None,
            failing_since: None,
            created_at: now,
            updated_at: now,
        };
        let NewWebhook { url, description, events } = new.clone();
        set(&mut webhook, Some(&url), Some(&description), Some(&events))?;
        let secret = Secret::generate()?;
        let sealed_secret = self.vault().seal(&self.webhook_label(webhook.id), secret.octets())?;
        let mut tx = self.write().await?;
        if tx.webhooks(project).await?.len() >= WEBHOOKS_MAX {
            return Err(Refusal::WebhooksFull.into());
        }
        let row = WebhookRow { shown: webhook, sealed_secret };
        tx.insert_webhook(project, &row).await?;
        let subject = row.shown.id.to_string();
        tx.record(project, now, actor, Act::WebhookAdded, subject, row.shown.events.join(" ")).await?;
        tx.commit().await?;
        Ok((row.shown, secret.text()))
    }

    /// Every endpoint, oldest first.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn webhooks(&self) -> Result<Vec<Webhook>, Error> {
        let rows = self.read().await?.webhooks(self.project_id()).await?;
        Ok(rows.into_iter().map(|row| row.shown).collect())
    }

    /// The endpoint of this id.
    ///
    /// # Errors
    /// [`Refusal::WebhookUnknown`].
    pub async fn webhook(&self, id: Uuid) -> Result<Webhook, Error> {
        let mut tx = self.read().await?;
        Ok(self.known_webhook(&mut tx, id).await?.shown)
    }

    /// Changes an endpoint, if it is still as the edit is meant for.
    ///
    /// One that is turned off gives up what it was to be told; one that is turned on is told what happens from now on.
    ///
    /// # Errors
    /// [`Refusal::WebhookUnknown`], [`Refusal::WebhookInvalid`], [`Refusal::PreconditionFailed`].
    pub async fn edit_webhook(
        &self,
        actor: Actor,
        expected: &Expected,
        id: Uuid,
        edit: &WebhookEdit,
    ) -> Result<Webhook, Error> {
        let (project, now) = (self.project_id(), self.now());
        let mut tx = self.write().await?;
        let old = self.known_webhook(&mut tx, id).await?.shown;
        if !expected.holds(&old) {
            return Err(Refusal::PreconditionFailed.into());
        }
        let mut new = old.clone();
        let WebhookEdit { url, description, events, enabled } = edit;
        set(&mut new, url.as_deref(), description.as_deref(), events.as_deref())?;
        match enabled {
            Some(false) if old.enabled => {
                tx.turn_webhook_off(project, id, OffBecause::Administrator, now).await?;
                (new.off_at, new.off_because) = (Some(now), Some(OffBecause::Administrator));
            }
            Some(true) if !old.enabled => {
                (new.off_at, new.off_because, new.failing_since) = (None, None, None);
            }
            _ => {}
        }
        new.enabled = new.off_at.is_none();
        if new == old {
            return Ok(old);
        }
        new.updated_at = now;
        tx.update_webhook(project, &new).await?;
        let changes = [
            ("url", new.url != old.url),
            ("description", new.description != old.description),
            ("events", new.events != old.events),
            ("enabled", new.enabled != old.enabled),
        ];
        let changed: Vec<&str> = changed_names(&changes).collect();
        tx.record(project, now, actor, Act::WebhookChanged, id.to_string(), changed.join(", ")).await?;
        tx.commit().await?;
        Ok(new)
    }

    /// Gives an endpoint another secret, which signs whatever is posted from now on; shown only here.
    ///
    /// What an endpoint refuses until its receiver knows the new secret is posted again like anything that fails.
    ///
    /// # Errors
    /// [`Refusal::WebhookUnknown`].
    pub async fn exchange_webhook_secret(
        &self,
        actor: Actor,
        id: Uuid,
    ) -> Result<(Webhook, Zeroizing<String>), Error> {
        let (project, now) = (self.project_id(), self.now());
        let secret = Secret::generate()?;
        let sealed = self.vault().seal(&self.webhook_label(id), secret.octets())?;
        let mut tx = self.write().await?;
        let webhook = Webhook { updated_at: now, ..self.known_webhook(&mut tx, id).await?.shown };
        tx.put_webhook_secret(project, id, &sealed, now).await?;
        tx.record(project, now, actor, Act::WebhookSecretExchanged, id.to_string(), String::new()).await?;
        tx.commit().await?;
        Ok((webhook, secret.text()))
    }

    /// Removes an endpoint, and what it was and was to be told.
    ///
    /// # Errors
    /// [`Refusal::WebhookUnknown`].
    pub async fn remove_webhook(&self, actor: Actor, id: Uuid) -> Result<(), Error> {
        let (project, now) = (self.project_id(), self.now());
        let mut tx = self.write().await?;
        if !tx.delete_webhook(project, id).await? {
            return Err(Refusal::WebhookUnknown.into());
        }
        tx.record(project, now, actor, Act::WebhookRemoved, id.to_string(), String::new()).await?;
        Ok(tx.commit().await?)
    }

    async fn known_webhook(&self, tx: &mut Transaction, id: Uuid) -> Result<WebhookRow, Error> {
        Ok(tx.webhook(self.project_id(), id).await?.ok_or(Refusal::WebhookUnknown)?)
    }

    /// What the secret of an endpoint is sealed as, so that it opens as nothing else.
    fn webhook_label(&self, id: Uuid) -> Vec<u8> {
        [b"ostiary webhook secret\0".as_slice(), &self.project_id().0, id.as_bytes()].concat()
    }
}

fn changed_names<'a>(changes: &'a [(&'a str, bool)]) -> impl Iterator<Item = &'a str> {
    changes.iter().filter(|(_, is_other)| *is_other).map(|(name, _)| *name)
}

/// Sets what is given, if it is allowed.
fn set(
    webhook: &mut Webhook,
    url: Option<&str>,
    description: Option<&str>,
    events: Option<&[String]>,
) -> Result<(), Refusal> {
    if let Some(url) = url.map(str::trim) {
        check(url).map_err(|error| Refusal::WebhookInvalid(format!("address {url:?}: {error}")))?;
        url.clone_into(&mut webhook.url);
    }
    if let Some(description) = description.map(str::trim) {
        if description.chars().count() > DESCRIPTION_MAX || description.chars().any(char::is_control) {
            let problem =
                format!("the description has more than {DESCRIPTION_MAX} characters or a control character");
            return Err(Refusal::WebhookInvalid(problem));
        }
        description.clone_into(&mut webhook.description);
    }
    if let Some(events) = events {
        let filter = EventFilter::from_names(events.iter().map(String::as_str));
        webhook.events = filter.map_err(|error| Refusal::WebhookInvalid(error.to_string()))?.names();
    }
    Ok(())
}
