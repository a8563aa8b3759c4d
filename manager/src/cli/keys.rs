//! Issuer keys: listing, rotating, resealing.

use std::path::PathBuf;

use anyhow::bail;
use clap::{Args, Subcommand};
use manager::Unlock;
use manager::domain::{Actor, KeyStanding};
use serde_json::json;

use super::{KeyArguments, ProjectArguments, opening, output};

#[derive(Debug, Subcommand)]
pub(crate) enum KeyCommand {
    /// List the issuer keys, and what keeps each from its next state.
    List(ListArguments),
    /// Make a new issuer key, which readers get with their next configuration and phones with their next renewal.
    ///
    /// It signs nothing until `manager key activate`.
    Rotate(ListArguments),
    /// Let a prepared key sign from now on; the key before is accepted until it is retired.
    Activate(StepArguments),
    /// End the acceptance of a key that signs no more, or of one that never signed.
    Retire(StepArguments),
    /// Seal the issuer keys under another passphrase or key file.
    ///
    /// Processes that run go on; they need the new one at their next start.
    Reseal(ResealArguments),
}

#[derive(Debug, Args)]
pub(crate) struct ListArguments {
    #[command(flatten)]
    project: ProjectArguments,
}

#[derive(Debug, Args)]
pub(crate) struct StepArguments {
    /// The number of the key, as `manager key list` shows it.
    index: u8,
    /// Do it although readers or phones are not ready: doors and phones may refuse each other until they are.
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    project: ProjectArguments,
}

#[derive(Debug, Args)]
pub(crate) struct ResealArguments {
    #[command(flatten)]
    project: ProjectArguments,
    /// File with the new passphrase; - reads it from standard input.
    #[arg(long, value_name = "FILE", conflicts_with = "new_key_file")]
    new_passphrase_file: Option<PathBuf>,
    /// New key file; made if it is not there.
    #[arg(long, value_name = "FILE")]
    new_key_file: Option<PathBuf>,
}

pub(super) async fn run(command: &KeyCommand, key: &KeyArguments, json: bool) -> anyhow::Result<()> {
    match command {
        KeyCommand::List(arguments) => list(arguments, key, json).await,
        KeyCommand::Rotate(arguments) => {
            let manager = opening::open(&arguments.project.dir, key).await?;
            let made = manager.rotate_issuer_key(Actor::Operator).await?;
            show_step(&made, json)?;
            if !json {
                output::line(format!(
                    "When all readers and phones have it, let it sign with `manager key activate {}`.",
                    made.index
                ));
            }
            manager.close().await;
            Ok(())
        }
        KeyCommand::Activate(arguments) => {
            let manager = opening::open(&arguments.project.dir, key).await?;
            let step = manager.activate_issuer_key(Actor::Operator, arguments.index, arguments.force).await?;
            show_step(&step, json)?;
            manager.close().await;
            Ok(())
        }
        KeyCommand::Retire(arguments) => {
            let manager = opening::open(&arguments.project.dir, key).await?;
            let step = manager.retire_issuer_key(Actor::Operator, arguments.index, arguments.force).await?;
            show_step(&step, json)?;
            manager.close().await;
            Ok(())
        }
        KeyCommand::Reseal(arguments) => reseal(arguments, key, json).await,
    }
}

async fn list(arguments: &ListArguments, key: &KeyArguments, json: bool) -> anyhow::Result<()> {
    let manager = opening::open(&arguments.project.dir, key).await?;
    let keys = manager.issuer_key_list().await?;
    if json {
        output::object(&json!({ "issuer_keys": keys }))?;
    } else {
        keys.iter().for_each(|key| output::line(in_words(key)));
    }
    manager.close().await;
    Ok(())
}

async fn reseal(arguments: &ResealArguments, key: &KeyArguments, json: bool) -> anyhow::Result<()> {
    let new = match (&arguments.new_passphrase_file, &arguments.new_key_file) {
        (Some(file), None) => Unlock::Passphrase(opening::read_secret(file, "passphrase")?),
        (None, Some(file)) => Unlock::KeyFile(file.clone()),
        _ => bail!("give --new-passphrase-file or --new-key-file"),
    };
    let manager = opening::open(&arguments.project.dir, key).await?;
    manager.reseal_issuer_keys(Actor::Operator, &new).await?;
    if json {
        output::object(&json!({ "resealed": true }))?;
    } else {
        output::line(
            "The issuer keys are sealed anew. Backups that were made before open with the old one only.",
        );
    }
    manager.close().await;
    Ok(())
}

fn show_step(key: &KeyStanding, json: bool) -> anyhow::Result<()> {
    if json {
        return output::object(key);
    }
    output::line(in_words(key));
    Ok(())
}

fn in_words(key: &KeyStanding) -> String {
    let place = if key.in_token { ", in the token" } else { "" };
    let held_up = key.held_up_by().map_or_else(String::new, |why| format!("; {why}"));
    format!("Issuer key {}: {}{place}{held_up}.", key.index, key.state.name())
}
