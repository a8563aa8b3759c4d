//! Webhooks: what endpoints on a real server are told, and what becomes of it when they do not listen.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use base64ct::{Base64, Encoding};
use hmac::{Hmac, KeyInit, Mac};
use manager::domain::{Actor, DeliveryState, Expected, OffBecause, Webhook, after};
use manager::{Delivery, JobKind, Manager, NewWebhook, Unlock, WebhookEdit, WebhookOptions};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use sha2::Sha256;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use uuid::Uuid;

use crate::support::{DAY, START, Served};

/// What the receiver does with a request.
#[derive(Clone, Copy, Debug)]
enum Does {
    Answer(u16),
    /// Sends to another path, which nobody may follow to.
    Redirect,
    /// Never answers.
    Hang,
}

struct Told {
    path: String,
    headers: HeaderMap,
    body: String,
}

#[derive(Clone, Default)]
struct Receiver {
    told: Arc<Mutex<Vec<Told>>>,
    /// What it does next; 204 when nothing is left.
    plan: Arc<Mutex<VecDeque<Does>>>,
}

impl Receiver {
    /// Listens on a port of the loopback interface; its address.
    async fn start(&self) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new().fallback(receive).with_state(self.clone());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        format!("http://{address}/hook")
    }

    fn will(&self, plan: &[Does]) {
        self.plan.lock().unwrap().extend(plan);
    }

    fn count(&self) -> usize {
        self.told.lock().unwrap().len()
    }

    /// The kinds of events that it was told.
    fn kinds(&self) -> Vec<String> {
        let kind = |told: &Told| {
            serde_json::from_str::<Value>(&told.body).unwrap()["type"].as_str().unwrap().to_owned()
        };
        let mut kinds: Vec<String> = self.told.lock().unwrap().iter().map(kind).collect();
        kinds.sort();
        kinds
    }
}

async fn receive(State(receiver): State<Receiver>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 100_000).await.unwrap();
    let (path, headers) = (parts.uri.path().to_owned(), parts.headers);
    let body = String::from_utf8(body.to_vec()).unwrap();
    receiver.told.lock().unwrap().push(Told { path, headers, body });
    let does = receiver.plan.lock().unwrap().pop_front().unwrap_or(Does::Answer(204));
    match does {
        Does::Answer(status) => StatusCode::from_u16(status).unwrap().into_response(),
        Does::Redirect => (StatusCode::FOUND, [(header::LOCATION, "/elsewhere")]).into_response(),
        Does::Hang => std::future::pending().await,
    }
}

/// A manager whose webhooks reach this machine, a receiver, and an endpoint for it.
struct Hooked {
    served: Served,
    manager: Manager,
    receiver: Receiver,
    webhook: Webhook,
    secret: String,
}

fn reaching(manager: &Manager) -> Manager {
    let networks = vec!["127.0.0.0/8".parse().unwrap()];
    let timeout = Duration::from_millis(500);
    manager.clone().with_webhooks(WebhookOptions { networks, timeout })
}

fn new(url: &str, events: &[&str]) -> NewWebhook {
    let events = events.iter().map(|event| (*event).to_owned()).collect();
    NewWebhook { url: url.to_owned(), events, description: String::new() }
}

impl Hooked {
    async fn start(events: &[&str]) -> Self {
        let served = Served::start().await;
        let manager = reaching(&served.manager);
        let receiver = Receiver::default();
        let url = receiver.start().await;
        let (webhook, secret) = manager.add_webhook(Actor::Operator, &new(&url, events)).await.unwrap();
        Self { served, manager, receiver, webhook, secret: secret.to_string() }
    }

    /// Adds a user, which is an event.
    async fn add(&self, number: u32) -> Uuid {
        let person = serde_json::from_value(json!({
            "first_name": "Anna", "last_name": "Berg", "email": format!("u{number}@x.example"),
            "user_id": number.to_string(), "sync_id": null,
        }));
        self.manager.add_user(Actor::Operator, &person.unwrap()).await.unwrap().id
    }

    /// Posts what is due now.
    async fn run(&self) {
        self.manager.run_kind(JobKind::Webhooks).await.unwrap();
    }

    async fn at(&self, seconds: u32) {
        self.served.clock.set(after(START, seconds));
        self.run().await;
    }

