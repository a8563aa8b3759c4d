//! SCIM 2.0 as an identity provider uses it.

use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};

use crate::support::Served;

const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
const PATCH: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

async fn send(served: &Served, method: Method, path: &str, body: Value) -> Response {
    send_if(served, method, path, body, &[]).await
}

async fn send_if(
    served: &Served,
    method: Method,
    path: &str,
    body: Value,
    headers: &[(&str, &str)],
) -> Response {
    let mut request = served.client.request(method, format!("{}/scim/v2{path}", served.base));
    request = request.bearer_auth(&served.token).header("content-type", "application/scim+json");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    if !body.is_null() {
        request = request.body(body.to_string());
    }
    request.send().await.unwrap()
}

async fn expect(response: Response, status: StatusCode) -> Value {
    let found = response.status();
    assert!(
        status == StatusCode::NO_CONTENT || response.headers()["content-type"] == "application/scim+json"
    );
    let text = response.text().await.unwrap();
    assert_eq!(found, status, "{text}");
    serde_json::from_str(&text).unwrap_or_default()
}

async fn refused(response: Response, status: u16, kind: Option<&str>) -> String {
    let body = expect(response, StatusCode::from_u16(status).unwrap()).await;
    assert_eq!(body["schemas"], json!(["urn:ietf:params:scim:api:messages:2.0:Error"]));
    assert_eq!(body["status"], status.to_string());
    assert_eq!(body["scimType"].as_str(), kind, "{body}");
    body["detail"].as_str().unwrap().to_owned()
}

fn anna() -> Value {
    json!({
        "schemas": [USER, ENTERPRISE],
        "userName": "Anna.Berg",
        "externalId": "S1",
        "name": { "givenName": "Anna", "familyName": "Berg" },
        "emails": [{ "value": "anna@x.example", "type": "work", "primary": true }],
        "active": true,
        ENTERPRISE: { "employeeNumber": "004711" },
    })
}

fn somebody(number: u32) -> Value {
    json!({
        "schemas": [USER, ENTERPRISE],
        "userName": format!("p{number}@x.example"),
        "name": { "givenName": "P", "familyName": format!("Berg{number}") },
        ENTERPRISE: { "employeeNumber": number.to_string() },
    })
}

fn patch(operations: Value) -> Value {
    json!({ "schemas": [PATCH], "Operations": operations })
}

#[tokio::test]
async fn a_user_lives_from_post_to_delete() {
    let served = Served::start().await;
    let created = send(&served, Method::POST, "/Users", anna()).await;
    let tag = created.headers()["etag"].to_str().unwrap().to_owned();
    let location = created.headers()["location"].to_str().unwrap().to_owned();
    let created = expect(created, StatusCode::CREATED).await;
    assert_eq!((&created["meta"]["version"], &created["meta"]["location"]), (&json!(tag), &json!(location)));
    assert_eq!(created[ENTERPRISE]["employeeNumber"], "004711");
    let path = format!("/Users/{}", created["id"].as_str().unwrap());
    assert_eq!(expect(send(&served, Method::GET, &path, Value::Null).await, StatusCode::OK).await, created);
    let held = [("if-none-match", tag.as_str())];
    let unchanged = send_if(&served, Method::GET, &path, Value::Null, &held).await;
    assert_eq!(unchanged.status(), StatusCode::NOT_MODIFIED);

    let user = served.user_with("anna@x.example").await;
    assert_eq!((&user["user_id"], &user["sync_id"]), (&json!("004711"), &json!("S1")));
    let code = served.invite("anna@x.example").await;
    crate::support::Phone::new(1).activate(&served, &code).await.expect(StatusCode::CREATED);

    served.clock.advance(60);
    let off = patch(json!([{ "op": "Replace", "path": "active", "value": "False" }]));
    let suspended = expect(send(&served, Method::PATCH, &path, off).await, StatusCode::OK).await;
    assert_eq!(suspended["active"], false);
    assert_eq!(served.user_with("anna@x.example").await["status"], "suspended");
    // Suspended users are still there.
    let listed = expect(send(&served, Method::GET, "/Users", Value::Null).await, StatusCode::OK).await;
    assert_eq!((&listed["totalResults"], &listed["Resources"][0]["active"]), (&json!(1), &json!(false)));
    let on = patch(json!([{ "op": "replace", "value": { "active": true } }]));
    expect(send(&served, Method::PATCH, &path, on).await, StatusCode::OK).await;
    assert_eq!(served.user_with("anna@x.example").await["status"], "active");

    let mut renamed = anna();
    renamed["name"]["familyName"] = json!("Neu");
    renamed.as_object_mut().unwrap().remove("externalId");
    let old = [("if-match", tag.as_str())];
    let response = send_if(&served, Method::PUT, &path, renamed.clone(), &old).await;
    refused(response, 412, None).await;
    let replaced = expect(send(&served, Method::PUT, &path, renamed).await, StatusCode::OK).await;
    assert_eq!((&replaced["name"]["formatted"], &replaced["externalId"]), (&json!("Anna Neu"), &Value::Null));

    expect(send(&served, Method::DELETE, &path, Value::Null).await, StatusCode::NO_CONTENT).await;
    refused(send(&served, Method::GET, &path, Value::Null).await, 404, None).await;
    refused(send(&served, Method::DELETE, &path, Value::Null).await, 404, None).await;
    assert_eq!(served.user_with("anna@x.example").await["status"], "deletion_pending");
    // What an identity provider did can be undone like an import.
    let plans = served.admin(Method::GET, "/v1/imports", Value::Null).await.expect(StatusCode::OK);
    let plan = plans["plans"].as_array().unwrap().iter().find(|plan| plan["counts"]["deleted"] == 1).unwrap();
    let undo = format!("/v1/imports/{}/undo", plan["id"].as_str().unwrap());
    served.admin(Method::POST, &undo, json!({})).await.expect(StatusCode::OK);
    let again = expect(send(&served, Method::GET, &path, Value::Null).await, StatusCode::OK).await;
    assert_eq!((&again["userName"], &again["active"]), (&json!("Anna.Berg"), &json!(true)));
    served.stop().await;
}

