//! Arguments, and what each command does.

mod administrators;
mod auditing;
mod backup;
mod cards;
mod events;
mod flooding;
mod importing;
mod jobs;
mod keys;
mod lists;
mod mail;
mod opening;
pub(crate) mod output;
mod people;
mod plans;
mod projects;
mod readers;
mod serving;
mod templates;
mod watching;
mod webhooks;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

/// Users, invitations, phones and readers of one project.
#[derive(Debug, Parser)]
#[command(version, propagate_version = true, arg_required_else_help = true)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,

    /// Print one JSON object in place of text.
    #[arg(long, global = true)]
    pub(crate) json: bool,

    #[command(flatten)]
    key: KeyArguments,
}

/// Where the database is, which of its projects is meant, and how the issuer keys open.
#[derive(Debug, Args)]
pub(crate) struct KeyArguments {
    #[command(flatten)]
    place: PlaceArguments,

    /// File with the key that opens the issuer keys [default: unlock.key in the project's directory].
    #[arg(long, global = true, env = "OSTIARY_KEY_FILE", value_name = "FILE")]
    key_file: Option<PathBuf>,

    /// File with the passphrase that opens the issuer keys; - reads it from standard input.
    #[arg(
        long,
        global = true,
        env = "OSTIARY_PASSPHRASE_FILE",
        value_name = "FILE",
        conflicts_with = "key_file"
    )]
    passphrase_file: Option<PathBuf>,

    /// PKCS#11 library of the token that holds the issuer keys.
    #[arg(
        long,
        global = true,
        env = "OSTIARY_PKCS11_MODULE",
        value_name = "FILE",
        requires_all = ["pkcs11_token", "pin_file"],
        conflicts_with_all = ["key_file", "passphrase_file"]
    )]
    pkcs11_module: Option<PathBuf>,

    /// Label of the token.
    #[arg(long, global = true, env = "OSTIARY_PKCS11_TOKEN", value_name = "LABEL")]
    pkcs11_token: Option<String>,

    /// File with the PIN of the token; - reads it from standard input.
    #[arg(long, global = true, env = "OSTIARY_PIN_FILE", value_name = "FILE")]
    pin_file: Option<PathBuf>,
}

/// Where the database is, and which of its projects is meant.
#[derive(Args)]
struct PlaceArguments {
    /// Address of a PostgreSQL, postgres://USER:PASSWORD@HOST:PORT/DATABASE, or of several servers of one cluster,
    /// separated by commas [default: the file manager.db in the directory].
    #[arg(long, global = true, env = "OSTIARY_DATABASE", hide_env_values = true, value_name = "URL")]
    database: Option<String>,

    /// Id or name of the project, where there is more than one.
    #[arg(long, global = true, env = "OSTIARY_PROJECT", value_name = "PROJECT")]
    project: Option<String>,
}

impl std::fmt::Debug for PlaceArguments {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PlaceArguments").field("project", &self.project).finish_non_exhaustive()
    }
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make a first project: its database, its issuer key and its first API token.
    Init(InitArguments),
    /// Serve phones and administrators over HTTP.
    Serve(serving::ServeArguments),
    /// Projects of one installation: each has its own users, readers, issuer keys and API tokens.
    #[command(subcommand)]
    Project(projects::ProjectCommand),
    /// Copy the database, which may be in use, to a file.
    Backup(backup::BackupArguments),
    /// Go on from a backup, in an empty directory or database.
    Restore(backup::RestoreArguments),
    /// Issuer keys.
    #[command(subcommand)]
    Key(keys::KeyCommand),
    /// Readers.
    #[command(subcommand)]
    Reader(readers::ReaderCommand),
    /// Revocation lists.
    #[command(subcommand)]
    List(lists::ListCommand),
    /// The audit log.
    #[command(subcommand)]
    Audit(auditing::AuditCommand),
    /// Users, their invitations and phones.
    #[command(subcommand)]
    User(people::UserCommand),
    /// Templates of digital ID cards.
    #[command(subcommand)]
    Template(templates::TemplateCommand),
    /// Digital ID cards.
    #[command(subcommand)]
    Card(cards::CardCommand),
    /// Import people from a CSV file: First name, Last name, E-mail address, ID and optionally Sync ID.
    ///
    /// The file says who is there: people who are not in it are deleted, and their phones revoked.
    Import(ImportArguments),
    /// Mail: texts, settings, and what became of each mail.
    #[command(subcommand)]
    Mail(mail::MailCommand),
    /// Who is told when something goes wrong.
    #[command(subcommand)]
    Alerts(mail::AlertsCommand),
    /// Webhooks: endpoints of other systems that are told what happens.
    #[command(subcommand)]
    Webhook(webhooks::WebhookCommand),
    /// Work that comes due by itself: mail, reminders, webhooks, upkeep.
    #[command(subcommand)]
    Jobs(jobs::JobsCommand),
    /// Apply a plan that waits to be confirmed.
    Apply(ApplyArguments),
    /// List the newest import plans.
    Plans(ProjectArguments),
    /// Undo an import: added users go, changed users are as before, deleted users come back.
    Undo(UndoArguments),
    /// Show or set for how long imports can be undone.
    UndoWindow(UndoWindowArguments),
    /// Write everybody to a CSV file that can be imported again.
    Export(ExportArguments),
    /// Administrators.
    #[command(subcommand)]
    Admin(administrators::AdminCommand),
    /// API tokens of administrators.
    #[command(subcommand)]
    Token(administrators::TokenCommand),
    /// Print the description of the API: OpenAPI 3.1 as JSON.
    Openapi,
}

