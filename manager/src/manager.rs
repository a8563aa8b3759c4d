//! The manager of one project: what is open while it works.

use std::fmt;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use credential::secret::Secret;

use crate::clock::Clock;
use crate::domain::{Act, Actor, NewProject, Project, ProjectId, UnixTime};
use crate::error::{DirectoryError, Error};
use crate::http::HttpSettings;
use crate::issuing::{self, Issuer, IssuingError};
use crate::pulse::Pulse;
use crate::random::{self, IdSource};
use crate::store::{Home, IssuerKeyRow, Store, StoreError, Transaction};
use crate::token::ApiToken;
use crate::vault::{Unlock, Vault, VaultError};

/// The issuing side of one project. Clones share everything.
#[derive(Clone)]
pub struct Manager {
    inner: Arc<Inner>,
    http_settings: Arc<HttpSettings>,
}

struct Inner {
    store: Store,
    project: Project,
    issuer: Issuer,
    clock: Box<dyn Clock>,
    ids: IdSource,
    pulse: Pulse,
}

impl Manager {
    /// Makes a project in `home`: its database, its first issuer key, and its first API token, which is shown only here.
    ///
    /// # Errors
    /// [`Error::Project`] for settings that are not allowed, [`Error::Directory`] where there is a project already,
    /// [`Error::Vault`] when the passphrase is too short or the key file cannot be made.
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
        let now = clock.now();
        let project = Project {
            id: ProjectId(random::octets()?),
            name: new.name.trim().to_owned(),
            time_zone: new.time_zone.clone(),
            public_url: new.public_url.trim_end_matches('/').to_owned(),
            invitation_life_s: new.invitation_life_s,
            credential_life_s: new.credential_life_s,
            created_at: now,
        };
        let ids = IdSource::new();
        let token = ApiToken::generate()?;
        let (vault, row) = blocking(unlock, Unlock::create).await?;
        tx.insert_project(&project).await?;
        tx.insert_vault(project.id, &row).await?;
        let subject = crate::domain::project_id_text(project.id);
        tx.record(project.id, now, Actor::Operator, Act::ProjectMade, subject, String::new()).await?;
        let issuer = first_issuer(&mut tx, project.id, &vault, now).await?;
        let token_id = ids.next(now);
        tx.insert_api_token(project.id, token_id, &token.hash(), "init", now).await?;
        let made = (Actor::Operator, Act::TokenMade);
        tx.record(project.id, now, made.0, made.1, token_id.to_string(), String::new()).await?;
        tx.commit().await?;
        let inner = Inner { store, project, issuer, clock: Box::new(clock), ids, pulse: Pulse::default() };
        Ok((Self { inner: Arc::new(inner), http_settings: Arc::default() }, token))
    }

    /// Opens the project in `home`.
    ///
    /// # Errors
    /// [`Error::Directory`] where there is none, [`Error::Vault`] when `unlock` does not open its issuer keys.
    pub async fn open(home: impl Into<Home>, unlock: &Unlock, clock: impl Clock) -> Result<Self, Error> {
        let home = home.into();
        let empty = || DirectoryError::Empty(home.to_string());
        if home.file().is_some_and(|file| !file.exists()) {
            return Err(empty().into());
        }
        let store = Store::open(&home).await?;
        let mut tx = store.read().await?;
        let project = tx.projects().await?.into_iter().next().ok_or_else(empty)?;
        let row = tx.vault(project.id).await?;
        let keys = tx.issuer_keys(project.id).await?;
        drop(tx);
        let vault = blocking(unlock, move |unlock| unlock.open(&row)).await?;
        let issuer = open_issuer(project.id, &vault, &keys)?;
        let inner = Inner {
            store,
            project,
            issuer,
            clock: Box::new(clock),
            ids: IdSource::new(),
            pulse: Pulse::default(),
        };
        Ok(Self { inner: Arc::new(inner), http_settings: Arc::default() })
    }

    /// The project.
    pub fn project(&self) -> &Project {
        &self.inner.project
    }

    /// The public keys that verify what the project signs.
    pub fn issuer_keys(&self) -> &credential::object::IssuerKeys {
        self.inner.issuer.keys()
    }

    /// Closes the database; whatever is asked of this manager or a clone of it afterwards fails.
    pub async fn close(&self) {
        self.inner.store.close().await;
    }

    pub(crate) const fn http_settings(&self) -> &Arc<HttpSettings> {
        &self.http_settings
    }

    /// Begins to write while nobody else writes to the project.
    pub(crate) async fn write(&self) -> Result<Transaction, StoreError> {
        self.inner.store.write(self.project_id()).await
    }

    /// Begins to read one state.
    pub(crate) async fn read(&self) -> Result<Transaction, StoreError> {
        self.inner.store.read().await
    }

    /// Begins to write beside others; see [`Store::write_beside`].
    pub(crate) async fn write_beside(&self) -> Result<Transaction, StoreError> {
        self.inner.store.write_beside().await
    }

    /// Measures the connections to the database.
    pub(crate) fn measure_store(&self) {
        self.inner.store.measure();
    }

    pub(crate) fn issuer(&self) -> &Issuer {
        &self.inner.issuer
    }

    pub(crate) fn ids(&self) -> &IdSource {
        &self.inner.ids
    }

    pub(crate) fn pulse(&self) -> &Pulse {
        &self.inner.pulse
    }

    pub(crate) fn project_id(&self) -> ProjectId {
        self.inner.project.id
    }

    pub(crate) fn now(&self) -> UnixTime {
        self.inner.clock.now()
    }
}

impl fmt::Debug for Manager {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Manager").field("project", &self.inner.project).finish_non_exhaustive()
    }
}

/// What the private key at an index is sealed as, so that it opens as nothing else.
fn key_label(project: ProjectId, index: u8) -> Vec<u8> {
    [b"ostiary issuer key\0".as_slice(), &project.0, &[index]].concat()
}

async fn first_issuer(
    tx: &mut Transaction,
    project: ProjectId,
    vault: &Vault,
    now: UnixTime,
) -> Result<Issuer, Error> {
    let (scalar, public_key) = issuing::generate()?;
    let sealed_private_key = vault.seal(&key_label(project, 0), scalar.expose())?;
    let row = IssuerKeyRow { index: 0, public_key, sealed_private_key, is_active: true };
    tx.insert_issuer_key(project, &row, now).await?;
    Ok(Issuer::new(project, 0, &scalar, &[(0, public_key)])?)
}

fn open_issuer(project: ProjectId, vault: &Vault, keys: &[IssuerKeyRow]) -> Result<Issuer, Error> {
    let active = keys.iter().find(|key| key.is_active).ok_or(IssuingError::Keys)?;
    let opened = vault.open(&key_label(project, active.index), &active.sealed_private_key)?;
    let scalar = opened.as_slice().try_into().map(Secret::new).map_err(|_| VaultError::Wrong)?;
    let public_keys: Vec<(u8, [u8; 33])> = keys.iter().map(|key| (key.index, key.public_key)).collect();
    Ok(Issuer::new(project, active.index, &scalar, &public_keys)?)
}

/// Runs what takes long beside the tasks that must not wait for it.
async fn blocking<T: Send + 'static>(
    unlock: &Unlock,
    work: impl FnOnce(&Unlock) -> Result<T, VaultError> + Send + 'static,
) -> Result<T, Error> {
    let unlock = unlock.clone();
    let done = tokio::task::spawn_blocking(move || work(&unlock)).await;
    Ok(done.map_err(|_| Error::Stopping)??)
}

fn make_directory(dir: &Path) -> Result<(), DirectoryError> {
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
