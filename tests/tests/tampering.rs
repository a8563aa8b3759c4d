//! Every single-bit flip and every truncation of every message of a live tap, in both directions.
//!
//! Full coverage: no change is left out, and after each one the same reader and the same phone tap again.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "tests"
)]

use std::sync::OnceLock;

use credential::crypto::{Crypto, Point, RustCrypto};
use credential::device::RefusedReader;
use credential::error::{DecodeError, Error, ObjectError, PeerIncompatible, PeerMisbehaved};
use credential::iso7816::StatusWord;
use credential::reader::{Outcome, Path};
use credential::report::REPORT_OVERHEAD;
use credential::secret::Secret;
use credential::transport::Transport;
use rand::SeedableRng;
use rand::rngs::StdRng;
use tests::pair::{Door, HeldList, Phone, Tap, tap, tap_through};
use tests::tamper::{Change, Message};
use tests::world::{CRYPTO, START, World, at_ms};

const ID: &str = "0123456789ABCDEF";

/// Octets that the door reports.
const REPORTED_OCTETS: usize = 40;

/// Octets of the REPORT that it makes of them.
const REPORT_OCTETS: usize = REPORTED_OCTETS + REPORT_OVERHEAD + 16;

/// How both sides end a tap of which one message was changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Ending {
    granted: bool,
    believed: bool,
    reader: Option<Error>,
    device: Option<Error>,
    refused: Option<RefusedReader>,
}

/// The reader gives up by itself.
fn reader_gives_up(error: Error) -> Ending {
    Ending { reader: Some(error), ..Ending::default() }
}

/// The device gives up with `error`, and the reader because of the status word.
fn device_gives_up(error: Error) -> Ending {
    Ending { device: Some(error), ..reader_gives_up(status(StatusWord::from(error))) }
}

/// The transcripts differ, so that CONFIRM does not hold.
fn confirm_fails() -> Ending {
    let ending = device_gives_up(Error::AuthFailed);
    assert_eq!(ending.reader, Some(status(StatusWord::SECURITY_STATUS_NOT_SATISFIED)));
    ending
}

fn status(status: StatusWord) -> Error {
    Error::PeerMisbehaved(PeerMisbehaved::Status(status.0))
}

fn is_on_curve(point: [u8; 33]) -> bool {
    static KEY: OnceLock<<RustCrypto as Crypto>::AgreementKey> = OnceLock::new();
    let key = KEY.get_or_init(|| CRYPTO.agreement_key(&Secret::new([1; 32])).unwrap());
    CRYPTO.agree(key, &Point(point)).is_ok()
}

/// What has to come of a change; `data` is what arrived.
fn expected(message: Message, change: Change, data: &[u8]) -> Ending {
    match change {
        Change::FlipData(bit) => flipped(message, bit, data),
        Change::FlipHead(bit) if message.is_command() => other_instruction(message, bit),
        Change::FlipHead(bit) => {
            let shown = reader_gives_up(status(StatusWord(StatusWord::NORMAL.0 ^ (1 << bit))));
            if matches!(message, Message::Ack | Message::Received) { told(shown) } else { shown }
        }
        Change::Truncate(_) => wrong_length(message, change, DecodeError::Truncated),
        Change::Append => wrong_length(message, change, DecodeError::Trailing),
    }
}

