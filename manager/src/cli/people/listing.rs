//! Listing users.

use manager::domain::{Search, User, UserPlace};
use manager::{Manager, UserQuery};
use serde_json::{Map, Value, json};

use super::ListArguments;
use super::words::name;
use crate::cli::output;

/// Users that are read at a time.
const PAGE: u32 = 1000;

pub(super) async fn list(manager: &Manager, arguments: &ListArguments, json: bool) -> anyhow::Result<()> {
    if arguments.counts {
        return counts(manager, json).await;
    }
    let query = UserQuery {
        filter: arguments.status.clone().unwrap_or_default(),
        order: arguments.sort,
        search: arguments.search.as_deref().and_then(Search::new),
    };
    let users = users(manager, &query, arguments.limit.unwrap_or(u32::MAX)).await?;
    if json {
        return output::object(&json!({ "users": users }));
    }
    let width = users.iter().map(|user| name(user).chars().count()).max().unwrap_or(0);
    for user in &users {
        let (name, person) = (name(user), &user.person);
        output::line(format!(
            "{name:width$}  {:18}  {:32}  {}",
            user.status.label(),
            person.user_id,
            person.email
        ));
    }
    output::line(match users.len() {
        1 => "1 user.".to_owned(),
        count => format!("{count} users."),
    });
    Ok(())
}

/// Up to `limit` users, page by page.
pub(super) async fn users(manager: &Manager, query: &UserQuery, limit: u32) -> anyhow::Result<Vec<User>> {
    let mut users: Vec<User> = Vec::new();
    let mut after: Option<UserPlace> = None;
    loop {
        let room = limit.saturating_sub(u32::try_from(users.len())?);
        if room == 0 {
            return Ok(users);
        }
        let page = manager.user_page(query, after.as_ref(), room.min(PAGE)).await?;
        users.extend(page.users);
        match page.next {
            Some(next) => after = Some(next),
            None => return Ok(users),
        }
    }
}

async fn counts(manager: &Manager, json: bool) -> anyhow::Result<()> {
    let counts = manager.user_counts().await?;
    if json {
        let counts = counts.map(|(status, count)| (status.name().to_owned(), Value::from(count)));
        return output::object(&json!({ "counts": counts.into_iter().collect::<Map<_, _>>() }));
    }
    for (status, count) in counts {
        output::line(format!("{:18}  {count:9}", status.label()));
    }
    Ok(())
}
