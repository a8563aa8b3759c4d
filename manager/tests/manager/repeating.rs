//! Requests that are sent again, and edits that meet another version.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{Answer, DAY, Served, answer};

/// A POST with an idempotency key; the answer, and whether it was given before.
async fn post(served: &Served, path: &str, key: &str, body: &Value) -> (Answer, bool) {
    let request = served.client.post(format!("{}{path}", served.base)).bearer_auth(&served.token);
    let response = request.header("idempotency-key", key).json(body).send().await.unwrap();
    let replayed = response.headers().contains_key("idempotent-replayed");
    (answer(response).await, replayed)
}

fn anna() -> Value {
    json!({ "name": "Anna", "email": "anna@x.example", "role": "viewer" })
}

#[tokio::test]
async fn a_request_that_is_sent_again_gets_its_answer_again_and_acts_once() {
    let served = Served::start().await;
    let (first, replayed) = post(&served, "/v1/administrators", "one", &anna()).await;
    assert!(!replayed);
    let first = first.expect(StatusCode::CREATED);
    let (again, replayed) = post(&served, "/v1/administrators", "one", &anna()).await;
    assert!(replayed);
    assert_eq!(again.expect(StatusCode::CREATED), first);
    post(&served, "/v1/administrators", "two", &anna()).await.0.problem(409, "administrator-known");
    let listed = served.admin(Method::GET, "/v1/administrators", Value::Null).await.expect(StatusCode::OK);
    assert_eq!(listed["administrators"].as_array().unwrap().len(), 2);
    served.manager.verify_audit().await.unwrap().unwrap();
    served.stop().await;
}

#[tokio::test]
async fn a_key_belongs_to_one_request_and_one_token() {
    let mut served = Served::start().await;
    let owner = served.admin(Method::GET, "/v1/administrators", Value::Null).await.expect(StatusCode::OK);
    let token = json!({ "administrator": owner["administrators"][0]["id"], "name": "second" });
    let (made, _) = post(&served, "/v1/tokens", "one", &token).await;
    let made = made.expect(StatusCode::CREATED);
    post(&served, "/v1/administrators", "one", &anna()).await.0.problem(422, "idempotency-key-reused");
    let other = json!({ "administrator": owner["administrators"][0]["id"], "name": "third" });
    post(&served, "/v1/tokens", "one", &other).await.0.problem(422, "idempotency-key-reused");
    // The secret that is in the answer is shown again to whoever has the key, and is nowhere in the database.
    let (again, replayed) = post(&served, "/v1/tokens", "one", &token).await;
    assert!(replayed && again.expect(StatusCode::CREATED)["secret"] == made["secret"]);
    served.token = made["secret"].as_str().unwrap().to_owned();
    let (added, replayed) = post(&served, "/v1/administrators", "one", &anna()).await;
    assert!(!replayed);
    added.expect(StatusCode::CREATED);
    let revoke = format!("/v1/tokens/{}", made["id"].as_str().unwrap());
    served.admin(Method::DELETE, &revoke, Value::Null).await.expect(StatusCode::NO_CONTENT);
    post(&served, "/v1/administrators", "one", &anna()).await.0.problem(401, "unauthorized");
    served.stop().await;
}

#[tokio::test]
async fn many_at_once_with_one_key_act_once() {
    let served = Served::start().await;
    let body = anna();
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let (client, url) = (served.client.clone(), format!("{}/v1/administrators", served.base));
        let request = client.post(url).bearer_auth(&served.token).header("idempotency-key", "k").json(&body);
        tasks.spawn(async move { answer(request.send().await.unwrap()).await });
    }
    let mut ids = std::collections::HashSet::new();
    while let Some(answered) = tasks.join_next().await {
        let answered = answered.unwrap();
        ids.insert(answered.expect(StatusCode::CREATED)["id"].as_str().unwrap().to_owned());
    }
    assert_eq!(ids.len(), 1);
    let (_, replayed) = post(&served, "/v1/administrators", "k", &body).await;
    assert!(replayed);
    served.stop().await;
}

#[tokio::test]
async fn a_refusal_is_not_kept_and_an_answer_for_a_day_only() {
    let served = Served::start().await;
    let nonsense = json!({ "name": "Anna", "email": "foo@", "role": "viewer" });
    post(&served, "/v1/administrators", "one", &nonsense).await.0.problem(422, "administrator-invalid");
    post(&served, "/v1/administrators", "one", &anna()).await.0.expect(StatusCode::CREATED);
    served.clock.advance(DAY);
    post(&served, "/v1/administrators", "one", &anna()).await.0.problem(409, "administrator-known");
    let long = "x".repeat(256);
    post(&served, "/v1/administrators", &long, &anna()).await.0.problem(400, "request-invalid");
    served.stop().await;
}

#[tokio::test]
async fn an_edit_of_a_version_that_is_gone_is_refused() {
    let served = Served::start().await;
    let url = format!("{}/v1/settings", served.base);
    let shown = served.client.get(&url).bearer_auth(&served.token).send().await.unwrap();
    let tag = shown.headers()["etag"].to_str().unwrap().to_owned();
    let patch = async |tag: Option<&str>, body: Value| {
        let mut request = served.client.patch(&url).bearer_auth(&served.token).json(&body);
        if let Some(tag) = tag {
            request = request.header("if-match", tag);
        }
        answer(request.send().await.unwrap()).await
    };
    patch(None, json!({ "name": "A" })).await.problem(428, "precondition-required");
    assert_eq!(patch(Some(&tag), json!({ "name": "A" })).await.expect(StatusCode::OK)["name"], "A");
    patch(Some(&tag), json!({ "name": "B" })).await.problem(412, "precondition-failed");
    patch(Some(&format!("W/{tag}")), json!({ "name": "B" })).await.problem(412, "precondition-failed");
    patch(Some("*"), json!({ "name": "B" })).await.expect(StatusCode::OK);
    patch(Some("*"), json!({ "time_zone": "Mars/Olympus" })).await.problem(422, "settings-invalid");
    served.stop().await;
}
