//! Listing, inviting and revoking users.

use manager::Manager;
use manager::domain::{Actor, User};
use qrcode::QrCode;
use qrcode::render::unicode::Dense1x2;
use serde_json::json;

use super::{KeyArguments, ListArguments, OneUserArguments, opening, output};

/// Users that are read at a time.
const PAGE: u32 = 1000;

pub(super) async fn list(arguments: &ListArguments, key: &KeyArguments, json: bool) -> anyhow::Result<()> {
    let manager = opening::open(&arguments.project.dir, key).await?;
    let users = all_users(&manager).await?;
    if json {
        output::object(&json!({ "users": users }))?;
    } else {
        let width = users.iter().map(|user| full_name(user).chars().count()).max().unwrap_or(0);
        for user in &users {
            let (name, person) = (full_name(user), &user.person);
            output::line(format!(
                "{name:width$}  {:18}  {:32}  {}",
                user.status.label(),
                person.user_id,
                person.email
            ));
        }
        output::line(format!("{} users.", users.len()));
    }
    manager.close().await;
    Ok(())
}

pub(super) async fn invite(
    arguments: &OneUserArguments,
    key: &KeyArguments,
    json: bool,
) -> anyhow::Result<()> {
    let manager = opening::open(&arguments.project.dir, key).await?;
    let user = manager.find_user(&arguments.user).await?;
    let invitation = manager.invite(Actor::Operator, user.id).await?;
    let (code, link) = (invitation.code.grouped(), invitation.link);
    if json {
        output::object(&json!({
            "user": user.id, "code": code, "link": link, "expires_at": invitation.expires_at.0,
        }))?;
    } else {
        let picture = QrCode::new(link.as_bytes())?.render::<Dense1x2>().quiet_zone(true).build();
        output::line(format!("Invitation of {}, shown only now:\n\n{picture}\n", full_name(&user)));
        output::line(format!("Link: {link}\nCode: {code}"));
    }
    manager.close().await;
    Ok(())
}

pub(super) async fn revoke(
    arguments: &OneUserArguments,
    key: &KeyArguments,
    json: bool,
) -> anyhow::Result<()> {
    let manager = opening::open(&arguments.project.dir, key).await?;
    let user = manager.find_user(&arguments.user).await?;
    let revocation = manager.revoke_user(Actor::Operator, user.id).await?;
    if json {
        output::object(&revocation)?;
    } else if revocation.serials.is_empty() {
        output::line(format!("{} has no phone that a door would take.", full_name(&user)));
    } else {
        let (name, version) = (full_name(&user), revocation.list_version);
        output::line(format!("The phone of {name} is revoked, by revocation list {version}."));
    }
    manager.close().await;
    Ok(())
}

async fn all_users(manager: &Manager) -> anyhow::Result<Vec<User>> {
    let mut users: Vec<User> = Vec::new();
    loop {
        let page = manager.users(users.last().map(|user| user.id), PAGE).await?;
        if page.is_empty() {
            return Ok(users);
        }
        users.extend(page);
    }
}

fn full_name(user: &User) -> String {
    format!("{} {}", user.person.first_name, user.person.last_name).trim().to_owned()
}
