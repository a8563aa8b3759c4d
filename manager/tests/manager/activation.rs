//! Activation: one invitation, one device key.

use credential::crypto::RustCrypto;
use credential::object::VerifiedTimeToken;
use manager::domain::{InvitationCode, to_base64url};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{DAY, Phone, START, Served, octets};

#[tokio::test]
async fn an_imported_and_invited_user_activates_a_phone() {
    let (served, code) = Served::with_invited_anna().await;
    assert_eq!(served.user_with("anna@x.example").await["status"], "invited");
    let phone = Phone::new(1);
    let challenge = phone.challenge(&served, &code).await.expect(StatusCode::OK);
    assert_eq!(challenge["expires_at"], START.0 + 300);
    assert_eq!(challenge["project"]["name"], "Example Works");
    assert_eq!(challenge["requires"], json!([]));

    let body = phone.activation(&code, challenge["challenge"].as_str().unwrap());
    let activated = served.post("/v1/activation", body).await.expect(StatusCode::CREATED);
    assert_eq!(activated["user"], json!({ "first_name": "Anna", "last_name": "Berg", "user_id": "004711" }));
    assert_eq!(activated["server_time"], START.0);
    assert_eq!(activated["renew_after"], START.0 + 7 * DAY / 3);
    assert_eq!(activated["revocation_list"], Value::Null);
    assert_eq!(activated["issuer_keys"].as_array().unwrap().len(), 1);
    let token = octets(&activated["time_token"]);
    VerifiedTimeToken::verify(&RustCrypto, &token, &served.manager.issuer_keys()).unwrap();

    let credential = served.credential(&activated);
    let fields = credential.fields();
    assert_eq!(fields.user_id.as_str(), "004711");
    assert_eq!(fields.holder_key, phone.public_key());
    assert_eq!(fields.validity.not_after.0, START.0 + 7 * DAY);
    let user = served.user_with("anna@x.example").await;
    assert_eq!(user["status"], "active");
    let devices = served.admin(Method::GET, &served.anna("devices").await, Value::Null).await;
    let devices = devices.expect(StatusCode::OK);
    assert_eq!(devices["devices"][0]["name"], "Anna's phone");
    assert_eq!(devices["devices"][0]["id"], activated["device_id"]);
    served.stop().await;
}

#[tokio::test]
async fn a_lost_answer_is_given_again_to_the_same_key_only() {
    let (served, code) = Served::with_invited_anna().await;
    let phone = Phone::new(1);
    let challenge = phone.challenge(&served, &code).await.expect(StatusCode::OK);
    let body = phone.activation(&code, challenge["challenge"].as_str().unwrap());
    let first = served.post("/v1/activation", body.clone()).await.expect(StatusCode::CREATED);
    let again = served.post("/v1/activation", body.clone()).await.expect(StatusCode::CREATED);
    assert_eq!(first, again);

    served.clock.advance(301);
    served.post("/v1/activation", body).await.problem(409, "challenge-unknown");
    let fresh = phone.activate(&served, &code).await.expect(StatusCode::CREATED);
    assert_eq!(fresh["credential"], first["credential"]);
    assert_eq!(fresh["device_id"], first["device_id"]);
    Phone::new(2).activate(&served, &code).await.problem(409, "invitation-used");

    served.clock.advance(DAY);
    phone.activate(&served, &code).await.problem(409, "invitation-used");
    served.stop().await;
}

#[tokio::test]
async fn the_used_challenge_of_one_key_does_not_serve_another() {
    let (served, code) = Served::with_invited_anna().await;
    let (phone, other) = (Phone::new(1), Phone::new(2));
    let challenge = phone.challenge(&served, &code).await.expect(StatusCode::OK);
    let challenge = challenge["challenge"].as_str().unwrap();
    served.post("/v1/activation", phone.activation(&code, challenge)).await.expect(StatusCode::CREATED);
    served.post("/v1/activation", other.activation(&code, challenge)).await.problem(409, "invitation-used");
    served.stop().await;
}

#[tokio::test]
async fn unknown_and_mistyped_codes_are_unknown() {
    let (served, code) = Served::with_invited_anna().await;
    let unknown = InvitationCode::new([7; 16]).canonical();
    let mistyped = format!("{}{}", &code[..26], if code.ends_with('0') { '1' } else { '0' });
    for code in [unknown.as_str(), mistyped.as_str(), "", "nonsense"] {
        Phone::new(1).challenge(&served, code).await.problem(404, "invitation-unknown");
    }
    served.stop().await;
}

#[tokio::test]
async fn an_expired_invitation_is_a_status_and_a_problem() {
    let (served, code) = Served::with_invited_anna().await;
    served.clock.advance(7 * DAY - 1);
    assert_eq!(served.user_with("anna@x.example").await["status"], "invited");
    served.clock.advance(1);
    assert_eq!(served.user_with("anna@x.example").await["status"], "invitation_expired");
    Phone::new(1).activate(&served, &code).await.problem(410, "invitation-expired");
    let code = served.invite("anna@x.example").await;
    Phone::new(1).activate(&served, &code).await.expect(StatusCode::CREATED);
    served.stop().await;
}