    async fn deliveries(&self) -> Vec<Delivery> {
        self.manager.deliveries(self.webhook.id, None, None, 1000).await.unwrap()
    }

    async fn only(&self) -> Delivery {
        let deliveries = self.deliveries().await;
        assert_eq!(deliveries.len(), 1, "{deliveries:?}");
        deliveries.into_iter().next().unwrap()
    }

    async fn alerts(&self) -> Vec<&'static str> {
        self.manager.alerts(None, 100).await.unwrap().into_iter().map(|alert| alert.kind.name()).collect()
    }
}

#[tokio::test]
async fn an_act_is_told_signed_and_without_anything_personal() {
    let hooked = Hooked::start(&[]).await;
    let user = hooked.add(1).await;
    hooked.run().await;
    {
        let told = hooked.receiver.told.lock().unwrap();
        let [Told { path, headers, body }] = told.as_slice() else { panic!("{} were told", told.len()) };
        assert_eq!(path, "/hook");
        let header = |name: &str| headers[name].to_str().unwrap();
        assert_eq!(header("content-type"), "application/json");
        assert_eq!(header("webhook-timestamp"), START.0.to_string());
        // Verified as the receiver does it, from the specification alone.
        let key = Base64::decode_vec(hooked.secret.strip_prefix("whsec_").unwrap()).unwrap();
        let signed = format!("{}.{}.{body}", header("webhook-id"), header("webhook-timestamp"));
        let mac = Hmac::<Sha256>::new_from_slice(&key).unwrap().chain_update(signed).finalize();
        assert_eq!(header("webhook-signature"), format!("v1,{}", Base64::encode_string(&mac.into_bytes())));
        let said: Value = serde_json::from_str(body).unwrap();
        assert_eq!(
            (said["type"].as_str(), said["data"]["user"].as_str()),
            (Some("user.added"), Some(user.to_string().as_str()))
        );
        assert_eq!(said["timestamp"], "2026-09-21T14:13:20Z");
        assert!(!body.contains("Anna") && !body.contains("Berg") && !body.contains("x.example"), "{body}");
    }
    let delivery = hooked.only().await;
    assert_eq!(
        (delivery.state, delivery.attempts, delivery.answer),
        (DeliveryState::Delivered, 1, Some(204))
    );
    hooked.served.stop().await;
}

#[tokio::test]
async fn an_endpoint_is_told_what_it_asked_for_and_each_list_once() {
    let hooked = Hooked::start(&["user.deleted", "revocation_list.published", "reader.enrolled"]).await;
    hooked.served.import("Anna,Berg,anna@x.example,004711\n").await;
    let code = hooked.served.invite("anna@x.example").await;
    crate::support::Phone::new(1).activate(&hooked.served, &code).await.expect(StatusCode::CREATED);
    let user = hooked.manager.find_user("anna@x.example").await.unwrap().id;
    hooked.manager.delete_user(Actor::Operator, user).await.unwrap();
    hooked.manager.publish_revocation_list(Actor::Operator).await.unwrap();
    hooked.served.enrol_reader("Front door").await;
    hooked.run().await;
    assert_eq!(
        hooked.receiver.kinds(),
        ["reader.enrolled", "revocation_list.published", "revocation_list.published", "user.deleted"]
    );
    hooked.served.stop().await;
}

#[tokio::test]
async fn what_is_refused_is_told_nobody() {
    let hooked = Hooked::start(&[]).await;
    hooked.add(1).await;
    let again = serde_json::from_value(json!({
        "first_name": "Bert", "last_name": "Tal", "email": "u1@x.example", "user_id": "2", "sync_id": null,
    }));
    hooked.manager.add_user(Actor::Operator, &again.unwrap()).await.unwrap_err();
    assert_eq!(hooked.deliveries().await.len(), 1);
    hooked.served.stop().await;
}

