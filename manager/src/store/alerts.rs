//! What administrators are told, and which of them.

use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::rows::time;
use super::{StoreError, Transaction};
use crate::domain::{AlertKind, ProjectId, UnixTime};
use crate::mail::Language;

/// Something that administrators are told of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct AlertRow {
    /// Names the alert.
    pub id: Uuid,
    /// What kind of thing happened.
    pub kind: AlertKind,
    /// Whom or what it is about.
    pub subject: String,
    /// More about it.
    pub detail: String,
    /// When it happened.
    #[schema(value_type = u32)]
    pub created_at: UnixTime,
}

/// Somebody who is told of alerts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct AlertRecipient {
    /// The e-mail address.
    pub address: String,
    /// The language.
    pub language: Language,
}

type Columns = (Uuid, String, String, String, i64);

impl Transaction {
    /// Writes down something that administrators are to be told of.
    pub(crate) async fn insert_alert(
        &mut self,
        project: ProjectId,
        id: Uuid,
        kind: AlertKind,
        subject: &str,
        detail: &str,
        now: UnixTime,
    ) -> Result<(), StoreError> {
        self.query(
            "INSERT INTO alerts (project, id, kind, subject, detail, created_at) VALUES ($1, $2, $3, $4, $5, $6)",
        )
        .bind(project.0.as_slice())
        .bind(id)
        .bind(kind.name())
        .bind(subject)
        .bind(detail)
        .bind(i64::from(now.0))
        .execute()
        .await?;
        Ok(())
    }

    /// Up to `limit` alerts from before the alert `before`, newest first.
    pub(crate) async fn alerts(
        &mut self,
        project: ProjectId,
        before: Uuid,
        limit: u32,
    ) -> Result<Vec<AlertRow>, StoreError> {
        let rows: Vec<Columns> = self
            .query(
                "SELECT id, kind, subject, detail, created_at FROM alerts WHERE project = $1 AND id < $2 \
                 ORDER BY id DESC LIMIT $3",
            )
            .bind(project.0.as_slice())
            .bind(before)
            .bind(i64::from(limit))
            .fetch_all()
            .await?;
        rows.into_iter().map(alert).collect()
    }

    /// Alerts of a kind that nobody was told of yet, oldest first.
    pub(crate) async fn untold_alerts(
        &mut self,
        project: ProjectId,
        kind: AlertKind,
    ) -> Result<Vec<AlertRow>, StoreError> {
        let rows: Vec<Columns> = self
            .query(
                "SELECT id, kind, subject, detail, created_at FROM alerts \
                 WHERE project = $1 AND kind = $2 AND told_at IS NULL ORDER BY id",
            )
            .bind(project.0.as_slice())
            .bind(kind.name())
            .fetch_all()
            .await?;
        rows.into_iter().map(alert).collect()
    }

    /// Whether there are alerts that nobody was told of yet.
    pub(crate) async fn has_untold_alerts(&mut self, project: ProjectId) -> Result<bool, StoreError> {
        let row: Option<(Uuid,)> = self
            .query("SELECT id FROM alerts WHERE project = $1 AND told_at IS NULL LIMIT 1")
            .bind(project.0.as_slice())
            .fetch_optional()
            .await?;
        Ok(row.is_some())
    }

    /// When somebody was told last of something of this kind.
    pub(crate) async fn alerts_told_at(
        &mut self,
        project: ProjectId,
        kind: AlertKind,
    ) -> Result<Option<UnixTime>, StoreError> {
        let (last,): (Option<i64>,) = self
            .query("SELECT max(told_at) FROM alerts WHERE project = $1 AND kind = $2 AND told_at IS NOT NULL")
            .bind(project.0.as_slice())
            .bind(kind.name())
            .fetch_one()
            .await?;
        last.map(time).transpose()
    }

    /// When something of this kind happened last.
    pub(crate) async fn last_alert(
        &mut self,
        project: ProjectId,
        kind: AlertKind,
    ) -> Result<Option<UnixTime>, StoreError> {
        let (last,): (Option<i64>,) = self
            .query("SELECT max(created_at) FROM alerts WHERE project = $1 AND kind = $2")
            .bind(project.0.as_slice())
            .bind(kind.name())
            .fetch_one()
            .await?;
        last.map(time).transpose()
    }

    /// Marks alerts of a kind as told, up to the alert `last`.
    pub(crate) async fn mark_alerts_told(
        &mut self,
        project: ProjectId,
        kind: AlertKind,
        last: Uuid,
        now: UnixTime,
    ) -> Result<(), StoreError> {
        self.query(
            "UPDATE alerts SET told_at = $4 WHERE project = $1 AND kind = $2 AND id <= $3 AND told_at IS NULL",
        )
        .bind(project.0.as_slice())
        .bind(kind.name())
        .bind(last)
        .bind(i64::from(now.0))
        .execute()
        .await?;
        Ok(())
    }

    /// Who is told of alerts.
    pub(crate) async fn alert_recipients(
        &mut self,
        project: ProjectId,
    ) -> Result<Vec<AlertRecipient>, StoreError> {
        let rows: Vec<(String, String)> = self
            .query("SELECT address, language FROM alert_recipients WHERE project = $1 ORDER BY address")
            .bind(project.0.as_slice())
            .fetch_all()
            .await?;
        rows.into_iter()
            .map(|(address, language)| {
                let language = Language::from_name(&language).ok_or(StoreError::Corrupt("language"))?;
                Ok(AlertRecipient { address, language })
            })
            .collect()
    }

    /// Adds somebody who is told of alerts, or changes the language.
    pub(crate) async fn put_alert_recipient(
        &mut self,
        project: ProjectId,
        recipient: &AlertRecipient,
        now: UnixTime,
    ) -> Result<(), StoreError> {
        self.query(
            "INSERT INTO alert_recipients (project, address, language, created_at) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (project, address) DO UPDATE SET language = $3",
        )
        .bind(project.0.as_slice())
        .bind(&recipient.address)
        .bind(recipient.language.name())
        .bind(i64::from(now.0))
        .execute()
        .await?;
        Ok(())
    }

    /// Removes somebody who is told of alerts; `false` if there was nobody of this address.
    pub(crate) async fn delete_alert_recipient(
        &mut self,
        project: ProjectId,
        address: &str,
    ) -> Result<bool, StoreError> {
        let rows = self
            .query("DELETE FROM alert_recipients WHERE project = $1 AND address = $2")
            .bind(project.0.as_slice())
            .bind(address)
            .execute()
            .await?;
        Ok(rows > 0)
    }
}

fn alert((id, kind, subject, detail, created_at): Columns) -> Result<AlertRow, StoreError> {
    let kind = AlertKind::from_name(&kind).ok_or(StoreError::Corrupt("kind of an alert"))?;
    Ok(AlertRow { id, kind, subject, detail, created_at: time(created_at)? })
}
