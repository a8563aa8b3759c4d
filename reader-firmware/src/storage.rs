//! What a door may not forget, in a flash that may lose its power at any time.
//!
//! Every item is written whole beside the old one, behind a check, before the old one counts as old: after a power
//! cut there is the one or the other, never nothing and never half.
//!
//! Spec: `docs/READER.md#storage`

mod blocking;
mod error;

pub use blocking::Blocking;
pub use error::StorageError;

use core::future::Future;
use core::ops::Range;
use core::pin::pin;
use core::task::{Context, Poll, Waker};

use credential::limits::MESSAGE_MAX;
use embedded_storage::nor_flash::NorFlash;
use sequential_storage::cache::{Cache, Uncached};
use sequential_storage::map::{MapConfig, MapStorage};
use zeroize::Zeroize;

/// Octets of the longest item, a revocation list, with its name in front and up to the next word of the flash.
const BUFFER: usize = MESSAGE_MAX + 32;

/// What is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Item {
    /// The private key, 32 octets.
    Key,
    /// The configuration, sealed as it came.
    Configuration,
    /// The revocation list, signed as it came.
    RevocationList,
    /// The last time known, 4 octets, seconds since 1970, high octet first.
    LastTime,
    /// The newest firmware that was ever confirmed, 4 octets, high octet first.
    FirmwareVersion,
}

/// Items in a part of a flash.
pub struct Storage<F: NorFlash> {
    map: MapStorage<u8, Blocking<F>, Cache<Uncached, Uncached, Uncached, u8>>,
    buffer: Aligned,
}

/// Some flash controllers copy whole words.
#[repr(align(4))]
struct Aligned([u8; BUFFER]);

impl Item {
    const fn name(self) -> u8 {
        match self {
            Self::Key => 1,
            Self::Configuration => 2,
            Self::RevocationList => 3,
            Self::LastTime => 4,
            Self::FirmwareVersion => 5,
        }
    }
}

impl<F: NorFlash> Storage<F> {
    /// The items in `range` of a flash, which is this storage's own; its ends are those of erasable pages.
    ///
    /// # Errors
    /// [`StorageError::Range`] for less than two pages, or pages that cannot hold the longest item.
    pub fn new(flash: F, range: Range<u32>) -> Result<Self, StorageError> {
        if F::ERASE_SIZE < BUFFER {
            return Err(StorageError::Range);
        }
        let config = MapConfig::try_new(range).map_err(|_| StorageError::Range)?;
        let map = MapStorage::new(Blocking::new(flash), config, Cache::new_uncached());
        Ok(Self { map, buffer: Aligned([0; BUFFER]) })
    }

    /// The item as it was last stored; `None` if it never was.
    ///
    /// # Errors
    /// [`StorageError`] when the flash cannot be read.
    pub fn load(&mut self, item: Item) -> Result<Option<&[u8]>, StorageError> {
        Ok(ready(self.map.fetch_item(&mut self.buffer.0, &item.name()))?)
    }

    /// As [`Storage::load`], for what is opened in place.
    ///
    /// # Errors
    /// As [`Storage::load`].
    pub fn load_mut(&mut self, item: Item) -> Result<Option<&mut [u8]>, StorageError> {
        let Some(length) = self.load(item)?.map(<[u8]>::len) else { return Ok(None) };
        // The value lies behind its name.
        Ok(self.buffer.0.get_mut(1..length.saturating_add(1)))
    }

    /// Stores the item; the one before it holds until the new one is whole.
    ///
    /// # Errors
    /// [`StorageError`]; the item is then as it was.
    pub fn store(&mut self, item: Item, octets: &[u8]) -> Result<(), StorageError> {
        let stored = ready(self.map.store_item(&mut self.buffer.0, &item.name(), &octets));
        self.wipe();
        Ok(stored?)
    }

    /// Wipes the working space, through which the key goes.
    pub fn wipe(&mut self) {
        self.buffer.0.zeroize();
    }

    /// Pages erased since the start.
    pub fn erases(&mut self) -> u32 {
        self.map.flash().erases()
    }

    /// The flash.
    pub fn flash(&mut self) -> &mut F {
        self.map.flash().inner()
    }
}

/// Runs what never waits, because the flash does not: [`Blocking`] is ready at every step.
pub(crate) fn ready<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return output;
        }
    }
}

#[cfg(test)]
pub(crate) mod model;
#[cfg(test)]
mod tests;
