//! Cards: adding, listing, editing, inviting, and the acts of their lives.

mod importing;
mod listing;
mod photo;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use manager::Manager;
use manager::domain::{Actor, Card, CardEdit, CardStatus, CardTurn, Expected, NewCard, SecurityAnswer};
use serde_json::json;

use super::opening::SECONDS_PER_HOUR;
use super::people::words::{moment, picture};
use super::{KeyArguments, ProjectArguments, opening, output};

#[derive(Debug, Subcommand)]
pub(crate) enum CardCommand {
    /// Add a card of an approved template.
    Add(AddArguments),
    /// List cards, or find some.
    List(ListArguments),
    /// Show a card.
    Show(OneArguments),
    /// Change what stands on a card.
    Edit(EditArguments),
    /// Invite whoever gets a card, to the card alone; a phone that has it loses it.
    Invite(InviteArguments),
    /// Mail the open invitation to a card again, with the same code.
    MailInvitation(OneArguments),
    /// Deactivate a card: it stays on its phone, and is shown as not valid.
    Deactivate(OneArguments),
    /// Reactivate a card that was deactivated.
    Reactivate(OneArguments),
    /// Archive a card: its phone loses it, and nobody is invited to it.
    Archive(OneArguments),
    /// Bring an archived card back; it is on no phone.
    Restore(OneArguments),
    /// Take a card off its phone.
    Uninstall(OneArguments),
    /// Let a card that wrong answers locked take answers again.
    Unlock(OneArguments),
    /// Import cards of a template from a CSV file, with photos from a ZIP archive: first the plan is shown.
    Import(Box<importing::ImportArguments>),
    /// Undo an import of cards while there is time.
    UndoImport(importing::UndoArguments),
    /// Set, fetch, approve, refuse or remove the photo of a card.
    Photo(photo::PhotoArguments),
}

