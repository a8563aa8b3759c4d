//! A project that was opened: who keeps its private keys, and its settings and issuer key as they were found last.

use std::sync::{Arc, PoisonError, RwLock};

use super::counts::RecentCounts;
use super::reserves::{DeviceKeys, Serials};
use crate::acts::RenewalQueue;
use crate::challenge::ChallengeSecret;
use crate::domain::{Project, ProjectId};
use crate::error::{Error, Refusal};
use crate::issuing::Issuer;
use crate::keyring;
use crate::store::Transaction;
use crate::vault::{Keeper, Vault};

/// What does not change while a project is open, and what is replaced as soon as a transaction finds a newer version.
pub(crate) struct Opened {
    id: ProjectId,
    keeper: Arc<Keeper>,
    /// Seals what is secret beside the issuer keys. It stays open when the keeper changes.
    vault: Vault,
    current: RwLock<Arc<Current>>,
    pub(super) renewals: RenewalQueue,
    pub(super) serials: Serials,
    pub(super) device_keys: DeviceKeys,
    pub(super) counts: RecentCounts,
}

/// The settings and keys of one version.
pub(super) struct Current {
    version: i64,
    pub(super) project: Arc<Project>,
    pub(super) issuer: Arc<Issuer>,
    pub(super) challenge_secret: ChallengeSecret,
}

impl Opened {
    /// Reads settings and issuer keys.
    pub(super) async fn read(
        tx: &mut Transaction,
        id: ProjectId,
        keeper: Arc<Keeper>,
    ) -> Result<Self, Error> {
        let version = tx.settings_version(id).await?;
        let current = Current::read(tx, id, &keeper, version, None).await?;
        let (opener, sealed) = (Arc::clone(&keeper), tx.data_key(id).await?);
        let vault = keyring::blocking(move || opener.open_data_key(id, &sealed)).await?;
        Ok(Self {
            id,
            keeper,
            vault,
            current: RwLock::new(Arc::new(current)),
            renewals: RenewalQueue::default(),
            serials: Serials::default(),
            device_keys: DeviceKeys::default(),
            counts: RecentCounts::default(),
        })
    }

    pub(super) const fn id(&self) -> ProjectId {
        self.id
    }

    pub(super) const fn keeper(&self) -> &Arc<Keeper> {
        &self.keeper
    }

    pub(super) const fn vault(&self) -> &Vault {
        &self.vault
    }

    pub(super) fn current(&self) -> Arc<Current> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Reads settings and issuer keys again where they are not of this version.
    pub(super) async fn keep_current(&self, tx: &mut Transaction, version: i64) -> Result<(), Error> {
        let before = self.current();
        if before.version == version {
            return Ok(());
        }
        let newer = Arc::new(Current::read(tx, self.id, &self.keeper, version, Some(&before)).await?);
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        // A transaction that began earlier may have come later.
        if current.version < version {
            *current = newer;
        }
        Ok(())
    }
}

impl Current {
    /// Reads settings, and opens the keys unless those of `before` are the same.
    async fn read(
        tx: &mut Transaction,
        id: ProjectId,
        keeper: &Arc<Keeper>,
        version: i64,
        before: Option<&Self>,
    ) -> Result<Self, Error> {
        let project = tx.project(id).await?.ok_or(Refusal::ProjectUnknown)?;
        let ring = tx.ring_version(id).await?;
        let issuer = match before.filter(|before| before.issuer.version() == ring) {
            Some(before) => Arc::clone(&before.issuer),
            None => Arc::new(keyring::load(tx, id, keeper).await?),
        };
        let challenge_secret = tx.challenge_secret(id).await?;
        Ok(Self { version, project: Arc::new(project), issuer, challenge_secret })
    }
}
