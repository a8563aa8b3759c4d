//! What attackers try with credentials, certificates, signatures and versions of their own making.
#![expect(clippy::expect_used, reason = "tests")]

use credential::crypto::Crypto;
use credential::device::RefusedReader;
use credential::error::{Error, ObjectError, PeerIncompatible, PeerMisbehaved};
use credential::id::ReaderId;
use credential::iso7816::StatusWord;
use credential::object::ReaderCertificate;
use credential::reader::{DenyReason, Path, Reader, ReaderSettings};
use credential::time::{UnixTime, Validity};
use credential::transport::Transport;
use tests::pair::{Door, Drive, Exchanged, InTransit, Phone, Tap, tap, tap_through};
use tests::raw::{self, RawDevice};
use tests::site::{REFUSED, Site, VICTIM, assert_not_accepted, decided, granted, offer_by_hand};
use tests::wallet::MemoryWallet;
use tests::world::{CRYPTO, START, World, at_ms};

#[test]
fn a_self_made_credential_is_not_accepted() {
    let mut site = Site::new();
    let mut forger = World::new(1);
    forger.issuer = World::new(99).issuer;
    let (mut wallet, _) = forger.phone(VICTIM);
    wallet.issuers = vec![site.world.issuers()];
    let tap = site.tap_of(&mut Phone::new(CRYPTO, wallet));
    assert_not_accepted(tap.decision.as_ref());
    assert_eq!(tap.report.expect("a report").result, Err(DenyReason::NotAccepted));
    site.assert_unharmed();
}

#[test]
fn a_credential_of_another_project_is_not_accepted() {
    let mut site = Site::new();
    let mut other = World::new(50);
    let (mut wallet, _) = other.phone(VICTIM);
    // The attacker's phone trusts this site's readers and presents what it has as if it were of this site.
    wallet.issuers = vec![site.world.issuers()];
    wallet.credential = wallet.credential.map(|(_, octets)| (site.world.project, octets));
    let tap = site.tap_of(&mut Phone::new(CRYPTO, wallet));
    assert_not_accepted(tap.decision.as_ref());
    site.assert_unharmed();
}

#[test]
fn somebody_elses_credential_is_not_accepted_with_ones_own_key() {
    let mut site = Site::new();
    // Also not when the door remembers that its issuer signature held.
    site.honest_tap();
    let mut attacker = site.attacker();
    attacker.wallet.credential.clone_from(&site.victim.wallet.credential);
    let tap = site.tap_of(&mut attacker);
    assert_not_accepted(tap.decision.as_ref());
    assert!(attacker.wallet.tickets.is_empty());
    site.assert_unharmed();
}

#[test]
fn a_credential_with_a_changed_user_id_is_not_accepted() {
    let mut site = Site::new();
    site.honest_tap();
    let mut attacker = site.attacker();
    if let Some((_, octets)) = attacker.wallet.credential.as_mut() {
        octets.splice(61..61 + VICTIM.len(), VICTIM.bytes());
    }
    let tap = site.tap_of(&mut attacker);
    assert_not_accepted(tap.decision.as_ref());
    site.assert_unharmed();
}

#[test]
fn versions_and_suites_cannot_be_talked_down_or_up() {
    let incompatible = |kind| Some(Error::PeerIncompatible(kind));
    let version = incompatible(PeerIncompatible::Version);
    // The SELECT response that the door hears, and how the door's tap ends.
    let answers = [
        ([0, 0, 1, 1, 8, 0], version),
        ([2, 2, 1, 1, 8, 0], version),
        ([1, 1, 0, 1, 8, 0], incompatible(PeerIncompatible::Suite)),
        ([1, 1, 2, 1, 8, 0], incompatible(PeerIncompatible::Suite)),
        // A wider range and more suites lead to version 1 and suite 1 again, but not unnoticed.
        ([0, 1, 1, 1, 8, 0], Some(REFUSED)),
        ([1, 9, 3, 1, 8, 0], Some(REFUSED)),
        ([1, 1, 1, 0, 8, 0], Some(REFUSED)),
    ];
    for (answer, error) in answers {
        let mut site = Site::new();
        let tap = meddled(&mut site, |message| {
            if let InTransit::Response(Exchanged { instruction: None, response, .. }) = message {
                response.splice(.., answer);
            }
        });
        assert_eq!((tap.decision, tap.reader_error), (None, error));
        site.assert_unharmed();
    }
    for (octet, value, kind) in [
        (0, 0, PeerIncompatible::Version),
        (0, 2, PeerIncompatible::Version),
        (1, 0, PeerIncompatible::Suite),
        (1, 2, PeerIncompatible::Suite),
    ] {
        let mut site = Site::new();
        let tap = meddled(&mut site, |message| {
            if let InTransit::Command(0x10, hello) = message {
                hello[octet] = value;
            }
        });
        assert_eq!((tap.decision, tap.device_error), (None, incompatible(kind)));
        let not_supported = PeerMisbehaved::Status(StatusWord::FUNCTION_NOT_SUPPORTED.0);
        assert_eq!(tap.reader_error, Some(Error::PeerMisbehaved(not_supported)));
        site.assert_unharmed();
    }
}

