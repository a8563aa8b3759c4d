//! What everybody may fetch of a project.

use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::json::Segment;
use super::problem::Problem;
use crate::domain::parse_project_id;
use crate::error::Refusal;
use crate::manager::Manager;

const OCTETS: (HeaderName, HeaderValue) =
    (header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));

pub(super) async fn revocation_list(
    State(manager): State<Manager>,
    Segment(project): Segment<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    known(&manager, &project)?;
    let (version, octets) = manager.revocation_list().await?.ok_or(Refusal::RevocationListNone)?;
    let tag = format!("\"{version}\"");
    let held = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    let is_held = held.flat_map(|value| value.split(',')).any(|held| {
        let held = held.trim();
        held == "*" || held.strip_prefix("W/").unwrap_or(held) == tag
    });
    // A list is asked for again every time, and sent again only when it is new.
    let caching = [(header::ETAG, tag), (header::CACHE_CONTROL, "no-cache".to_owned())];
    if is_held {
        return Ok((StatusCode::NOT_MODIFIED, caching).into_response());
    }
    Ok((caching, [OCTETS], octets).into_response())
}

pub(super) async fn time_token(
    State(manager): State<Manager>,
    Segment(project): Segment<String>,
) -> Result<Response, Problem> {
    known(&manager, &project)?;
    let token = manager.time_token()?;
    Ok(([OCTETS], token.to_vec()).into_response())
}

/// What a browser shows that opens the link of an invitation; the code in the fragment never gets here.
pub(super) async fn activation_page(State(manager): State<Manager>) -> String {
    let project = &manager.project().name;
    format!(
        "{project}\n\nThis is the link of an invitation. Open it with the app on your phone, or scan its QR code there.\n"
    )
}

fn known(manager: &Manager, project: &str) -> Result<(), Problem> {
    if parse_project_id(project) == Some(manager.project().id) {
        return Ok(());
    }
    Err(Refusal::ProjectUnknown.into())
}