fn flipped(message: Message, bit: usize, data: &[u8]) -> Ending {
    match message {
        Message::SelectResponse => {
            let [lowest, highest, suites, _, limit @ ..] = data else { panic!("6 octets") };
            let incompatible = |kind| reader_gives_up(Error::PeerIncompatible(kind));
            match () {
                () if *lowest > 1 || *highest < 1 => incompatible(PeerIncompatible::Version),
                () if suites & 1 == 0 => incompatible(PeerIncompatible::Suite),
                () if limit < [0_u8, 241].as_slice() => incompatible(PeerIncompatible::Limits),
                // Nothing in clear shows the change, but the reader's transcript has it and the device's has not.
                () => confirm_fails(),
            }
        }
        Message::Hello => match bit / 8 {
            0 => device_gives_up(Error::PeerIncompatible(PeerIncompatible::Version)),
            1 => device_gives_up(Error::PeerIncompatible(PeerIncompatible::Suite)),
            octet @ 6..126 => Ending { refused: Some(refusal(octet - 6, data)), ..confirm_fails() },
            // The time and the ephemeral point are in the transcript.
            _ => confirm_fails(),
        },
        Message::Offer => match data.first_chunk() {
            Some(point) if bit / 8 < 33 && !is_on_curve(*point) => {
                reader_gives_up(Error::PeerMisbehaved(PeerMisbehaved::InvalidPoint))
            }
            // A ticket or a binder that does not hold leads to the full path, whose transcripts differ.
            _ => confirm_fails(),
        },
        Message::Confirm => confirm_fails(),
        Message::Proof => reader_gives_up(Error::AuthFailed),
        // The door is open already; the device does not know it.
        Message::Outcome => Ending { granted: true, ..device_gives_up(Error::AuthFailed) },
        Message::Ack | Message::Received => told(reader_gives_up(Error::AuthFailed)),
        Message::Report => told(device_gives_up(Error::AuthFailed)),
    }
}

/// The tap was over and well before.
const fn told(ending: Ending) -> Ending {
    Ending { granted: true, believed: true, ..ending }
}

/// Why the device refuses a certificate with a bit flipped in this octet.
fn refusal(octet: usize, hello: &[u8]) -> RefusedReader {
    let presence = hello[6 + 22];
    RefusedReader::Certificate(match octet {
        0 => ObjectError::Malformed(DecodeError::Format),
        1..9 if presence <= 2 => return RefusedReader::UnknownProject,
        9 => ObjectError::UnknownIssuer,
        22 if presence > 2 => ObjectError::Malformed(DecodeError::UnknownValue),
        _ => ObjectError::BadSignature,
    })
}

fn other_instruction(message: Message, bit: usize) -> Ending {
    let code: u8 = match message {
        Message::Hello => 0x10,
        Message::Confirm => 0x12,
        Message::Report => 0x16,
        _ => 0x14,
    };
    let kind = match code ^ (1 << bit) {
        0x10 | 0x12 | 0x14 | 0x16 => PeerMisbehaved::OutOfOrder,
        _ => PeerMisbehaved::UnknownInstruction,
    };
    let ending = device_gives_up(Error::PeerMisbehaved(kind));
    if message == Message::Report {
        told(ending)
    } else {
        Ending { granted: message == Message::Outcome, ..ending }
    }
}

fn wrong_length(message: Message, change: Change, error: DecodeError) -> Ending {
    match message {
        Message::Hello | Message::Confirm => device_gives_up(Error::InvalidMessage(error)),
        Message::Outcome => Ending { granted: true, ..device_gives_up(Error::InvalidMessage(error)) },
        Message::SelectResponse | Message::Offer | Message::Proof => {
            reader_gives_up(Error::InvalidMessage(error))
        }
        // An ACK has no length of its own: the tag is what does not hold.
        Message::Ack => told(reader_gives_up(Error::AuthFailed)),
        Message::Received => told(reader_gives_up(Error::InvalidMessage(error))),
        Message::Report => told(report_of_length(change)),
    }
}

/// A REPORT that is shorter than any, or longer than the room, has a wrong length; of another the tag does not hold.
fn report_of_length(change: Change) -> Ending {
    device_gives_up(match change {
        Change::Truncate(octets) if octets <= REPORT_OVERHEAD + 16 => {
            Error::InvalidMessage(DecodeError::Truncated)
        }
        Change::Append => Error::InvalidMessage(DecodeError::Trailing),
        _ => Error::AuthFailed,
    })
}

/// One door and one phone that brings something with every ACK.
struct Scene {
    door: Door<RustCrypto>,
    phone: Phone<RustCrypto>,
    rng: StdRng,
}

