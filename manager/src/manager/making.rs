//! Making an installation and the projects in it.

use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use tokio::sync::Mutex;

use super::opened::Opened;
use super::{Manager, Shared};
use crate::acts::insert_first_owner;
use crate::challenge::ChallengeSecret;
use crate::clock::Clock;
use crate::domain::{Act, Actor, NewProject, ProjectId, UnixTime, project_id_text};
use crate::error::{DirectoryError, Error, Refusal};
use crate::keyring::{self, blocking};
use crate::mail::MailOptions;
use crate::pulse::Pulse;
use crate::random::{self, IdSource};
use crate::store::{Home, Store, Transaction};
use crate::token::ApiToken;
use crate::vault::{Keeper, Unlock};

impl Manager {
    /// Makes an installation in `home`: its database and its first project, with an issuer key and an API token, which
    /// is shown only here.
    ///
    /// # Errors
    /// [`Error::Project`] for settings that are not allowed, [`Error::Directory`] where there is a project already,
    /// [`Error::Vault`] when the passphrase is too short or the key file cannot be made, [`Error::Store`] when the
    /// database cannot be reached.
    pub async fn init(
        home: impl Into<Home>,
        new: &NewProject,
        unlock: &Unlock,
        clock: impl Clock,
    ) -> Result<(Self, ApiToken), Error> {
        new.check()?;
        let home = home.into();
        make_directory(home.directory())?;
        if let Some(file) = home.file() {
            make_private_file(&file)?;
        }
        let store = Store::open(&home).await?;
        let mut tx = store.write_beside().await?;
        if !tx.projects().await?.is_empty() {
            return Err(DirectoryError::Taken(home.to_string()).into());
        }
        let ids = IdSource::new();
        let (opened, token) =
            make_project(&mut tx, ProjectId(random::octets()?), new, unlock, clock.now(), &ids).await?;
        tx.commit().await?;
        let projects = Mutex::new(HashMap::from([(opened.id(), Arc::clone(&opened))]));
        let shared = Shared {
            store,
            unlock: unlock.clone(),
            clock: Box::new(clock),
            ids,
            pulse: Pulse::default(),
            projects,
        };
        let mail_options = Arc::new(MailOptions::in_directory(home.directory()));
        Ok((
            Self {
                shared: Arc::new(shared),
                opened,
                http_settings: Arc::default(),
                mail_options,
                webhook_options: Arc::default(),
                watched: Arc::default(),
                once: None,
            },
            token,
        ))
    }

    /// Makes one more project in the installation, with an issuer key and an API token of its own, which is shown only
    /// here; without a public URL it is served below the one of this project, at `/p/{project id}`.
    ///
    /// # Errors
    /// [`Error::Project`] for settings that are not allowed, [`Refusal::ProjectNameTaken`].
    pub async fn add_project(&self, new: &NewProject) -> Result<(Self, ApiToken), Error> {
        let mut tx = self.shared.store.write_beside().await?;
        let mut new = new.clone();
        let id = ProjectId(random::octets()?);
        if new.public_url.is_empty() {
            new.public_url = format!("{}/p/{}", self.project().public_url, project_id_text(id));
        }
        new.check()?;
        if tx.project_named(new.name.trim()).await?.is_some() {
            return Err(Refusal::ProjectNameTaken.into());
        }
        let (opened, token) =
            make_project(&mut tx, id, &new, &self.shared.unlock, self.now(), self.ids()).await?;
        tx.commit().await?;
        self.shared.projects.lock().await.insert(id, Arc::clone(&opened));
        Ok((Self { opened, ..self.clone() }, token))
    }
}

async fn make_project(
    tx: &mut Transaction,
    id: ProjectId,
    new: &NewProject,
    unlock: &Unlock,
    now: UnixTime,
    ids: &IdSource,
) -> Result<(Arc<Opened>, ApiToken), Error> {
    let project = new.clone().into_project(id, now);
    let unlock = unlock.clone();
    let (keeper, row) = blocking(move || Keeper::create(&unlock)).await?;
    let keeper = Arc::new(keeper);
    tx.insert_project(&project, &ChallengeSecret::new(random::octets()?)).await?;
    tx.insert_vault(id, &row).await?;
    tx.record(id, now, Actor::Operator, Act::ProjectMade, project_id_text(id), String::new()).await?;
    let (maker, data_key) = (Arc::clone(&keeper), random::octets()?);
    let sealed = blocking(move || maker.seal_data_key(id, &data_key)).await?;
    tx.put_data_key(id, &sealed).await?;
    keyring::make_first(tx, id, &keeper, now).await?;
    let token = insert_first_owner(tx, id, ids, now).await?;
    Ok((Arc::new(Opened::read(tx, id, keeper).await?), token))
}

pub(crate) fn make_directory(dir: &Path) -> Result<(), DirectoryError> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir).map_err(|cause| DirectoryError::Io { path: dir.display().to_string(), cause })
}

/// Makes an empty database that only its owner reads, whatever the directory lets others do; SQLite gives the files
/// beside it the same rights.
fn make_private_file(file: &Path) -> Result<(), DirectoryError> {
    let mut options = fs::OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let made = options.open(file);
    made.map(|_| ()).map_err(|cause| DirectoryError::Io { path: file.display().to_string(), cause })
}
