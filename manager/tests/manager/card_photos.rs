//! Photos of cards: brought by an administrator, sent by a holder, and shown to nobody else.

use manager::domain::to_base64url;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{Phone, START, Served, octets};

/// A small PNG of one colour.
fn picture(shade: u8) -> Vec<u8> {
    let mut octets = Vec::new();
    let mut encoder = png::Encoder::new(&mut octets, 64, 80);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.write_header().unwrap().write_image_data(&[shade; 64 * 80]).unwrap();
    octets
}

async fn with_card(photo: Value) -> (Served, String) {
    let served = Served::start().await;
    let template = served.template(json!({ "name": "Staff", "photo": photo })).await;
    let card = served.card(json!({ "template": template, "card_id": "1" })).await;
    (served, card)
}

#[tokio::test]
async fn a_photo_is_kept_as_a_jpeg_and_shown_to_whoever_may_see_cards() {
    let (served, card) = with_card(json!({ "rule": "required" })).await;
    let path = format!("/v1/cards/{card}/photo");
    served.get(&path).await.problem(404, "photo-unknown");
    let early = served.admin(Method::POST, &format!("/v1/cards/{card}/invitations"), json!({})).await;
    early.problem(422, "card-invalid");
    let kept = served.put_octets(&path, picture(90)).await.expect(StatusCode::OK);
    let version = kept["photo"]["shown"].as_str().unwrap().to_owned();
    let shown =
        served.client.get(format!("{}{path}", served.base)).bearer_auth(&served.token).send().await.unwrap();
    assert_eq!(shown.headers()["content-type"], "image/jpeg");
    assert_eq!(shown.headers()["x-content-type-options"], "nosniff");
    assert_eq!(shown.headers()["cache-control"], "no-store");
    assert_eq!(&shown.bytes().await.unwrap()[..3], b"\xFF\xD8\xFF");
    assert_eq!(served.fetch(&path).await.status(), StatusCode::UNAUTHORIZED);

    // The phone gets it once, and again only when it is another one.
    let code = served.invite_to_card(&card).await;
    let phone = Phone::new(1);
    let installed = phone.activate(&served, &code).await.expect(StatusCode::CREATED);
    let photo = &installed["card"]["photo"];
    assert_eq!((&photo["state"], &photo["version"]), (&json!("shown"), &json!(version)));
    assert_eq!(&octets(&photo["image"])[..3], b"\xFF\xD8\xFF");
    let renew = async |held: &str| {
        let path = format!("/v1/devices/{}/renewal", installed["device_id"].as_str().unwrap());
        let challenge = served.post(&format!("{path}/challenge"), json!({})).await.expect(StatusCode::OK);
        let mut body = phone.renewal(challenge["challenge"].as_str().unwrap());
        body["held_photo"] = json!(held);
        served.post(&path, body).await.expect(StatusCode::OK)["card"]["photo"].clone()
    };
    assert_eq!(renew(&version).await["image"], Value::Null);
    served.put_octets(&path, picture(10)).await.expect(StatusCode::OK);
    assert!(renew(&version).await["image"].is_string());
    served.admin(Method::DELETE, &path, json!({})).await.expect(StatusCode::OK);
    assert_eq!(renew(&version).await["state"], "none");
    served.stop().await;
}

#[tokio::test]
async fn what_is_no_photo_is_refused() {
    let (served, card) = with_card(json!({ "rule": "optional" })).await;
    let path = format!("/v1/cards/{card}/photo");
    let svg = b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>".to_vec();
    let mut bomb = picture(1);
    bomb[16..24].copy_from_slice(&[0, 0, 0xC3, 0x50, 0, 0, 0xC3, 0x50]);
    let mut cut = picture(1);
    cut.truncate(60);
    for bad in [svg, bomb, cut, Vec::new(), b"GIF89a".to_vec()] {
        served.put_octets(&path, bad).await.problem(422, "photo-refused");
    }
    served.put_octets(&path, vec![0; 8 * 1024 * 1024 + 1]).await.problem(413, "body-too-large");
    let (without, card) = with_card(json!({})).await;
    without.put_octets(&format!("/v1/cards/{card}/photo"), picture(1)).await.problem(422, "card-invalid");
    without.stop().await;
    served.stop().await;
}

#[tokio::test]
async fn a_photo_that_the_holder_sends_waits_for_approval() {
    let (served, card) = with_card(json!({ "rule": "required", "from_holder": "after_approval" })).await;
    let path = |route: &str| format!("/v1/cards/{card}/{route}");
    let phone = Phone::new(1);
    for approved in [false, true] {
        let code = served.invite_to_card(&card).await;
        let challenge = phone.challenge(&served, &code).await.expect(StatusCode::OK);
        assert_eq!(challenge["requires"], json!(["card", "photo"]));
        assert_eq!(challenge["asks"]["photo"], json!({ "required": true, "needs_approval": true }));
        phone.install(&served, &code, json!({})).await.problem(422, "photo-missing");
        let svg = json!({ "photo": to_base64url(b"<svg/>") });
        phone.install(&served, &code, svg).await.problem(422, "photo-refused");
        phone.install(&served, &code, json!({ "photo": "%" })).await.problem(400, "request-invalid");
        let sent = json!({ "photo": to_base64url(&picture(200)) });
        let installed = phone.install(&served, &code, sent).await.expect(StatusCode::CREATED);
        assert_eq!(installed["card"]["photo"], json!({ "state": "waiting", "version": null, "image": null }));

        let waiting = served.get("/v1/cards?photo_waits=true").await.expect(StatusCode::OK);
        assert_eq!(waiting["cards"][0]["photo"]["waiting_since"], START.0);
        assert_eq!(served.get(&path("waiting-photo")).await.status, StatusCode::OK);
        let act = if approved { "approval" } else { "refusal" };
        let act = path(&format!("waiting-photo/{act}"));
        served.admin(Method::POST, &act, json!({})).await.expect(StatusCode::OK);
        served.admin(Method::POST, &act, json!({})).await.problem(404, "photo-unknown");
        let renewed = phone.renew(&served, &installed["device_id"]).await.expect(StatusCode::OK);
        let state = if approved { "shown" } else { "refused" };
        assert_eq!(renewed["card"]["photo"]["state"], state);
        assert_eq!(renewed["card"]["photo"]["image"].is_string(), approved);
    }
    assert!(served.manager.verify_audit().await.unwrap().is_ok());
    served.stop().await;
}

#[tokio::test]
async fn a_photo_may_be_shown_at_once_where_the_template_says_so() {
    let (served, card) = with_card(json!({ "rule": "optional", "from_holder": "at_once" })).await;
    let code = served.invite_to_card(&card).await;
    let phone = Phone::new(1);
    let challenge = phone.challenge(&served, &code).await.expect(StatusCode::OK);
    assert_eq!(challenge["requires"], json!(["card"]));
    assert_eq!(challenge["asks"]["photo"]["required"], false);
    let sent = json!({ "photo": to_base64url(&picture(200)) });
    let installed = phone.install(&served, &code, sent).await.expect(StatusCode::CREATED);
    assert_eq!(installed["card"]["photo"]["state"], "shown");
    // Who has one is not asked for another.
    let code = served.invite_to_card(&card).await;
    let challenge = phone.challenge(&served, &code).await.expect(StatusCode::OK);
    assert_eq!(challenge["asks"]["photo"], Value::Null);
    served.stop().await;
}
