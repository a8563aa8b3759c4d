//! What readers report through phones: taken once, verified, kept in a chain, acknowledged.

use credential::crypto::{Crypto, Point, RustCrypto, Signer};
use credential::id::{LogId, ReaderId as OnAir, Serial};
use credential::object::{ReaderConfiguration, open_sealed};
use credential::reader::{DenyReason, Path};
use credential::report::{
    Acknowledgement, CONTENTS_HEAD_OCTETS, Entry, Event, Evidence, REPORT_OVERHEAD, ReportKeys, write_head,
};
use credential::secret::Secret;
use credential::time::UnixTime;
use getrandom::SysRng;
use getrandom::rand_core::UnwrapErr;
use manager::domain::{ReaderId, to_base64url};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{START, Served, octets};

const LOG: LogId = LogId(*b"a log id");

/// An enrolled reader that reports.
struct Reporter {
    id: u32,
    keys: ReportKeys,
}

impl Reporter {
    async fn enrol(served: &Served, number: u8) -> Self {
        let scalar = Secret::new([number; 32]);
        let own = RustCrypto.agreement_key(&scalar).unwrap();
        let point = RustCrypto.public_point(&own);
        let body = json!({ "name": "Door", "public_key": to_base64url(&point.0) });
        let enrolled = served.admin(Method::POST, "/v1/readers", body).await.expect(StatusCode::CREATED);
        let id = u32::try_from(enrolled["reader_id"].as_u64().unwrap()).unwrap();
        let mut sealed = octets(&enrolled["configuration"]);
        let configuration = ReaderConfiguration::decode(open_sealed(&scalar, &mut sealed).unwrap()).unwrap();
        let report_key: Point = configuration.report_key.unwrap();
        let project = configuration.issuers.project();
        let keys = ReportKeys::derive(&RustCrypto, &own, &report_key, project, OnAir(id)).unwrap();
        Self { id, keys }
    }

