//! What everybody may fetch of a project.

use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::access::{Api, Fetching, Public};
use super::json::Segment;
use super::problem::Problem;
use crate::domain::parse_project_id;
use crate::error::Refusal;
use crate::manager::Manager;

const OCTETS: (HeaderName, HeaderValue) =
    (header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::default()
        .routes(routes!(revocation_list))
        .routes(routes!(time_token))
        .routes(routes!(activation_page))
}

/// Fetches the newest signed revocation list.
#[utoipa::path(get, path = "/v1/projects/{project}/revocation-list", tag = "Everybody", security(()),
    params(
        ("project" = String, Path, description = "The project: 16 hexadecimal digits"),
        ("If-None-Match" = Option<String>, Header, description = "The list that is held")),
    responses(
        (status = 200, description = "The list", content_type = "application/octet-stream", body = Vec<u8>,
            headers(("ETag" = String, description = "The version of the list in quotation marks"))),
        (status = 304, description = "The list that is held is the newest"),
        (status = 404, description = "`project-unknown`, `revocation-list-none`")))]
async fn revocation_list(
    access: Public<Fetching>,
    Segment(project): Segment<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let manager = access.manager();
    known(manager, &project)?;
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

/// Fetches a signed token of the present time.
#[utoipa::path(get, path = "/v1/projects/{project}/time-token", tag = "Everybody", security(()),
    params(("project" = String, Path, description = "The project: 16 hexadecimal digits")),
    responses(
        (status = 200, description = "The token", content_type = "application/octet-stream", body = Vec<u8>),
        (status = 404, description = "`project-unknown`")))]
async fn time_token(
    access: Public<Fetching>,
    Segment(project): Segment<String>,
) -> Result<Response, Problem> {
    known(access.manager(), &project)?;
    let token = access.manager().time_token().await?;
    Ok(([OCTETS], token.to_vec()).into_response())
}

/// Shows what to do with the link of an invitation; the code in its fragment never gets here.
#[utoipa::path(get, path = "/activate", tag = "Everybody", security(()),
    responses((status = 200, description = "A page for people", content_type = "text/plain", body = String)))]
async fn activation_page(access: Public<Fetching>) -> String {
    let project = &access.manager().project().name;
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
