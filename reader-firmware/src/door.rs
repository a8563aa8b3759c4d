//! The door: applications, links and what comes of a tap, in one state machine.
//!
//! One device at a time. The caller owns the radios: it hands in what they received, transmits what the sink gets,
//! reads [`Door::poll_event`], and calls [`Door::conclude`] once it has acted on a decision.

mod event;
mod reporting;
mod tap;

pub use event::DoorEvent;
pub use tap::{Arrival, Device};

use credential::application::{OstiaryReader, ReaderApplication};
use credential::crypto::{Crypto, InvalidKey};
use credential::error::ObjectError;
use credential::id::Serial;
use credential::limits::MESSAGE_MAX;
use credential::object::{
    HeldRevocationList, OutputFormat, ReaderCertificate, Revocations, VerifiedRevocationList,
    VerifiedTimeToken,
};
use credential::reader::{Reader, ReaderEnv};
use credential::report::Event;
use credential::secret::Secret;
use credential::time::{Instant, Now, UnixTime};
use heapless::{Deque, Vec};
use rand_core::CryptoRng;

use crate::clock::WallClock;
use crate::enrolment::{self, Configured, Trust};
use crate::link::MESSAGE_SPACE;
use crate::log::{EventLog, NoLog};
use reporting::Reporting;
use tap::Tap;

/// Applications beside the exchange of this project.
const OTHERS_MAX: usize = 3;

/// Events that may wait for the caller.
const EVENTS_MAX: usize = 4;

/// A door reader after enrolment.
///
/// What happens is kept in the log `L` and handed to phones that carry it to the manager.
pub struct Door<'a, C: Crypto, L: EventLog = NoLog> {
    scalar: Secret<32>,
    exchange: OstiaryReader<C>,
    others: Vec<&'a mut dyn ReaderApplication, OTHERS_MAX>,
    configuration_version: u32,
    output: OutputFormat,
    list: HeldRevocationList<MESSAGE_MAX>,
    clock: WallClock,
    reporting: Reporting<L>,
    tap: Option<Tap>,
    events: Deque<DoorEvent, EVENTS_MAX>,
    space: [u8; MESSAGE_SPACE],
}

impl<C: Crypto> Door<'_, C> {
    /// A door that starts with this key and configuration, without a list and with its clock unset, and keeps no log.
    ///
    /// # Errors
    /// As [`Door::logging`].
    pub fn new(
        crypto: C,
        scalar: Secret<32>,
        configured: Configured,
        rng: &mut dyn CryptoRng,
        instant: Instant,
    ) -> Result<Self, ObjectError> {
        Self::logging(crypto, scalar, configured, NoLog, rng, instant)
    }
}

impl<'a, C: Crypto, L: EventLog> Door<'a, C, L> {
    /// A door that starts with this key and configuration, without a list and with its clock unset.
    ///
    /// # Errors
    /// [`ObjectError`] when the configuration is for another key.
    pub fn logging(
        crypto: C,
        scalar: Secret<32>,
        configured: Configured,
        log: L,
        rng: &mut dyn CryptoRng,
        instant: Instant,
    ) -> Result<Self, ObjectError> {
        let (version, output) = (configured.version, configured.output);
        let now = Now { instant, unix: None };
        let reader = Reader::new(crypto, &scalar, configured.settings, rng, now)?;
        let mut door = Self::of(reader, scalar, version, output, log);
        door.note_start(instant);
        Ok(door)
    }

    /// A door of a reader that has started, with the scalar of its key and the rest of its configuration.
    ///
    /// On a small stack this comes apart from [`Reader::new`] and from [`Door::note_start`]: a door is large, and what
    /// is done in the others goes deep.
    pub fn of(reader: Reader<C>, scalar: Secret<32>, version: u32, output: OutputFormat, log: L) -> Self {
        Self {
            scalar,
            exchange: OstiaryReader::new(reader),
            others: Vec::new(),
            configuration_version: version,
            output,
            list: HeldRevocationList::empty(),
            clock: WallClock::unset(),
            reporting: Reporting::new(log),
            tap: None,
            events: Deque::new(),
            space: [0; MESSAGE_SPACE],
        }
    }

    /// Keeps in the log that the door has started.
    pub fn note_start(&mut self, instant: Instant) {
        self.note(&Event::Started { configuration: self.configuration_version }, instant);
    }

