//! Administrators and tokens over the API.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{DAY, Served};

async fn add(served: &Served, name: &str, role: &str) -> Value {
    let body = json!({ "name": name, "email": format!("{name}@x.example"), "role": role });
    served.admin(Method::POST, "/v1/administrators", body).await.expect(StatusCode::CREATED)
}

fn path(administrator: &Value) -> String {
    format!("/v1/administrators/{}", administrator["id"].as_str().unwrap())
}

#[tokio::test]
async fn a_project_is_never_without_an_owner() {
    let served = Served::start().await;
    let listed = served.admin(Method::GET, "/v1/administrators", Value::Null).await.expect(StatusCode::OK);
    let first = &listed["administrators"][0];
    assert_eq!(
        (&first["name"], &first["role"], &first["email"]),
        (&json!("Owner"), &json!("owner"), &Value::Null)
    );
    served.admin(Method::DELETE, &path(first), Value::Null).await.problem(409, "last-owner");
    let lesser = json!({ "role": "manager" });
    served.patch(&path(first), lesser.clone()).await.problem(409, "last-owner");
    let second = add(&served, "anna", "owner").await;
    let changed = served.patch(&path(&second), lesser.clone()).await.expect(StatusCode::OK);
    assert_eq!(changed["role"], "manager");
    served.patch(&path(first), lesser).await.problem(409, "last-owner");
    served.admin(Method::DELETE, &path(&second), Value::Null).await.expect(StatusCode::NO_CONTENT);
    served.admin(Method::DELETE, &path(&second), Value::Null).await.problem(404, "administrator-unknown");
    served.stop().await;
}

#[tokio::test]
async fn what_is_wrong_with_an_administrator_is_said() {
    let served = Served::start().await;
    add(&served, "anna", "viewer").await;
    let post = |body: Value| served.admin(Method::POST, "/v1/administrators", body);
    let known = json!({ "name": "Other", "email": "ANNA@x.example", "role": "viewer" });
    post(known).await.problem(409, "administrator-known");
    let answer = post(json!({ "name": "B", "email": "foo@", "role": "viewer" })).await;
    assert_eq!(answer.body["title"], "The e-mail address \"foo@\" is not an e-mail address.");
    answer.problem(422, "administrator-invalid");
    post(json!({ "name": "B", "email": "b@x.example", "role": "boss" }))
        .await
        .problem(400, "request-invalid");
    served.stop().await;
}

#[tokio::test]
async fn a_token_makes_none_that_is_good_for_more() {
    let mut served = Served::start().await;
    let viewer = add(&served, "anna", "viewer").await;
    let own = served.admin(Method::GET, "/v1/administrators", Value::Null).await.expect(StatusCode::OK);
    let own = own["administrators"][0]["id"].clone();
    let beyond = json!({ "administrator": viewer["id"], "name": "x", "scopes": ["users:write"] });
    served.admin(Method::POST, "/v1/tokens", beyond).await.problem(422, "scopes-beyond");
    let narrow =
        json!({ "administrator": own, "name": "x", "scopes": ["administrators:write", "users:read"] });
    let made = served.admin(Method::POST, "/v1/tokens", narrow).await.expect(StatusCode::CREATED);
    served.token = made["secret"].as_str().unwrap().to_owned();
    let all = json!({ "administrator": own, "name": "all", "scopes": ["users:write"] });
    served.admin(Method::POST, "/v1/tokens", all).await.problem(422, "scopes-beyond");
    let same = json!({ "administrator": own, "name": "same" });
    let same = served.admin(Method::POST, "/v1/tokens", same).await.expect(StatusCode::CREATED);
    assert_eq!(same["scopes"], json!(["administrators:write", "users:read"]));
    let past = json!({ "administrator": own, "name": "past", "expires_at": served.manager.now().0 });
    served.admin(Method::POST, "/v1/tokens", past).await.problem(422, "administrator-invalid");
    served.stop().await;
}

#[tokio::test]
async fn the_list_of_tokens_tells_when_each_was_used_and_not_its_secret() {
    let served = Served::start().await;
    let list = || served.admin(Method::GET, "/v1/tokens", Value::Null);
    list().await.expect(StatusCode::OK);
    served.clock.advance(DAY);
    let used = list().await.expect(StatusCode::OK);
    assert_eq!(used["tokens"][0]["last_used_at"], served.manager.now().0);
    assert!(!used.to_string().contains("ostiary_"), "{used}");
    let token = used["tokens"][0]["id"].as_str().unwrap();
    served
        .admin(Method::DELETE, &format!("/v1/tokens/{token}"), Value::Null)
        .await
        .expect(StatusCode::NO_CONTENT);
    list().await.problem(401, "unauthorized");
    served.stop().await;
}
