//! What endpoints are told: an outbox like that of mail.
//!
//! A row is written in the transaction of the act that it tells of. A run takes rows with a lease, posts them outside
//! of any transaction, and marks them; what a run that died had taken is taken again when the lease is over.

use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::rows::{number, time};
use super::{StoreError, Transaction};
use crate::domain::{DeliveryState, Event, ProjectId, UnixTime, event_id};

/// A delivery, as an administrator sees one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Delivery {
    /// The id of the event, which is the `webhook-id` of every attempt.
    pub id: Uuid,
    /// What kind of event.
    pub event: String,
    /// What is posted.
    pub body: String,
    /// Where it stands.
    pub state: DeliveryState,
    /// Since when.
    #[schema(value_type = u32)]
    pub since: UnixTime,
    /// How often it was tried.
    pub attempts: u32,
    /// When it is tried next, if it is.
    #[schema(value_type = Option<u32>)]
    pub next_attempt_at: Option<UnixTime>,
    /// The status that the endpoint answered last, if it answered.
    pub answer: Option<u16>,
    /// The class of the last error, if there was one.
    pub error: Option<String>,
    /// When the event happened.
    #[schema(value_type = u32)]
    pub created_at: UnixTime,
}

/// A delivery that a run has taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TakenDelivery {
    pub(crate) id: Uuid,
    pub(crate) event: String,
    pub(crate) body: String,
    /// This one included.
    pub(crate) attempts: u32,
    pub(crate) queued_at: UnixTime,
}

/// What became of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct DeliveryEnd<'a> {
    pub(crate) state: DeliveryState,
    pub(crate) answer: Option<u16>,
    pub(crate) error: Option<&'a str>,
    /// When it is tried again, if it is.
    pub(crate) next_attempt_at: UnixTime,
}

#[derive(sqlx::FromRow)]
struct Columns {
    id: Uuid,
    event: String,
    body: String,
    state: String,
    state_at: i64,
    attempts: i64,
    next_attempt_at: i64,
    answer: Option<i64>,
    error: Option<String>,
    created_at: i64,
}

impl Transaction {
    /// Writes down for every endpoint that listens to it what happened.
    pub(crate) async fn announce(&mut self, event: &Event<'_>) -> Result<(), StoreError> {
        let mut listeners = self.listeners(event.project).await?;
        listeners.retain(|(_, filter)| filter.has(event.kind));
        if listeners.is_empty() {
            return Ok(());
        }
        let (id, body) = (event_id(event.at), event.body());
        for (webhook, _) in listeners {
            self.insert_delivery(event.project, webhook, id, event.kind, &body, event.at).await?;
        }
        Ok(())
    }

    /// Writes down what one endpoint is to be told.
    pub(crate) async fn insert_delivery(
        &mut self,
        project: ProjectId,
        webhook: Uuid,
        id: Uuid,
        event: &str,
        body: &str,
        now: UnixTime,
    ) -> Result<(), StoreError> {
        self.query(
            "INSERT INTO webhook_deliveries (project, webhook, id, event, body, state, state_at, queued_at, \
             next_attempt_at, created_at) VALUES ($1, $2, $3, $4, $5, 'queued', $6, $6, $6, $6)",
        )
        .bind(project.0.as_slice())
        .bind(webhook)
        .bind(id)
        .bind(event)
        .bind(body)
        .bind(i64::from(now.0))
        .execute()
        .await?;
        Ok(())
    }

    /// Whether somebody is to be told something now.
    pub(crate) async fn has_due_deliveries(
        &mut self,
        project: ProjectId,
        now: UnixTime,
    ) -> Result<bool, StoreError> {
        let row: Option<(i64,)> = self
            .query(
                "SELECT attempts FROM webhook_deliveries WHERE project = $1 AND state IN ('queued', 'deferred') \
                 AND next_attempt_at <= $2 AND leased_until <= $2 LIMIT 1",
            )
            .bind(project.0.as_slice())
            .bind(i64::from(now.0))
            .fetch_optional()
            .await?;
        Ok(row.is_some())
    }

    /// Takes up to `limit` deliveries to an endpoint that are due and that nobody has.
    pub(crate) async fn take_deliveries(
        &mut self,
        project: ProjectId,
        webhook: Uuid,
        (lease, leased_until): (Uuid, UnixTime),
        now: UnixTime,
        limit: u32,
    ) -> Result<Vec<TakenDelivery>, StoreError> {
        let free: Vec<(Uuid, String, String, i64, i64)> = self
            .query(
                "SELECT id, event, body, attempts, queued_at FROM webhook_deliveries \
                 WHERE project = $1 AND webhook = $2 AND state IN ('queued', 'deferred') AND next_attempt_at <= $3 \
                 AND leased_until <= $3 ORDER BY next_attempt_at, id LIMIT $4 FOR UPDATE SKIP LOCKED",
            )
            .bind(project.0.as_slice())
            .bind(webhook)
            .bind(i64::from(now.0))
            .bind(i64::from(limit))
            .fetch_all()
            .await?;
        let mut taken = Vec::with_capacity(free.len());
        for (id, event, body, attempts, queued_at) in free {
            self.query(
                "UPDATE webhook_deliveries SET lease = $4, leased_until = $5, attempts = attempts + 1 \
                 WHERE project = $1 AND webhook = $2 AND id = $3",
            )
            .bind(project.0.as_slice())
            .bind(webhook)
            .bind(id)
            .bind(lease)
            .bind(i64::from(leased_until.0))
            .execute()
            .await?;
            let attempts = number::<u32>(attempts, "number of attempts")?.saturating_add(1);
            taken.push(TakenDelivery { id, event, body, attempts, queued_at: time(queued_at)? });
        }
        Ok(taken)
    }

