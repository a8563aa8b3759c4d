//! The door of the firmware: several applications, one after another, on one card.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::unreachable,
    reason = "tests"
)]

use credential::application::{ReaderAction, ReaderApplication, ReaderIncoming, ReaderOutgoing};
use credential::ble::Uuid;
use credential::crypto::{Crypto, RustCrypto};
use credential::error::{ApiMisuse, DecodeError, Error};
use credential::id::{IssuerIndex, UserId};
use credential::iso7816::{Aid, CommandHeader, FrontEnd};
use credential::object::{OutputFormat, Presence, ReaderConfiguration, SEAL_OVERHEAD, seal};
use credential::reader::{Brought, Decision, Outcome, Path, ReaderEnv, Verdict};
use credential::time::{Instant, Now};
use credential::transport::Transport;
use rand::SeedableRng;
use rand::rngs::StdRng;
use reader_firmware::door::{Arrival, Device, Door, DoorEvent};
use reader_firmware::enrolment::{Trust, open_configuration};
use tests::world::{CRYPTO, World, report_point};

const BADGE_AID: &[u8] = b"\xF0BADGE";

/// Another exchange, with messages of its own: a card that answers SELECT with the ID and is told the result.
#[derive(Default)]
struct Badge {
    told: bool,
}

impl ReaderApplication for Badge {
    fn aid(&self) -> Aid {
        Aid::new(BADGE_AID).unwrap()
    }

    fn service(&self) -> Option<Uuid> {
        None
    }

    fn prepare(&mut self, _: &mut ReaderEnv<'_>) {}

    fn begin(&mut self, _: Transport, _: Now) {
        self.told = false;
    }

    fn receive<'m>(
        &mut self,
        _: &mut ReaderEnv<'_>,
        incoming: ReaderIncoming<'m>,
        _: &mut [u8],
    ) -> Result<ReaderAction<'m>, Error> {
        let ReaderIncoming::Apdu { data, .. } = incoming else { return Err(DecodeError::Truncated.into()) };
        if self.told {
            return Ok(ReaderAction::Finished(Brought::default()));
        }
        let outcome = Outcome::Grant(UserId::new(data)?);
        Ok(ReaderAction::Decided(Decision { outcome, path: Path::Full, serial: None, receipt: None }))
    }

    fn conclude(
        &mut self,
        _: &mut ReaderEnv<'_>,
        _: Verdict,
        out: &mut [u8],
    ) -> Result<ReaderOutgoing, Error> {
        self.told = true;
        *out.first_mut().ok_or(Error::ApiMisuse(ApiMisuse::BufferTooSmall))? = 0x01;
        let header = CommandHeader { cla: 0x80, ins: 0x42, p1: 0, p2: 0 };
        Ok(ReaderOutgoing { header: Some(header), length: 1 })
    }

    fn extended_length(&self) -> bool {
        false
    }

    fn poll_at(&self) -> Option<Instant> {
        None
    }

    fn expire(&mut self, _: Instant) -> Result<(), Error> {
        Ok(())
    }

    fn reset(&mut self) {}
}

fn door<'a>(rng: &mut StdRng) -> Door<'a, RustCrypto> {
    let mut world = World::new(1);
    let scalar = world.scalar();
    let key = CRYPTO.public_point(&CRYPTO.agreement_key(&scalar).unwrap());
    let configuration = ReaderConfiguration {
        issuer: IssuerIndex(0),
        version: 1,
        certificate: world.certificate(7, key, Presence::None).issue(&world.issuer).unwrap(),
        issuers: world.issuers(),
        tickets: true,
        list_version: 0,
        report_key: Some(report_point()),
        output: OutputFormat::Text,
    };
    let mut octets = [0; ReaderConfiguration::OCTETS_MAX];
    let length = configuration.issue(&world.issuer, &mut octets).unwrap();
    let mut sealed = vec![0; length + SEAL_OVERHEAD];
    seal(rng, &key, &octets[..length], &mut sealed).unwrap();
    let configured = open_configuration(&CRYPTO, &scalar, Trust::Confirmed, None, &mut sealed).unwrap();
    Door::new(CRYPTO, scalar, configured, rng, Instant(0)).unwrap()
}

/// Hands one thing to the door; returns what it transmits.
fn hand(door: &mut Door<'_, RustCrypto>, device: Device<'_>, rng: &mut StdRng) -> Vec<u8> {
    let mut sent = Vec::new();
    door.handle(device, rng, Instant(0), &mut |octets| sent.extend_from_slice(octets));
    sent
}

fn select(aid: &[u8]) -> Vec<u8> {
    let mut apdu = vec![0x00, 0xA4, 0x04, 0x00, u8::try_from(aid.len()).unwrap()];
    apdu.extend_from_slice(aid);
    apdu.push(0x00);
    apdu
}

#[test]
fn a_card_without_the_first_application_is_asked_for_the_next() {
    let mut rng = StdRng::seed_from_u64(1);
    let mut badge = Badge::default();
    let mut door = door(&mut rng);
    assert!(door.offer(&mut badge).is_ok());
    let first = hand(&mut door, Device::Arrived(Arrival::Nfc(FrontEnd::SHORT)), &mut rng);
    assert_eq!(first, select(b"\xF0OSTIARY\x01"));
    let second = hand(&mut door, Device::Sent(&[0x6A, 0x82]), &mut rng);
    assert_eq!(second, select(BADGE_AID));
    assert!(hand(&mut door, Device::Sent(b"4711\x90\x00"), &mut rng).is_empty());
    let Some(DoorEvent::Granted { output, .. }) = door.poll_event() else { unreachable!("a grant") };
    assert_eq!(output.to_string(), "4711");
    assert!(door.awaits_conclusion());
    let mut told = Vec::new();
    door.conclude(false, &mut rng, Instant(0), &mut |octets| told.extend_from_slice(octets));
    assert_eq!(told, [0x80, 0x42, 0x00, 0x00, 0x01, 0x01, 0x00]);
    hand(&mut door, Device::Sent(&[0x90, 0x00]), &mut rng);
    assert_eq!(door.poll_event(), Some(DoorEvent::Finished));
}

#[test]
fn a_card_without_any_application_is_let_go_and_the_next_one_is_asked_again() {
    let mut rng = StdRng::seed_from_u64(1);
    let mut door = door(&mut rng);
    for _ in 0..3 {
        let asked = hand(&mut door, Device::Arrived(Arrival::Nfc(FrontEnd::SHORT)), &mut rng);
        assert_eq!(asked, select(b"\xF0OSTIARY\x01"));
        assert!(hand(&mut door, Device::Sent(&[0x6A, 0x82]), &mut rng).is_empty());
        assert_eq!(door.poll_event(), Some(DoorEvent::NoApplication));
    }
}
