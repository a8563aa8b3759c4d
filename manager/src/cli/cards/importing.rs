//! Importing cards from a CSV file, and undoing it.

use std::io::IsTerminal;
use std::path::PathBuf;

use anyhow::{Context, bail};
use clap::Args;
use manager::card_list::CardMapping;
use manager::domain::{Actor, CardStep, CardValues, Mode};
use manager::{CardImportOptions, CardImportPlan, Manager};
use serde_json::json;
use uuid::Uuid;

use crate::cli::importing::mode;
use crate::cli::{ProjectArguments, output};

#[derive(Debug, Args)]
pub(crate) struct ImportArguments {
    /// The list, whose first row names its columns: CSV with commas, semicolons or tabs.
    file: PathBuf,
    /// The template of the cards: its name or its id.
    #[arg(long)]
    template: String,
    /// Which column holds a field, by its name or its number, where it is not found by itself: of card_id,
    /// unique_identifier, barcode_value, expires, time_zone, email, photo, or the key of a field; can be given several
    /// times.
    #[arg(long = "map", value_name = "FIELD=COLUMN")]
    map: Vec<String>,
    /// A ZIP archive with photos, named by card ID or as the column `photo` says: up to 5,000 files of 8 MiB each.
    #[arg(long, value_name = "FILE")]
    photos: Option<PathBuf>,
    /// add-only adds cards, add-and-update changes those that are there too, replace archives those that are not in the
    /// list as well.
    #[arg(long, default_value = "add-and-update", value_parser = mode)]
    mode: Mode,
    /// Only show what would be done.
    #[arg(long)]
    dry_run: bool,
    /// Do it without asking.
    #[arg(long)]
    yes: bool,
    /// Do it although many cards would be archived.
    #[arg(long)]
    confirm_archiving: bool,
    #[command(flatten)]
    pub(super) project: ProjectArguments,
}

#[derive(Debug, Args)]
pub(crate) struct UndoArguments {
    /// The plan, as the import named it.
    plan: Uuid,
    #[command(flatten)]
    pub(super) project: ProjectArguments,
}

pub(super) async fn import(manager: &Manager, arguments: &ImportArguments, json: bool) -> anyhow::Result<()> {
    let read = |file: &PathBuf| std::fs::read(file).with_context(|| file.display().to_string());
    let list = read(&arguments.file)?;
    let photos = arguments.photos.as_ref().map(read).transpose()?;
    let mapping = arguments.map.iter().try_fold(CardMapping::default(), |mapping, text| mapping.with(text));
    let mapping = mapping.map_err(anyhow::Error::msg)?;
    let template = manager.find_template(&arguments.template).await?.id;
    let options = CardImportOptions { mode: arguments.mode, mapping, photos };
    let mut plan = manager.plan_card_import(template, list, options).await?;
    if !json {
        show(&plan);
    }
    let applied = !plan.counts.is_nothing() && !arguments.dry_run && may_apply(arguments, json)?;
    if applied {
        let confirmed = arguments.confirm_archiving;
        let steps = std::mem::take(&mut plan.steps);
        plan = manager
            .apply_card_import(Actor::Operator, plan.id, confirmed)
            .await
            .context("--confirm-archiving may be needed")?;
        plan.steps = steps;
    }
    if json {
        return output::object(&plan);
    }
    output::line(match applied {
        true => format!("Done. To undo it: manager card undo-import {}", plan.id),
        false => "Nothing was changed.".to_owned(),
    });
    Ok(())
}

pub(super) async fn undo(manager: &Manager, arguments: &UndoArguments, json: bool) -> anyhow::Result<()> {
    let undone = manager.undo_card_import(Actor::Operator, arguments.plan).await?;
    if json {
        return output::object(&json!({ "plan": arguments.plan, "undone": undone }));
    }
    let (removed, put_back, restored) = (undone.removed, undone.put_back, undone.restored);
    output::line(format!("Undone: {removed} removed again, {put_back} as before, {restored} restored."));
    Ok(())
}

fn may_apply(arguments: &ImportArguments, json: bool) -> anyhow::Result<bool> {
    if arguments.yes {
        return Ok(true);
    }
    if json || !std::io::stdin().is_terminal() {
        bail!("say --dry-run to see what would be done, or --yes to do it");
    }
    output::line("Do it? [y/N]");
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer)?;
    Ok(answer.trim().eq_ignore_ascii_case("y"))
}

fn show(plan: &CardImportPlan) {
    for (number, column) in (1..).zip(&plan.columns) {
        let holds = column.holds.as_deref().unwrap_or("ignored");
        output::line(format!("Column {number} {:?}: {holds}", column.name));
    }
    for step in &plan.steps {
        output::line(match step {
            CardStep::Add { new, photo, .. } => format!("+ {}{}", shown(new), with(*photo)),
            CardStep::Change { old, new, photo, .. } => {
                format!("~ {} → {}{}", shown(old), shown(new), with(*photo))
            }
            CardStep::Archive { old, .. } => format!("- {}: archived", shown(old)),
            CardStep::SkipListed { old, .. } => format!("= {}: left as is", shown(old)),
        });
    }
    let counts = plan.counts;
    output::line(format!(
        "{} added, {} changed, {} archived, {} unchanged, {} skipped; {} photos, {} photos of no card.",
        counts.added,
        counts.changed,
        counts.archived,
        counts.unchanged,
        counts.skipped,
        counts.photos,
        counts.photos_unused
    ));
}

fn shown(values: &CardValues) -> String {
    let fields: Vec<String> = values.fields.iter().map(|(key, value)| format!("{key}={value:?}")).collect();
    format!("{} {}", values.card_id, fields.join(" "))
}

const fn with(photo: bool) -> &'static str {
    if photo { ", with photo" } else { "" }
}
