//! `Idempotency-Key`: a request of an administrator that is sent again gets the answer that it got, and acts once.

use std::sync::{Arc, OnceLock};

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{FromRequest, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use base64ct::{Base64UrlUnpadded, Encoding};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::access::{Api, bearer};
use super::json::Octets;
use super::problem::Problem;
use crate::domain::to_base64url;
use crate::error::{Error, Refusal};
use crate::manager::Manager;
use crate::once::{AnswerKey, Given, Once};

/// The header with the key that the caller chose for the request.
const KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// Tells that an answer was given before.
const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");
/// Octets of the longest key.
const KEY_OCTETS_MAX: usize = 255;
/// The headers of an answer that are kept with it.
const KEPT_HEADERS: [HeaderName; 3] = [header::CONTENT_TYPE, header::ETAG, header::LOCATION];

/// A request that came with a key.
pub(super) struct Repeatable {
    once: Arc<Once>,
    /// Through which the request acts, once it was let in.
    manager: OnceLock<Manager>,
}

/// An answer as it is kept.
#[derive(Serialize, Deserialize)]
struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    /// In base64url.
    body: String,
}

impl Repeatable {
    /// The manager through which a caller who was let in acts.
    ///
    /// # Errors
    /// The answer that was given before, or why there is none.
    pub(super) async fn begin(&self, manager: &Manager) -> Result<Manager, Response> {
        let given = manager.given_answer(&self.once).await;
        match given.map_err(|error| Problem::from(error).into_response())? {
            Given::Nothing => {
                let acting = manager.clone().acting_once(Arc::clone(&self.once));
                Ok(self.manager.get_or_init(|| acting).clone())
            }
            given => Err(repeated(given)),
        }
    }

    /// Keeps what was done together with its answer.
    async fn finish(&self, response: Response) -> Result<Response, Error> {
        let Some(manager) = self.manager.get() else { return Ok(response) };
        if response.status().is_server_error() {
            // What was written is dropped with the request.
            return Ok(response);
        }
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, usize::MAX).await.unwrap_or_default();
        let answer =
            if parts.status.is_success() { packed(parts.status, &parts.headers, &body) } else { None };
        Ok(match manager.keep_once(&self.once, answer.as_ref()).await? {
            None => Response::from_parts(parts, Body::from(body)),
            Some(given) => repeated(given),
        })
    }
}

/// Prepares a request with a key, and keeps what came of it.
pub(super) async fn repeat(request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let (key, api) = (parts.headers.get(&KEY).cloned(), parts.extensions.get::<Api>().cloned());
    let (Some(key), Some(api), &Method::POST) = (key, api, &parts.method) else {
        return next.run(Request::from_parts(parts, body)).await;
    };
    let Some(token) = bearer(&parts) else {
        return next.run(Request::from_parts(parts, body)).await;
    };
    // The body of a stranger is not read; the route says why it is refused.
    if !api.knows(&token).await {
        return next.run(Request::from_parts(parts, body)).await;
    }
    let chosen = key.to_str().ok().filter(|key| {
        (1..=KEY_OCTETS_MAX).contains(&key.len()) && key.bytes().all(|octet| octet.is_ascii_graphic())
    });
    let Some(chosen) = chosen else {
        let detail = format!("Idempotency-Key has 1 to {KEY_OCTETS_MAX} visible characters");
        return Problem::request_invalid(detail).into_response();
    };
    let key = AnswerKey::new(&token, chosen);
    let body = match Octets::from_request(Request::from_parts(parts.clone(), body), &()).await {
        Ok(Octets(body)) => body,
        Err(problem) => return problem.into_response(),
    };
    let once = Arc::new(Once::new(key, hash(&parts, &body)));
    let repeatable = Arc::new(Repeatable { once, manager: OnceLock::new() });
    let mut request = Request::from_parts(parts, Body::from(body));
    request.extensions_mut().insert(Arc::clone(&repeatable));
    let response = next.run(request).await;
    repeatable.finish(response).await.unwrap_or_else(|error| Problem::from(error).into_response())
}

fn hash(parts: &Parts, body: &Bytes) -> [u8; 32] {
    let mut hash = Sha256::new();
    for text in [parts.method.as_str(), parts.uri.path(), parts.uri.query().unwrap_or_default()] {
        hash.update((text.len() as u64).to_be_bytes());
        hash.update(text);
    }
    hash.update(body);
    hash.finalize().into()
}

fn packed(status: StatusCode, headers: &HeaderMap, body: &Bytes) -> Option<Zeroizing<Vec<u8>>> {
    let kept = KEPT_HEADERS.iter().filter_map(|name| headers.get(name).map(|value| (name, value)));
    let headers =
        kept.filter_map(|(name, value)| Some((name.to_string(), value.to_str().ok()?.to_owned()))).collect();
    let answer = Answer { status: status.as_u16(), headers, body: to_base64url(body) };
    serde_json::to_vec(&answer).ok().map(Zeroizing::new)
}

fn repeated(given: Given) -> Response {
    let answer = if let Given::Answer(octets) = given { unpacked(&octets) } else { None };
    answer.unwrap_or_else(|| Problem::from(Refusal::IdempotencyKeyReused).into_response())
}

fn unpacked(octets: &[u8]) -> Option<Response> {
    let answer: Answer = serde_json::from_slice(octets).ok()?;
    let mut response = Response::new(Body::from(Base64UrlUnpadded::decode_vec(&answer.body).ok()?));
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::OK);
    for (name, value) in answer.headers {
        if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), HeaderValue::from_str(&value)) {
            response.headers_mut().insert(name, value);
        }
    }
    response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
    Some(response)
}
