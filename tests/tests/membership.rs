//! To a reader that cannot pass CONFIRM every device looks the same: of the site or not, with a ticket or without.

use std::collections::HashMap;

use credential::crypto::{Counting, Crypto, Operations, Point, RustCrypto};
use credential::device::{DeviceEvent, RefusedReader};
use credential::error::{DecodeError, ObjectError};
use credential::id::{IssuerIndex, ReaderId};
use credential::iso7816::StatusWord;
use credential::object::{IssuerKey, IssuerKeys, Presence, ReaderCertificate};
use credential::reader::{Reader, ReaderSettings};
use credential::ticket::HeldTicket;
use credential::time::{Now, UnixTime, Validity};
use credential::transport::Transport;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use tests::distribution::{Findings, Sample, against_each_other, against_uniform, fair, repeated};
use tests::pair::{Door, Phone, tap};
use tests::raw;
use tests::world::{CRYPTO, START, World, at_ms};

type Tickets = HashMap<ReaderId, Vec<(HeldTicket, UnixTime)>>;

/// OFFERs of each kind of device for the statistics.
const OFFERS: usize = 3_000;

/// Octets in front of the reader's ephemeral point, and of the whole command data.
const HELLO_OCTETS: usize = 159;

/// Every kind of device that a stranger may meet, the last three without anything to tell.
const KINDS: [&str; 4] = ["of the site, with a ticket", "of the site", "of another site", "empty"];

/// A site, a reader of it, and devices of every kind.
struct Scene {
    world: World,
    door: Door<RustCrypto>,
    devices: Vec<Phone<Counting<RustCrypto>>>,
    tickets: Tickets,
    rng: StdRng,
}

impl Scene {
    fn new() -> Self {
        let mut world = World::new(1);
        let mut door = Door::new(world.reader(CRYPTO, 7));
        let mut rng = StdRng::seed_from_u64(2);
        let (with_ticket, _) = world.phone("with a ticket");
        let (without, _) = world.phone("without");
        let (stranger, _) = World::new(50).phone("stranger");
        let empty = world.empty_phone();
        let mut with_ticket = Phone::new(CRYPTO, with_ticket);
        tap(&mut door, &mut with_ticket, Transport::Nfc, at_ms(0), &mut rng);
        let tickets = with_ticket.wallet.tickets.clone();
        let wallets = [with_ticket.wallet, without, stranger, empty];
        let mut devices: Vec<_> =
            wallets.into_iter().map(|wallet| Phone::new(Counting::new(CRYPTO), wallet)).collect();
        devices.iter_mut().for_each(|device| device.wallet.revoked_readers.push(ReaderId(9)));
        Self { world, door, devices, tickets, rng }
    }

    /// The HELLOs of readers that cannot pass CONFIRM with any of the devices.
    fn strangers(&mut self) -> Vec<(&'static str, Vec<u8>)> {
        let key = self.point();
        let genuine = self.world.certificate(7, key, Presence::None);
        let unknown_project = World::new(60);
        let issued = |certificate: ReaderCertificate, world: &World| {
            certificate.issue(&world.issuer).unwrap().to_vec()
        };
        let expired = Validity { not_before: UnixTime(START.0 - 60), not_after: START };
        let mut garbage = vec![0; 120];
        self.rng.fill_bytes(&mut garbage);
        let certificates = [
            ("with a stolen certificate", self.door.reader.settings().certificate.to_vec()),
            ("of an unknown issuer", issued(genuine, &unknown_project)),
            (
                "of an unknown issuer key",
                issued(ReaderCertificate { issuer: IssuerIndex(3), ..genuine }, &unknown_project),
            ),
            (
                "of an unknown project",
                issued(unknown_project.certificate(7, key, Presence::None), &unknown_project),
            ),
            ("revoked", issued(ReaderCertificate { reader: ReaderId(9), ..genuine }, &self.world)),
            ("expired", issued(ReaderCertificate { validity: expired, ..genuine }, &self.world)),
            (
                "that demands presence",
                issued(ReaderCertificate { presence: Presence::Verified, ..genuine }, &self.world),
            ),
            ("that sends garbage", garbage),
        ];
        let hellos = certificates.map(|(name, certificate)| {
            let point = self.point();
            (name, raw::hello(START.0, &certificate, &point.0))
        });
        let mut no_point = hellos[0].1.clone();
        no_point[126] = 5;
        hellos.into_iter().chain([("without a point of the curve", no_point)]).collect()
    }