impl Scene {
    fn new() -> Self {
        let mut world = World::new(1);
        let door = Door::new(world.reader(CRYPTO, 7));
        let mut phone = Phone::new(CRYPTO, world.phone(ID).0);
        phone.wallet.list = Some((3, world.revocation_list(3, &[], &[])));
        phone.wallet.time_token = Some(world.time_token(credential::time::UnixTime(START.0 + 60)));
        Self { door, phone, rng: StdRng::seed_from_u64(2) }
    }

    /// Sees to it that the next tap takes `path`.
    fn prepare(&mut self, path: Path) {
        match path {
            Path::Full => self.phone.wallet.tickets.clear(),
            Path::Fast if self.phone.wallet.tickets.values().all(Vec::is_empty) => {
                assert_granted(&self.tap(), Path::Full);
            }
            Path::Fast => {}
        }
    }

    /// A tap without a change, which brings nothing.
    fn tap(&mut self) -> Tap {
        self.door.wants_time = false;
        self.door.to_report = None;
        tap(&mut self.door, &mut self.phone, Transport::Nfc, at_ms(0), &mut self.rng)
    }

    /// Taps with `change` made to `message`; returns the tap and the data that arrived.
    fn changed_tap(&mut self, message: Message, change: Change) -> (Tap, Vec<u8>) {
        let nows = (at_ms(0), at_ms(0));
        let mut arrived = Vec::new();
        if matches!(message, Message::Report | Message::Received) {
            self.door.to_report = Some(vec![7; REPORTED_OCTETS]);
            self.phone.wallet.report_room = Some((REPORTED_OCTETS + REPORT_OVERHEAD) as u16);
        }
        if message == Message::Ack {
            self.door.wants_time = true;
            self.door.list = HeldList::empty();
        }
        let tap = tap_through(
            &mut self.door,
            &mut self.phone,
            Transport::Nfc,
            nows,
            &mut self.rng,
            |mut in_transit| {
                if Message::of(&in_transit) == message {
                    change.apply(&mut in_transit);
                    arrived = in_transit.data().to_vec();
                }
            },
        );
        (tap, arrived)
    }
}

fn assert_granted(tap: &Tap, path: Path) {
    let decision = tap.decision.as_ref().expect("a decision");
    assert_eq!(decision.path, path);
    assert!(matches!(&decision.outcome, Outcome::Grant(user_id) if user_id.as_str() == ID));
    let report = tap.report.as_ref().expect("a report");
    assert_eq!((report.result, report.path), (Ok(()), path));
    assert_eq!((tap.reader_error, tap.device_error), (None, None));
}

fn ending(tap: &Tap) -> Ending {
    let granted = tap.decision.as_ref().map(|decision| match &decision.outcome {
        Outcome::Grant(user_id) => user_id.as_str() == ID,
        Outcome::Deny(reason) => panic!("denied: {reason}"),
    });
    Ending {
        granted: granted.unwrap_or(false),
        believed: tap.report.as_ref().is_some_and(|report| report.result == Ok(())),
        reader: tap.reader_error,
        device: tap.device_error,
        refused: tap.refused,
    }
}

/// Makes every change to one message of one path, and taps again after each.
fn every_change_is_refused(path: Path, message: Message, octets: usize) {
    let mut scene = Scene::new();
    let changes = message.changes(octets);
    for (n, change) in changes.iter().enumerate() {
        scene.prepare(path);
        let tickets = scene.phone.wallet.tickets_held();
        let (tap, data) = scene.changed_tap(message, *change);
        let context = format!("{path:?} {message:?} {change:?}");
        assert_eq!(ending(&tap), expected(message, *change, &data), "{context}");
        // Before a report list and time have arrived already.
        if !matches!(message, Message::Report | Message::Received) {
            assert_eq!((tap.list_taken, tap.time_taken.is_none()), (None, true), "{context}");
        }
        assert_eq!(tap.reported, None, "{context}");
        let kept = std::mem::take(&mut scene.phone.wallet.reports);
        assert_eq!(kept.len(), usize::from(message == Message::Received), "{context}");
        if tap.report.is_none() {
            assert!(scene.phone.wallet.tickets_held() <= tickets, "no ticket is kept: {context}");
        }
        assert!(scene.door.session.is_idle(), "{context}");
        // Both paths have to work again; the fast one more often, for it takes less time.
        let next = if n % 8 == 0 { Path::Full } else { Path::Fast };
        scene.prepare(next);
        assert_granted(&scene.tap(), next);
    }
}

