//! Cards on phones: what their holders have to give, and what the phones get.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::cards::{anna, student};
use crate::support::{DAY, Phone, START, Served};

/// What Anna gives.
fn right() -> Value {
    json!({
        "unique_identifier": "m 123",
        "answers": [" REX", "weissenburg  in bayern"],
        "terms": "2026-10",
    })
}

fn but(member: &str, value: Value) -> Value {
    let mut given = right();
    given[member] = value;
    given
}

async fn with_card() -> (Served, String, String) {
    let served = Served::start().await;
    let template = served.template(student()).await;
    let card = served.card(anna(&template)).await;
    let code = served.invite_to_card(&card).await;
    (served, card, code)
}

#[tokio::test]
async fn an_invitation_to_a_card_brings_the_card_and_no_credential() {
    let (served, card, code) = with_card().await;
    let phone = Phone::new(1);
    let challenge = phone.challenge(&served, &code).await.expect(StatusCode::OK);
    assert_eq!(challenge["requires"], json!(["card", "unique_identifier", "answers", "terms"]));
    assert_eq!(
        challenge["asks"],
        json!({
            "card": "Student card",
            "questions": ["Your first pet?", "Where were you born?"],
            "terms": { "version": "2026-10", "text": "Do not lend this card." },
            "photo": null,
        })
    );
    let installed = phone.install(&served, &code, right()).await.expect(StatusCode::CREATED);
    assert_eq!((&installed["credential"], &installed["user"]), (&Value::Null, &Value::Null));
    assert_eq!(installed["renew_after"], START.0 + 7 * DAY / 3);
    let shown = &installed["card"];
    assert_eq!((&shown["card_id"], &shown["status"]), (&json!("S-4711"), &json!("active")));
    assert_eq!(shown["front"][0], json!({ "label": "Name", "kind": "text", "value": "Anna Berg" }));
    assert_eq!(shown["barcode"], json!({ "symbology": "code_39", "value": "S-4711" }));
    assert_eq!(shown["photo"], json!({ "state": "none", "version": null, "image": null }));
    assert_eq!(shown["back"], json!([]));
    let kept = served.get(&format!("/v1/cards/{card}")).await.expect(StatusCode::OK);
    assert_eq!((&kept["status"], &kept["terms_accepted"]), (&json!("active"), &json!("2026-10")));
    assert_eq!(kept["device"], installed["device_id"]);

    // The answer that got lost is given again, to the same key only.
    let challenge = phone.challenge(&served, &code).await.expect(StatusCode::OK);
    assert_eq!(challenge["requires"], json!(["card"]));
    let again = phone.install(&served, &code, json!({})).await.expect(StatusCode::CREATED);
    assert_eq!((&again["device_id"], &again["card"]), (&installed["device_id"], &installed["card"]));
    Phone::new(2).install(&served, &code, right()).await.problem(409, "invitation-used");
    served.stop().await;
}

#[tokio::test]
async fn whatever_is_wrong_looks_the_same_and_five_of_it_lock_the_card() {
    let (served, card, code) = with_card().await;
    let phone = Phone::new(1);
    let wrong = [
        but("unique_identifier", json!("M 999")),
        but("answers", json!(["Rex", "Bonn"])),
        but("answers", json!(["Rex"])),
        json!({}),
    ];
    let mut tries_left = 4;
    for given in wrong {
        let answer = phone.install(&served, &code, given).await;
        assert_eq!(answer.body["tries_left"], tries_left);
        let title = format!("The identifier or an answer is wrong; tries left: {tries_left}.");
        assert_eq!(answer.body["title"], title);
        answer.problem(403, "answers-wrong");
        tries_left -= 1;
    }
    let answer = phone.install(&served, &code, but("unique_identifier", json!(""))).await;
    assert_eq!(answer.body["locked_until"], START.0 + DAY);
    answer.problem(403, "card-locked");
    phone.install(&served, &code, right()).await.problem(403, "card-locked");
    let kept = served.get(&format!("/v1/cards/{card}")).await.expect(StatusCode::OK);
    assert_eq!(kept["locked_until"], START.0 + DAY);

    let unlocked = served.admin(Method::DELETE, &format!("/v1/cards/{card}/lock"), json!({})).await;
    assert_eq!(unlocked.expect(StatusCode::OK)["locked_until"], Value::Null);
    phone.install(&served, &code, json!({})).await.problem(403, "answers-wrong");
    phone.install(&served, &code, right()).await.expect(StatusCode::CREATED);
    let kept = served.get(&format!("/v1/cards/{card}")).await.expect(StatusCode::OK);
    assert_eq!(kept["wrong_answers"], 0);
    served.stop().await;
}

