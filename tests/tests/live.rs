//! Taps over TCP between this implementation and the second one, in both role assignments.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::path::Path as FilePath;

use credential::crypto::RustCrypto;
use credential::id::{LogId, ReaderId, Serial};
use credential::reader::{DenyReason, Outcome, Path, Verdict};
use credential::report::{Acknowledged, Acknowledgement, CONTENTS_HEAD_OCTETS, Entry, Event, write_head};
use credential::time::UnixTime;
use rand::SeedableRng;
use rand::rngs::StdRng;
use serde_json::json;
use tests::live::cast::{Cast, USER_ID};
use tests::live::python::{Line, Python, Role};
use tests::live::wire::Wire;
use tests::live::{device_tap, reader_tap};
use tests::pair::{Door, Tap};
use tests::world::{CRYPTO, START, at_ms};

const LATER: UnixTime = UnixTime(START.0 + 3600);

fn start(role: Role, cast: &Cast, name: &str, taps: usize) -> Python {
    let file = FilePath::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}.json"));
    Python::listen(role, &cast.material(), &file, taps)
}

/// Taps at this implementation's door by the other one's device.
fn at_our_door(cast: &mut Cast, name: &str, verdicts: &[Verdict]) -> (Vec<Tap>, Vec<Line>) {
    let python = start(Role::Device, cast, name, verdicts.len());
    let mut door: Door<RustCrypto> = cast.door();
    let mut rng = StdRng::seed_from_u64(1);
    let mut taps = Vec::new();
    for (ms, verdict) in (0..).step_by(1000).zip(verdicts) {
        door.verdict = *verdict;
        let mut wire = Wire::connect(python.address).unwrap();
        taps.push(reader_tap(&mut door, &mut wire, at_ms(ms), &mut rng).unwrap());
    }
    (taps, python.finish())
}

/// Taps of this implementation's device at the other one's door.
fn with_our_phone(cast: &Cast, name: &str, taps: usize) -> (Vec<Tap>, Vec<Line>) {
    let python = start(Role::Reader, cast, name, taps);
    let mut phone = cast.phone();
    let mut rng = StdRng::seed_from_u64(2);
    let taps = (0..).step_by(1000).take(taps).map(|ms| {
        let mut wire = Wire::connect(python.address).unwrap();
        device_tap(&mut phone, &mut wire, at_ms(ms), &mut rng).unwrap()
    });
    (taps.collect(), python.finish())
}

fn line(path: &str, reason: Option<u8>, brought: Vec<serde_json::Value>) -> Line {
    let result = if reason.is_none() { "grant" } else { "deny" }.to_owned();
    Line { path: path.to_owned(), result, reason, user_id: USER_ID.to_owned(), brought, reported: None }
}

fn decisions(taps: &[Tap]) -> Vec<(Path, Result<&str, DenyReason>)> {
    let decided = taps.iter().map(|tap| {
        let decision = tap.decision.as_ref().unwrap();
        let outcome = match &decision.outcome {
            Outcome::Grant(user_id) => Ok(user_id.as_str()),
            Outcome::Deny(reason) => Err(*reason),
        };
        (decision.path, outcome)
    });
    decided.collect()
}

fn reports(taps: &[Tap]) -> Vec<(Path, Result<(), DenyReason>)> {
    taps.iter().map(|tap| tap.report.as_ref().map(|report| (report.path, report.result)).unwrap()).collect()
}

#[test]
fn our_door_takes_their_phone_first_on_the_full_path_and_then_on_the_fast_one() {
    let mut cast = Cast::new(11);
    let (taps, lines) = at_our_door(&mut cast, "our-door", &[Verdict::Stands; 4]);
    let fast = (Path::Fast, Ok(USER_ID));
    assert_eq!(decisions(&taps), [(Path::Full, Ok(USER_ID)), fast, fast, fast]);
    let fast = || line("fast", None, vec![]);
    assert_eq!(lines, [line("full", None, vec![]), fast(), fast(), fast()]);
    let receipt = taps[0].decision.as_ref().unwrap().receipt.as_ref().unwrap();
    assert_eq!(receipt.reader, ReaderId(7));
    receipt.verify(&RustCrypto, &cast.world.issuers()).unwrap();
}

