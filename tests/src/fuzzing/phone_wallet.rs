//! What a phone's wallet reads: what its holder types, what its storage gives back, what a manager answers.

use std::sync::Arc;

use credential::crypto::{Crypto, Point, RustCrypto};
use credential::secret::Secret;
use phone_sdk::port::{
    HttpResponse, KeyHandle, KeyStore, KeyStoreError, ManualClock, MemoryStorage, SeededRandom, Storage,
};
use phone_sdk::{DeviceLabel, Invitation, Ports, StorageError, Wallet};
use zeroize::Zeroizing;

use super::input::Input;
use crate::phone::{Fault, Phone, ScriptedManager, invitation};
use crate::world::{START, World};

/// The key under which the wallets of this target are sealed.
const KEY: [u8; 32] = [7; 32];
const NONCE: [u8; 12] = [0; 12];
const JOURNAL: [u8; 16] = [1; 16];

/// Never panics; what opens can be used, and what is kept was believed.
pub fn phone_wallet(octets: &[u8]) {
    let mut input = Input::new(octets);
    match input.below(4) {
        0 => typed(&mut input),
        1 => stored(&mut input),
        2 => sealed(&mut input),
        _ => answered(&mut input),
    }
}

fn typed(input: &mut Input<'_>) {
    let manager = String::from_utf8_lossy(input.string()).into_owned();
    let text = String::from_utf8_lossy(input.rest()).into_owned();
    for read in [Invitation::from_link(&text), Invitation::from_code(&manager, &text)] {
        match read {
            Ok(read) => {
                assert!(read.base().starts_with("https://") || read.base().starts_with("http://"));
                assert!(!read.base().ends_with('/'));
                assert!(!format!("{read:?}").contains(text.trim()) || text.trim().len() < 27);
            }
            Err(error) => assert!(!error.to_string().is_empty()),
        }
    }
}

/// Octets as they may come back from a disk that is not well.
fn stored(input: &mut Input<'_>) {
    let storage = MemoryStorage::default();
    for name in ["wallet", "taps"] {
        if input.flag() {
            storage.store(name, input.long_string()).unwrap();
        }
    }
    opened(storage);
}

/// Octets of any content, sealed as the wallet seals them.
fn sealed(input: &mut Input<'_>) {
    let storage = MemoryStorage::default();
    let header = [2, 0, 0];
    let json = input.long_string();
    let wallet = [&header[..], &seal(&[b"ostiary wallet", &header[..]].concat(), json)].concat();
    storage.store("wallet", &wallet).unwrap();
    let mut taps = [&[1][..], &JOURNAL].concat();
    let mut entry = 0_u32;
    loop {
        let changes = input.string();
        if changes.is_empty() {
            break;
        }
        let about = [b"ostiary wallet taps", &JOURNAL[..], &entry.to_be_bytes()].concat();
        let sealed = seal(&about, changes);
        taps.extend_from_slice(&u32::try_from(sealed.len()).unwrap().to_be_bytes());
        taps.extend_from_slice(&sealed);
        entry += 1;
    }
    storage.store("taps", &taps).unwrap();
    opened(storage);
}

fn seal(about: &[u8], octets: &[u8]) -> Vec<u8> {
    let mut sealed = octets.to_vec();
    let tag = RustCrypto.seal(&Secret::new(KEY), &NONCE, about, &mut sealed);
    [&NONCE[..], &sealed, &tag].concat()
}

