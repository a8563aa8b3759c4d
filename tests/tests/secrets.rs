//! What the phone stores and says holds no secret in the clear.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::sync::{Arc, Mutex};

use credential::crypto::{RustCrypto, SoftwareSigner};
use credential::iso7816::FrontEnd;
use credential::object::Presence;
use phone_sdk::port::{
    Clock, ManualClock, MemoryStorage, Random, RandomFailure, SeededRandom, SoftwareKeyStore, Storage,
};
use phone_sdk::{DeviceLabel, Ports, Wallet};
use rand::SeedableRng;
use rand::rngs::StdRng;
use tests::door::{NfcLink, PresentedDoor};
use tests::phone::{BASE, Fault, ScriptedManager, invitation, nfc};
use tests::world::{START, World};

/// Remembers everything that was drawn: every key of the phone comes from here.
struct Overheard {
    random: SeededRandom,
    drawn: Mutex<Vec<Vec<u8>>>,
}

impl Random for Overheard {
    fn fill(&self, out: &mut [u8]) -> Result<(), RandomFailure> {
        self.random.fill(out)?;
        self.drawn.lock().unwrap().push(out.to_vec());
        Ok(())
    }
}

#[test]
fn neither_storage_nor_debug_output_nor_errors_hold_a_secret_or_a_name() {
    let mut world = World::new(1);
    let mut door = PresentedDoor::new(world.reader(RustCrypto, 7));
    let storage = Arc::new(MemoryStorage::default());
    let overheard = Arc::new(Overheard { random: SeededRandom::new(3), drawn: Mutex::default() });
    let clock = Arc::new(ManualClock::new(START));
    let manager = Arc::new(ScriptedManager::new(world, BASE));
    let master = Arc::new(MemoryStorage::default());
    let keys =
        SoftwareKeyStore::with_master_in(Arc::clone(&storage) as _, master, Arc::clone(&overheard) as _);
    let ports = Ports {
        storage: Arc::clone(&storage) as _,
        key_store: Arc::new(keys),
        http: Arc::clone(&manager) as _,
        clock: Arc::clone(&clock) as _,
        random: Arc::clone(&overheard) as _,
    };
    let wallet =
        Wallet::open(ports, DeviceLabel { name: "Anna's phone".into(), platform: "test".into() }).unwrap();
    let mut said = Vec::new();
    manager.faults([None, Some(Fault::AnswerLost)]);
    said.push(format!("{:?}", wallet.activate(&invitation(1)).unwrap_err()));
    wallet.activate(&invitation(1)).unwrap();
    for _ in 0..3 {
        let mut presenter = nfc(&wallet, Presence::None);
        let tap = door.tap(&mut NfcLink::new(&mut presenter, FrontEnd::SHORT), clock.now());
        assert!(tap.finished);
        said.extend(std::iter::from_fn(|| presenter.poll_event()).map(|event| format!("{event:?}")));
    }
    said.push(format!("{wallet:?} {:?} {:?}", wallet.cards(), invitation(1)));

    let stored: Vec<u8> =
        storage.names().iter().flat_map(|name| storage.load(name).unwrap().unwrap().to_vec()).collect();
    let said = said.join("\n").into_bytes();
    let mut secrets =
        vec![b"Anna".to_vec(), b"0004711".to_vec(), invitation_secret(), b"Example Works".to_vec()];
    // Nonces and the journal's own octets are shorter and no secrets.
    for drawn in overheard.drawn.lock().unwrap().iter().filter(|drawn| drawn.len() == 32) {
        secrets.push(drawn.clone());
        let seed: [u8; 32] = drawn.as_slice().try_into().unwrap();
        let (_, scalar) = SoftwareSigner::generate(&mut StdRng::from_seed(seed)).unwrap();
        secrets.push(scalar.expose().to_vec());
    }
    assert!(secrets.len() > 8 && stored.len() > 1000);
    for secret in secrets {
        for (place, octets) in [("storage", &stored), ("what is said", &said)] {
            let found = octets.windows(secret.len()).any(|window| window == secret);
            assert!(!found, "{} in {place}", String::from_utf8_lossy(&secret));
        }
    }
}

/// The secret of the invitation with the number 1.
fn invitation_secret() -> Vec<u8> {
    let mut secret = vec![0; 15];
    secret.push(1);
    secret
}
