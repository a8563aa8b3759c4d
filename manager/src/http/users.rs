//! Routes for users.

use axum::Json;
use axum::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::access::{Allowed, Api, UsersRead, UsersWrite};
use super::json::Segment;
use super::paging::{Page, PageQuery};
use super::problem::Problem;
use crate::acts::{DeviceSummary, Revocation};
use crate::domain::User;

/// A page of users.
#[derive(Serialize, ToSchema)]
pub(super) struct Users {
    users: Vec<User>,
    /// The `cursor` of the next page; null on the last.
    next: Option<String>,
}

/// The phones of a user.
#[derive(Serialize, ToSchema)]
pub(super) struct Devices {
    devices: Vec<DeviceSummary>,
}

/// An invitation with its secret, which is shown only here.
#[derive(Serialize, ToSchema)]
pub(super) struct InvitationView {
    /// Who is invited.
    user: Uuid,
    /// The secret, to be typed.
    code: String,
    /// The secret as a link, which is also the text of the QR code.
    link: String,
    /// The first second at which it is no longer good.
    expires_at: u32,
}

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::default()
        .routes(routes!(list))
        .routes(routes!(show))
        .routes(routes!(devices))
        .routes(routes!(invite))
        .routes(routes!(revoke))
        .routes(routes!(suspend, resume))
}

/// Lists users in the order in which they were added.
#[utoipa::path(get, path = "/v1/users", operation_id = "list_users", tag = "Users", security(("token" = ["users:read"])),
    params(PageQuery),
    responses((status = 200, description = "A page of users", body = Users)))]
async fn list(access: Allowed<UsersRead>, page: Page<Uuid>) -> Result<Json<Users>, Problem> {
    let users = access.manager().users(page.after, page.limit).await?;
    let next = page.next(&users, |user| user.id);
    Ok(Json(Users { users, next }))
}

/// Shows a user.
#[utoipa::path(get, path = "/v1/users/{user}", operation_id = "show_user", tag = "Users",
    security(("token" = ["users:read"])),
    params(("user" = Uuid, Path, description = "The user")),
    responses((status = 200, description = "The user", body = User), (status = 404, description = "`user-unknown`")))]
async fn show(access: Allowed<UsersRead>, Segment(user): Segment<Uuid>) -> Result<Json<User>, Problem> {
    Ok(Json(access.manager().user(user).await?))
}

/// Lists the phones of a user, oldest first.
#[utoipa::path(get, path = "/v1/users/{user}/devices", operation_id = "list_devices", tag = "Users",
    security(("token" = ["users:read"])),
    params(("user" = Uuid, Path, description = "The user")),
    responses((status = 200, description = "The phones", body = Devices), (status = 404, description = "`user-unknown`")))]
async fn devices(access: Allowed<UsersRead>, Segment(user): Segment<Uuid>) -> Result<Json<Devices>, Problem> {
    Ok(Json(Devices { devices: access.manager().devices(user).await? }))
}

/// Invites a user; earlier invitations are void at once, and a phone that the user has is revoked.
#[utoipa::path(post, path = "/v1/users/{user}/invitations", operation_id = "invite_user", tag = "Users",
    security(("token" = ["users:write"])),
    params(("user" = Uuid, Path, description = "The user")),
    responses(
        (status = 201, description = "The invitation", body = InvitationView),
        (status = 403, description = "`user-suspended`, `scope-missing`, `role-missing`"),
        (status = 404, description = "`user-unknown`"),
        (status = 410, description = "`user-deleted`")))]
async fn invite(
    access: Allowed<UsersWrite>,
    Segment(user): Segment<Uuid>,
) -> Result<(StatusCode, Json<InvitationView>), Problem> {
    let invitation = access.manager().invite(access.actor(), user).await?;
    let view = InvitationView {
        user: invitation.user,
        code: invitation.code.grouped(),
        link: invitation.link,
        expires_at: invitation.expires_at.0,
    };
    Ok((StatusCode::CREATED, Json(view)))
}

/// Revokes the phones of a user now and for good, and voids open invitations.
#[utoipa::path(post, path = "/v1/users/{user}/revocation", operation_id = "revoke_user", tag = "Users",
    security(("token" = ["users:write"])),
    params(("user" = Uuid, Path, description = "The user")),
    responses(
        (status = 200, description = "What was revoked", body = Revocation),
        (status = 404, description = "`user-unknown`"),
        (status = 410, description = "`user-deleted`")))]
async fn revoke(
    access: Allowed<UsersWrite>,
    Segment(user): Segment<Uuid>,
) -> Result<Json<Revocation>, Problem> {
    Ok(Json(access.manager().revoke_user(access.actor(), user).await?))
}

/// Suspends a user: doors refuse the phone until the suspension ends.
#[utoipa::path(post, path = "/v1/users/{user}/suspension", operation_id = "suspend_user", tag = "Users",
    security(("token" = ["users:write"])),
    params(("user" = Uuid, Path, description = "The user")),
    responses(
        (status = 200, description = "What was revoked", body = Revocation),
        (status = 404, description = "`user-unknown`"),
        (status = 409, description = "`user-status`: not active"),
        (status = 410, description = "`user-deleted`")))]
async fn suspend(
    access: Allowed<UsersWrite>,
    Segment(user): Segment<Uuid>,
) -> Result<Json<Revocation>, Problem> {
    Ok(Json(access.manager().suspend_user(access.actor(), user).await?))
}

/// Ends the suspension of a user; the phone gets a credential at its next renewal.
#[utoipa::path(delete, path = "/v1/users/{user}/suspension", operation_id = "resume_user", tag = "Users",
    security(("token" = ["users:write"])),
    params(("user" = Uuid, Path, description = "The user")),
    responses(
        (status = 204, description = "Done"),
        (status = 404, description = "`user-unknown`"),
        (status = 409, description = "`user-status`: not suspended"),
        (status = 410, description = "`user-deleted`")))]
async fn resume(access: Allowed<UsersWrite>, Segment(user): Segment<Uuid>) -> Result<StatusCode, Problem> {
    access.manager().resume_user(access.actor(), user).await?;
    Ok(StatusCode::NO_CONTENT)
}
