//! What a process may keep of the database, since no other process can make it wrong.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use uuid::Uuid;

use super::Manager;
use crate::error::{Error, Refusal};

/// Serials that are reserved at a time; those that are left when a process ends are never used.
const SERIALS: u32 = 256;
/// Devices whose keys are kept.
const DEVICES: usize = 100_000;

/// Serials that belong to this process.
#[derive(Debug, Default)]
pub(super) struct Serials(tokio::sync::Mutex<Range<u64>>);

/// The key of a device.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DeviceKey {
    pub(crate) public_key: [u8; 33],
    /// Whether the device has a card alone.
    pub(crate) is_card: bool,
}

/// The keys of devices, which never change.
#[derive(Debug, Default)]
pub(super) struct DeviceKeys(Mutex<HashMap<Uuid, DeviceKey>>);

impl Manager {
    /// As many serials as are asked for, which nobody else gets.
    pub(crate) async fn serials(&self, count: usize) -> Result<Range<u64>, Error> {
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        let mut reserved = self.opened.serials.0.lock().await;
        if reserved.end.saturating_sub(reserved.start) < u64::from(count) {
            let size = count.max(SERIALS);
            let mut tx = self.shared.store.write_beside().await?;
            let last = tx.reserve_serials(self.project_id(), size).await?;
            tx.commit().await?;
            let end = last.saturating_add(1);
            *reserved = end.saturating_sub(u64::from(size))..end;
        }
        let middle = reserved.start.saturating_add(u64::from(count));
        let given = reserved.start..middle;
        reserved.start = middle;
        Ok(given)
    }

    /// The public key of a device.
    ///
    /// # Errors
    /// [`Refusal::DeviceUnknown`].
    pub(crate) async fn device_key(&self, device: Uuid) -> Result<DeviceKey, Error> {
        let keys = || self.opened.device_keys.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(key) = keys().get(&device) {
            return Ok(*key);
        }
        let mut tx = self.read().await?;
        let key = match tx.device(self.project_id(), device).await? {
            Some(found) => DeviceKey { public_key: found.public_key, is_card: false },
            None => {
                let public_key = tx.card_device_key(self.project_id(), device).await?;
                DeviceKey { public_key: public_key.ok_or(Refusal::DeviceUnknown)?, is_card: true }
            }
        };
        drop(tx);
        let mut keys = keys();
        if keys.len() >= DEVICES {
            keys.clear();
        }
        keys.insert(device, key);
        Ok(key)
    }
}
