//! What the phone holds, in memory and in storage.

mod device;

use std::sync::Arc;

use credential::device::CredentialHandle;

use crate::error::StorageError;
use crate::port::{Clock, KeyHandle, Storage};
use crate::state::{CardRecord, Document};
use crate::tickets::Tickets;
use crate::wallet::CardId;

const DOCUMENT: &str = "wallet";
const TICKETS: &str = "tickets";

/// The document and the tickets; what is in memory is what is stored.
pub(crate) struct Vault {
    storage: Arc<dyn Storage>,
    clock: Arc<dyn Clock>,
    document: Document,
    tickets: Tickets,
    /// Whether tickets have come that are not stored yet.
    fresh_tickets: bool,
    last_handle: u32,
}

impl Vault {
    pub(crate) fn open(storage: Arc<dyn Storage>, clock: Arc<dyn Clock>) -> Result<Self, StorageError> {
        let stored = storage.load(DOCUMENT)?;
        let document = stored.map(|octets| Document::decode(&octets)).transpose()?.unwrap_or_default();
        let stored = storage.load(TICKETS)?;
        let tickets = match stored.map(|octets| Tickets::decode(&octets)).transpose() {
            // Tickets only save time: damaged ones are no reason to lock the holder out.
            Err(StorageError::Corrupt) => Tickets::default(),
            decoded => decoded?.unwrap_or_default(),
        };
        let tickets = tickets.of_cards(|card| document.card(card).is_some());
        let mut vault = Self { storage, clock, document, tickets, fresh_tickets: false, last_handle: 0 };
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
        self.storage.store(DOCUMENT, &changed.encode()?)?;
        self.document = changed;
        self.name_credentials();
        Ok(result)
    }

    /// Forgets the tickets of a card for good.
    pub(crate) fn drop_tickets(&mut self, card: CardId) -> Result<(), StorageError> {
        let left = self.tickets.of_cards(|other| other != card);
        if left.len() != self.tickets.len() {
            self.store_tickets(left)?;
        }
        Ok(())
    }

    /// Stores the tickets that a tap has brought.
    pub(crate) fn flush_tickets(&mut self) -> Result<(), StorageError> {
        if self.fresh_tickets { self.store_tickets(self.tickets.clone()) } else { Ok(()) }
    }

    /// Forgets everything that is stored; the keys go first.
    pub(crate) fn clear(&mut self) -> Result<(), StorageError> {
        self.storage.remove(TICKETS)?;
        self.tickets = Tickets::default();
        self.fresh_tickets = false;
        self.storage.remove(DOCUMENT)?;
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

    fn store_tickets(&mut self, tickets: Tickets) -> Result<(), StorageError> {
        self.storage.store(TICKETS, &tickets.encode())?;
        self.tickets = tickets;
        self.fresh_tickets = false;
        Ok(())
    }

    /// Names the credentials that have no name yet.
    fn name_credentials(&mut self) {
        for card in self.document.cards.iter_mut().filter(|card| card.handle == CredentialHandle(0)) {
            self.last_handle = self.last_handle.wrapping_add(1).max(1);
            card.handle = CredentialHandle(self.last_handle);
        }
    }
}
