//! Looking at mail, and what is done to it after it was sent.

use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::rows::{number, time};
use super::statement::Statement;
use super::{StoreError, Transaction};
use crate::domain::{MailState, ProjectId, UnixTime};

/// A mail as an administrator sees one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Mailing {
    /// Names the mail.
    pub id: Uuid,
    /// The kind of mail.
    pub kind: String,
    /// The user it is to, if it is to one.
    pub user: Option<Uuid>,
    /// The card it is about, if it is about one.
    pub card: Option<Uuid>,
    /// Where it goes.
    pub address: String,
    /// In which language; `None` before it is decided.
    pub language: Option<String>,
    /// What became of it.
    pub state: MailState,
    /// Since when.
    #[schema(value_type = u32)]
    pub since: UnixTime,
    /// How often it was tried.
    pub attempts: u32,
    /// When it is tried next, if it is.
    #[schema(value_type = Option<u32>)]
    pub next_attempt_at: Option<UnixTime>,
    /// The class of the last error, if there was one.
    pub error: Option<String>,
    /// Its message id, after the first attempt.
    pub message_id: Option<String>,
    /// When it was written.
    #[schema(value_type = u32)]
    pub created_at: UnixTime,
}

/// A mail that was reported as lost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LostMail {
    pub(crate) kind: String,
    /// Whether it was to a user, or to whoever gets a card.
    pub(crate) is_to_holder: bool,
    pub(crate) address: String,
}

/// Which mails are meant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MailFilter {
    /// Only those to this user.
    pub user: Option<Uuid>,
    /// Only those about this card.
    pub card: Option<Uuid>,
    /// Only those in this state.
    pub state: Option<MailState>,
}

#[derive(sqlx::FromRow)]
struct Columns {
    id: Uuid,
    kind: String,
    holder: Option<Uuid>,
    card: Option<Uuid>,
    address: String,
    language: Option<String>,
    state: String,
    state_at: i64,
    attempts: i64,
    next_attempt_at: i64,
    error: Option<String>,
    message_id: Option<String>,
    created_at: i64,
}

impl Transaction {
    /// The mail of this id.
    pub(crate) async fn mailing(
        &mut self,
        project: ProjectId,
        id: Uuid,
    ) -> Result<Option<Mailing>, StoreError> {
        let row: Option<Columns> = self
            .query(
                "SELECT id, kind, holder, card, address, language, state, state_at, attempts, next_attempt_at, error, \
                 message_id, created_at FROM outbox WHERE project = $1 AND id = $2",
            )
            .bind(project.0.as_slice())
            .bind(id)
            .fetch_optional()
            .await?;
        row.map(Columns::into_mailing).transpose()
    }

    /// Up to `limit` mails that were written before the mail `before`, newest first.
    pub(crate) async fn mailings(
        &mut self,
        project: ProjectId,
        filter: MailFilter,
        before: Uuid,
        limit: u32,
    ) -> Result<Vec<Mailing>, StoreError> {
        // Each has its index.
        let mut statement = Statement::default();
        let (project, before) = (statement.octets(&project.0), statement.id(before));
        let mut text = format!(
            "SELECT id, kind, holder, card, address, language, state, state_at, attempts, next_attempt_at, error, \
             message_id, created_at FROM outbox WHERE project = {project} AND id < {before}"
        );
        for (column, wanted) in [("holder", filter.user), ("card", filter.card)] {
            if let Some(id) = wanted {
                text.push_str(&format!(" AND {column} = {}", statement.id(id)));
            }
        }
        if let Some(state) = filter.state {
            text.push_str(&format!(" AND state = {}", statement.text(state.name())));
        }
        text.push_str(&format!(" ORDER BY id DESC LIMIT {}", statement.number(limit)));
        let rows: Vec<Columns> = statement.fetch_all(text, self).await?;
        rows.into_iter().map(Columns::into_mailing).collect()
    }

    /// Marks a mail as lost on the word of a report; `None` if the project has no such mail, or knew it.
    pub(crate) async fn bounce_mail(
        &mut self,
        project: ProjectId,
        id: Uuid,
        error: &str,
        now: UnixTime,
    ) -> Result<Option<LostMail>, StoreError> {
        let row: Option<(String, Option<Uuid>, Option<Uuid>, String)> = self
            .query(
                "UPDATE outbox SET state = 'bounced', state_at = $4, error = $3, lease = NULL, leased_until = 0 \
                 WHERE project = $1 AND id = $2 AND state IN ('queued', 'sent', 'deferred') \
                 RETURNING kind, holder, card, address",
            )
            .bind(project.0.as_slice())
            .bind(id)
            .bind(error)
            .bind(i64::from(now.0))
            .fetch_optional()
            .await?;
        Ok(row.map(|(kind, user, card, address)| LostMail {
            kind,
            is_to_holder: user.is_some() || card.is_some(),
            address,
        }))
    }

    /// Notes on the word of a report that a mail that was sent has not arrived yet.
    pub(crate) async fn delay_mail(
        &mut self,
        project: ProjectId,
        id: Uuid,
        error: &str,
    ) -> Result<(), StoreError> {
        self.query("UPDATE outbox SET error = $3 WHERE project = $1 AND id = $2 AND state = 'sent'")
            .bind(project.0.as_slice())
            .bind(id)
            .bind(error)
            .execute()
            .await?;
        Ok(())
    }

    /// Forgets mail that needs nothing any more and was written before `before`, but not the last one of a user or about a card.
    pub(crate) async fn forget_mail(
        &mut self,
        project: ProjectId,
        before: UnixTime,
    ) -> Result<u64, StoreError> {
        self.query(
            "DELETE FROM outbox WHERE project = $1 AND state IN ('sent', 'bounced', 'dropped') AND created_at < $2 \
             AND NOT EXISTS (SELECT 1 FROM users u WHERE u.project = outbox.project AND u.id = outbox.holder \
             AND u.last_mail = outbox.id AND u.status <> 'deleted') \
             AND NOT EXISTS (SELECT 1 FROM cards c WHERE c.project = outbox.project AND c.id = outbox.card \
             AND c.last_mail = outbox.id)",
        )
        .bind(project.0.as_slice())
        .bind(i64::from(before.0))
        .execute()
        .await
    }
}

impl Columns {
    fn into_mailing(self) -> Result<Mailing, StoreError> {
        let state = MailState::from_name(&self.state).ok_or(StoreError::Corrupt("state of a mail"))?;
        let is_open = matches!(state, MailState::Queued | MailState::Deferred);
        Ok(Mailing {
            id: self.id,
            kind: self.kind,
            user: self.holder,
            card: self.card,
            address: self.address,
            language: self.language,
            state,
            since: time(self.state_at)?,
            attempts: number(self.attempts, "number of attempts")?,
            next_attempt_at: is_open.then(|| time(self.next_attempt_at)).transpose()?,
            error: self.error,
            message_id: self.message_id,
            created_at: time(self.created_at)?,
        })
    }
}
