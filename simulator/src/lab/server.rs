//! The page of the lab, and what it asks: on this machine only, for this page only.

use std::convert::Infallible;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::{Next, from_fn};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use futures_util::Stream;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use tokio::sync::broadcast::error::RecvError;

use super::keeper::{Answer, Ask, Keeper, News};
use super::{library, view};
use crate::trace::json_lines;

/// Nothing but what comes from here.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
                      connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// What is served.
pub(super) fn router(keeper: Keeper) -> Router {
    let file = |kind: &'static str, text: &'static str| {
        get(move || async move { ([(header::CONTENT_TYPE, kind)], text) })
    };
    Router::new()
        .route("/", file("text/html; charset=utf-8", include_str!("web/lab.html")))
        .route("/lab.css", file("text/css; charset=utf-8", include_str!("web/lab.css")))
        .route("/lab.js", file("text/javascript; charset=utf-8", include_str!("web/lab.js")))
        .route("/diagram.js", file("text/javascript; charset=utf-8", include_str!("web/diagram.js")))
        .route("/street.js", file("text/javascript; charset=utf-8", include_str!("web/street.js")))
        .route("/state", get(state))
        .route("/events", get(events))
        .route("/taps/{number}", get(tap))
        .route("/acts", get(async || Json(view::everything())))
        .route("/scenarios", get(async || Json(library::list())))
        .route("/scenarios/{name}", get(shipped))
        .route("/scenario.toml", get(script))
        .route("/taps.jsonl", get(trace))
        .route("/do", post(act))
        .route("/add", post(add))
        .route("/remove", post(remove))
        .route("/undo", post(undo))
        .route("/load", post(load))
        .route("/pace", post(pace))
        .with_state(Arc::new(keeper))
        .layer(from_fn(guard))
}

type Kept = State<Arc<Keeper>>;

/// Only this machine's own names, and no other page: a page of somebody else could otherwise reach the lab through
/// the browser.
async fn guard(request: Request, next: Next) -> Response {
    if let Some(refusal) = kept_out(&request) {
        return refusal;
    }
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

fn kept_out(request: &Request) -> Option<Response> {
    let head = |name| request.headers().get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    let host = head(header::HOST).unwrap_or_default();
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    if !matches!(name, "127.0.0.1" | "localhost" | "[::1]") {
        return Some(refusal(
            StatusCode::MISDIRECTED_REQUEST,
            "the lab is reached as 127.0.0.1 or localhost",
        ));
    }
    let from_elsewhere = head(header::ORIGIN).is_some_and(|origin| origin != format!("http://{host}"));
    let is_json = head(header::CONTENT_TYPE).is_some_and(|kind| kind.starts_with("application/json"));
    let is_barred = request.method() == Method::POST && (from_elsewhere || !is_json);
    is_barred.then(|| refusal(StatusCode::FORBIDDEN, "send JSON, from the lab's own page or from a program"))
}

fn refusal(status: StatusCode, why: &str) -> Response {
    (status, Json(json!({ "error": why }))).into_response()
}

async fn answer(keeper: &Keeper, ask: Ask) -> Response {
    match keeper.ask(ask).await {
        Ok(Answer::Shown(value)) => Json(value).into_response(),
        Ok(Answer::Text(text)) => file("application/toml", "scenario.toml", text),
        Ok(Answer::Records(records)) => {
            match records.iter().map(json_lines::line).collect::<anyhow::Result<String>>() {
                Ok(text) => file("application/jsonl", "taps.jsonl", text),
                Err(error) => refusal(StatusCode::INTERNAL_SERVER_ERROR, &format!("{error:#}")),
            }
        }
        Err(error) => refusal(StatusCode::UNPROCESSABLE_ENTITY, &format!("{error:#}")),
    }
}

fn file(kind: &'static str, name: &str, text: String) -> Response {
    let disposition = format!("attachment; filename=\"{name}\"");
    ([(header::CONTENT_TYPE, kind.to_owned()), (header::CONTENT_DISPOSITION, disposition)], text)
        .into_response()
}

/// Asks what a body says; what is wrong with one is said in the form of all refusals.
async fn heard<T: for<'d> Deserialize<'d>>(
    keeper: &Keeper,
    octets: &Bytes,
    ask: impl FnOnce(T) -> Ask,
) -> Response {
    match serde_json::from_slice(octets) {
        Ok(body) => answer(keeper, ask(body)).await,
        Err(error) => refusal(StatusCode::BAD_REQUEST, &error.to_string()),
    }
}

async fn state(State(keeper): Kept) -> Response {
    answer(&keeper, Ask::Look).await
}

async fn tap(State(keeper): Kept, Path(number): Path<u64>) -> Response {
    answer(&keeper, Ask::Tap(number)).await
}

async fn script(State(keeper): Kept) -> Response {
    answer(&keeper, Ask::Script).await
}

async fn trace(State(keeper): Kept) -> Response {
    answer(&keeper, Ask::Trace).await
}

async fn shipped(Path(name): Path<String>) -> Response {
    match library::text(&name) {
        Some(text) => ([(header::CONTENT_TYPE, "application/toml")], text).into_response(),
        None => refusal(StatusCode::NOT_FOUND, "there is no such scenario; GET /scenarios has the names"),
    }
}

async fn act(State(keeper): Kept, octets: Bytes) -> Response {
    heard(&keeper, &octets, Ask::Act).await
}

/// The kinds of what can be added.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Kind {
    Person,
    Phone,
    Door,
}

