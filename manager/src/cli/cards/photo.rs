//! The photo of a card.

use std::path::PathBuf;

use anyhow::{Context, bail};
use clap::Args;
use manager::Manager;
use manager::domain::Actor;
use serde_json::json;

use super::told;
use crate::cli::{ProjectArguments, output};

#[derive(Debug, Args)]
pub(crate) struct PhotoArguments {
    /// The card: its card ID or its id.
    card: String,
    /// A JPEG, PNG or WebP to be the photo.
    #[arg(conflicts_with_all = ["out", "approve", "refuse", "remove"])]
    file: Option<PathBuf>,
    /// Write the photo to this file.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// With --out, write the one that waits for approval.
    #[arg(long, requires = "out")]
    waiting: bool,
    /// Approve the photo that waits.
    #[arg(long, conflicts_with_all = ["refuse", "remove", "out"])]
    approve: bool,
    /// Refuse the photo that waits.
    #[arg(long, conflicts_with_all = ["remove", "out"])]
    refuse: bool,
    /// Take the photo away.
    #[arg(long, conflicts_with = "out")]
    remove: bool,
    #[command(flatten)]
    pub(super) project: ProjectArguments,
}

pub(super) async fn run(manager: &Manager, arguments: &PhotoArguments, json: bool) -> anyhow::Result<()> {
    let card = manager.find_card(&arguments.card).await?.id;
    if let Some(out) = &arguments.out {
        let photo = manager.card_photo(card, arguments.waiting).await?;
        std::fs::write(out, &photo).with_context(|| out.display().to_string())?;
        if json {
            return output::object(&json!({ "octets": photo.len(), "out": out.display().to_string() }));
        }
        output::line(format!("The photo is in {}.", out.display()));
        return Ok(());
    }
    let changed = if let Some(file) = &arguments.file {
        let octets = std::fs::read(file).with_context(|| file.display().to_string())?;
        manager.set_card_photo(Actor::Operator, card, octets).await?
    } else if arguments.approve || arguments.refuse {
        manager.judge_card_photo(Actor::Operator, card, arguments.approve).await?
    } else if arguments.remove {
        manager.remove_card_photo(Actor::Operator, card).await?
    } else {
        bail!("say a file with the photo, or --out FILE, --approve, --refuse or --remove");
    };
    told(&changed, json)
}