#[tokio::test]
async fn a_new_invitation_voids_the_older_one_at_once() {
    let (served, older) = Served::with_invited_anna().await;
    let phone = Phone::new(1);
    let challenge = phone.challenge(&served, &older).await.expect(StatusCode::OK);
    let newer = served.invite("anna@x.example").await;
    let body = phone.activation(&older, challenge["challenge"].as_str().unwrap());
    served.post("/v1/activation", body).await.problem(410, "invitation-void");
    phone.activate(&served, &newer).await.expect(StatusCode::CREATED);
    served.stop().await;
}

#[tokio::test]
async fn five_wrong_proofs_void_an_invitation() {
    let (served, code) = Served::with_invited_anna().await;
    let phone = Phone::new(1);
    for _ in 0..5 {
        let challenge = phone.challenge(&served, &code).await.expect(StatusCode::OK);
        let mut body = phone.activation(&code, challenge["challenge"].as_str().unwrap());
        let other = phone.activation(&code, &"A".repeat(43));
        body["signature"] = other["signature"].clone();
        served.post("/v1/activation", body.clone()).await.problem(403, "proof-invalid");
        // A challenge is good for one answer.
        let again = served.post("/v1/activation", body).await;
        assert!(["challenge-unknown", "invitation-void"].contains(&again.body["code"].as_str().unwrap()));
    }
    phone.activate(&served, &code).await.problem(410, "invitation-void");
    assert_eq!(served.user_with("anna@x.example").await["status"], "not_invited");
    served.stop().await;
}

#[tokio::test]
async fn a_public_key_that_is_no_point_proves_nothing() {
    let (served, code) = Served::with_invited_anna().await;
    let phone = Phone::new(1);
    let challenge = phone.challenge(&served, &code).await.expect(StatusCode::OK);
    let mut body = phone.activation(&code, challenge["challenge"].as_str().unwrap());
    body["public_key"] = json!("A".repeat(44));
    served.post("/v1/activation", body).await.problem(403, "proof-invalid");
    // The same x coordinate behind another first octet.
    let challenge = phone.challenge(&served, &code).await.expect(StatusCode::OK);
    let mut body = phone.activation(&code, challenge["challenge"].as_str().unwrap());
    let mut other_form = phone.public_key().0;
    other_form[0] = 5;
    body["public_key"] = json!(to_base64url(&other_form));
    served.post("/v1/activation", body).await.problem(403, "proof-invalid");
    served.stop().await;
}

#[tokio::test]
async fn a_challenge_belongs_to_its_invitation_and_lives_five_minutes() {
    let served = Served::start().await;
    served.import("Anna,Berg,anna@x.example,1\nBert,Berg,bert@x.example,2\n").await;
    let anna = served.invite("anna@x.example").await;
    let bert = served.invite("bert@x.example").await;
    let phone = Phone::new(1);
    let challenge = phone.challenge(&served, &anna).await.expect(StatusCode::OK);
    let challenge = challenge["challenge"].as_str().unwrap().to_owned();
    served
        .post("/v1/activation", phone.activation(&bert, &challenge))
        .await
        .problem(409, "challenge-unknown");
    served.clock.advance(299);
    served.post("/v1/activation", phone.activation(&anna, &challenge)).await.expect(StatusCode::CREATED);
    let late = phone.challenge(&served, &bert).await.expect(StatusCode::OK);
    served.clock.advance(300);
    let body = phone.activation(&bert, late["challenge"].as_str().unwrap());
    served.post("/v1/activation", body).await.problem(409, "challenge-unknown");
    served.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_phones_that_race_for_one_invitation_exactly_one_wins() {
    let served = Served::start().await;
    served.import("Anna,Berg,anna@x.example,004711\n").await;
    for round in 0..200 {
        let code = served.invite("anna@x.example").await;
        let phones = [Phone::new(1), Phone::new(2)];
        let mut bodies = Vec::new();
        for phone in &phones {
            let challenge = phone.challenge(&served, &code).await.expect(StatusCode::OK);
            bodies.push(phone.activation(&code, challenge["challenge"].as_str().unwrap()));
        }
        let second = bodies.pop().unwrap();
        let first = bodies.pop().unwrap();
        let (a, b) =
            tokio::join!(served.post("/v1/activation", first), served.post("/v1/activation", second));
        let (won, lost) = if a.status == StatusCode::CREATED { (a, b) } else { (b, a) };
        assert_eq!(won.status, StatusCode::CREATED, "round {round}: {}", won.body);
        lost.problem(409, "invitation-used");
    }
    let devices = served.admin(Method::GET, &served.anna("devices").await, Value::Null).await;
    let devices = devices.expect(StatusCode::OK);
    let devices = devices["devices"].as_array().unwrap();
    assert_eq!(devices.len(), 200);
    assert_eq!(devices.iter().filter(|device| device["revoked"] == false).count(), 1);
    assert!(served.manager.verify_audit().await.unwrap().is_ok());
    served.stop().await;
}