impl Kind {
    /// The name of its array in a scenario.
    const fn array(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Phone => "phone",
            Self::Door => "door",
        }
    }
}

#[derive(Deserialize)]
struct Added {
    kind: Kind,
    fields: Map<String, Value>,
}

async fn add(State(keeper): Kept, octets: Bytes) -> Response {
    heard(&keeper, &octets, |Added { kind, fields }| Ask::Add(kind.array().to_owned(), fields)).await
}

#[derive(Deserialize)]
struct Removed {
    kind: Kind,
    name: String,
}

async fn remove(State(keeper): Kept, octets: Bytes) -> Response {
    heard(&keeper, &octets, |Removed { kind, name }| Ask::Remove(kind.array().to_owned(), name)).await
}

async fn undo(State(keeper): Kept) -> Response {
    answer(&keeper, Ask::Undo).await
}

#[derive(Deserialize)]
struct Loaded {
    toml: String,
}

async fn load(State(keeper): Kept, octets: Bytes) -> Response {
    heard(&keeper, &octets, |Loaded { toml }| Ask::Load(toml)).await
}

#[derive(Deserialize)]
struct Pace {
    slowness: u32,
}

async fn pace(State(keeper): Kept, octets: Bytes) -> Response {
    heard(&keeper, &octets, |Pace { slowness }| Ask::Pace(slowness)).await
}

/// Everything that happens, as it happens; how everything is comes first.
async fn events(State(keeper): Kept) -> Response {
    let news = keeper.listen();
    let first = match keeper.ask(Ask::Look).await {
        Ok(Answer::Shown(state)) => News { event: "state", data: state.to_string() },
        Ok(_) => return StatusCode::NO_CONTENT.into_response(),
        Err(error) => return refusal(StatusCode::SERVICE_UNAVAILABLE, &format!("{error:#}")),
    };
    Sse::new(stream(first, news)).keep_alive(KeepAlive::default()).into_response()
}

fn stream(
    first: News,
    news: tokio::sync::broadcast::Receiver<News>,
) -> impl Stream<Item = Result<Event, Infallible>> {
    futures_util::stream::unfold((Some(first), news), async |(first, mut news)| {
        let next = match first {
            Some(first) => first,
            None => match news.recv().await {
                Ok(next) => next,
                // The page asks for everything again.
                Err(RecvError::Lagged(_)) => News { event: "behind", data: "{}".to_owned() },
                Err(RecvError::Closed) => return None,
            },
        };
        Some((Ok(Event::default().event(next.event).data(next.data)), (None, news)))
    })
}