#[test]
fn our_phone_opens_their_door_first_on_the_full_path_and_then_on_the_fast_one() {
    let cast = Cast::new(12);
    let (taps, lines) = with_our_phone(&cast, "our-phone", 4);
    let fast = (Path::Fast, Ok(()));
    assert_eq!(reports(&taps), [(Path::Full, Ok(())), fast, fast, fast]);
    let fast = || line("fast", None, vec![]);
    assert_eq!(lines, [line("full", None, vec![]), fast(), fast(), fast()]);
}

/// A report of one visit, for which the device has room, and an acknowledgement of what came before.
fn reporting(seed: u64) -> Cast {
    let mut cast = Cast::new(seed);
    let log = LogId([9; 8]);
    let mut contents = vec![0; 100];
    let room = write_head(log, 5, &mut contents).unwrap();
    let visit = Entry { sequence: 5, time: Some(START), event: Event::GrantedFast { serial: Serial(3) } };
    let length = CONTENTS_HEAD_OCTETS.saturating_add(visit.encode(room).unwrap());
    contents.truncate(length);
    cast.contents = Some(contents);
    cast.report_room = Some(200);
    let said = Acknowledged { log, up_to: 4 };
    cast.acknowledgement = Some(Acknowledgement::make(&CRYPTO, &cast.report_keys(), said));
    cast
}

fn reported(path: &str) -> Line {
    let room = json!({ "kind": "report_room", "octets": 200 });
    let acknowledgement = json!({ "kind": "report_acknowledgement", "up_to": 4 });
    Line { reported: Some(true), ..line(path, None, vec![room, acknowledgement]) }
}

#[test]
fn their_phone_takes_a_report_of_our_door_and_brings_an_acknowledgement() {
    let mut cast = reporting(15);
    let (taps, lines) = at_our_door(&mut cast, "their-carrier", &[Verdict::Stands; 2]);
    for tap in &taps {
        assert_eq!((tap.reported, tap.acknowledged.unwrap().up_to), (Some(true), 4));
    }
    assert_eq!(lines, [reported("full"), reported("fast")]);
}

#[test]
fn our_phone_takes_a_report_of_their_door_and_their_manager_could_read_it() {
    let cast = reporting(16);
    let python = start(Role::Reader, &cast, "our-carrier", 2);
    let (mut phone, mut rng) = (cast.phone(), StdRng::seed_from_u64(2));
    for ms in [0, 1000] {
        let mut wire = Wire::connect(python.address).unwrap();
        assert_eq!(device_tap(&mut phone, &mut wire, at_ms(ms), &mut rng).unwrap().kept, Some(true));
    }
    let lines = python.finish();
    let unordered = |mut line: Line| {
        line.brought.sort_by_key(ToString::to_string);
        line
    };
    let expected = [reported("full"), reported("fast")].map(unordered);
    assert_eq!(lines.into_iter().map(unordered).collect::<Vec<_>>(), expected);
    for (reader, mut report) in phone.wallet.reports {
        assert_eq!(reader, ReaderId(7));
        let contents = cast.report_keys().open(&CRYPTO, &mut report).unwrap().to_vec();
        assert_eq!(Some(contents), cast.contents);
    }
}

#[test]
fn their_phone_brings_our_door_a_list_and_the_time() {
    let mut cast = courier(13);
    let (taps, lines) = at_our_door(&mut cast, "their-courier", &[Verdict::Stands; 2]);
    assert_eq!(taps[0].list_taken, Some(5));
    assert_eq!(taps[0].time_taken.unwrap().fields().time, LATER);
    // The list is not brought again; the token is, because the door still asks for one.
    let token = json!({ "kind": "time_token", "time": LATER.0 });
    let list = json!({ "kind": "revocation_list", "version": 5 });
    assert_eq!(lines, [line("full", None, vec![list, token.clone()]), line("fast", None, vec![token])]);
}

