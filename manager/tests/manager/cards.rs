//! Templates and cards as their administrator keeps them.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{DAY, START, Served};

/// A template with a bit of everything.
pub(crate) fn student() -> Value {
    json!({
        "name": "Student card",
        "front": [
            { "key": "name", "label": "Name", "required": true },
            { "key": "born", "label": "Born", "kind": "date" },
        ],
        "back": [{ "key": "library", "label": "Library", "kind": "number" }],
        "barcode": { "symbology": "code_39", "source": "card_id" },
        "expiry": { "rule": "after_days", "days": 365, "time_zone": "Europe/Berlin" },
        "identity": { "unique_identifier": true, "questions": 2 },
        "terms": { "version": "2026-10", "text": "Do not lend this card." },
    })
}

pub(crate) fn anna(template: &str) -> Value {
    json!({
        "template": template,
        "card_id": "S-4711",
        "fields": { "name": "Anna Berg", "born": "2004-02-29" },
        "unique_identifier": "M 123",
        "questions": [
            { "question": "Your first pet?", "answer": "Rex" },
            { "question": "Where were you born?", "answer": "Weißenburg in Bayern" },
        ],
        "email": "anna@x.example",
    })
}

async fn post(served: &Served, path: &str) -> Value {
    served.admin(Method::POST, path, json!({})).await.expect(StatusCode::OK)
}

#[tokio::test]
async fn cards_are_counted_by_template_and_status() {
    let served = Served::start().await;
    let plain = served.template(json!({ "name": "Visitor" })).await;
    let other = served.template(json!({ "name": "Guest" })).await;
    served.template(json!({ "name": "Nobody's" })).await;
    let mut cards = Vec::new();
    for (template, number) in [(&plain, "1"), (&plain, "2"), (&plain, "3"), (&other, "1")] {
        cards.push(served.card(json!({ "template": template, "card_id": number })).await);
    }
    post(&served, &format!("/v1/cards/{}/archive", cards[0])).await;
    let found = served.get("/v1/cards/counts").await.expect(StatusCode::OK);
    let mut counts: Vec<(&str, &str, u64)> = found["counts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            let text = |name: &str| one[name].as_str().unwrap();
            (text("template"), text("status"), one["count"].as_u64().unwrap())
        })
        .collect();
    counts.sort_unstable();
    let mut expected =
        [(plain.as_str(), "archived", 1), (plain.as_str(), "inactive", 2), (other.as_str(), "inactive", 1)];
    expected.sort_unstable();
    assert_eq!(counts, expected);
    served.stop().await;
}

#[tokio::test]
async fn a_card_is_looked_at_and_refused_as_it_would_be_and_nothing_is_kept() {
    let served = Served::start().await;
    let template = served.template(student()).await;
    let review = async |card: Value| served.admin(Method::POST, "/v1/cards/review", card).await;
    let shown = review(anna(&template)).await.expect(StatusCode::OK);
    assert_eq!((&shown["card_id"], &shown["status"]), (&json!("S-4711"), &json!("inactive")));
    assert!(shown["expires_at"].as_u64().unwrap() > u64::from(START.0 + 364 * DAY));
    assert!(!shown.to_string().contains("Rex"), "an answer is shown to nobody");
    assert_eq!(served.get("/v1/cards").await.expect(StatusCode::OK)["cards"], json!([]));
    let mut wrong = anna(&template);
    wrong["fields"]["born"] = json!("yesterday");
    review(wrong).await.problem(422, "card-invalid");
    served.card(anna(&template)).await;
    review(anna(&template)).await.problem(409, "card-taken");
    served.stop().await;
}