#[cfg(test)]
mod tests {
    use axum::body::{Body, to_bytes};
    use tower::ServiceExt;

    use super::*;
    use crate::lab::script::Script;

    fn lab() -> Router {
        let script = Script::parse(library::STREET).unwrap();
        router(Keeper::start(script, 0).unwrap().0)
    }

    async fn asked(lab: &Router, request: axum::http::request::Builder, body: &str) -> (StatusCode, Value) {
        let request = request.header("host", "localhost:1").body(Body::from(body.to_owned())).unwrap();
        let response = lab.clone().oneshot(request).await.unwrap();
        let status = response.status();
        let octets = to_bytes(response.into_body(), 1 << 20).await.unwrap();
        (status, serde_json::from_slice(&octets).unwrap_or_default())
    }

    fn post_to(path: &str) -> axum::http::request::Builder {
        axum::http::Request::post(path).header("content-type", "application/json")
    }

    #[tokio::test]
    async fn a_tap_is_begun_and_seen_message_by_message() {
        let lab = lab();
        let tap = r#"{ "do": "tap", "phone": "Anna's phone", "door": "Front door" }"#;
        let (status, begun) = asked(&lab, post_to("/do"), tap).await;
        assert_eq!((status, &begun["tap"]), (StatusCode::OK, &json!(1)));
        let seen = loop {
            let (_, seen) = asked(&lab, axum::http::Request::get("/taps/1"), "").await;
            if seen["over"] == true {
                break seen;
            }
        };
        assert_eq!((&seen["result"], &seen["path"]), (&json!("granted"), &json!("full")));
        assert_eq!(seen["messages"][0]["name"], "command APDU SELECT");
        assert_eq!(
            asked(&lab, axum::http::Request::get("/taps/2"), "").await.0,
            StatusCode::UNPROCESSABLE_ENTITY
        );
    }

    #[tokio::test]
    async fn what_is_wrong_is_said_and_changes_nothing() {
        let lab = lab();
        let (_, before) = asked(&lab, axum::http::Request::get("/state"), "").await;
        let wrong = [
            ("/do", "nonsense"),
            ("/do", "[]"),
            ("/do", r#"{ "do": "fly" }"#),
            ("/do", r#"{ "do": "tap", "phone": "nobody's", "door": "Front door" }"#),
            ("/add", r#"{ "kind": "window", "fields": {} }"#),
            ("/add", r#"{ "kind": "phone", "fields": { "name": "Anna's phone" } }"#),
            ("/remove", r#"{ "kind": "phone", "name": "Anna's phone" }"#),
            ("/load", r#"{ "toml": "title = 1" }"#),
            ("/pace", r#"{ "slowness": -1 }"#),
        ];
        for (path, body) in wrong {
            let (status, answer) = asked(&lab, post_to(path), body).await;
            assert!(status.is_client_error(), "{path} {body}: {status}");
            assert!(!answer["error"].as_str().unwrap().is_empty(), "{path} {body}");
        }
        assert_eq!(asked(&lab, axum::http::Request::get("/state"), "").await.1, before);
    }

    #[tokio::test]
    async fn only_the_page_itself_and_programs_are_heard() {
        let lab = lab();
        let refused = async |request| asked(&lab, request, "{}").await.0;
        let foreign = post_to("/undo").header("origin", "http://evil.example");
        assert_eq!(refused(foreign).await, StatusCode::FORBIDDEN);
        assert_eq!(refused(axum::http::Request::post("/undo")).await, StatusCode::FORBIDDEN);
        let own = post_to("/undo").header("origin", "http://localhost:1");
        assert_eq!(refused(own).await, StatusCode::OK);
        let request = axum::http::Request::get("/state").header("host", "evil.example:8470");
        let response = lab.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        assert_eq!(response.status(), StatusCode::MISDIRECTED_REQUEST);
    }
}
