//! Commands about users.

mod bulk;
mod listing;
mod one;
pub(super) mod words;

use clap::{Args, Subcommand};
use manager::domain::UserFilter;
use manager::domain::UserOrder;

use super::events::UserTapsArguments;
use super::{KeyArguments, ProjectArguments, events};

const SECONDS_PER_HOUR: u32 = 3600;

/// What is to be done with users. A user is meant by e-mail address, user ID or id.
#[derive(Debug, Subcommand)]
pub(crate) enum UserCommand {
    /// Add a user.
    Add(AddArguments),
    /// List users with their status, or find some of them.
    List(ListArguments),
    /// Show a user with phones and what became of them.
    Show(OneUserArguments),
    /// List where the phones of a user were granted or denied, as far as readers have reported it.
    Taps(UserTapsArguments),
    /// Change what is known of a user.
    ///
    /// A changed address gets an invitation of its own while the user is invited. A changed ID revokes the credential
    /// that carries the old one; the phone gets the new one when it renews.
    Edit(EditArguments),
    /// Invite users; a phone that a user has is revoked, and older invitations are void.
    Invite(InviteArguments),
    /// Suspend users: doors refuse their phones until the suspension ends.
    Suspend(UsersArguments),
    /// End the suspension of users.
    Resume(UsersArguments),
    /// Make active users start over: their phones are revoked, and they wait for a new invitation.
    Reset(UsersArguments),
    /// Revoke the phones and invitations of users; they stay, not invited.
    Revoke(UsersArguments),
    /// Delete users; their phones are revoked.
    Delete(UsersArguments),
}

#[derive(Debug, Args)]
pub(crate) struct AddArguments {
    /// First name.
    #[arg(long, default_value = "", value_name = "NAME")]
    first_name: String,
    /// Last name.
    #[arg(long, value_name = "NAME")]
    last_name: String,
    /// E-mail address.
    #[arg(long, value_name = "ADDRESS")]
    email: String,
    /// What doors get.
    #[arg(long, value_name = "ID")]
    id: String,
    /// The identifier in the system that lists of people come from.
    #[arg(long, value_name = "ID")]
    sync_id: Option<String>,
    #[command(flatten)]
    project: ProjectArguments,
}

#[derive(Debug, Args)]
pub(crate) struct ListArguments {
    /// Only those of these statuses, with commas between them: not_invited, invited, invitation_expired, active,
    /// suspended, reset, deletion_pending, deleted, or all [default: all but deleted].
    #[arg(long, value_name = "STATUS,…")]
    status: Option<UserFilter>,
    /// Only those who are found by this: a word of the name, the e-mail address, the user ID or the Sync ID begins so.
    #[arg(long, value_name = "TEXT")]
    search: Option<String>,
    /// The order: name, created or updated; -name, -created or -updated from the end.
    #[arg(long, value_name = "ORDER", conflicts_with = "search", allow_hyphen_values = true)]
    sort: Option<UserOrder>,
    /// At most so many.
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..))]
    limit: Option<u32>,
    /// How many there are of each status, and nothing else.
    #[arg(long, conflicts_with_all = ["status", "search", "sort", "limit"])]
    counts: bool,
    #[command(flatten)]
    project: ProjectArguments,
}

#[derive(Debug, Args)]
pub(crate) struct EditArguments {
    /// The user, by e-mail address, user ID or id.
    user: String,
    /// New first name.
    #[arg(long, value_name = "NAME")]
    first_name: Option<String>,
    /// New last name.
    #[arg(long, value_name = "NAME")]
    last_name: Option<String>,
    /// New e-mail address.
    #[arg(long, value_name = "ADDRESS")]
    email: Option<String>,
    /// What doors get from now on.
    #[arg(long, value_name = "ID")]
    id: Option<String>,
    /// New identifier in the system that lists of people come from.
    #[arg(long, value_name = "ID", conflicts_with = "no_sync_id")]
    sync_id: Option<String>,
    /// Take the Sync ID away.
    #[arg(long)]
    no_sync_id: bool,
    #[command(flatten)]
    project: ProjectArguments,
}

#[derive(Debug, Args)]
pub(crate) struct OneUserArguments {
    /// The user, by e-mail address, user ID or id.
    user: String,
    #[command(flatten)]
    project: ProjectArguments,
}

#[derive(Debug, Args)]
pub(crate) struct UsersArguments {
    /// The users, by e-mail address, user ID or id.
    #[arg(required = true, value_name = "USER")]
    users: Vec<String>,
    #[command(flatten)]
    project: ProjectArguments,
}

#[derive(Debug, Args)]
pub(crate) struct InviteArguments {
    /// The users, by e-mail address, user ID or id.
    #[arg(required_unless_present = "all_not_invited", value_name = "USER")]
    users: Vec<String>,
    /// Everybody who has neither an invitation nor a phone.
    #[arg(long, conflicts_with = "users")]
    all_not_invited: bool,
    /// For how many hours the invitations are good [default: as the project sets it].
    #[arg(long, value_name = "HOURS")]
    life: Option<u32>,
    #[command(flatten)]
    project: ProjectArguments,
}

/// Does what the arguments ask for.
pub(super) async fn run(command: &UserCommand, key: &KeyArguments, json: bool) -> anyhow::Result<()> {
    let opened = command.project().open(key).await?;
    let done = match command {
        UserCommand::Add(arguments) => one::add(&opened, arguments, json).await,
        UserCommand::List(arguments) => listing::list(&opened, arguments, json).await,
        UserCommand::Taps(arguments) => events::of_user(&opened, arguments, json).await,
        UserCommand::Show(arguments) => one::show(&opened, arguments, json).await,
        UserCommand::Edit(arguments) => one::edit(&opened, arguments, json).await,
        UserCommand::Invite(arguments) => bulk::invite(&opened, arguments, json).await,
        UserCommand::Suspend(arguments) => {
            bulk::each(&opened, bulk::Deed::Suspend, &arguments.users, json).await
        }
        UserCommand::Resume(arguments) => {
            bulk::each(&opened, bulk::Deed::Resume, &arguments.users, json).await
        }
        UserCommand::Reset(arguments) => bulk::each(&opened, bulk::Deed::Reset, &arguments.users, json).await,
        UserCommand::Revoke(arguments) => {
            bulk::each(&opened, bulk::Deed::Revoke, &arguments.users, json).await
        }
        UserCommand::Delete(arguments) => {
            bulk::each(&opened, bulk::Deed::Delete, &arguments.users, json).await
        }
    };
    opened.close().await;
    done
}

impl UserCommand {
    const fn project(&self) -> &ProjectArguments {
        match self {
            Self::Add(arguments) => &arguments.project,
            Self::List(arguments) => &arguments.project,
            Self::Taps(arguments) => &arguments.project,
            Self::Show(arguments) => &arguments.project,
            Self::Edit(arguments) => &arguments.project,
            Self::Invite(arguments) => &arguments.project,
            Self::Suspend(arguments)
            | Self::Resume(arguments)
            | Self::Reset(arguments)
            | Self::Revoke(arguments)
            | Self::Delete(arguments) => &arguments.project,
        }
    }
}
