//! A phone on a radio link: BLE, or whatever else is not the field.
//!
//! The radio runs in its own time: it asks for a turn, hands in what came, and fetches what is to be sent.

use credential::crypto::Crypto;
use heapless::Vec;
use rand_core::CryptoRng;

use super::{Entrance, Log};
use crate::door::{Arrival, Device};
use crate::indicator::Signal;
use crate::log::EventLog;
use crate::micros::Micros;
use crate::port::{ControllerLink, Indicator, NfcFrontEnd, TamperInput};

/// Octets of what waits to be sent: a report at its longest in the shortest GATT segments, a length before each.
const OUT: usize = 1_280;

/// Octets of the length before a piece.
const LENGTH: usize = 2;

/// The right to be tapped, until the radio gives it back or the tap is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Turn(u32);

impl Turn {
    /// A turn at a door that counts them itself.
    pub const fn new(number: u32) -> Self {
        Self(number)
    }
}

/// What is going on at the radio.
pub(super) struct Radio {
    turn: Turn,
    busy: bool,
    out: Vec<u8, OUT>,
}

impl Radio {
    pub(super) const fn idle() -> Self {
        Self { turn: Turn(0), busy: false, out: Vec::new() }
    }

    /// Whether a phone on the radio is being tapped.
    pub(super) const fn is_busy(&self) -> bool {
        self.busy
    }

    pub(super) const fn end(&mut self) {
        self.busy = false;
    }

    /// Begins anew, for another device.
    fn begin(&mut self) -> Turn {
        self.turn = Turn(self.turn.0.wrapping_add(1));
        self.busy = true;
        self.out.clear();
        self.turn
    }

    /// Puts a piece behind those that wait.
    pub(super) fn put(&mut self, octets: &[u8]) {
        let Ok(length) = u16::try_from(octets.len()) else { return };
        // A phone that does not fetch what it asked for loses it, and its tap times out.
        if self.out.extend_from_slice(&length.to_be_bytes()).is_ok()
            && self.out.extend_from_slice(octets).is_err()
        {
            self.out.clear();
        }
    }

    /// A piece that is longer than `out` comes in parts, which only a stream has.
    fn fetch(&mut self, out: &mut [u8]) -> Option<usize> {
        let (head, rest) = self.out.split_first_chunk::<LENGTH>()?;
        let length = usize::from(u16::from_be_bytes(*head));
        let taken = length.min(out.len());
        out.get_mut(..taken)?.copy_from_slice(rest.get(..taken)?);
        let left = length.saturating_sub(taken);
        let gone = if left == 0 { taken.saturating_add(LENGTH) } else { taken };
        let stays = self.out.len().saturating_sub(gone);
        self.out.copy_within(gone.., 0);
        self.out.truncate(stays);
        if let (Ok(left @ 1..), Some(head)) = (u16::try_from(left), self.out.first_chunk_mut::<LENGTH>()) {
            *head = left.to_be_bytes();
        }
        Some(taken)
    }
}

impl<C, F, L, I, T, const N: usize, G> Entrance<'_, C, F, L, I, T, N, G>
where
    C: Crypto,
    F: NfcFrontEnd,
    L: ControllerLink,
    I: Indicator,
    T: TamperInput,
    G: EventLog,
{
    /// Begins a tap on the radio; `None` while somebody else is being tapped.
    pub fn radio_begin(
        &mut self,
        arrival: Arrival,
        now: Micros,
        rng: &mut dyn CryptoRng,
        log: Log<'_>,
    ) -> Option<Turn> {
        if self.radio.busy || self.field.is_tapping() {
            return None;
        }
        let turn = self.radio.begin();
        self.refused = false;
        self.player.play(Signal::Reading, now);
        self.radio_hand(Device::Arrived(arrival), now, rng, log);
        Some(turn)
    }

    /// Takes what a phone sent: a GATT segment, a piece of a stream.
    pub fn radio_received(
        &mut self,
        turn: Turn,
        octets: &[u8],
        now: Micros,
        rng: &mut dyn CryptoRng,
        log: Log<'_>,
    ) {
        if self.has(turn) {
            self.radio_hand(Device::Sent(octets), now, rng, log);
        }
    }

    /// The next piece to send, or the first part of one that is longer than `out`, at the front of that; its length.
    pub fn radio_transmit(&mut self, turn: Turn, out: &mut [u8]) -> Option<usize> {
        if self.radio.turn == turn { self.radio.fetch(out) } else { None }
    }

    /// Whether the tap is over, whatever came of it.
    pub fn radio_is_over(&self, turn: Turn) -> bool {
        !self.has(turn)
    }

    /// The phone is gone.
    pub fn radio_left(&mut self, turn: Turn, now: Micros, rng: &mut dyn CryptoRng, log: Log<'_>) {
        if self.has(turn) {
            self.radio_hand(Device::Left, now, rng, log);
        }
        // Unless it had what it came for.
        if self.has(turn) {
            self.radio.end();
            self.player.play(Signal::Failed, now);
        }
    }

    fn has(&self, turn: Turn) -> bool {
        self.radio.busy && self.radio.turn == turn
    }

    fn radio_hand(&mut self, device: Device<'_>, now: Micros, rng: &mut dyn CryptoRng, log: Log<'_>) {
        let radio = &mut self.radio;
        self.door.handle(device, rng, now.instant(), &mut |octets| radio.put(octets));
        self.settle(now, rng, log);
    }
}

#[cfg(test)]
mod tests {
    use std::vec::Vec as List;

    use credential::ble::segment::{AttMtu, SEGMENT_MAX, Segmenter};
    use credential::limits::REPORT_MAX;

    use super::*;

    /// A report at its longest: its instruction, the contents and two tags.
    const REPORT: [u8; REPORT_MAX + 40] = [0x5A; REPORT_MAX + 40];

    #[test]
    fn the_longest_report_waits_in_the_shortest_segments() {
        let (mut radio, mut segmenter) = (Radio::idle(), Segmenter::new(AttMtu::DEFAULT));
        let mut segments = segmenter.segments(&REPORT).unwrap();
        let (mut out, mut put) = ([0; SEGMENT_MAX], List::new());
        while let Some(segment) = segments.next_segment(&mut out) {
            radio.put(segment);
            put.push(segment.to_vec());
        }
        let mut fetched = List::new();
        while let Some(length) = radio.fetch(&mut out) {
            fetched.push(out[..length].to_vec());
        }
        assert_eq!(fetched, put);
    }

    #[test]
    fn a_piece_of_a_stream_that_is_longer_than_the_room_for_it_comes_in_parts() {
        let mut radio = Radio::idle();
        radio.put(&REPORT);
        radio.put(&[1, 2, 3]);
        let mut out = [0; 512];
        let lengths = List::from_iter(core::iter::from_fn(|| radio.fetch(&mut out)));
        assert_eq!(lengths, [512, 512, REPORT.len().saturating_sub(1_024), 3]);
        assert_eq!(&out[..3], &[1, 2, 3]);
    }
}
