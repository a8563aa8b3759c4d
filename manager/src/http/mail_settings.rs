//! Routes for what a project sets about mail, its texts, and who is told of alerts.

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{FromRequestParts, Query, RawPathParams};
use axum::http::StatusCode;
use axum::http::request::Parts;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::access::{Allowed, Api, SettingsRead, SettingsWrite};
use super::conditional::{IfMatch, Tagged};
use super::json::{Body, Segment};
use super::paging::{Page, PageQuery};
use super::problem::Problem;
use crate::acts::{MailPreview, MailSettings, MailSettingsEdit, MailTextState, MailTextView};
use crate::error::Refusal;
use crate::jobs::JobRow;
use crate::mail::{Language, MailKind, MailText};
use crate::store::{AlertRecipient, AlertRow};

/// Every text of mail.
#[derive(Serialize, ToSchema)]
pub(super) struct MailTexts {
    texts: Vec<MailTextState>,
}

/// A text for a kind of mail in a language.
#[derive(Deserialize, ToSchema)]
pub(super) struct MailTextRequest {
    /// The subject.
    subject: String,
    /// The part that every mail program shows.
    plain: String,
    /// The body of the HTML part.
    html: String,
}

/// For whom a mail is shown.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct PreviewQuery {
    /// A user whose name is filled in; somebody made up if it is not there.
    user: Option<Uuid>,
}

/// Everybody who is told of alerts.
#[derive(Serialize, ToSchema)]
pub(super) struct Recipients {
    recipients: Vec<AlertRecipient>,
}

/// Somebody to be told of alerts.
#[derive(Deserialize, ToSchema)]
pub(super) struct RecipientRequest {
    /// The e-mail address.
    address: String,
    /// The language.
    #[serde(default)]
    language: Language,
}

/// A page of alerts.
#[derive(Serialize, ToSchema)]
pub(super) struct Alerts {
    alerts: Vec<AlertRow>,
    /// The `cursor` of the next page; null on the last.
    next: Option<String>,
}

/// Every kind of work that comes due by itself.
#[derive(Serialize, ToSchema)]
pub(super) struct Jobs {
    jobs: Vec<JobRow>,
}

/// The kind and the language in a path.
pub(super) struct TextName(MailKind, Language);

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::default()
        .routes(routes!(settings, edit_settings))
        .routes(routes!(recipients, add_recipient))
        .routes(routes!(remove_recipient))
        .routes(routes!(alerts))
        .routes(routes!(jobs))
}

/// Routes that take texts.
pub(super) fn text_routes() -> OpenApiRouter<Api> {
    OpenApiRouter::default()
        .routes(routes!(texts))
        .routes(routes!(text, set_text, reset_text))
        .routes(routes!(preview, try_text))
}

/// Shows what the project sets about its mail.
#[utoipa::path(get, path = "/v1/mail/settings", operation_id = "mail_settings", tag = "Mail",
    security(("token" = ["settings:read"])),
    responses((status = 200, description = "The settings", body = MailSettings,
        headers(("ETag" = String, description = "The version of the settings")))))]
async fn settings(access: Allowed<SettingsRead>) -> Result<Tagged<MailSettings>, Problem> {
    Ok(Tagged(access.manager().mail_settings().await?))
}

/// Changes what the project sets about its mail.
#[utoipa::path(patch, path = "/v1/mail/settings", operation_id = "edit_mail_settings", tag = "Mail",
    security(("token" = ["settings:write"])),
    params(("If-Match" = Option<String>, Header, description = "The `ETag` of the settings that the edit is meant for, or `*`")),
    request_body = MailSettingsEdit,
    responses(
        (status = 200, description = "The settings", body = MailSettings,
            headers(("ETag" = String, description = "The version of the settings"))),
        (status = 412, description = "`precondition-failed`: changed meanwhile"),
        (status = 422, description = "`mail-address-invalid`, `mail-setting-invalid`"),
        (status = 428, description = "`precondition-required`: there is no `If-Match`")))]
async fn edit_settings(
    access: Allowed<SettingsWrite>,
    IfMatch(expected): IfMatch,
    Body(edit): Body<MailSettingsEdit>,
) -> Result<Tagged<MailSettings>, Problem> {
    Ok(Tagged(access.manager().edit_expected_mail_settings(access.actor(), &expected, &edit).await?))
}

