//! The main loop of a door: [`Entrance::poll`], called whenever [`Entrance::poll_at`] says so or something happened.
//!
//! Nothing in it waits. The order within a poll is that of what must not be late: the controller's wire, the tap,
//! the indicator.

mod field;
mod happened;
mod radio;
mod settings;

pub use happened::Happened;
pub use radio::Turn;
pub use settings::Settings;

use credential::crypto::Crypto;
use credential::reader::DenyReason;
use credential::report::Event;
use rand_core::CryptoRng;

use crate::door::{Door, DoorEvent};
use crate::indicator::{Player, Signal, Status};
use crate::log::{EventLog, NoLog};
use crate::micros::{Micros, earlier};
use crate::output::Output;
use crate::port::{ControllerEvent, ControllerLink, Delivery, Indicator, NfcFrontEnd, Taken, TamperInput};
use field::Field;
use radio::Radio;

/// Octets of the longest response APDU of short length.
pub const RESPONSE_SPACE: usize = 258;

/// How often the tamper contact is looked at.
const TAMPER_MS: u64 = 100;

/// What a board gives to the main loop.
pub struct Ports<F, L, I, T> {
    /// The NFC front end.
    pub front_end: F,
    /// The way to the access control system, relay included.
    pub controller: L,
    /// Lamp and buzzer.
    pub indicator: I,
    /// The tamper contact.
    pub tamper: T,
}

/// A door with its ports; `N` is the octets of the longest response APDU that the front end carries, `G` the log.
pub struct Entrance<'a, C: Crypto, F, L, I, T, const N: usize = RESPONSE_SPACE, G: EventLog = NoLog> {
    door: Door<'a, C, G>,
    ports: Ports<F, L, I, T>,
    settings: Settings,
    field: Field,
    radio: Radio,
    player: Player,
    online: bool,
    broken: bool,
    tampered: bool,
    tamper_at: Micros,
    /// What the device is told of the decision that waits.
    refused: bool,
    response: [u8; N],
}