#[derive(Debug, Args)]
pub(crate) struct InitArguments {
    /// Directory of the project; made if it is not there.
    dir: PathBuf,
    /// What people call the project.
    #[arg(long)]
    name: String,
    /// Address under which phones reach the manager; links of invitations begin with it.
    #[arg(long, value_name = "ADDRESS", default_value = "http://127.0.0.1:8080")]
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
    /// What people call the first owner.
    #[arg(long, value_name = "NAME", default_value = "Owner")]
    owner_name: String,
    /// E-mail address of the first owner.
    #[arg(long, value_name = "EMAIL")]
    owner_email: Option<String>,
}

/// The project that a command is about.
#[derive(Debug, Args)]
pub(crate) struct ProjectArguments {
    /// Directory of the project.
    #[arg(long, env = "OSTIARY_DIR", default_value = ".", value_name = "DIR")]
    dir: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct ImportArguments {
    /// The CSV file.
    file: PathBuf,
    #[command(flatten)]
    project: ProjectArguments,
    /// What the file means: replace, add-and-update or add-only.
    #[arg(long, default_value = "replace", value_parser = importing::mode)]
    mode: manager::domain::Mode,
    /// Which column holds a field: first_name, last_name, email, user_id or sync_id, and the column's name or number.
    #[arg(long = "map", value_name = "FIELD=COLUMN", value_parser = importing::mapped)]
    map: Vec<(manager::domain::Field, String)>,
    /// Show what would be done and do nothing.
    #[arg(long, conflicts_with = "yes")]
    dry_run: bool,
    /// Do it without asking; not enough where many users would be deleted.
    #[arg(long)]
    yes: bool,
    /// Do it although many users would be deleted.
    #[arg(long, requires = "yes")]
    confirm_deletions: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ApplyArguments {
    /// The plan.
    plan: uuid::Uuid,
    #[command(flatten)]
    project: ProjectArguments,
    /// Do it although many users would be deleted.
    #[arg(long)]
    confirm_deletions: bool,
}

#[derive(Debug, Args)]
pub(crate) struct UndoArguments {
    /// The plan that was applied [default: the last one].
    plan: Option<uuid::Uuid>,
    #[command(flatten)]
    project: ProjectArguments,
}

#[derive(Debug, Args)]
pub(crate) struct UndoWindowArguments {
    /// The new time in hours, 0 to 720 [default: leave it as it is].
    hours: Option<u32>,
    #[command(flatten)]
    project: ProjectArguments,
}

#[derive(Debug, Args)]
pub(crate) struct ExportArguments {
    #[command(flatten)]
    project: ProjectArguments,
    /// The file to write [default: standard output].
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// Does what the arguments ask for.
pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let Arguments { command, json, key } = arguments;
    match command {
        Command::Init(arguments) => opening::init(&arguments, &key, json).await,
        Command::Serve(arguments) => serving::serve(&arguments, &key, json).await,
        Command::Project(command) => projects::run(&command, &key, json).await,
        Command::Backup(arguments) => backup::backup(&arguments, &key, json).await,
        Command::Restore(arguments) => backup::restore(&arguments, &key, json).await,
        Command::Key(command) => keys::run(&command, &key, json).await,
        Command::Reader(command) => readers::run(&command, &key, json).await,
        Command::List(command) => lists::run(&command, &key, json).await,
        Command::Audit(command) => auditing::run(&command, &key, json).await,
        Command::User(command) => people::run(&command, &key, json).await,
        Command::Template(command) => templates::run(&command, &key, json).await,
        Command::Card(command) => cards::run(&command, &key, json).await,
        Command::Import(arguments) => importing::import(&arguments, &key, json).await,
        Command::Mail(command) => mail::run(&command, &key, json).await,
        Command::Alerts(command) => mail::run_alerts(&command, &key, json).await,
        Command::Webhook(command) => webhooks::run(&command, &key, json).await,
        Command::Jobs(command) => jobs::run(&command, &key, json).await,
        Command::Apply(arguments) => plans::apply(&arguments, &key, json).await,
        Command::Plans(arguments) => plans::list(&arguments, &key, json).await,
        Command::Undo(arguments) => plans::undo(&arguments, &key, json).await,
        Command::UndoWindow(arguments) => plans::undo_window(&arguments, &key, json).await,
        Command::Export(arguments) => plans::export(&arguments, &key, json).await,
        Command::Admin(command) => administrators::run_admin(&command, &key, json).await,
        Command::Token(command) => administrators::run_token(&command, &key, json).await,
        Command::Openapi => {
            output::line(manager::openapi_document());
            Ok(())
        }
    }
}