    /// Writes what became of an attempt and lets go of the delivery; `false` if another run has it by now, or nobody.
    pub(crate) async fn end_delivery(
        &mut self,
        project: ProjectId,
        webhook: Uuid,
        id: Uuid,
        lease: Uuid,
        end: DeliveryEnd<'_>,
        now: UnixTime,
    ) -> Result<bool, StoreError> {
        let ended = self
            .query(
                "UPDATE webhook_deliveries SET state_at = CASE WHEN state = $5 THEN state_at ELSE $9 END, state = $5, \
                 answer = $6, error = $7, next_attempt_at = $8, lease = NULL, leased_until = 0 \
                 WHERE project = $1 AND webhook = $2 AND id = $3 AND lease = $4 AND state IN ('queued', 'deferred')",
            )
            .bind(project.0.as_slice())
            .bind(webhook)
            .bind(id)
            .bind(lease)
            .bind(end.state.name())
            .bind(end.answer.map(i64::from))
            .bind(end.error)
            .bind(i64::from(end.next_attempt_at.0))
            .bind(i64::from(now.0))
            .execute()
            .await?;
        Ok(ended > 0)
    }

    /// Queues a delivery once more, if it is over; `false` if there is none.
    pub(crate) async fn redeliver(
        &mut self,
        project: ProjectId,
        webhook: Uuid,
        id: Uuid,
        now: UnixTime,
    ) -> Result<bool, StoreError> {
        let queued = self
            .query(
                "UPDATE webhook_deliveries SET state = 'queued', state_at = $4, queued_at = $4, next_attempt_at = $4, \
                 attempts = 0, error = NULL, answer = NULL WHERE project = $1 AND webhook = $2 AND id = $3 \
                 AND (leased_until <= $4 OR state IN ('delivered', 'failed'))",
            )
            .bind(project.0.as_slice())
            .bind(webhook)
            .bind(id)
            .bind(i64::from(now.0))
            .execute()
            .await?;
        Ok(queued > 0)
    }

    /// One delivery to an endpoint.
    pub(crate) async fn delivery(
        &mut self,
        project: ProjectId,
        webhook: Uuid,
        id: Uuid,
    ) -> Result<Option<Delivery>, StoreError> {
        let row: Option<Columns> = self
            .query(
                "SELECT id, event, body, state, state_at, attempts, next_attempt_at, answer, error, created_at \
                 FROM webhook_deliveries WHERE project = $1 AND webhook = $2 AND id = $3",
            )
            .bind(project.0.as_slice())
            .bind(webhook)
            .bind(id)
            .fetch_optional()
            .await?;
        row.map(Columns::into_delivery).transpose()
    }

    /// Up to `limit` deliveries to an endpoint from before the delivery `before`, newest first.
    pub(crate) async fn deliveries(
        &mut self,
        project: ProjectId,
        webhook: Uuid,
        state: Option<DeliveryState>,
        before: Uuid,
        limit: u32,
    ) -> Result<Vec<Delivery>, StoreError> {
        // Each has its index.
        let text = match state {
            None => {
                "SELECT id, event, body, state, state_at, attempts, next_attempt_at, answer, error, created_at \
                 FROM webhook_deliveries WHERE project = $1 AND webhook = $2 AND id < $3 ORDER BY id DESC LIMIT $4"
            }
            Some(_) => {
                "SELECT id, event, body, state, state_at, attempts, next_attempt_at, answer, error, created_at \
                 FROM webhook_deliveries WHERE project = $1 AND webhook = $2 AND id < $3 AND state = $5 \
                 ORDER BY id DESC LIMIT $4"
            }
        };
        let mut query = self.query(text).bind(project.0.as_slice()).bind(webhook).bind(before);
        query = query.bind(i64::from(limit));
        if let Some(state) = state {
            query = query.bind(state.name());
        }
        let rows: Vec<Columns> = query.fetch_all().await?;
        rows.into_iter().map(Columns::into_delivery).collect()
    }

    /// Forgets deliveries that are over and happened before a time.
    pub(crate) async fn forget_deliveries(
        &mut self,
        project: ProjectId,
        before: UnixTime,
    ) -> Result<(), StoreError> {
        self.query(
            "DELETE FROM webhook_deliveries WHERE project = $1 AND created_at < $2 AND state IN ('delivered', 'failed')",
        )
        .bind(project.0.as_slice())
        .bind(i64::from(before.0))
        .execute()
        .await?;
        Ok(())
    }
}

impl Columns {
    fn into_delivery(self) -> Result<Delivery, StoreError> {
        let state =
            DeliveryState::from_name(&self.state).ok_or(StoreError::Corrupt("state of a delivery"))?;
        let is_open = matches!(state, DeliveryState::Queued | DeliveryState::Deferred);
        Ok(Delivery {
            id: self.id,
            event: self.event,
            body: self.body,
            state,
            since: time(self.state_at)?,
            attempts: number(self.attempts, "number of attempts")?,
            next_attempt_at: is_open.then(|| time(self.next_attempt_at)).transpose()?,
            answer: self.answer.map(|status| number(status, "answer")).transpose()?,
            error: self.error,
            created_at: time(self.created_at)?,
        })
    }
}
