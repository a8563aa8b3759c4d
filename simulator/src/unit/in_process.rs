//! A door in this process.

use std::time::Instant as Stopwatch;

use anyhow::{Context, Result};
use credential::crypto::{Point, RustCrypto};
use credential::object::ReaderCertificate;
use credential::secret::Secret;
use credential::time::{Instant, UnixTime};
use rand::SeedableRng;
use rand::rngs::StdRng;
use reader_firmware::door::{Device, Door};
use reader_firmware::enrolment::{self, Trust};
use reader_firmware::log::RingLog;

use super::{DoorUnit, Handled, Happened, Identity};

/// Octets of the log: some hundred events.
const LOG_OCTETS: usize = 65_536;

/// What counts a door's milliseconds.
pub trait Ticks: Send {
    /// Milliseconds since some moment; never fewer than before.
    fn ms(&self) -> u64;
}

/// The host's clock.
struct HostTicks(Stopwatch);

impl Ticks for HostTicks {
    fn ms(&self) -> u64 {
        u64::try_from(self.0.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

/// A door in this process, with a log of `LOG` octets in memory.
pub struct InProcess<const LOG: usize = LOG_OCTETS> {
    scalar: Secret<32>,
    door: Option<Door<'static, RustCrypto, RingLog<LOG>>>,
    rng: StdRng,
    ticks: Box<dyn Ticks>,
    /// Milliseconds by which the clock was moved forward.
    moved_ms: u64,
    /// The newest configuration, sealed, as a board has it in its flash.
    configuration: Vec<u8>,
}

impl InProcess {
    /// A door with this key, before it is enrolled, with the host's random source and clock.
    pub fn new(scalar: Secret<32>) -> Self {
        Self::with(scalar, StdRng::from_rng(&mut rand::rng()), Box::new(HostTicks(Stopwatch::now())))
    }
}

impl<const LOG: usize> InProcess<LOG> {
    /// A door with this key, before it is enrolled, on a random source and a clock of its own.
    pub fn with(scalar: Secret<32>, rng: StdRng, ticks: Box<dyn Ticks>) -> Self {
        Self { scalar, door: None, rng, ticks, moved_ms: 0, configuration: Vec::new() }
    }

    /// Milliseconds of its clock at which it gives up a device that does not answer; `None` while nobody is there.
    pub fn poll_at_ms(&mut self) -> Option<u64> {
        Some(self.door.as_mut()?.poll_at()?.0.saturating_sub(self.moved_ms))
    }

    /// Gives up a device that does not answer.
    pub fn expire(&mut self) -> Handled {
        let instant = self.instant();
        let Some(door) = &mut self.door else { return Handled::default() };
        door.expire(instant);
        Handled { events: events(door), ..Handled::default() }
    }

    /// Version of the revocation list held, 0 for none.
    pub fn list_version(&self) -> u32 {
        self.door.as_ref().map_or(0, Door::list_version)
    }

    /// Version of the configuration in force, 0 for none.
    pub fn configuration_version(&self) -> u32 {
        self.door.as_ref().map_or(0, Door::configuration_version)
    }

    /// What its wall clock shows; `None` while it is not set.
    pub fn wall_clock(&self) -> Option<UnixTime> {
        self.door.as_ref()?.clock().now(self.instant()).unix
    }

    /// The certificate, as issued.
    pub fn certificate(&self) -> Option<&[u8; ReaderCertificate::OCTETS]> {
        Some(self.door.as_ref()?.certificate())
    }

    /// The private key: what somebody has who takes the reader off the wall and opens it.
    pub const fn scalar(&self) -> &Secret<32> {
        &self.scalar
    }

    /// Starts anew, as after a power cut: configuration, list and the last time known are kept as in a flash; clock,
    /// ticket keys, the log in memory and whatever was under way are gone.
    ///
    /// # Errors
    /// When what was kept does not hold.
    pub fn restart(&mut self) -> Result<()> {
        let Some(before) = self.door.take() else { return Ok(()) };
        let list = before.revocation_list().to_vec();
        let time = before.clock().now(self.instant()).unix;
        drop(before);
        let sealed = self.configuration.clone();
        self.configure(&sealed)?;
        let door = self.door()?;
        if !list.is_empty() {
            door.restore_revocation_list(&list)?;
        }
        if let Some(time) = time {
            door.refuse_times_before(time);
        }
        Ok(())
    }

    fn instant(&self) -> Instant {
        Instant(self.ticks.ms().saturating_add(self.moved_ms))
    }

    fn door(&mut self) -> Result<&mut Door<'static, RustCrypto, RingLog<LOG>>> {
        self.door.as_mut().context("the door is not enrolled")
    }
}

impl<const LOG: usize> DoorUnit for InProcess<LOG> {
    fn public_key(&mut self) -> Result<Point> {
        Ok(enrolment::public_key(&RustCrypto, &self.scalar)?)
    }

    fn identity(&mut self) -> Result<Option<Identity>> {
        let Some(door) = &self.door else { return Ok(None) };
        let certificate = ReaderCertificate::decode(door.certificate())?;
        Ok(Some(Identity { project: certificate.project, reader: certificate.reader }))
    }

    fn configure(&mut self, sealed: &[u8]) -> Result<()> {
        let mut space = sealed.to_vec();
        let instant = self.instant();
        if let Some(door) = &mut self.door {
            door.configure(&mut space, instant)?;
        } else {
            let configured =
                enrolment::open_configuration(&RustCrypto, &self.scalar, Trust::Confirmed, None, &mut space)
                    .context("the door's configuration is not for its key")?;
            let log = RingLog::new(&mut self.rng);
            let scalar = self.scalar.clone();
            let door = Door::logging(RustCrypto, scalar, configured, log, &mut self.rng, instant)?;
            self.door = Some(door);
        }
        self.configuration = sealed.to_vec();
        Ok(())
    }

    fn take_revocation_list(&mut self, list: &[u8]) -> Result<u32> {
        let instant = self.instant();
        Ok(self.door()?.take_revocation_list(list, instant)?)
    }

    fn take_time_token(&mut self, token: &[u8]) -> Result<()> {
        let instant = self.instant();
        self.door()?.take_time_token(token, instant)?;
        Ok(())
    }

    fn prepare(&mut self) {
        let instant = self.instant();
        if let Some(door) = &mut self.door {
            door.prepare(&mut self.rng, instant);
        }
    }

    fn handle(&mut self, device: Device<'_>, out: &mut Vec<Vec<u8>>) -> Result<Handled> {
        let instant = self.instant();
        let door = self.door.as_mut().context("the door is not enrolled")?;
        let mut sink = |octets: &[u8]| out.push(octets.to_vec());
        let began = Stopwatch::now();
        door.handle(device, &mut self.rng, instant, &mut sink);
        let took = began.elapsed();
        if door.awaits_conclusion() {
            door.conclude(false, &mut self.rng, instant, &mut sink);
        }
        Ok(Handled { events: events(door), took, ..Handled::default() })
    }

    fn wait(&mut self, seconds: u32) -> Result<()> {
        self.moved_ms = self.moved_ms.saturating_add(u64::from(seconds).saturating_mul(1_000));
        Ok(())
    }
}

fn events<const LOG: usize>(door: &mut Door<'static, RustCrypto, RingLog<LOG>>) -> Vec<Happened> {
    let mut events = Vec::new();
    while let Some(event) = door.poll_event() {
        events.push(Happened::from(&event));
    }
    events
}
