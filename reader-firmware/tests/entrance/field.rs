//! A field with cards in it, and the simplest front end over it.

use std::cell::RefCell;
use std::rc::Rc;

use credential::iso7816::FrontEnd;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use reader_firmware::micros::Micros;
use reader_firmware::port::{NfcEvent, NfcFrontEnd};

use crate::phone::InField;

/// What is in the field, shared with the test that moves the cards.
#[derive(Clone, Default)]
pub(crate) struct Field(pub(crate) Rc<RefCell<Contents>>);

#[derive(Default)]
pub(crate) struct Contents {
    pub(crate) cards: Vec<InField>,
    /// Exchanges so far.
    pub(crate) exchanges: usize,
    /// Looks so far, with their times in milliseconds.
    pub(crate) looks: Vec<u64>,
    /// The exchange, counted from now, in which the first card is torn away.
    pub(crate) torn_in: Option<usize>,
    pub(crate) faults: Option<Faults>,
}

/// Faults at random, so many in a thousand operations.
pub(crate) struct Faults {
    rng: StdRng,
    per_mille: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    CardLost,
    Garbled,
    Silent,
    ChipFails,
}

impl Faults {
    pub(crate) fn new(seed: u64, per_mille: u32) -> Self {
        Self { rng: StdRng::seed_from_u64(seed), per_mille }
    }

    fn draw(&mut self) -> Option<Fault> {
        if self.rng.random_range(0..1_000) >= self.per_mille {
            return None;
        }
        let faults = [Fault::CardLost, Fault::CardLost, Fault::Garbled, Fault::Silent, Fault::ChipFails];
        Some(faults[self.rng.random_range(0..faults.len())])
    }
}

impl Field {
    pub(crate) fn put(&self, card: InField) {
        self.0.borrow_mut().cards.push(card);
    }

    /// Takes all cards away.
    pub(crate) fn take(&self) -> Vec<InField> {
        let mut cards = std::mem::take(&mut self.0.borrow_mut().cards);
        cards.iter_mut().for_each(InField::field_off);
        cards
    }

    pub(crate) fn fault(&self) -> Option<Fault> {
        self.0.borrow_mut().faults.as_mut().and_then(Faults::draw)
    }

    pub(crate) fn look(&self, now: Micros) -> u8 {
        let mut contents = self.0.borrow_mut();
        contents.looks.push(now.0 / 1_000);
        u8::try_from(contents.cards.len().min(2)).unwrap()
    }

    /// `None` when the card is not there any more.
    pub(crate) fn exchange(&self, card: u8, apdu: &[u8], now: Micros) -> Option<Vec<u8>> {
        let mut contents = self.0.borrow_mut();
        contents.exchanges += 1;
        if let Some(left) = contents.torn_in.take() {
            if left == 0 {
                contents.cards.clear();
                return None;
            }
            contents.torn_in = Some(left - 1);
        }
        let response = contents.cards.get_mut(usize::from(card))?.command(apdu, now.0 / 1_000);
        Some(response)
    }

    pub(crate) fn off(&self) {
        self.0.borrow_mut().cards.iter_mut().for_each(InField::field_off);
    }
}

/// A front end without a chip: everything takes two milliseconds.
pub(crate) struct PlainFrontEnd {
    pub(crate) field: Field,
    pub(crate) limits: FrontEnd,
    operation: Option<(Operation, Micros)>,
}

enum Operation {
    Look,
    Exchange(u8, Vec<u8>),
    /// The answer never comes.
    Silent,
}

impl PlainFrontEnd {
    pub(crate) fn new(field: &Field) -> Self {
        Self { field: field.clone(), limits: FrontEnd::SHORT, operation: None }
    }
}

impl NfcFrontEnd for PlainFrontEnd {
    fn limits(&self) -> FrontEnd {
        self.limits
    }

    fn look(&mut self, now: Micros) {
        self.operation = Some((Operation::Look, now.after_ms(2)));
    }

    fn transmit(&mut self, card: u8, apdu: &[u8], now: Micros) {
        assert!(apdu.len() <= self.limits.max_transmit);
        self.operation = Some((Operation::Exchange(card, apdu.to_vec()), now.after_ms(2)));
    }

    fn release(&mut self, _: Micros) {
        self.operation = None;
        self.field.off();
    }

    fn restart(&mut self, _: Micros) {
        self.operation = None;
        self.field.off();
    }

    fn poll(&mut self, now: Micros, response: &mut [u8]) -> Option<NfcEvent> {
        let (operation, _) = self.operation.take_if(|(_, due)| now >= *due)?;
        let fault = self.field.fault();
        if fault == Some(Fault::ChipFails) {
            return Some(NfcEvent::Failed);
        }
        match operation {
            Operation::Look => Some(NfcEvent::Cards(self.field.look(now))),
            Operation::Exchange(..) if fault == Some(Fault::Silent) => {
                self.operation = Some((Operation::Silent, Micros(u64::MAX)));
                None
            }
            Operation::Exchange(..) if fault == Some(Fault::CardLost) => Some(NfcEvent::CardLost),
            Operation::Exchange(card, apdu) => {
                let Some(mut octets) = self.field.exchange(card, &apdu, now) else {
                    return Some(NfcEvent::CardLost);
                };
                if fault == Some(Fault::Garbled) {
                    let middle = octets.len() / 2;
                    octets[middle] ^= 0x10;
                }
                response[..octets.len()].copy_from_slice(&octets);
                Some(NfcEvent::Response(octets.len()))
            }
            Operation::Silent => None,
        }
    }

    fn poll_at(&self) -> Option<Micros> {
        match &self.operation {
            None | Some((Operation::Silent, _)) => None,
            Some((_, due)) => Some(*due),
        }
    }
}
