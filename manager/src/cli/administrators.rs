//! Administrators and their tokens.

use clap::{Args, Subcommand};
use manager::domain::{Actor, Administrator, NewAdministrator, Role, Scopes, TokenSummary, UnixTime};
use manager::{AdministratorChange, Manager, NewToken};
use serde_json::{json, to_value};
use uuid::Uuid;

use super::{KeyArguments, ProjectArguments, opening, output};

/// Entries that are read at a time.
const PAGE: u32 = 1000;
const SECONDS_PER_DAY: u32 = 24 * 3600;

#[derive(Debug, Subcommand)]
pub(crate) enum AdminCommand {
    /// Add an administrator; make a token afterwards.
    Add(AddArguments),
    /// List administrators.
    List(ProjectArguments),
    /// Give an administrator another role: owner, manager or viewer.
    Role(RoleArguments),
    /// Change the name or the e-mail address of an administrator.
    Edit(EditArguments),
    /// Remove an administrator; the tokens of that administrator are revoked.
    Remove(OneArguments),
    /// Make a link with which an administrator comes to the page for the first time; it is good for three days and once.
    SignInLink(OneArguments),
}

#[derive(Debug, Subcommand)]
pub(crate) enum TokenCommand {
    /// Make a token, which is shown only once.
    Add(TokenArguments),
    /// List tokens.
    List(ProjectArguments),
    /// Revoke a token now.
    Revoke(RevokeArguments),
}

#[derive(Debug, Args)]
pub(crate) struct AddArguments {
    /// What people call the administrator.
    name: String,
    #[command(flatten)]
    project: ProjectArguments,
    /// E-mail address.
    #[arg(long)]
    email: String,
    /// owner, manager or viewer.
    #[arg(long, value_parser = Role::from_name)]
    role: Role,
}

#[derive(Debug, Args)]
pub(crate) struct RoleArguments {
    /// The administrator, by e-mail address or id.
    administrator: String,
    /// owner, manager or viewer.
    #[arg(value_parser = Role::from_name)]
    role: Role,
    #[command(flatten)]
    project: ProjectArguments,
}

#[derive(Debug, Args)]
#[group(id = "change", required = true, multiple = true)]
struct ChangeArguments {
    /// What people call the administrator.
    #[arg(long)]
    name: Option<String>,
    /// E-mail address.
    #[arg(long)]
    email: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct EditArguments {
    /// The administrator, by e-mail address or id.
    administrator: String,
    #[command(flatten)]
    change: ChangeArguments,
    #[command(flatten)]
    project: ProjectArguments,
}

#[derive(Debug, Args)]
pub(crate) struct OneArguments {
    /// The administrator, by e-mail address or id.
    administrator: String,
    #[command(flatten)]
    project: ProjectArguments,
}

#[derive(Debug, Args)]
pub(crate) struct TokenArguments {
    /// Whose it is, by e-mail address or id.
    administrator: String,
    #[command(flatten)]
    project: ProjectArguments,
    /// What it is for.
    #[arg(long)]
    name: String,
    /// Scopes, separated by commas [default: all that the administrator's role allows].
    #[arg(long, value_name = "SCOPES", value_parser = Scopes::parse)]
    scopes: Option<Scopes>,
    /// For how many days it is good [default: until it is revoked].
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..=3660))]
    days: Option<u32>,
}

#[derive(Debug, Args)]
pub(crate) struct RevokeArguments {
    /// The id of the token.
    token: Uuid,
    #[command(flatten)]
    project: ProjectArguments,
}

pub(super) async fn run_admin(command: &AdminCommand, key: &KeyArguments, json: bool) -> anyhow::Result<()> {
    match command {
        AdminCommand::Add(arguments) => {
            let manager = opening::open(&arguments.project.dir, key).await?;
            let AddArguments { name, email, role, .. } = arguments;
            let new = NewAdministrator { name: name.clone(), email: Some(email.clone()), role: *role };
            let added = manager.add_administrator(Actor::Operator, &new).await?;
            done(&manager, &added, "added", json).await
        }
        AdminCommand::List(project) => list(project, key, json).await,
        AdminCommand::Role(arguments) => {
            let change = AdministratorChange { role: Some(arguments.role), ..Default::default() };
            edit(&arguments.administrator, &arguments.project, &change, key, json).await
        }
        AdminCommand::Edit(arguments) => {
            let ChangeArguments { name, email } = &arguments.change;
            let change = AdministratorChange { name: name.clone(), email: email.clone(), role: None };
            edit(&arguments.administrator, &arguments.project, &change, key, json).await
        }
        AdminCommand::SignInLink(arguments) => {
            let manager = opening::open(&arguments.project.dir, key).await?;
            let administrator = manager.find_administrator(&arguments.administrator).await?;
            let link = manager.make_sign_in_link(Actor::Operator, administrator.id).await?;
            if json {
                output::object(&json!({
                    "administrator": administrator.id,
                    "link": link.link,
                    "code": link.code,
                    "expires_at": link.expires_at,
                }))?;
            } else {
                output::line(format!(
                    "Sign-in link of {}, shown only now: {}",
                    administrator.name, link.link
                ));
                output::line(format!("Its code, to be typed: {}", link.code));
            }
            manager.close().await;
            Ok(())
        }
        AdminCommand::Remove(arguments) => {
            let manager = opening::open(&arguments.project.dir, key).await?;
            let old = manager.find_administrator(&arguments.administrator).await?;
            manager.remove_administrator(Actor::Operator, old.id).await?;
            done(&manager, &old, "removed", json).await
        }
    }
}