#[tokio::test]
async fn a_lock_is_over_after_a_day() {
    let (served, _, code) = with_card().await;
    let phone = Phone::new(1);
    for _ in 0..5 {
        phone.install(&served, &code, json!({})).await;
    }
    served.clock.advance(DAY - 1);
    phone.install(&served, &code, right()).await.problem(403, "card-locked");
    served.clock.advance(1);
    phone.install(&served, &code, right()).await.expect(StatusCode::CREATED);
    served.stop().await;
}

#[tokio::test]
async fn answers_that_come_at_once_are_counted_one_by_one() {
    let (served, card, code) = with_card().await;
    let phone = Phone::new(1);
    let mut bodies = Vec::new();
    for place in 0..8 {
        let challenge = phone.challenge(&served, &code).await.expect(StatusCode::OK);
        let mut body = phone.activation(&code, challenge["challenge"].as_str().unwrap());
        body["holder"] = but("unique_identifier", json!(format!("M {place}")));
        bodies.push(body);
    }
    let mut bodies = bodies.into_iter();
    let mut post = || served.post("/v1/activation", bodies.next().unwrap());
    let all = tokio::join!(post(), post(), post(), post(), post(), post(), post(), post());
    let all = [all.0, all.1, all.2, all.3, all.4, all.5, all.6, all.7];
    let count = |code: &str| all.iter().filter(|answer| answer.body["code"] == code).count();
    assert_eq!((count("answers-wrong"), count("card-locked")), (4, 4));
    let kept = served.get(&format!("/v1/cards/{card}")).await.expect(StatusCode::OK);
    assert_eq!(kept["locked_until"], START.0 + DAY);
    served.stop().await;
}

#[tokio::test]
async fn terms_have_to_be_accepted_in_the_version_that_was_shown() {
    let (served, _, code) = with_card().await;
    let phone = Phone::new(1);
    for terms in [Value::Null, json!("2025-10")] {
        phone.install(&served, &code, but("terms", terms)).await.problem(422, "terms-not-accepted");
    }
    phone.install(&served, &code, right()).await.expect(StatusCode::CREATED);
    served.stop().await;
}

