//! A door behind a serial line: what a host commands, what happens at the door, and what is kept in the flash.
//!
//! The board gives a [`Board`] and a flash, feeds whole frames to [`Station::take`], and calls [`Station::poll`] now
//! and then. Everything else is here, so that it runs on a host too.

mod board;
mod meter;
mod outcome;
mod told;

pub use board::{Board, Unsupported};
pub use outcome::Failure;

use credential::crypto::{Crypto, Point};
use credential::error::ObjectError;
use credential::limits::MESSAGE_MAX;
use credential::object::{OutputFormat, ReaderCertificate, ReaderConfiguration, SEAL_OVERHEAD};
use credential::reader::{Reader, ReaderSettings};
use credential::secret::Secret;
use credential::time::{Instant, Now, UnixTime};
use embedded_storage::nor_flash::NorFlash;
use heapless::Vec;

use crate::door::{Device, Door};
use crate::enrolment::{self, Configured, Trust};
use crate::log::EventLog;
use crate::serial::{Arrived, Command, DoorState, Numbered, Report, Status, VERSION};
use crate::storage::{Item, Storage};
use meter::Meter;
use told::Told;

/// Takes each octet for the line.
pub type Line<'l> = &'l mut dyn FnMut(u8);

/// How often the time is kept, so that a power cut does not let an old time token count again.
const KEEP_TIME_MS: u64 = 3_600_000;

/// A sealed configuration at its longest.
const SEALED_MAX: usize = ReaderConfiguration::OCTETS_MAX + SEAL_OVERHEAD;

const _: () = assert!(SEALED_MAX <= MESSAGE_MAX);

/// A door, its flash and its line.
pub struct Station<C: Crypto + Clone, B: Board, F: NorFlash> {
    crypto: C,
    board: B,
    storage: Storage<F>,
    life: Life<C, B::Log>,
    meter: Meter,
    time_kept_at: Instant,
}

/// How far the door has come.
#[expect(clippy::large_enum_variant, reason = "there is one of them, and no heap")]
enum Life<C: Crypto, L: EventLog> {
    Unseeded,
    Keyed(Secret<32>),
    Enrolled(Door<'static, C, L>),
}

impl<C: Crypto + Clone, B: Board, F: NorFlash> Station<C, B, F> {
    /// A station that has not looked into its flash: a board with noise of its own calls [`Station::start`] next, any
    /// other waits for its seed.
    pub const fn new(crypto: C, board: B, storage: Storage<F>) -> Self {
        Self { crypto, board, storage, life: Life::Unseeded, meter: Meter::idle(), time_kept_at: Instant(0) }
    }

    /// Takes up what the flash holds, and makes the key if there is none.
    ///
    /// # Errors
    /// [`Failure`], without which there is no door.
    pub fn start(&mut self, instant: Instant) -> Result<(), Failure> {
        let scalar = self.own_key()?;
        self.life = Life::Keyed(scalar.clone());
        let sealed = self.storage.load_mut(Item::Configuration)?;
        let Some(configured) = sealed.map(|sealed| opened(&self.crypto, &scalar, sealed)) else {
            return Ok(());
        };
        self.open(scalar, configured?, instant)
    }

    /// Carries out the command in a frame; what is to be said goes to `line`.
    pub fn take(&mut self, content: &[u8], damaged: u32, instant: Instant, line: Line<'_>) {
        let Ok(Numbered { number, content: command }) = Numbered::<Command<'_>>::decode(content) else {
            Told { number: 0, line }.refused(Failure::Unreadable);
            return;
        };
        let mut told = Told { number, line };
        match self.carry_out(command, damaged, instant, &mut told) {
            Ok(()) => told.say(Report::Done),
            Err(failure) => told.refused(failure),
        }
        self.prepare(instant);
    }

