//! Readers: a certificate for a key that stays in the reader, and a configuration that only it opens.

use credential::crypto::{Crypto, Point, RustCrypto};
use credential::object::{OutputFormat, Presence, VerifiedCertificate, VerifiedConfiguration, open_sealed};
use credential::secret::Secret;
use manager::domain::to_base64url;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{DAY, START, Served, octets};

/// A reader's private scalar and public key.
fn reader_key(number: u8) -> (Secret<32>, Point) {
    let scalar = Secret::new([number; 32]);
    let key = RustCrypto.agreement_key(&scalar).unwrap();
    (scalar, RustCrypto.public_point(&key))
}

/// A compressed point whose x coordinate no point of the curve has.
fn not_on_the_curve() -> Point {
    let candidates = (0..=255).map(|last| {
        let mut octets = [0; 33];
        (octets[0], octets[32]) = (2, last);
        octets
    });
    Point(candidates.into_iter().find(|octets| p256::PublicKey::from_sec1_bytes(octets).is_err()).unwrap())
}

async fn enrol(served: &Served, key: &Point, more: Value) -> crate::support::Answer {
    let mut body = json!({ "name": "Front door", "public_key": to_base64url(&key.0) });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    served.admin(Method::POST, "/v1/readers", body).await
}

fn open(answer: &Value, scalar: &Secret<32>, own: &Point, served: &Served) -> VerifiedConfiguration {
    let mut sealed = octets(&answer["configuration"]);
    let opened = open_sealed(scalar, &mut sealed).unwrap();
    VerifiedConfiguration::verify(&RustCrypto, opened, &served.manager.issuer_keys(), own, None).unwrap()
}

#[tokio::test]
async fn an_enrolled_reader_gets_a_certificate_and_a_configuration_of_its_own() {
    let served = Served::start().await;
    let (scalar, key) = reader_key(9);
    let wiegand = json!({ "wiegand": {
        "number": "decimal", "bits": 26, "facility_bits": 8, "facility_code": 12, "parity": "even_odd",
    } });
    let more = json!({ "presence": "verified", "output": wiegand });
    let enrolled = enrol(&served, &key, more).await.expect(StatusCode::CREATED);
    assert_eq!((&enrolled["reader_id"], &enrolled["configuration_version"]), (&json!(1), &json!(1)));
    let certificate = octets(&enrolled["certificate"]);
    let keys = &served.manager.issuer_keys();
    let verified = VerifiedCertificate::verify(&RustCrypto, &certificate, keys, START).unwrap();
    assert_eq!(verified.fields().presence, Presence::Verified);
    assert_eq!(verified.fields().public_key, key);

    let configuration = open(&enrolled, &scalar, &key, &served);
    let fields = configuration.fields();
    assert_eq!(fields.certificate.as_slice(), certificate);
    assert_eq!(fields.list_version, 0);
    let OutputFormat::Wiegand(output) = fields.output else { panic!("{:?}", fields.output) };
    assert_eq!((output.bits, output.facility_bits, output.facility), (26, 8, 12));
    let other = reader_key(8).0;
    assert!(open_sealed(&other, &mut octets(&enrolled["configuration"])).is_err());
    served.stop().await;
}

#[tokio::test]
async fn a_configuration_is_made_anew_only_when_something_changed() {
    let (served, _, _) = Served::with_active_anna().await;
    let (scalar, key) = reader_key(9);
    let enrolled = enrol(&served, &key, json!({})).await.expect(StatusCode::CREATED);
    let path = "/v1/readers/1/configuration";
    let same = served.admin(Method::GET, path, Value::Null).await.expect(StatusCode::OK);
    assert_eq!(same, enrolled);
    served.admin(Method::POST, &served.anna("revocation").await, json!({})).await.expect(StatusCode::OK);
    let newer = served.admin(Method::GET, path, Value::Null).await.expect(StatusCode::OK);
    assert_eq!(newer["configuration_version"], 2);
    assert_eq!(open(&newer, &scalar, &key, &served).fields().list_version, 1);
    assert_eq!(newer["certificate"], enrolled["certificate"]);

    served.clock.advance(2 * 365 * DAY * 3 / 4);
    let renewed = served.admin(Method::GET, path, Value::Null).await.expect(StatusCode::OK);
    assert_eq!(renewed["configuration_version"], 3);
    assert_ne!(renewed["certificate"], enrolled["certificate"]);
    served.stop().await;
}

#[tokio::test]
async fn readers_that_cannot_be_enrolled_are_refused_with_the_reason() {
    let served = Served::start().await;
    let (_, key) = reader_key(9);
    let mut other_form = key;
    other_form.0[0] = 5;
    for no_point in [other_form, Point([0; 33]), Point([2; 33].map(|octet| octet | 0xF0)), not_on_the_curve()]
    {
        enrol(&served, &no_point, json!({})).await.problem(422, "reader-key-invalid");
    }
    enrol(&served, &key, json!({ "name": " " })).await.problem(422, "reader-name-invalid");
    enrol(&served, &key, json!({ "presence": "awake" })).await.problem(400, "request-invalid");
    let output = json!({ "output": { "wiegand": {
        "number": "decimal", "bits": 26, "facility_bits": 8, "facility_code": 256, "parity": "even_odd",
    } } });
    enrol(&served, &key, output).await.problem(422, "output-format-invalid");
    enrol(&served, &key, json!({})).await.expect(StatusCode::CREATED);
    enrol(&served, &key, json!({})).await.problem(409, "reader-known");
    served
        .admin(Method::GET, "/v1/readers/2/configuration", Value::Null)
        .await
        .problem(404, "reader-unknown");
    served.stop().await;
}

#[tokio::test]
async fn a_revoked_reader_stands_on_the_list_and_gets_nothing_any_more() {
    let served = Served::start().await;
    let (_, key) = reader_key(9);
    enrol(&served, &key, json!({})).await.expect(StatusCode::CREATED);
    let revoked =
        served.admin(Method::POST, "/v1/readers/1/revocation", json!({})).await.expect(StatusCode::OK);
    assert_eq!(revoked, json!({ "list_version": 1 }));
    served.admin(Method::POST, "/v1/readers/1/revocation", json!({})).await.problem(410, "reader-revoked");
    served
        .admin(Method::GET, "/v1/readers/1/configuration", Value::Null)
        .await
        .problem(410, "reader-revoked");
    let (_, octets) = served.manager.revocation_list().await.unwrap().unwrap();
    let keys = &served.manager.issuer_keys();
    let list = credential::object::VerifiedRevocationList::verify(&RustCrypto, &octets, keys).unwrap();
    assert_eq!(list.readers().map(|reader| reader.0).collect::<Vec<_>>(), [1]);
    served.stop().await;
}
