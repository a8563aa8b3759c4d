//! A door that taps a phone's presenter over the framing of a real link.

mod link;

use credential::application::{
    OstiaryReader, ReaderAction, ReaderApplication, ReaderIncoming, ReaderOutgoing,
};
use credential::crypto::RustCrypto;
use credential::error::Error;
use credential::iso7816::StatusWord;
use credential::limits::MESSAGE_MAX;
use credential::object::HeldRevocationList;
use credential::reader::{Decision, Reader, ReaderEnv, Verdict};
use credential::report::Acknowledged;
use credential::time::Now;
use rand::SeedableRng;
use rand::rngs::StdRng;

pub use link::{GATT_ONLY, GattLink, HANDLES, Link, NfcLink, StreamLink};

/// A reader with its list.
pub struct PresentedDoor {
    /// The exchange.
    pub application: OstiaryReader<RustCrypto>,
    /// The revocation list held.
    pub list: HeldRevocationList<2048>,
    /// Whether it asks for a time token.
    pub wants_time: bool,
    /// The contents of a report to hand over.
    pub to_report: Option<Vec<u8>>,
    rng: StdRng,
}

/// What came of a tap, as the door saw it.
#[derive(Debug, Default)]
pub struct DoorTap {
    /// The decision.
    pub decision: Option<Decision>,
    /// Whether the device has acknowledged.
    pub finished: bool,
    /// What the manager says has arrived.
    pub acknowledged: Option<Acknowledged>,
    /// Whether the device has kept the report; `None` if it did not say.
    pub reported: Option<bool>,
    /// What went wrong.
    pub error: Option<Error>,
    /// Responses of the device, in order, with status words; the first opens the session.
    pub responses: Vec<Vec<u8>>,
}

impl PresentedDoor {
    /// A door without a list.
    pub fn new(reader: Reader<RustCrypto>) -> Self {
        let application = OstiaryReader::new(reader);
        let list = HeldRevocationList::empty();
        Self { application, list, wants_time: false, to_report: None, rng: StdRng::seed_from_u64(1) }
    }

    /// A whole tap.
    pub fn tap(&mut self, link: &mut impl Link, now: Now) -> DoorTap {
        self.tap_until(link, now, usize::MAX)
    }

    /// A tap that the reader breaks off after so many responses.
    pub fn tap_until(&mut self, link: &mut impl Link, now: Now, responses: usize) -> DoorTap {
        let mut tap = DoorTap::default();
        self.application.begin(link.transport(), now);
        let mut response = link.open();
        while let Some(mut octets) = response.take() {
            tap.responses.push(octets.clone());
            if tap.responses.len() >= responses {
                self.application.reset();
                break;
            }
            let mut out = vec![0; MESSAGE_MAX];
            let nfc = !link.transport().device_opens();
            match self.step(nfc, &mut octets, now, &mut out, &mut tap) {
                Ok(Some(outgoing)) => {
                    link.set_extended(self.application.extended_length());
                    response = link.carry(outgoing.header, &out[..outgoing.length]);
                }
                Ok(None) => {}
                Err(error) => tap.error = Some(error),
            }
        }
        tap
    }

    fn step(
        &mut self,
        nfc: bool,
        octets: &mut [u8],
        now: Now,
        out: &mut [u8],
        tap: &mut DoorTap,
    ) -> Result<Option<ReaderOutgoing>, Error> {
        let (list, wants_time) = (self.list.clone(), self.wants_time);
        let has_report = self.to_report.is_some();
        let mut env = ReaderEnv { now, rng: &mut self.rng, revocations: &list, wants_time, has_report };
        let incoming = if nfc {
            let (data, status) = octets.split_last_chunk_mut::<2>().unwrap();
            ReaderIncoming::Apdu { data, status: StatusWord::from_be_bytes(*status) }
        } else {
            ReaderIncoming::Message(octets)
        };
        match self.application.receive(&mut env, incoming, out)? {
            ReaderAction::Send(outgoing) => Ok(Some(outgoing)),
            ReaderAction::Decided(decision) => {
                tap.decision = Some(decision);
                self.application.conclude(&mut env, Verdict::Stands, out).map(Some)
            }
            ReaderAction::Finished(brought) => {
                tap.finished = true;
                tap.acknowledged = brought.acknowledged;
                let takes_report = brought.report_room.is_some();
                if let Some(list) = brought.revocation_list {
                    self.list.replace(&list).unwrap();
                }
                let Some(contents) = self.to_report.as_ref().filter(|_| takes_report) else {
                    return Ok(None);
                };
                let fill = &mut |room: &mut [u8]| {
                    room[..contents.len()].copy_from_slice(contents);
                    contents.len()
                };
                self.application.report(&mut env, fill, out)
            }
            ReaderAction::Reported { kept } => {
                tap.reported = Some(kept);
                Ok(None)
            }
        }
    }
}
