//! Limits for those who come without a good token.

use manager::{FloodLimits, HttpSettings};
use reqwest::StatusCode;
use serde_json::json;

use crate::support::{Answer, Served, answer};

async fn served(limits: FloodLimits) -> Served {
    let trusted_proxies = vec!["127.0.0.1".parse().unwrap()];
    Served::start_with(HttpSettings { trusted_proxies, limits, ..HttpSettings::default() }).await
}

async fn challenge(served: &Served, sender: &str) -> (Answer, Option<String>) {
    let url = format!("{}/v1/activation/challenge", served.base);
    let request = served.client.post(url).header("x-forwarded-for", sender);
    let response = request.json(&json!({ "code": "nonsense" })).send().await.unwrap();
    let retry = response.headers().get("retry-after").map(|value| value.to_str().unwrap().to_owned());
    (answer(response).await, retry)
}

#[tokio::test]
async fn one_address_is_told_to_wait_and_others_are_served() {
    let served = served(FloodLimits { activation: 3, ..FloodLimits::default() }).await;
    for _ in 0..3 {
        challenge(&served, "203.0.113.9").await.0.problem(404, "invitation-unknown");
    }
    let (refused, retry) = challenge(&served, "203.0.113.9").await;
    refused.problem(429, "too-many-requests");
    let seconds: u64 = retry.unwrap().parse().unwrap();
    assert!((1..=20).contains(&seconds), "{seconds}");
    challenge(&served, "203.0.113.10").await.0.problem(404, "invitation-unknown");
    // What a stranger wrote in front of its own address changes nothing.
    challenge(&served, "198.51.100.1, 203.0.113.9").await.0.problem(429, "too-many-requests");
    served.stop().await;
}

#[tokio::test]
async fn a_subscriber_s_ipv6_network_counts_as_one() {
    let served = served(FloodLimits { activation: 1, ..FloodLimits::default() }).await;
    challenge(&served, "2001:db8:1:2::1").await.0.problem(404, "invitation-unknown");
    challenge(&served, "2001:db8:1:2:ffff::2").await.0.problem(429, "too-many-requests");
    challenge(&served, "2001:db8:1:3::1").await.0.problem(404, "invitation-unknown");
    served.stop().await;
}

#[tokio::test]
async fn wrong_tokens_are_limited_and_the_right_one_is_served_all_the_same() {
    let served = served(FloodLimits { wrong_tokens: 2, ..FloodLimits::default() }).await;
    let users = async |token: &str| {
        let request = served.client.get(format!("{}/v1/users", served.base)).bearer_auth(token);
        answer(request.send().await.unwrap()).await
    };
    let wrong = format!("ostiary_{}", "A".repeat(43));
    users(&wrong).await.problem(401, "unauthorized");
    users("nonsense").await.problem(401, "unauthorized");
    users(&wrong).await.problem(429, "too-many-requests");
    users(&served.token).await.expect(StatusCode::OK);
    served.stop().await;
}
