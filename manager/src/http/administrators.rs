//! Routes for administrators and their tokens.

use axum::Json;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::access::{AdministratorsRead, AdministratorsWrite, Allowed, Api};
use super::conditional::{IfMatch, Tagged};
use super::json::{Body, Segment};
use super::paging::{Page, PageQuery};
use super::problem::Problem;
use crate::acts::{AdministratorChange, NewToken, SignInLink};
use crate::domain::{Administrator, NewAdministrator, Role, Scope, Scopes, TokenSummary, UnixTime};

/// A page of administrators.
#[derive(Serialize, ToSchema)]
pub(super) struct Administrators {
    administrators: Vec<Administrator>,
    /// The `cursor` of the next page; null on the last.
    next: Option<String>,
}

/// An administrator to be added.
#[derive(Deserialize, ToSchema)]
pub(super) struct AddRequest {
    /// What people call the administrator.
    #[schema(min_length = 1, max_length = 100)]
    name: String,
    /// An e-mail address that no other administrator of the project has.
    #[schema(max_length = 254)]
    email: String,
    role: Role,
}

/// What is to be changed about an administrator; what is left out stays.
#[derive(Deserialize, ToSchema)]
pub(super) struct ChangeRequest {
    /// What people call the administrator.
    #[schema(min_length = 1, max_length = 100)]
    name: Option<String>,
    /// An e-mail address that no other administrator of the project has.
    #[schema(max_length = 254)]
    email: Option<String>,
    role: Option<Role>,
}

/// A page of tokens.
#[derive(Serialize, ToSchema)]
pub(super) struct Tokens {
    tokens: Vec<TokenSummary>,
    /// The `cursor` of the next page; null on the last.
    next: Option<String>,
}

/// A token to be made.
#[derive(Deserialize, ToSchema)]
pub(super) struct TokenRequest {
    /// Whose it is.
    administrator: Uuid,
    /// What it is for.
    #[schema(min_length = 1, max_length = 100)]
    name: String,
    /// What it lets its holder do; left out, everything that the administrator's role and this token allow.
    #[schema(value_type = Option<Vec<Scope>>)]
    scopes: Option<Scopes>,
    /// The first second at which it is no longer good.
    expires_at: Option<u32>,
}

/// A token with its secret, which is shown only here.
#[derive(Serialize, ToSchema)]
pub(super) struct MadeToken {
    #[serde(flatten)]
    token: TokenSummary,
    /// The secret, to be sent as `Authorization: Bearer …`.
    secret: String,
}

/// A sign-in link, which is shown only here.
#[derive(Serialize, ToSchema)]
#[schema(as = SignInLink)]
pub(super) struct LinkView {
    /// For whom it is.
    administrator: Uuid,
    /// The link; its secret stands in the fragment, where no server sees it.
    link: String,
    /// The secret, to be typed.
    code: String,
    /// The first second at which it is no longer good.
    expires_at: u32,
}

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::default()
        .routes(routes!(list, add))
        .routes(routes!(show, change, remove))
        .routes(routes!(sign_in_link))
        .routes(routes!(tokens, make_token))
        .routes(routes!(revoke_token))
}

/// Lists administrators in the order in which they were added.
#[utoipa::path(get, path = "/v1/administrators", operation_id = "list_administrators", tag = "Administrators",
    security(("token" = ["administrators:read"])),
    params(PageQuery),
    responses((status = 200, description = "A page of administrators", body = Administrators)))]
async fn list(
    access: Allowed<AdministratorsRead>,
    page: Page<Uuid>,
) -> Result<Json<Administrators>, Problem> {
    let administrators = access.manager().administrators(page.after, page.limit).await?;
    let next = page.next(&administrators, |administrator| administrator.id);
    Ok(Json(Administrators { administrators, next }))
}

/// Adds an administrator, who cannot do anything until a token is made.
#[utoipa::path(post, path = "/v1/administrators", operation_id = "add_administrator", tag = "Administrators",
    security(("token" = ["administrators:write"])),
    request_body = AddRequest,
    responses(
        (status = 201, description = "The administrator", body = Administrator),
        (status = 409, description = "`administrator-known`: another one has this e-mail address"),
        (status = 422, description = "`administrator-invalid`: the name or the e-mail address is not allowed")))]
async fn add(
    access: Allowed<AdministratorsWrite>,
    Body(request): Body<AddRequest>,
) -> Result<(StatusCode, Json<Administrator>), Problem> {
    let AddRequest { name, email, role } = request;
    let new = NewAdministrator { name, email: Some(email), role };
    let added = access.manager().add_administrator(access.actor(), &new).await?;
    Ok((StatusCode::CREATED, Json(added)))
}

/// Shows an administrator.
#[utoipa::path(get, path = "/v1/administrators/{administrator}", operation_id = "show_administrator",
    tag = "Administrators",
    security(("token" = ["administrators:read"])),
    params(("administrator" = Uuid, Path, description = "The administrator")),
    responses(
        (status = 200, description = "The administrator", body = Administrator,
            headers(("ETag" = String, description = "The version of the administrator"))),
        (status = 404, description = "`administrator-unknown`")))]
async fn show(
    access: Allowed<AdministratorsRead>,
    Segment(administrator): Segment<Uuid>,
) -> Result<Tagged<Administrator>, Problem> {
    Ok(Tagged(access.manager().administrator(administrator).await?))
}

