//! The texts of mail.

use std::path::PathBuf;

use anyhow::bail;
use clap::{Args, Subcommand};
use manager::domain::{Actor, Expected};
use manager::mail::{Language, MailKind, MailText, TextError};
use serde_json::json;

use super::super::{KeyArguments, ProjectArguments, opening, output};
use super::installation::read_text;
use super::{parse_kind, parse_language};

#[derive(Debug, Subcommand)]
pub(crate) enum TextsCommand {
    /// List the kinds of mail and languages, and which texts are the project's own.
    List(ListArguments),
    /// Show a text with its placeholders, as `set` takes it.
    Show(ShowArguments),
    /// Give the project a text of its own; a part that is not given stays.
    Set(SetArguments),
    /// Go back to the standard text.
    Reset(NameArguments),
}

#[derive(Debug, Args)]
pub(crate) struct ListArguments {
    #[command(flatten)]
    project: ProjectArguments,
}

/// A text, and the project that it is of.
#[derive(Debug, Args)]
pub(crate) struct NameArguments {
    /// The kind of mail.
    #[arg(value_parser = parse_kind)]
    kind: MailKind,
    /// The language: en or de.
    #[arg(long, value_parser = parse_language, default_value = "en")]
    language: Language,
    #[command(flatten)]
    project: ProjectArguments,
}

#[derive(Debug, Args)]
pub(crate) struct ShowArguments {
    #[command(flatten)]
    name: NameArguments,
    /// Show the HTML part.
    #[arg(long)]
    html: bool,
}

#[derive(Debug, Args)]
pub(crate) struct SetArguments {
    #[command(flatten)]
    name: NameArguments,
    /// File with the plain text, which begins with a line "Subject: …" and an empty line.
    #[arg(long, value_name = "FILE")]
    plain: Option<PathBuf>,
    /// File with the body of the HTML part.
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct PreviewArguments {
    #[command(flatten)]
    name: NameArguments,
    /// A user whose name is filled in, by e-mail address, user ID or id.
    #[arg(long)]
    user: Option<String>,
    /// Show the HTML part.
    #[arg(long)]
    html: bool,
}

pub(super) async fn run(command: &TextsCommand, key: &KeyArguments, json: bool) -> anyhow::Result<()> {
    match command {
        TextsCommand::List(arguments) => list(arguments, key, json).await,
        TextsCommand::Show(arguments) => show(arguments, key, json).await,
        TextsCommand::Set(arguments) => set(arguments, key, json).await,
        TextsCommand::Reset(arguments) => reset(arguments, key, json).await,
    }
}

pub(super) async fn preview(
    arguments: &PreviewArguments,
    key: &KeyArguments,
    json: bool,
) -> anyhow::Result<()> {
    let NameArguments { kind, language, project } = &arguments.name;
    let manager = opening::open(&project.dir, key).await?;
    let user = match &arguments.user {
        Some(text) => Some(manager.find_user(text).await?.id),
        None => None,
    };
    let preview = manager.preview_mail(*kind, *language, user).await?;
    if json {
        output::object(&preview)?;
    } else if arguments.html {
        output::line(preview.html);
    } else {
        output::line(format!("Subject: {}\n\n{}", preview.subject, preview.plain));
    }
    manager.close().await;
    Ok(())
}

async fn list(arguments: &ListArguments, key: &KeyArguments, json: bool) -> anyhow::Result<()> {
    let manager = opening::open(&arguments.project.dir, key).await?;
    let texts = manager.mail_texts().await?;
    if json {
        output::object(&json!({ "texts": texts }))?;
    } else {
        for text in texts {
            let whose = if text.own { "own" } else { "standard" };
            output::line(format!("{:20}  {}  {whose}", text.kind.name(), text.language.name()));
        }
    }
    manager.close().await;
    Ok(())
}

async fn show(arguments: &ShowArguments, key: &KeyArguments, json: bool) -> anyhow::Result<()> {
    let NameArguments { kind, language, project } = &arguments.name;
    let manager = opening::open(&project.dir, key).await?;
    let text = manager.mail_text(*kind, *language).await?;
    if json {
        output::object(&text)?;
    } else if arguments.html {
        output::line(text.html.trim_end());
    } else {
        output::line(format!("Subject: {}\n\n{}", text.subject, text.plain.trim_end()));
    }
    manager.close().await;
    Ok(())
}

async fn set(arguments: &SetArguments, key: &KeyArguments, json: bool) -> anyhow::Result<()> {
    let SetArguments { name, plain, html } = arguments;
    let NameArguments { kind, language, project } = name;
    if plain.is_none() && html.is_none() {
        bail!("give --plain or --html; `mail texts show` prints what to begin with");
    }
    let manager = opening::open(&project.dir, key).await?;
    let old = manager.mail_text(*kind, *language).await?;
    let mut text = MailText { subject: old.subject, plain: old.plain, html: old.html };
    if let Some(file) = plain {
        let read = read_text(file)?;
        (text.subject, text.plain) = MailText::from_file(&read).ok_or(TextError::NoSubject)?;
    }
    if let Some(file) = html {
        text.html = read_text(file)?.to_string();
    }
    manager.set_mail_text(Actor::Operator, &Expected::Any, (*kind, *language), &text).await?;
    done(json)?;
    manager.close().await;
    Ok(())
}

async fn reset(arguments: &NameArguments, key: &KeyArguments, json: bool) -> anyhow::Result<()> {
    let manager = opening::open(&arguments.project.dir, key).await?;
    manager.reset_mail_text(Actor::Operator, arguments.kind, arguments.language).await?;
    done(json)?;
    manager.close().await;
    Ok(())
}

fn done(json: bool) -> anyhow::Result<()> {
    if json {
        return output::object(&json!({ "done": true }));
    }
    output::line("Done.");
    Ok(())
}
