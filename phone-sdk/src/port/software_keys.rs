//! Holder keys without secure hardware.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use credential::crypto::{Point, Signer, SoftwareSigner};
use credential::secret::Secret;
use rand::SeedableRng;
use rand::rngs::StdRng;
use zeroize::Zeroizing;

use super::{KeyHandle, KeyStore, KeyStoreError, Random, Storage};

/// First octet of a stored key.
const VERSION: u8 = 1;

/// Holder keys kept in a [`Storage`], for desktops and simulations.
///
/// **A key is only as safe as the file it is in**: who can read the storage can copy the key and be the holder at
/// every door, until the credential is revoked.
/// On a phone use the key store of the platform.
pub struct SoftwareKeyStore {
    storage: Arc<dyn Storage>,
    random: Arc<dyn Random>,
    /// Keys that have been used, prepared to sign.
    signers: Mutex<HashMap<KeyHandle, Arc<SoftwareSigner>>>,
}

impl SoftwareKeyStore {
    /// Keeps keys in `storage`, which may be the wallet's own.
    pub fn new(storage: Arc<dyn Storage>, random: Arc<dyn Random>) -> Self {
        Self { storage, random, signers: Mutex::default() }
    }

    fn signer(&self, key: &KeyHandle) -> Result<Arc<SoftwareSigner>, KeyStoreError> {
        let known = self.signers.lock().unwrap_or_else(PoisonError::into_inner).get(key).cloned();
        if let Some(signer) = known {
            return Ok(signer);
        }
        let stored = self.storage.load(&name(key)).map_err(|_| KeyStoreError::Failed)?;
        let stored = stored.ok_or(KeyStoreError::NoSuchKey)?;
        let scalar = match stored.split_first() {
            Some((&VERSION, scalar)) => scalar.try_into().map(Secret::new),
            _ => return Err(KeyStoreError::Failed),
        };
        let signer = scalar.ok().and_then(|scalar| SoftwareSigner::new(&scalar).ok());
        Ok(self.remember(key, signer.ok_or(KeyStoreError::Failed)?))
    }

    fn remember(&self, key: &KeyHandle, signer: SoftwareSigner) -> Arc<SoftwareSigner> {
        let signer = Arc::new(signer);
        let mut signers = self.signers.lock().unwrap_or_else(PoisonError::into_inner);
        signers.insert(key.clone(), Arc::clone(&signer));
        signer
    }
}

impl KeyStore for SoftwareKeyStore {
    fn make(&self, key: &KeyHandle) -> Result<Point, KeyStoreError> {
        match self.signer(key) {
            Err(KeyStoreError::NoSuchKey) => {}
            known => return known.map(|signer| signer.public_key()),
        }
        let mut seed = Zeroizing::new([0; 32]);
        self.random.fill(seed.as_mut_slice()).map_err(|_| KeyStoreError::Failed)?;
        let mut rng = StdRng::from_seed(*seed);
        let (signer, scalar) = SoftwareSigner::generate(&mut rng).map_err(|_| KeyStoreError::Failed)?;
        let mut octets = Zeroizing::new(Vec::with_capacity(33));
        octets.push(VERSION);
        octets.extend_from_slice(scalar.expose());
        self.storage.store(&name(key), &octets).map_err(|_| KeyStoreError::Failed)?;
        Ok(self.remember(key, signer).public_key())
    }

    fn public_key(&self, key: &KeyHandle) -> Result<Point, KeyStoreError> {
        self.signer(key).map(|signer| signer.public_key())
    }

    fn sign(&self, key: &KeyHandle, message: &[u8]) -> Result<[u8; 64], KeyStoreError> {
        let signature = self.signer(key)?.sign(&[message]).map_err(|_| KeyStoreError::Failed)?;
        Ok(signature.0)
    }

    fn delete(&self, key: &KeyHandle) -> Result<(), KeyStoreError> {
        self.signers.lock().unwrap_or_else(PoisonError::into_inner).remove(key);
        self.storage.remove(&name(key)).map_err(|_| KeyStoreError::Failed)
    }
}

fn name(key: &KeyHandle) -> String {
    format!("key-{}", key.0)
}

#[cfg(test)]
mod tests {
    use credential::crypto::{Crypto, RustCrypto, Signature};

    use super::super::{MemoryStorage, SystemRandom};
    use super::*;

    fn key_store(storage: &Arc<MemoryStorage>) -> SoftwareKeyStore {
        SoftwareKeyStore::new(Arc::clone(storage) as Arc<dyn Storage>, Arc::new(SystemRandom))
    }

    #[test]
    fn a_key_signs_after_a_restart_and_not_after_it_was_deleted() {
        let storage = Arc::new(MemoryStorage::default());
        let key = KeyHandle("a".to_owned());
        let point = key_store(&storage).make(&key).unwrap();
        let again = key_store(&storage);
        assert_eq!(again.make(&key), Ok(point));
        assert_eq!(again.public_key(&key), Ok(point));
        let signature = Signature(again.sign(&key, b"message").unwrap());
        assert_eq!(RustCrypto.verify(&point, &[b"message"], &signature), Ok(()));
        again.delete(&key).unwrap();
        assert_eq!(again.sign(&key, b"message"), Err(KeyStoreError::NoSuchKey));
        assert_ne!(again.make(&key), Ok(point));
    }

    #[test]
    fn a_stored_key_of_another_version_is_not_used() {
        let storage = Arc::new(MemoryStorage::default());
        storage.store("key-a", &[2; 33]).unwrap();
        let key = KeyHandle("a".to_owned());
        assert_eq!(key_store(&storage).make(&key), Err(KeyStoreError::Failed));
    }
}
