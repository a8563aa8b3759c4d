//! A board that is a door: its serial line, its flash, and the main loop over its ports.
//!
//! The board gives a [`Board`] and a flash, feeds whole frames to [`Station::take`], and calls [`Station::poll`] when
//! [`Station::poll_at`] says so or something happened. Everything else is here, so that it runs on a host too.

mod board;
mod delivered;
mod life;
mod meter;
mod outcome;
mod renewing;
mod taps;
mod testing;
mod told;

pub use board::{Board, PortsOf, Unsupported};
pub use outcome::Failure;

use credential::crypto::{Crypto, Point};
use credential::id::{ProjectId, ReaderId};
use credential::limits::MESSAGE_MAX;
use credential::object::{ReaderCertificate, ReaderConfiguration, SEAL_OVERHEAD};
use credential::secret::Secret;
use credential::time::Instant;
use embedded_storage::nor_flash::NorFlash;

use crate::door::{Device, Door};
use crate::enrolment;
use crate::entrance::{Entrance, RESPONSE_SPACE, Turn};
use crate::log::EventLog;
use crate::micros::Micros;
use crate::serial::{Arrived, Command, DoorState, Numbered, Report, Status, VERSION};
use crate::storage::Storage;
use crate::update::Receiving;
use meter::Meter;
use told::Told;

/// Takes each octet for the line.
pub type Line<'l> = &'l mut dyn FnMut(u8);

/// The main loop over the ports of a board.
pub type EntranceOf<C, B> = Entrance<
    'static,
    C,
    <B as Board>::FrontEnd,
    <B as Board>::Controller,
    <B as Board>::Indicator,
    <B as Board>::Tamper,
    RESPONSE_SPACE,
    <B as Board>::Log,
>;

/// How often the time is kept, so that a power cut does not let an old time token count again.
const KEEP_TIME_MS: u64 = 3_600_000;

/// How often the watchdog is fed at least. One that bites has to wait longer than a tap, an enrolment or a self-test
/// computes.
const FEED_MS: u64 = 500;

/// A sealed configuration at its longest.
const SEALED_MAX: usize = ReaderConfiguration::OCTETS_MAX + SEAL_OVERHEAD;

const _: () = assert!(SEALED_MAX <= MESSAGE_MAX);

/// A board that is a door, or is to become one.
pub struct Station<C: Crypto + Clone, B: Board, F: NorFlash> {
    crypto: C,
    board: B,
    storage: Storage<F>,
    life: Life<C, B>,
    /// The tap of the device that the host brings.
    turn: Option<Turn>,
    meter: Meter,
    time_kept_at: Instant,
    /// When the watchdog was fed last.
    fed_at: Micros,
    /// A firmware that is being received.
    receiving: Option<Receiving>,
    /// When a firmware that was delivered is tried.
    restart_at: Option<Micros>,
}

/// How far the board has come.
#[expect(clippy::large_enum_variant, reason = "there is one of them, and no heap")]
enum Life<C: Crypto, B: Board> {
    Unseeded,
    Keyed(Secret<32>),
    Enrolled(EntranceOf<C, B>),
}

impl<C: Crypto + Clone, B: Board, F: NorFlash> Station<C, B, F> {
    /// A station that has not looked into its flash: a board with noise of its own calls [`Station::start`] next, any
    /// other waits for its seed.
    pub const fn new(crypto: C, board: B, storage: Storage<F>) -> Self {
        Self {
            crypto,
            board,
            storage,
            life: Life::Unseeded,
            turn: None,
            meter: Meter::idle(),
            time_kept_at: Instant(0),
            fed_at: Micros::START,
            receiving: None,
            restart_at: None,
        }
    }

    /// Carries out the command in a frame; what is to be said goes to `line`.
    pub fn take(&mut self, content: &[u8], damaged: u32, now: Micros, line: Line<'_>) {
        let Some(Numbered { number, content: command }) = decoded(content) else {
            Told { number: 0, line }.refused(Failure::Unreadable);
            return;
        };
        let mut told = Told { number, line };
        match self.carry_out(command, damaged, now, &mut told) {
            Ok(()) => told.say(Report::Done),
            Err(failure) => told.refused(failure),
        }
        self.prepare(now);
    }

    /// Does what is due: the main loop of the door, the time that is kept, the watchdog.
    pub fn poll(&mut self, now: Micros, line: Line<'_>) {
        let mut told = Told { number: 0, line };
        let polled = self.work(now, &mut told, &mut |entrance, random, log| entrance.poll(now, random, log));
        if polled.is_ok() {
            self.transmit(&mut told);
            self.take_deliveries(now, &mut told);
            self.restart_when_due(now);
            if now.instant().0.saturating_sub(self.time_kept_at.0) >= KEEP_TIME_MS {
                // Not kept now, kept in an hour.
                let _next_time = self.keep_time(now.instant());
            }
        }
        // Once round: here and nowhere else.
        self.fed_at = now;
        if let Some(watchdog) = self.board.watchdog() {
            watchdog.feed();
        }
    }

    /// When to poll at the latest.
    pub fn poll_at(&mut self) -> Micros {
        let feed_at = self.fed_at.after_ms(FEED_MS);
        match &mut self.life {
            Life::Enrolled(entrance) => entrance.poll_at().min(feed_at),
            Life::Unseeded | Life::Keyed(_) => feed_at,
        }
    }

