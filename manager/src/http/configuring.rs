//! Routes for the settings of the project.

use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::access::{Allowed, Api, SettingsRead, SettingsWrite};
use super::conditional::{IfMatch, Tagged};
use super::json::Body;
use super::problem::Problem;
use crate::domain::{Project, ProjectChange, ReminderChange};

/// What is to be changed about the settings; what is left out stays.
#[derive(Deserialize, ToSchema)]
pub(super) struct SettingsChange {
    /// What people call the project: 1 to 100 characters.
    #[schema(min_length = 1, max_length = 100)]
    name: Option<String>,
    /// An IANA time zone, such as `Europe/Berlin`.
    time_zone: Option<String>,
    /// The address under which phones reach the manager.
    public_url: Option<String>,
    /// For how long a new invitation is good, in seconds: 1 hour to 1 year.
    #[schema(minimum = 3600, maximum = 31622400)]
    invitation_life_s: Option<u32>,
    /// For how long a new credential is good, in seconds: 1 hour to 1 year.
    #[schema(minimum = 3600, maximum = 31622400)]
    credential_life_s: Option<u32>,
    /// When holders of invitations are reminded; what is left out stays.
    #[serde(default)]
    reminders: ReminderChange,
}

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::default().routes(routes!(show, change))
}

/// Shows the settings of the project.
#[utoipa::path(get, path = "/v1/settings", operation_id = "show_settings", tag = "Settings",
    security(("token" = ["settings:read"])),
    responses((status = 200, description = "The settings", body = Project,
        headers(("ETag" = String, description = "The version of the settings")))))]
async fn show(access: Allowed<SettingsRead>) -> Result<Tagged<Project>, Problem> {
    Ok(Tagged(access.manager().settings().await?))
}

/// Changes settings of the project, for every process at once.
#[utoipa::path(patch, path = "/v1/settings", operation_id = "change_settings", tag = "Settings",
    security(("token" = ["settings:write"])),
    params(("If-Match" = Option<String>, Header, description = "The `ETag` of the settings that the edit is meant for, or `*`")),
    request_body = SettingsChange,
    responses(
        (status = 200, description = "The settings", body = Project,
            headers(("ETag" = String, description = "The version of the settings"))),
        (status = 409, description = "`project-name-taken`"),
        (status = 412, description = "`precondition-failed`: the settings were changed meanwhile"),
        (status = 422, description = "`settings-invalid`: `detail` says which setting is not allowed"),
        (status = 428, description = "`precondition-required`: there is no `If-Match`")))]
async fn change(
    access: Allowed<SettingsWrite>,
    IfMatch(expected): IfMatch,
    Body(request): Body<SettingsChange>,
) -> Result<Tagged<Project>, Problem> {
    let SettingsChange { name, time_zone, public_url, invitation_life_s, credential_life_s, reminders } =
        request;
    let change =
        ProjectChange { name, time_zone, public_url, invitation_life_s, credential_life_s, reminders };
    Ok(Tagged(access.manager().edit_expected_project(access.actor(), &expected, &change).await?))
}
