//! Who the mail of a project is from, and how it leaves.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use zeroize::Zeroizing;

use crate::domain::{Act, Actor, Expected, project_id_text};
use crate::error::{Error, Refusal};
use crate::mail::{Language, SmtpServer, Transport, is_sendable};
use crate::manager::Manager;
use crate::store::MailSettingsRow;

/// Mails that leave in a minute unless the project says otherwise.
const PER_MINUTE: u32 = 600;
/// The most that a project may say.
const PER_MINUTE_MAX: u32 = 100_000;
/// The longest local part of an address to which reports go: a name of 40 octets is added to it, and 64 are allowed.
const BOUNCE_LOCAL_MAX: usize = 23;

/// What a project sets about its mail, as an administrator sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct MailSettings {
    /// The address that mail is from.
    pub from_address: String,
    /// The name that mail is from.
    pub from_name: String,
    /// Where answers go, if not to the sender.
    pub reply_to: Option<String>,
    /// Where reports on mail go that did not arrive; each mail has its own form of this address.
    pub bounce_address: Option<String>,
    /// The language of mail to users who have none of their own.
    pub language: Language,
    /// Mails that leave in a minute at most.
    pub per_minute: u32,
    /// The project's own mail server; that of the installation if there is none.
    pub smtp_url: Option<String>,
    /// Whether the project has a password for it.
    pub has_smtp_password: bool,
}

/// What is to be changed; a member that is not there stays, and one that is empty text goes back to what it was.
#[derive(Clone, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct MailSettingsEdit {
    /// The address that mail is from.
    pub from_address: Option<String>,
    /// The name that mail is from; that of the project while it is empty.
    pub from_name: Option<String>,
    /// Where answers go, if not to the sender.
    pub reply_to: Option<String>,
    /// Where reports on mail go that did not arrive.
    pub bounce_address: Option<String>,
    /// The language of mail to users who have none of their own.
    pub language: Option<Language>,
    /// Mails that leave in a minute at most.
    pub per_minute: Option<u32>,
    /// The project's own mail server: `smtps://USER@HOST:465` or `smtp://USER@HOST:587`.
    pub smtp_url: Option<String>,
    /// The password for it, which is kept sealed and never shown.
    pub smtp_password: Option<String>,
    /// Certificates (PEM) of the authorities that the server is trusted by, if not those of the system.
    pub smtp_authorities: Option<String>,
}

/// Everything that sending needs.
pub(super) struct Mailroom {
    pub(super) transport: Transport,
    pub(super) from_address: String,
    pub(super) from_name: String,
    pub(super) reply_to: Option<String>,
    pub(super) bounce_address: Option<String>,
    pub(super) language: Language,
    pub(super) per_minute: u32,
}