    /// The project and the reader that the board was enrolled as; `None` while there is no door.
    pub fn enrolled(&self) -> Option<(ProjectId, ReaderId)> {
        let Life::Enrolled(entrance) = &self.life else { return None };
        let own = ReaderCertificate::decode(entrance.door().certificate()).ok()?;
        Some((own.project, own.reader))
    }

    /// The board, for those who look at it from outside.
    pub const fn board(&mut self) -> &mut B {
        &mut self.board
    }

    /// The storage, for those who look at it from outside.
    pub const fn storage(&mut self) -> &mut Storage<F> {
        &mut self.storage
    }

    fn carry_out(
        &mut self,
        command: Command<'_>,
        damaged: u32,
        now: Micros,
        told: &mut Told<'_>,
    ) -> Result<(), Failure> {
        match command {
            Command::Status => {
                self.say_status(damaged, now.instant(), told);
                Ok(())
            }
            Command::Seed(seed) => self.seed(&seed, now),
            Command::Configure(sealed) => self.configure(sealed, now),
            Command::RevocationList(octets) => self.take_list(octets, now.instant()),
            Command::TimeToken(octets) => self.take_time(octets, now.instant()),
            Command::Arrived(arrived) => {
                let arrival = Arrived::arrival(arrived).ok_or(Failure::Unreadable)?;
                self.device(Device::Arrived(arrival), now, told)
            }
            Command::Sent(octets) => self.device(Device::Sent(octets), now, told),
            Command::Left => self.device(Device::Left, now, told),
            Command::Rehearse(rehearsal) => Ok(self.board.rehearse(rehearsal)?),
            Command::Update(update) => self.update(update),
            Command::SelfTest => {
                self.say_self_test(now, told);
                Ok(())
            }
        }
    }

    // What is seldom done has frames of its own: those of a tap lie deep enough.
    #[inline(never)]
    fn take_list(&mut self, octets: &[u8], instant: Instant) -> Result<(), Failure> {
        self.door()?.take_revocation_list(octets, instant)?;
        self.keep_list()
    }

    #[inline(never)]
    fn take_time(&mut self, octets: &[u8], instant: Instant) -> Result<(), Failure> {
        self.door()?.take_time_token(octets, instant)?;
        self.keep_time(instant)
    }

    #[inline(never)]
    fn seed(&mut self, seed: &[u8; 32], now: Micros) -> Result<(), Failure> {
        let is_seeded = self.board.random().is_some();
        self.board.seed(seed)?;
        if is_seeded { Ok(()) } else { self.start(now) }
    }

    #[inline(never)]
    fn say_self_test(&mut self, now: Micros, told: &mut Told<'_>) {
        let found = self.self_test(now);
        told.say(Report::SelfTest(found));
    }

    #[inline(never)]
    fn say_status(&mut self, damaged: u32, instant: Instant, told: &mut Told<'_>) {
        let status = self.status(damaged, instant);
        told.say(Report::Status(status));
    }

    fn door(&mut self) -> Result<&mut Door<'static, C, B::Log>, Failure> {
        match &mut self.life {
            Life::Unseeded => Err(Failure::Unseeded),
            Life::Keyed(_) => Err(Failure::NotEnrolled),
            Life::Enrolled(entrance) => Ok(entrance.door_mut()),
        }
    }

    const fn is_enrolled(&self) -> Result<(), Failure> {
        match self.life {
            Life::Unseeded => Err(Failure::Unseeded),
            Life::Keyed(_) => Err(Failure::NotEnrolled),
            Life::Enrolled(_) => Ok(()),
        }
    }

    fn prepare(&mut self, now: Micros) {
        let Life::Enrolled(entrance) = &mut self.life else { return };
        if let Some(random) = self.board.random() {
            entrance.prepare(now, random);
        }
    }

    #[inline(never)]
    fn status(&mut self, damaged: u32, instant: Instant) -> Status {
        let crypto = &self.crypto;
        let own =
            |scalar: &Secret<32>| enrolment::public_key(crypto, scalar).unwrap_or(Point([0; 33])).into();
        let (state, list_version, time, log) = match &self.life {
            Life::Unseeded => (DoorState::Unseeded, 0, None, (0, 0)),
            Life::Keyed(scalar) => (DoorState::Keyed { public_key: own(scalar) }, 0, None, (0, 0)),
            Life::Enrolled(entrance) => {
                let door = entrance.door();
                let own = ReaderCertificate::decode(door.certificate()).ok();
                let state = DoorState::Enrolled {
                    public_key: door.public_key().unwrap_or(Point([0; 33])).into(),
                    project: own.map_or([0; 8], |own| own.project.0),
                    reader: own.map_or(0, |own| own.reader.0),
                    configuration_version: door.configuration_version(),
                };
                let log = (door.log().oldest(), door.log().next());
                (state, door.list_version(), door.clock().now(instant).unix, log)
            }
        };
        let running = self.board.firmware().map_or(0, |firmware| firmware.version());
        let firmware = (running, self.newest_version().unwrap_or(0));
        Status {
            version: VERSION,
            state,
            list_version,
            time: time.map_or(0, |time| time.0),
            damaged,
            ticks_per_second: B::TICKS_PER_SECOND,
            erases: self.storage.erases(),
            log,
            firmware,
            footprint: self.board.footprint(),
        }
    }
}

/// Apart, because it needs room that is not needed any more when the command is carried out.
#[inline(never)]
fn decoded(content: &[u8]) -> Option<Numbered<Command<'_>>> {
    Numbered::decode(content).ok()
}
