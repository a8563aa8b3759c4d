//! Revocation lists and time tokens as files.

use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::{Args, Subcommand};
use manager::Manager;
use manager::domain::Actor;
use serde_json::json;

use super::{KeyArguments, ProjectArguments, opening, output};

#[derive(Debug, Subcommand)]
pub(crate) enum ListCommand {
    /// Sign a new revocation list now, for whoever is to see that it is fresh.
    Publish(ListArguments),
    /// Show the newest revocation list.
    Show(ListArguments),
}

#[derive(Debug, Args)]
pub(crate) struct ListArguments {
    /// File for the signed revocation list.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// File for a signed time token.
    #[arg(long, value_name = "FILE")]
    time_token_out: Option<PathBuf>,
    #[command(flatten)]
    project: ProjectArguments,
}

pub(super) async fn run(command: &ListCommand, key: &KeyArguments, json: bool) -> anyhow::Result<()> {
    let (ListCommand::Publish(arguments) | ListCommand::Show(arguments)) = command;
    let manager = opening::open(&arguments.project.dir, key).await?;
    if let ListCommand::Publish(_) = command {
        manager.publish_revocation_list(Actor::Operator).await?;
    }
    show(&manager, arguments, json).await?;
    manager.close().await;
    Ok(())
}

async fn show(manager: &Manager, arguments: &ListArguments, json: bool) -> anyhow::Result<()> {
    let list =
        manager.newest_list().await?.ok_or(manager::Error::from(manager::Refusal::RevocationListNone))?;
    if let Some(out) = &arguments.out {
        write(out, &list.octets)?;
    }
    if let Some(out) = &arguments.time_token_out {
        write(out, &manager.time_token().await?)?;
    }
    if json {
        return output::object(&json!({
            "version": list.version,
            "issued_at": list.issued_at.0,
            "serials": list.serials.iter().map(|serial| serial.0).collect::<Vec<_>>(),
            "readers": list.readers.iter().map(|reader| reader.0).collect::<Vec<_>>(),
            "octets": list.octets.len(),
        }));
    }
    output::line(format!(
        "Revocation list {} of {}: {} credentials and {} readers in {} octets.",
        list.version,
        list.issued_at.0,
        list.serials.len(),
        list.readers.len(),
        list.octets.len()
    ));
    Ok(())
}

fn write(out: &Path, octets: &[u8]) -> anyhow::Result<()> {
    std::fs::write(out, octets).with_context(|| out.display().to_string())
}
