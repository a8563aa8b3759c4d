//! Taps between the two Rust sessions, from the inside.
#![expect(clippy::unwrap_used, reason = "tests")]

use credential::crypto::{Counting, Operations};
use credential::device::RefusedReader;
use credential::error::{Error, ObjectError};
use credential::id::ReaderId;
use credential::iso7816::StatusWord;
use credential::limits::{RESPONSE_TIMEOUT_MS, TAP_TIMEOUT_MS, TICKET_KEY_LIFE_MS};
use credential::object::Presence;
use credential::reader::{DenyReason, Outcome, Path, Verdict};
use credential::time::{Now, UnixTime, Validity};
use credential::transport::Transport;
use rand::SeedableRng;
use rand::rngs::StdRng;
use tests::pair::{Door, Drive, Phone, Tap, tap, tap_with};
use tests::world::{CRYPTO, START, WEEK_S, World, at_ms};

const ID: &str = "0123456789ABCDEF";

struct Scene {
    world: World,
    door: Door<credential::crypto::RustCrypto>,
    phone: Phone<credential::crypto::RustCrypto>,
    serial: credential::id::Serial,
    rng: StdRng,
}

fn scene() -> Scene {
    let mut world = World::new(1);
    let door = Door::new(world.reader(CRYPTO, 7));
    let (wallet, serial) = world.phone(ID);
    Scene { door, phone: Phone::new(CRYPTO, wallet), serial, rng: StdRng::seed_from_u64(2), world }
}

impl Scene {
    fn tap(&mut self, ms: u64) -> Tap {
        tap(&mut self.door, &mut self.phone, Transport::Nfc, at_ms(ms), &mut self.rng)
    }

    fn tap_at(&mut self, reader_now: Now, device_now: Now) -> Tap {
        let nows = (reader_now, device_now);
        tap_with(&mut self.door, &mut self.phone, Transport::Nfc, nows, &mut self.rng, |_| {})
    }
}

fn granted(tap: &Tap) -> Option<(&str, Path)> {
    match tap.decision.as_ref() {
        Some(decision) => match &decision.outcome {
            Outcome::Grant(user_id) => Some((user_id.as_str(), decision.path)),
            Outcome::Deny(_) => None,
        },
        None => None,
    }
}

fn denied(tap: &Tap) -> Option<DenyReason> {
    match tap.decision.as_ref()?.outcome {
        Outcome::Deny(reason) => Some(reason),
        Outcome::Grant(_) => None,
    }
}

#[test]
fn the_first_tap_is_full_and_the_next_ones_are_fast() {
    let mut scene = scene();
    let first = scene.tap(0);
    assert_eq!(granted(&first), Some((ID, Path::Full)));
    assert_eq!(first.pairs_to_decision, 3);
    let report = first.report.unwrap();
    assert_eq!((report.result, report.path, report.reader), (Ok(()), Path::Full, ReaderId(7)));
    for n in 1..10 {
        let next = scene.tap(n * 60_000);
        assert_eq!(granted(&next), Some((ID, Path::Fast)));
        assert_eq!(next.pairs_to_decision, 2);
        let report = next.report.unwrap();
        assert_eq!((report.result, report.path), (Ok(()), Path::Fast));
    }
}

#[test]
fn every_transport_carries_both_paths() {
    for transport in [Transport::Nfc, Transport::BleGatt, Transport::BleL2cap, Transport::Tcp] {
        let mut scene = scene();
        for path in [Path::Full, Path::Fast] {
            let tap = tap(&mut scene.door, &mut scene.phone, transport, at_ms(0), &mut scene.rng);
            assert_eq!(granted(&tap), Some((ID, path)));
        }
    }
}

