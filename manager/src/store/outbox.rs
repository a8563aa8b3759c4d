//! Mail to be sent.
//!
//! A row is written in the transaction of the act that it is about. A run takes rows with a lease, sends them outside
//! of any transaction, and marks them; what a run that died had taken is taken again when the lease is over.

use uuid::Uuid;

use super::rows::{number, time};
use super::{StoreError, Transaction};
use crate::domain::{MailState, ProjectId, UnixTime};
use crate::mail::{Language, MailKind, StoredFields};

/// A mail as an act writes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NewMail<'a> {
    pub(crate) id: Uuid,
    pub(crate) kind: MailKind,
    /// The user it is to, if it is to one.
    pub(crate) user: Option<Uuid>,
    /// The card it is about, if it is about one.
    pub(crate) card: Option<Uuid>,
    /// The invitation whose secret it carries, if it carries one.
    pub(crate) invitation: Option<Uuid>,
    pub(crate) address: &'a str,
    /// That of the user or of the project if there is none.
    pub(crate) language: Option<Language>,
    pub(crate) fields: &'a StoredFields,
    /// It is not sent earlier.
    pub(crate) not_before: UnixTime,
}

/// A mail that a run has taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TakenMail {
    pub(crate) id: Uuid,
    pub(crate) kind: MailKind,
    pub(crate) user: Option<Uuid>,
    pub(crate) card: Option<Uuid>,
    pub(crate) invitation: Option<Uuid>,
    pub(crate) address: String,
    /// That of the mail or of the user.
    pub(crate) language: Option<Language>,
    pub(crate) fields: StoredFields,
    /// This one included.
    pub(crate) attempts: u32,
    pub(crate) message_id: Option<String>,
    pub(crate) created_at: UnixTime,
}

/// What became of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct MailEnd<'a> {
    pub(crate) state: MailState,
    pub(crate) error: Option<&'a str>,
    /// When it is tried again, if it is.
    pub(crate) next_attempt_at: UnixTime,
}

#[derive(sqlx::FromRow)]
struct Columns {
    id: Uuid,
    kind: String,
    holder: Option<Uuid>,
    card: Option<Uuid>,
    invitation: Option<Uuid>,
    address: String,
    language: Option<String>,
    fields: String,
    attempts: i64,
    message_id: Option<String>,
    created_at: i64,
}

impl Transaction {
    /// Writes a mail to be sent; the user whom it is to has it as the last one.
    pub(crate) async fn enqueue_mail(
        &mut self,
        project: ProjectId,
        mail: &NewMail<'_>,
        now: UnixTime,
    ) -> Result<(), StoreError> {
        let fields = serde_json::to_string(mail.fields).map_err(|_| StoreError::Corrupt("mail"))?;
        self.query(
            "INSERT INTO outbox (project, id, kind, holder, invitation, language, address, fields, state, state_at, \
             next_attempt_at, created_at, card) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'queued', $9, $10, $9, $11)",
        )
        .bind(project.0.as_slice())
        .bind(mail.id)
        .bind(mail.kind.name())
        .bind(mail.user)
        .bind(mail.invitation)
        .bind(mail.language.map(Language::name))
        .bind(mail.address)
        .bind(fields)
        .bind(i64::from(now.0))
        .bind(i64::from(mail.not_before.0.max(now.0)))
        .bind(mail.card)
        .execute()
        .await?;
        if let Some(card) = mail.card {
            self.query("UPDATE cards SET last_mail = $3 WHERE project = $1 AND id = $2")
                .bind(project.0.as_slice())
                .bind(card)
                .bind(mail.id)
                .execute()
                .await?;
            return Ok(());
        }
        if let Some(user) = mail.user {
            self.query("UPDATE users SET last_mail = $3 WHERE project = $1 AND id = $2")
                .bind(project.0.as_slice())
                .bind(user)
                .bind(mail.id)
                .execute()
                .await?;
        }
        Ok(())
    }

    /// Whether a user was ever written to.
    pub(crate) async fn was_mailed(&mut self, project: ProjectId, user: Uuid) -> Result<bool, StoreError> {
        let row: Option<(Uuid,)> = self
            .query("SELECT id FROM users WHERE project = $1 AND id = $2 AND last_mail IS NOT NULL")
            .bind(project.0.as_slice())
            .bind(user)
            .fetch_optional()
            .await?;
        Ok(row.is_some())
    }

    /// Whether there is mail to be sent now.
    pub(crate) async fn has_due_mail(
        &mut self,
        project: ProjectId,
        now: UnixTime,
    ) -> Result<bool, StoreError> {
        let row: Option<(i64,)> = self
            .query(
                "SELECT attempts FROM outbox WHERE project = $1 AND state IN ('queued', 'deferred') \
                 AND next_attempt_at <= $2 AND leased_until <= $2 LIMIT 1",
            )
            .bind(project.0.as_slice())
            .bind(i64::from(now.0))
            .fetch_optional()
            .await?;
        Ok(row.is_some())
    }

