//! Templates of cards.

use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::{Args, Subcommand};
use manager::Manager;
use manager::domain::{Actor, CardDesign, CardTemplate, Expected};
use serde_json::json;

use super::{KeyArguments, ProjectArguments, opening, output};

/// Templates that are read at a time.
const PAGE: u32 = 1000;

#[derive(Debug, Subcommand)]
pub(crate) enum TemplateCommand {
    /// Add a template from a file, as a draft; docs/CARDS.md says what may stand in it.
    Add(AddArguments),
    /// List templates.
    List(ListArguments),
    /// Show a template as a file that can be added again.
    Show(OneArguments),
    /// Replace a draft by what is in a file.
    Edit(EditArguments),
    /// Approve a draft: from then on it has cards and is not changed any more.
    Approve(OneArguments),
    /// Remove a draft.
    Remove(OneArguments),
}

#[derive(Debug, Args)]
pub(crate) struct AddArguments {
    /// The file: TOML, or JSON where its name ends with .json.
    file: PathBuf,
    /// Approve it at once.
    #[arg(long)]
    approve: bool,
    #[command(flatten)]
    project: ProjectArguments,
}

#[derive(Debug, Args)]
pub(crate) struct ListArguments {
    #[command(flatten)]
    project: ProjectArguments,
}

#[derive(Debug, Args)]
pub(crate) struct OneArguments {
    /// The template: its name or its id.
    template: String,
    #[command(flatten)]
    project: ProjectArguments,
}

#[derive(Debug, Args)]
pub(crate) struct EditArguments {
    /// The template: its name or its id.
    template: String,
    /// The file: TOML, or JSON where its name ends with .json.
    file: PathBuf,
    #[command(flatten)]
    project: ProjectArguments,
}

pub(super) async fn run(command: &TemplateCommand, key: &KeyArguments, json: bool) -> anyhow::Result<()> {
    let project = match command {
        TemplateCommand::Add(arguments) => &arguments.project,
        TemplateCommand::List(arguments) => &arguments.project,
        TemplateCommand::Edit(arguments) => &arguments.project,
        TemplateCommand::Show(arguments)
        | TemplateCommand::Approve(arguments)
        | TemplateCommand::Remove(arguments) => &arguments.project,
    };
    let manager = opening::open(&project.dir, key).await?;
    let done = match command {
        TemplateCommand::Add(arguments) => add(&manager, arguments, json).await,
        TemplateCommand::List(_) => list(&manager, json).await,
        TemplateCommand::Show(arguments) => show(&manager, arguments, json).await,
        TemplateCommand::Edit(arguments) => edit(&manager, arguments, json).await,
        TemplateCommand::Approve(arguments) => approve(&manager, arguments, json).await,
        TemplateCommand::Remove(arguments) => remove(&manager, arguments, json).await,
    };
    manager.close().await;
    done
}

async fn add(manager: &Manager, arguments: &AddArguments, json: bool) -> anyhow::Result<()> {
    let design = read(&arguments.file)?;
    let mut template = manager.add_template(Actor::Operator, &design).await?;
    if arguments.approve {
        template = manager.approve_template(Actor::Operator, template.id).await?;
    }
    told(&template, json, if arguments.approve { "is added and approved" } else { "is added as a draft" })
}

async fn list(manager: &Manager, json: bool) -> anyhow::Result<()> {
    let mut templates: Vec<CardTemplate> = Vec::new();
    loop {
        let page = manager.templates(templates.last().map(|template| template.id), PAGE).await?;
        if page.is_empty() {
            break;
        }
        templates.extend(page);
    }
    if json {
        return output::object(&json!({ "templates": templates }));
    }
    for template in &templates {
        output::line(format!("{}  {:8}  {}", template.id, template.state.name(), template.design.name));
    }
    output::line(output::counted(templates.len(), "template", "templates"));
    Ok(())
}

async fn show(manager: &Manager, arguments: &OneArguments, json: bool) -> anyhow::Result<()> {
    let template = manager.find_template(&arguments.template).await?;
    if json {
        return output::object(&template);
    }
    output::line(format!("# {}, {}", template.id, template.state.name()));
    output::text(&toml::to_string_pretty(&template.design)?);
    Ok(())
}

async fn edit(manager: &Manager, arguments: &EditArguments, json: bool) -> anyhow::Result<()> {
    let design = read(&arguments.file)?;
    let template = manager.find_template(&arguments.template).await?;
    let template = manager.replace_template(Actor::Operator, &Expected::Any, template.id, &design).await?;
    told(&template, json, "is changed")
}

async fn approve(manager: &Manager, arguments: &OneArguments, json: bool) -> anyhow::Result<()> {
    let template = manager.find_template(&arguments.template).await?;
    let template = manager.approve_template(Actor::Operator, template.id).await?;
    told(&template, json, "is approved")
}

async fn remove(manager: &Manager, arguments: &OneArguments, json: bool) -> anyhow::Result<()> {
    let template = manager.find_template(&arguments.template).await?;
    manager.remove_template(Actor::Operator, template.id).await?;
    told(&template, json, "is removed")
}

fn told(template: &CardTemplate, json: bool, what: &str) -> anyhow::Result<()> {
    if json {
        return output::object(template);
    }
    output::line(format!("Template {:?} ({}) {what}.", template.design.name, template.id));
    Ok(())
}

/// Reads a design from a file.
fn read(file: &Path) -> anyhow::Result<CardDesign> {
    let text = std::fs::read_to_string(file).with_context(|| file.display().to_string())?;
    let is_json = file.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json"));
    let design = match is_json {
        true => serde_json::from_str(&text).map_err(anyhow::Error::from),
        false => toml::from_str(&text).map_err(anyhow::Error::from),
    };
    design.with_context(|| format!("{} is no card template", file.display()))
}
