//! Endpoints that are told what happens.

use uuid::Uuid;

use super::rows::time;
use super::{StoreError, Transaction};
use crate::domain::{EventFilter, OffBecause, ProjectId, UnixTime, Webhook};

/// An endpoint with its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct WebhookRow {
    pub(crate) shown: Webhook,
    pub(crate) sealed_secret: Vec<u8>,
}

#[derive(sqlx::FromRow)]
struct Columns {
    id: Uuid,
    url: String,
    description: String,
    events: String,
    sealed_secret: Vec<u8>,
    off_at: Option<i64>,
    off_because: Option<String>,
    failing_since: Option<i64>,
    created_at: i64,
    updated_at: i64,
}

impl Transaction {
    /// Adds an endpoint.
    pub(crate) async fn insert_webhook(
        &mut self,
        project: ProjectId,
        row: &WebhookRow,
    ) -> Result<(), StoreError> {
        self.query(
            "INSERT INTO webhooks (project, id, url, description, events, sealed_secret, created_at, updated_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $7)",
        )
        .bind(project.0.as_slice())
        .bind(row.shown.id)
        .bind(&row.shown.url)
        .bind(&row.shown.description)
        .bind(row.shown.events.join(" "))
        .bind(row.sealed_secret.as_slice())
        .bind(i64::from(row.shown.created_at.0))
        .execute()
        .await?;
        Ok(())
    }

    /// Every endpoint, oldest first.
    pub(crate) async fn webhooks(&mut self, project: ProjectId) -> Result<Vec<WebhookRow>, StoreError> {
        let rows: Vec<Columns> = self
            .query(
                "SELECT id, url, description, events, sealed_secret, off_at, off_because, failing_since, created_at, \
                 updated_at FROM webhooks WHERE project = $1 ORDER BY id",
            )
            .bind(project.0.as_slice())
            .fetch_all()
            .await?;
        rows.into_iter().map(Columns::into_row).collect()
    }

    /// The endpoint of this id.
    pub(crate) async fn webhook(
        &mut self,
        project: ProjectId,
        id: Uuid,
    ) -> Result<Option<WebhookRow>, StoreError> {
        let row: Option<Columns> = self
            .query(
                "SELECT id, url, description, events, sealed_secret, off_at, off_because, failing_since, created_at, \
                 updated_at FROM webhooks WHERE project = $1 AND id = $2",
            )
            .bind(project.0.as_slice())
            .bind(id)
            .fetch_optional()
            .await?;
        row.map(Columns::into_row).transpose()
    }

    /// Replaces what an administrator sets about an endpoint, and whether it is on.
    pub(crate) async fn update_webhook(
        &mut self,
        project: ProjectId,
        webhook: &Webhook,
    ) -> Result<(), StoreError> {
        self.query(
            "UPDATE webhooks SET url = $3, description = $4, events = $5, off_at = $6, off_because = $7, \
             failing_since = $8, failed_at = CASE WHEN $8 IS NULL THEN NULL ELSE failed_at END, updated_at = $9 \
             WHERE project = $1 AND id = $2",
        )
        .bind(project.0.as_slice())
        .bind(webhook.id)
        .bind(&webhook.url)
        .bind(&webhook.description)
        .bind(webhook.events.join(" "))
        .bind(webhook.off_at.map(|at| i64::from(at.0)))
        .bind(webhook.off_because.map(OffBecause::name))
        .bind(webhook.failing_since.map(|at| i64::from(at.0)))
        .bind(i64::from(webhook.updated_at.0))
        .execute()
        .await?;
        Ok(())
    }

    /// Replaces the secret of an endpoint.
    pub(crate) async fn put_webhook_secret(
        &mut self,
        project: ProjectId,
        id: Uuid,
        sealed_secret: &[u8],
        now: UnixTime,
    ) -> Result<(), StoreError> {
        self.query("UPDATE webhooks SET sealed_secret = $3, updated_at = $4 WHERE project = $1 AND id = $2")
            .bind(project.0.as_slice())
            .bind(id)
            .bind(sealed_secret)
            .bind(i64::from(now.0))
            .execute()
            .await?;
        Ok(())
    }

