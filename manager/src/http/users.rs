//! Routes for users.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::Query;
use axum::extract::rejection::QueryRejection;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::access::{Allowed, Api, UsersRead, UsersWrite};
use super::conditional::Tagged;
use super::json::{Body, Segment};
use super::paging::{Page, PageQuery};
use super::problem::Problem;
use crate::acts::{DeviceSummary, IssuedInvitation, Revocation, UserQuery};
use crate::domain::{Search, User, UserFilter, UserListError, UserPlace};

/// A page of users.
#[derive(Serialize, ToSchema)]
pub(super) struct Users {
    users: Vec<User>,
    /// The `cursor` of the next page; null on the last.
    next: Option<String>,
}

/// Which users to list.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    /// Only those of these statuses, with commas between them; `all` is everybody, also those who are gone.
    #[param(max_length = 200)]
    status: Option<String>,
    /// Only those who are found by this.
    #[param(max_length = 300)]
    search: Option<String>,
    /// `name`, `created` or `updated`; with `-` before it from the end. A search has an order of its own.
    #[param(max_length = 20)]
    sort: Option<String>,
}

/// How many users there are of each status.
#[derive(Serialize, ToSchema)]
#[schema(as = UserCounts)]
pub(super) struct Counts {
    #[schema(value_type = BTreeMap<String, u64>)]
    counts: BTreeMap<&'static str, u64>,
}

/// What an invitation is to be like.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct InvitationRequest {
    /// For how many seconds it is good, 1 hour to 1 year; as the project sets it, unless said.
    #[serde(default)]
    life_s: Option<u32>,
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

impl ListQuery {
    fn parsed(&self) -> Result<UserQuery, Problem> {
        let invalid = |error: UserListError| Problem::request_invalid(error.to_string());
        let filter = self.status.as_deref().map_or(Ok(UserFilter::default()), str::parse).map_err(invalid)?;
        let order = self.sort.as_deref().map(str::parse).transpose().map_err(invalid)?;
        let search = self.search.as_deref().and_then(Search::new);
        Ok(UserQuery { filter, order, search })
    }
}

impl From<IssuedInvitation> for InvitationView {
    fn from(invitation: IssuedInvitation) -> Self {
        Self {
            user: invitation.user,
            code: invitation.code.grouped(),
            link: invitation.link,
            expires_at: invitation.expires_at.0,
        }
    }
}

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::default()
        .routes(routes!(list))
        .routes(routes!(counts))
        .routes(routes!(show))
        .routes(routes!(devices))
        .routes(routes!(invite))
        .routes(routes!(revoke))
        .routes(routes!(suspend, resume))
}

/// Lists users, or finds some of them.
///
/// Users who are gone are listed only where `status` says so. Found is whoever has a word of the name, an e-mail
/// address, a user ID or a Sync ID that begins with `search`, in this order; case, accents and umlauts do not matter.
#[utoipa::path(get, path = "/v1/users", operation_id = "list_users", tag = "Users", security(("token" = ["users:read"])),
    params(PageQuery, ListQuery),
    responses((status = 200, description = "A page of users", body = Users)))]
async fn list(
    access: Allowed<UsersRead>,
    page: Page<UserPlace>,
    query: Result<Query<ListQuery>, QueryRejection>,
) -> Result<Json<Users>, Problem> {
    let Query(query) = query.map_err(|rejection| Problem::request_invalid(rejection.body_text()))?;
    let found = access.manager().user_page(&query.parsed()?, page.after.as_ref(), page.limit).await?;
    let next = found.next.and_then(|place| page.next(&found.users, |_| place.clone()));
    Ok(Json(Users { users: found.users, next }))
}

/// Tells how many users there are of each status.
#[utoipa::path(get, path = "/v1/users/counts", operation_id = "count_users", tag = "Users",
    security(("token" = ["users:read"])),
    responses((status = 200, description = "The counts", body = Counts)))]
async fn counts(access: Allowed<UsersRead>) -> Result<Json<Counts>, Problem> {
    let counts = access.manager().user_counts().await?.into_iter();
    Ok(Json(Counts { counts: counts.map(|(status, count)| (status.name(), count)).collect() }))
}

/// Shows a user.
#[utoipa::path(get, path = "/v1/users/{user}", operation_id = "show_user", tag = "Users",
    security(("token" = ["users:read"])),
    params(("user" = Uuid, Path, description = "The user")),
    responses(
        (status = 200, description = "The user", body = User,
            headers(("ETag" = String, description = "The version of the user"))),
        (status = 404, description = "`user-unknown`")))]
async fn show(access: Allowed<UsersRead>, Segment(user): Segment<Uuid>) -> Result<Tagged<User>, Problem> {
    Ok(Tagged(access.manager().user(user).await?))
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
    request_body = Option<InvitationRequest>,
    responses(
        (status = 201, description = "The invitation", body = InvitationView),
        (status = 403, description = "`user-suspended`, `scope-missing`, `role-missing`"),
        (status = 404, description = "`user-unknown`"),
        (status = 410, description = "`user-deleted`"),
        (status = 422, description = "`invitation-life-invalid`")))]
async fn invite(
    access: Allowed<UsersWrite>,
    Segment(user): Segment<Uuid>,
    Body(request): Body<InvitationRequest>,
) -> Result<(StatusCode, Json<InvitationView>), Problem> {
    let invitation = access.manager().invite_for(access.actor(), user, request.life_s).await?;
    Ok((StatusCode::CREATED, Json(invitation.into())))
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
        (status = 409, description = "`user-status`: suspended already"),
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
