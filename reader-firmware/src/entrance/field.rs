//! The NFC field: when it is looked into, who is tapped, and what happens to cards that stay or go.
//!
//! ```mermaid
//! stateDiagram-v2
//!     Resting --> Looking: time to look
//!     Looking --> Resting: nobody, or only cards that were served
//!     Looking --> Tapping: a new card
//!     Tapping --> Tapping: served, and there is a second card
//!     Tapping --> Resting: served, lost or failed
//!     Looking --> Resting: the front end does not answer
//!     Tapping --> Resting: the front end does not answer
//! ```

use credential::crypto::Crypto;
use rand_core::CryptoRng;

use super::{Entrance, Happened, Log, Settings};
use crate::door::{Arrival, Device};
use crate::indicator::Signal;
use crate::micros::Micros;
use crate::port::{ControllerLink, Indicator, NfcEvent, NfcFrontEnd, TamperInput};

/// What is going on in the field.
pub(super) struct Field {
    state: State,
    /// When a card was seen last.
    seen: Option<Micros>,
    /// The cards in the field have had their tap.
    served: bool,
    /// Taps in a row that came to nothing.
    failed: u8,
}

#[derive(Clone, Copy)]
enum State {
    Resting { until: Micros },
    Looking,
    Tapping { card: u8, cards: u8 },
}

impl Field {
    pub(super) const fn new(now: Micros) -> Self {
        Self { state: State::Resting { until: now }, seen: None, served: false, failed: 0 }
    }

    pub(super) const fn poll_at(&self) -> Option<Micros> {
        match self.state {
            State::Resting { until } => Some(until),
            State::Looking | State::Tapping { .. } => None,
        }
    }

    /// Whether a card is being tapped.
    pub(super) const fn is_tapping(&self) -> bool {
        matches!(self.state, State::Tapping { .. })
    }

    /// The card that is being tapped.
    pub(super) const fn card(&self) -> u8 {
        match self.state {
            State::Tapping { card, .. } => card,
            State::Resting { .. } | State::Looking => 0,
        }
    }

    /// The device knows its result.
    pub(super) const fn served(&mut self) {
        (self.served, self.failed) = (true, 0);
    }

    /// Rests until the next look.
    fn rest(&mut self, settings: &Settings, now: Micros) {
        let busy = self.seen.is_some_and(|seen| now.ms_since(seen) < u64::from(settings.busy_for_ms));
        let ms = if busy { settings.busy_ms } else { settings.idle_ms };
        self.state = State::Resting { until: now.after_ms(u64::from(ms)) };
    }

    /// Notes that the field is empty; says whether somebody left whose tap had come to nothing.
    fn empty(&mut self, settings: &Settings, now: Micros) -> bool {
        let gone = self.seen.is_none_or(|seen| now.ms_since(seen) >= u64::from(settings.removed_ms));
        let in_vain = gone && self.failed > 0 && !self.served;
        if gone {
            (self.served, self.failed) = (false, 0);
        }
        in_vain
    }
}

