//! What holds for every route.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::{Answer, Phone, Served};

/// A request with any headers; the answer as a problem or a value.
async fn send(served: &Served, method: Method, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
    let mut request = served.client.request(method, format!("{}{path}", served.base)).body(body.to_owned());
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = request.send().await.unwrap();
    let status = response.status();
    let text = response.text().await.unwrap();
    Answer { status, body: serde_json::from_str(&text).unwrap_or(Value::Null) }
}

#[tokio::test]
async fn what_is_not_well_formed_is_a_problem_that_says_where() {
    let (served, code) = Served::with_invited_anna().await;
    let json_type = [("content-type", "application/json")];
    let path = "/v1/activation/challenge";
    let cases = [
        ("{", "EOF while parsing an object at line 1 column 1"),
        ("{}", "missing field `code` at line 1 column 2"),
        ("{\"code\": 5}", "invalid type: integer `5`, expected a string at line 1 column 10"),
    ];
    for (body, detail) in cases {
        let answer = send(&served, Method::POST, path, &json_type, body).await;
        assert_eq!(answer.body["detail"], detail);
        answer.problem(400, "request-invalid");
    }
    let answer = send(&served, Method::POST, path, &[("content-type", "text/plain")], "{}").await;
    assert_eq!(answer.body["detail"], "the content type is not application/json");
    answer.problem(400, "request-invalid");

    let phone = Phone::new(1);
    let good = phone.activation(&code, &"A".repeat(43));
    for (member, value) in [
        ("challenge", json!("A".repeat(42))),
        ("public_key", json!("A".repeat(43))),
        ("signature", json!("A".repeat(87))),
        ("signature", json!("+".repeat(86))),
        ("device", json!({ "name": "x".repeat(101), "platform": "" })),
        ("device", json!({ "name": "", "platform": "x".repeat(41) })),
        ("device", json!({ "name": "\u{7}", "platform": "" })),
    ] {
        let mut body = good.clone();
        body[member] = value;
        served.post("/v1/activation", body).await.problem(400, "request-invalid");
    }
    served.post("/v1/activation", good).await.problem(409, "challenge-unknown");
    served.stop().await;
}

#[tokio::test]
async fn unknown_addresses_and_methods_are_problems() {
    let served = Served::start().await;
    send(&served, Method::GET, "/v1/nothing", &[], "").await.problem(404, "not-found");
    send(&served, Method::GET, "/v1/activation", &[], "").await.problem(405, "method-not-allowed");
    served.admin(Method::GET, "/v1/users/42", Value::Null).await.problem(404, "not-found");
    served.admin(Method::GET, "/v1/users?limit=many", Value::Null).await.problem(400, "request-invalid");
    let unknown = "/v1/users/01990f3e-5c1e-7cc3-98a5-6f0a3a3f9d10";
    served.admin(Method::GET, unknown, Value::Null).await.problem(404, "user-unknown");
    served.stop().await;
}

#[tokio::test]
async fn a_body_that_is_too_large_is_refused() {
    let served = Served::start().await;
    let body = format!("{{\"code\": \"{}\"}}", "0".repeat(16 * 1024));
    let answer = send(
        &served,
        Method::POST,
        "/v1/activation/challenge",
        &[("content-type", "application/json")],
        &body,
    )
    .await;
    answer.problem(413, "body-too-large");
    served.stop().await;
}

#[tokio::test]
async fn users_come_in_pages_in_the_order_of_the_list() {
    let served = Served::start().await;
    let people: String = (0..25).map(|n| format!("P{n},Berg,p{n}@x.example,{n:04}\n")).collect();
    served.import(&people).await;
    let mut path = "/v1/users?limit=10".to_owned();
    let mut seen = Vec::new();
    loop {
        let page = served.admin(Method::GET, &path, Value::Null).await.expect(StatusCode::OK);
        seen.extend(
            page["users"].as_array().unwrap().iter().map(|user| user["user_id"].as_str().unwrap().to_owned()),
        );
        let Some(next) = page["next"].as_str() else { break };
        path = format!("/v1/users?limit=10&cursor={next}");
    }
    assert_eq!(seen, (0..25).map(|n| format!("{n:04}")).collect::<Vec<_>>());
    served.stop().await;
}

#[tokio::test]
async fn answers_are_not_cached_and_not_sniffed() {
    let (served, code) = Served::with_invited_anna().await;
    let url = format!("{}/v1/activation/challenge", served.base);
    let response = served.client.post(url).json(&json!({ "code": code })).send().await.unwrap();
    assert_eq!(response.headers()["cache-control"], "no-store");
    assert_eq!(response.headers()["x-content-type-options"], "nosniff");
    served.stop().await;
}

#[tokio::test]
async fn a_stopping_manager_finishes_the_request_that_is_under_way() {
    let (served, code) = Served::with_invited_anna().await;
    let address = served.base.strip_prefix("http://").unwrap().to_owned();
    let body = json!({ "code": code }).to_string();
    let head = format!(
        "POST /v1/activation/challenge HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    let mut stream = TcpStream::connect(&address).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    // Answered requests on other connections show that the manager has had time to accept this one.
    Phone::new(1).challenge(&served, &code).await.expect(StatusCode::OK);
    let finishing = async {
        // The service stops listening first, and only then gets the rest of this request.
        while TcpStream::connect(&address).await.is_ok() {
            tokio::task::yield_now().await;
        }
        stream.write_all(body.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    };
    let (_dir, answer) = tokio::join!(served.stop(), finishing);
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
}

#[tokio::test]
async fn the_link_of_an_invitation_leads_to_a_page() {
    let served = Served::start().await;
    let page = served.fetch("/activate").await;
    assert_eq!(page.headers()["content-type"], "text/plain; charset=utf-8");
    assert!(page.text().await.unwrap().starts_with("Example Works\n"));
    served.stop().await;
}
