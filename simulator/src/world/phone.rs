//! A phone: the wallet of the SDK, and everything outside it.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use anyhow::Result;
use phone_sdk::port::{HttpClient, MemoryStorage, SeededRandom, SoftwareKeyStore};
use phone_sdk::{DeviceLabel, Ports, Wallet};

use super::clock::{PhoneClock, WorldClock};
use super::office::{Network, Office};
use super::seeds::Seeds;

/// What is set about a phone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PhonePlan {
    /// What it is called.
    pub name: String,
    /// Microseconds that it takes for each message.
    pub delay_us: u64,
}

/// A wallet that is kept in memory, and whose random source is the one of a phone of this name.
pub(crate) fn in_memory(
    name: &str,
    http: Arc<dyn HttpClient>,
    clock: PhoneClock,
    seeds: &Seeds,
) -> Result<Wallet> {
    let storage = Arc::new(MemoryStorage::default());
    let random = Arc::new(SeededRandom::new(seeds.number(&format!("phone {name}"))));
    let ports = Ports {
        storage: storage.clone(),
        key_store: Arc::new(SoftwareKeyStore::new(storage, random.clone())),
        http,
        clock: Arc::new(clock),
        random,
    };
    let label = DeviceLabel { name: name.to_owned(), platform: "simulator".to_owned() };
    Ok(Wallet::open(ports, label)?)
}

/// A phone of a world.
pub struct Phone {
    pub(super) plan: PhonePlan,
    pub(super) wallet: Wallet,
    clock: PhoneClock,
    network: Arc<Network>,
    /// Whether its battery has something left.
    pub(super) powered: bool,
    /// The tap that it is in.
    pub(super) tap: Option<u64>,
    /// When it is to be woken, so that an older alarm is not heeded.
    pub(super) wakes_at_us: Option<u64>,
}

impl Phone {
    pub(super) fn new(
        plan: PhonePlan,
        world: &WorldClock,
        office: &Arc<Office>,
        seeds: &Seeds,
    ) -> Result<Self> {
        let clock = PhoneClock::new(world.clone());
        let network = Arc::new(Network::new(Arc::clone(office)));
        let wallet = in_memory(&plan.name, network.clone(), clock.clone(), seeds)?;
        Ok(Self { plan, wallet, clock, network, powered: true, tap: None, wakes_at_us: None })
    }

    /// What it is called.
    pub fn name(&self) -> &str {
        &self.plan.name
    }

    /// What it holds.
    pub const fn wallet(&self) -> &Wallet {
        &self.wallet
    }

    /// Whether it reaches the manager.
    pub fn is_online(&self) -> bool {
        self.powered && self.network.online.load(Ordering::Relaxed)
    }

    /// Whether its battery has something left.
    pub const fn is_powered(&self) -> bool {
        self.powered
    }

    /// Sets by how many seconds its clock is wrong; `None` unsets it.
    pub fn set_clock_ahead(&self, ahead_s: Option<i64>) {
        self.clock.set_ahead(ahead_s);
    }

    pub(super) fn set_online(&self, online: bool) {
        self.network.online.store(online, Ordering::Relaxed);
    }
}
