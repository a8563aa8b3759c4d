//! Routes for users.

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::administrator::Administrator;
use super::json::Segment;
use super::problem::Problem;
use crate::acts::{DeviceSummary, Revocation};
use crate::domain::User;
use crate::manager::Manager;

/// Users on a page unless the request says otherwise.
const PAGE: u32 = 100;

#[derive(Deserialize)]
pub(super) struct Page {
    after: Option<Uuid>,
    limit: Option<u32>,
}

#[derive(Serialize)]
pub(super) struct Users {
    users: Vec<User>,
    /// The `after` of the next page; absent on the last.
    next: Option<Uuid>,
}

#[derive(Serialize)]
pub(super) struct Devices {
    devices: Vec<DeviceSummary>,
}

#[derive(Serialize)]
pub(super) struct InvitationView {
    user: Uuid,
    code: String,
    link: String,
    expires_at: u32,
}

pub(super) async fn list(
    _: Administrator,
    State(manager): State<Manager>,
    page: Result<Query<Page>, QueryRejection>,
) -> Result<Json<Users>, Problem> {
    let Query(page) = page.map_err(|rejection| Problem::request_invalid(rejection.body_text()))?;
    let limit = page.limit.unwrap_or(PAGE).clamp(1, crate::acts::USERS_PAGE_MAX);
    let users = manager.users(page.after, limit).await?;
    let full = u32::try_from(users.len()).is_ok_and(|count| count == limit);
    let next = users.last().map(|user| user.id).filter(|_| full);
    Ok(Json(Users { users, next }))
}

pub(super) async fn show(
    _: Administrator,
    State(manager): State<Manager>,
    Segment(user): Segment<Uuid>,
) -> Result<Json<User>, Problem> {
    Ok(Json(manager.user(user).await?))
}

pub(super) async fn devices(
    _: Administrator,
    State(manager): State<Manager>,
    Segment(user): Segment<Uuid>,
) -> Result<Json<Devices>, Problem> {
    Ok(Json(Devices { devices: manager.devices(user).await? }))
}

pub(super) async fn invite(
    Administrator(actor): Administrator,
    State(manager): State<Manager>,
    Segment(user): Segment<Uuid>,
) -> Result<(StatusCode, Json<InvitationView>), Problem> {
    let invitation = manager.invite(actor, user).await?;
    let view = InvitationView {
        user: invitation.user,
        code: invitation.code.grouped(),
        link: invitation.link,
        expires_at: invitation.expires_at.0,
    };
    Ok((StatusCode::CREATED, Json(view)))
}

pub(super) async fn revoke(
    Administrator(actor): Administrator,
    State(manager): State<Manager>,
    Segment(user): Segment<Uuid>,
) -> Result<Json<Revocation>, Problem> {
    Ok(Json(manager.revoke_user(actor, user).await?))
}

pub(super) async fn suspend(
    Administrator(actor): Administrator,
    State(manager): State<Manager>,
    Segment(user): Segment<Uuid>,
) -> Result<Json<Revocation>, Problem> {
    Ok(Json(manager.suspend_user(actor, user).await?))
}

pub(super) async fn resume(
    Administrator(actor): Administrator,
    State(manager): State<Manager>,
    Segment(user): Segment<Uuid>,
) -> Result<StatusCode, Problem> {
    manager.resume_user(actor, user).await?;
    Ok(StatusCode::NO_CONTENT)
}