    /// Gives up devices that do not answer, and keeps the time.
    pub fn poll(&mut self, instant: Instant, line: Line<'_>) {
        let Life::Enrolled(door) = &mut self.life else { return };
        if door.poll_at().is_some_and(|at| instant >= at) {
            door.expire(instant);
            self.after(instant, &mut Told { number: 0, line });
            self.prepare(instant);
        }
        if instant.0.saturating_sub(self.time_kept_at.0) >= KEEP_TIME_MS {
            // Not kept now, kept in an hour.
            let _next_time = self.keep_time(instant);
        }
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
        instant: Instant,
        told: &mut Told<'_>,
    ) -> Result<(), Failure> {
        match command {
            Command::Status => {
                let status = self.status(damaged, instant);
                told.say(Report::Status(status));
                Ok(())
            }
            Command::Seed(seed) => {
                let is_seeded = self.board.random().is_some();
                self.board.seed(&seed)?;
                if is_seeded { Ok(()) } else { self.start(instant) }
            }
            Command::Configure(sealed) => self.configure(sealed, instant),
            Command::RevocationList(octets) => {
                self.door()?.take_revocation_list(octets, instant)?;
                self.keep_list()
            }
            Command::TimeToken(octets) => {
                self.door()?.take_time_token(octets, instant)?;
                self.keep_time(instant)
            }
            Command::Arrived(arrived) => {
                self.meter.begin();
                let arrival = Arrived::arrival(arrived).ok_or(Failure::Unreadable)?;
                self.device(Device::Arrived(arrival), instant, told)
            }
            Command::Sent(octets) => self.device(Device::Sent(octets), instant, told),
            Command::Left => self.device(Device::Left, instant, told),
            Command::Rehearse(rehearsal) => Ok(self.board.rehearse(rehearsal)?),
        }
    }

