//! `ETag` and `If-Match`: nobody's edit is lost under another's.

use manager::domain::Actor;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::Served;

/// The version that a GET tells.
async fn version(served: &Served, path: &str) -> String {
    let request = served.client.get(format!("{}{path}", served.base)).bearer_auth(&served.token);
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    response.headers()["etag"].to_str().unwrap().to_owned()
}

/// Each thing that can be edited, and two edits of it.
async fn editable(served: &Served) -> Vec<(String, Value, Value)> {
    served.import("Anna,Berg,anna@x.example,004711\n").await;
    let user = served.user_with("anna@x.example").await["id"].as_str().unwrap().to_owned();
    let reader = served.enrol_reader("Front door").await.0;
    let administrator = served.manager.administrators(None, 1).await.unwrap()[0].id;
    let template = served.template(json!({ "name": "Visitor" })).await;
    let card = served.card(json!({ "template": template, "card_id": "1" })).await;
    vec![
        (format!("/v1/users/{user}"), json!({ "last_name": "Tal" }), json!({ "last_name": "Dahl" })),
        (format!("/v1/readers/{reader}"), json!({ "name": "Back door" }), json!({ "place": "Yard" })),
        (format!("/v1/administrators/{administrator}"), json!({ "name": "Anna" }), json!({ "name": "Bert" })),
        ("/v1/settings".to_owned(), json!({ "name": "Works" }), json!({ "time_zone": "Europe/Berlin" })),
        (format!("/v1/cards/{card}"), json!({ "card_id": "2" }), json!({ "card_id": "3" })),
        ("/v1/mail/settings".to_owned(), json!({ "language": "de" }), json!({ "per_minute": 7 })),
    ]
}

#[tokio::test]
async fn an_edit_is_done_to_the_version_that_was_looked_at_or_not_at_all() {
    let served = Served::start().await;
    for (path, first, second) in editable(&served).await {
        let looked_at = version(&served, &path).await;
        served.admin(Method::PATCH, &path, first.clone()).await.problem(428, "precondition-required");
        assert_eq!(version(&served, &path).await, looked_at, "{path}");
        served.patch_expected(&path, &looked_at, first).await.expect(StatusCode::OK);
        let now = version(&served, &path).await;
        assert_ne!(now, looked_at, "{path}");
        served.patch_expected(&path, &looked_at, second.clone()).await.problem(412, "precondition-failed");
        assert_eq!(version(&served, &path).await, now, "{path}");
        let either = format!("{looked_at}, {now}");
        served.patch_expected(&path, &either, second).await.expect(StatusCode::OK);
        served.patch(&path, json!({})).await.expect(StatusCode::OK);
    }
    served.stop().await;
}

#[tokio::test]
async fn of_two_edits_of_one_version_one_is_done() {
    let served = Served::start().await;
    for (path, first, second) in editable(&served).await {
        let looked_at = version(&served, &path).await;
        let (one, two) = tokio::join!(
            served.patch_expected(&path, &looked_at, first),
            served.patch_expected(&path, &looked_at, second)
        );
        let mut statuses = [one.status.as_u16(), two.status.as_u16()];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 412], "{path}");
    }
    served.stop().await;
}

#[tokio::test]
async fn the_answer_to_an_edit_has_the_version_that_the_next_one_is_meant_for() {
    let served = Served::start().await;
    for (path, first, second) in editable(&served).await {
        let url = format!("{}{path}", served.base);
        let request = served.client.patch(url).bearer_auth(&served.token).header("if-match", "*");
        let edited = request.json(&first).send().await.unwrap();
        let tag = edited.headers()["etag"].to_str().unwrap().to_owned();
        assert_eq!(tag, version(&served, &path).await, "{path}");
        served.patch_expected(&path, &tag, second).await.expect(StatusCode::OK);
    }
    served.stop().await;
}

#[tokio::test]
async fn what_happens_to_a_user_meanwhile_is_another_version() {
    let served = Served::start().await;
    served.import("Anna,Berg,anna@x.example,004711\n").await;
    let user = served.manager.find_user("anna@x.example").await.unwrap().id;
    let path = format!("/v1/users/{user}");
    let looked_at = version(&served, &path).await;
    served.manager.invite(Actor::Operator, user).await.unwrap();
    let edit = json!({ "last_name": "Tal" });
    served.patch_expected(&path, &looked_at, edit).await.problem(412, "precondition-failed");
    served.stop().await;
}

#[tokio::test]
async fn a_text_of_mail_is_replaced_as_it_was_looked_at_or_not_at_all() {
    let served = Served::start().await;
    let path = "/v1/mail/texts/invitation/en";
    let text = |subject: &str| json!({ "subject": subject, "plain": "{{ link }} {{ code }}", "html": "{{ link }} {{ code }} {{ qr }}" });
    let standard = version(&served, path).await;
    served.admin(Method::PUT, path, text("Hello")).await.problem(428, "precondition-required");
    assert_eq!(version(&served, path).await, standard);
    served.put_expected(path, &standard, text("Hello")).await.expect(StatusCode::NO_CONTENT);
    served.put_expected(path, &standard, text("Welcome")).await.problem(412, "precondition-failed");
    let shown = served.admin(Method::GET, path, Value::Null).await.expect(StatusCode::OK);
    assert_eq!(shown["subject"], "Hello");
    let own = version(&served, path).await;
    served.put_expected(path, &own, text("Welcome")).await.expect(StatusCode::NO_CONTENT);
    served.stop().await;
}
