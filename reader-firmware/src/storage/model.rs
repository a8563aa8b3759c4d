//! A flash that loses its power in the middle of an operation.
#![expect(clippy::arithmetic_side_effects, reason = "tests")]

use std::vec;
use std::vec::Vec;

use embedded_storage::nor_flash::{
    ErrorType, NorFlash, NorFlashError, NorFlashErrorKind, ReadNorFlash, check_erase, check_read, check_write,
};

pub(crate) const PAGE: usize = 4096;
const WORD: usize = 4;

/// What is left of the operation that the power was lost in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Torn {
    /// Nothing was done yet.
    Nothing,
    /// One word was done.
    FirstWord,
    /// The first half was done.
    Half,
    /// The first half was done, and in the word behind it some bits.
    HalfAndBits,
    /// All was done but the last word.
    AllButOne,
    /// All was done, and nobody was told.
    All,
}

impl Torn {
    pub(crate) const EVERY: [Self; 6] =
        [Self::Nothing, Self::FirstWord, Self::Half, Self::HalfAndBits, Self::AllButOne, Self::All];

    fn octets(self, octets: usize) -> usize {
        match self {
            Self::Nothing => 0,
            Self::FirstWord => WORD.min(octets),
            Self::Half | Self::HalfAndBits => octets / 2 / WORD * WORD,
            Self::AllButOne => octets.saturating_sub(WORD),
            Self::All => octets,
        }
    }
}

/// The power is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PowerLost;

impl NorFlashError for PowerLost {
    fn kind(&self) -> NorFlashErrorKind {
        NorFlashErrorKind::Other
    }
}

/// NOR flash in memory: a write clears bits, an erase sets those of pages.
#[derive(Clone)]
pub(crate) struct ModelFlash {
    octets: Vec<u8>,
    /// Writes and erases so far.
    pub(crate) operations: u32,
    /// Erases of each page.
    pub(crate) erased: Vec<u32>,
    cut: Option<(u32, Torn)>,
    is_dark: bool,
}

impl ModelFlash {
    pub(crate) fn new(pages: usize) -> Self {
        Self {
            octets: vec![0xFF; pages * PAGE],
            operations: 0,
            erased: vec![0; pages],
            cut: None,
            is_dark: false,
        }
    }

    /// Loses the power in the operation of this number, counted from now, 0 = the next one.
    pub(crate) fn cut_power(&mut self, after: u32, torn: Torn) {
        self.cut = Some((self.operations + after, torn));
    }

    /// The same flash, with its power back.
    pub(crate) fn back(mut self) -> Self {
        (self.cut, self.is_dark) = (None, false);
        self
    }

    pub(crate) const fn is_dark(&self) -> bool {
        self.is_dark
    }

    /// How many of these octets an operation gets to.
    fn reach(&mut self, octets: usize) -> Result<usize, PowerLost> {
        if self.is_dark {
            return Err(PowerLost);
        }
        let operation = self.operations;
        self.operations += 1;
        match self.cut {
            Some((at, torn)) if at == operation => {
                self.is_dark = true;
                Ok(torn.octets(octets))
            }
            _ => Ok(octets),
        }
    }

    fn tears_bits(&self) -> bool {
        self.is_dark && matches!(self.cut, Some((_, Torn::HalfAndBits)))
    }
}

impl ErrorType for ModelFlash {
    type Error = PowerLost;
}

impl ReadNorFlash for ModelFlash {
    const READ_SIZE: usize = 1;

    fn read(&mut self, offset: u32, octets: &mut [u8]) -> Result<(), PowerLost> {
        check_read(self, offset, octets.len()).expect("reads are within the flash");
        let from = offset as usize;
        octets.copy_from_slice(&self.octets[from..from + octets.len()]);
        if self.is_dark { Err(PowerLost) } else { Ok(()) }
    }

    fn capacity(&self) -> usize {
        self.octets.len()
    }
}

impl NorFlash for ModelFlash {
    const WRITE_SIZE: usize = WORD;
    const ERASE_SIZE: usize = PAGE;

    fn erase(&mut self, from: u32, to: u32) -> Result<(), PowerLost> {
        check_erase(self, from, to).expect("erases are of whole pages");
        let (from, to) = (from as usize, to as usize);
        let reach = self.reach(to - from)?;
        self.octets[from..from + reach].fill(0xFF);
        if self.tears_bits() {
            self.octets[from + reach] |= 0x5A;
        }
        self.erased[from / PAGE..to / PAGE].iter_mut().for_each(|count| *count += 1);
        if self.is_dark { Err(PowerLost) } else { Ok(()) }
    }

    fn write(&mut self, offset: u32, octets: &[u8]) -> Result<(), PowerLost> {
        check_write(self, offset, octets.len()).expect("writes are of whole words");
        let from = offset as usize;
        let reach = self.reach(octets.len())?;
        for (old, new) in self.octets[from..].iter_mut().zip(&octets[..reach]) {
            *old &= new;
        }
        if self.tears_bits() {
            // Of the next word some bits were cleared, not all of those that should have been.
            for (old, new) in self.octets[from + reach..].iter_mut().zip(&octets[reach..]).take(WORD) {
                *old &= new | 0x5A;
            }
        }
        if self.is_dark { Err(PowerLost) } else { Ok(()) }
    }
}