#[tokio::test]
async fn users_are_found_page_by_page_and_by_filters() {
    let served = Served::start().await;
    send(&served, Method::POST, "/Users", anna()).await;
    for number in 1..=7 {
        expect(send(&served, Method::POST, "/Users", somebody(number)).await, StatusCode::CREATED).await;
    }
    let list = async |query: &str| {
        let response = send(&served, Method::GET, &format!("/Users?{query}"), Value::Null).await;
        let list = expect(response, StatusCode::OK).await;
        let names = list["Resources"].as_array().unwrap().iter();
        let names: Vec<String> =
            names.map(|user| user["userName"].as_str().unwrap_or("-").to_owned()).collect();
        (list["totalResults"].as_u64().unwrap(), names)
    };
    let page = list("startIndex=7&count=5").await;
    assert_eq!(page, (8, vec!["p6@x.example".to_owned(), "p7@x.example".to_owned()]));
    assert_eq!(list("count=0").await, (8, vec![]));
    assert_eq!(list("startIndex=0&count=1").await, (8, vec!["Anna.Berg".to_owned()]));
    for (filter, expected) in [
        ("userName eq \"anna.berg\"", vec!["Anna.Berg"]),
        ("userName eq \"anna@x.example\"", vec![]),
        ("externalId eq \"S1\"", vec!["Anna.Berg"]),
        ("emails.value eq \"P3@x.example\"", vec!["p3@x.example"]),
        ("emails[type eq \"work\" and value sw \"p3\"]", vec!["p3@x.example"]),
        (
            "userName sw \"p\" and (name.familyName ew \"1\" or name.familyName ew \"2\")",
            vec!["p1@x.example", "p2@x.example"],
        ),
        ("not (userName co \"x.example\")", vec!["Anna.Berg"]),
    ] {
        let query = format!("filter={}", filter.replace(' ', "%20").replace('"', "%22"));
        let (total, names) = list(&query).await;
        assert_eq!(
            (total, names.iter().map(String::as_str).collect::<Vec<_>>()),
            (expected.len() as u64, expected),
            "{filter}"
        );
    }
    let response = send(&served, Method::GET, "/Users?filter=userName%20is%20%22x%22", Value::Null).await;
    refused(response, 400, Some("invalidFilter")).await;
    let search = json!({ "schemas": [], "filter": "userName sw \"p\"", "startIndex": 2, "count": 2, "attributes": ["userName"] });
    let found = expect(send(&served, Method::POST, "/Users/.search", search).await, StatusCode::OK).await;
    assert_eq!((&found["totalResults"], &found["itemsPerPage"]), (&json!(7), &json!(2)));
    assert_eq!(found["Resources"][0]["userName"], "p2@x.example");
    assert_eq!(found["Resources"][0].as_object().unwrap().len(), 3);
    served.stop().await;
}

