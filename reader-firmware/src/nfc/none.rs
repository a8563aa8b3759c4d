//! A board without a front end: its field is always empty.

use credential::iso7816::FrontEnd;

use crate::micros::Micros;
use crate::port::{NfcEvent, NfcFrontEnd};

/// A field in which there is never a card, for a board whose phones come over a radio or a serial line.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoFrontEnd {
    looking: bool,
}

impl NoFrontEnd {
    /// An empty field.
    pub const fn new() -> Self {
        Self { looking: false }
    }
}

impl NfcFrontEnd for NoFrontEnd {
    fn limits(&self) -> FrontEnd {
        FrontEnd::SHORT
    }

    fn look(&mut self, _: Micros) {
        self.looking = true;
    }

    fn transmit(&mut self, _: u8, _: &[u8], _: Micros) {}

    fn release(&mut self, _: Micros) {
        self.looking = false;
    }

    fn restart(&mut self, _: Micros) {}

    fn poll(&mut self, _: Micros, _: &mut [u8]) -> Option<NfcEvent> {
        core::mem::take(&mut self.looking).then_some(NfcEvent::Cards(0))
    }

    fn poll_at(&self) -> Option<Micros> {
        None
    }
}
