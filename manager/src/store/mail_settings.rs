//! What a project sets about its mail, and its texts.

use uuid::Uuid;

use super::rows::number;
use super::{StoreError, Transaction};
use crate::domain::{ProjectId, UnixTime};
use crate::mail::{Language, MailKind, MailText};

/// What a project sets about its mail.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct MailSettingsRow {
    pub(crate) from_address: Option<String>,
    pub(crate) from_name: Option<String>,
    pub(crate) reply_to: Option<String>,
    pub(crate) bounce_address: Option<String>,
    pub(crate) language: Language,
    pub(crate) per_minute: u32,
    pub(crate) smtp_url: Option<String>,
    /// Sealed.
    pub(crate) smtp_password: Option<Vec<u8>>,
    pub(crate) smtp_authorities: Option<String>,
}

#[derive(sqlx::FromRow)]
struct Columns {
    from_address: Option<String>,
    from_name: Option<String>,
    reply_to: Option<String>,
    bounce_address: Option<String>,
    language: String,
    per_minute: i64,
    smtp_url: Option<String>,
    smtp_password: Option<Vec<u8>>,
    smtp_authorities: Option<String>,
}

impl Transaction {
    /// What a project sets about its mail; `None` while it sets nothing.
    pub(crate) async fn mail_settings(
        &mut self,
        project: ProjectId,
    ) -> Result<Option<MailSettingsRow>, StoreError> {
        let row: Option<Columns> = self
            .query(
                "SELECT from_address, from_name, reply_to, bounce_address, language, per_minute, smtp_url, \
                 smtp_password, smtp_authorities FROM mail_settings WHERE project = $1",
            )
            .bind(project.0.as_slice())
            .fetch_optional()
            .await?;
        let Some(row) = row else { return Ok(None) };
        Ok(Some(MailSettingsRow {
            from_address: row.from_address,
            from_name: row.from_name,
            reply_to: row.reply_to,
            bounce_address: row.bounce_address,
            language: Language::from_name(&row.language).ok_or(StoreError::Corrupt("language"))?,
            per_minute: number(row.per_minute, "number of mails")?,
            smtp_url: row.smtp_url,
            smtp_password: row.smtp_password,
            smtp_authorities: row.smtp_authorities,
        }))
    }

    /// Keeps what a project sets about its mail.
    pub(crate) async fn put_mail_settings(
        &mut self,
        project: ProjectId,
        settings: &MailSettingsRow,
    ) -> Result<(), StoreError> {
        self.query(
            "INSERT INTO mail_settings (project, from_address, from_name, reply_to, bounce_address, language, \
             per_minute, smtp_url, smtp_password, smtp_authorities) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) \
             ON CONFLICT (project) DO UPDATE SET from_address = $2, from_name = $3, reply_to = $4, \
             bounce_address = $5, language = $6, per_minute = $7, smtp_url = $8, smtp_password = $9, \
             smtp_authorities = $10",
        )
        .bind(project.0.as_slice())
        .bind(settings.from_address.as_deref())
        .bind(settings.from_name.as_deref())
        .bind(settings.reply_to.as_deref())
        .bind(settings.bounce_address.as_deref())
        .bind(settings.language.name())
        .bind(i64::from(settings.per_minute))
        .bind(settings.smtp_url.as_deref())
        .bind(settings.smtp_password.as_deref())
        .bind(settings.smtp_authorities.as_deref())
        .execute()
        .await?;
        Ok(())
    }

    /// The text that a project has of its own.
    pub(crate) async fn mail_text(
        &mut self,
        project: ProjectId,
        kind: MailKind,
        language: Language,
    ) -> Result<Option<MailText>, StoreError> {
        let row: Option<(String, String, String)> = self
            .query(
                "SELECT subject, plain, html FROM mail_texts WHERE project = $1 AND kind = $2 AND language = $3",
            )
            .bind(project.0.as_slice())
            .bind(kind.name())
            .bind(language.name())
            .fetch_optional()
            .await?;
        Ok(row.map(|(subject, plain, html)| MailText { subject, plain, html }))
    }

    /// Which texts a project has of its own.
    pub(crate) async fn own_mail_texts(
        &mut self,
        project: ProjectId,
    ) -> Result<Vec<(String, String)>, StoreError> {
        self.query("SELECT kind, language FROM mail_texts WHERE project = $1 ORDER BY kind, language")
            .bind(project.0.as_slice())
            .fetch_all()
            .await
    }

    pub(crate) async fn put_mail_text(
        &mut self,
        project: ProjectId,
        kind: MailKind,
        language: Language,
        text: &MailText,
        now: UnixTime,
    ) -> Result<(), StoreError> {
        self.query(
            "INSERT INTO mail_texts (project, kind, language, subject, plain, html, updated_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (project, kind, language) DO UPDATE SET \
             subject = $4, plain = $5, html = $6, updated_at = $7",
        )
        .bind(project.0.as_slice())
        .bind(kind.name())
        .bind(language.name())
        .bind(&text.subject)
        .bind(&text.plain)
        .bind(&text.html)
        .bind(i64::from(now.0))
        .execute()
        .await?;
        Ok(())
    }

    pub(crate) async fn delete_mail_text(
        &mut self,
        project: ProjectId,
        kind: MailKind,
        language: Language,
    ) -> Result<bool, StoreError> {
        let rows = self
            .query("DELETE FROM mail_texts WHERE project = $1 AND kind = $2 AND language = $3")
            .bind(project.0.as_slice())
            .bind(kind.name())
            .bind(language.name())
            .execute()
            .await?;
        Ok(rows > 0)
    }

    /// Sets the language in which a user gets mail.
    pub(crate) async fn set_user_language(
        &mut self,
        project: ProjectId,
        user: Uuid,
        language: Option<Language>,
    ) -> Result<(), StoreError> {
        self.query("UPDATE users SET language = $3 WHERE project = $1 AND id = $2")
            .bind(project.0.as_slice())
            .bind(user)
            .bind(language.map(Language::name))
            .execute()
            .await?;
        Ok(())
    }
}