pub(super) async fn run_token(command: &TokenCommand, key: &KeyArguments, json: bool) -> anyhow::Result<()> {
    match command {
        TokenCommand::Add(arguments) => make(arguments, key, json).await,
        TokenCommand::List(project) => list_tokens(project, key, json).await,
        TokenCommand::Revoke(arguments) => {
            let manager = opening::open(&arguments.project.dir, key).await?;
            manager.revoke_token(Actor::Operator, arguments.token).await?;
            if json {
                output::object(&json!({ "revoked": arguments.token }))?;
            } else {
                output::line(format!("Token {} is revoked.", arguments.token));
            }
            manager.close().await;
            Ok(())
        }
    }
}

async fn edit(
    administrator: &str,
    project: &ProjectArguments,
    change: &AdministratorChange,
    key: &KeyArguments,
    json: bool,
) -> anyhow::Result<()> {
    let manager = opening::open(&project.dir, key).await?;
    let old = manager.find_administrator(administrator).await?;
    let new = manager.change_administrator(Actor::Operator, old.id, change).await?;
    done(&manager, &new, "changed", json).await
}

async fn done(manager: &Manager, who: &Administrator, what: &str, json: bool) -> anyhow::Result<()> {
    if json {
        output::object(&json!({ what: who }))?;
    } else {
        output::line(format!("{} ({}, {}) is {what}.", who.name, who.role, who.id));
    }
    manager.close().await;
    Ok(())
}

async fn list(project: &ProjectArguments, key: &KeyArguments, json: bool) -> anyhow::Result<()> {
    let manager = opening::open(&project.dir, key).await?;
    let all = all_administrators(&manager).await?;
    if json {
        output::object(&json!({ "administrators": all }))?;
    } else {
        for Administrator { id, name, email, role, .. } in &all {
            output::line(format!("{id}  {role:7}  {name}  {}", email.as_deref().unwrap_or("-")));
        }
    }
    manager.close().await;
    Ok(())
}

async fn make(arguments: &TokenArguments, key: &KeyArguments, json: bool) -> anyhow::Result<()> {
    let manager = opening::open(&arguments.project.dir, key).await?;
    let owner = manager.find_administrator(&arguments.administrator).await?;
    let end = |days: u32| UnixTime(manager.now().0.saturating_add(days.saturating_mul(SECONDS_PER_DAY)));
    let new = NewToken {
        administrator: owner.id,
        name: arguments.name.clone(),
        scopes: arguments.scopes,
        expires_at: arguments.days.map(end),
    };
    let (token, secret) = manager.make_token(Actor::Operator, Scopes::all(), &new).await?;
    let secret = secret.expose();
    if json {
        let mut shown = to_value(&token)?;
        if let Some(shown) = shown.as_object_mut() {
            shown.insert("secret".to_owned(), json!(secret.as_str()));
        }
        output::object(&shown)?;
    } else {
        output::line(format!("Token {} of {} may: {}.", token.id, owner.name, token.scopes));
        output::line(format!("API token, shown only now: {}", secret.as_str()));
    }
    manager.close().await;
    Ok(())
}

async fn list_tokens(project: &ProjectArguments, key: &KeyArguments, json: bool) -> anyhow::Result<()> {
    let manager = opening::open(&project.dir, key).await?;
    let tokens = all_tokens(&manager).await?;
    if json {
        output::object(&json!({ "tokens": tokens }))?;
    } else {
        let administrators = all_administrators(&manager).await?;
        for token in &tokens {
            let owner = administrators.iter().find(|administrator| administrator.id == token.administrator);
            let owner = owner.map_or("removed", |owner| &owner.name);
            let state = token_state(token, manager.now());
            output::line(format!("{}  {state:7}  {owner}  {}  {}", token.id, token.name, token.scopes));
        }
    }
    manager.close().await;
    Ok(())
}

fn token_state(token: &TokenSummary, now: UnixTime) -> &'static str {
    match token {
        TokenSummary { revoked_at: Some(_), .. } => "revoked",
        TokenSummary { expires_at: Some(end), .. } if *end <= now => "expired",
        _ => "good",
    }
}

async fn all_administrators(manager: &Manager) -> anyhow::Result<Vec<Administrator>> {
    let mut all: Vec<Administrator> = Vec::new();
    loop {
        let page = manager.administrators(all.last().map(|last| last.id), PAGE).await?;
        if page.is_empty() {
            return Ok(all);
        }
        all.extend(page);
    }
}

async fn all_tokens(manager: &Manager) -> anyhow::Result<Vec<TokenSummary>> {
    let mut all: Vec<TokenSummary> = Vec::new();
    loop {
        let page = manager.tokens(all.last().map(|last| last.id), PAGE).await?;
        if page.is_empty() {
            return Ok(all);
        }
        all.extend(page);
    }
}
