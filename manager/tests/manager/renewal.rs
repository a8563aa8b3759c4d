//! Renewal: a credential for a device that still has its key.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{DAY, Phone, START, Served};

#[tokio::test]
async fn a_renewed_credential_has_a_new_serial_and_the_newest_user_id() {
    let (served, phone, activated) = Served::with_active_anna().await;
    served.clock.advance(3 * DAY);
    served.import("Annika,Berg,anna@x.example,4712\n").await;
    let renewed = phone.renew(&served, &activated["device_id"]).await.expect(StatusCode::OK);
    assert_eq!(renewed["user"], json!({ "first_name": "Annika", "last_name": "Berg", "user_id": "4712" }));
    assert_eq!(renewed["renew_after"], START.0 + 3 * DAY + 7 * DAY / 3);
    let (old, new) = (served.credential(&activated), served.credential(&renewed));
    assert!(new.fields().serial > old.fields().serial);
    assert_eq!(new.fields().user_id.as_str(), "4712");
    assert_eq!(new.fields().validity.not_after.0, START.0 + 10 * DAY);
    served.stop().await;
}

#[tokio::test]
async fn the_same_renewal_sent_again_gives_the_same_credential() {
    let (served, phone, activated) = Served::with_active_anna().await;
    let path = format!("/v1/devices/{}/renewal", activated["device_id"].as_str().unwrap());
    let challenge = served.post(&format!("{path}/challenge"), json!({})).await.expect(StatusCode::OK);
    let body = phone.renewal(challenge["challenge"].as_str().unwrap());
    let first = served.post(&path, body.clone()).await.expect(StatusCode::OK);
    let again = served.post(&path, body.clone()).await.expect(StatusCode::OK);
    assert_eq!(first, again);
    served.clock.advance(300);
    served.post(&path, body).await.problem(409, "challenge-unknown");
    served.stop().await;
}

#[tokio::test]
async fn another_key_renews_nothing_and_uses_the_challenge_up() {
    let (served, phone, activated) = Served::with_active_anna().await;
    let path = format!("/v1/devices/{}/renewal", activated["device_id"].as_str().unwrap());
    let challenge = served.post(&format!("{path}/challenge"), json!({})).await.expect(StatusCode::OK);
    let challenge = challenge["challenge"].as_str().unwrap();
    served.post(&path, Phone::new(2).renewal(challenge)).await.problem(403, "proof-invalid");
    served.post(&path, phone.renewal(challenge)).await.problem(409, "challenge-unknown");
    served.stop().await;
}

#[tokio::test]
async fn a_signature_for_activation_renews_nothing() {
    let (served, phone, activated) = Served::with_active_anna().await;
    let path = format!("/v1/devices/{}/renewal", activated["device_id"].as_str().unwrap());
    let challenge = served.post(&format!("{path}/challenge"), json!({})).await.expect(StatusCode::OK);
    let challenge = challenge["challenge"].as_str().unwrap();
    let other = phone.activation(&"0".repeat(27), challenge);
    let body = json!({ "challenge": challenge, "signature": other["signature"] });
    served.post(&path, body).await.problem(403, "proof-invalid");
    served.stop().await;
}

#[tokio::test]
async fn an_unknown_device_gets_no_challenge() {
    let served = Served::start().await;
    let path = "/v1/devices/01990f3e-5c1e-7cc3-98a5-6f0a3a3f9d10/renewal/challenge";
    served.post(path, json!({})).await.problem(404, "device-unknown");
    served.post("/v1/devices/1/renewal/challenge", json!({})).await.problem(404, "not-found");
    served.stop().await;
}

#[tokio::test]
async fn a_suspended_user_comes_back_with_a_new_serial() {
    let (served, phone, activated) = Served::with_active_anna().await;
    let path = served.anna("suspension").await;
    let suspended = served.admin(Method::POST, &path, json!({})).await.expect(StatusCode::OK);
    let serial = served.credential(&activated).fields().serial.0;
    assert_eq!(suspended, json!({ "devices": 0, "serials": [serial], "list_version": 1 }));
    phone.renew(&served, &activated["device_id"]).await.problem(403, "user-suspended");
    assert_eq!(served.user_with("anna@x.example").await["status"], "suspended");
    served.admin(Method::POST, &path, json!({})).await.problem(409, "user-status");
    served.admin(Method::DELETE, &path, Value::Null).await.expect(StatusCode::NO_CONTENT);
    let renewed = phone.renew(&served, &activated["device_id"]).await.expect(StatusCode::OK);
    assert!(served.credential(&renewed).fields().serial.0 > serial);
    served.stop().await;
}

#[tokio::test]
async fn a_request_repeated_after_a_suspension_gives_no_revoked_credential() {
    let (served, code) = Served::with_invited_anna().await;
    let phone = Phone::new(1);
    let challenge = phone.challenge(&served, &code).await.expect(StatusCode::OK);
    let activation = phone.activation(&code, challenge["challenge"].as_str().unwrap());
    let activated = served.post("/v1/activation", activation.clone()).await.expect(StatusCode::CREATED);
    let path = format!("/v1/devices/{}/renewal", activated["device_id"].as_str().unwrap());
    let challenge = served.post(&format!("{path}/challenge"), json!({})).await.expect(StatusCode::OK);
    let renewal = phone.renewal(challenge["challenge"].as_str().unwrap());
    let renewed = served.post(&path, renewal.clone()).await.expect(StatusCode::OK);
    let suspension = served.anna("suspension").await;
    let mut serial = served.credential(&renewed).fields().serial;
    for (path, body, status) in
        [(path.as_str(), renewal, StatusCode::OK), ("/v1/activation", activation, StatusCode::CREATED)]
    {
        served.admin(Method::POST, &suspension, json!({})).await.expect(StatusCode::OK);
        served.post(path, body.clone()).await.problem(403, "user-suspended");
        served.admin(Method::DELETE, &suspension, Value::Null).await.expect(StatusCode::NO_CONTENT);
        let again = served.post(path, body).await.expect(status);
        let newest = served.credential(&again).fields().serial;
        assert!(newest > serial, "{newest:?} is revoked");
        serial = newest;
    }
    served.stop().await;
}