impl<C, F, L, I, T, const N: usize> Entrance<'_, C, F, L, I, T, N>
where
    C: Crypto,
    F: NfcFrontEnd,
    L: ControllerLink,
    I: Indicator,
    T: TamperInput,
{
    pub(super) fn poll_field(&mut self, now: Micros, rng: &mut dyn CryptoRng, log: Log<'_>) {
        if let State::Resting { until } = self.field.state
            && now >= until
        {
            // One device at a time.
            if self.radio.is_busy() {
                return self.field.rest(&self.settings, now);
            }
            // What the next tap would wait for is done while nobody waits.
            self.door.prepare(rng, now.instant());
            self.ports.front_end.look(now);
            self.field.state = State::Looking;
        }
        // A response leads to the next APDU, which a front end may answer at once.
        while let Some(event) = self.ports.front_end.poll(now, &mut self.response) {
            match event {
                NfcEvent::Cards(cards) => self.found(cards, rng, now, log),
                NfcEvent::Response(octets) => self.answered(octets, rng, now, log),
                NfcEvent::CardLost => self.lost(rng, now, log),
                NfcEvent::Failed => self.front_end_failed(rng, now, log),
            }
        }
    }

    fn found(&mut self, cards: u8, rng: &mut dyn CryptoRng, now: Micros, log: Log<'_>) {
        self.front_end_works(true, now, log);
        if cards == 0 {
            if self.field.empty(&self.settings, now) {
                self.player.play(Signal::Failed, now);
            }
            return self.release(now);
        }
        self.field.seen = Some(now);
        if self.field.served {
            return self.release(now);
        }
        self.player.play(Signal::Reading, now);
        self.tap(0, cards, rng, now, log);
    }

    fn tap(&mut self, card: u8, cards: u8, rng: &mut dyn CryptoRng, now: Micros, log: Log<'_>) {
        self.field.state = State::Tapping { card, cards };
        self.refused = false;
        let arrived = Device::Arrived(Arrival::Nfc(self.ports.front_end.limits()));
        self.hand(arrived, rng, now);
        self.settle(now, rng, log);
    }

    fn answered(&mut self, octets: usize, rng: &mut dyn CryptoRng, now: Micros, log: Log<'_>) {
        // An answer to a tap that was given up in the meantime.
        if !matches!(self.field.state, State::Tapping { .. }) {
            return;
        }
        self.field.seen = Some(now);
        let (front_end, card) = (&mut self.ports.front_end, self.field.card());
        let sent = Device::Sent(self.response.get(..octets).unwrap_or_default());
        self.door.handle(sent, rng, now.instant(), &mut |apdu| front_end.transmit(card, apdu, now));
        self.settle(now, rng, log);
        self.next_card(rng, now, log);
    }

    /// Goes on with the second card once the first has had its tap.
    fn next_card(&mut self, rng: &mut dyn CryptoRng, now: Micros, log: Log<'_>) {
        let State::Tapping { card, cards } = self.field.state else { return };
        if !self.field.served {
            return;
        }
        let next = card.saturating_add(1);
        if next < cards {
            self.field.served = false;
            self.tap(next, cards, rng, now, log);
        } else {
            self.release(now);
        }
    }

    fn hand(&mut self, device: Device<'_>, rng: &mut dyn CryptoRng, now: Micros) {
        let (front_end, card) = (&mut self.ports.front_end, self.field.card());
        self.door.handle(device, rng, now.instant(), &mut |apdu| front_end.transmit(card, apdu, now));
    }

    /// The card was taken away in the middle of its tap, or nobody understands it.
    fn lost(&mut self, rng: &mut dyn CryptoRng, now: Micros, log: Log<'_>) {
        self.front_end_works(true, now, log);
        if self.field.is_tapping() {
            self.hand(Device::Left, rng, now);
            self.settle(now, rng, log);
        }
        if self.field.is_tapping() && !self.field.served {
            self.tap_failed(now);
        } else {
            self.release(now);
        }
    }

    fn front_end_failed(&mut self, rng: &mut dyn CryptoRng, now: Micros, log: Log<'_>) {
        if self.field.is_tapping() {
            self.hand(Device::Left, rng, now);
            self.settle(now, rng, log);
        }
        self.front_end_works(false, now, log);
        self.ports.front_end.restart(now);
        self.field.state = State::Resting { until: now.after_ms(u64::from(self.settings.restart_ms)) };
    }

    fn front_end_works(&mut self, works: bool, now: Micros, log: Log<'_>) {
        if self.broken == works {
            self.broken = !works;
            log(Happened::FrontEnd { works });
            self.show_status(now);
        }
    }

    /// The card knows none of the applications, and will not know them if it is asked again.
    pub(super) fn unknown_card(&mut self, now: Micros) {
        self.field.served = true;
        self.player.play(Signal::Failed, now);
    }

    /// The tap came to nothing: it is tried again soon, and only somebody who leaves or was tried often hears of it.
    pub(super) fn tap_failed(&mut self, now: Micros) {
        self.field.failed = self.field.failed.saturating_add(1);
        self.release(now);
        if self.field.failed >= self.settings.tries {
            self.field.failed = 0;
            self.field.state = State::Resting { until: now.after_ms(u64::from(self.settings.retry_ms)) };
            self.player.play(Signal::Failed, now);
        }
    }

    /// Lets go of the field until the next look.
    fn release(&mut self, now: Micros) {
        self.ports.front_end.release(now);
        self.field.rest(&self.settings, now);
    }
}