#[tokio::test]
async fn a_template_is_changed_while_it_is_a_draft_and_has_cards_once_it_is_approved() {
    let served = Served::start().await;
    let added = served.admin(Method::POST, "/v1/card-templates", student()).await.expect(StatusCode::CREATED);
    assert_eq!((added["state"].as_str(), added["name"].as_str()), (Some("draft"), Some("Student card")));
    let path = format!("/v1/card-templates/{}", added["id"].as_str().unwrap());
    let early = served.admin(Method::POST, "/v1/cards", anna(added["id"].as_str().unwrap())).await;
    early.problem(409, "card-template-state");
    served
        .admin(Method::POST, "/v1/card-templates", student())
        .await
        .problem(409, "card-template-name-taken");

    let mut design = student();
    design["back"] = json!([]);
    served.admin(Method::PUT, &path, design.clone()).await.problem(428, "precondition-required");
    let put = |version: &'static str, design: Value| {
        let request = served.client.put(format!("{}{path}", served.base)).bearer_auth(&served.token);
        request.header("if-match", version).json(&design).send()
    };
    assert_eq!(put("\"other\"", design.clone()).await.unwrap().status(), StatusCode::PRECONDITION_FAILED);
    assert_eq!(put("*", design.clone()).await.unwrap().status(), StatusCode::OK);
    assert_eq!(served.get(&path).await.expect(StatusCode::OK)["back"], json!([]));

    post(&served, &format!("{path}/approval")).await;
    assert_eq!(put("*", student()).await.unwrap().status(), StatusCode::CONFLICT);
    served.admin(Method::DELETE, &path, json!({})).await.problem(409, "card-template-state");
    let bad = json!({ "name": "", "identity": { "questions": 1 } });
    let answer = served.admin(Method::POST, "/v1/card-templates", bad).await;
    assert!(answer.body["title"].as_str().unwrap().contains("the name is empty; security questions"));
    answer.problem(422, "card-template-invalid");

    let draft = served.admin(Method::POST, "/v1/card-templates", json!({ "name": "Visitor" })).await;
    let draft = draft.expect(StatusCode::CREATED);
    let list = served.get("/v1/card-templates?limit=1").await.expect(StatusCode::OK);
    assert_eq!(list["templates"][0]["name"], "Student card");
    let next = format!("/v1/card-templates?cursor={}", list["next"].as_str().unwrap());
    assert_eq!(served.get(&next).await.expect(StatusCode::OK)["templates"][0]["id"], draft["id"]);
    let path = format!("/v1/card-templates/{}", draft["id"].as_str().unwrap());
    served.admin(Method::DELETE, &path, json!({})).await.expect(StatusCode::NO_CONTENT);
    served.get(&path).await.problem(404, "card-template-unknown");
    served.stop().await;
}

#[tokio::test]
async fn a_card_is_added_found_and_edited() {
    let served = Served::start().await;
    let template = served.template(student()).await;
    let card = served.admin(Method::POST, "/v1/cards", anna(&template)).await.expect(StatusCode::CREATED);
    assert_eq!(
        (card["status"].as_str(), card["template_name"].as_str()),
        (Some("inactive"), Some("Student card"))
    );
    assert_eq!(card["questions"], json!(["Your first pet?", "Where were you born?"]));
    assert!(!card.to_string().contains("Rex") && !card.to_string().contains("hash"));
    // 365 days after 2026-09-21, to the end of the day in Berlin.
    assert_eq!(
        (card["expires_at"].as_u64(), card["time_zone"].as_str()),
        (Some(1_821_564_000), Some("Europe/Berlin"))
    );
    let path = format!("/v1/cards/{}", card["id"].as_str().unwrap());

    for search in ["s-47", "BERG", "anna b", "m 123", "x.example"] {
        let found = served.get(&format!("/v1/cards?search={search}")).await.expect(StatusCode::OK);
        assert_eq!(found["cards"][0]["id"], card["id"], "{search}");
    }
    for query in
        ["search=bert", "status=active", "user=01990f3e-5c1e-7cc3-98a5-6f0a3a3f9d10", "photo_waits=true"]
    {
        let found = served.get(&format!("/v1/cards?{query}")).await.expect(StatusCode::OK);
        assert_eq!(found["cards"], json!([]), "{query}");
    }
    served.get("/v1/cards?status=lost").await.problem(400, "request-invalid");

    let edit =
        json!({ "fields": { "name": "Anna Tal", "born": "" }, "expires": "2027-01-31", "email": null });
    let edited = served.patch(&path, edit).await.expect(StatusCode::OK);
    assert_eq!(edited["fields"], json!({ "name": "Anna Tal" }));
    assert_eq!((edited["email"].clone(), edited["expiry_rule"].as_str()), (Value::Null, Some("imported")));
    assert_eq!(served.get("/v1/cards?search=berg").await.expect(StatusCode::OK)["cards"], json!([]));
    for (edit, what) in [
        (json!({ "card_id": "klein" }), "Code 39 carries capitals"),
        (json!({ "fields": { "name": "" } }), "\\\"name\\\" is needed"),
        (json!({ "fields": { "colour": "red" } }), "no field \\\"colour\\\""),
        (json!({ "unique_identifier": null }), "unique identifier"),
        (json!({ "questions": [] }), "asks 2 security questions"),
        (json!({ "expires": "soon" }), "neither a day"),
    ] {
        let answer = served.patch(&path, edit).await;
        assert!(answer.body.to_string().contains(what), "{what}: {}", answer.body);
        answer.problem(422, "card-invalid");
    }
    served
        .patch(&path, json!({ "user": "01990f3e-5c1e-7cc3-98a5-6f0a3a3f9d10" }))
        .await
        .problem(404, "user-unknown");
    assert!(served.manager.verify_audit().await.unwrap().is_ok());
    served.stop().await;
}