impl MailSettingsEdit {
    /// Whether nothing is to be changed.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl Manager {
    /// What the project sets about its mail.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn mail_settings(&self) -> Result<MailSettings, Error> {
        let row = self.read().await?.mail_settings(self.project_id()).await?;
        Ok(self.shown(row.unwrap_or_else(unset)))
    }

    /// Changes what the project sets about its mail.
    ///
    /// # Errors
    /// [`Refusal::MailAddress`], [`Refusal::MailSetting`].
    pub async fn edit_mail_settings(
        &self,
        actor: Actor,
        edit: &MailSettingsEdit,
    ) -> Result<MailSettings, Error> {
        self.edit_expected_mail_settings(actor, &Expected::Any, edit).await
    }

    /// Changes the settings as [`Manager::edit_mail_settings`] does, if they are still those that the edit is meant for.
    ///
    /// # Errors
    /// Those of [`Manager::edit_mail_settings`], [`Refusal::PreconditionFailed`].
    pub async fn edit_expected_mail_settings(
        &self,
        actor: Actor,
        expected: &Expected,
        edit: &MailSettingsEdit,
    ) -> Result<MailSettings, Error> {
        let project = self.project_id();
        let mut tx = self.write().await?;
        let mut row = tx.mail_settings(project).await?.unwrap_or_else(unset);
        if !expected.holds(&self.shown(row.clone())) {
            return Err(Refusal::PreconditionFailed.into());
        }
        set_address(&mut row.from_address, edit.from_address.as_deref())?;
        set_address(&mut row.reply_to, edit.reply_to.as_deref())?;
        set_address(&mut row.bounce_address, edit.bounce_address.as_deref())?;
        let local = row.bounce_address.as_deref().and_then(|address| address.rsplit_once('@'));
        if local.is_some_and(|(local, _)| local.len() > BOUNCE_LOCAL_MAX) {
            let problem = format!("bounce_address has more than {BOUNCE_LOCAL_MAX} characters before the @");
            return Err(Refusal::MailSetting(problem).into());
        }
        if let Some(name) = &edit.from_name {
            crate::domain::name(name).map_err(|error| Refusal::MailSetting(format!("from_name {error}")))?;
            row.from_name = Some(name.trim().to_owned()).filter(|name| !name.is_empty());
        }
        row.language = edit.language.unwrap_or(row.language);
        if let Some(per_minute) = edit.per_minute {
            if !(1..=PER_MINUTE_MAX).contains(&per_minute) {
                let problem = format!("per_minute is {per_minute}, and may be 1 to {PER_MINUTE_MAX}");
                return Err(Refusal::MailSetting(problem).into());
            }
            row.per_minute = per_minute;
        }
        set_text(&mut row.smtp_url, edit.smtp_url.as_deref());
        set_text(&mut row.smtp_authorities, edit.smtp_authorities.as_deref());
        if let Some(password) = &edit.smtp_password {
            row.smtp_password = match password.as_str() {
                "" => None,
                password => Some(self.vault().seal(&self.password_label(), password.as_bytes())?),
            };
        }
        if row.smtp_url.is_none() {
            row.smtp_password = None;
            row.smtp_authorities = None;
        }
        self.server_of(&row)?;
        tx.put_mail_settings(project, &row).await?;
        self.note(&mut tx, actor, Act::MailSettingsChanged, "mail", "").await?;
        tx.commit().await?;
        Ok(self.shown(row))
    }

    /// Everything that sending needs, as it is set now.
    pub(super) async fn mailroom(&self) -> Result<Mailroom, Error> {
        let row = self.read().await?.mail_settings(self.project_id()).await?.unwrap_or_else(unset);
        let transport = match self.server_of(&row)? {
            Some(server) => Transport::Smtp(Box::new(server)),
            None => self.mail_options().transport.clone(),
        };
        let MailSettings { from_address, from_name, reply_to, bounce_address, language, per_minute, .. } =
            self.shown(row);
        Ok(Mailroom { transport, from_address, from_name, reply_to, bounce_address, language, per_minute })
    }

    /// The project's own server, if it has one.
    fn server_of(&self, row: &MailSettingsRow) -> Result<Option<SmtpServer>, Error> {
        let Some(url) = &row.smtp_url else { return Ok(None) };
        let wrong = |error: crate::mail::SmtpServerError| Refusal::MailSetting(error.to_string());
        let server: SmtpServer = url.parse().map_err(wrong)?;
        let password = match &row.smtp_password {
            None => None,
            Some(sealed) => {
                let opened = self.vault().open(&self.password_label(), sealed)?;
                Some(Zeroizing::new(String::from_utf8_lossy(&opened).into_owned()))
            }
        };
        let authorities = row.smtp_authorities.as_ref().map(|pem| pem.as_bytes().to_vec());
        Ok(Some(server.with_secrets(password, authorities).map_err(wrong)?))
    }

    fn password_label(&self) -> Vec<u8> {
        [b"ostiary mail password\0".as_slice(), &self.project_id().0].concat()
    }

    fn shown(&self, row: MailSettingsRow) -> MailSettings {
        let project = self.project();
        MailSettings {
            from_address: row.from_address.unwrap_or_else(|| {
                self.mail_options().from_address.clone().unwrap_or_else(|| {
                    format!("doors-{}@{}", project_id_text(project.id), host_of(&project.public_url))
                })
            }),
            from_name: row.from_name.unwrap_or_else(|| project.name.clone()),
            reply_to: row.reply_to,
            bounce_address: row.bounce_address,
            language: row.language,
            per_minute: row.per_minute,
            has_smtp_password: row.smtp_password.is_some(),
            smtp_url: row.smtp_url,
        }
    }
}

fn unset() -> MailSettingsRow {
    MailSettingsRow { per_minute: PER_MINUTE, ..MailSettingsRow::default() }
}

/// The name of the host of an address, if mail could be from there.
fn host_of(url: &str) -> String {
    let host = url.split("://").nth(1).unwrap_or_default().split(['/', ':']).next().unwrap_or_default();
    let is_name = host.contains('.') && host.chars().any(|character| character.is_ascii_alphabetic());
    if is_name && is_sendable(&format!("doors@{host}")) { host.to_owned() } else { "localhost".to_owned() }
}

fn set_address(setting: &mut Option<String>, new: Option<&str>) -> Result<(), Refusal> {
    let Some(new) = new.map(str::trim) else { return Ok(()) };
    if !new.is_empty() && (crate::domain::email(new).is_err() || !is_sendable(new)) {
        return Err(Refusal::MailAddress(new.to_owned()));
    }
    *setting = Some(new.to_owned()).filter(|text| !text.is_empty());
    Ok(())
}

fn set_text(setting: &mut Option<String>, new: Option<&str>) {
    if let Some(new) = new.map(str::trim) {
        *setting = Some(new.to_owned()).filter(|text| !text.is_empty());
    }
}