    /// Offers another application, after those that are there.
    ///
    /// # Errors
    /// Gives it back when there are four already.
    pub fn offer(
        &mut self,
        application: &'a mut dyn ReaderApplication,
    ) -> Result<(), &'a mut dyn ReaderApplication> {
        self.others.push(application)
    }

    /// Idle work: what the next tap would otherwise wait for.
    pub fn prepare(&mut self, rng: &mut dyn CryptoRng, instant: Instant) {
        if self.tap.is_some() {
            return;
        }
        for index in 0..=OTHERS_MAX {
            let mut env = env(&self.list, &self.clock, false, rng, instant);
            let Some(application) = application(&mut self.exchange, &mut self.others, index) else { return };
            application.prepare(&mut env);
        }
    }

    /// What happened, oldest first.
    pub fn poll_event(&mut self) -> Option<DoorEvent> {
        self.events.pop_front()
    }

    /// Takes a newer sealed configuration, by whatever way it came; `sealed` is used as working space.
    ///
    /// # Errors
    /// [`ObjectError`]; the configuration in force is then kept.
    pub fn configure(&mut self, sealed: &mut [u8], instant: Instant) -> Result<(), ObjectError> {
        let reader = self.exchange.reader();
        let trust = Trust::Issuers(&reader.settings().issuers);
        let held = Some(self.configuration_version);
        let configured = enrolment::open_configuration(reader.crypto(), &self.scalar, trust, held, sealed)?;
        self.exchange.reader_mut().configure(configured.settings)?;
        self.output = configured.output;
        self.configuration_version = configured.version;
        self.note(&Event::ConfigurationTaken { version: configured.version }, instant);
        Ok(())
    }

    /// Takes a newer revocation list, by whatever way it came.
    ///
    /// # Errors
    /// [`ObjectError`]; the list held is then kept.
    pub fn take_revocation_list(&mut self, octets: &[u8], instant: Instant) -> Result<u32, ObjectError> {
        let version = self.restore_revocation_list(octets)?;
        self.note(&Event::ListTaken { version }, instant);
        Ok(version)
    }

    /// Takes the list that was held before a restart, which is nothing to report.
    ///
    /// # Errors
    /// As [`Door::take_revocation_list`].
    pub fn restore_revocation_list(&mut self, octets: &[u8]) -> Result<u32, ObjectError> {
        let reader = self.exchange.reader();
        let list = VerifiedRevocationList::verify(reader.crypto(), octets, &reader.settings().issuers)?;
        self.list.replace(&list)?;
        Ok(list.version())
    }

    /// Sets the clock by a time token, by whatever way it came.
    ///
    /// # Errors
    /// [`ObjectError`]; the clock is then as it was.
    pub fn take_time_token(&mut self, octets: &[u8], instant: Instant) -> Result<UnixTime, ObjectError> {
        let reader = self.exchange.reader();
        let token = VerifiedTimeToken::verify(reader.crypto(), octets, &reader.settings().issuers)?;
        let before = self.clock.now(instant).unix;
        let time = self.clock.set(&token, instant)?;
        self.note(&Event::TimeTaken { before }, instant);
        Ok(time)
    }

    /// Keeps an event in the log: what a tap cannot know, such as a housing that was opened.
    pub fn note(&mut self, event: &Event<'_>, instant: Instant) {
        self.reporting.note(self.clock.now(instant).unix, event);
    }

    /// The log.
    pub const fn log(&self) -> &L {
        &self.reporting.log
    }

    /// Version of the revocation list held, 0 = none.
    pub fn list_version(&self) -> u32 {
        self.list.version()
    }

    /// Whether the list held names a credential.
    pub fn is_revoked(&self, serial: Serial) -> bool {
        self.list.is_revoked(serial)
    }

    /// The revocation list held, as it was signed; empty if there is none.
    pub fn revocation_list(&self) -> &[u8] {
        self.list.octets()
    }

    /// After a power cut: takes no time token older than the last time known, so that none counts twice.
    pub fn refuse_times_before(&mut self, time: UnixTime) {
        self.clock.refuse_before(time);
    }

    /// Version of the configuration in force.
    pub const fn configuration_version(&self) -> u32 {
        self.configuration_version
    }

    /// The reader's certificate, as issued.
    pub const fn certificate(&self) -> &[u8; ReaderCertificate::OCTETS] {
        &self.exchange.reader().settings().certificate
    }

    /// The wall clock.
    pub const fn clock(&self) -> &WallClock {
        &self.clock
    }

    /// The public key that the reader was enrolled with.
    ///
    /// # Errors
    /// None in practice: the key was used when the door was made.
    pub fn public_key(&self) -> Result<credential::crypto::Point, InvalidKey> {
        enrolment::public_key(self.exchange.reader().crypto(), &self.scalar)
    }

    /// The backend, for those who count its operations.
    pub const fn crypto(&self) -> &C {
        self.exchange.reader().crypto()
    }

    #[inline(never)]
    fn report(&mut self, event: DoorEvent) {
        if self.events.is_full() {
            let _oldest = self.events.pop_front();
        }
        let _ = self.events.push_back(event);
    }
}

/// The application with this index; the exchange of this project comes first.
fn application<'x, C: Crypto>(
    exchange: &'x mut OstiaryReader<C>,
    others: &'x mut [&mut dyn ReaderApplication],
    index: usize,
) -> Option<&'x mut dyn ReaderApplication> {
    match index.checked_sub(1) {
        None => Some(exchange),
        Some(other) => match others.get_mut(other) {
            Some(application) => Some(&mut **application),
            None => None,
        },
    }
}

fn env<'e>(
    list: &'e HeldRevocationList<MESSAGE_MAX>,
    clock: &WallClock,
    has_report: bool,
    rng: &'e mut dyn CryptoRng,
    instant: Instant,
) -> ReaderEnv<'e> {
    let wants_time = clock.wants_time(instant);
    ReaderEnv { now: clock.now(instant), rng, revocations: list, wants_time, has_report }
}