/// Lists every text of mail.
#[utoipa::path(get, path = "/v1/mail/texts", operation_id = "list_mail_texts", tag = "Mail",
    security(("token" = ["settings:read"])),
    responses((status = 200, description = "The texts", body = MailTexts)))]
async fn texts(access: Allowed<SettingsRead>) -> Result<Json<MailTexts>, Problem> {
    Ok(Json(MailTexts { texts: access.manager().mail_texts().await? }))
}

/// Shows a text with its placeholders.
#[utoipa::path(get, path = "/v1/mail/texts/{kind}/{language}", operation_id = "show_mail_text", tag = "Mail",
    security(("token" = ["settings:read"])),
    params(("kind" = String, Path, description = "The kind of mail"), ("language" = String, Path, description = "The language")),
    responses(
        (status = 200, description = "The text", body = MailTextView,
            headers(("ETag" = String, description = "The version of the text"))),
        (status = 404, description = "`mail-unknown`")))]
async fn text(access: Allowed<SettingsRead>, name: TextName) -> Result<Tagged<MailTextView>, Problem> {
    Ok(Tagged(access.manager().mail_text(name.0, name.1).await?))
}

/// Gives the project a text of its own.
#[utoipa::path(put, path = "/v1/mail/texts/{kind}/{language}", operation_id = "set_mail_text", tag = "Mail",
    security(("token" = ["settings:write"])),
    params(
        ("kind" = String, Path, description = "The kind of mail"),
        ("language" = String, Path, description = "The language"),
        ("If-Match" = Option<String>, Header, description = "The `ETag` of the text that is to be replaced, or `*`")),
    request_body = MailTextRequest,
    responses(
        (status = 204, description = "It is set"),
        (status = 404, description = "`mail-unknown`"),
        (status = 412, description = "`precondition-failed`: changed meanwhile"),
        (status = 422, description = "`mail-text-invalid`"),
        (status = 428, description = "`precondition-required`: there is no `If-Match`")))]
async fn set_text(
    access: Allowed<SettingsWrite>,
    name: TextName,
    IfMatch(expected): IfMatch,
    Body(request): Body<MailTextRequest>,
) -> Result<StatusCode, Problem> {
    let MailTextRequest { subject, plain, html } = request;
    let text = MailText { subject, plain, html };
    access.manager().set_mail_text(access.actor(), &expected, (name.0, name.1), &text).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Takes the project's own text away, so that the standard one is used.
#[utoipa::path(delete, path = "/v1/mail/texts/{kind}/{language}", operation_id = "reset_mail_text", tag = "Mail",
    security(("token" = ["settings:write"])),
    params(("kind" = String, Path, description = "The kind of mail"), ("language" = String, Path, description = "The language")),
    responses((status = 204, description = "It is reset"), (status = 404, description = "`mail-unknown`")))]
async fn reset_text(access: Allowed<SettingsWrite>, name: TextName) -> Result<StatusCode, Problem> {
    access.manager().reset_mail_text(access.actor(), name.0, name.1).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Shows what a mail would say; a code in it is made up.
#[utoipa::path(get, path = "/v1/mail/previews/{kind}/{language}", operation_id = "preview_mail", tag = "Mail",
    security(("token" = ["settings:read"])),
    params(("kind" = String, Path, description = "The kind of mail"), ("language" = String, Path, description = "The language"), PreviewQuery),
    responses(
        (status = 200, description = "What it would say", body = MailPreview),
        (status = 404, description = "`mail-unknown`, `user-unknown`")))]
async fn preview(
    access: Allowed<SettingsRead>,
    name: TextName,
    query: Result<Query<PreviewQuery>, QueryRejection>,
) -> Result<Json<MailPreview>, Problem> {
    let Query(query) = query.map_err(|rejection| Problem::request_invalid(rejection.body_text()))?;
    Ok(Json(access.manager().preview_mail(name.0, name.1, query.user).await?))
}

/// Shows what a mail would say with this text, which is not kept; a code in it is made up.
#[utoipa::path(post, path = "/v1/mail/previews/{kind}/{language}", operation_id = "try_mail_text", tag = "Mail",
    security(("token" = ["settings:read"])),
    params(("kind" = String, Path, description = "The kind of mail"), ("language" = String, Path, description = "The language"), PreviewQuery),
    request_body = MailTextRequest,
    responses(
        (status = 200, description = "What it would say", body = MailPreview),
        (status = 404, description = "`mail-unknown`, `user-unknown`"),
        (status = 422, description = "`mail-text-invalid`")))]
