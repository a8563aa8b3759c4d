//! A project that was opened: its vault, and its settings and issuer key as they were found last.

use std::sync::{Arc, PoisonError, RwLock};

use credential::secret::Secret;

use crate::domain::{Project, ProjectId};
use crate::error::{Error, Refusal};
use crate::issuing::{Issuer, IssuingError};
use crate::store::{IssuerKeyRow, Transaction};
use crate::vault::{Vault, VaultError};

/// What does not change while a project is open, and what is replaced as soon as a transaction finds a newer version.
pub(crate) struct Opened {
    id: ProjectId,
    vault: Vault,
    current: RwLock<Arc<Current>>,
}

/// The settings and keys of one version.
pub(super) struct Current {
    version: i64,
    pub(super) project: Arc<Project>,
    pub(super) issuer: Arc<Issuer>,
}

impl Opened {
    /// Reads settings and issuer keys.
    pub(super) async fn read(tx: &mut Transaction, id: ProjectId, vault: Vault) -> Result<Self, Error> {
        let version = tx.settings_version(id).await?;
        let current = Current::read(tx, id, &vault, version).await?;
        Ok(Self { id, vault, current: RwLock::new(Arc::new(current)) })
    }

    pub(super) const fn id(&self) -> ProjectId {
        self.id
    }

    pub(super) fn current(&self) -> Arc<Current> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Reads settings and issuer keys again where they are not of this version.
    pub(super) async fn keep_current(&self, tx: &mut Transaction, version: i64) -> Result<(), Error> {
        if self.current().version == version {
            return Ok(());
        }
        let newer = Arc::new(Current::read(tx, self.id, &self.vault, version).await?);
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        // A transaction that began earlier may have come later.
        if current.version < version {
            *current = newer;
        }
        Ok(())
    }
}

impl Current {
    async fn read(tx: &mut Transaction, id: ProjectId, vault: &Vault, version: i64) -> Result<Self, Error> {
        let project = tx.project(id).await?.ok_or(Refusal::ProjectUnknown)?;
        let issuer = open_issuer(id, vault, &tx.issuer_keys(id).await?)?;
        Ok(Self { version, project: Arc::new(project), issuer: Arc::new(issuer) })
    }
}

/// What the private key at an index is sealed as, so that it opens as nothing else.
pub(super) fn key_label(project: ProjectId, index: u8) -> Vec<u8> {
    [b"ostiary issuer key\0".as_slice(), &project.0, &[index]].concat()
}

fn open_issuer(project: ProjectId, vault: &Vault, keys: &[IssuerKeyRow]) -> Result<Issuer, Error> {
    let active = keys.iter().find(|key| key.is_active).ok_or(IssuingError::Keys)?;
    let opened = vault.open(&key_label(project, active.index), &active.sealed_private_key)?;
    let scalar = opened.as_slice().try_into().map(Secret::new).map_err(|_| VaultError::Wrong)?;
    let public_keys: Vec<(u8, [u8; 33])> = keys.iter().map(|key| (key.index, key.public_key)).collect();
    Ok(Issuer::new(project, active.index, &scalar, &public_keys)?)
}