#[tokio::test]
async fn what_breaks_the_rules_is_refused_with_the_reason() {
    let served = Served::start().await;
    send(&served, Method::POST, "/Users", anna()).await;
    let post = async |body: Value| send(&served, Method::POST, "/Users", body).await;
    assert_eq!(
        refused(post(anna()).await, 409, Some("uniqueness")).await,
        "another user has \"Anna.Berg\" as userName"
    );
    let mut other = somebody(1);
    other[ENTERPRISE]["employeeNumber"] = json!("004711");
    refused(post(other).await, 409, Some("uniqueness")).await;
    let bare = json!({ "schemas": [USER], "userName": "nobody" });
    assert_eq!(
        refused(post(bare).await, 400, Some("invalidValue")).await,
        "name.familyName is empty; emails.value is empty; employeeNumber of the enterprise extension, which is the ID that doors get, is empty"
    );
    refused(post(json!({ "userName": "x" })).await, 400, Some("invalidSyntax")).await;
    refused(post(json!([])).await, 400, Some("invalidSyntax")).await;
    refused(send(&served, Method::GET, "/Users/7", Value::Null).await, 404, None).await;
    refused(send(&served, Method::POST, "/Bulk", json!({})).await, 501, None).await;
    refused(send(&served, Method::GET, "/Groups", Value::Null).await, 404, None).await;
    let without = served.client.get(format!("{}/scim/v2/Users", served.base)).send().await.unwrap();
    refused(without, 401, None).await;
    served.stop().await;
}

#[tokio::test]
async fn many_deletions_by_an_identity_provider_wait_for_a_confirmation() {
    let served = Served::start().await;
    let people: String = (0..20).map(|n| format!("P{n},Berg,p{n}@x.example,{n}\n")).collect();
    served.import(&people).await;
    let users = expect(send(&served, Method::GET, "/Users", Value::Null).await, StatusCode::OK).await;
    let ids: Vec<String> = users["Resources"]
        .as_array()
        .unwrap()
        .iter()
        .map(|user| user["id"].as_str().unwrap().to_owned())
        .collect();
    for id in &ids[..5] {
        let deleted = send(&served, Method::DELETE, &format!("/Users/{id}"), Value::Null).await;
        expect(deleted, StatusCode::NO_CONTENT).await;
    }
    let stopped = send(&served, Method::DELETE, &format!("/Users/{}", ids[5]), Value::Null).await;
    let detail = refused(stopped, 409, None).await;
    let plans = served.admin(Method::GET, "/v1/imports", Value::Null).await.expect(StatusCode::OK);
    let plan = plans["plans"][0]["id"].as_str().unwrap();
    assert!(detail.contains(plan), "{detail}");
    let apply = format!("/v1/imports/{plan}/apply");
    served.admin(Method::POST, &apply, json!({})).await.problem(409, "confirmation-needed");
    served.admin(Method::POST, &apply, json!({ "confirm": true })).await.expect(StatusCode::OK);
    refused(send(&served, Method::GET, &format!("/Users/{}", ids[5]), Value::Null).await, 404, None).await;
    served.stop().await;
}

#[tokio::test]
async fn what_is_served_is_described() {
    let served = Served::start().await;
    let config =
        expect(send(&served, Method::GET, "/ServiceProviderConfig", Value::Null).await, StatusCode::OK).await;
    assert_eq!((&config["patch"]["supported"], &config["bulk"]["supported"]), (&json!(true), &json!(false)));
    let types = expect(send(&served, Method::GET, "/ResourceTypes", Value::Null).await, StatusCode::OK).await;
    assert_eq!(types["Resources"][0]["endpoint"], "/Users");
    let one =
        expect(send(&served, Method::GET, &format!("/Schemas/{USER}"), Value::Null).await, StatusCode::OK)
            .await;
    assert_eq!(one["id"], USER);
    refused(send(&served, Method::GET, "/Schemas/urn:nothing", Value::Null).await, 404, None).await;
    let project = manager::domain::project_id_text(served.manager.project().id);
    let path = format!("{}/p/{project}/scim/v2/ResourceTypes/User", served.base);
    let response = served.client.get(&path).bearer_auth(&served.token).send().await.unwrap();
    let kind = expect(response, StatusCode::OK).await;
    assert_eq!(kind["meta"]["location"], path);
    served.stop().await;
}
