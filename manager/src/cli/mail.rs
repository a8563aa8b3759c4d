//! Mail: settings, texts, what became of each mail, and who is told of alerts.

mod alerts;
mod installation;
mod texts;

pub(crate) use alerts::AlertsCommand;
pub(super) use alerts::run as run_alerts;
pub(crate) use installation::MailArguments;

use std::path::PathBuf;

use clap::{Args, Subcommand};
use manager::domain::{Actor, MailState};
use manager::mail::{Language, MailKind};
use manager::{MailFilter, MailSettingsEdit, Mailing, Manager};
use serde_json::json;

use super::{KeyArguments, ProjectArguments, opening, output};

#[derive(Debug, Subcommand)]
pub(crate) enum MailCommand {
    /// List mails, newest first, with what became of them.
    List(ListArguments),
    /// Mail the open invitation of a user again, with the same code.
    Resend(UserArguments),
    /// Set the language in which a user gets mail.
    Language(LanguageArguments),
    /// Send a test mail to an address.
    Test(TestArguments),
    /// Show what a mail would say; a code in it is made up.
    Preview(texts::PreviewArguments),
    /// The texts of mail.
    #[command(subcommand)]
    Texts(texts::TextsCommand),
    /// Show or change who mail is from and how it leaves.
    Settings(Box<SettingsArguments>),
}

#[derive(Debug, Args)]
pub(crate) struct ListArguments {
    /// Only mails to this user, by e-mail address, user ID or id.
    #[arg(long)]
    user: Option<String>,
    /// Only mails about this card, by card ID or id.
    #[arg(long)]
    card: Option<String>,
    /// Only mails in this state: queued, sent, deferred, bounced or dropped.
    #[arg(long, value_parser = parse_state)]
    state: Option<MailState>,
    /// How many at most.
    #[arg(long, default_value_t = 100)]
    limit: u32,
    #[command(flatten)]
    project: ProjectArguments,
}

#[derive(Debug, Args)]
pub(crate) struct UserArguments {
    /// The user, by e-mail address, user ID or id.
    user: String,
    #[command(flatten)]
    project: ProjectArguments,
}

#[derive(Debug, Args)]
pub(crate) struct LanguageArguments {
    /// The user, by e-mail address, user ID or id.
    user: String,
    /// en or de; - for that of the project.
    #[arg(value_name = "LANGUAGE")]
    language: String,
    #[command(flatten)]
    project: ProjectArguments,
}

#[derive(Debug, Args)]
pub(crate) struct TestArguments {
    /// Where to.
    address: String,
    /// en or de; that of the project if it is not given.
    #[arg(long, value_parser = parse_language)]
    language: Option<Language>,
    /// How mail leaves, as for `serve`.
    #[command(flatten)]
    mail: Box<MailArguments>,
    #[command(flatten)]
    project: ProjectArguments,
}

/// What is not given stays; what is given empty goes back to what it was.
#[derive(Debug, Args)]
pub(crate) struct SettingsArguments {
    /// The address that mail is from.
    #[arg(long, value_name = "ADDRESS")]
    from: Option<String>,
    /// The name that mail is from.
    #[arg(long, value_name = "NAME")]
    from_name: Option<String>,
    /// Where answers go.
    #[arg(long, value_name = "ADDRESS")]
    reply_to: Option<String>,
    /// Where reports on mail go that did not arrive.
    #[arg(long, value_name = "ADDRESS")]
    bounce_address: Option<String>,
    /// The language of mail to users who have none of their own: en or de.
    #[arg(long, value_parser = parse_language)]
    language: Option<Language>,
    /// Mails that leave in a minute at most.
    #[arg(long, value_name = "NUMBER")]
    per_minute: Option<u32>,
    /// The project's own mail server: smtps://USER@HOST:465 or smtp://USER@HOST:587.
    #[arg(long, value_name = "URL")]
    own_smtp_url: Option<String>,
    /// File with the password for it, which is kept sealed.
    #[arg(long, value_name = "FILE")]
    own_smtp_password_file: Option<PathBuf>,
    /// File with certificates (PEM) of the authorities that the server is trusted by.
    #[arg(long, value_name = "FILE")]
    own_smtp_authorities: Option<PathBuf>,
    #[command(flatten)]
    project: ProjectArguments,
}

pub(super) async fn run(command: &MailCommand, key: &KeyArguments, json: bool) -> anyhow::Result<()> {
    match command {
        MailCommand::List(arguments) => list(arguments, key, json).await,
        MailCommand::Resend(arguments) => resend(arguments, key, json).await,
        MailCommand::Language(arguments) => language(arguments, key, json).await,
        MailCommand::Test(arguments) => test(arguments, key, json).await,
        MailCommand::Preview(arguments) => texts::preview(arguments, key, json).await,
        MailCommand::Texts(command) => texts::run(command, key, json).await,
        MailCommand::Settings(arguments) => settings(arguments, key, json).await,
    }
}

