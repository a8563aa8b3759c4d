//! How mail leaves an installation, where a project does not say otherwise.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::Args;
use manager::Manager;
use manager::mail::{MailOptions, SmtpServer, Transport};
use zeroize::Zeroizing;

/// The variable that may hold the password of the mail server.
const PASSWORD: &str = "OSTIARY_SMTP_PASSWORD";

#[derive(Clone, Debug, Args)]
pub(crate) struct MailArguments {
    /// Mail server: smtps://USER@HOST:465, or smtp://USER@HOST:587 with STARTTLS [default: files in DIR/outbox].
    #[arg(long, env = "OSTIARY_SMTP_URL", value_name = "URL")]
    smtp_url: Option<SmtpServer>,
    /// File with the password for it; OSTIARY_SMTP_PASSWORD may hold it instead.
    #[arg(long, env = "OSTIARY_SMTP_PASSWORD_FILE", value_name = "FILE", requires = "smtp_url")]
    smtp_password_file: Option<PathBuf>,
    /// File with certificates (PEM) of the authorities that it is trusted by, beside those of the system.
    #[arg(long, env = "OSTIARY_SMTP_AUTHORITIES", value_name = "FILE", requires = "smtp_url")]
    smtp_authorities: Option<PathBuf>,
    /// Directory into which mail is written as files, in place of a server.
    #[arg(long, env = "OSTIARY_OUTBOX", value_name = "DIR", conflicts_with = "smtp_url")]
    outbox: Option<PathBuf>,
    /// Address that mail is from, where a project does not say otherwise.
    #[arg(long, env = "OSTIARY_MAIL_FROM", value_name = "ADDRESS")]
    mail_from: Option<String>,
    /// Maildir with reports on mail that did not arrive.
    #[arg(long, env = "OSTIARY_BOUNCES", value_name = "DIR")]
    bounces: Option<PathBuf>,
}

impl MailArguments {
    /// The manager with these ways for mail.
    pub(in crate::cli) fn apply(&self, manager: Manager) -> anyhow::Result<Manager> {
        let mut options = MailOptions::in_directory(manager.directory());
        if let Some(server) = &self.smtp_url {
            options.transport = Transport::Smtp(Box::new(self.server(server)?));
        } else if let Some(dir) = &self.outbox {
            options.transport = Transport::Files(dir.clone());
        }
        options.from_address.clone_from(&self.mail_from);
        options.bounces.clone_from(&self.bounces);
        Ok(manager.with_mail(options))
    }

    fn server(&self, server: &SmtpServer) -> anyhow::Result<SmtpServer> {
        let mut password = None;
        if let Some(file) = &self.smtp_password_file {
            let text = read_text(file)?;
            password = Some(Zeroizing::new(text.trim_end_matches(['\r', '\n']).to_owned()));
        } else if let (true, Ok(text)) = (server.has_user(), std::env::var(PASSWORD)) {
            password = Some(Zeroizing::new(text));
        }
        if server.has_user() && password.is_none() {
            bail!("the mail server's address has a user: give --smtp-password-file or {PASSWORD}");
        }
        let authorities = self.smtp_authorities.as_ref().map(|file| read_text(file)).transpose()?;
        let authorities = authorities.map(|text| text.as_bytes().to_vec());
        Ok(server.clone().with_secrets(password, authorities)?)
    }
}

/// The text of a file, named if it cannot be read.
pub(super) fn read_text(file: &Path) -> anyhow::Result<Zeroizing<String>> {
    std::fs::read_to_string(file).map(Zeroizing::new).with_context(|| file.display().to_string())
}