/// What stands on a card.
#[derive(Debug, Args)]
pub(crate) struct ContentArguments {
    /// Value of a field; can be given several times.
    #[arg(long = "field", value_name = "KEY=VALUE", value_parser = field)]
    fields: Vec<(String, String)>,
    /// Value of the barcode, where each card says it.
    #[arg(long, value_name = "VALUE")]
    barcode: Option<String>,
    /// The unique identifier that the holder is asked for.
    #[arg(long, value_name = "TEXT")]
    identifier: Option<String>,
    /// File with the security questions: [{"question": "…", "answer": "…"}]; - reads it from standard input.
    #[arg(long, value_name = "FILE")]
    answers: Option<PathBuf>,
    /// When it ends, in place of what the template says: 2027-09-30 or 2027-09-30T12:00.
    #[arg(long, value_name = "TIME")]
    expires: Option<String>,
    /// IANA time zone of that.
    #[arg(long, value_name = "ZONE", requires = "expires")]
    time_zone: Option<String>,
    /// E-mail address of whoever gets it.
    #[arg(long)]
    email: Option<String>,
    /// The user whose card it is: an id, an e-mail address or a user ID.
    #[arg(long)]
    user: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct AddArguments {
    /// The template: its name or its id.
    #[arg(long)]
    template: String,
    /// What stands on it as its number.
    #[arg(long)]
    card_id: String,
    /// Only show the card as it would be.
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    content: ContentArguments,
    #[command(flatten)]
    project: ProjectArguments,
}

#[derive(Debug, Args)]
pub(crate) struct ListArguments {
    /// Only those of this status: inactive, active, deactivated, archived or uninstalled.
    #[arg(long, value_parser = status)]
    status: Option<CardStatus>,
    /// Only those of this template.
    #[arg(long)]
    template: Option<String>,
    /// Only those with a photo that waits for approval.
    #[arg(long)]
    photo_waits: bool,
    /// Only those with a word in card ID, fields, unique identifier or e-mail address that begins so.
    #[arg(long)]
    search: Option<String>,
    /// Only how many there are of each template and status.
    #[arg(long, conflicts_with_all = ["status", "template", "photo_waits", "search"])]
    counts: bool,
    #[command(flatten)]
    project: ProjectArguments,
}

#[derive(Debug, Args)]
pub(crate) struct OneArguments {
    /// The card: its card ID or its id.
    card: String,
    #[command(flatten)]
    project: ProjectArguments,
}

#[derive(Debug, Args)]
pub(crate) struct EditArguments {
    /// The card: its card ID or its id.
    card: String,
    /// What stands on it as its number.
    #[arg(long)]
    card_id: Option<String>,
    #[command(flatten)]
    content: ContentArguments,
    /// It is no user's card any more.
    #[arg(long, conflicts_with = "user")]
    no_user: bool,
    #[command(flatten)]
    project: ProjectArguments,
}

#[derive(Debug, Args)]
pub(crate) struct InviteArguments {
    /// The card: its card ID or its id.
    card: String,
    /// For how many hours the invitation is good [default: as the template or the project sets it].
    #[arg(long)]
    hours: Option<u32>,
    #[command(flatten)]
    project: ProjectArguments,
}

impl CardCommand {
    const fn project(&self) -> &ProjectArguments {
        match self {
            Self::Add(arguments) => &arguments.project,
            Self::List(arguments) => &arguments.project,
            Self::Edit(arguments) => &arguments.project,
            Self::Invite(arguments) => &arguments.project,
            Self::Photo(arguments) => &arguments.project,
            Self::Import(arguments) => &arguments.project,
            Self::UndoImport(arguments) => &arguments.project,
            Self::Show(arguments)
            | Self::MailInvitation(arguments)
            | Self::Deactivate(arguments)
            | Self::Reactivate(arguments)
            | Self::Archive(arguments)
            | Self::Restore(arguments)
            | Self::Uninstall(arguments)
            | Self::Unlock(arguments) => &arguments.project,
        }
    }
}

pub(super) async fn run(command: &CardCommand, key: &KeyArguments, json: bool) -> anyhow::Result<()> {
    let manager = opening::open(&command.project().dir, key).await?;
    let done = match command {
        CardCommand::Add(arguments) => add(&manager, arguments, json).await,
        CardCommand::List(arguments) => listing::list(&manager, arguments, json).await,
        CardCommand::Show(arguments) => {
            let card = manager.find_card(&arguments.card).await?;
            listing::show(&manager, &card, json)
        }
        CardCommand::Edit(arguments) => edit(&manager, arguments, json).await,
        CardCommand::Invite(arguments) => invite(&manager, arguments, json).await,
        CardCommand::MailInvitation(one) => mail_invitation(&manager, one, json).await,
        CardCommand::Deactivate(one) => turn(&manager, one, CardTurn::Deactivate, json).await,
        CardCommand::Reactivate(one) => turn(&manager, one, CardTurn::Reactivate, json).await,
        CardCommand::Archive(one) => turn(&manager, one, CardTurn::Archive, json).await,
        CardCommand::Restore(one) => turn(&manager, one, CardTurn::Restore, json).await,
        CardCommand::Uninstall(one) => turn(&manager, one, CardTurn::Uninstall, json).await,
        CardCommand::Unlock(one) => {
            let card = manager.find_card(&one.card).await?;
            told(&manager.unlock_card(Actor::Operator, card.id).await?, json)
        }
        CardCommand::Import(arguments) => importing::import(&manager, arguments, json).await,
        CardCommand::UndoImport(arguments) => importing::undo(&manager, arguments, json).await,
        CardCommand::Photo(arguments) => photo::run(&manager, arguments, json).await,
    };
    manager.close().await;
    done
}

async fn add(manager: &Manager, arguments: &AddArguments, json: bool) -> anyhow::Result<()> {
    let content = &arguments.content;
    let user = match &content.user {
        Some(user) => Some(manager.find_user(user).await?.id),
        None => None,
    };
    let new = NewCard {
        template: manager.find_template(&arguments.template).await?.id,
        card_id: arguments.card_id.clone(),
        fields: fields(content),
        barcode_value: content.barcode.clone(),
        unique_identifier: content.identifier.clone(),
        questions: content.answers.as_deref().map(answers).transpose()?.unwrap_or_default(),
        expires: content.expires.clone(),
        time_zone: content.time_zone.clone(),
        email: content.email.clone(),
        user,
    };
    if arguments.dry_run {
        return listing::show(manager, &manager.review_card(&new).await?, json);
    }
    told(&manager.add_card(Actor::Operator, &new).await?, json)
}

async fn edit(manager: &Manager, arguments: &EditArguments, json: bool) -> anyhow::Result<()> {
    let content = &arguments.content;
    let user = match (&content.user, arguments.no_user) {
        (Some(user), _) => Some(Some(manager.find_user(user).await?.id)),
        (None, true) => Some(None),
        (None, false) => None,
    };
    let some = |text: &Option<String>| text.clone().map(|text| Some(text).filter(|text| !text.is_empty()));
    let edit = CardEdit {
        card_id: arguments.card_id.clone(),
        fields: fields(content),
        barcode_value: some(&content.barcode),
        unique_identifier: some(&content.identifier),
        questions: content.answers.as_deref().map(answers).transpose()?,
        expires: content.expires.clone(),
        time_zone: content.time_zone.clone(),
        email: some(&content.email),
        user,
    };
    if edit == CardEdit::default() {
        bail!("nothing is to be changed; say for example --field KEY=VALUE");
    }
    let card = manager.find_card(&arguments.card).await?;
    told(&manager.edit_card(Actor::Operator, &Expected::Any, card.id, &edit).await?, json)
}

async fn invite(manager: &Manager, arguments: &InviteArguments, json: bool) -> anyhow::Result<()> {
    let card = manager.find_card(&arguments.card).await?;
    let life_s = arguments.hours.map(|hours| hours.saturating_mul(SECONDS_PER_HOUR));
    let invitation = manager.invite_to_card(Actor::Operator, card.id, life_s).await?;
    let (code, link) = (invitation.code.grouped(), &invitation.link);
    if json {
        return output::object(&json!({
            "card": card.id, "code": code, "link": link, "expires_at": invitation.expires_at,
            "mailed_to": invitation.mailed_to,
        }));
    }
    let ends = moment(manager, invitation.expires_at);
    output::line(format!("{}\n", picture(link)?));
    output::line(format!("Link: {link}\nCode: {code}\nShown only now; good until {ends}."));
    if let Some(address) = &invitation.mailed_to {
        output::line(format!("It is mailed to {address}."));
    }
    Ok(())
}

async fn mail_invitation(manager: &Manager, one: &OneArguments, json: bool) -> anyhow::Result<()> {
    let card = manager.find_card(&one.card).await?;
    let mail = manager.resend_card_invitation(Actor::Operator, card.id).await?;
    if json {
        return output::object(&mail);
    }
    output::line(format!("The invitation is mailed again to {}.", mail.address));
    Ok(())
}

async fn turn(manager: &Manager, one: &OneArguments, turn: CardTurn, json: bool) -> anyhow::Result<()> {
    let card = manager.find_card(&one.card).await?;
    told(&manager.turn_card(Actor::Operator, card.id, turn).await?, json)
}

fn told(card: &Card, json: bool) -> anyhow::Result<()> {
    if json {
        return output::object(card);
    }
    output::line(format!("Card {} of {:?}: {}.", card.card_id, card.template_name, card.status.label()));
    Ok(())
}

fn fields(content: &ContentArguments) -> BTreeMap<String, String> {
    content.fields.iter().cloned().collect()
}

/// Reads security questions with their answers; as an argument, every user of the machine would see them.
fn answers(file: &Path) -> anyhow::Result<Vec<SecurityAnswer>> {
    let text = opening::read_secret(file, "list of security questions")?;
    serde_json::from_str(&text).with_context(|| {
        format!("{} holds no list like [{{\"question\": \"…\", \"answer\": \"…\"}}]", file.display())
    })
}

fn field(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("give KEY=VALUE")?;
    Ok((key.trim().to_owned(), value.trim().to_owned()))
}

fn status(text: &str) -> Result<CardStatus, String> {
    CardStatus::from_name(text)
        .ok_or_else(|| "give inactive, active, deactivated, archived or uninstalled".to_owned())
}
