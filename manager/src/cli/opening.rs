//! Making and opening a project.

use std::io::Read;
use std::path::Path;

use anyhow::{Context, bail};
use manager::clock::SystemClock;
use manager::domain::{Actor, NewAdministrator, NewProject, Role, project_id_text};
use manager::{AdministratorChange, DatabaseUrl, Home, Manager, TokenAccess, Unlock};
use serde_json::json;
use zeroize::Zeroizing;

use super::{InitArguments, KeyArguments, ProjectArguments, output};

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
    let mut link = None;
    if let Some(owner) = manager.administrators(None, 1).await?.first() {
        let change = AdministratorChange { name: Some(name), email, role: None };
        manager.change_administrator(Actor::Operator, owner.id, &change).await?;
        link = Some(manager.make_sign_in_link(Actor::Operator, owner.id).await?);
    }
    let link = link.map(|link| link.link);
    let project = project_id_text(manager.project().id);
    let (dir, token) = (arguments.dir.display().to_string(), token.expose());
    if json {
        let token = token.as_str();
        output::object(
            &json!({ "project": project, "directory": dir, "api_token": token, "sign_in_link": link }),
        )?;
    } else {
        output::line(format!("Project {:?} ({project}) made in {dir}.", manager.project().name));
        output::line(format!("API token, shown only now: {}", token.as_str()));
        if let Some(link) = link {
            output::line(format!(
                "Sign-in link of the owner for the administrators' page, good once and for three days: {link}"
            ));
        }
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

impl ProjectArguments {
    /// Opens the project.
    pub(super) async fn open(&self, key: &KeyArguments) -> anyhow::Result<Manager> {
        open(&self.dir, key).await
    }
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

/// The address of the database, unless it is a file.
pub(super) fn database(key: &KeyArguments) -> Option<&str> {
    key.place.database.as_deref()
}

pub(super) fn home(dir: &Path, key: &KeyArguments) -> anyhow::Result<Home> {
    let database = key.place.database.as_deref().map(str::parse::<DatabaseUrl>).transpose()?;
    Ok(Home::from(dir).with_database(database))
}

fn unlock(dir: &Path, key: &KeyArguments) -> anyhow::Result<Unlock> {
    if let (Some(module), Some(token), Some(pin)) = (&key.pkcs11_module, &key.pkcs11_token, &key.pin_file) {
        let (module, token) = (module.clone(), token.clone());
        return Ok(Unlock::Token(TokenAccess { module, token, pin: read_secret(pin, "PIN")? }));
    }
    match &key.passphrase_file {
        Some(file) => Ok(Unlock::Passphrase(read_secret(file, "passphrase")?)),
        None => Ok(Unlock::KeyFile(key.key_file.clone().unwrap_or_else(|| dir.join(KEY_FILE)))),
    }
}

/// Reads a line that must not be seen from a file, or from standard input where the file is `-`.
pub(super) fn read_secret(file: &Path, what: &str) -> anyhow::Result<Zeroizing<String>> {
    let mut secret = Zeroizing::new(String::new());
    if file.as_os_str() == "-" {
        std::io::stdin().lock().take(PASSPHRASE_OCTETS_MAX).read_to_string(&mut secret)?;
    } else {
        let opened = std::fs::File::open(file).with_context(|| file.display().to_string())?;
        opened.take(PASSPHRASE_OCTETS_MAX).read_to_string(&mut secret)?;
    }
    let secret = secret.trim_end_matches(['\r', '\n']);
    if secret.is_empty() {
        bail!("the {what} is empty");
    }
    Ok(Zeroizing::new(secret.to_owned()))
}