async fn try_text(
    access: Allowed<SettingsRead>,
    name: TextName,
    query: Result<Query<PreviewQuery>, QueryRejection>,
    Body(request): Body<MailTextRequest>,
) -> Result<Json<MailPreview>, Problem> {
    let Query(query) = query.map_err(|rejection| Problem::request_invalid(rejection.body_text()))?;
    let MailTextRequest { subject, plain, html } = request;
    let text = MailText { subject, plain, html };
    Ok(Json(access.manager().try_mail_text(name.0, name.1, &text, query.user).await?))
}

/// Lists everybody who is told of alerts.
#[utoipa::path(get, path = "/v1/alerts/recipients", operation_id = "list_alert_recipients", tag = "Alerts",
    security(("token" = ["settings:read"])),
    responses((status = 200, description = "The recipients", body = Recipients)))]
async fn recipients(access: Allowed<SettingsRead>) -> Result<Json<Recipients>, Problem> {
    Ok(Json(Recipients { recipients: access.manager().alert_recipients().await? }))
}

/// Adds somebody who is told of alerts, or changes the language.
#[utoipa::path(post, path = "/v1/alerts/recipients", operation_id = "add_alert_recipient", tag = "Alerts",
    security(("token" = ["settings:write"])),
    request_body = RecipientRequest,
    responses(
        (status = 201, description = "The recipient", body = AlertRecipient),
        (status = 422, description = "`mail-address-invalid`")))]
async fn add_recipient(
    access: Allowed<SettingsWrite>,
    Body(request): Body<RecipientRequest>,
) -> Result<(StatusCode, Json<AlertRecipient>), Problem> {
    let RecipientRequest { address, language } = request;
    let recipient = access.manager().add_alert_recipient(access.actor(), &address, language).await?;
    Ok((StatusCode::CREATED, Json(recipient)))
}

/// Removes somebody who is told of alerts.
#[utoipa::path(delete, path = "/v1/alerts/recipients/{address}", operation_id = "remove_alert_recipient", tag = "Alerts",
    security(("token" = ["settings:write"])),
    params(("address" = String, Path, description = "The e-mail address")),
    responses((status = 204, description = "Removed"), (status = 404, description = "`recipient-unknown`")))]
async fn remove_recipient(
    access: Allowed<SettingsWrite>,
    Segment(address): Segment<String>,
) -> Result<StatusCode, Problem> {
    access.manager().remove_alert_recipient(access.actor(), &address).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Lists what administrators were or will be told of, newest first.
#[utoipa::path(get, path = "/v1/alerts", operation_id = "list_alerts", tag = "Alerts",
    security(("token" = ["settings:read"])),
    params(PageQuery),
    responses((status = 200, description = "A page of alerts", body = Alerts)))]
async fn alerts(access: Allowed<SettingsRead>, page: Page<Uuid>) -> Result<Json<Alerts>, Problem> {
    let alerts = access.manager().alerts(page.after, page.limit).await?;
    let next = page.next(&alerts, |alert| alert.id);
    Ok(Json(Alerts { alerts, next }))
}

/// Lists the kinds of work that come due by themselves, and where each stands.
#[utoipa::path(get, path = "/v1/jobs", operation_id = "list_jobs", tag = "Operation",
    security(("token" = ["settings:read"])),
    responses((status = 200, description = "The kinds of work", body = Jobs)))]
async fn jobs(access: Allowed<SettingsRead>) -> Result<Json<Jobs>, Problem> {
    Ok(Json(Jobs { jobs: access.manager().jobs().await? }))
}

impl<S: Send + Sync> FromRequestParts<S> for TextName {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let params =
            RawPathParams::from_request_parts(parts, state).await.map_err(|_| Problem::not_found())?;
        let named = |name: &str| params.iter().find(|(key, _)| *key == name).map(|(_, value)| value);
        let kind = named("kind").and_then(MailKind::from_name);
        let language = named("language").and_then(Language::from_name);
        let name = kind.zip(language).map(|(kind, language)| Self(kind, language));
        name.ok_or_else(|| Refusal::MailUnknown.into())
    }
}
