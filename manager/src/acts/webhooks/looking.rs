//! What endpoints were told, telling them again, and trying whether they listen.

use uuid::Uuid;

use crate::domain::{Act, Actor, DeliveryState, Event, TEST_EVENT, event_id};
use crate::error::{Error, Refusal};
use crate::manager::Manager;
use crate::store::Delivery;

/// Deliveries that a list shows.
const SHOWN_MAX: u32 = 1000;

impl Manager {
    /// What an endpoint was or is to be told, newest first.
    ///
    /// # Errors
    /// [`Refusal::WebhookUnknown`].
    pub async fn deliveries(
        &self,
        webhook: Uuid,
        state: Option<DeliveryState>,
        before: Option<Uuid>,
        limit: u32,
    ) -> Result<Vec<Delivery>, Error> {
        let mut tx = self.read().await?;
        self.known_webhook(&mut tx, webhook).await?;
        let before = before.unwrap_or_else(Uuid::max);
        Ok(tx.deliveries(self.project_id(), webhook, state, before, limit.min(SHOWN_MAX)).await?)
    }

    /// One of them.
    ///
    /// # Errors
    /// [`Refusal::WebhookUnknown`], [`Refusal::DeliveryUnknown`].
    pub async fn delivery(&self, webhook: Uuid, id: Uuid) -> Result<Delivery, Error> {
        let mut tx = self.read().await?;
        self.known_webhook(&mut tx, webhook).await?;
        let found = tx.delivery(self.project_id(), webhook, id).await?;
        Ok(found.ok_or(Refusal::DeliveryUnknown)?)
    }

    /// Queues a test for an endpoint; it is posted as any event is.
    ///
    /// # Errors
    /// [`Refusal::WebhookUnknown`], [`Refusal::WebhookOff`].
    pub async fn test_webhook(&self, actor: Actor, webhook: Uuid) -> Result<Delivery, Error> {
        let (project, now) = (self.project_id(), self.now());
        let mut tx = self.write().await?;
        self.listening_webhook(&mut tx, webhook).await?;
        let subject = webhook.to_string();
        let event = Event {
            kind: TEST_EVENT,
            about: "webhook",
            subject: &subject,
            project,
            at: now,
            actor: "manager",
            detail: "",
            entry: None,
        };
        let id = event_id(now);
        tx.insert_delivery(project, webhook, id, event.kind, &event.body(), now).await?;
        let queued = tx.delivery(project, webhook, id).await?.ok_or(Refusal::DeliveryUnknown)?;
        tx.record(project, now, actor, Act::WebhookTested, subject, id.to_string()).await?;
        tx.commit().await?;
        Ok(queued)
    }

    /// Queues something once more, with the id and the body that it had.
    ///
    /// # Errors
    /// [`Refusal::WebhookUnknown`], [`Refusal::WebhookOff`], [`Refusal::DeliveryUnknown`].
    pub async fn redeliver(&self, actor: Actor, webhook: Uuid, id: Uuid) -> Result<Delivery, Error> {
        let (project, now) = (self.project_id(), self.now());
        let mut tx = self.write().await?;
        self.listening_webhook(&mut tx, webhook).await?;
        // One that is being posted at this moment stays as it is.
        let is_queued = tx.redeliver(project, webhook, id, now).await?;
        let queued = tx.delivery(project, webhook, id).await?.ok_or(Refusal::DeliveryUnknown)?;
        if is_queued {
            let (subject, detail) = (webhook.to_string(), id.to_string());
            tx.record(project, now, actor, Act::WebhookRedelivered, subject, detail).await?;
        }
        tx.commit().await?;
        Ok(queued)
    }

    async fn listening_webhook(&self, tx: &mut crate::store::Transaction, id: Uuid) -> Result<(), Error> {
        if self.known_webhook(tx, id).await?.shown.enabled { Ok(()) } else { Err(Refusal::WebhookOff.into()) }
    }
}
