//! Holder keys without secure hardware.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use credential::crypto::{Point, Signer, SoftwareSigner};
use credential::secret::Secret;
use rand::SeedableRng;
use rand::rngs::StdRng;
use zeroize::Zeroizing;

use super::{KeyHandle, KeyStore, KeyStoreError, Random, Storage};
use crate::sealing::Sealer;

/// First octet of a stored key: sealed under the master key.
const VERSION: u8 = 2;

/// The name of the master key, 32 octets.
const MASTER: &str = "software-key";

/// What holder keys and the wallet's key are sealed for.
const LABEL: &[u8] = b"ostiary software key";

/// Holder keys kept in a [`Storage`], for desktops and simulations.
///
/// They are sealed under a master key, which is stored under the name `software-key`, in the same storage or in
/// another one.
/// **All are only as safe as the master key is**: who can read both can copy the keys and be the holder at every
/// door, until the credential is revoked.
/// On a phone use the key store of the platform.
pub struct SoftwareKeyStore {
    storage: Arc<dyn Storage>,
    master: Arc<dyn Storage>,
    random: Arc<dyn Random>,
    sealer: Mutex<Option<Sealer>>,
    /// Keys that have been used, prepared to sign.
    signers: Mutex<HashMap<KeyHandle, Arc<SoftwareSigner>>>,
}

impl SoftwareKeyStore {
    /// Keeps keys in `storage`, which may be the wallet's own.
    pub fn new(storage: Arc<dyn Storage>, random: Arc<dyn Random>) -> Self {
        Self::with_master_in(Arc::clone(&storage), storage, random)
    }

    /// Keeps keys in `storage` and the master key elsewhere: on a disk of its own, for example.
    pub fn with_master_in(
        storage: Arc<dyn Storage>,
        master: Arc<dyn Storage>,
        random: Arc<dyn Random>,
    ) -> Self {
        Self { storage, master, random, sealer: Mutex::default(), signers: Mutex::default() }
    }

    /// What seals under the master key, which is made if there is none and `make` says so.
    fn sealer(&self, make: bool) -> Result<Sealer, KeyStoreError> {
        let mut sealer = self.sealer.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(sealer) = &*sealer {
            return Ok(sealer.clone());
        }
        let stored = self.master.load(MASTER).map_err(|_| KeyStoreError::Failed)?;
        let mut key = Secret::zero();
        match stored {
            Some(stored) => {
                let stored: &[u8; 32] = stored.as_slice().try_into().map_err(|_| KeyStoreError::Failed)?;
                key.expose_mut().copy_from_slice(stored);
            }
            None if make => {
                self.random.fill(key.expose_mut()).map_err(|_| KeyStoreError::Failed)?;
                self.master.store(MASTER, key.expose()).map_err(|_| KeyStoreError::Failed)?;
            }
            None => return Err(KeyStoreError::NoSuchKey),
        }
        Ok(sealer.insert(Sealer::new(key, Arc::clone(&self.random))).clone())
    }

    fn signer(&self, key: &KeyHandle) -> Result<Arc<SoftwareSigner>, KeyStoreError> {
        let known = self.signers.lock().unwrap_or_else(PoisonError::into_inner).get(key).cloned();
        if let Some(signer) = known {
            return Ok(signer);
        }
        let stored = self.storage.load(&name(key)).map_err(|_| KeyStoreError::Failed)?;
        let stored = stored.ok_or(KeyStoreError::NoSuchKey)?;
        let scalar = match stored.split_first() {
            Some((&VERSION, sealed)) => self.sealer(false)?.open(&about(&key.0), sealed),
            _ => return Err(KeyStoreError::Failed),
        };
        let scalar = scalar.and_then(|scalar| scalar.as_slice().try_into().ok().map(Secret::new));
        let signer = scalar.and_then(|scalar| SoftwareSigner::new(&scalar).ok());
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
        let mut octets = vec![VERSION];
        let sealed = self.sealer(true)?.seal(&about(&key.0), scalar.expose(), &mut octets);
        sealed.map_err(|_| KeyStoreError::Failed)?;
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

    fn wrap(&self, key: &[u8; 32]) -> Result<Vec<u8>, KeyStoreError> {
        let mut wrapped = Vec::new();
        self.sealer(true)?.seal(&about(""), key, &mut wrapped).map_err(|_| KeyStoreError::Failed)?;
        Ok(wrapped)
    }

    fn unwrap(&self, wrapped: &[u8]) -> Result<Zeroizing<[u8; 32]>, KeyStoreError> {
        let key = self.sealer(false)?.open(&about(""), wrapped).ok_or(KeyStoreError::NoSuchKey)?;
        key.as_slice().try_into().map(Zeroizing::new).map_err(|_| KeyStoreError::NoSuchKey)
    }
}

fn about(key: &str) -> Vec<u8> {
    [LABEL, key.as_bytes()].concat()
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
    fn what_is_stored_gives_no_key_without_the_master_key() {
        let (storage, master) = (Arc::new(MemoryStorage::default()), Arc::new(MemoryStorage::default()));
        let open = |master: &Arc<MemoryStorage>| {
            let storage = Arc::clone(&storage) as Arc<dyn Storage>;
            SoftwareKeyStore::with_master_in(storage, Arc::clone(master) as _, Arc::new(SystemRandom))
        };
        let key = KeyHandle("a".to_owned());
        let point = open(&master).make(&key).unwrap();
        let wrapped = open(&master).wrap(&[7; 32]).unwrap();
        assert_eq!(open(&master).public_key(&key), Ok(point));
        assert_eq!(*open(&master).unwrap(&wrapped).unwrap(), [7; 32]);
        let other = Arc::new(MemoryStorage::default());
        assert_eq!(open(&other).unwrap(&wrapped), Err(KeyStoreError::NoSuchKey));
        open(&other).wrap(&[7; 32]).unwrap();
        assert_eq!(open(&other).unwrap(&wrapped), Err(KeyStoreError::NoSuchKey));
        assert_eq!(open(&other).public_key(&key), Err(KeyStoreError::Failed));
    }

    #[test]
    fn a_stored_key_of_another_version_is_not_used() {
        let storage = Arc::new(MemoryStorage::default());
        storage.store("key-a", &[1; 33]).unwrap();
        let key = KeyHandle("a".to_owned());
        assert_eq!(key_store(&storage).make(&key), Err(KeyStoreError::Failed));
    }
}