#[tokio::test]
async fn what_is_not_taken_is_told_again_the_same_after_pauses_that_grow() {
    let hooked = Hooked::start(&[]).await;
    hooked.receiver.will(&[Does::Answer(500), Does::Hang, Does::Redirect, Does::Answer(404)]);
    hooked.add(1).await;
    let mut errors = Vec::new();
    let mut pauses = Vec::new();
    let mut now = 0;
    hooked.run().await;
    loop {
        let delivery = hooked.only().await;
        if delivery.state == DeliveryState::Delivered {
            break;
        }
        assert_eq!(delivery.state, DeliveryState::Deferred);
        assert!(hooked.manager.webhook(hooked.webhook.id).await.unwrap().failing_since.is_some());
        errors.push(delivery.error.unwrap());
        let next = delivery.next_attempt_at.unwrap().0 - START.0;
        pauses.push(next - now);
        hooked.at(next - 1).await;
        assert_eq!(hooked.receiver.count(), errors.len());
        now = next;
        hooked.at(now).await;
    }
    assert_eq!(errors, ["500", "timeout", "302", "404"]);
    for (pause, least) in pauses.iter().zip([30, 60, 120, 240]) {
        assert!((least..=least + least / 4).contains(pause), "{pauses:?}");
    }
    {
        let told = hooked.receiver.told.lock().unwrap();
        assert_eq!(told.len(), 5);
        for Told { path, headers, body } in told.iter() {
            assert_eq!(path, "/hook", "nobody follows");
            assert_eq!((&headers["webhook-id"], body), (&told[0].headers["webhook-id"], &told[0].body));
        }
    }
    assert_eq!(hooked.manager.webhook(hooked.webhook.id).await.unwrap().failing_since, None);
    assert_eq!(hooked.alerts().await, [""; 0]);
    hooked.served.stop().await;
}

#[tokio::test]
async fn what_is_never_taken_is_given_up_and_a_dead_endpoint_turned_off() {
    let hooked = Hooked::start(&[]).await;
    hooked.receiver.will(&[Does::Answer(503); 200]);
    hooked.add(1).await;
    for hour in 0..=80 {
        hooked.at(hour * 3600).await;
    }
    let delivery = hooked.only().await;
    assert_eq!((delivery.state, delivery.error.as_deref()), (DeliveryState::Failed, Some("503")));
    assert!(delivery.since.0 >= START.0 + 3 * DAY, "{delivery:?}");
    assert!((10..30).contains(&delivery.attempts), "{delivery:?}");
    assert_eq!(hooked.alerts().await, ["webhook_failed"]);
    hooked.add(2).await;
    for hour in 80..=130 {
        hooked.at(hour * 3600).await;
    }
    let webhook = hooked.manager.webhook(hooked.webhook.id).await.unwrap();
    assert_eq!((webhook.enabled, webhook.off_because), (false, Some(OffBecause::Failing)));
    assert_eq!(hooked.alerts().await, ["webhook_disabled", "webhook_failed"]);
    hooked.add(3).await;
    let states: Vec<_> = hooked.deliveries().await.into_iter().map(|delivery| delivery.state).collect();
    assert_eq!(states, [DeliveryState::Failed; 2]);

    // Turned on, it is told what happens from then on, and what was given up when somebody says so.
    hooked.receiver.plan.lock().unwrap().clear();
    let first = hooked.deliveries().await.pop().unwrap().id;
    let off = hooked.manager.redeliver(Actor::Operator, hooked.webhook.id, first).await.unwrap_err();
    assert_eq!(off.to_string(), "This webhook is turned off; turn it on first.");
    let edit = WebhookEdit { enabled: Some(true), ..WebhookEdit::default() };
    hooked.manager.edit_webhook(Actor::Operator, &Expected::Any, hooked.webhook.id, &edit).await.unwrap();
    hooked.manager.redeliver(Actor::Operator, hooked.webhook.id, first).await.unwrap();
    hooked.add(4).await;
    let before = hooked.receiver.count();
    hooked.run().await;
    assert_eq!(hooked.receiver.count(), before + 2);
    assert!(hooked.manager.verify_audit().await.unwrap().is_ok());
    hooked.served.stop().await;
}

#[tokio::test]
async fn an_endpoint_that_says_it_is_gone_is_turned_off_at_once() {
    let hooked = Hooked::start(&[]).await;
    hooked.receiver.will(&[Does::Answer(410)]);
    hooked.add(1).await;
    hooked.run().await;
    let webhook = hooked.manager.webhook(hooked.webhook.id).await.unwrap();
    assert_eq!(webhook.off_because, Some(OffBecause::Gone));
    assert_eq!(hooked.alerts().await, ["webhook_disabled"]);
    hooked.served.stop().await;
}