#[tokio::test]
async fn what_only_one_card_can_have_no_other_gets() {
    let served = Served::start().await;
    served.import("Anna,Berg,anna@x.example,004711\n").await;
    let user = served.user_with("anna@x.example").await["id"].clone();
    let template = served.template(student()).await;
    let mut first = anna(&template);
    first["user"] = user.clone();
    let first = served.card(first).await;
    let mut second = anna(&template);
    served.admin(Method::POST, "/v1/cards", second.clone()).await.problem(409, "card-taken");
    second["card_id"] = json!("S-4712");
    second["unique_identifier"] = json!("ｍ  123");
    served.admin(Method::POST, "/v1/cards", second.clone()).await.problem(409, "card-taken");
    second["unique_identifier"] = json!("M 124");
    second["user"] = user.clone();
    served.admin(Method::POST, "/v1/cards", second.clone()).await.problem(409, "card-taken");
    post(&served, &format!("/v1/cards/{first}/archive")).await;
    let second = served.card(second).await;
    // The user has another card by now.
    let back = served.admin(Method::DELETE, &format!("/v1/cards/{first}/archive"), json!({})).await;
    back.problem(409, "card-taken");
    let of_user =
        served.get(&format!("/v1/cards?user={}", user.as_str().unwrap())).await.expect(StatusCode::OK);
    assert_eq!(of_user["cards"].as_array().unwrap().len(), 2);
    post(&served, &format!("/v1/cards/{second}/archive")).await;
    served
        .admin(Method::DELETE, &format!("/v1/cards/{first}/archive"), json!({}))
        .await
        .expect(StatusCode::OK);
    served.stop().await;
}

#[tokio::test]
async fn acts_that_a_status_does_not_allow_are_refused() {
    let served = Served::start().await;
    let template = served.template(json!({ "name": "Visitor" })).await;
    let card = served.card(json!({ "template": template, "card_id": "1" })).await;
    let path = |act: &str| format!("/v1/cards/{card}/{act}");
    served.admin(Method::POST, &path("deactivation"), json!({})).await.problem(409, "card-status");
    served.admin(Method::DELETE, &path("deactivation"), json!({})).await.problem(409, "card-status");
    served.admin(Method::POST, &path("uninstallation"), json!({})).await.problem(409, "card-status");
    served.admin(Method::DELETE, &path("archive"), json!({})).await.problem(409, "card-status");
    assert_eq!(post(&served, &path("archive")).await["status"], "archived");
    for act in ["archive", "deactivation", "invitations", "uninstallation"] {
        served.admin(Method::POST, &path(act), json!({})).await.problem(410, "card-archived");
    }
    served.patch(&format!("/v1/cards/{card}"), json!({ "card_id": "2" })).await.problem(410, "card-archived");
    served.stop().await;
}

#[tokio::test]
async fn pages_of_cards_hold_each_card_once() {
    let served = Served::start().await;
    let template = served.template(json!({ "name": "Visitor" })).await;
    for number in 0..7 {
        served.card(json!({ "template": template, "card_id": format!("V-{number}") })).await;
    }
    let (mut found, mut query) = (Vec::new(), "limit=3&search=v".to_owned());
    loop {
        let page = served.get(&format!("/v1/cards?{query}")).await.expect(StatusCode::OK);
        found.extend(page["cards"].as_array().unwrap().iter().map(|card| card["card_id"].to_string()));
        let Some(next) = page["next"].as_str() else { break };
        query = format!("limit=3&search=v&cursor={next}");
    }
    assert_eq!(found, (0..7).map(|number| format!("\"V-{number}\"")).collect::<Vec<_>>());
    served.stop().await;
}

#[tokio::test]
async fn a_card_ends_as_its_template_or_it_itself_says() {
    let served = Served::start().await;
    let template =
        async |name: &str, expiry: Value| served.template(json!({ "name": name, "expiry": expiry })).await;
    let hours = template("Hours", json!({ "rule": "after_hours", "hours": 8 })).await;
    let imported = template("Imported", json!({ "rule": "imported" })).await;
    let fixed = template("Fixed", json!({ "rule": "fixed", "at": "2027-09-30T12:00" })).await;
    let ends = |template: &str, extra: Value| {
        let mut card = json!({ "template": template, "card_id": "1" });
        card.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        served.admin(Method::POST, "/v1/cards", card)
    };
    let card = ends(&hours, json!({})).await.expect(StatusCode::CREATED);
    assert_eq!(card["expires_at"], START.0 + 8 * 3600);
    ends(&imported, json!({})).await.problem(422, "card-invalid");
    let own = json!({ "expires": "2026-09-21", "time_zone": "UTC" });
    let card = ends(&imported, own).await.expect(StatusCode::CREATED);
    assert_eq!(card["expires_at"], START.0 / DAY * DAY + DAY);
    let card = ends(&fixed, json!({})).await.expect(StatusCode::CREATED);
    assert_eq!(
        (card["expires_at"].as_u64(), card["expiry_rule"].as_str()),
        (Some(1_822_305_600), Some("fixed"))
    );
    served.stop().await;
}