    /// Removes an endpoint and what it was or was to be told.
    pub(crate) async fn delete_webhook(&mut self, project: ProjectId, id: Uuid) -> Result<bool, StoreError> {
        self.query("DELETE FROM webhook_deliveries WHERE project = $1 AND webhook = $2")
            .bind(project.0.as_slice())
            .bind(id)
            .execute()
            .await?;
        let gone = self
            .query("DELETE FROM webhooks WHERE project = $1 AND id = $2")
            .bind(project.0.as_slice())
            .bind(id)
            .execute()
            .await?;
        Ok(gone > 0)
    }

    /// Which endpoints are told of which events.
    pub(super) async fn listeners(
        &mut self,
        project: ProjectId,
    ) -> Result<Vec<(Uuid, EventFilter)>, StoreError> {
        let rows: Vec<(Uuid, String)> = self
            .query("SELECT id, events FROM webhooks WHERE project = $1 AND off_at IS NULL")
            .bind(project.0.as_slice())
            .fetch_all()
            .await?;
        rows.into_iter().map(|(id, events)| Ok((id, filter(&events)?))).collect()
    }

    /// Notes that an endpoint took something.
    pub(crate) async fn webhook_listened(&mut self, project: ProjectId, id: Uuid) -> Result<(), StoreError> {
        self.query(
            "UPDATE webhooks SET failing_since = NULL, failed_at = NULL \
             WHERE project = $1 AND id = $2 AND failing_since IS NOT NULL",
        )
        .bind(project.0.as_slice())
        .bind(id)
        .execute()
        .await?;
        Ok(())
    }

    /// Notes that an attempt failed; since when every attempt did. One that lies before `forgotten` counts no more.
    pub(crate) async fn webhook_failed(
        &mut self,
        project: ProjectId,
        id: Uuid,
        forgotten: UnixTime,
        now: UnixTime,
    ) -> Result<Option<UnixTime>, StoreError> {
        let row: Option<(Option<i64>,)> = self
            .query(
                "UPDATE webhooks SET failed_at = $4, failing_since = \
                 CASE WHEN failing_since IS NULL OR failed_at < $3 THEN $4 ELSE failing_since END \
                 WHERE project = $1 AND id = $2 RETURNING failing_since",
            )
            .bind(project.0.as_slice())
            .bind(id)
            .bind(i64::from(forgotten.0))
            .bind(i64::from(now.0))
            .fetch_optional()
            .await?;
        row.and_then(|(since,)| since).map(time).transpose()
    }

    /// Turns an endpoint off, and gives up what it was to be told; `false` if it is off.
    pub(crate) async fn turn_webhook_off(
        &mut self,
        project: ProjectId,
        id: Uuid,
        reason: OffBecause,
        now: UnixTime,
    ) -> Result<bool, StoreError> {
        let turned = self
            .query(
                "UPDATE webhooks SET off_at = $3, off_because = $4 WHERE project = $1 AND id = $2 AND off_at IS NULL",
            )
            .bind(project.0.as_slice())
            .bind(id)
            .bind(i64::from(now.0))
            .bind(reason.name())
            .execute()
            .await?;
        self.query(
            "UPDATE webhook_deliveries SET state = 'failed', state_at = $3, error = 'turned off', lease = NULL, \
             leased_until = 0 WHERE project = $1 AND webhook = $2 AND state IN ('queued', 'deferred')",
        )
        .bind(project.0.as_slice())
        .bind(id)
        .bind(i64::from(now.0))
        .execute()
        .await?;
        Ok(turned > 0)
    }
}

impl Columns {
    fn into_row(self) -> Result<WebhookRow, StoreError> {
        let reason = self
            .off_because
            .as_deref()
            .map(|name| OffBecause::from_name(name).ok_or(StoreError::Corrupt("reason of a webhook")));
        Ok(WebhookRow {
            shown: Webhook {
                id: self.id,
                url: self.url,
                description: self.description,
                events: filter(&self.events)?.names(),
                enabled: self.off_at.is_none(),
                off_because: reason.transpose()?,
                off_at: self.off_at.map(time).transpose()?,
                failing_since: self.failing_since.map(time).transpose()?,
                created_at: time(self.created_at)?,
                updated_at: time(self.updated_at)?,
            },
            sealed_secret: self.sealed_secret,
        })
    }
}

fn filter(names: &str) -> Result<EventFilter, StoreError> {
    EventFilter::from_names(names.split(' ')).map_err(|_| StoreError::Corrupt("events of a webhook"))
}
