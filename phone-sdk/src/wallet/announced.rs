//! What readers in range announce, as long as the app runs: a channel that need not be asked for.

use std::sync::PoisonError;

use super::Core;

/// Readers whose announcement is held; the one that was heard longest ago gives way to a new one.
const ANNOUNCED_MAX: usize = 64;

/// Peripherals and their PSMs, the last heard last.
#[derive(Default)]
pub(super) struct Announced(Vec<(String, u16)>);

impl Core {
    /// The PSM that a reader in range has announced, 0 = none; `None` if it has not been heard.
    pub(crate) fn announced_psm(&self, peripheral: &str) -> Option<u16> {
        let announced = self.announced.lock().unwrap_or_else(PoisonError::into_inner);
        announced.0.iter().find(|(heard, _)| heard == peripheral).map(|(_, psm)| *psm)
    }

    /// Notes what a reader announces.
    pub(crate) fn note_announced(&self, peripheral: &str, psm: u16) {
        let mut announced = self.announced.lock().unwrap_or_else(PoisonError::into_inner);
        announced.0.retain(|(heard, _)| heard != peripheral);
        if announced.0.len() >= ANNOUNCED_MAX {
            announced.0.remove(0);
        }
        announced.0.push((peripheral.to_owned(), psm));
    }

    /// Forgets what did not lead to the reader.
    pub(crate) fn forget_announced(&self, peripheral: &str) {
        let mut announced = self.announced.lock().unwrap_or_else(PoisonError::into_inner);
        announced.0.retain(|(heard, _)| heard != peripheral);
    }
}
