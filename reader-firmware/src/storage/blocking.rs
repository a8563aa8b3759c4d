//! A flash that the processor waits for, in the place of one that is awaited.

use embedded_storage::nor_flash::{ErrorType, NorFlash};
use embedded_storage_async::nor_flash as awaited;

/// Counts the pages that are erased, too: what wears a flash.
pub struct Blocking<F> {
    flash: F,
    erases: u32,
}

impl<F> Blocking<F> {
    /// Around a flash whose operations return when they are done.
    pub const fn new(flash: F) -> Self {
        Self { flash, erases: 0 }
    }

    /// Pages erased since the start.
    pub const fn erases(&self) -> u32 {
        self.erases
    }

    /// The flash.
    pub const fn inner(&mut self) -> &mut F {
        &mut self.flash
    }
}

impl<F: ErrorType> ErrorType for Blocking<F> {
    type Error = F::Error;
}

impl<F: NorFlash> awaited::ReadNorFlash for Blocking<F> {
    const READ_SIZE: usize = F::READ_SIZE;

    async fn read(&mut self, offset: u32, octets: &mut [u8]) -> Result<(), F::Error> {
        self.flash.read(offset, octets)
    }

    fn capacity(&self) -> usize {
        self.flash.capacity()
    }
}

impl<F: NorFlash> awaited::NorFlash for Blocking<F> {
    const WRITE_SIZE: usize = F::WRITE_SIZE;
    const ERASE_SIZE: usize = F::ERASE_SIZE;

    async fn erase(&mut self, from: u32, to: u32) -> Result<(), F::Error> {
        let page = u32::try_from(F::ERASE_SIZE).unwrap_or(u32::MAX);
        let pages = to.saturating_sub(from).checked_div(page).unwrap_or(0);
        self.erases = self.erases.saturating_add(pages);
        self.flash.erase(from, to)
    }

    async fn write(&mut self, offset: u32, octets: &[u8]) -> Result<(), F::Error> {
        self.flash.write(offset, octets)
    }
}
