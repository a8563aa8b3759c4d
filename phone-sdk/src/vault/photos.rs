//! Photos of cards: each stored by itself, so that the document stays small.

use zeroize::Zeroizing;

use super::Vault;
use crate::error::StorageError;
use crate::wallet::CardId;

const LABEL: &[u8] = b"ostiary photo";

impl Vault {
    /// Keeps the photo of a card, under the version that the card's record names.
    pub(crate) fn keep_photo(&self, card: CardId, version: &str, octets: &[u8]) -> Result<(), StorageError> {
        let mut sealed = Vec::new();
        self.sealer.seal(&about(card, version), octets, &mut sealed)?;
        self.storage.store(&name(card), &sealed)
    }

    /// The photo of a card, if it is the one of this version: one that a kill kept from being stored is not there.
    pub(crate) fn photo(
        &self,
        card: CardId,
        version: &str,
    ) -> Result<Option<Zeroizing<Vec<u8>>>, StorageError> {
        let sealed = self.storage.load(&name(card))?;
        Ok(sealed.and_then(|sealed| self.sealer.open(&about(card, version), &sealed)))
    }

    /// Forgets the photo of a card, if there is one.
    pub(crate) fn remove_photo(&self, card: CardId) -> Result<(), StorageError> {
        self.storage.remove(&name(card))
    }
}

fn name(card: CardId) -> String {
    format!("photo-{}", card.0)
}

fn about(card: CardId, version: &str) -> Vec<u8> {
    [LABEL, &[0], &card.0.to_be_bytes(), version.as_bytes()].concat()
}