#[test]
fn a_tap_of_one_transport_does_not_hold_on_another() {
    let mut site = Site::new();
    site.door.begin(Transport::Nfc, at_ms(0), &mut site.rng);
    let response = site.victim.session.select(Transport::BleGatt, at_ms(0)).to_vec();
    let opening = Exchanged { instruction: None, command: vec![], response, status: StatusWord::NORMAL };
    let mut drive = Drive { pending: Some(opening), ..Drive::default() };
    while drive.step(&mut site.door, &mut site.victim, at_ms(0), &mut site.rng) {}
    assert_eq!((drive.tap.decision, drive.tap.reader_error), (None, Some(REFUSED)));
    site.assert_unharmed();
}

#[test]
fn a_device_signature_with_a_high_s_is_not_accepted() {
    let mut site = Site::new();
    let (wallet, _) = site.world.phone(VICTIM);
    let (_, credential) = wallet.credential.clone().expect("a credential");
    let present = |site: &mut Site, meddle: &dyn Fn(&MemoryWallet, &RawDevice) -> Vec<u8>| {
        let device = offer_by_hand(&mut site.door, &mut site.rng);
        let proof = meddle(&wallet, &device);
        decided(&mut site.door, &mut site.rng, proof)
    };
    // By hand it is granted as long as all is in order.
    let honest = present(&mut site, &|wallet, device| {
        device.proof(&device.signature(&*wallet.holder).0, &credential, 0)
    });
    assert_eq!(granted(honest.as_ref()), Some((VICTIM.into(), Path::Full)));
    let high_s = present(&mut site, &|wallet, device| {
        device.proof(&raw::other_s(&device.signature(&*wallet.holder).0), &credential, 0)
    });
    assert_not_accepted(high_s.as_ref());
    let padded = present(&mut site, &|wallet, device| {
        device.proof(&device.signature(&*wallet.holder).0, &credential, 1)
    });
    assert_not_accepted(padded.as_ref());
    site.assert_unharmed();
}

#[test]
fn an_issuer_signature_with_a_high_s_is_not_accepted_on_either_side() {
    let mut site = Site::new();
    let mut attacker = site.attacker();
    let (_, octets) = attacker.wallet.credential.as_mut().expect("a credential");
    with_other_s(octets);
    let tap = site.tap_of(&mut attacker);
    assert_not_accepted(tap.decision.as_ref());

    let mut certificate = site.door.reader.settings().certificate;
    with_other_s(&mut certificate);
    let settings = ReaderSettings { certificate, ..site.door.reader.settings().clone() };
    let genuine = std::mem::replace(&mut site.door.reader, site.world.reader(CRYPTO, 7));
    let mut changed = Door::new(genuine);
    changed.reader.configure(settings).unwrap();
    let tap = tests::pair::tap(&mut changed, &mut site.victim, Transport::Nfc, at_ms(0), &mut site.rng);
    assert_eq!(tap.refused, Some(RefusedReader::Certificate(ObjectError::BadSignature)));
    assert_eq!((tap.decision, tap.reader_error), (None, Some(REFUSED)));
}

#[test]
fn a_revoked_or_expired_reader_that_has_its_key_gets_nothing_to_open() {
    let mut site = Site::new();
    let scalar = site.world.scalar();
    let key = CRYPTO.public_point(&CRYPTO.agreement_key(&scalar).unwrap());
    let expired = ReaderCertificate {
        validity: Validity { not_before: UnixTime(START.0 - 60), not_after: START },
        ..site.world.certificate(9, key, credential::object::Presence::None)
    };
    let valid = site.world.certificate(10, key, credential::object::Presence::None);
    site.victim.wallet.revoked_readers.push(ReaderId(10));
    for (certificate, reason) in
        [(expired, RefusedReader::Certificate(ObjectError::Expired)), (valid, RefusedReader::Revoked)]
    {
        let certificate = certificate.issue(&site.world.issuer).unwrap();
        let settings =
            ReaderSettings { certificate, issuers: site.world.issuers(), tickets: true, report_key: None };
        let mut door = Door::new(Reader::new(CRYPTO, &scalar, settings, &mut site.rng, at_ms(0)).unwrap());
        let tap = tap(&mut door, &mut site.victim, Transport::Nfc, at_ms(0), &mut site.rng);
        assert_eq!((tap.refused, tap.decision), (Some(reason), None));
        assert_eq!(tap.reader_error, Some(REFUSED));
    }
    site.assert_unharmed();
}

fn meddled(site: &mut Site, meddle: impl FnMut(InTransit<'_>)) -> Tap {
    let nows = (at_ms(0), at_ms(0));
    tap_through(&mut site.door, &mut site.victim, Transport::Nfc, nows, &mut site.rng, meddle)
}

/// Puts n − s in the place of s at the end of a signed object.
fn with_other_s(object: &mut [u8]) {
    let signature = object.last_chunk_mut::<64>().expect("a signature");
    *signature = raw::other_s(signature);
}
