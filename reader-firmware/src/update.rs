//! A newer firmware over the serial line: received into a second slot, verified, tried, and confirmed or taken back.
//!
//! The board gives a [`Firmware`]; the part of it that keeps slots and their state is [`BootSlot`].
//!
//! Spec: `docs/FIRMWARE.md`

mod header;
mod receiving;
mod slot;

pub use header::{BoardName, FirmwareHeader};
pub use receiving::{Receiving, UpdateError};
pub use slot::{BootSlot, SlotError};

use credential::crypto::Point;

/// Octets from the beginning of an image to the word that says which version it is: a place of the vector table that
/// the processor leaves free.
pub const VERSION_AT: usize = 0x1C;

/// The firmware that runs, and the slot for another one.
pub trait Firmware {
    /// Which boards its images are for.
    fn board(&self) -> BoardName;

    /// The version that runs.
    fn version(&self) -> u32;

    /// Whose images it takes.
    fn key(&self) -> Point;

    /// Octets of the longest image.
    fn capacity(&self) -> u32;

    /// Writes into the second slot, in order; a page is erased before its first octet is written.
    ///
    /// # Errors
    /// [`SlotError`] when the flash fails, or another image is on trial.
    fn write(&mut self, at: u32, octets: &[u8]) -> Result<(), SlotError>;

    /// Reads what was written there.
    ///
    /// # Errors
    /// [`SlotError`] when the flash fails.
    fn read(&mut self, at: u32, octets: &mut [u8]) -> Result<(), SlotError>;

    /// Has the next start exchange the slots and try what was written.
    ///
    /// # Errors
    /// [`SlotError`] when the flash fails; the next start then changes nothing.
    fn mark(&mut self) -> Result<(), SlotError>;

    /// Whether the firmware that runs is on trial: the next start takes it back.
    ///
    /// # Errors
    /// [`SlotError`] when the flash fails.
    fn is_on_trial(&mut self) -> Result<bool, SlotError>;

    /// Ends the trial for good.
    ///
    /// # Errors
    /// [`SlotError`] when the flash fails; the next start may take the firmware back.
    fn confirm(&mut self) -> Result<(), SlotError>;

    /// Starts anew, through the boot loader; returns where there is nothing to start.
    fn restart(&mut self);
}

#[cfg(test)]
mod tests;