    fn door(&mut self) -> Result<&mut Door<'static, C, B::Log>, Failure> {
        match &mut self.life {
            Life::Unseeded => Err(Failure::Unseeded),
            Life::Keyed(_) => Err(Failure::NotEnrolled),
            Life::Enrolled(door) => Ok(door),
        }
    }

    /// What the radio says, and all that comes of it.
    fn device(&mut self, device: Device<'_>, instant: Instant, told: &mut Told<'_>) -> Result<(), Failure> {
        let Life::Enrolled(door) = &mut self.life else { return self.door().map(|_| ()) };
        let random = self.board.random().ok_or(Failure::Unseeded)?;
        self.meter.measure::<B>(told, &mut |sink| door.handle(device, random, instant, sink));
        self.after(instant, told);
        Ok(())
    }

    /// Says what happened, tells the device, and keeps what it brought.
    fn after(&mut self, instant: Instant, told: &mut Told<'_>) {
        let Life::Enrolled(door) = &mut self.life else { return };
        let mut brought = [None; 2];
        loop {
            while let Some(event) = door.poll_event() {
                self.meter.note(&event);
                brought = outcome::brought(brought, &event);
                told.event(&event);
            }
            if !door.awaits_conclusion() {
                break;
            }
            let Some(random) = self.board.random() else { return };
            self.meter.measure::<B>(told, &mut |sink| door.conclude(false, random, instant, sink));
        }
        if door.poll_at().is_none()
            && let Some(cost) = self.meter.end()
        {
            told.say(cost);
        }
        for item in brought.into_iter().flatten() {
            let kept = match item {
                Item::RevocationList => self.keep_list(),
                _ => self.keep_time(instant),
            };
            if let Err(failure) = kept {
                told.not_kept(failure);
            }
        }
    }

    fn prepare(&mut self, instant: Instant) {
        let Life::Enrolled(door) = &mut self.life else { return };
        if let Some(random) = self.board.random() {
            door.prepare(random, instant);
        }
    }

    /// A configuration that came: the first one is believed by the word of whoever stands at the line.
    #[inline(never)]
    fn configure(&mut self, sealed: &[u8], instant: Instant) -> Result<(), Failure> {
        let mut working = Vec::<u8, SEALED_MAX>::from_slice(sealed).map_err(|_| Failure::Unreadable)?;
        match &mut self.life {
            Life::Unseeded => Err(Failure::Unseeded),
            Life::Enrolled(door) => {
                door.configure(&mut working, instant)?;
                Ok(self.storage.store(Item::Configuration, sealed)?)
            }
            Life::Keyed(scalar) => {
                let scalar = scalar.clone();
                let configured = opened(&self.crypto, &scalar, &mut working)?;
                self.open(scalar, configured, instant)?;
                let stored = self.storage.store(Item::Configuration, sealed);
                if stored.is_err() {
                    // A door that forgets its enrolment at the next power cut is not enrolled.
                    self.start(instant)?;
                }
                Ok(stored?)
            }
        }
    }

    /// The key as it was made at the first start, which is now if there is none.
    #[inline(never)]
    fn own_key(&mut self) -> Result<Secret<32>, Failure> {
        let random = self.board.random().ok_or(Failure::Unseeded)?;
        let kept = self.storage.load(Item::Key)?.and_then(|octets| octets.try_into().ok()).map(Secret::new);
        self.storage.wipe();
        if let Some(scalar) = kept {
            return Ok(scalar);
        }
        let scalar = enrolment::make_key(random).map_err(|_| Failure::Unseeded)?;
        self.storage.store(Item::Key, scalar.expose())?;
        Ok(scalar)
    }

    /// Becomes a door by a configuration, with list and time as they were kept.
    #[inline(never)]
    fn open(&mut self, scalar: Secret<32>, configured: Configured, instant: Instant) -> Result<(), Failure> {
        let Configured { version, settings, output, .. } = configured;
        let reader = self.reader(&scalar, settings, instant)?;
        self.become_door(reader, scalar, version, output)?;
        let Life::Enrolled(door) = &mut self.life else { return Ok(()) };
        door.note_start(instant);
        if let Some(octets) = self.storage.load(Item::RevocationList)? {
            // It was verified when it came; one that does not hold under today's keys is not held.
            let _held = door.restore_revocation_list(octets);
        }
        if let Some(octets) = self.storage.load(Item::LastTime)?
            && let Ok(time) = octets.try_into()
        {
            door.refuse_times_before(UnixTime(u32::from_be_bytes(time)));
        }
        Ok(())
    }

    /// What goes deep into the stack, apart from what is large.
    #[inline(never)]
    fn reader(
        &mut self,
        scalar: &Secret<32>,
        settings: ReaderSettings,
        instant: Instant,
    ) -> Result<Reader<C>, Failure> {
        let random = self.board.random().ok_or(Failure::Unseeded)?;
        let now = Now { instant, unix: None };
        Ok(Reader::new(self.crypto.clone(), scalar, settings, random, now)?)
    }

    /// What is large, apart from what goes deep into the stack.
    #[inline(never)]
    fn become_door(
        &mut self,
        reader: Reader<C>,
        scalar: Secret<32>,
        version: u32,
        output: OutputFormat,
    ) -> Result<(), Failure> {
        // A log that is still open belongs to the door that goes.
        self.life = Life::Unseeded;
        let log = self.board.log().ok_or(Failure::Unseeded)?;
        self.life = Life::Enrolled(Door::of(reader, scalar, version, output, log));
        Ok(())
    }

    fn keep_list(&mut self) -> Result<(), Failure> {
        let Life::Enrolled(door) = &mut self.life else { return Ok(()) };
        Ok(self.storage.store(Item::RevocationList, door.revocation_list())?)
    }

    fn keep_time(&mut self, instant: Instant) -> Result<(), Failure> {
        let Life::Enrolled(door) = &mut self.life else { return Ok(()) };
        self.time_kept_at = instant;
        let Some(time) = door.clock().now(instant).unix else { return Ok(()) };
        Ok(self.storage.store(Item::LastTime, &time.0.to_be_bytes())?)
    }

    #[inline(never)]
    fn status(&mut self, damaged: u32, instant: Instant) -> Status {
        let crypto = &self.crypto;
        let own =
            |scalar: &Secret<32>| enrolment::public_key(crypto, scalar).unwrap_or(Point([0; 33])).into();
        let (state, list_version, time) = match &self.life {
            Life::Unseeded => (DoorState::Unseeded, 0, None),
            Life::Keyed(scalar) => (DoorState::Keyed { public_key: own(scalar) }, 0, None),
            Life::Enrolled(door) => {
                let own = ReaderCertificate::decode(door.certificate()).ok();
                let state = DoorState::Enrolled {
                    public_key: door.public_key().unwrap_or(Point([0; 33])).into(),
                    project: own.map_or([0; 8], |own| own.project.0),
                    reader: own.map_or(0, |own| own.reader.0),
                    configuration_version: door.configuration_version(),
                };
                (state, door.list_version(), door.clock().now(instant).unix)
            }
        };
        Status {
            version: VERSION,
            state,
            list_version,
            time: time.map_or(0, |time| time.0),
            damaged,
            ticks_per_second: B::TICKS_PER_SECOND,
            erases: self.storage.erases(),
            footprint: self.board.footprint(),
        }
    }
}

/// Opens a configuration whose issuer keys are believed: they were confirmed when the door was enrolled, or are now.
#[inline(never)]
fn opened<C: Crypto>(crypto: &C, scalar: &Secret<32>, sealed: &mut [u8]) -> Result<Configured, ObjectError> {
    enrolment::open_configuration(crypto, scalar, Trust::Confirmed, None, sealed)
}