#[tokio::test]
async fn a_user_s_card_comes_with_the_credential_and_is_asked_for_in_the_same_way() {
    let served = Served::start().await;
    served.import("Anna,Berg,anna@x.example,004711\n").await;
    let template = served.template(student()).await;
    let mut new = anna(&template);
    new["user"] = served.user_with("anna@x.example").await["id"].clone();
    let card = served.card(new).await;
    let code = served.invite("anna@x.example").await;
    let phone = Phone::new(1);
    let challenge = phone.challenge(&served, &code).await.expect(StatusCode::OK);
    assert_eq!(challenge["requires"], json!(["unique_identifier", "answers", "terms"]));
    phone.install(&served, &code, json!({})).await.problem(403, "answers-wrong");
    assert_eq!(served.user_with("anna@x.example").await["status"], "invited");
    let both = phone.install(&served, &code, right()).await.expect(StatusCode::CREATED);
    assert_eq!(served.credential(&both).fields().user_id.as_str(), "004711");
    assert_eq!(both["card"]["card_id"], "S-4711");

    // Each renewal has a new credential and the card as it is now.
    served.clock.advance(DAY);
    served.patch(&format!("/v1/cards/{card}"), json!({ "card_id": "S-4712" })).await.expect(StatusCode::OK);
    let renewed = phone.renew(&served, &both["device_id"]).await.expect(StatusCode::OK);
    assert_ne!(renewed["credential"], both["credential"]);
    assert_eq!(renewed["card"]["card_id"], "S-4712");
    served.admin(Method::POST, &format!("/v1/cards/{card}/archive"), json!({})).await.expect(StatusCode::OK);
    let renewed = phone.renew(&served, &both["device_id"]).await.expect(StatusCode::OK);
    assert_eq!((renewed.get("card"), renewed["credential"].is_string()), (None, true));

    // The phone that loses its credential loses the card.
    served
        .admin(Method::DELETE, &format!("/v1/cards/{card}/archive"), json!({}))
        .await
        .expect(StatusCode::OK);
    let code = served.invite("anna@x.example").await;
    phone.install(&served, &code, right()).await.expect(StatusCode::CREATED);
    served.admin(Method::POST, &served.anna("revocation").await, json!({})).await.expect(StatusCode::OK);
    let kept = served.get(&format!("/v1/cards/{card}")).await.expect(StatusCode::OK);
    assert_eq!(kept["status"], "uninstalled");
    let found = served.get("/v1/cards?status=uninstalled").await.expect(StatusCode::OK);
    assert_eq!(found["cards"][0]["id"], json!(card));
    served.stop().await;
}

#[tokio::test]
async fn a_phone_with_a_card_alone_learns_at_its_renewal_what_became_of_it() {
    let (served, card, code) = with_card().await;
    let phone = Phone::new(1);
    let device =
        phone.install(&served, &code, right()).await.expect(StatusCode::CREATED)["device_id"].clone();
    let act = async |method: Method, act: &str| {
        served.admin(method, &format!("/v1/cards/{card}/{act}"), json!({})).await
    };
    act(Method::POST, "deactivation").await.expect(StatusCode::OK);
    let renewed = phone.renew(&served, &device).await.expect(StatusCode::OK);
    assert_eq!((&renewed["card"]["status"], &renewed["credential"]), (&json!("deactivated"), &Value::Null));
    act(Method::DELETE, "deactivation").await.expect(StatusCode::OK);
    let renewed = phone.renew(&served, &device).await.expect(StatusCode::OK);
    assert_eq!(renewed["card"]["status"], "active");
    let other = Phone::new(2).renew(&served, &device).await;
    other.problem(403, "proof-invalid");
    act(Method::POST, "uninstallation").await.expect(StatusCode::OK);
    phone.renew(&served, &device).await.problem(403, "device-revoked");

    // Invited again, another phone has it, and the first one keeps out.
    let code = served.invite_to_card(&card).await;
    Phone::new(3).install(&served, &code, right()).await.expect(StatusCode::CREATED);
    phone.renew(&served, &device).await.problem(403, "device-revoked");
    served.stop().await;
}

#[tokio::test]
async fn a_holder_who_removes_the_card_uninstalls_it() {
    let (served, card, code) = with_card().await;
    let phone = Phone::new(1);
    let device =
        phone.install(&served, &code, right()).await.expect(StatusCode::CREATED)["device_id"].clone();
    phone.reset(&served, &device).await.expect(StatusCode::NO_CONTENT);
    phone.reset(&served, &device).await.expect(StatusCode::NO_CONTENT);
    let kept = served.get(&format!("/v1/cards/{card}")).await.expect(StatusCode::OK);
    assert_eq!((&kept["status"], &kept["device"]), (&json!("uninstalled"), &Value::Null));
    served.stop().await;
}

