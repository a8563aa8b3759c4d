//! The door itself, and one phone at a time before it.

use std::time::Instant as Stopwatch;

use anyhow::{Context, Result};
use credential::crypto::RustCrypto;
use credential::id::{ProjectId, ReaderId};
use credential::object::ReaderCertificate;
use credential::time::Instant;
use reader_firmware::door::{Arrival, Device, Door, DoorEvent};
use reader_firmware::enrolment::{self, Trust};
use reader_firmware::log::RingLog;
use serde_json::{Value, json};

use super::enrolling;
use super::place::Place;
use crate::output::path_name;

/// Octets of the log: some hundred events.
const LOG_OCTETS: usize = 65_536;

/// A door that is enrolled.
pub(super) struct ServedDoor {
    door: Door<'static, RustCrypto, RingLog<LOG_OCTETS>>,
    began: Stopwatch,
    project: ProjectId,
    reader: ReaderId,
}

/// A phone that is at the door.
pub(super) struct Visit<'d> {
    served: &'d mut ServedDoor,
    pub(super) events: Vec<Value>,
    over: bool,
}

impl ServedDoor {
    pub(super) fn open(place: &Place) -> Result<Self> {
        let scalar = place.key()?;
        let mut sealed = place.configuration()?;
        let configured =
            enrolment::open_configuration(&RustCrypto, &scalar, Trust::Confirmed, None, &mut sealed)
                .context("the door's configuration is not for its key")?;
        let certificate = ReaderCertificate::decode(&configured.settings.certificate)?;
        let mut rng = rand::rng();
        let log = RingLog::new(&mut rng);
        let door = Door::logging(RustCrypto, scalar, configured, log, &mut rng, Instant(0))?;
        Ok(Self { door, began: Stopwatch::now(), project: certificate.project, reader: certificate.reader })
    }

    pub(super) const fn reader_id(&self) -> ReaderId {
        self.reader
    }

    /// Takes time and list from the manager, if it can be reached; else phones bring them.
    pub(super) fn catch_up(&mut self, manager: &str) {
        let project = format!("{:016x}", u64::from_be_bytes(self.project.0));
        let object = |name| enrolling::fetch(manager, &format!("/v1/projects/{project}/{name}"));
        let (token, list) = (object("time-token"), object("revocation-list"));
        let instant = self.instant();
        let _no_newer = token.map(|token| self.door.take_time_token(&token, instant));
        let _no_newer = list.map(|list| self.door.take_revocation_list(&list, instant));
    }

    /// Does what the next tap would otherwise wait for.
    pub(super) fn prepare(&mut self) {
        let instant = self.instant();
        self.door.prepare(&mut rand::rng(), instant);
    }

    /// A phone arrives: what the door sends first goes to `out`.
    pub(super) fn visit(&mut self, arrival: Arrival, out: &mut Vec<Vec<u8>>) -> Visit<'_> {
        let mut visit = Visit { served: self, events: Vec::new(), over: false };
        visit.handle(Device::Arrived(arrival), out);
        visit
    }

    fn instant(&self) -> Instant {
        Instant(u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX))
    }
}

impl Visit<'_> {
    /// The phone sent octets: what is to be sent back goes to `out`.
    pub(super) fn received(&mut self, octets: &[u8], out: &mut Vec<Vec<u8>>) {
        self.handle(Device::Sent(octets), out);
        if self.served.door.awaits_conclusion() {
            let instant = self.served.instant();
            self.served
                .door
                .conclude(false, &mut rand::rng(), instant, &mut |octets| out.push(octets.to_vec()));
        }
        self.note();
    }

    /// Whether the tap has come to its end, a good one or a bad one.
    pub(super) const fn is_over(&self) -> bool {
        self.over
    }

    /// The phone is gone: what happened.
    pub(super) fn leave(mut self) -> Vec<Value> {
        self.handle(Device::Left, &mut Vec::new());
        self.events
    }

    fn handle(&mut self, device: Device<'_>, out: &mut Vec<Vec<u8>>) {
        let instant = self.served.instant();
        self.served.door.handle(device, &mut rand::rng(), instant, &mut |octets| out.push(octets.to_vec()));
        self.note();
    }

    fn note(&mut self) {
        while let Some(event) = self.served.door.poll_event() {
            self.over |= !matches!(event, DoorEvent::Granted { .. } | DoorEvent::Denied { .. })
                && !matches!(event, DoorEvent::ListTaken { .. } | DoorEvent::TimeTaken { .. })
                && !matches!(event, DoorEvent::DoesNotFit(_));
            self.events.push(of(&event));
        }
    }
}

fn of(event: &DoorEvent) -> Value {
    match event {
        DoorEvent::Granted { output, path, serial, .. } => json!({
            "event": "granted",
            "output": output.to_string(),
            "path": path_name(*path),
            "serial": serial.map(|serial| serial.0),
        }),
        DoorEvent::Denied { reason, path, serial } => json!({
            "event": "denied",
            "reason": reason.to_string(),
            "path": path_name(*path),
            "serial": serial.map(|serial| serial.0),
        }),
        DoorEvent::DoesNotFit(error) => json!({ "event": "does-not-fit", "reason": error.to_string() }),
        DoorEvent::ListTaken { version } => json!({ "event": "list-taken", "version": version }),
        DoorEvent::TimeTaken { time } => json!({ "event": "time-taken", "time": time.0 }),
        DoorEvent::Finished => json!({ "event": "finished" }),
        DoorEvent::NoApplication => json!({ "event": "no-application" }),
        DoorEvent::Failed(error) => json!({ "event": "failed", "reason": error.to_string() }),
        DoorEvent::LinkFailed(error) => json!({ "event": "link-failed", "reason": format!("{error:?}") }),
    }
}