#[tokio::test]
async fn an_answer_without_end_is_not_read() {
    let hooked = Hooked::start(&[]).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let flooding = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = [0; 4096];
        assert!(stream.read(&mut request).await.unwrap() > 0);
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1000000000000\r\n\r\n").await.unwrap();
        let mut sent = 0_u64;
        // Until whoever asked hangs up.
        while stream.write_all(&[b'x'; 4096]).await.is_ok() {
            sent += 4096;
        }
        sent
    });
    let edit = WebhookEdit { url: Some(url), ..WebhookEdit::default() };
    hooked.manager.edit_webhook(Actor::Operator, &Expected::Any, hooked.webhook.id, &edit).await.unwrap();
    hooked.add(1).await;
    hooked.run().await;
    assert_eq!(hooked.only().await.state, DeliveryState::Delivered);
    assert!(flooding.await.unwrap() < 100_000_000);
    hooked.served.stop().await;
}

#[tokio::test]
async fn addresses_that_are_not_public_are_reached_only_where_the_operator_allows_them() {
    let hooked = Hooked::start(&[]).await;
    let named = hooked.webhook.url.replace("127.0.0.1", "localhost");
    let (by_name, _) = hooked.manager.add_webhook(Actor::Operator, &new(&named, &[])).await.unwrap();
    hooked.add(1).await;
    // The same project in a process without the option.
    hooked.served.manager.run_kind(JobKind::Webhooks).await.unwrap();
    for webhook in [hooked.webhook.id, by_name.id] {
        let told = hooked.manager.deliveries(webhook, None, None, 10).await.unwrap();
        assert_eq!(told.len(), 1);
        assert_eq!(told[0].error.as_deref(), Some("address not allowed"));
    }
    assert_eq!(hooked.receiver.count(), 0);
    hooked.at(60).await;
    assert_eq!(hooked.receiver.count(), 2);
    hooked.served.stop().await;
}

#[tokio::test]
async fn a_slow_endpoint_does_not_keep_the_others_waiting() {
    let hooked = Hooked::start(&[]).await;
    let other = Receiver::default();
    let url = other.start().await;
    hooked.manager.add_webhook(Actor::Operator, &new(&url, &["user.added"])).await.unwrap();
    hooked.receiver.will(&[Does::Hang; 50]);
    for number in 0..10 {
        hooked.add(number).await;
    }
    hooked.run().await;
    assert_eq!(other.count(), 10);
    hooked.served.stop().await;
}

#[tokio::test]
async fn two_processes_tell_everything_once() {
    let hooked = Hooked::start(&["user.added"]).await;
    let unlock = Unlock::KeyFile(hooked.served.dir.path().join("unlock.key"));
    let clock = hooked.served.clock.clone();
    let other = reaching(&Manager::open(hooked.served.database.home(), &unlock, clock).await.unwrap());
    for round in 0..5 {
        for number in 0..8 {
            hooked.add(round * 8 + number).await;
        }
        hooked.served.clock.advance(10);
        let (one, two) =
            tokio::join!(hooked.manager.run_kind(JobKind::Webhooks), other.run_kind(JobKind::Webhooks));
        one.and(two).unwrap();
    }
    hooked.served.clock.advance(10);
    hooked.run().await;
    let mut ids: Vec<String> = {
        let told = hooked.receiver.told.lock().unwrap();
        told.iter().map(|told| told.headers["webhook-id"].to_str().unwrap().to_owned()).collect()
    };
    ids.sort();
    assert_eq!(ids.len(), 40);
    ids.dedup();
    assert_eq!(ids.len(), 40);
    other.close().await;
    hooked.served.stop().await;
}

