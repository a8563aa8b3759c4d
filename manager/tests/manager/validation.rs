//! Checks of cards by the codes that phones show.

use hmac::{Hmac, KeyInit, Mac};
use manager::{FloodLimits, HttpSettings};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::support::{DAY, Phone, Served, octets};

const SCRIPT: &str = "<script>alert(1)</script>";

fn visitor() -> Value {
    json!({
        "name": "Visitor <b>",
        "front": [
            { "key": "name", "label": "Name <i>" },
            { "key": "room", "label": "Room" },
        ],
        "validation": { "fields": ["name"] },
    })
}

/// A card on a phone; its id and what the phone got.
async fn installed(served: &Served) -> (String, Value) {
    let template = served.template(visitor()).await;
    let fields = json!({ "name": SCRIPT, "room": "317" });
    let card = served.card(json!({ "template": template, "card_id": "V-1", "fields": fields })).await;
    let code = served.invite_to_card(&card).await;
    let got = Phone::new(1).install(served, &code, json!({})).await.expect(StatusCode::CREATED);
    (card, got)
}

/// The code of a secret, as a phone makes it.
fn code(secret: &Value, seconds: u32) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(&octets(secret)).unwrap();
    mac.update(&u64::from(seconds / 30).to_be_bytes());
    let hash: [u8; 32] = mac.finalize().into_bytes().into();
    let offset = usize::from(hash[31] & 0xF);
    let number = u32::from_be_bytes(hash[offset..offset + 4].try_into().unwrap()) & 0x7FFF_FFFF;
    format!("{:08}", number % 100_000_000)
}

fn path(got: &Value, code: &str) -> String {
    format!("/v1/card-validations/{}/{code}", got["card"]["validation"]["reference"].as_str().unwrap())
}

async fn asked(served: &Served, path: &str) -> crate::support::Answer {
    crate::support::answer(served.fetch(path).await).await
}

#[tokio::test]
async fn whoever_scans_a_card_is_told_whether_it_is_valid_and_what_its_template_lets_be_told() {
    let served = Served::start().await;
    let (card, got) = installed(&served).await;
    let now = |served: &Served| code(&got["card"]["validation"]["secret"], served.manager.now().0);
    let told = asked(&served, &path(&got, &now(&served))).await.expect(StatusCode::OK);
    assert_eq!(
        told,
        json!({
            "standing": "valid", "kind": "Visitor <b>", "card_id": "V-1",
            "fields": [{ "label": "Name <i>", "value": SCRIPT }], "ends": null, "photo": null,
        })
    );
    served
        .patch(&format!("/v1/cards/{card}"), json!({ "expires": "2026-09-22" }))
        .await
        .expect(StatusCode::OK);
    let told = asked(&served, &path(&got, &now(&served))).await.expect(StatusCode::OK);
    assert_eq!((&told["standing"], &told["ends"]), (&json!("valid"), &json!("2026-09-22")));
    served.clock.advance(2 * DAY);
    let told = asked(&served, &path(&got, &now(&served))).await.expect(StatusCode::OK);
    assert_eq!(told["standing"], "expired");
    let act = format!("/v1/cards/{card}/deactivation");
    served.admin(Method::POST, &act, json!({})).await.expect(StatusCode::OK);
    let told = asked(&served, &path(&got, &now(&served))).await.expect(StatusCode::OK);
    assert_eq!(told["standing"], "deactivated");
    let act = format!("/v1/cards/{card}/archive");
    served.admin(Method::POST, &act, json!({})).await.expect(StatusCode::OK);
    let told = asked(&served, &path(&got, &now(&served))).await.expect(StatusCode::OK);
    assert_eq!(
        told,
        json!({ "standing": "withdrawn", "kind": "", "card_id": "", "fields": [], "ends": null, "photo": null })
    );
    served.stop().await;
}

#[tokio::test]
async fn a_copy_of_the_code_is_worth_nothing_after_a_minute() {
    let served = Served::start().await;
    let (_, got) = installed(&served).await;
    let copy = path(&got, &code(&got["card"]["validation"]["secret"], served.manager.now().0));
    served.clock.advance(29);
    asked(&served, &copy).await.expect(StatusCode::OK);
    served.clock.advance(31);
    asked(&served, &copy).await.problem(404, "card-code-wrong");
    served.stop().await;
}

