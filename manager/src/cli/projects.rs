//! Projects of one installation.

use clap::{Args, Subcommand};
use manager::domain::{Actor, NewProject, Project, ProjectChange, ReminderChange, project_id_text};
use serde_json::json;

use super::opening::SECONDS_PER_HOUR;
use super::{KeyArguments, ProjectArguments, opening, output};

#[derive(Debug, Subcommand)]
pub(crate) enum ProjectCommand {
    /// Make one more project, with an issuer key and an API token of its own; what serves the installation serves it at
    /// once.
    Add(AddArguments),
    /// List the projects.
    List(ProjectArguments),
    /// Change settings of the project; what is not named stays as it is.
    Edit(EditArguments),
}

#[derive(Debug, Args)]
pub(crate) struct AddArguments {
    /// What people call the project.
    name: String,
    #[command(flatten)]
    project: ProjectArguments,
    /// Address under which phones reach the project [default: the first project's, with /p/ and the project's id].
    #[arg(long, value_name = "ADDRESS", default_value = "", hide_default_value = true)]
    url: String,
    /// IANA time zone of the project.
    #[arg(long, value_name = "ZONE", default_value = "UTC")]
    time_zone: String,
    /// For how many hours an invitation is good.
    #[arg(long, value_name = "HOURS", default_value_t = 168)]
    invitation_life: u32,
    /// For how many hours a credential is good; phones renew theirs after a third of that.
    #[arg(long, value_name = "HOURS", default_value_t = 168)]
    credential_life: u32,
}

#[derive(Debug, Args)]
#[group(id = "change", required = true, multiple = true)]
struct ChangeArguments {
    /// What people call the project.
    #[arg(long)]
    name: Option<String>,
    /// Address under which phones reach the project; phones that hold a credential keep the address that they have.
    #[arg(long, value_name = "ADDRESS")]
    url: Option<String>,
    /// IANA time zone of the project.
    #[arg(long, value_name = "ZONE")]
    time_zone: Option<String>,
    /// For how many hours new invitations are good.
    #[arg(long, value_name = "HOURS")]
    invitation_life: Option<u32>,
    /// For how many hours new credentials are good.
    #[arg(long, value_name = "HOURS")]
    credential_life: Option<u32>,
    /// Remind holders of invitations after so many days; off does not.
    #[arg(long, value_name = "DAYS|off", value_parser = number_or_off)]
    remind_after: Option<OrOff>,
    /// Remind them so many hours before an invitation expires; off does not.
    #[arg(long, value_name = "HOURS|off", value_parser = number_or_off)]
    remind_before_expiry: Option<OrOff>,
    /// Whether they are told when an invitation has expired.
    #[arg(long, value_name = "true|false")]
    tell_expired: Option<bool>,
    /// Tell the holder of a card so many days before it ends; off does not.
    #[arg(long, value_name = "DAYS|off", value_parser = number_or_off)]
    card_expiry: Option<OrOff>,
    /// Whether the holder of a card is told when it has ended.
    #[arg(long, value_name = "true|false")]
    tell_card_expired: Option<bool>,
}

/// A number, or none of what it counts.
#[derive(Clone, Copy, Debug)]
struct OrOff(Option<u32>);

#[derive(Debug, Args)]
pub(crate) struct EditArguments {
    #[command(flatten)]
    project: ProjectArguments,
    #[command(flatten)]
    change: ChangeArguments,
}

pub(super) async fn run(command: &ProjectCommand, key: &KeyArguments, json: bool) -> anyhow::Result<()> {
    match command {
        ProjectCommand::Add(arguments) => add(arguments, key, json).await,
        ProjectCommand::List(arguments) => list(arguments, key, json).await,
        ProjectCommand::Edit(arguments) => edit(arguments, key, json).await,
    }
}

async fn add(arguments: &AddArguments, key: &KeyArguments, json: bool) -> anyhow::Result<()> {
    let new = NewProject {
        name: arguments.name.clone(),
        time_zone: arguments.time_zone.clone(),
        public_url: arguments.url.clone(),
        invitation_life_s: arguments.invitation_life.saturating_mul(SECONDS_PER_HOUR),
        credential_life_s: arguments.credential_life.saturating_mul(SECONDS_PER_HOUR),
    };
    let first = opening::open_first(&arguments.project.dir, key).await?;
    let (manager, token) = first.add_project(&new).await?;
    let (project, token) = (manager.project(), token.expose());
    let id = project_id_text(project.id);
    if json {
        let url = &project.public_url;
        output::object(&json!({ "project": id, "public_url": url, "api_token": token.as_str() }))?;
    } else {
        output::line(format!("Project {:?} ({id}) made, served at {}.", project.name, project.public_url));
        output::line(format!("API token, shown only now: {}", token.as_str()));
    }
    first.close().await;
    Ok(())
}

async fn list(arguments: &ProjectArguments, key: &KeyArguments, json: bool) -> anyhow::Result<()> {
    let first = opening::open_first(&arguments.dir, key).await?;
    let projects = first.projects().await?;
    if json {
        output::object(&json!({ "projects": projects }))?;
    } else {
        let width = projects.iter().map(|project| project.name.chars().count()).max().unwrap_or(0);
        for project in &projects {
            let Project { id, name, public_url, time_zone, .. } = project;
            output::line(format!("{}  {name:width$}  {public_url}  {time_zone}", project_id_text(*id)));
        }
    }
    first.close().await;
    Ok(())
}

async fn edit(arguments: &EditArguments, key: &KeyArguments, json: bool) -> anyhow::Result<()> {
    let manager = opening::open(&arguments.project.dir, key).await?;
    let hours = |hours: Option<u32>| hours.map(|hours| hours.saturating_mul(SECONDS_PER_HOUR));
    let change = ProjectChange {
        name: arguments.change.name.clone(),
        time_zone: arguments.change.time_zone.clone(),
        public_url: arguments.change.url.clone(),
        invitation_life_s: hours(arguments.change.invitation_life),
        credential_life_s: hours(arguments.change.credential_life),
        reminders: ReminderChange {
            after_days: arguments.change.remind_after.map(|or_off| or_off.0),
            before_expiry_hours: arguments.change.remind_before_expiry.map(|or_off| or_off.0),
            when_expired: arguments.change.tell_expired,
            card_expiry_days: arguments.change.card_expiry.map(|or_off| or_off.0),
            when_card_expired: arguments.change.tell_card_expired,
        },
    };
    let project = manager.edit_project(Actor::Operator, &change).await?;
    if json {
        output::object(&project)?;
    } else {
        output::line(format!("Project {:?} ({}) changed.", project.name, project_id_text(project.id)));
    }
    manager.close().await;
    Ok(())
}

fn number_or_off(text: &str) -> Result<OrOff, String> {
    if text == "off" {
        return Ok(OrOff(None));
    }
    text.parse().map(|number| OrOff(Some(number))).map_err(|_| "say a number, or off".to_owned())
}