#[test]
fn the_fast_decision_asks_for_no_public_key_operation() {
    let mut world = World::new(1);
    let mut door = Door::new(world.reader(Counting::new(CRYPTO), 7));
    let mut phone = Phone::new(Counting::new(CRYPTO), world.phone(ID).0);
    let mut rng = StdRng::seed_from_u64(2);
    let now = at_ms(0);
    let mut counted = Vec::new();
    for path in [Path::Full, Path::Fast, Path::Fast] {
        door.reader.prepare(&mut rng, now);
        door.reader.crypto().take();
        let mut tap = Drive::begin(&mut door, &mut phone, now, &mut rng);
        while tap.decision.is_none() {
            tap.step(&mut door, &mut phone, now, &mut rng);
        }
        counted.push(door.reader.crypto().take());
        assert_eq!(tap.decision.as_ref().map(|decision| decision.path), Some(path));
        while tap.step(&mut door, &mut phone, now, &mut rng) {}
    }
    // Full: ee and es; the issuer's and the device's signature. Fast: nothing.
    let full = Operations { key_pairs: 0, agreements: 2, verifications: 2 };
    assert_eq!(counted, [full, Operations::default(), Operations::default()]);
}

#[test]
fn a_revoked_credential_is_denied_on_both_paths_from_the_next_tap_on() {
    let mut scene = scene();
    assert!(granted(&scene.tap(0)).is_some());
    let list = scene.world.revocation_list(1, &[scene.serial], &[]);
    let issuers = scene.world.issuers();
    let list = credential::object::VerifiedRevocationList::verify(&CRYPTO, &list, &issuers).unwrap();
    scene.door.list.replace(&list).unwrap();
    for ms in [1_000, 2_000, 3_000] {
        let tap = scene.tap(ms);
        assert_eq!(denied(&tap), Some(DenyReason::Revoked));
        assert_eq!(tap.decision.unwrap().path, Path::Full);
        assert_eq!(tap.report.unwrap().result, Err(DenyReason::Revoked));
    }
}

#[test]
fn a_credential_is_denied_outside_its_validity_although_a_ticket_is_live() {
    let mut scene = scene();
    assert!(granted(&scene.tap(0)).is_some());
    let week_ms = u64::from(WEEK_S) * 1000;
    // The reader slept and kept its ticket key; only the wall clock is a week on.
    let late = Now { unix: at_ms(week_ms).unix, ..at_ms(1_000) };
    let expired = scene.tap_at(late, at_ms(1_000));
    assert_eq!(denied(&expired), Some(DenyReason::Expired));
}

#[test]
fn a_credential_is_denied_before_its_validity() {
    let mut scene = scene();
    let early = Now { unix: Some(UnixTime(START.0 - 61)), ..at_ms(0) };
    assert_eq!(denied(&scene.tap_at(early, at_ms(0))), Some(DenyReason::NotYetValid));
}

#[test]
fn a_reader_without_a_clock_denies_and_is_brought_the_time() {
    let mut scene = scene();
    scene.door.wants_time = true;
    scene.phone.wallet.time_token = Some(scene.world.time_token(START));
    let no_clock = Now { unix: None, ..at_ms(0) };
    let tap = scene.tap_at(no_clock, at_ms(0));
    assert_eq!(denied(&tap), Some(DenyReason::NoClock));
    assert_eq!(tap.report.unwrap().result, Err(DenyReason::NoClock));
    assert_eq!(tap.time_taken.unwrap().fields().time, START);
    assert_eq!(granted(&scene.tap_at(at_ms(0), at_ms(0))), Some((ID, Path::Full)));
}

#[test]
fn a_time_token_that_would_turn_the_clock_back_is_not_taken() {
    let mut scene = scene();
    scene.door.wants_time = true;
    scene.phone.wallet.time_token = Some(scene.world.time_token(UnixTime(START.0 - 1)));
    let tap = scene.tap(0);
    assert!(tap.report.unwrap().brought_time);
    assert_eq!(tap.time_taken, None);
}

