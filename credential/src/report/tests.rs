#![expect(clippy::arithmetic_side_effects, reason = "tests")]

use std::vec::Vec;

use rand::SeedableRng;
use rand::rngs::StdRng;

use super::*;
use crate::crypto::{Crypto, RustCrypto, Signature};
use crate::error::DecodeError;
use crate::id::{LogId, ProjectId, ReaderId, Serial};
use crate::reader::{DenyReason, Path};
use crate::time::UnixTime;

const PROJECT: ProjectId = ProjectId(*b"project1");
const READER: ReaderId = ReaderId(7);
const LOG: LogId = LogId(*b"log id 1");

/// The same keys as the reader and as the manager derive them.
fn both(reader: ReaderId) -> (ReportKeys, ReportKeys) {
    let mut rng = StdRng::seed_from_u64(4);
    let (own, report) = (RustCrypto.generate(&mut rng).unwrap(), RustCrypto.generate(&mut rng).unwrap());
    let (own_point, report_point) = (RustCrypto.public_point(&own), RustCrypto.public_point(&report));
    (
        ReportKeys::derive(&RustCrypto, &own, &report_point, PROJECT, reader).unwrap(),
        ReportKeys::derive(&RustCrypto, &report, &own_point, PROJECT, READER).unwrap(),
    )
}

fn events() -> Vec<Event<'static>> {
    let evidence = Evidence {
        time: Some(UnixTime(9)),
        transcript: [1; 32],
        signature: Signature([2; 64]),
        credential: &[3; 126],
    };
    let mut events = Vec::from([
        Event::Started { configuration: 3 },
        Event::GrantedFull(evidence),
        Event::GrantedFast { serial: Serial(u64::MAX) },
        Event::GrantedOther,
        Event::Denied { reason: DenyReason::Revoked, path: Path::Full, serial: Some(Serial(1)) },
        Event::Denied { reason: DenyReason::Unknown(99), path: Path::Fast, serial: None },
        Event::ListTaken { version: 41 },
        Event::TimeTaken { before: None },
        Event::TimeTaken { before: Some(UnixTime(1)) },
        Event::ConfigurationTaken { version: 2 },
        Event::Tamper { open: true },
        Event::Tamper { open: false },
        Event::SelfTest { failed: None },
        Event::SelfTest { failed: Some(3) },
        Event::Unknown { kind: 200, body: b"of a later version" },
    ]);
    events.extend((1..=9).map(|code| Event::Failed { blame: Blame::from_code(code), count: 5 }));
    events
}

/// Contents with every kind of event, their numbers from 5 on.
fn contents() -> Vec<u8> {
    let mut octets = std::vec![0; 2048];
    let mut rest = write_head(LOG, 5, &mut octets).unwrap();
    let mut length = CONTENTS_HEAD_OCTETS;
    for (sequence, event) in (5..).zip(events()) {
        let written = Entry { sequence, time: Some(UnixTime(1000)), event }.encode(rest).unwrap();
        length += written;
        rest = &mut rest[written..];
    }
    octets.truncate(length);
    octets
}

fn sealed(keys: &ReportKeys, contents: &[u8]) -> Vec<u8> {
    let mut report = std::vec![0; contents.len() + REPORT_OVERHEAD];
    let fill = &mut |room: &mut [u8]| {
        room[..contents.len()].copy_from_slice(contents);
        contents.len()
    };
    let length = keys.seal(&RustCrypto, &mut StdRng::seed_from_u64(1), fill, &mut report).unwrap();
    assert_eq!(length, report.len());
    report
}

#[test]
fn what_a_reader_reports_comes_back_at_the_manager() {
    let (reader, manager) = both(READER);
    let mut report = sealed(&reader, &contents());
    let opened = ReportContents::decode(manager.open(&RustCrypto, &mut report).unwrap()).unwrap();
    assert_eq!((opened.log, opened.oldest), (LOG, 5));
    let entries: Vec<Entry<'_>> = opened.entries().collect();
    assert_eq!(entries.iter().map(|entry| entry.event).collect::<Vec<_>>(), events());
    assert!(entries.iter().zip(5..).all(|(entry, sequence)| entry.sequence == sequence));
}

