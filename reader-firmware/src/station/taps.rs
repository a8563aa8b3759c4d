//! Phones at a station: those that the host brings over the serial line, and those of the board's own radio.

use embedded_storage::nor_flash::NorFlash;
use rand_core::CryptoRng;

use super::told::Told;
use super::{Board, EntranceOf, Failure, Life, Line, Station, outcome};
use crate::door::{Arrival, Device};
use crate::entrance::{Happened, Log, Turn};
use crate::micros::Micros;
use crate::serial::Report;
use crate::storage::Item;
use credential::crypto::Crypto;

/// What an entrance is to do.
type Act<'a, C, B> = &'a mut dyn FnMut(&mut EntranceOf<C, B>, &mut dyn CryptoRng, Log<'_>);

/// Octets of a piece for the line: a response APDU, a segment; what is longer goes in parts.
const PIECE: usize = 512;

impl<C: Crypto + Clone, B: Board, F: NorFlash> Station<C, B, F> {
    /// Begins a tap on the board's own radio; `None` while somebody else is being tapped, or without a door.
    pub fn radio_begin(&mut self, arrival: Arrival, now: Micros, line: Line<'_>) -> Option<Turn> {
        self.begin(arrival, now, &mut Told { number: 0, line }).ok()
    }

    /// Takes what a phone on the radio sent.
    pub fn radio_received(&mut self, turn: Turn, octets: &[u8], now: Micros, line: Line<'_>) {
        let told = &mut Told { number: 0, line };
        let _no_door = self.work(now, told, &mut |entrance, random, log| {
            entrance.radio_received(turn, octets, now, random, log);
        });
    }

    /// The next piece to send to a phone on the radio, at the front of `out`; its length.
    pub fn radio_transmit(&mut self, turn: Turn, out: &mut [u8]) -> Option<usize> {
        match &mut self.life {
            Life::Enrolled(entrance) => entrance.radio_transmit(turn, out),
            Life::Unseeded | Life::Keyed(_) => None,
        }
    }

    /// Whether the tap is over, whatever came of it.
    pub fn radio_is_over(&self, turn: Turn) -> bool {
        match &self.life {
            Life::Enrolled(entrance) => entrance.radio_is_over(turn),
            Life::Unseeded | Life::Keyed(_) => true,
        }
    }

    /// The phone on the radio is gone.
    pub fn radio_left(&mut self, turn: Turn, now: Micros, line: Line<'_>) {
        let told = &mut Told { number: 0, line };
        let _no_door = self.work(now, told, &mut |entrance, random, log| {
            entrance.radio_left(turn, now, random, log);
        });
    }

    /// What the host says of the device that it brings.
    pub(super) fn device(
        &mut self,
        device: Device<'_>,
        now: Micros,
        told: &mut Told<'_>,
    ) -> Result<(), Failure> {
        self.is_enrolled()?;
        if let Device::Arrived(arrival) = device {
            if let Some(before) = self.turn.take() {
                self.work(now, told, &mut |entrance, random, log| {
                    entrance.radio_left(before, now, random, log);
                })?;
            }
            self.meter.begin();
            self.meter.start(B::ticks());
            self.turn = Some(self.begin(arrival, now, told)?);
        } else if let Some(turn) = self.turn {
            self.meter.start(B::ticks());
            self.work(now, told, &mut |entrance, random, log| match device {
                Device::Sent(octets) => entrance.radio_received(turn, octets, now, random, log),
                Device::Arrived(_) | Device::Left => entrance.radio_left(turn, now, random, log),
            })?;
        }
        self.transmit(told);
        Ok(())
    }

    fn begin(&mut self, arrival: Arrival, now: Micros, told: &mut Told<'_>) -> Result<Turn, Failure> {
        let mut turn = None;
        self.work(now, told, &mut |entrance, random, log| {
            turn = entrance.radio_begin(arrival, now, random, log);
        })?;
        turn.ok_or(Failure::Busy)
    }

    /// Sends what waits for the device that the host brings, and says what its tap cost once it is over.
    #[inline(never)]
    pub(super) fn transmit(&mut self, told: &mut Told<'_>) {
        let Some(turn) = self.turn else { return };
        let Life::Enrolled(entrance) = &mut self.life else { return };
        let mut piece = [0; PIECE];
        while let Some(length) = entrance.radio_transmit(turn, &mut piece) {
            told.say(Report::Transmit(piece.get(..length).unwrap_or_default()));
        }
        if entrance.radio_is_over(turn)
            && let Some(cost) = self.meter.end()
        {
            told.say(cost);
        }
    }

    /// Has the entrance do something: what happens is told at once, and what a phone brought is kept afterwards.
    #[inline(never)]
    pub(super) fn work(
        &mut self,
        now: Micros,
        told: &mut Told<'_>,
        act: Act<'_, C, B>,
    ) -> Result<(), Failure> {
        let Life::Enrolled(entrance) = &mut self.life else { return self.is_enrolled() };
        let random = self.board.random().ok_or(Failure::Unseeded)?;
        let meter = &mut self.meter;
        let mut brought = [None; 2];
        act(entrance, random, &mut |happened| {
            meter.pause(B::ticks());
            meter.note(&happened);
            if let Happened::Door(event) = &happened {
                brought = outcome::brought(brought, event);
            }
            told.happened(&happened);
            meter.resume(B::ticks());
        });
        self.meter.stop(B::ticks());
        if brought != [None; 2] {
            self.keep(brought, now, told);
        }
        Ok(())
    }

    /// Keeps what a phone brought.
    #[inline(never)]
    fn keep(&mut self, brought: [Option<Item>; 2], now: Micros, told: &mut Told<'_>) {
        for item in brought.into_iter().flatten() {
            let kept = match item {
                Item::RevocationList => self.keep_list(),
                _ => self.keep_time(now.instant()),
            };
            if let Err(failure) = kept {
                told.not_kept(failure);
            }
        }
    }
}