#[tokio::test]
async fn what_a_process_died_with_is_told_by_another_with_the_same_id() {
    let hooked = Hooked::start(&[]).await;
    hooked.receiver.will(&[Does::Hang]);
    hooked.add(1).await;
    let dying = hooked.manager.clone();
    let run = tokio::spawn(async move { dying.run_kind(JobKind::Webhooks).await });
    while hooked.receiver.count() == 0 {
        tokio::task::yield_now().await;
    }
    run.abort();
    run.await.unwrap_err();
    assert_eq!(hooked.only().await.state, DeliveryState::Queued);
    // Nobody else takes it before the leases are over.
    hooked.at(60).await;
    assert_eq!(hooked.receiver.count(), 1);
    hooked.at(200).await;
    assert_eq!(hooked.only().await.state, DeliveryState::Delivered);
    {
        let told = hooked.receiver.told.lock().unwrap();
        assert_eq!((told.len(), &told[0].body), (2, &told[1].body));
        assert_eq!(told[0].headers["webhook-id"], told[1].headers["webhook-id"]);
    }
    hooked.served.stop().await;
}

#[tokio::test]
async fn endpoints_are_kept_over_the_api_and_the_secret_is_shown_once() {
    let served = Served::start().await;
    let admin = async |method, path: &str, body| served.admin(method, path, body).await;
    let body = json!({ "url": "https://hooks.example/x", "events": ["user.added", "user.gone"] });
    let added = admin(Method::POST, "/v1/webhooks", body).await.expect(StatusCode::CREATED);
    let secret = added["secret"].as_str().unwrap().to_owned();
    assert!(secret.starts_with("whsec_") && secret.len() == 6 + 44, "{secret}");
    let path = format!("/v1/webhooks/{}", added["id"].as_str().unwrap());
    let shown = admin(Method::GET, &path, Value::Null).await.expect(StatusCode::OK);
    assert_eq!(shown["secret"], Value::Null);
    assert_eq!((&shown["enabled"], &shown["events"]), (&json!(true), &json!(["user.added", "user.gone"])));

    for (bad, code) in [
        (json!({ "url": "http://hooks.example/x" }), "webhook-invalid"),
        (json!({ "url": "https://hooks.example/x", "events": ["user.vanished"] }), "webhook-invalid"),
        (json!({ "url": "https://hooks.example/x", "description": "x".repeat(201) }), "webhook-invalid"),
    ] {
        admin(Method::POST, "/v1/webhooks", bad).await.problem(422, code);
    }
    admin(Method::PATCH, &path, json!({ "enabled": false })).await.problem(428, "precondition-required");
    let off =
        served.patch(&path, json!({ "enabled": false, "events": ["all"] })).await.expect(StatusCode::OK);
    assert_eq!((&off["off_because"], &off["events"]), (&json!("administrator"), &json!(["all"])));
    admin(Method::POST, &format!("{path}/test"), Value::Null).await.problem(409, "webhook-off");
    served.patch(&path, json!({ "enabled": true })).await.expect(StatusCode::OK);
    let test = admin(Method::POST, &format!("{path}/test"), json!({})).await.expect(StatusCode::ACCEPTED);
    assert_eq!(test["event"], "webhook.test");
    let deliveries = admin(Method::GET, &format!("{path}/deliveries?state=queued"), Value::Null).await;
    assert_eq!(deliveries.expect(StatusCode::OK)["deliveries"][0]["id"], test["id"]);
    let delivery = format!("{path}/deliveries/{}", test["id"].as_str().unwrap());
    admin(Method::GET, &delivery, Value::Null).await.expect(StatusCode::OK);
    admin(Method::POST, &format!("{delivery}/redelivery"), json!({})).await.expect(StatusCode::ACCEPTED);
    let unknown = format!("{path}/deliveries/{}", Uuid::nil());
    admin(Method::GET, &unknown, Value::Null).await.problem(404, "delivery-unknown");

    admin(Method::DELETE, &path, Value::Null).await.expect(StatusCode::NO_CONTENT);
    admin(Method::GET, &path, Value::Null).await.problem(404, "webhook-unknown");
    for number in 0..21 {
        let body = json!({ "url": format!("https://hooks.example/{number}") });
        let answer = admin(Method::POST, "/v1/webhooks", body).await;
        if number < 20 {
            answer.expect(StatusCode::CREATED);
        } else {
            answer.problem(409, "webhooks-full");
        }
    }
    let stopped = served.stop().await;
    let key = Base64::decode_vec(secret.strip_prefix("whsec_").unwrap()).unwrap();
    assert!(!stopped.database.holds(secret.as_bytes()).await);
    assert!(!stopped.database.holds(&key).await);
}