    fn point(&mut self) -> Point {
        CRYPTO.public_point(&raw::ephemeral(&mut self.rng))
    }

    /// Sends one command to one device; returns status word, data and what the app is told.
    fn send(&mut self, device: usize, code: u8, data: &[u8]) -> (StatusWord, Vec<u8>, Option<DeviceEvent>) {
        let (response, status, event) =
            self.devices[device].answer(at_ms(0), &mut self.rng, code, data.to_vec());
        (status, response, event)
    }
}

/// What a stranger may send.
#[derive(Clone, Debug)]
enum Probe {
    Select,
    Command(u8, Vec<u8>),
}

/// Every instruction with right and wrong lengths.
fn probes(hello: &[u8]) -> Vec<Probe> {
    let mut other_version = hello.to_vec();
    other_version[0] = 2;
    let commands = [
        (0x10, hello.to_vec()),
        (0x10, other_version),
        (0x10, Vec::new()),
        (0x10, hello[..HELLO_OCTETS - 1].to_vec()),
        (0x10, [hello, &[0]].concat()),
        (0x12, vec![7; 16]),
        (0x12, vec![7; 15]),
        (0x12, Vec::new()),
        (0x14, vec![7; 241]),
        (0x14, vec![7; 242]),
        (0x11, vec![7; 16]),
    ];
    [Probe::Select].into_iter().chain(commands.map(|(code, data)| Probe::Command(code, data))).collect()
}

#[test]
fn every_sequence_of_three_commands_gets_the_same_status_words_and_lengths_from_every_device() {
    let mut scene = Scene::new();
    for (reader, hello) in scene.strangers() {
        let probes = probes(&hello);
        let mut sequences = 0;
        for selected in [true, false] {
            for n in 0..probes.len().pow(3) {
                let sequence =
                    [n / probes.len().pow(2), n / probes.len(), n].map(|n| &probes[n % probes.len()]);
                let trace = |scene: &mut Scene, device: usize| -> Vec<(StatusWord, usize)> {
                    let phone = &mut scene.devices[device];
                    phone.session.reset();
                    if selected {
                        phone.session.select(Transport::Nfc, at_ms(0));
                    }
                    if device == 0 {
                        phone.wallet.tickets.clone_from(&scene.tickets);
                    }
                    let answer = |probe: &&Probe| match probe {
                        Probe::Select => {
                            let response = scene.devices[device].session.select(Transport::Nfc, at_ms(0));
                            assert_eq!(response, raw::SELECT_RESPONSE);
                            (StatusWord::NORMAL, response.len())
                        }
                        Probe::Command(code, data) => {
                            let (status, response, _) = scene.send(device, *code, data);
                            (status, response.len())
                        }
                    };
                    sequence.iter().map(answer).collect()
                };
                let traces: Vec<_> = (0..KINDS.len()).map(|device| trace(&mut scene, device)).collect();
                for (kind, seen) in KINDS.iter().zip(&traces) {
                    assert_eq!(seen, &traces[0], "a reader {reader} to a device {kind}: {sequence:?}");
                }
                sequences += 1;
            }
        }
        assert_eq!(sequences, 2 * 12 * 12 * 12);
    }
}