#[tokio::test]
async fn five_wrong_proofs_void_an_invitation_to_a_card_and_a_new_one_voids_the_older() {
    let (served, card, code) = with_card().await;
    let phone = Phone::new(1);
    for _ in 0..5 {
        let challenge = phone.challenge(&served, &code).await.expect(StatusCode::OK);
        let mut body = phone.activation(&code, challenge["challenge"].as_str().unwrap());
        body["signature"] = phone.activation(&code, &"A".repeat(43))["signature"].clone();
        served.post("/v1/activation", body).await.problem(403, "proof-invalid");
    }
    phone.install(&served, &code, right()).await.problem(410, "invitation-void");
    let older = served.invite_to_card(&card).await;
    let newer = served.invite_to_card(&card).await;
    phone.install(&served, &older, right()).await.problem(410, "invitation-void");
    served.clock.advance(7 * DAY);
    phone.install(&served, &newer, right()).await.problem(410, "invitation-expired");
    served.stop().await;
}

#[tokio::test]
async fn a_credential_ends_with_the_card_of_its_user_and_goes_on_when_the_card_does() {
    let served = Served::start().await;
    served.import("Anna,Berg,anna@x.example,004711\n").await;
    let expiry = json!({ "rule": "after_hours", "hours": 30 });
    let template = served.template(json!({ "name": "Visitor", "expiry": expiry })).await;
    let user = served.user_with("anna@x.example").await["id"].clone();
    let card = served.card(json!({ "template": template, "card_id": "1", "user": user })).await;
    let code = served.invite("anna@x.example").await;
    let phone = Phone::new(1);
    let both = phone.activate(&served, &code).await.expect(StatusCode::CREATED);
    let not_after = |answer: &Value| served.credential(answer).fields().validity.not_after.0;
    let end = START.0 + 30 * 3600;
    assert_eq!((not_after(&both), &both["card"]["expires_at"]), (end, &json!(end)));
    assert_eq!(both["renew_after"], START.0 + 10 * 3600);

    // Once the card has ended, the credential that has ended with it is given again, and asked for once an hour.
    served.clock.advance(31 * 3600);
    let renewed = phone.renew(&served, &both["device_id"]).await.expect(StatusCode::OK);
    assert_eq!(renewed["credential"], both["credential"]);
    assert_eq!(renewed["renew_after"], START.0 + 32 * 3600);
    let edit = json!({ "expires": "2030-01-01" });
    served.patch(&format!("/v1/cards/{card}"), edit).await.expect(StatusCode::OK);
    let renewed = phone.renew(&served, &both["device_id"]).await.expect(StatusCode::OK);
    assert_eq!(not_after(&renewed), START.0 + 31 * 3600 + 7 * DAY);
    served.stop().await;
}

#[tokio::test]
async fn a_card_that_has_ended_is_not_installed() {
    let served = Served::start().await;
    let expiry = json!({ "rule": "after_hours", "hours": 1 });
    let template = served.template(json!({ "name": "Visitor", "expiry": expiry })).await;
    let card = served.card(json!({ "template": template, "card_id": "1" })).await;
    let code = served.invite_to_card(&card).await;
    served.clock.advance(3600);
    Phone::new(1).activate(&served, &code).await.problem(410, "invitation-expired");
    served.stop().await;
}

#[tokio::test]
async fn a_deactivated_card_stays_so_on_another_phone() {
    let (served, card, code) = with_card().await;
    Phone::new(1).install(&served, &code, right()).await.expect(StatusCode::CREATED);
    let path = format!("/v1/cards/{card}/deactivation");
    served.admin(Method::POST, &path, json!({})).await.expect(StatusCode::OK);
    let code = served.invite_to_card(&card).await;
    let installed = Phone::new(2).install(&served, &code, right()).await.expect(StatusCode::CREATED);
    assert_eq!(installed["card"]["status"], "deactivated");
    served.stop().await;
}
