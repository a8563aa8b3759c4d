//! A phone with the real SDK, in a world whose manager is a double that records what it is asked.

mod scripted;

use std::sync::Arc;

use credential::object::Presence;
use phone_sdk::port::{ManualClock, MemoryStorage, Random, SeededRandom, SoftwareKeyStore, Storage};
use phone_sdk::{Card, DeviceLabel, Error, Invitation, NfcPresenter, Ports, Wallet};

use crate::world::{START, World};

pub use scripted::{Fault, Mangling, Recorded, ScriptedManager, problem};

/// The address of the double.
pub const BASE: &str = "https://manager.example";

/// Everything outside the wallet, which survives its restarts.
pub struct Phone {
    /// What survives a restart.
    pub storage: Arc<MemoryStorage>,
    /// The double.
    pub manager: Arc<ScriptedManager>,
    /// The phone's clocks.
    pub clock: Arc<ManualClock>,
    random: Arc<dyn Random>,
}

impl Phone {
    /// A phone without a card; the double issues in this world.
    pub fn new(world: World) -> Self {
        Self::with(world, BASE)
    }

    fn with(world: World, base: &str) -> Self {
        let clock = Arc::new(ManualClock::new(START));
        let random = Arc::new(SeededRandom::new(u64::from_be_bytes(world.project.0)));
        let manager = Arc::new(ScriptedManager::new(world, base));
        Self { storage: Arc::new(MemoryStorage::default()), manager, clock, random }
    }

    /// Opens the wallet, as the app does when it starts.
    pub fn open(&self) -> Wallet {
        self.try_open().unwrap()
    }

    /// Opens the wallet, which may fail.
    ///
    /// # Errors
    /// As [`Wallet::open`].
    pub fn try_open(&self) -> Result<Wallet, Error> {
        let storage = || Arc::clone(&self.storage) as Arc<dyn Storage>;
        let ports = Ports {
            storage: storage(),
            key_store: Arc::new(SoftwareKeyStore::new(storage(), Arc::clone(&self.random))),
            http: Arc::clone(&self.manager) as _,
            clock: Arc::clone(&self.clock) as _,
            random: Arc::clone(&self.random),
        };
        Wallet::open(ports, DeviceLabel { name: "Anna's phone".into(), platform: "test".into() })
    }

    /// A phone with one card, and its wallet.
    pub fn activated(world: World) -> (Self, Wallet, Card) {
        let phone = Self::new(world);
        let wallet = phone.open();
        let card = wallet.activate(&invitation(1)).unwrap();
        (phone, wallet, card)
    }
}

/// The invitation of this number.
pub fn invitation(number: u8) -> Invitation {
    invitation_of(BASE, number)
}

/// The invitation of this number at another manager.
pub fn invitation_of(base: &str, number: u8) -> Invitation {
    // Secrets below 32 have one digit, which is also the check.
    let digit = char::from(*b"0123456789ABCDEFGHJKMNPQRSTVWXYZ".get(usize::from(number)).unwrap());
    Invitation::from_code(base, &format!("{}{digit}{digit}", "0".repeat(25))).unwrap()
}

/// A card in the phone's NFC field, its holder having given this presence.
pub fn nfc(wallet: &Wallet, presence: Presence) -> NfcPresenter {
    wallet.nfc(Arc::new(presence))
}