#[test]
fn our_phone_brings_their_door_a_list_and_the_time() {
    let cast = courier(14);
    let (taps, lines) = with_our_phone(&cast, "our-courier", 2);
    let brought = taps.iter().map(|tap| {
        let report = tap.report.as_ref().unwrap();
        (report.brought_list, report.brought_time)
    });
    assert_eq!(brought.collect::<Vec<_>>(), [(true, true), (false, true)]);
    let token = json!({ "kind": "time_token", "time": LATER.0 });
    let list = json!({ "kind": "revocation_list", "version": 5 });
    // Their door takes the token once: the second time it does not move the clock forward.
    assert_eq!(lines, [line("full", None, vec![list, token]), line("fast", None, vec![])]);
}

#[test]
fn a_list_that_their_phone_brings_revokes_it_at_our_door() {
    let mut cast = revoked(15);
    let (taps, lines) = at_our_door(&mut cast, "their-revoked", &[Verdict::Stands; 2]);
    let denied = (Path::Full, Err(DenyReason::Revoked));
    assert_eq!(decisions(&taps), [(Path::Full, Ok(USER_ID)), denied]);
    let list = json!({ "kind": "revocation_list", "version": 5 });
    assert_eq!(lines, [line("full", None, vec![list]), line("full", Some(4), vec![])]);
}

#[test]
fn a_list_that_our_phone_brings_revokes_it_at_their_door() {
    let cast = revoked(16);
    let (taps, lines) = with_our_phone(&cast, "our-revoked", 2);
    assert_eq!(reports(&taps), [(Path::Full, Ok(())), (Path::Full, Err(DenyReason::Revoked))]);
    let list = json!({ "kind": "revocation_list", "version": 5 });
    assert_eq!(lines, [line("full", None, vec![list]), line("full", Some(4), vec![])]);
}

#[test]
fn their_phone_is_told_that_the_owner_of_our_door_refuses_on_either_path() {
    let mut cast = Cast::new(17);
    let verdicts = [Verdict::Refused, Verdict::Stands, Verdict::Refused, Verdict::Stands];
    let (taps, lines) = at_our_door(&mut cast, "our-owner", &verdicts);
    let paths: Vec<Path> = decisions(&taps).iter().map(|(path, _)| *path).collect();
    // A tap that is refused gives no tickets; of the two of the second tap one is left for the last.
    assert_eq!(paths, [Path::Full, Path::Full, Path::Fast, Path::Fast]);
    let told = [("full", Some(6)), ("full", None), ("fast", Some(6)), ("fast", None)];
    assert_eq!(lines, told.map(|(path, reason)| line(path, reason, vec![])));
}

#[test]
fn their_phone_gives_a_decoy_to_a_door_of_ours_that_it_does_not_know() {
    let mut cast = Cast::new(18);
    let python = start(Role::Device, &cast, "their-decoy", 1);
    let mut stranger = Cast::new(19);
    let mut wire = Wire::connect(python.address).unwrap();
    let now = at_ms(0);
    let failed = reader_tap(&mut stranger.door(), &mut wire, now, &mut cast.world.rng);
    let error = failed.unwrap_err().downcast::<credential::error::Error>().unwrap();
    let refused = credential::error::PeerMisbehaved::Status(0x6982);
    assert_eq!(error, credential::error::Error::PeerMisbehaved(refused));
}

/// The device has a newer list and a token that is ahead of both clocks; the reader asks for the time.
fn courier(seed: u64) -> Cast {
    let mut cast = Cast::new(seed);
    cast.list = Some((5, cast.world.revocation_list(5, &[], &[])));
    cast.time_token = Some(cast.world.time_token(LATER));
    cast.wants_time = true;
    cast
}

/// The device has a list with itself on it.
fn revoked(seed: u64) -> Cast {
    let mut cast = Cast::new(seed);
    cast.list = Some((5, cast.world.revocation_list(5, &[cast.serial], &[])));
    cast
}