#[test]
fn a_revoked_or_expired_reader_with_its_key_sees_the_same_tap_with_every_device() {
    let mut scene = Scene::new();
    let scalar = scene.world.scalar();
    let key = CRYPTO.public_point(&CRYPTO.agreement_key(&scalar).unwrap());
    let expired = Validity { not_before: UnixTime(START.0 - 60), not_after: START };
    let revoked = scene.world.certificate(9, key, Presence::None);
    for certificate in [revoked, ReaderCertificate { reader: ReaderId(7), validity: expired, ..revoked }] {
        let certificate = certificate.issue(&scene.world.issuer).unwrap();
        let settings = ReaderSettings { certificate, issuers: scene.world.issuers(), tickets: true };
        let mut seen = Vec::new();
        for device in 0..KINDS.len() {
            let reader =
                Reader::new(Counting::new(CRYPTO), &scalar, settings.clone(), &mut scene.rng, at_ms(0));
            let phone = &mut scene.devices[device];
            let tap = tap(&mut Door::new(reader.unwrap()), phone, Transport::Nfc, at_ms(0), &mut scene.rng);
            let lengths: Vec<_> = tap
                .messages
                .iter()
                .map(|pair| (pair.status, pair.command.len(), pair.response.len()))
                .collect();
            seen.push((lengths, tap.decision, tap.reader_error));
        }
        assert_eq!(seen[0].0.last().map(|last| last.0), Some(StatusWord::SECURITY_STATUS_NOT_SATISFIED));
        assert!(seen.iter().all(|tap| *tap == seen[0]));
    }
}

/// Tries everything there is to tell OFFERs of several kinds from random octets and from each other.
fn tell_apart(samples: &[&Sample<'_>]) -> Findings {
    const X_AND_ALL_BEHIND: std::ops::Range<usize> = 1..121;
    let mut findings = repeated(samples, 1, 8);
    for (n, sample) in samples.iter().enumerate() {
        findings.extend(against_uniform(sample, X_AND_ALL_BEHIND));
        let prefixes: Vec<_> = sample.strings.iter().map(|offer| offer[0]).collect();
        let odd = prefixes.iter().filter(|prefix| **prefix == 3).count();
        if prefixes.iter().any(|prefix| !matches!(prefix, 2 | 3)) {
            findings.push(format!("{}: a prefix that is neither 02 nor 03", sample.name));
        }
        findings.extend(fair(&format!("{}: prefix 03", sample.name), odd, prefixes.len()));
        for other in &samples[n + 1..] {
            findings.extend(against_each_other(sample, other, X_AND_ALL_BEHIND));
        }
    }
    findings
}

/// OFFERs of one device to a reader that says `hello`.
fn offers(scene: &mut Scene, device: usize, count: usize, hello: &[u8]) -> Sample<'static> {
    let strings = (0..count).map(|_| {
        scene.devices[device].session.select(Transport::Nfc, at_ms(0));
        scene.send(device, 0x10, hello).1
    });
    Sample { name: KINDS[device], strings: strings.collect() }
}

/// So many real tickets of the door for the device that has some.
fn stock_tickets(scene: &mut Scene, count: usize) {
    let mut phone = Phone::new(CRYPTO, scene.world.phone("with many tickets").0);
    let mut held = Vec::new();
    while held.len() < count {
        tap(&mut scene.door, &mut phone, Transport::Nfc, at_ms(0), &mut scene.rng);
        let tickets = phone.wallet.tickets.get_mut(&ReaderId(7)).expect("tickets of the door");
        // One is left for the next tap.
        held.append(&mut tickets.split_off(1));
    }
    scene.devices[0].wallet.tickets.insert(ReaderId(7), held);
}

#[test]
fn the_offers_of_all_devices_to_a_reader_with_a_stolen_certificate_cannot_be_told_apart() {
    let mut scene = Scene::new();
    stock_tickets(&mut scene, OFFERS);
    let hello = scene.strangers()[0].1.clone();
    let samples = [0, 1, 2, 3].map(|device| offers(&mut scene, device, OFFERS, &hello));
    assert!(scene.devices[0].wallet.tickets_held() < 2, "every OFFER had a real ticket");
    assert_eq!(tell_apart(&samples.each_ref()), Findings::new());
    let own = raw::ephemeral(&mut scene.rng);
    for sample in &samples {
        for offer in sample.strings.iter().step_by(8) {
            assert!(CRYPTO.agree(&own, &Point(offer[..33].try_into().unwrap())).is_ok(), "{}", sample.name);
        }
    }
}

