//! What the phone holds, in memory and in storage.

mod device;
mod photos;

use std::sync::Arc;

use credential::device::CredentialHandle;
use credential::secret::Secret;

use crate::certificates::Certificates;
use crate::error::{Error, Retry, StorageError};
use crate::journal::{self, Changes, Journal, Memory};
use crate::port::{Clock, KeyHandle, KeyStoreError, Random, Storage};
use crate::sealing::Sealer;
use crate::state::{self, CardRecord, Document};
use crate::wallet::{CardId, Ports};

/// The document, and what taps have left; what is in memory is what is stored.
pub(crate) struct Vault {
    storage: Arc<dyn Storage>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    sealer: Sealer,
    wrapped_key: Vec<u8>,
    document: Document,
    journal: Journal,
    memory: Memory,
    /// What has changed in memory and not yet in the journal.
    pending: Changes,
    last_handle: u32,
}

impl Vault {
    pub(crate) fn open(ports: &Ports) -> Result<Self, Error> {
        let storage = Arc::clone(&ports.storage);
        let stored = storage.load(state::NAME)?;
        if stored.is_none() && storage.load(journal::NAME)?.is_some() {
            return Err(StorageError::Missing.into());
        }
        let (sealer, wrapped_key) = match &stored {
            Some(stored) => unwrap(ports, state::wrapped_key(stored)?)?,
            None => new_key(ports)?,
        };
        let document = stored.map(|stored| Document::open(&stored, &sealer)).transpose()?.unwrap_or_default();
        let (journal, mut memory) = Journal::open(&*storage, &sealer, &*ports.random)?;
        memory.tickets = memory.tickets.of_cards(|card| document.card(card).is_some());
        let mut vault = Self {
            storage,
            clock: Arc::clone(&ports.clock),
            random: Arc::clone(&ports.random),
            sealer,
            wrapped_key,
            document,
            journal,
            memory,
            pending: Changes::default(),
            last_handle: 0,
        };
        vault.name_credentials();
        Ok(vault)
    }

    pub(crate) const fn document(&self) -> &Document {
        &self.document
    }

    /// Changes the document: in storage first, then in memory, or not at all.
    pub(crate) fn change<T>(&mut self, change: impl FnOnce(&mut Document) -> T) -> Result<T, StorageError> {
        self.try_change(|document| Ok(change(document)))
    }

    /// As [`Vault::change`], unless the change itself fails.
    pub(crate) fn try_change<T, E: From<StorageError>>(
        &mut self,
        change: impl FnOnce(&mut Document) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut changed = self.document.clone();
        let result = change(&mut changed)?;
        self.storage.store(state::NAME, &changed.seal(&self.wrapped_key, &self.sealer)?)?;
        self.document = changed;
        self.name_credentials();
        Ok(result)
    }

    /// Forgets the tickets of a card for good.
    pub(crate) fn drop_tickets(&mut self, card: CardId) -> Result<(), StorageError> {
        let left = self.memory.tickets.of_cards(|other| other != card);
        if left.len() == self.memory.tickets.len() {
            return Ok(());
        }
        let changed = Memory { tickets: left, ..self.memory.clone() };
        self.rewrite(changed)
    }

    /// Forgets the certificates that were remembered.
    pub(crate) fn drop_certificates(&mut self) -> Result<(), StorageError> {
        let changed = Memory { certificates: Certificates::default(), ..self.memory.clone() };
        self.rewrite(changed)
    }

    /// Stores what taps have changed; one append.
    pub(crate) fn flush(&mut self) -> Result<(), StorageError> {
        if self.pending.is_empty() {
            return Ok(());
        }
        if self.journal.wants_rewriting() {
            return self.rewrite(self.memory.clone());
        }
        let changes = core::mem::take(&mut self.pending);
        let appended = self.journal.append(&*self.storage, &self.sealer, &changes);
        if appended.is_err() {
            // Any part of the entry may be there: nothing can be written after it.
            self.journal = Journal::unwritten();
            self.pending = changes;
        }
        appended
    }

    fn rewrite(&mut self, memory: Memory) -> Result<(), StorageError> {
        // Should this fail, either journal may be there.
        self.journal = Journal::unwritten();
        self.journal = Journal::begin(&*self.storage, &self.sealer, &*self.random, &memory)?;
        self.memory = memory;
        self.pending = Changes::default();
        Ok(())
    }

    /// Forgets everything that is stored; the keys go first.
    pub(crate) fn clear(&mut self) -> Result<(), StorageError> {
        self.storage.remove(journal::NAME)?;
        self.journal = Journal::unwritten();
        self.memory = Memory::default();
        self.pending = Changes::default();
        self.storage.remove(state::NAME)?;
        self.document = Document::default();
        Ok(())
    }

    /// The card that a credential is of, be it the newest or the one before.
    pub(crate) fn card_of(&self, handle: CredentialHandle) -> Option<&CardRecord> {
        let is_of = |card: &&CardRecord| {
            card.handle == handle || card.superseded.as_ref().is_some_and(|(old, _)| *old == handle)
        };
        self.document.cards.iter().find(is_of)
    }

    /// The key that signs for a credential.
    pub(crate) fn key_of(&self, handle: CredentialHandle) -> Option<KeyHandle> {
        self.card_of(handle).map(|card| card.key.clone())
    }

    /// Names the credentials that have no name yet.
    fn name_credentials(&mut self) {
        for card in self.document.cards.iter_mut().filter(|card| card.handle == CredentialHandle(0)) {
            self.last_handle = self.last_handle.wrapping_add(1).max(1);
            card.handle = CredentialHandle(self.last_handle);
        }
    }
}

/// The key that a stored wallet is sealed under.
fn unwrap(ports: &Ports, wrapped: &[u8]) -> Result<(Sealer, Vec<u8>), Error> {
    let key = ports.key_store.unwrap(wrapped).map_err(key_error)?;
    Ok((Sealer::new(Secret::new(*key), Arc::clone(&ports.random)), wrapped.to_vec()))
}

/// A key for a new wallet.
fn new_key(ports: &Ports) -> Result<(Sealer, Vec<u8>), Error> {
    let mut key = Secret::zero();
    ports.random.fill(key.expose_mut())?;
    let wrapped = ports.key_store.wrap(key.expose()).map_err(key_error)?;
    Ok((Sealer::new(key, Arc::clone(&ports.random)), wrapped))
}

fn key_error(error: KeyStoreError) -> Error {
    match error {
        KeyStoreError::NoSuchKey => StorageError::WrongKey.into(),
        KeyStoreError::Locked => Retry::KeyStoreLocked.into(),
        KeyStoreError::Failed => Retry::KeyStore.into(),
    }
}
