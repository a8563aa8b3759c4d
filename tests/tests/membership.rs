//! To a reader that cannot pass CONFIRM every device looks the same: of the site or not, with a ticket or without.

#![expect(clippy::indexing_slicing, reason = "tests")]

use credential::crypto::{Counting, Crypto, Operations, RustCrypto};
use credential::device::{DeviceEvent, RefusedReader};
use credential::error::{DecodeError, ObjectError};
use credential::id::{IssuerIndex, ReaderId};
use credential::iso7816::StatusWord;
use credential::object::{IssuerKey, IssuerKeys, Presence, ReaderCertificate};
use credential::reader::{Reader, ReaderSettings};
use credential::time::{Now, UnixTime, Validity};
use credential::transport::Transport;
use tests::pair::{Door, Phone, tap};
use tests::raw;
use tests::strangers::{KINDS, Scene};
use tests::world::{CRYPTO, START, World, at_ms};

/// Octets of HELLO's command data.
const HELLO_OCTETS: usize = 159;

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
                            let (status, response) = scene.send(device, *code, data);
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
        let settings =
            ReaderSettings { certificate, issuers: scene.world.issuers(), tickets: true, report_key: None };
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
