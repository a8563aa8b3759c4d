//! The flash of the chip, behind the radio: it is written in the pauses that the radio leaves.
//!
//! The last 128 KiB are the door's, half for its items and half for its events; a page before them is for the
//! self-test.

use core::cell::RefCell;
use core::future::Future;
use core::ops::Range;
use core::pin::pin;
use core::task::{Context, Poll, Waker};

use embassy_nrf::Peri;
use embassy_nrf::nvmc::{FLASH_SIZE, PAGE_SIZE};
use embassy_nrf::peripherals::NVMC;
use embedded_storage::nor_flash::{
    ErrorType, NorFlash, NorFlashErrorKind, ReadNorFlash, check_erase, check_read, check_write,
};
use nrf_mpsl::{Flash, FlashError, MultiprotocolServiceLayer, raw};
use static_cell::StaticCell;

const WORD: usize = 4;

/// Octets that are written in one pause of the radio: 64 words of 41 µs.
const PIECE: usize = 64 * WORD;

/// Words are written from here, because they are read as words.
#[repr(align(4))]
struct Piece([u8; PIECE]);

/// The flash, of which storage and log have each a part.
#[derive(Clone, Copy)]
pub(crate) struct ChipFlash(&'static RefCell<Flash<'static>>);

impl ChipFlash {
    /// The part in which the door keeps its items.
    pub(crate) const DOOR: Range<u32> = 0xE_0000..0xF_0000;

    /// The part in which the door keeps its events.
    pub(crate) const LOG: Range<u32> = 0xF_0000..0x10_0000;

    /// A page that nothing else uses.
    pub(crate) const SPARE: u32 = 0xD_F000;

    /// The flash; to be taken once.
    pub(crate) fn take(mpsl: &'static MultiprotocolServiceLayer<'static>, nvmc: Peri<'static, NVMC>) -> Self {
        static FLASH: StaticCell<RefCell<Flash<'static>>> = StaticCell::new();
        Self(FLASH.init(RefCell::new(Flash::take(mpsl, nvmc))))
    }
}

impl ErrorType for ChipFlash {
    type Error = NorFlashErrorKind;
}

impl ReadNorFlash for ChipFlash {
    const READ_SIZE: usize = 1;

    fn read(&mut self, offset: u32, octets: &mut [u8]) -> Result<(), NorFlashErrorKind> {
        check_read(self, offset, octets.len())?;
        self.0.borrow_mut().read(offset, octets).map_err(kind)
    }

    fn capacity(&self) -> usize {
        FLASH_SIZE
    }
}

impl NorFlash for ChipFlash {
    const WRITE_SIZE: usize = WORD;
    const ERASE_SIZE: usize = PAGE_SIZE;

    fn erase(&mut self, from: u32, to: u32) -> Result<(), NorFlashErrorKind> {
        check_erase(self, from, to)?;
        finish(self.0.borrow_mut().erase(from, to)).map_err(kind)
    }

    fn write(&mut self, offset: u32, octets: &[u8]) -> Result<(), NorFlashErrorKind> {
        check_write(self, offset, octets.len())?;
        let mut flash = self.0.borrow_mut();
        let mut piece = Piece([0; PIECE]);
        for (at, octets) in (offset..).step_by(PIECE).zip(octets.chunks(PIECE)) {
            let Some(piece) = piece.0.get_mut(..octets.len()) else { return Err(NorFlashErrorKind::Other) };
            piece.copy_from_slice(octets);
            finish(flash.write(at, piece)).map_err(kind)?;
        }
        Ok(())
    }
}

const fn kind(error: FlashError) -> NorFlashErrorKind {
    match error {
        FlashError::OutOfBounds => NorFlashErrorKind::OutOfBounds,
        FlashError::Unaligned => NorFlashErrorKind::NotAligned,
        FlashError::Mpsl(_) => NorFlashErrorKind::Other,
    }
}

/// Waits for an operation of the flash; the radio goes on meanwhile, the tasks of the door do not.
fn finish<T>(operation: impl Future<Output = T>) -> T {
    let mut operation = pin!(operation);
    // Nobody has to be woken: every interrupt ends the sleep below.
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(output) = operation.as_mut().poll(&mut context) {
            return output;
        }
        // What else would be a task of its own, which cannot run now.
        // SAFETY: called from thread mode, as by that task and as all of the radio's functions are, and none of them
        // calls the flash: they never interrupt one another.
        unsafe { raw::mpsl_low_priority_process() };
        cortex_m::asm::wfe();
    }
}
