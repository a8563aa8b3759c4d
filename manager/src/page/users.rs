//! The list of users: search, filters, pages, and what can be done to several at once.

mod adding;
mod one;
mod person;

use askama::Template;
use axum::Router;
use axum::extract::RawQuery;
use axum::routing::{get, post};
use uuid::Uuid;

use super::access::{Sent, Signed};
use super::failure::{Answer, Failure};
use super::fields::Fields;
use super::frame::{Frame, show};
use super::site::Page;
use crate::acts::UserQuery;
use crate::domain::{Search, User, UserFilter, UserStatus};
use crate::error::{Error, Refusal};
use crate::http::access::need::{UsersRead, UsersWrite};
use crate::http::paging;
use crate::manager::Manager;

/// Users on one page.
const PER_PAGE: u32 = 50;
/// Users whose statuses are looked at again at once.
const WATCHED_MAX: usize = 100;

/// A status to choose, with how many have it.
struct Choice {
    status: UserStatus,
    count: u64,
    chosen: bool,
    address: String,
}

#[derive(Template)]
#[template(path = "users.html")]
struct List {
    f: Frame,
    users: Vec<User>,
    search: String,
    choices: Vec<Choice>,
    everybody: u64,
    is_all: bool,
    watched: String,
    next: Option<String>,
    is_first: bool,
}

/// What became of the statuses that somebody looks at.
#[derive(Template)]
#[template(path = "part/statuses.html")]
struct Statuses {
    f: Frame,
    users: Vec<User>,
}

pub(super) fn routes() -> Router<Page> {
    Router::new()
        .route("/users", get(list).post(adding::add))
        .route("/users/new", get(adding::form))
        .route("/users/statuses", get(statuses))
        .route("/users/acts", post(several))
        .merge(one::routes())
}

async fn list(signed: Signed<UsersRead>, RawQuery(query): RawQuery) -> Answer {
    let manager = signed.manager();
    let asked = Fields::parse(query.unwrap_or_default().as_bytes());
    let status = asked.some("status").filter(|name| UserStatus::from_name(name).is_some());
    let filter = status.map_or(Ok(UserFilter::default()), str::parse).unwrap_or_default();
    let search = asked.text("search").trim().to_owned();
    let query = UserQuery { filter, order: None, search: Search::new(&search) };
    let after = asked.some("cursor").map(|cursor| paging::read(cursor).ok_or_else(outdated)).transpose()?;
    let page = manager.user_page(&query, after.as_ref(), PER_PAGE).await?;
    let counts = manager.recent_user_counts().await?;
    let f = signed.frame().clone().at("users");
    let here = asked.replacing("cursor", "");
    let address = |fields: &Fields| match fields.encoded() {
        text if text.is_empty() => format!("{}/users", f.base),
        text => format!("{}/users?{text}", f.base),
    };
    let choices = counts.iter().filter(|(status, count)| *count > 0 && *status != UserStatus::Deleted);
    let choices = choices
        .map(|(one, count)| Choice {
            status: *one,
            count: *count,
            chosen: status == Some(one.name()),
            address: address(&here.replacing("status", one.name())),
        })
        .collect();
    let everybody = counts.iter().filter(|(one, _)| *one != UserStatus::Deleted).map(|(_, count)| *count);
    let next = page.next.as_ref().map(|place| address(&here.replacing("cursor", &paging::written(place))));
    let watched: Vec<String> =
        page.users.iter().take(WATCHED_MAX).map(|user| format!("user={}", user.id)).collect();
    show(&List {
        users: page.users,
        search,
        choices,
        everybody: everybody.fold(0, u64::saturating_add),
        is_all: status.is_none(),
        watched: watched.join("&"),
        next,
        is_first: after.is_none(),
        f,
    })
}

fn outdated() -> Failure {
    Refusal::RequestInvalid("the cursor is that of another list".to_owned()).into()
}

/// The users that a form or an address names.
fn named(fields: &Fields) -> Vec<Uuid> {
    fields.all("user").filter_map(|text| Uuid::parse_str(text).ok()).collect()
}

async fn statuses(signed: Signed<UsersRead>, RawQuery(query): RawQuery) -> Answer {
    let asked = Fields::parse(query.unwrap_or_default().as_bytes());
    let mut users = Vec::new();
    for id in named(&asked).into_iter().take(WATCHED_MAX) {
        match signed.manager().user(id).await {
            Ok(user) => users.push(user),
            // Somebody who is gone stands in the list until it is loaded again.
            Err(Error::Refused(Refusal::UserUnknown)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    show(&Statuses { f: signed.frame().clone(), users })
}

/// What is done to each of several users.
#[derive(Clone, Copy)]
enum Bulk {
    Invite,
    Resend,
    Suspend,
    Resume,
    Delete,
}

impl Bulk {
    fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "invite" => Self::Invite,
            "resend" => Self::Resend,
            "suspend" => Self::Suspend,
            "resume" => Self::Resume,
            "delete" => Self::Delete,
            _ => return None,
        })
    }

    async fn does(self, manager: &Manager, sent: &Sent<UsersWrite>, user: Uuid) -> Result<(), Error> {
        let actor = sent.actor();
        match self {
            Self::Invite => manager.invite(actor, user).await.map(drop),
            Self::Resend => manager.resend_invitation(actor, user).await.map(drop),
            Self::Suspend => manager.suspend_user(actor, user).await.map(drop),
            Self::Resume => manager.resume_user(actor, user).await,
            Self::Delete => manager.delete_user(actor, user).await.map(drop),
        }
    }
}

async fn several(sent: Sent<UsersWrite>) -> Answer {
    let f = sent.frame();
    let users = named(&sent.fields);
    let Some(bulk) = Bulk::from_name(sent.fields.text("act")) else {
        return Err(Refusal::RequestInvalid("there is no such act".to_owned()).into());
    };
    if users.is_empty() {
        return Ok(f.go_refusing("/users", f.t("Nobody is chosen: tick somebody first.")));
    }
    let (mut done, mut refused) = (0_usize, Vec::new());
    for user in users {
        match bulk.does(sent.manager(), &sent, user).await {
            Ok(()) => done = done.saturating_add(1),
            Err(Error::Refused(refusal)) => {
                let name = sent
                    .manager()
                    .user(user)
                    .await
                    .map_or_else(|_| String::new(), |user| user.person.full_name());
                refused.push(format!("{name}: {}", f.known(&refusal.to_string())));
            }
            Err(error) => return Err(error.into()),
        }
    }
    if refused.is_empty() {
        return Ok(f.go_saying("/users", f.with("Done for {}.", done)));
    }
    let said = format!("{} {} {}", f.with("Done for {}.", done), f.t("Not done:"), refused.join(" "));
    Ok(f.go_refusing("/users", said))
}
