//! A door in this process.

use std::time::Instant as Stopwatch;

use anyhow::{Context, Result};
use credential::crypto::{Point, RustCrypto};
use credential::object::ReaderCertificate;
use credential::secret::Secret;
use credential::time::Instant;
use reader_firmware::door::{Device, Door};
use reader_firmware::enrolment::{self, Trust};
use reader_firmware::log::RingLog;

use super::{DoorUnit, Handled, Happened, Identity};

/// Octets of the log: some hundred events.
const LOG_OCTETS: usize = 65_536;

type LoggingDoor = Door<'static, RustCrypto, RingLog<LOG_OCTETS>>;

/// A door in this process, with the host's random source and clock.
pub struct InProcess {
    scalar: Secret<32>,
    door: Option<LoggingDoor>,
    began: Stopwatch,
    /// Milliseconds by which the clock was moved forward.
    moved_ms: u64,
}

impl InProcess {
    /// A door with this key, before it is enrolled.
    pub fn new(scalar: Secret<32>) -> Self {
        Self { scalar, door: None, began: Stopwatch::now(), moved_ms: 0 }
    }

    fn instant(&self) -> Instant {
        let elapsed_ms = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        Instant(elapsed_ms.saturating_add(self.moved_ms))
    }

    fn door(&mut self) -> Result<&mut LoggingDoor> {
        self.door.as_mut().context("the door is not enrolled")
    }
}

impl DoorUnit for InProcess {
    fn public_key(&mut self) -> Result<Point> {
        Ok(enrolment::public_key(&RustCrypto, &self.scalar)?)
    }

    fn identity(&mut self) -> Result<Option<Identity>> {
        let Some(door) = &self.door else { return Ok(None) };
        let certificate = ReaderCertificate::decode(door.certificate())?;
        Ok(Some(Identity { project: certificate.project, reader: certificate.reader }))
    }

    fn configure(&mut self, sealed: &[u8]) -> Result<()> {
        let mut sealed = sealed.to_vec();
        let instant = self.instant();
        if let Some(door) = &mut self.door {
            return Ok(door.configure(&mut sealed, instant)?);
        }
        let configured =
            enrolment::open_configuration(&RustCrypto, &self.scalar, Trust::Confirmed, None, &mut sealed)
                .context("the door's configuration is not for its key")?;
        let mut rng = rand::rng();
        let log = RingLog::new(&mut rng);
        let door = Door::logging(RustCrypto, self.scalar.clone(), configured, log, &mut rng, instant)?;
        self.door = Some(door);
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
            door.prepare(&mut rand::rng(), instant);
        }
    }

    fn handle(&mut self, device: Device<'_>, out: &mut Vec<Vec<u8>>) -> Result<Handled> {
        let instant = self.instant();
        let door = self.door()?;
        let mut sink = |octets: &[u8]| out.push(octets.to_vec());
        let began = Stopwatch::now();
        door.handle(device, &mut rand::rng(), instant, &mut sink);
        let mut handled = Handled { took: began.elapsed(), ..Handled::default() };
        if door.awaits_conclusion() {
            door.conclude(false, &mut rand::rng(), instant, &mut sink);
        }
        while let Some(event) = door.poll_event() {
            handled.events.push(Happened::from(&event));
        }
        Ok(handled)
    }

    fn wait(&mut self, seconds: u32) -> Result<()> {
        self.moved_ms = self.moved_ms.saturating_add(u64::from(seconds).saturating_mul(1_000));
        Ok(())
    }
}