async fn list(arguments: &ListArguments, key: &KeyArguments, json: bool) -> anyhow::Result<()> {
    let manager = opening::open(&arguments.project.dir, key).await?;
    let user = match &arguments.user {
        Some(text) => Some(manager.find_user(text).await?.id),
        None => None,
    };
    let card = match &arguments.card {
        Some(text) => Some(manager.find_card(text).await?.id),
        None => None,
    };
    let filter = MailFilter { user, card, state: arguments.state };
    let mails = manager.mails(filter, None, arguments.limit).await?;
    if json {
        output::object(&json!({ "mails": mails }))?;
    } else {
        for mail in &mails {
            output::line(shown(mail));
        }
        output::line(format!("{} mails.", mails.len()));
    }
    manager.close().await;
    Ok(())
}

async fn resend(arguments: &UserArguments, key: &KeyArguments, json: bool) -> anyhow::Result<()> {
    let manager = opening::open(&arguments.project.dir, key).await?;
    let user = manager.find_user(&arguments.user).await?;
    let mail = manager.resend_invitation(Actor::Operator, user.id).await?;
    if json {
        output::object(&mail)?;
    } else {
        output::line(format!("The invitation is mailed again to {}.", mail.address));
    }
    manager.close().await;
    Ok(())
}

async fn language(arguments: &LanguageArguments, key: &KeyArguments, json: bool) -> anyhow::Result<()> {
    let language = match arguments.language.as_str() {
        "-" => None,
        text => Some(parse_language(text).map_err(anyhow::Error::msg)?),
    };
    let manager = opening::open(&arguments.project.dir, key).await?;
    let user = manager.find_user(&arguments.user).await?;
    manager.set_user_language(Actor::Operator, user.id, language).await?;
    if json {
        output::object(&json!({ "user": user.id, "language": language }))?;
    } else {
        output::line("Done.");
    }
    manager.close().await;
    Ok(())
}

/// Writes the mail, sends what is due, and says what became of it.
async fn test(arguments: &TestArguments, key: &KeyArguments, json: bool) -> anyhow::Result<()> {
    let manager = opening::open(&arguments.project.dir, key).await?;
    let manager = arguments.mail.apply(manager)?;
    let written = manager.send_test_mail(Actor::Operator, &arguments.address, arguments.language).await?;
    let report = manager.run_kind(manager::JobKind::Mail).await?;
    let mail = manager.mail(written.id).await?;
    if json {
        output::object(&json!({ "mail": mail, "run": report }))?;
    } else {
        output::line(shown(&mail));
        if mail.state == MailState::Queued {
            output::line("Mail is sent by another process now; look again with `mail list`.");
        }
    }
    manager.close().await;
    Ok(())
}

async fn settings(arguments: &SettingsArguments, key: &KeyArguments, json: bool) -> anyhow::Result<()> {
    let read = |file: &Option<PathBuf>| file.as_ref().map(|file| installation::read_text(file)).transpose();
    let password = read(&arguments.own_smtp_password_file)?;
    let edit = MailSettingsEdit {
        from_address: arguments.from.clone(),
        from_name: arguments.from_name.clone(),
        reply_to: arguments.reply_to.clone(),
        bounce_address: arguments.bounce_address.clone(),
        language: arguments.language,
        per_minute: arguments.per_minute,
        smtp_url: arguments.own_smtp_url.clone(),
        smtp_password: password.map(|text| text.trim_end_matches(['\r', '\n']).to_owned()),
        smtp_authorities: read(&arguments.own_smtp_authorities)?.map(|text| text.to_string()),
    };
    let manager = opening::open(&arguments.project.dir, key).await?;
    let settings = change(&manager, &edit).await?;
    if json {
        output::object(&settings)?;
    } else {
        let or_none = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
        output::line(format!("From:           {} <{}>", settings.from_name, settings.from_address));
        output::line(format!("Reply-To:       {}", or_none(&settings.reply_to)));
        output::line(format!("Bounce address: {}", or_none(&settings.bounce_address)));
        output::line(format!("Language:       {}", settings.language.name()));
        output::line(format!("Per minute:     {}", settings.per_minute));
        output::line(format!("Mail server:    {}", or_none(&settings.smtp_url)));
    }
    manager.close().await;
    Ok(())
}

/// Changes what is given; nothing is written when nothing is.
async fn change(manager: &Manager, edit: &MailSettingsEdit) -> anyhow::Result<manager::MailSettings> {
    if edit.is_empty() {
        return Ok(manager.mail_settings().await?);
    }
    Ok(manager.edit_mail_settings(Actor::Operator, edit).await?)
}

fn shown(mail: &Mailing) -> String {
    let since = jiff::Timestamp::from_second(i64::from(mail.since.0)).map(|time| time.to_string());
    let since = since.unwrap_or_default();
    let error = mail.error.as_ref().map(|error| format!("  ({error})")).unwrap_or_default();
    let state = mail.state.name();
    format!("{}  {:20}  {state:8}  since {since}  {}{error}", mail.id, mail.kind, mail.address)
}

fn parse_language(text: &str) -> Result<Language, String> {
    let names = Language::ALL.map(Language::name).join(", ");
    Language::from_tag(text).ok_or_else(|| format!("the languages are {names}"))
}

fn parse_kind(text: &str) -> Result<MailKind, String> {
    let names = MailKind::ALL.map(MailKind::name).join(", ");
    MailKind::from_name(text).ok_or_else(|| format!("the kinds of mail are {names}"))
}

fn parse_state(text: &str) -> Result<MailState, String> {
    let names = MailState::ALL.map(MailState::name).join(", ");
    MailState::from_name(text).ok_or_else(|| format!("the states are {names}"))
}
