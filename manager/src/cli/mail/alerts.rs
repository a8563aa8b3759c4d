//! Alerts, and who is told of them.

use clap::{Args, Subcommand};
use manager::domain::Actor;
use manager::mail::Language;
use serde_json::json;

use super::super::{KeyArguments, ProjectArguments, opening, output};
use super::parse_language;

#[derive(Debug, Subcommand)]
pub(crate) enum AlertsCommand {
    /// Tell somebody of alerts from now on, or change the language.
    Add(AddArguments),
    /// List who is told, and what happened last.
    List(ListArguments),
    /// Tell somebody of alerts no more.
    Remove(RemoveArguments),
}

#[derive(Debug, Args)]
pub(crate) struct AddArguments {
    /// The e-mail address.
    address: String,
    /// The language: en or de.
    #[arg(long, value_parser = parse_language, default_value = "en")]
    language: Language,
    #[command(flatten)]
    project: ProjectArguments,
}

#[derive(Debug, Args)]
pub(crate) struct ListArguments {
    /// How many alerts at most.
    #[arg(long, default_value_t = 20)]
    limit: u32,
    #[command(flatten)]
    project: ProjectArguments,
}

#[derive(Debug, Args)]
pub(crate) struct RemoveArguments {
    /// The e-mail address.
    address: String,
    #[command(flatten)]
    project: ProjectArguments,
}

pub(in crate::cli) async fn run(
    command: &AlertsCommand,
    key: &KeyArguments,
    json: bool,
) -> anyhow::Result<()> {
    match command {
        AlertsCommand::Add(arguments) => {
            let manager = opening::open(&arguments.project.dir, key).await?;
            let added =
                manager.add_alert_recipient(Actor::Operator, &arguments.address, arguments.language).await?;
            if json {
                output::object(&added)?;
            } else {
                output::line(format!("{} is told of alerts.", added.address));
            }
            manager.close().await;
        }
        AlertsCommand::Remove(arguments) => {
            let manager = opening::open(&arguments.project.dir, key).await?;
            manager.remove_alert_recipient(Actor::Operator, &arguments.address).await?;
            if json {
                output::object(&json!({ "removed": arguments.address }))?;
            } else {
                output::line(format!("{} is told of alerts no more.", arguments.address));
            }
            manager.close().await;
        }
        AlertsCommand::List(arguments) => list(arguments, key, json).await?,
    }
    Ok(())
}

async fn list(arguments: &ListArguments, key: &KeyArguments, json: bool) -> anyhow::Result<()> {
    let manager = opening::open(&arguments.project.dir, key).await?;
    let recipients = manager.alert_recipients().await?;
    let alerts = manager.alerts(None, arguments.limit).await?;
    if json {
        output::object(&json!({ "recipients": recipients, "alerts": alerts }))?;
    } else {
        for recipient in &recipients {
            output::line(format!("{}  {}", recipient.language.name(), recipient.address));
        }
        if recipients.is_empty() {
            output::line("Nobody is told of alerts; add somebody with `alerts add ADDRESS`.");
        }
        for alert in &alerts {
            let time = jiff::Timestamp::from_second(i64::from(alert.created_at.0));
            let time = time.map(|time| time.to_string()).unwrap_or_default();
            output::line(format!("{time}  {:20}  {}: {}", alert.kind.name(), alert.subject, alert.detail));
        }
    }
    manager.close().await;
    Ok(())
}