/// Changes name, address or role of an administrator; a role holds from the next request on.
#[utoipa::path(patch, path = "/v1/administrators/{administrator}", operation_id = "change_administrator",
    tag = "Administrators",
    security(("token" = ["administrators:write"])),
    params(
        ("administrator" = Uuid, Path, description = "The administrator"),
        ("If-Match" = Option<String>, Header, description = "The `ETag` of the administrator that the edit is meant for, or `*`")),
    request_body = ChangeRequest,
    responses(
        (status = 200, description = "The administrator", body = Administrator,
            headers(("ETag" = String, description = "The version of the administrator"))),
        (status = 404, description = "`administrator-unknown`"),
        (status = 409, description = "`last-owner`: a project is never without an owner, `administrator-known`"),
        (status = 412, description = "`precondition-failed`: changed meanwhile"),
        (status = 422, description = "`administrator-invalid`: the name or the e-mail address is not allowed"),
        (status = 428, description = "`precondition-required`: there is no `If-Match`")))]
async fn change(
    access: Allowed<AdministratorsWrite>,
    Segment(administrator): Segment<Uuid>,
    IfMatch(expected): IfMatch,
    Body(request): Body<ChangeRequest>,
) -> Result<Tagged<Administrator>, Problem> {
    let ChangeRequest { name, email, role } = request;
    let change = AdministratorChange { name, email, role };
    let (manager, actor) = (access.manager(), access.actor());
    Ok(Tagged(manager.change_expected_administrator(actor, &expected, administrator, &change).await?))
}

/// Removes an administrator and revokes the tokens of that administrator.
#[utoipa::path(delete, path = "/v1/administrators/{administrator}", operation_id = "remove_administrator",
    tag = "Administrators",
    security(("token" = ["administrators:write"])),
    params(("administrator" = Uuid, Path, description = "The administrator")),
    responses(
        (status = 204, description = "Done"),
        (status = 404, description = "`administrator-unknown`"),
        (status = 409, description = "`last-owner`: a project is never without an owner")))]
async fn remove(
    access: Allowed<AdministratorsWrite>,
    Segment(administrator): Segment<Uuid>,
) -> Result<StatusCode, Problem> {
    access.manager().remove_administrator(access.actor(), administrator).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Makes a link with which an administrator comes to the page for the first time, or again after having lost what it
/// takes to sign in; it is good once and for three days, and earlier ones are no longer good.
#[utoipa::path(post, path = "/v1/administrators/{administrator}/sign-in-link", operation_id = "make_sign_in_link",
    tag = "Administrators",
    security(("token" = ["administrators:write"])),
    params(("administrator" = Uuid, Path, description = "The administrator")),
    responses(
        (status = 201, description = "The link", body = LinkView),
        (status = 404, description = "`administrator-unknown`")))]
async fn sign_in_link(
    access: Allowed<AdministratorsWrite>,
    Segment(administrator): Segment<Uuid>,
) -> Result<(StatusCode, Json<LinkView>), Problem> {
    let made = access.manager().make_sign_in_link(access.actor(), administrator).await?;
    let SignInLink { administrator, link, code, expires_at } = made;
    Ok((StatusCode::CREATED, Json(LinkView { administrator, link, code, expires_at: expires_at.0 })))
}

/// Lists tokens, without their secrets, in the order in which they were made.
#[utoipa::path(get, path = "/v1/tokens", operation_id = "list_tokens", tag = "Administrators",
    security(("token" = ["administrators:read"])),
    params(PageQuery),
    responses((status = 200, description = "A page of tokens", body = Tokens)))]
async fn tokens(access: Allowed<AdministratorsRead>, page: Page<Uuid>) -> Result<Json<Tokens>, Problem> {
    let tokens = access.manager().tokens(page.after, page.limit).await?;
    let next = page.next(&tokens, |token| token.id);
    Ok(Json(Tokens { tokens, next }))
}

/// Makes a token; it may do no more than the token that makes it, nor than its administrator's role allows.
#[utoipa::path(post, path = "/v1/tokens", operation_id = "make_token", tag = "Administrators",
    security(("token" = ["administrators:write"])),
    request_body = TokenRequest,
    responses(
        (status = 201, description = "The token", body = MadeToken),
        (status = 404, description = "`administrator-unknown`"),
        (status = 422, description = "`administrator-invalid`: the name or the end is not allowed, `scopes-beyond`")))]
async fn make_token(
    access: Allowed<AdministratorsWrite>,
    Body(request): Body<TokenRequest>,
) -> Result<(StatusCode, Json<MadeToken>), Problem> {
    let TokenRequest { administrator, name, scopes, expires_at } = request;
    let new = NewToken { administrator, name, scopes, expires_at: expires_at.map(UnixTime) };
    let (token, secret) = access.manager().make_token(access.actor(), access.rights(), &new).await?;
    Ok((StatusCode::CREATED, Json(MadeToken { token, secret: secret.expose().to_string() })))
}

/// Revokes a token now.
#[utoipa::path(delete, path = "/v1/tokens/{token}", operation_id = "revoke_token", tag = "Administrators",
    security(("token" = ["administrators:write"])),
    params(("token" = Uuid, Path, description = "The token")),
    responses((status = 204, description = "Done"), (status = 404, description = "`token-unknown`")))]
async fn revoke_token(
    access: Allowed<AdministratorsWrite>,
    Segment(token): Segment<Uuid>,
) -> Result<StatusCode, Problem> {
    access.manager().revoke_token(access.actor(), token).await?;
    Ok(StatusCode::NO_CONTENT)
}
