//! Ports without a platform: for tests and simulations.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use credential::time::{Instant, Now, UnixTime};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use zeroize::Zeroizing;

use super::{Clock, Random, RandomFailure, Storage};
use crate::error::StorageError;

/// Storage in memory, which can be told to fail.
#[derive(Default)]
pub struct MemoryStorage {
    blobs: Mutex<BTreeMap<String, Zeroizing<Vec<u8>>>>,
    failing: Mutex<bool>,
}

impl MemoryStorage {
    /// From now on nothing can be written, or again.
    pub fn fail(&self, failing: bool) {
        *self.failing.lock().unwrap_or_else(PoisonError::into_inner) = failing;
    }

    /// The names under which something is stored.
    pub fn names(&self) -> Vec<String> {
        self.blobs.lock().unwrap_or_else(PoisonError::into_inner).keys().cloned().collect()
    }

    fn write(&self, name: &str, octets: Option<&[u8]>) -> Result<(), StorageError> {
        if *self.failing.lock().unwrap_or_else(PoisonError::into_inner) {
            return Err(StorageError::Io(std::io::ErrorKind::StorageFull));
        }
        let mut blobs = self.blobs.lock().unwrap_or_else(PoisonError::into_inner);
        match octets {
            Some(octets) => blobs.insert(name.to_owned(), Zeroizing::new(octets.to_vec())),
            None => blobs.remove(name),
        };
        Ok(())
    }
}

impl Storage for MemoryStorage {
    fn load(&self, name: &str) -> Result<Option<Zeroizing<Vec<u8>>>, StorageError> {
        Ok(self.blobs.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned())
    }

    fn store(&self, name: &str, octets: &[u8]) -> Result<(), StorageError> {
        self.write(name, Some(octets))
    }

    fn remove(&self, name: &str) -> Result<(), StorageError> {
        self.write(name, None)
    }
}

/// A clock that moves when it is told to.
pub struct ManualClock(Mutex<Now>);

impl ManualClock {
    /// A clock that stands at `unix`.
    pub const fn new(unix: UnixTime) -> Self {
        Self(Mutex::new(Now { instant: Instant(0), unix: Some(unix) }))
    }

    /// Moves both clocks forward by so many seconds.
    pub fn advance_s(&self, seconds: u32) {
        let mut now = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        now.instant = now.instant.after_ms(u64::from(seconds).saturating_mul(1000));
        now.unix = now.unix.map(|unix| UnixTime(unix.0.saturating_add(seconds)));
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Now {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Random octets that a seed repeats: never for real keys.
pub struct SeededRandom(Mutex<StdRng>);

impl SeededRandom {
    /// The source of a seed.
    pub fn new(seed: u64) -> Self {
        Self(Mutex::new(StdRng::seed_from_u64(seed)))
    }
}

impl Random for SeededRandom {
    fn fill(&self, out: &mut [u8]) -> Result<(), RandomFailure> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).fill_bytes(out);
        Ok(())
    }
}