fn opened(storage: MemoryStorage) {
    let has_wallet = storage.names().iter().any(|name| name == "wallet");
    let was_empty = storage.names().is_empty();
    let storage = Arc::new(storage);
    let open = || open(Arc::clone(&storage));
    let wallet = match open() {
        Ok(wallet) => wallet,
        Err(phone_sdk::Error::Storage(StorageError::Missing)) => return assert!(!has_wallet),
        Err(error) => return assert!(has_wallet && !error.to_string().is_empty()),
    };
    assert!(has_wallet || was_empty, "a damaged wallet is not taken for an empty one");
    let cards = wallet.cards();
    assert_eq!(open().unwrap().cards(), cards);
    for card in &cards {
        let _ = wallet.prefer(card.project, credential::id::ReaderId(1), Some(card.id));
        assert!(wallet.renew(card.id).is_err(), "there is no manager");
    }
    wallet.set_remembers_certificates(false).unwrap();
    if let Some(card) = cards.first() {
        wallet.remove(card.id).unwrap();
    }
    drop(wallet);
    open().unwrap().reset().unwrap();
    assert!(storage.names().is_empty(), "{:?}", storage.names());
}

fn open(storage: Arc<MemoryStorage>) -> Result<Wallet, phone_sdk::Error> {
    let ports = Ports {
        storage,
        key_store: Arc::new(NoKeys),
        http: Arc::new(ScriptedManager::new(World::new(1), "https://nobody.example")),
        clock: Arc::new(ManualClock::new(START)),
        random: Arc::new(SeededRandom::new(1)),
    };
    Wallet::open(ports, DeviceLabel::default())
}

/// A key store that seals and has no holder keys.
struct NoKeys;

impl KeyStore for NoKeys {
    fn make(&self, _: &KeyHandle) -> Result<Point, KeyStoreError> {
        Err(KeyStoreError::Failed)
    }

    fn public_key(&self, _: &KeyHandle) -> Result<Point, KeyStoreError> {
        Err(KeyStoreError::NoSuchKey)
    }

    fn sign(&self, _: &KeyHandle, _: &[u8]) -> Result<[u8; 64], KeyStoreError> {
        Err(KeyStoreError::NoSuchKey)
    }

    fn delete(&self, _: &KeyHandle) -> Result<(), KeyStoreError> {
        Ok(())
    }

    fn wrap(&self, key: &[u8; 32]) -> Result<Vec<u8>, KeyStoreError> {
        Ok(key.to_vec())
    }

    /// What is sealed here has no wrapped key; what the wallet sealed has its own.
    fn unwrap(&self, wrapped: &[u8]) -> Result<Zeroizing<[u8; 32]>, KeyStoreError> {
        if wrapped.is_empty() {
            return Ok(Zeroizing::new(KEY));
        }
        wrapped.try_into().map(Zeroizing::new).map_err(|_| KeyStoreError::NoSuchKey)
    }
}

/// Answers that are changed, invented, or genuine: whatever comes, only what holds is kept.
fn answered(input: &mut Input<'_>) {
    let phone = Phone::new(World::new(1));
    let faults: Vec<_> = (0..4).map(|_| fault(input)).collect();
    phone.manager.faults(faults);
    let wallet = phone.open();
    let activated = wallet.activate(&invitation(1));
    assert_eq!(activated.is_ok(), !wallet.cards().is_empty());
    for card in wallet.cards() {
        assert_eq!(card.user_id.as_ref().unwrap().as_str(), "0004711");
        let faults: Vec<_> = (0..4).map(|_| fault(input)).collect();
        phone.manager.faults(faults);
        let renewed = wallet.renew(card.id);
        let _ = wallet.refresh(card.project);
        let after = phone.open().card(card.id).unwrap();
        assert!(renewed.is_err() || after.user_id == card.user_id);
    }
}

fn fault(input: &mut Input<'_>) -> Option<Fault> {
    match input.below(4) {
        0 => None,
        1 => {
            let status = [200, 201, 204, 304, 400, 403, 404, 409, 410, 429, 500][input.below(11)];
            Some(Fault::Instead(HttpResponse { status, body: input.long_string().to_vec() }))
        }
        _ => {
            let script = input.string().to_vec();
            Some(Fault::Mangled(Box::new(move |body| Input::new(&script).mutate(body))))
        }
    }
}
