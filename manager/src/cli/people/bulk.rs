//! Commands about several users: each is done by itself, and what fails for one does not keep the others.

use indicatif::{ProgressBar, ProgressStyle};
use manager::domain::{Actor, User, UserFilter};
use manager::{Error, Manager, UserQuery};
use serde_json::{Value, json};

use super::words::{name, picture};
use super::{InviteArguments, SECONDS_PER_HOUR, listing};
use crate::cli::output::{self, Reported};

/// What is done to each user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Deed {
    Suspend,
    Resume,
    Reset,
    Revoke,
    Delete,
}

/// What was done for one user: for people, and for programs.
struct Done {
    text: String,
    value: Value,
}

/// Everything that was done and that failed.
struct Outcome {
    bar: ProgressBar,
    done: Vec<Done>,
    failed: Vec<(String, anyhow::Error)>,
}

pub(super) async fn each(manager: &Manager, deed: Deed, users: &[String], json: bool) -> anyhow::Result<()> {
    let mut outcome = Outcome::of(users.len());
    for text in users {
        let done = match manager.find_user(text).await {
            Ok(user) => do_to(manager, deed, &user).await,
            Err(error) => Err(error),
        };
        outcome.add(text, done.map_err(Into::into));
    }
    outcome.tell(json)
}

pub(super) async fn invite(manager: &Manager, arguments: &InviteArguments, json: bool) -> anyhow::Result<()> {
    let life_s = arguments.life.map(|hours| hours.saturating_mul(SECONDS_PER_HOUR));
    if !arguments.all_not_invited {
        let with_picture = arguments.users.len() == 1;
        let mut outcome = Outcome::of(arguments.users.len());
        for text in &arguments.users {
            let done = match manager.find_user(text).await {
                Ok(user) => invite_one(manager, &user, life_s, with_picture).await,
                Err(error) => Err(error.into()),
            };
            outcome.add(text, done);
        }
        return outcome.tell(json);
    }
    let filter: UserFilter = "not_invited".parse()?;
    let query = UserQuery { filter, ..UserQuery::default() };
    let users = listing::users(manager, &query, u32::MAX).await?;
    let mut outcome = Outcome::of(users.len());
    for user in users {
        let done = invite_one(manager, &user, life_s, false).await;
        outcome.add(&user.person.email, done);
    }
    outcome.tell(json)
}

async fn do_to(manager: &Manager, deed: Deed, user: &User) -> Result<Done, Error> {
    let actor = Actor::Operator;
    let name = name(user);
    let (text, revocation) = match deed {
        Deed::Suspend => {
            let revocation = manager.suspend_user(actor, user.id).await?;
            (format!("{name} is suspended."), Some(revocation))
        }
        Deed::Resume => {
            manager.resume_user(actor, user.id).await?;
            (format!("The suspension of {name} is over."), None)
        }
        Deed::Reset => {
            let revocation = manager.reset_user(actor, user.id).await?;
            (format!("{name} starts over; a new invitation is needed."), Some(revocation))
        }
        Deed::Revoke => {
            let revocation = manager.revoke_user(actor, user.id).await?;
            (format!("{name} has neither phone nor invitation any more."), Some(revocation))
        }
        Deed::Delete => {
            let (_, revocation) = manager.delete_user(actor, user.id).await?;
            (format!("{name} is deleted."), Some(revocation))
        }
    };
    let user = manager.user(user.id).await?;
    let text = match &revocation {
        Some(revocation) if !revocation.serials.is_empty() => {
            format!("{text} Revocation list {} says so to doors.", revocation.list_version)
        }
        _ => text,
    };
    let text = format!("{text} Status: {}.", user.status.label());
    Ok(Done { text, value: json!({ "user": user, "revocation": revocation }) })
}

async fn invite_one(
    manager: &Manager,
    user: &User,
    life_s: Option<u32>,
    with_picture: bool,
) -> anyhow::Result<Done> {
    let invitation = manager.invite_for(Actor::Operator, user.id, life_s).await?;
    let (code, link, expires_at) = (invitation.code.grouped(), invitation.link, invitation.expires_at);
    let text = if with_picture {
        let picture = picture(&link)?;
        format!("Invitation of {}, shown only now:\n\n{picture}\n\nLink: {link}\nCode: {code}", name(user))
    } else {
        format!("{}  {code}  {link}", user.person.email)
    };
    let value = json!({
        "user": user.id, "email": user.person.email, "code": code, "link": link, "expires_at": expires_at,
    });
    Ok(Done { text, value })
}

impl Outcome {
    /// Shows progress to whoever waits for more than one, where somebody can see it.
    fn of(users: usize) -> Self {
        let bar = if users > 1 { ProgressBar::new(users as u64) } else { ProgressBar::hidden() };
        let style = ProgressStyle::with_template("{wide_bar} {pos} of {len}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        Self { bar, done: Vec::new(), failed: Vec::new() }
    }

    fn add(&mut self, user: &str, done: anyhow::Result<Done>) {
        match done {
            Ok(done) => self.done.push(done),
            Err(error) => self.failed.push((user.to_owned(), error)),
        }
        self.bar.inc(1);
    }

    /// Prints what was done; a failure if anything failed.
    fn tell(mut self, json: bool) -> anyhow::Result<()> {
        self.bar.finish_and_clear();
        if self.done.is_empty() && self.failed.len() == 1 {
            let only = self.failed.pop();
            return only.map_or(Ok(()), |(user, error)| Err(error.context(user)));
        }
        if json {
            let done: Vec<Value> = self.done.into_iter().map(|done| done.value).collect();
            let failed: Vec<Value> = self
                .failed
                .iter()
                .map(|(user, error)| json!({ "user": user, "error": output::problem(error) }))
                .collect();
            output::object(&json!({ "done": done, "failed": failed }))?;
        } else {
            self.done.iter().for_each(|done| output::line(&done.text));
            self.failed.iter().for_each(|(user, error)| output::complaint(&format!("{user}: {error:#}")));
        }
        if self.failed.is_empty() { Ok(()) } else { Err(Reported.into()) }
    }
}