#[test]
fn a_changed_select_response_is_refused_on_both_paths() {
    every_change_is_refused(Path::Full, Message::SelectResponse, 6);
    every_change_is_refused(Path::Fast, Message::SelectResponse, 6);
}

#[test]
fn a_changed_hello_is_refused_on_the_full_path() {
    every_change_is_refused(Path::Full, Message::Hello, 159);
}

#[test]
fn a_changed_hello_is_refused_on_the_fast_path() {
    every_change_is_refused(Path::Fast, Message::Hello, 159);
}

#[test]
fn a_changed_offer_is_refused_on_the_full_path() {
    every_change_is_refused(Path::Full, Message::Offer, 121);
}

#[test]
fn a_changed_offer_is_refused_on_the_fast_path() {
    every_change_is_refused(Path::Fast, Message::Offer, 121);
}

#[test]
fn a_changed_confirm_is_refused() {
    every_change_is_refused(Path::Full, Message::Confirm, 16);
}

#[test]
fn a_changed_proof_is_refused() {
    every_change_is_refused(Path::Full, Message::Proof, 237);
}

#[test]
fn a_changed_outcome_is_not_believed_on_the_full_path() {
    every_change_is_refused(Path::Full, Message::Outcome, 241);
}

#[test]
fn a_changed_outcome_is_not_believed_on_the_fast_path() {
    every_change_is_refused(Path::Fast, Message::Outcome, 241);
}

#[test]
fn a_changed_ack_brings_nothing_and_the_decision_stands_on_the_full_path() {
    every_change_is_refused(Path::Full, Message::Ack, ACK_OCTETS);
}

#[test]
fn a_changed_ack_brings_nothing_and_the_decision_stands_on_the_fast_path() {
    every_change_is_refused(Path::Fast, Message::Ack, ACK_OCTETS);
}

/// A time token, an empty revocation list, what stands in front of each, and the tag.
const ACK_OCTETS: usize = (3 + 78) + (3 + 84) + 16;

#[test]
fn a_changed_report_is_not_kept_and_the_tap_stands_on_both_paths() {
    every_change_is_refused(Path::Full, Message::Report, REPORT_OCTETS);
    every_change_is_refused(Path::Fast, Message::Report, REPORT_OCTETS);
}

#[test]
fn a_changed_received_is_not_believed_and_the_tap_stands_on_both_paths() {
    every_change_is_refused(Path::Full, Message::Received, 17);
    every_change_is_refused(Path::Fast, Message::Received, 17);
}

#[test]
fn without_a_change_the_same_taps_bring_list_and_time() {
    for path in [Path::Full, Path::Fast] {
        let mut scene = Scene::new();
        scene.prepare(path);
        scene.door.list = HeldList::empty();
        scene.door.wants_time = true;
        let tap = tap(&mut scene.door, &mut scene.phone, Transport::Nfc, at_ms(0), &mut scene.rng);
        assert_granted(&tap, path);
        assert_eq!(tap.list_taken, Some(3));
        assert!(tap.time_taken.is_some());
        let lengths: Vec<_> =
            tap.messages.iter().map(|pair| (pair.command.len(), pair.response.len())).collect();
        let full = [(0, 6), (159, 121), (16, 237), (241, ACK_OCTETS)];
        let fast = [full[0], full[1], full[3]];
        assert_eq!(lengths, if path == Path::Full { &full[..] } else { &fast[..] });
    }
}
