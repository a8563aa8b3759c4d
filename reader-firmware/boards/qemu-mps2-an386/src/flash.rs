//! A NOR flash that is a file of the host: the machine's PSRAM, which QEMU maps from a file and shares with it.
//!
//! What is written is in the file at once, so it outlives QEMU, however that ends.
//! It behaves as NOR flash does: a write only clears bits, an erase sets those of a whole page.

use core::ops::Range;
use core::sync::atomic::{AtomicU32, Ordering};

use embedded_storage::nor_flash::{
    ErrorType, NorFlash, NorFlashErrorKind, ReadNorFlash, check_erase, check_read, check_write,
};

/// Where the machine has its PSRAM.
const BASE: usize = 0x2100_0000;
const CAPACITY: u32 = 516 * 1024;
const WORD: usize = 4;

/// Whole writes and erases that are left before the power is cut.
static LEFT: AtomicU32 = AtomicU32::new(u32::MAX);

/// The power goes in the middle of a write or an erase, after so many whole ones.
pub(crate) fn cut_power(after: u32) {
    LEFT.store(after, Ordering::Relaxed);
}

/// A part of the flash.
pub(crate) struct FileFlash {
    start: u32,
    octets: u32,
}

impl FileFlash {
    /// The part in which the door keeps its items.
    pub(crate) const DOOR: Range<u32> = 0..64 * 1024;

    /// The part in which the door keeps its events.
    pub(crate) const LOG: Range<u32> = 64 * 1024..128 * 1024;

    /// The page that only the self-test uses.
    pub(crate) const SPARE: u32 = 128 * 1024;

    /// What the boot loader does next.
    pub(crate) const STATE: Range<u32> = 132 * 1024..136 * 1024;

    /// The slot that the firmware runs from.
    pub(crate) const ACTIVE: Range<u32> = 256 * 1024..384 * 1024;

    /// The slot for another firmware, which has one page more for the exchange.
    pub(crate) const SLOT: Range<u32> = 384 * 1024..516 * 1024;

    /// The address of the firmware that runs.
    pub(crate) const FIRMWARE: u32 = BASE as u32 + Self::ACTIVE.start;

    /// Octets of a page.
    pub(crate) const PAGE: usize = 4096;

    /// The flash, of which storage and log have each a part.
    pub(crate) const fn new() -> Self {
        Self::part(0..CAPACITY)
    }

    /// A part of the flash, as a flash of its own.
    pub(crate) const fn part(range: Range<u32>) -> Self {
        Self { start: range.start, octets: range.end - range.start }
    }

    const fn address(&self, offset: u32) -> usize {
        BASE + (self.start + offset) as usize
    }
}

impl ErrorType for FileFlash {
    type Error = NorFlashErrorKind;
}

impl ReadNorFlash for FileFlash {
    const READ_SIZE: usize = 1;

    fn read(&mut self, offset: u32, octets: &mut [u8]) -> Result<(), NorFlashErrorKind> {
        check_read(self, offset, octets.len())?;
        for (address, octet) in (self.address(offset)..).zip(octets) {
            // SAFETY: the address is in the PSRAM, by the check, and nothing else of this program is there.
            *octet = unsafe { core::ptr::read_volatile(address as *const u8) };
        }
        Ok(())
    }

    fn capacity(&self) -> usize {
        self.octets as usize
    }
}

impl NorFlash for FileFlash {
    const WRITE_SIZE: usize = WORD;
    const ERASE_SIZE: usize = Self::PAGE;

    fn erase(&mut self, from: u32, to: u32) -> Result<(), NorFlashErrorKind> {
        check_erase(self, from, to)?;
        let addresses = self.address(from)..self.address(to);
        let reached = power_lasts_for(addresses.len());
        for address in addresses.take(reached) {
            // SAFETY: as in `read`.
            unsafe { core::ptr::write_volatile(address as *mut u8, 0xFF) };
        }
        stop_unless(reached == (to - from) as usize);
        Ok(())
    }

    fn write(&mut self, offset: u32, octets: &[u8]) -> Result<(), NorFlashErrorKind> {
        check_write(self, offset, octets.len())?;
        let reached = power_lasts_for(octets.len());
        for (address, octet) in (self.address(offset)..).zip(octets).take(reached) {
            // SAFETY: as in `read`.
            unsafe {
                let old = core::ptr::read_volatile(address as *const u8);
                core::ptr::write_volatile(address as *mut u8, old & octet);
            }
        }
        stop_unless(reached == octets.len());
        Ok(())
    }
}

/// How many of these octets are still written: all, or half of them when the power goes now.
fn power_lasts_for(octets: usize) -> usize {
    match LEFT.load(Ordering::Relaxed) {
        u32::MAX => octets,
        0 => octets / 2,
        left => {
            LEFT.store(left - 1, Ordering::Relaxed);
            octets
        }
    }
}

fn stop_unless(power: bool) {
    if !power {
        cortex_m::interrupt::disable();
        loop {
            cortex_m::asm::wfi();
        }
    }
}