#[tokio::test]
async fn what_is_unknown_is_answered_as_what_is_wrong() {
    let served = Served::start().await;
    let (_, got) = installed(&served).await;
    let right = code(&got["card"]["validation"]["secret"], served.manager.now().0);
    let wrong = if right == "00000000" { "00000001" } else { "00000000" };
    let reference = got["card"]["validation"]["reference"].as_str().unwrap();
    let mut answers = Vec::new();
    for (reference, code) in [
        (reference, wrong),
        ("AAAAAAAAAAAAAAAAAAAAAA", right.as_str()),
        ("AAAAAAAAAAAAAAAAAAAAAA", wrong),
        ("short", wrong),
        (reference, "1234567"),
        (reference, "%FF%FE"),
        ("..%2F..%2Fetc", "00000000"),
    ] {
        let mut answer = asked(&served, &format!("/v1/card-validations/{reference}/{code}")).await;
        // The only thing that differs names the request.
        answer.body.as_object_mut().unwrap().remove("instance");
        answers.push(answer.body.clone());
        answer.problem(404, "card-code-wrong");
        let page = served.fetch(&format!("/v/{reference}/{code}")).await.text().await.unwrap();
        answers.push(json!(page));
    }
    for pair in answers.chunks(2) {
        assert_eq!(pair, &answers[..2]);
    }
    served.stop().await;
}

#[tokio::test]
async fn the_page_runs_nothing_and_shows_what_stands_on_the_card_as_text() {
    let served = Served::start().await;
    let (_, got) = installed(&served).await;
    let now = code(&got["card"]["validation"]["secret"], served.manager.now().0);
    let path = path(&got, &now).replace("/v1/card-validations/", "/v/");
    let page =
        served.client.get(format!("{}{path}", served.base)).header("accept-language", "de-AT,en;q=0.5");
    let page = page.send().await.unwrap();
    let policy = page.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
    assert_eq!(page.headers()["cache-control"], "no-store");
    let text = page.text().await.unwrap();
    assert!(text.contains("Diese Karte ist gültig") && text.contains("lang=\"de\""));
    assert!(text.contains("&lt;script&gt;") && !text.contains("<script"), "{text}");
    assert!(text.contains("Visitor &lt;b&gt;") && !text.contains("317"));
    let english = served.fetch(&path).await.text().await.unwrap();
    assert!(english.contains("This card is valid"));
    served.stop().await;
}

#[tokio::test]
async fn every_installation_has_a_secret_of_its_own_and_a_template_may_have_none() {
    let served = Served::start().await;
    let (card, first) = installed(&served).await;
    let code = served.invite_to_card(&card).await;
    let second = Phone::new(2).install(&served, &code, json!({})).await.expect(StatusCode::CREATED);
    for member in ["reference", "secret"] {
        assert_ne!(first["card"]["validation"][member], second["card"]["validation"][member]);
    }
    let renewed = Phone::new(2).renew(&served, &second["device_id"]).await.expect(StatusCode::OK);
    assert_eq!(renewed["card"]["validation"], second["card"]["validation"]);
    let now = served.manager.now().0;
    let old = path(&first, &self::code(&first["card"]["validation"]["secret"], now));
    assert_eq!(asked(&served, &old).await.expect(StatusCode::OK)["standing"], "withdrawn");

    let plain = served.template(json!({ "name": "Plain" })).await;
    let card = served.card(json!({ "template": plain, "card_id": "1" })).await;
    let code = served.invite_to_card(&card).await;
    let got = Phone::new(3).install(&served, &code, json!({})).await.expect(StatusCode::CREATED);
    assert_eq!(got["card"]["validation"], Value::Null);
    served.stop().await;
}

#[tokio::test]
async fn whoever_guesses_codes_is_kept_out_soon() {
    let limits = FloodLimits { validation: 3, ..FloodLimits::default() };
    let served = Served::start_with(HttpSettings { limits, ..HttpSettings::default() }).await;
    let path = "/v1/card-validations/AAAAAAAAAAAAAAAAAAAAAA/12345678";
    for _ in 0..3 {
        asked(&served, path).await.problem(404, "card-code-wrong");
    }
    asked(&served, path).await.problem(429, "too-many-requests");
    asked(&served, &path.replace("/v1/card-validations/", "/v/")).await.problem(429, "too-many-requests");
    served.stop().await;
}