#[test]
fn the_offers_of_all_devices_to_a_reader_of_an_unknown_issuer_cannot_be_told_apart() {
    let mut scene = Scene::new();
    let hello = scene.strangers()[1].1.clone();
    let samples = [0, 1, 2, 3].map(|device| offers(&mut scene, device, OFFERS / 2, &hello));
    assert!(!scene.devices[0].wallet.tickets.is_empty(), "no ticket is presented to it");
    assert_eq!(tell_apart(&samples.each_ref()), Findings::new());
}

#[test]
fn a_sabotaged_device_is_told_from_the_others() {
    let mut scene = Scene::new();
    let hello = scene.strangers()[1].1.clone();
    let honest = offers(&mut scene, 2, OFFERS / 2, &hello);
    let made = offers(&mut scene, 3, OFFERS / 2, &hello);
    assert_eq!(tell_apart(&[&honest, &made]), Findings::new());
    type Sabotage = (&'static str, fn(usize, &mut [u8]));
    let sabotages: [Sabotage; 8] = [
        ("a counter in the place of the nonce", |n, offer| {
            offer[33..45].copy_from_slice(&[&[0; 4][..], &n.to_be_bytes()].concat());
        }),
        ("a counter in one octet of it", |n, offer| offer[44] = n.to_be_bytes()[7].wrapping_mul(77)),
        ("a static octet", |_, offer| offer[104] = 0x5A),
        ("a bit of the binder that is mostly set", |n, offer| offer[120] |= u8::from(n % 4 != 0)),
        ("text in the place of random octets", |_, offer| {
            offer[45..105].iter_mut().for_each(|octet| *octet = b'a' + *octet % 26);
        }),
        ("a binder that is part of the ticket", |_, offer| offer.copy_within(33..49, 105)),
        ("one ticket in two taps", |n, offer| {
            if n % (OFFERS / 4) == 5 {
                offer[33..105].copy_from_slice(&[9; 72]);
            }
        }),
        ("only even points", |_, offer| offer[0] = 2),
    ];
    for (name, sabotage) in sabotages {
        let mut strings = made.strings.clone();
        strings.iter_mut().enumerate().for_each(|(n, offer)| sabotage(n, offer));
        let sabotaged = Sample { name, strings };
        assert_ne!(tell_apart(&[&honest, &sabotaged]), Findings::new(), "{name}");
    }
}

#[test]
fn every_device_does_the_same_public_key_operations_for_a_reader_whatever_it_thinks_of_it() {
    let mut scene = Scene::new();
    let readers = scene.strangers();
    for (reader, hello) in &readers {
        for (code, data) in [(0x12, vec![7; 16]), (0x14, vec![7; 241])] {
            let counted: Vec<_> = (0..KINDS.len())
                .map(|device| operations(&mut scene, device, at_ms(0), hello, code, &data))
                .collect();
            assert!(counted.iter().all(|of| of == &counted[0]), "a reader {reader}: {counted:?}");
        }
    }
}

/// What a device asks of the backend for HELLO, and for the command after it.
fn operations(
    scene: &mut Scene,
    device: usize,
    now: Now,
    hello: &[u8],
    code: u8,
    data: &[u8],
) -> [Operations; 2] {
    scene.devices[0].wallet.tickets.clone_from(&scene.tickets);
    let phone = &mut scene.devices[device];
    phone.session.select(Transport::Nfc, now);
    [(0x10, hello), (code, data)].map(|(code, data)| {
        phone.crypto.take();
        phone.answer(now, &mut scene.rng, code, data.to_vec());
        phone.crypto.take()
    })
}

#[test]
fn no_reason_to_refuse_a_reader_changes_the_number_of_public_key_operations() {
    const AT_HELLO: Operations = Operations { key_pairs: 1, agreements: 0, verifications: 1 };
    const AT_CONFIRM: Operations = Operations { key_pairs: 0, agreements: 2, verifications: 0 };
    const AT_OUTCOME: Operations = Operations { key_pairs: 0, agreements: 1, verifications: 0 };
    let site = World::new(1);
    let other_key = IssuerKey { index: IssuerIndex(0), point: World::new(99).issuers().keys()[0].point };
    let other_index = IssuerKey { index: IssuerIndex(2), ..other_key };
    let keys = |key| IssuerKeys::new(site.project, &[key]).unwrap();
    let no_clock = Now { unix: None, ..at_ms(0) };
    let early = Now { unix: Some(UnixTime(START.0 - 61)), ..at_ms(0) };
    let late = Now { unix: Some(UnixTime(START.0 + 366 * 86_400)), ..at_ms(0) };
    let refused = |error| Some(RefusedReader::Certificate(error));
    type Prepare = Box<dyn Fn(&mut Phone<Counting<RustCrypto>>)>;
    let cases: Vec<(Option<RefusedReader>, Now, Prepare)> = vec![
        (None, at_ms(0), Box::new(|_| {})),
        (None, at_ms(0), Box::new(|phone| phone.wallet.tickets.clear())),
        (Some(RefusedReader::UnknownProject), at_ms(0), Box::new(|phone| phone.wallet.issuers.clear())),
        (Some(RefusedReader::UnknownProject), no_clock, Box::new(|phone| phone.wallet.issuers.clear())),
        (refused(ObjectError::BadSignature), at_ms(0), {
            let keys = keys(other_key);
            Box::new(move |phone| phone.wallet.issuers = vec![keys.clone()])
        }),
        (refused(ObjectError::UnknownIssuer), at_ms(0), {
            let keys = keys(other_index);
            Box::new(move |phone| phone.wallet.issuers = vec![keys.clone()])
        }),
        (refused(ObjectError::NotYetValid), early, Box::new(|_| {})),
        (refused(ObjectError::Expired), late, Box::new(|_| {})),
        (Some(RefusedReader::NoClock), no_clock, Box::new(|_| {})),
        (Some(RefusedReader::Revoked), at_ms(0), {
            Box::new(|phone| phone.wallet.revoked_readers.push(ReaderId(7)))
        }),
        (Some(RefusedReader::NoCredential), at_ms(0), Box::new(|phone| phone.wallet.credential = None)),
    ];
    for (reason, now, prepare) in cases {
        for (code, data, after) in [(0x12, vec![7; 16], AT_CONFIRM), (0x14, vec![7; 241], AT_OUTCOME)] {
            let mut scene = Scene::new();
            prepare(&mut scene.devices[0]);
            let tickets = !scene.devices[0].wallet.tickets.is_empty();
            let hello = scene.strangers()[0].1.clone();
            assert_eq!(told(&mut scene, now, &hello), reason);
            if !tickets {
                scene.tickets.clear();
            }
            let counted = operations(&mut scene, 0, now, &hello, code, &data);
            assert_eq!(counted, [AT_HELLO, after], "{reason:?}");
        }
    }
    let mut scene = Scene::new();
    let hello = scene.strangers()[6].1.clone();
    assert_eq!(told(&mut scene, at_ms(0), &hello), Some(RefusedReader::PresenceRequired(Presence::Verified)));
    assert_eq!(operations(&mut scene, 0, at_ms(0), &hello, 0x12, &[7; 16]), [AT_HELLO, AT_CONFIRM]);
    // A certificate that does not decode is nobody's secret: all devices see it at once and check no signature.
    let garbage = scene.strangers()[7].1.clone();
    let malformed = refused(ObjectError::Malformed(DecodeError::Format));
    assert_eq!(told(&mut scene, at_ms(0), &garbage), malformed);
}

/// What the app of the device with a ticket is told about a reader.
fn told(scene: &mut Scene, now: Now, hello: &[u8]) -> Option<RefusedReader> {
    let phone = &mut scene.devices[0];
    phone.session.select(Transport::Nfc, now);
    match phone.answer(now, &mut scene.rng, 0x10, hello.to_vec()).2 {
        Some(DeviceEvent::Refused(refused)) => Some(refused),
        _ => None,
    }
}
