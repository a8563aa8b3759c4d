//! One flash for storage and log, which outlives the station.

use std::cell::RefCell;
use std::ops::Range;
use std::rc::Rc;

use embedded_storage::nor_flash::{ErrorType, NorFlash, ReadNorFlash};

use crate::model::{ModelFlash, PAGE, PowerLost, Torn};

const PAGES: usize = 13;

/// A flash that several hold.
#[derive(Clone)]
pub(crate) struct SharedFlash(pub(crate) Rc<RefCell<ModelFlash>>);

impl SharedFlash {
    pub(crate) const DOOR: Range<u32> = 0..(8 * PAGE) as u32;
    pub(crate) const LOG: Range<u32> = (8 * PAGE) as u32..(12 * PAGE) as u32;
    pub(crate) const SPARE: u32 = (12 * PAGE) as u32;

    pub(crate) fn erased() -> Self {
        Self(Rc::new(RefCell::new(ModelFlash::new(PAGES))))
    }

    /// Loses the power in an operation, 0 = the next one.
    pub(crate) fn cut_power(&self, after: u32, torn: Torn) {
        self.0.borrow_mut().cut_power(after, torn);
    }

    pub(crate) fn is_dark(&self) -> bool {
        self.0.borrow().is_dark()
    }

    /// What is in it once the power is back.
    pub(crate) fn back(&self) -> Self {
        Self(Rc::new(RefCell::new(self.0.borrow().clone().back())))
    }
}

impl ErrorType for SharedFlash {
    type Error = PowerLost;
}

impl ReadNorFlash for SharedFlash {
    const READ_SIZE: usize = ModelFlash::READ_SIZE;

    fn read(&mut self, offset: u32, octets: &mut [u8]) -> Result<(), PowerLost> {
        self.0.borrow_mut().read(offset, octets)
    }

    fn capacity(&self) -> usize {
        self.0.borrow().capacity()
    }
}

impl NorFlash for SharedFlash {
    const WRITE_SIZE: usize = ModelFlash::WRITE_SIZE;
    const ERASE_SIZE: usize = ModelFlash::ERASE_SIZE;

    fn erase(&mut self, from: u32, to: u32) -> Result<(), PowerLost> {
        self.0.borrow_mut().erase(from, to)
    }

    fn write(&mut self, offset: u32, octets: &[u8]) -> Result<(), PowerLost> {
        self.0.borrow_mut().write(offset, octets)
    }
}