    fn report(&mut self, log: LogId, oldest: u32, events: &[(u32, Event<'_>)]) -> Value {
        let mut octets = vec![0; 2000];
        let fill = &mut |room: &mut [u8]| {
            let mut rest = write_head(log, oldest, room).unwrap();
            let mut length = CONTENTS_HEAD_OCTETS;
            for (sequence, event) in events {
                let entry = Entry { sequence: *sequence, time: Some(UnixTime(START.0)), event: *event };
                let written = entry.encode(rest).unwrap();
                length = length.saturating_add(written);
                rest = &mut rest[written..];
            }
            length
        };
        let length = self.keys.seal(&RustCrypto, &mut UnwrapErr(SysRng), fill, &mut octets).unwrap();
        assert!(length > REPORT_OVERHEAD);
        json!({ "reader": self.id, "report": to_base64url(&octets[..length]) })
    }

    fn acknowledged(&self, result: &Value) -> u32 {
        let octets = octets(&result["acknowledgement"]);
        let acknowledgement = Acknowledgement(octets.try_into().unwrap());
        acknowledgement.verify(&RustCrypto, &self.keys).unwrap().up_to
    }
}

async fn carry(served: &Served, reports: &[Value]) -> Vec<Value> {
    let answer = served.post("/v1/reports", json!({ "reports": reports })).await.expect(StatusCode::OK);
    answer["results"].as_array().unwrap().clone()
}

async fn events(served: &Served, reader: u32) -> Value {
    let path = format!("/v1/readers/{reader}/events");
    served.admin(Method::GET, &path, Value::Null).await.expect(StatusCode::OK)
}

fn visit(serial: u64) -> Event<'static> {
    Event::GrantedFast { serial: Serial(serial) }
}

#[tokio::test]
async fn an_entry_is_kept_once_however_often_it_comes() {
    let served = Served::start().await;
    let mut door = Reporter::enrol(&served, 9).await;
    let first = door.report(LOG, 1, &[(1, Event::Started { configuration: 1 }), (2, visit(7))]);
    let again = door.report(LOG, 1, &[(2, visit(7)), (3, visit(8))]);
    let results = carry(&served, &[first.clone(), again.clone(), first, again]).await;
    let up_to: Vec<u32> = results.iter().map(|result| door.acknowledged(result)).collect();
    assert_eq!(up_to, [2, 3, 3, 3]);
    let listed = events(&served, door.id).await;
    let numbers: Vec<u64> =
        listed["events"].as_array().unwrap().iter().map(|event| event["number"].as_u64().unwrap()).collect();
    assert_eq!(numbers, [1, 2, 3]);
    assert_eq!(listed["logs"][0]["missing"], 0);
    assert_eq!(served.manager.verify_events().await.unwrap(), Ok(3));
    served.stop().await;
}

#[tokio::test]
async fn what_is_missing_shows_and_is_not_acknowledged_before_it_is_lost() {
    let served = Served::start().await;
    let mut door = Reporter::enrol(&served, 9).await;
    let ahead = door.report(LOG, 1, &[(4, visit(4)), (5, visit(5))]);
    assert_eq!(door.acknowledged(&carry(&served, &[ahead]).await[0]), 0);
    assert_eq!(events(&served, door.id).await["logs"][0]["missing"], 3);
    let behind = door.report(LOG, 1, &[(1, visit(1)), (2, visit(2))]);
    assert_eq!(door.acknowledged(&carry(&served, &[behind]).await[0]), 2);
    // The reader no longer holds number 3.
    let later = door.report(LOG, 4, &[(6, visit(6))]);
    assert_eq!(door.acknowledged(&carry(&served, &[later]).await[0]), 6);
    let log = &events(&served, door.id).await["logs"][0];
    assert_eq!((&log["missing"], &log["newest"], &log["arrived"]), (&json!(1), &json!(6), &json!(5)));
    // A reader that lost its log begins another, whose numbers are others.
    let other = door.report(LogId([3; 8]), 1, &[(1, visit(1))]);
    assert_eq!(door.acknowledged(&carry(&served, &[other]).await[0]), 1);
    assert_eq!(served.manager.verify_events().await.unwrap(), Ok(6));
    served.stop().await;
}

#[tokio::test]
async fn a_receipt_is_verified_and_a_tap_is_told_of_its_user() {
    let (served, phone, answer) = Served::with_active_anna().await;
    let mut door = Reporter::enrol(&served, 9).await;
    let credential = octets(&answer["credential"]);
    let serial = served.credential(&answer).fields().serial;
    let signed = |reader: u32| {
        let message = [b"ostiary tap\0".as_slice(), &reader.to_be_bytes(), &START.0.to_be_bytes(), &[5; 32]];
        phone.key.sign(&message).unwrap()
    };
    let evidence = |reader| Evidence {
        time: Some(UnixTime(START.0)),
        transcript: [5; 32],
        signature: signed(reader),
        credential: &credential,
    };
    let denied = Event::Denied { reason: DenyReason::Revoked, path: Path::Full, serial: Some(serial) };
    let taps = [
        (1, Event::GrantedFull(evidence(door.id))),
        (2, Event::GrantedFull(evidence(door.id.saturating_add(1)))),
        (3, Event::GrantedFast { serial }),
        (4, denied),
        (5, visit(9_999)),
    ];
    let report = door.report(LOG, 1, &taps);
    carry(&served, &[report]).await;
    let listed = events(&served, door.id).await;
    let receipts: Vec<&Value> =
        listed["events"].as_array().unwrap().iter().map(|event| &event["receipt"]).collect();
    assert_eq!(receipts, [&json!("holds"), &json!("broken"), &Value::Null, &Value::Null, &Value::Null]);
    let path = served.anna("events").await;
    let hers = served.admin(Method::GET, &path, Value::Null).await.expect(StatusCode::OK);
    let hers: Vec<(&str, u64)> = hers["events"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| (event["event"].as_str().unwrap(), event["number"].as_u64().unwrap()))
        .collect();
    // What a receipt does not prove is nobody's.
    assert_eq!(hers, [("granted", 1), ("granted", 3), ("denied", 4)]);
    served.stop().await;
}

#[tokio::test]
async fn what_is_no_report_of_the_reader_is_refused_and_the_others_are_taken() {
    let served = Served::start().await;
    let mut door = Reporter::enrol(&served, 9).await;
    let mut other = Reporter::enrol(&served, 8).await;
    let good = door.report(LOG, 1, &[(1, visit(1))]);
    let mut of_other = other.report(LOG, 1, &[(1, visit(1))]);
    of_other["reader"] = json!(door.id);
    let mut unknown = good.clone();
    unknown["reader"] = json!(99);
    let no_text = json!({ "reader": door.id, "report": "not base64url!" });
    let results = carry(&served, &[of_other, unknown, no_text, good]).await;
    for refused in &results[..3] {
        assert_eq!((&refused["code"], &refused["acknowledgement"]), (&json!("report-invalid"), &Value::Null));
    }
    assert_eq!(door.acknowledged(&results[3]), 1);
    let many = vec![json!({ "reader": 1, "report": "" }); 9];
    served.post("/v1/reports", json!({ "reports": many })).await.problem(400, "request-invalid");
    served.stop().await;
}

#[tokio::test]
async fn a_reader_that_took_a_list_is_known_to_have_it() {
    let served = Served::start().await;
    let mut door = Reporter::enrol(&served, 9).await;
    served.admin(Method::POST, "/v1/revocation-list", json!({})).await.expect(StatusCode::OK);
    let events = [(1, Event::ListTaken { version: 1 }), (2, Event::ListTaken { version: 77 })];
    let report = door.report(LOG, 1, &events);
    carry(&served, &[report]).await;
    let listed = served.manager.reader_events(ReaderId(door.id), 0, 10).await.unwrap();
    assert_eq!(listed.iter().map(|event| event.event).collect::<Vec<_>>(), ["list_taken", "list_taken"]);
    served.stop().await;
}
