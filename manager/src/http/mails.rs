//! Routes for mail: what became of it, and sending it again.

use axum::Json;
use axum::extract::Query;
use axum::extract::rejection::QueryRejection;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::access::{Allowed, Api, MailBounces, SettingsWrite, UsersRead, UsersWrite};
use super::json::{Body, Octets, Segment};
use super::paging::{Page, PageQuery};
use super::problem::Problem;
use crate::acts::BounceTaken;
use crate::domain::MailState;
use crate::mail::Language;
use crate::store::{MailFilter, Mailing};

/// Which mails are meant.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct MailQuery {
    /// Only those to this user.
    user: Option<Uuid>,
    /// Only those about this card.
    card: Option<Uuid>,
    /// Only those in this state.
    state: Option<MailState>,
}

/// A page of mails.
#[derive(Serialize, ToSchema)]
pub(super) struct Mails {
    mails: Vec<Mailing>,
    /// The `cursor` of the next page; null on the last.
    next: Option<String>,
}

/// A test mail to be sent.
#[derive(Deserialize, ToSchema)]
pub(super) struct TestRequest {
    /// To whom.
    address: String,
    /// In which language; that of the project if it is not there.
    #[serde(default)]
    language: Option<Language>,
}

/// The language in which a user gets mail.
#[derive(Deserialize, ToSchema)]
pub(super) struct LanguageRequest {
    /// The language; null is that of the project.
    language: Option<Language>,
}

/// What a report changed.
#[derive(Serialize, ToSchema)]
pub(super) struct BounceView {
    taken: BounceTaken,
}

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::default()
        .routes(routes!(list))
        .routes(routes!(show))
        .routes(routes!(resend))
        .routes(routes!(set_language))
        .routes(routes!(test))
}

/// The route that takes whole messages.
pub(super) fn bounce_routes() -> OpenApiRouter<Api> {
    OpenApiRouter::default().routes(routes!(bounce))
}

/// Lists mails, newest first.
#[utoipa::path(get, path = "/v1/mails", operation_id = "list_mails", tag = "Mail",
    security(("token" = ["users:read"])),
    params(PageQuery, MailQuery),
    responses((status = 200, description = "A page of mails", body = Mails)))]
async fn list(
    access: Allowed<UsersRead>,
    page: Page<Uuid>,
    query: Result<Query<MailQuery>, QueryRejection>,
) -> Result<Json<Mails>, Problem> {
    let Query(MailQuery { user, card, state }) =
        query.map_err(|rejection| Problem::request_invalid(rejection.body_text()))?;
    let mails = access.manager().mails(MailFilter { user, card, state }, page.after, page.limit).await?;
    let next = page.next(&mails, |mail| mail.id);
    Ok(Json(Mails { mails, next }))
}

/// Shows what became of a mail.
#[utoipa::path(get, path = "/v1/mails/{mail}", operation_id = "show_mail", tag = "Mail",
    security(("token" = ["users:read"])),
    params(("mail" = Uuid, Path, description = "The mail")),
    responses((status = 200, description = "The mail", body = Mailing), (status = 404, description = "`mail-unknown`")))]
async fn show(access: Allowed<UsersRead>, Segment(mail): Segment<Uuid>) -> Result<Json<Mailing>, Problem> {
    Ok(Json(access.manager().mail(mail).await?))
}

/// Mails a user's open invitation again, with the same code, to the address that the user has now.
#[utoipa::path(post, path = "/v1/users/{user}/invitations/mail", operation_id = "mail_invitation", tag = "Mail",
    security(("token" = ["users:write"])),
    params(("user" = Uuid, Path, description = "The user")),
    responses(
        (status = 202, description = "The mail", body = Mailing),
        (status = 404, description = "`user-unknown`"),
        (status = 409, description = "`mail-not-repeatable`: there is no open invitation; invite the user again"),
        (status = 410, description = "`user-deleted`")))]
async fn resend(
    access: Allowed<UsersWrite>,
    Segment(user): Segment<Uuid>,
) -> Result<(StatusCode, Json<Mailing>), Problem> {
    let mail = access.manager().resend_invitation(access.actor(), user).await?;
    Ok((StatusCode::ACCEPTED, Json(mail)))
}

/// Sets the language in which a user gets mail.
#[utoipa::path(put, path = "/v1/users/{user}/language", operation_id = "set_user_language", tag = "Mail",
    security(("token" = ["users:write"])),
    params(("user" = Uuid, Path, description = "The user")),
    request_body = LanguageRequest,
    responses(
        (status = 204, description = "It is set"),
        (status = 404, description = "`user-unknown`"),
        (status = 410, description = "`user-deleted`")))]
async fn set_language(
    access: Allowed<UsersWrite>,
    Segment(user): Segment<Uuid>,
    Body(request): Body<LanguageRequest>,
) -> Result<StatusCode, Problem> {
    access.manager().set_user_language(access.actor(), user, request.language).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Sends a test mail.
#[utoipa::path(post, path = "/v1/mail/test", operation_id = "send_test_mail", tag = "Mail",
    security(("token" = ["settings:write"])),
    request_body = TestRequest,
    responses(
        (status = 202, description = "The mail; ask for it again to see what became of it", body = Mailing),
        (status = 422, description = "`mail-address-invalid`")))]
async fn test(
    access: Allowed<SettingsWrite>,
    Body(request): Body<TestRequest>,
) -> Result<(StatusCode, Json<Mailing>), Problem> {
    let mail = access.manager().send_test_mail(access.actor(), &request.address, request.language).await?;
    Ok((StatusCode::ACCEPTED, Json(mail)))
}

/// Takes a report (RFC 3464) on a mail that did not arrive, whole, as a mail server has it.
#[utoipa::path(post, path = "/v1/mail/bounces", operation_id = "report_bounce", tag = "Mail",
    security(("token" = ["mail:bounces"])),
    request_body(content = String, description = "The message", content_type = "message/rfc822"),
    responses((status = 200, description = "What it changed", body = BounceView)))]
async fn bounce(access: Allowed<MailBounces>, Octets(body): Octets) -> Result<Json<BounceView>, Problem> {
    Ok(Json(BounceView { taken: access.manager().take_bounce(&body).await? }))
}
