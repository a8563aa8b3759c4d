//! Making and opening a project.

use std::io::Read;
use std::path::Path;

use anyhow::{Context, bail};
use manager::clock::SystemClock;
use manager::domain::{Actor, NewAdministrator, NewProject, Role, project_id_text};
use manager::{AdministratorChange, DatabaseUrl, Home, Manager, Unlock};
use serde_json::json;
use zeroize::Zeroizing;

use super::{InitArguments, KeyArguments, output};

/// The key file within a project's directory, unless the arguments name another one.
const KEY_FILE: &str = "unlock.key";
/// Octets of the longest passphrase.
const PASSPHRASE_OCTETS_MAX: u64 = 4096;
pub(super) const SECONDS_PER_HOUR: u32 = 3600;

pub(super) async fn init(arguments: &InitArguments, key: &KeyArguments, json: bool) -> anyhow::Result<()> {
    let new = NewProject {
        name: arguments.name.clone(),
        time_zone: arguments.time_zone.clone(),
        public_url: arguments.url.clone(),
        invitation_life_s: arguments.invitation_life.saturating_mul(SECONDS_PER_HOUR),
        credential_life_s: arguments.credential_life.saturating_mul(SECONDS_PER_HOUR),
    };
    new.check()?;
    let (name, email) = (arguments.owner_name.clone(), arguments.owner_email.clone());
    NewAdministrator { name: name.clone(), email: email.clone(), role: Role::Owner }.check()?;
    let unlock = unlock(&arguments.dir, key)?;
    let home = home(&arguments.dir, key)?;
    let (manager, token) = Manager::init(home, &new, &unlock, SystemClock).await?;
    if let Some(owner) = manager.administrators(None, 1).await?.first() {
        let change = AdministratorChange { name: Some(name), email, role: None };
        manager.change_administrator(Actor::Operator, owner.id, &change).await?;
    }
    let project = project_id_text(manager.project().id);
    let (dir, token) = (arguments.dir.display().to_string(), token.expose());
    if json {
        output::object(&json!({ "project": project, "directory": dir, "api_token": token.as_str() }))?;
    } else {
        output::line(format!("Project {:?} ({project}) made in {dir}.", manager.project().name));
        output::line(format!("API token, shown only now: {}", token.as_str()));
        if let Unlock::KeyFile(path) = unlock {
            let path = path.display();
            output::line(format!(
                "Keep a copy of {path} in a safe place: without it, nothing can be signed any more."
            ));
        }
    }
    manager.close().await;
    Ok(())
}

/// Opens the project that the arguments mean.
pub(super) async fn open(dir: &Path, key: &KeyArguments) -> anyhow::Result<Manager> {
    let named = key.place.project.as_deref();
    Ok(Manager::open_project(home(dir, key)?, named, &unlock(dir, key)?, SystemClock).await?)
}

/// Opens the oldest project, whichever the arguments mean.
pub(super) async fn open_first(dir: &Path, key: &KeyArguments) -> anyhow::Result<Manager> {
    Ok(Manager::open(home(dir, key)?, &unlock(dir, key)?, SystemClock).await?)
}

fn home(dir: &Path, key: &KeyArguments) -> anyhow::Result<Home> {
    let database = key.place.database.as_deref().map(str::parse::<DatabaseUrl>).transpose()?;
    Ok(Home::from(dir).with_database(database))
}

fn unlock(dir: &Path, key: &KeyArguments) -> anyhow::Result<Unlock> {
    let Some(file) = &key.passphrase_file else {
        return Ok(Unlock::KeyFile(key.key_file.clone().unwrap_or_else(|| dir.join(KEY_FILE))));
    };
    let mut passphrase = Zeroizing::new(String::new());
    if file.as_os_str() == "-" {
        std::io::stdin().lock().take(PASSPHRASE_OCTETS_MAX).read_to_string(&mut passphrase)?;
    } else {
        let opened = std::fs::File::open(file).with_context(|| file.display().to_string())?;
        opened.take(PASSPHRASE_OCTETS_MAX).read_to_string(&mut passphrase)?;
    }
    let passphrase = passphrase.trim_end_matches(['\r', '\n']);
    if passphrase.is_empty() {
        bail!("the passphrase is empty");
    }
    Ok(Unlock::Passphrase(Zeroizing::new(passphrase.to_owned())))
}