    /// Since when the oldest mail has waited that was to be sent; `None` if none waits.
    pub(crate) async fn oldest_waiting_mail(
        &mut self,
        project: ProjectId,
        now: UnixTime,
    ) -> Result<Option<UnixTime>, StoreError> {
        let (oldest,): (Option<i64>,) = self
            .query(
                "SELECT min(created_at) FROM outbox WHERE project = $1 AND state IN ('queued', 'deferred') \
                 AND attempts > 0 AND created_at <= $2",
            )
            .bind(project.0.as_slice())
            .bind(i64::from(now.0))
            .fetch_one()
            .await?;
        oldest.map(time).transpose()
    }

    /// Takes up to `limit` mails that are to be sent now and that nobody has.
    pub(crate) async fn take_mail(
        &mut self,
        project: ProjectId,
        lease: Uuid,
        leased_until: UnixTime,
        now: UnixTime,
        limit: u32,
    ) -> Result<Vec<TakenMail>, StoreError> {
        let free: Vec<(Uuid,)> = self
            .query(
                "SELECT id FROM outbox WHERE project = $1 AND state IN ('queued', 'deferred') \
                 AND next_attempt_at <= $2 AND leased_until <= $2 ORDER BY next_attempt_at, id LIMIT $3 \
                 FOR UPDATE SKIP LOCKED",
            )
            .bind(project.0.as_slice())
            .bind(i64::from(now.0))
            .bind(i64::from(limit))
            .fetch_all()
            .await?;
        let mut taken = Vec::with_capacity(free.len());
        for (id,) in free {
            self.query(
                "UPDATE outbox SET lease = $3, leased_until = $4, attempts = attempts + 1 \
                 WHERE project = $1 AND id = $2",
            )
            .bind(project.0.as_slice())
            .bind(id)
            .bind(lease)
            .bind(i64::from(leased_until.0))
            .execute()
            .await?;
            let row: Columns = self
                .query(
                    "SELECT o.id, o.kind, o.holder, o.card, o.invitation, o.address, COALESCE(o.language, u.language) AS language, \
                     o.fields, o.attempts, o.message_id, o.created_at FROM outbox o \
                     LEFT JOIN users u ON u.project = o.project AND u.id = o.holder WHERE o.project = $1 AND o.id = $2",
                )
                .bind(project.0.as_slice())
                .bind(id)
                .fetch_one()
                .await?;
            taken.push(row.into_taken()?);
        }
        Ok(taken)
    }

    /// Fixes the message id and the language of a mail before its first attempt.
    pub(crate) async fn fix_mail(
        &mut self,
        project: ProjectId,
        id: Uuid,
        message_id: &str,
        language: Language,
    ) -> Result<(), StoreError> {
        self.query(
            "UPDATE outbox SET message_id = $3, language = $4 WHERE project = $1 AND id = $2 AND message_id IS NULL",
        )
        .bind(project.0.as_slice())
        .bind(id)
        .bind(message_id)
        .bind(language.name())
        .execute()
        .await?;
        Ok(())
    }

    /// Writes what became of an attempt and lets go of the mail, unless another run has it by now.
    ///
    /// A report that came in between stays.
    pub(crate) async fn end_mail(
        &mut self,
        project: ProjectId,
        id: Uuid,
        lease: Uuid,
        end: MailEnd<'_>,
        now: UnixTime,
    ) -> Result<(), StoreError> {
        self.query(
            "UPDATE outbox SET state_at = CASE WHEN state = $4 THEN state_at ELSE $7 END, state = $4, error = $5, \
             next_attempt_at = $6, lease = NULL, leased_until = 0 \
             WHERE project = $1 AND id = $2 AND lease = $3 AND state IN ('queued', 'deferred')",
        )
        .bind(project.0.as_slice())
        .bind(id)
        .bind(lease)
        .bind(end.state.name())
        .bind(end.error)
        .bind(i64::from(end.next_attempt_at.0))
        .bind(i64::from(now.0))
        .execute()
        .await?;
        Ok(())
    }

    /// Lets go of mail that a run had taken and did not try.
    pub(crate) async fn release_mail(&mut self, project: ProjectId, lease: Uuid) -> Result<(), StoreError> {
        self.query(
            "UPDATE outbox SET lease = NULL, leased_until = 0, attempts = attempts - 1 \
             WHERE project = $1 AND lease = $2 AND state IN ('queued', 'deferred')",
        )
        .bind(project.0.as_slice())
        .bind(lease)
        .execute()
        .await?;
        Ok(())
    }
}

impl Columns {
    fn into_taken(self) -> Result<TakenMail, StoreError> {
        const CORRUPT: StoreError = StoreError::Corrupt("mail");
        Ok(TakenMail {
            id: self.id,
            kind: MailKind::from_name(&self.kind).ok_or(CORRUPT)?,
            user: self.holder,
            card: self.card,
            invitation: self.invitation,
            address: self.address,
            language: self.language.as_deref().and_then(Language::from_name),
            fields: serde_json::from_str(&self.fields).map_err(|_| CORRUPT)?,
            attempts: number(self.attempts, "number of attempts")?,
            message_id: self.message_id,
            created_at: time(self.created_at)?,
        })
    }
}
