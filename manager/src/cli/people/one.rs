//! Commands about one user: adding, showing, editing.

use manager::domain::{Actor, Person, PersonEdit, User};
use manager::{DeviceSummary, Manager};
use serde_json::json;

use super::words::{moment, name, picture};
use super::{AddArguments, EditArguments, OneUserArguments};
use crate::cli::output;

pub(super) async fn add(manager: &Manager, arguments: &AddArguments, json: bool) -> anyhow::Result<()> {
    let person = Person {
        first_name: arguments.first_name.clone(),
        last_name: arguments.last_name.clone(),
        email: arguments.email.clone(),
        user_id: arguments.id.clone(),
        sync_id: arguments.sync_id.clone(),
    };
    let user = manager.add_user(Actor::Operator, &person).await?;
    if json {
        return output::object(&user);
    }
    output::line(format!("{} is added, not yet invited.", name(&user)));
    Ok(())
}

pub(super) async fn edit(manager: &Manager, arguments: &EditArguments, json: bool) -> anyhow::Result<()> {
    let edit = PersonEdit {
        first_name: arguments.first_name.clone(),
        last_name: arguments.last_name.clone(),
        email: arguments.email.clone(),
        user_id: arguments.id.clone(),
        sync_id: if arguments.no_sync_id { Some(None) } else { arguments.sync_id.clone().map(Some) },
    };
    if edit == PersonEdit::default() {
        anyhow::bail!("nothing is to be changed; say for example --email ADDRESS");
    }
    let user = manager.find_user(&arguments.user).await?;
    let edited = manager.edit_user(Actor::Operator, user.id, &edit).await?;
    if json {
        let invitation = edited.invitation.as_ref().map(|invitation| {
            json!({ "code": invitation.code.grouped(), "link": invitation.link, "expires_at": invitation.expires_at })
        });
        return output::object(
            &json!({ "user": edited.user, "invitation": invitation, "revocation": edited.revocation }),
        );
    }
    let name = name(&edited.user);
    if edited.user == user {
        output::line(format!("{name} is so already."));
        return Ok(());
    }
    output::line(format!("{name} is changed."));
    if let Some(revocation) = edited.revocation {
        output::line(format!(
            "The credential with the old ID is revoked, by revocation list {}; the phone gets the new one when it renews.",
            revocation.list_version
        ));
    }
    if let Some(invitation) = edited.invitation {
        let picture = picture(&invitation.link)?;
        output::line(format!("The old invitation is void. The new one, shown only now:\n\n{picture}\n"));
        output::line(format!("Link: {}\nCode: {}", invitation.link, invitation.code.grouped()));
    }
    Ok(())
}

pub(super) async fn show(manager: &Manager, arguments: &OneUserArguments, json: bool) -> anyhow::Result<()> {
    let user = manager.find_user(&arguments.user).await?;
    let devices = manager.devices(user.id).await?;
    if json {
        return output::object(&json!({ "user": user, "devices": devices }));
    }
    describe(manager, &user);
    for device in &devices {
        describe_device(manager, device);
    }
    Ok(())
}

fn describe(manager: &Manager, user: &User) {
    let row = |label: &str, text: &str| output::line(format!("{label:16}  {text}"));
    row("Name", &name(user));
    row("Status", user.status.label());
    row("E-mail address", &user.person.email);
    row("User ID", &user.person.user_id);
    if let Some(sync_id) = &user.person.sync_id {
        row("Sync ID", sync_id);
    }
    row("Id", &user.id.to_string());
    if let Some(expires_at) = user.invitation_expires_at {
        let opened = user
            .invitation_opened_at
            .map_or("not opened".to_owned(), |opened_at| format!("opened {}", moment(manager, opened_at)));
        row("Invitation", &format!("ends {}, {opened}", moment(manager, expires_at)));
    }
    row("Added", &moment(manager, user.created_at));
    row("Changed", &moment(manager, user.updated_at));
}

fn describe_device(manager: &Manager, device: &DeviceSummary) {
    let row = |label: &str, text: &str| output::line(format!("  {label:14}  {text}"));
    let named = |name: &str| if name.is_empty() { "without a name".to_owned() } else { name.to_owned() };
    output::line(format!("\nPhone {}", named(&device.name)));
    row("Platform", &device.platform);
    row("Id", &device.id.to_string());
    row("Activated", &moment(manager, device.activated_at));
    if let (Some(renewed_at), Some(valid_until)) = (device.renewed_at, device.valid_until) {
        row(
            "Credential",
            &format!("of {}, ends {}", moment(manager, renewed_at), moment(manager, valid_until)),
        );
    }
    let Some(revocation) = &device.revocation else { return };
    row("Revoked", &format!("server since {}", moment(manager, revocation.server_since)));
    let phone = revocation.phone_since.map(|since| format!("told {}", moment(manager, since)));
    row("", &format!("phone {}", phone.as_deref().unwrap_or("not told yet")));
    match revocation.list_version {
        Some(version) => row("", &format!("on revocation list {version}")),
        None => row("", "its credential had expired, no list names it"),
    }
    for reader in &revocation.readers {
        let since = reader.since.map(|since| format!("has that list since {}", moment(manager, since)));
        let since = since.as_deref().unwrap_or("is not known to have that list");
        row("", &format!("reader {} {} {since}", reader.reader, reader.name));
    }
}