/// Takes what happens, for a log.
pub type Log<'l> = &'l mut dyn FnMut(Happened<'_>);

impl<'a, C, F, L, I, T, const N: usize, G> Entrance<'a, C, F, L, I, T, N, G>
where
    C: Crypto,
    F: NfcFrontEnd,
    L: ControllerLink,
    I: Indicator,
    T: TamperInput,
    G: EventLog,
{
    /// An entrance that begins to look for cards at once.
    pub fn new(door: Door<'a, C, G>, ports: Ports<F, L, I, T>, settings: Settings, now: Micros) -> Self {
        Self {
            door,
            ports,
            settings,
            field: Field::new(now),
            radio: Radio::idle(),
            player: Player::new(Status::Idle, now),
            online: true,
            broken: false,
            tampered: false,
            tamper_at: now,
            refused: false,
            response: [0; N],
        }
    }

    /// The door, for configurations, lists and the time.
    pub const fn door_mut(&mut self) -> &mut Door<'a, C, G> {
        &mut self.door
    }

    /// The door, to look at.
    pub const fn door(&self) -> &Door<'a, C, G> {
        &self.door
    }

    /// Idle work: what the next tap would otherwise wait for.
    pub fn prepare(&mut self, now: Micros, rng: &mut dyn CryptoRng) {
        self.door.prepare(rng, now.instant());
    }

    /// What the access control system sends for the board itself.
    pub fn take_delivery(&mut self, out: &mut [u8]) -> Option<(Delivery, usize)> {
        self.ports.controller.take_delivery(out)
    }

    /// The ports, for what a board does beside the main loop.
    pub const fn ports_mut(&mut self) -> &mut Ports<F, L, I, T> {
        &mut self.ports
    }

    /// What the door is in.
    pub const fn status(&self) -> Status {
        self.player.status()
    }

    /// Does what is due; `log` gets what happened.
    pub fn poll(&mut self, now: Micros, rng: &mut dyn CryptoRng, log: Log<'_>) {
        self.poll_controller(now, log);
        if self.ports.controller.holds_line() {
            return;
        }
        if self.door.awaits_conclusion() {
            self.settle(now, rng, log);
        }
        self.poll_door(now, rng, log);
        self.poll_field(now, rng, log);
        self.poll_tamper(now, log);
        self.player.poll(now, &mut self.ports.indicator);
    }

    /// When to poll at the latest.
    pub fn poll_at(&mut self) -> Micros {
        let controller = self.ports.controller.poll_at();
        if self.ports.controller.holds_line() {
            return controller.unwrap_or(self.tamper_at);
        }
        let door = self.door.poll_at().map(Micros::from);
        let front_end = earlier(self.ports.front_end.poll_at(), self.field.poll_at());
        let others = earlier(earlier(controller, door), earlier(front_end, self.player.poll_at()));
        others.map_or(self.tamper_at, |at| at.min(self.tamper_at))
    }

    fn poll_controller(&mut self, now: Micros, log: Log<'_>) {
        while let Some(event) = self.ports.controller.poll(now) {
            match event {
                ControllerEvent::Online | ControllerEvent::Offline => {
                    self.online = event == ControllerEvent::Online;
                    log(Happened::Controller { online: self.online });
                    self.show_status(now);
                }
                ControllerEvent::Light(pattern, ms) => self.player.panel_light(pattern, ms, now),
                ControllerEvent::Sound(pattern) => self.player.panel_sound(pattern, now),
            }
        }
    }

    /// Gives up a device that does not answer.
    fn poll_door(&mut self, now: Micros, rng: &mut dyn CryptoRng, log: Log<'_>) {
        if self.door.poll_at().is_some_and(|at| now.instant() >= at) {
            self.door.expire(now.instant());
            self.settle(now, rng, log);
        }
    }

    fn poll_tamper(&mut self, now: Micros, log: Log<'_>) {
        if now < self.tamper_at {
            return;
        }
        self.tamper_at = now.after_ms(TAMPER_MS);
        let open = self.ports.tamper.is_open();
        if open != self.tampered {
            self.tampered = open;
            self.door.note(&Event::Tamper { open }, now.instant());
            log(Happened::Tamper { open });
            self.show_status(now);
        }
    }

    fn show_status(&mut self, now: Micros) {
        let status = match (self.tampered, self.broken, self.online) {
            (true, ..) => Status::Tamper,
            (_, true, _) => Status::Error,
            (.., false) => Status::Offline,
            _ => Status::Idle,
        };
        self.player.set_status(status, now);
    }

    /// Acts on what the door reports, and tells the device the result of a decision.
    ///
    /// The wire comes first: what the device is told is computed when nothing on the wire waits for a poll.
    fn settle(&mut self, now: Micros, rng: &mut dyn CryptoRng, log: Log<'_>) {
        loop {
            while let Some(event) = self.door.poll_event() {
                self.act(&event, now, log);
                log(Happened::Door(&event));
            }
            if !self.door.awaits_conclusion() || self.ports.controller.holds_line() {
                return;
            }
            self.poll_controller(now, log);
            let refused = core::mem::take(&mut self.refused);
            let (front_end, card) = (&mut self.ports.front_end, self.field.card());
            let radio = &mut self.radio;
            self.door.conclude(refused, rng, now.instant(), &mut |octets| match radio.is_busy() {
                true => radio.put(octets),
                false => front_end.transmit(card, octets, now),
            });
        }
    }

    fn act(&mut self, event: &DoorEvent, now: Micros, log: Log<'_>) {
        match event {
            DoorEvent::Granted { output, .. } => self.granted(output, now, log),
            DoorEvent::Denied { reason, .. } => self.player.play(Signal::Denied(*reason), now),
            DoorEvent::DoesNotFit(_) => self.player.play(Signal::Denied(DenyReason::Refused), now),
            DoorEvent::Finished if self.radio.is_busy() => self.radio.end(),
            DoorEvent::Failed(_) | DoorEvent::LinkFailed(_) | DoorEvent::NoApplication
                if self.radio.is_busy() =>
            {
                self.radio.end();
                self.player.play(Signal::Failed, now);
            }
            DoorEvent::Finished => self.field.served(),
            DoorEvent::NoApplication => self.unknown_card(now),
            DoorEvent::Failed(_) | DoorEvent::LinkFailed(_) => self.tap_failed(now),
            DoorEvent::ListTaken { .. } | DoorEvent::TimeTaken { .. } => {}
        }
    }

    fn granted(&mut self, output: &Output, now: Micros, log: Log<'_>) {
        let taken = if self.online { self.ports.controller.put_out(output, now) } else { Taken::NotTaken };
        let signal = match taken {
            Taken::HandedOver => Signal::HandedOver,
            Taken::Opened => Signal::Granted,
            Taken::Refused => Signal::Denied(DenyReason::Refused),
            Taken::NotTaken | Taken::WrongFormat => Signal::Failed,
        };
        self.refused = !matches!(taken, Taken::HandedOver | Taken::Opened);
        log(Happened::PutOut(taken));
        self.player.play(signal, now);
    }
}