#[test]
fn a_phone_brings_a_newer_list_and_the_reader_enforces_it() {
    let mut scene = scene();
    let (mut courier, _) = scene.world.phone("courier");
    courier.list = Some((3, scene.world.revocation_list(3, &[scene.serial], &[])));
    let mut courier = Phone::new(CRYPTO, courier);
    assert!(granted(&scene.tap(0)).is_some());
    let brought = tap(&mut scene.door, &mut courier, Transport::Nfc, at_ms(1), &mut scene.rng);
    assert_eq!(brought.list_taken, Some(3));
    assert_eq!(denied(&scene.tap(2)), Some(DenyReason::Revoked));
    // It is brought once: the reader says which version it has.
    let again = tap(&mut scene.door, &mut courier, Transport::Nfc, at_ms(3), &mut scene.rng);
    assert!(!again.report.unwrap().brought_list);
}

#[test]
fn a_list_of_another_issuer_is_not_taken_and_the_tap_stands() {
    let mut scene = scene();
    let stranger = World::new(99);
    let mut forged = stranger.revocation_list(3, &[scene.serial], &[]);
    forged[1..9].copy_from_slice(&scene.world.project.0);
    scene.phone.wallet.list = Some((3, forged));
    let tap = scene.tap(0);
    assert_eq!(granted(&tap), Some((ID, Path::Full)));
    assert_eq!(tap.list_taken, None);
    assert_eq!(granted(&scene.tap(1)), Some((ID, Path::Fast)));
}

#[test]
fn the_owner_of_the_reader_can_refuse_a_grant_and_the_device_is_told() {
    let mut scene = scene();
    scene.door.verdict = Verdict::Refused;
    let tap = scene.tap(0);
    assert_eq!(tap.report.unwrap().result, Err(DenyReason::Refused));
    assert!(scene.phone.wallet.tickets.is_empty());
}

#[test]
fn a_ticket_is_presented_once() {
    let mut scene = scene();
    scene.tap(0);
    let mut seen = std::collections::HashSet::new();
    for n in 1..20 {
        let tap = scene.tap(n);
        assert!(seen.insert(tap.messages[1].response[33..105].to_vec()));
    }
}

#[test]
fn an_ephemeral_key_is_used_once_on_both_sides() {
    let mut scene = scene();
    let mut seen = std::collections::HashSet::new();
    for n in 0..10 {
        let tap = scene.tap(n);
        assert!(seen.insert(tap.messages[1].command[126..].to_vec()));
        assert!(seen.insert(tap.messages[1].response[..33].to_vec()));
    }
}

#[test]
fn tickets_die_with_their_keys_and_with_the_readers_ram() {
    let mut scene = scene();
    scene.tap(0);
    // Two days on the device throws them away by itself; a device with a slow clock presents one all the same.
    let two_days = at_ms(2 * TICKET_KEY_LIFE_MS);
    scene.door.reader.prepare(&mut scene.rng, at_ms(TICKET_KEY_LIFE_MS));
    scene.door.reader.prepare(&mut scene.rng, two_days);
    let tap = scene.tap_at(two_days, at_ms(1));
    assert_eq!(granted(&tap), Some((ID, Path::Full)));
}

#[test]
fn a_reader_without_tickets_takes_the_full_path_each_time() {
    let mut scene = scene();
    let settings =
        credential::reader::ReaderSettings { tickets: false, ..scene.door.reader.settings().clone() };
    scene.tap(0);
    scene.door.reader.configure(settings).unwrap();
    for n in 0..3 {
        assert_eq!(granted(&scene.tap(n)), Some((ID, Path::Full)));
    }
}