#[test]
fn every_bit_flip_and_every_truncation_of_a_report_is_refused() {
    let (reader, manager) = both(READER);
    let report = sealed(&reader, &contents()[..60]);
    for bit in 0..report.len() * 8 {
        let mut flipped = report.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        assert!(manager.open(&RustCrypto, &mut flipped).is_err());
    }
    for length in 0..report.len() {
        assert!(manager.open(&RustCrypto, &mut report[..length].to_vec()).is_err());
    }
}

#[test]
fn a_report_of_another_reader_does_not_open() {
    let (reader, manager) = both(ReaderId(8));
    assert!(manager.open(&RustCrypto, &mut sealed(&reader, &contents())).is_err());
}

#[test]
fn a_report_key_that_is_not_on_the_curve_is_refused() {
    let own = RustCrypto.generate(&mut StdRng::seed_from_u64(1)).unwrap();
    let off_curve = crate::crypto::Point::from((2, [0xFF; 32]));
    assert!(ReportKeys::derive(&RustCrypto, &own, &off_curve, PROJECT, READER).is_err());
}

#[test]
fn every_truncation_of_the_contents_is_refused_or_ends_with_an_entry() {
    let whole = contents();
    let mut ends = Vec::new();
    let mut rest = &whole[CONTENTS_HEAD_OCTETS..];
    while !rest.is_empty() {
        rest = Entry::decode(rest).unwrap().1;
        ends.push(whole.len() - rest.len());
    }
    for length in 0..whole.len() {
        assert_eq!(ReportContents::decode(&whole[..length]).is_ok(), ends.contains(&length), "{length}");
    }
}

#[test]
fn contents_without_an_entry_or_out_of_order_are_refused() {
    let of = |oldest: u32, sequences: &[u32]| {
        let mut octets = std::vec![0; 100];
        let mut rest = write_head(LOG, oldest, &mut octets).unwrap();
        let mut length = CONTENTS_HEAD_OCTETS;
        for &sequence in sequences {
            let written = Entry { sequence, time: None, event: Event::GrantedOther }.encode(rest).unwrap();
            length += written;
            rest = &mut rest[written..];
        }
        ReportContents::decode(&octets[..length]).map(|contents| contents.entries().count())
    };
    assert_eq!(of(1, &[1, 2, 9]), Ok(3));
    assert_eq!(of(1, &[]), Err(DecodeError::Count));
    assert_eq!(of(0, &[1]), Err(DecodeError::Count));
    assert_eq!(of(2, &[1]), Err(DecodeError::NotSorted));
    assert_eq!(of(1, &[1, 1]), Err(DecodeError::NotSorted));
    assert_eq!(of(1, &[2, 1]), Err(DecodeError::NotSorted));
    assert_eq!(of(1, &[u32::MAX, 1]), Err(DecodeError::NotSorted));
}

#[test]
fn a_body_that_does_not_fit_its_kind_is_kept_as_unknown() {
    for (kind, body) in [(3, &b"short"[..]), (10, &[2]), (5, &[1, 7]), (5, &[1, 0, 0]), (4, &[0])] {
        assert_eq!(Event::from_body(kind, body), Event::Unknown { kind, body });
    }
}

#[test]
fn an_acknowledgement_holds_for_its_reader_and_not_when_changed() {
    let (reader, manager) = both(READER);
    let said = Acknowledged { log: LOG, up_to: 77 };
    let made = Acknowledgement::make(&RustCrypto, &manager, said);
    assert_eq!(made.verify(&RustCrypto, &reader), Some(said));
    for bit in 0..Acknowledgement::OCTETS * 8 {
        let mut flipped = made;
        flipped.0[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(flipped.verify(&RustCrypto, &reader), None);
    }
    assert_eq!(made.verify(&RustCrypto, &both(ReaderId(8)).0), None);
}

#[test]
fn a_report_for_which_there_is_no_room_is_not_made() {
    let (reader, _) = both(READER);
    let mut rng = StdRng::seed_from_u64(1);
    for (octets, filled) in [(REPORT_OVERHEAD - 1, 1), (REPORT_OVERHEAD, 0), (100, 0), (100, 101)] {
        let made = reader.seal(&RustCrypto, &mut rng, &mut |_| filled, &mut std::vec![0; octets]);
        assert_eq!(made, None);
    }
}
