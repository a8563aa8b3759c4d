//! Traces of taps, what is decoded of them, and what becomes of them when they are played again.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::path::{Path, PathBuf};

use simulator::decode::{Conversation, Kind, decode, decode_as};
use simulator::trace::{Record, TraceFile, Tracer, from_hex, of_tap, read};
use simulator::{replay, scenario::Scenario, world::World};

fn every_link() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/wireshark/every-link.toml")
}

fn world() -> World {
    let scenario = Scenario::load(&every_link()).unwrap().unwrap_or_else(|problems| panic!("{problems:?}"));
    scenario.build(None).unwrap()
}

fn records() -> Vec<Record> {
    world().records().iter().flat_map(of_tap).collect()
}

/// The names of the messages of one tap.
fn said(records: &[Record], tap: u64) -> Vec<String> {
    let mut conversation = Conversation::default();
    let said = records.iter().flat_map(|record| conversation.take(record));
    said.filter(|said| said.tap == tap).map(|said| said.name.replace("command APDU ", "")).collect()
}

#[test]
fn every_message_of_a_tap_is_found_over_every_link() {
    let records = records();
    let full = ["HELLO", "OFFER", "CONFIRM", "PROOF", "OUTCOME", "ACK", "REPORT", "RECEIVED"];
    let fast = ["HELLO", "OFFER", "OUTCOME", "ACK", "REPORT", "RECEIVED"];
    assert_eq!(said(&records, 1), [&["SELECT", "SELECT response"], &full[..]].concat());
    assert_eq!(said(&records, 2), [&["SELECT", "SELECT response"], &fast[..]].concat());
    for tap in 3..=8 {
        assert_eq!(said(&records, tap), [&["SELECT response"], &fast[..]].concat(), "tap {tap}");
    }
}

#[test]
fn a_trace_of_a_world_is_the_same_in_both_forms_and_in_every_run() {
    let dir = tempfile::tempdir().unwrap();
    let records = records();
    assert_eq!(records, self::records());
    for name in ["taps.jsonl", "taps.pcapng"] {
        let path = dir.path().join(name);
        let mut file = TraceFile::create(&path).unwrap();
        records.iter().cloned().for_each(|record| file.record(record));
        file.finish().unwrap();
        assert_eq!(read(&path).unwrap(), records, "{name}");
    }
}

#[test]
fn a_tap_that_is_played_again_is_refused_by_either_side_over_every_link() {
    let records = records();
    let mut world = world();
    for tap in 1..=8 {
        for (role, at, why) in [
            (replay::Role::Device, "PROOF", ["authentication failed", "the octets end too early"]),
            (replay::Role::Reader, "", ["authentication failed", "authentication failed"]),
        ] {
            let replayed = replay::play(&records, Some(tap), role, &mut world, None).unwrap();
            let (last, refused) = (replayed.steps.last().unwrap(), replayed.refused.clone().unwrap());
            assert!(!replayed.accepted, "tap {tap}, {role:?}: {replayed}");
            assert!(last.played.contains(at), "tap {tap}, {role:?}: {replayed}");
            assert!(why.iter().any(|why| refused.contains(why)), "tap {tap}, {role:?}: {replayed}");
        }
    }
}

#[test]
fn signed_objects_of_the_second_implementation_are_told_from_one_another() {
    let vectors = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/vectors/objects.json");
    let vectors: serde_json::Value = serde_json::from_slice(&std::fs::read(vectors).unwrap()).unwrap();
    let kind = |name: &str| match name {
        "reader_certificate" => Kind::Certificate,
        "credential" => Kind::Credential,
        "revocation_list" => Kind::RevocationList,
        "time_token" => Kind::TimeToken,
        "reader_configuration" => Kind::Configuration,
        other => panic!("{other}"),
    };
    let mut seen = 0;
    for case in vectors["cases"].as_array().unwrap().iter().filter(|case| case["expect"] == "valid") {
        let octets = from_hex(case["octets"].as_str().unwrap()).unwrap();
        let kind = kind(case["kind"].as_str().unwrap());
        let name = case["name"].as_str().unwrap();
        assert_eq!(decode(&octets).first().map(|decoded| decoded.kind), Some(kind), "{name}");
        for length in 0..octets.len() {
            assert!(decode_as(&octets[..length], kind).is_err(), "{name}, {length} octets");
        }
        seen += 1;
    }
    assert!(seen >= 5, "{seen}");
    let sealed = vectors["sealed"][0]["sealed"].as_str().unwrap();
    let sealed = &decode(&from_hex(sealed).unwrap())[0];
    assert_eq!(sealed.kind, Kind::SealedConfiguration);
    assert!(sealed.fields.iter().any(|field| field.sealed));
}

#[test]
fn what_is_sealed_is_said_to_be_so_and_nothing_else_is() {
    let records = records();
    let mut conversation = Conversation::default();
    for said in records.iter().flat_map(|record| conversation.take(record)) {
        let has_sealed = said.fields.iter().flat_map(|field| &field.fields).any(|field| field.sealed);
        let wanted =
            ["PROOF", "OUTCOME", "REPORT", "RECEIVED", "ACK"].iter().any(|name| said.name.ends_with(name));
        assert_eq!(has_sealed, wanted, "{}", said.name);
    }
}