#[test]
fn a_receipt_proves_the_tap_and_nothing_else() {
    let mut scene = scene();
    let receipt = scene.tap(0).decision.unwrap().receipt.unwrap();
    let issuers = scene.world.issuers();
    let credential = receipt.verify(&CRYPTO, &issuers).unwrap();
    assert_eq!(credential.fields().user_id.as_str(), ID);
    assert_eq!((receipt.reader, receipt.time), (ReaderId(7), Some(START)));
    for changed in [
        credential::reader::Receipt { reader: ReaderId(8), ..receipt.clone() },
        credential::reader::Receipt { time: Some(UnixTime(START.0 + 1)), ..receipt.clone() },
        credential::reader::Receipt { transcript: [0; 32], ..receipt.clone() },
    ] {
        assert!(changed.verify(&CRYPTO, &issuers).is_err());
    }
    assert!(receipt.verify(&CRYPTO, &World::new(5).issuers()).is_err());
}

#[test]
fn a_door_can_demand_presence_and_the_app_is_told() {
    let mut scene = scene();
    scene.door = Door::new(scene.world.reader_demanding(CRYPTO, 8, Presence::Verified));
    for given in [Presence::None, Presence::Unlocked] {
        scene.phone.presence = given;
        let tap = scene.tap(0);
        assert_eq!(tap.refused, Some(RefusedReader::PresenceRequired(Presence::Verified)));
        assert_eq!(
            tap.reader_error,
            Some(Error::PeerMisbehaved(credential::error::PeerMisbehaved::Status(
                StatusWord::SECURITY_STATUS_NOT_SATISFIED.0
            )))
        );
    }
    scene.phone.presence = Presence::Verified;
    assert_eq!(granted(&scene.tap(0)), Some((ID, Path::Full)));
}

#[test]
fn a_device_refuses_a_reader_for_each_reason_and_tells_only_the_app() {
    let now = at_ms(0);
    let year = Now { unix: Some(UnixTime(START.0 + 366 * 86_400)), ..now };
    let mut refusals = Vec::new();
    let mut attempt = |prepare: &dyn Fn(&mut Scene), device_now: Now| {
        let mut scene = scene();
        prepare(&mut scene);
        let tap = scene.tap_at(now, device_now);
        assert_eq!(tap.decision, None);
        assert_eq!(tap.messages[2].status, StatusWord::SECURITY_STATUS_NOT_SATISFIED);
        refusals.push(tap.refused.unwrap());
    };
    attempt(&|scene| scene.phone.wallet.issuers.clear(), now);
    attempt(&|scene| scene.phone.wallet.issuers = vec![other_key(&scene.world)], now);
    attempt(&|_| {}, year);
    attempt(&|scene| scene.phone.wallet.revoked_readers.push(ReaderId(7)), now);
    attempt(&|scene| scene.phone.wallet.credential = None, now);
    attempt(&|_| {}, Now { unix: None, ..now });
    assert_eq!(
        refusals,
        [
            RefusedReader::UnknownProject,
            RefusedReader::Certificate(ObjectError::BadSignature),
            RefusedReader::Certificate(ObjectError::Expired),
            RefusedReader::Revoked,
            RefusedReader::NoCredential,
            RefusedReader::NoClock,
        ]
    );
}

#[test]
fn a_wallet_that_remembers_verifies_a_certificate_once_and_again_under_another_issuer_key() {
    let mut world = World::new(1);
    let mut door = Door::new(world.reader(Counting::new(CRYPTO), 7));
    let mut phone = Phone::new(Counting::new(CRYPTO), world.phone(ID).0);
    phone.wallet.verified = Some(std::collections::HashSet::new());
    let mut rng = StdRng::seed_from_u64(2);
    let mut verifications = Vec::new();
    for ms in 0..3 {
        let tap = tap(&mut door, &mut phone, Transport::Nfc, at_ms(ms), &mut rng);
        assert!(tap.refused.is_none());
        verifications.push(phone.crypto.take().verifications);
    }
    assert_eq!(verifications, [1, 0, 0]);

    let year = Now { unix: Some(UnixTime(START.0 + 366 * 86_400)), ..at_ms(3) };
    let nows = (at_ms(3), year);
    let late = tap_with(&mut door, &mut phone, Transport::Nfc, nows, &mut rng, |_| {});
    assert_eq!(late.refused, Some(RefusedReader::Certificate(ObjectError::Expired)));

    phone.wallet.issuers = vec![other_key(&world)];
    let tap = tap(&mut door, &mut phone, Transport::Nfc, at_ms(4), &mut rng);
    assert_eq!(tap.refused, Some(RefusedReader::Certificate(ObjectError::BadSignature)));
}

