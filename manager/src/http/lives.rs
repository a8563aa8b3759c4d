//! Routes that add, change, reset and delete users.

use axum::Json;
use axum::http::{HeaderName, StatusCode, header};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::access::{Allowed, Api, UsersWrite};
use super::conditional::IfMatch;
use super::json::{Body, Segment};
use super::problem::Problem;
use super::users::InvitationView;
use crate::acts::Revocation;
use crate::domain::{Person, PersonEdit, User, Version};

/// A user to be added.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewUser {
    /// First name; may be empty.
    #[serde(default)]
    first_name: String,
    /// Last name.
    last_name: String,
    /// E-mail address.
    email: String,
    /// What doors get.
    user_id: String,
    /// The identifier in the system that lists of people come from.
    #[serde(default)]
    sync_id: Option<String>,
}

/// A user after an edit, and what followed from it.
#[derive(Serialize, ToSchema)]
pub(super) struct Edited {
    user: User,
    /// The invitation that took the place of the one that was sent to the old address.
    invitation: Option<InvitationView>,
    /// The credentials that carried the old user ID.
    revocation: Option<Revocation>,
}

/// A user who was deleted.
#[derive(Serialize, ToSchema)]
pub(super) struct Deleted {
    user: User,
    revocation: Revocation,
}

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::default().routes(routes!(add)).routes(routes!(edit, delete)).routes(routes!(reset))
}

/// Adds a user, not yet invited.
#[utoipa::path(post, path = "/v1/users", operation_id = "add_user", tag = "Users",
    security(("token" = ["users:write"])),
    request_body = NewUser,
    responses(
        (status = 201, description = "The user", body = User),
        (status = 409, description = "`taken`"),
        (status = 422, description = "`person-invalid`")))]
async fn add(
    access: Allowed<UsersWrite>,
    Body(new): Body<NewUser>,
) -> Result<(StatusCode, Json<User>), Problem> {
    let NewUser { first_name, last_name, email, user_id, sync_id } = new;
    let person = Person { first_name, last_name, email, user_id, sync_id };
    let user = access.manager().add_user(access.actor(), &person).await?;
    Ok((StatusCode::CREATED, Json(user)))
}

/// Changes what is known of a user; what the body does not name stays as it is.
///
/// An address that changes while the user is invited gets an invitation of its own, and the old one is void. A changed
/// user ID revokes the credentials that carry the old one; the phone gets the new one when it renews.
#[utoipa::path(patch, path = "/v1/users/{user}", operation_id = "edit_user", tag = "Users",
    security(("token" = ["users:write"])),
    params(
        ("user" = Uuid, Path, description = "The user"),
        ("If-Match" = Option<String>, Header, description = "The `ETag` of the user that the edit is meant for, or `*`")),
    request_body = PersonEdit,
    responses(
        (status = 200, description = "The user and what followed", body = Edited,
            headers(("ETag" = String, description = "The version of the user"))),
        (status = 404, description = "`user-unknown`"),
        (status = 409, description = "`taken`"),
        (status = 410, description = "`user-deleted`"),
        (status = 412, description = "`precondition-failed`: changed meanwhile"),
        (status = 422, description = "`person-invalid`"),
        (status = 428, description = "`precondition-required`: there is no `If-Match`")))]
async fn edit(
    access: Allowed<UsersWrite>,
    Segment(user): Segment<Uuid>,
    IfMatch(expected): IfMatch,
    Body(edit): Body<PersonEdit>,
) -> Result<([(HeaderName, String); 1], Json<Edited>), Problem> {
    let edited = access.manager().edit_expected_user(access.actor(), &expected, user, &edit).await?;
    let invitation = edited.invitation.map(InvitationView::from);
    let tag = [(header::ETAG, Version::of(&edited.user).tag())];
    Ok((tag, Json(Edited { user: edited.user, invitation, revocation: edited.revocation })))
}

/// Deletes a user: an invitation is void at once, a phone is revoked now.
///
/// The user is `deletion_pending` until the phone has learned of it or its credential has expired.
#[utoipa::path(delete, path = "/v1/users/{user}", operation_id = "delete_user", tag = "Users",
    security(("token" = ["users:write"])),
    params(("user" = Uuid, Path, description = "The user")),
    responses(
        (status = 200, description = "The user and what was revoked", body = Deleted),
        (status = 404, description = "`user-unknown`"),
        (status = 410, description = "`user-deleted`")))]
async fn delete(access: Allowed<UsersWrite>, Segment(user): Segment<Uuid>) -> Result<Json<Deleted>, Problem> {
    let (user, revocation) = access.manager().delete_user(access.actor(), user).await?;
    Ok(Json(Deleted { user, revocation }))
}

/// Makes the holder start over: the phone of an active user is revoked, and the user waits for a new invitation.
#[utoipa::path(post, path = "/v1/users/{user}/reset", operation_id = "reset_user", tag = "Users",
    security(("token" = ["users:write"])),
    params(("user" = Uuid, Path, description = "The user")),
    responses(
        (status = 200, description = "What was revoked", body = Revocation),
        (status = 403, description = "`user-suspended`"),
        (status = 404, description = "`user-unknown`"),
        (status = 409, description = "`user-status`: not active"),
        (status = 410, description = "`user-deleted`")))]
async fn reset(
    access: Allowed<UsersWrite>,
    Segment(user): Segment<Uuid>,
) -> Result<Json<Revocation>, Problem> {
    Ok(Json(access.manager().reset_user(access.actor(), user).await?))
}