fn other_key(world: &World) -> credential::object::IssuerKeys {
    let stranger = World::new(77).issuers();
    credential::object::IssuerKeys::new(world.project, stranger.keys()).unwrap()
}

#[test]
fn a_renewed_credential_replaces_a_ticket_that_has_expired() {
    let mut scene = scene();
    let soon = Validity { not_before: START, not_after: UnixTime(START.0 + 10) };
    let (wallet, _) = scene.world.phone_valid(ID, soon);
    scene.phone = Phone::new(CRYPTO, wallet);
    assert_eq!(granted(&scene.tap(0)), Some((ID, Path::Full)));
    let tickets = std::mem::take(&mut scene.phone.wallet.tickets);
    let (mut renewed, _) = scene.world.phone(ID);
    renewed.tickets = tickets;
    scene.phone = Phone::new(CRYPTO, renewed);
    assert_eq!(granted(&scene.tap(11_000)), Some((ID, Path::Full)));
}

#[test]
fn a_silent_device_and_a_silent_reader_are_given_up_in_time() {
    let mut scene = scene();
    let mut drive = Drive::begin(&mut scene.door, &mut scene.phone, at_ms(0), &mut scene.rng);
    assert!(drive.step(&mut scene.door, &mut scene.phone, at_ms(0), &mut scene.rng));
    assert_eq!(scene.door.session.poll_at(), Some(at_ms(RESPONSE_TIMEOUT_MS).instant));
    assert_eq!(scene.phone.session.poll_at(), Some(at_ms(TAP_TIMEOUT_MS).instant));

    assert_eq!(scene.door.session.expire(at_ms(RESPONSE_TIMEOUT_MS - 1).instant), Ok(()));
    assert!(!scene.door.session.is_idle());
    assert_eq!(scene.door.session.expire(at_ms(RESPONSE_TIMEOUT_MS).instant), Err(Error::TimedOut));
    assert!(scene.door.session.is_idle() && scene.door.session.poll_at().is_none());

    assert_eq!(scene.phone.session.expire(at_ms(TAP_TIMEOUT_MS - 1).instant), Ok(()));
    assert_eq!(scene.phone.session.expire(at_ms(TAP_TIMEOUT_MS).instant), Err(Error::TimedOut));
    assert!(scene.phone.session.is_idle());
    assert_eq!(granted(&scene.tap(TAP_TIMEOUT_MS)), Some((ID, Path::Full)));
}

#[test]
fn an_answer_that_comes_too_late_is_not_taken() {
    let mut scene = scene();
    let mut drive = Drive::begin(&mut scene.door, &mut scene.phone, at_ms(0), &mut scene.rng);
    assert!(!drive.step(&mut scene.door, &mut scene.phone, at_ms(RESPONSE_TIMEOUT_MS), &mut scene.rng));
    assert_eq!(drive.tap.reader_error, Some(Error::TimedOut));
    assert_eq!(granted(&scene.tap(RESPONSE_TIMEOUT_MS)), Some((ID, Path::Full)));
}

#[test]
fn the_sessions_are_as_small_as_the_readme_says() {
    use credential::crypto::RustCrypto;
    use credential::device::DeviceSession;
    use credential::reader::ReaderSession;
    use std::mem::size_of;
    // On a 64-bit host; the README states them.
    assert_eq!((size_of::<ReaderSession<RustCrypto>>(), size_of::<DeviceSession<RustCrypto>>()), (264, 240));
}
