//! Routes for the audit log.

use axum::Json;
use axum::extract::Query;
use axum::extract::rejection::QueryRejection;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::access::{Allowed, Api, AuditRead};
use super::paging::{Page, PageQuery};
use super::problem::Problem;
use crate::acts::AuditFilter;
use crate::domain::{AuditEntry, UnixTime, hex};

/// Which entries are wanted.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Wanted {
    /// The name of the act, such as `user_invited`.
    act: Option<String>,
    /// Who acted, as it stands in the log.
    actor: Option<String>,
    /// To whom or what, as it stands in the log.
    subject: Option<String>,
    /// The first second.
    since: Option<u32>,
    /// The first second that is too late.
    until: Option<u32>,
}

/// A page of the audit log.
#[derive(Serialize, ToSchema)]
pub(super) struct AuditPage {
    entries: Vec<EntryView>,
    /// The `cursor` of the next page; null on the last.
    next: Option<String>,
}

/// An entry of the audit log.
#[derive(Serialize, ToSchema)]
#[schema(as = AuditEntry)]
pub(super) struct EntryView {
    /// Its place, from 1.
    sequence: u64,
    /// When it happened.
    time: u32,
    /// Who acted.
    actor: String,
    /// What was done.
    act: String,
    /// To whom or what.
    subject: String,
    /// More about it, without personal data.
    detail: String,
    /// Its hash, which covers the entry before, in hexadecimal digits.
    hash: String,
}

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::default().routes(routes!(list)).routes(routes!(verify))
}

/// Lists what was done, oldest first.
#[utoipa::path(get, path = "/v1/audit", operation_id = "list_audit_entries", tag = "Audit log",
    security(("token" = ["audit:read"])),
    params(PageQuery, Wanted),
    responses((status = 200, description = "A page of entries", body = AuditPage)))]
async fn list(
    access: Allowed<AuditRead>,
    page: Page<u64>,
    wanted: Result<Query<Wanted>, QueryRejection>,
) -> Result<Json<AuditPage>, Problem> {
    let Query(wanted) = wanted.map_err(|rejection| Problem::request_invalid(rejection.body_text()))?;
    let filter = AuditFilter {
        act: wanted.act,
        actor: wanted.actor,
        subject: wanted.subject,
        since: wanted.since.map(UnixTime),
        until: wanted.until.map(UnixTime),
    };
    let entries = access.manager().audit_entries(&filter, page.after.unwrap_or(0), page.limit).await?;
    let next = page.next(&entries, |entry| entry.sequence);
    Ok(Json(AuditPage { entries: entries.into_iter().map(EntryView::from).collect(), next }))
}

/// Whether the log holds.
#[derive(Serialize, ToSchema)]
#[schema(as = AuditVerification)]
pub(super) struct Verified {
    /// Whether none of its entries was changed, removed or added.
    holds: bool,
    /// Where it does not hold, for people.
    broken: Option<String>,
    /// The place of the last entry.
    sequence: Option<u64>,
    /// The hash of the last entry, in hexadecimal digits: keep it elsewhere.
    hash: Option<String>,
}

/// Verifies the whole log: every entry against the hash of the one before.
#[utoipa::path(get, path = "/v1/audit/verification", operation_id = "verify_audit_log", tag = "Audit log",
    security(("token" = ["audit:read"])),
    responses((status = 200, description = "Whether it holds", body = Verified)))]
async fn verify(access: Allowed<AuditRead>) -> Result<Json<Verified>, Problem> {
    Ok(Json(match access.manager().verify_audit_from(None).await? {
        Ok((sequence, hash)) => {
            Verified { holds: true, broken: None, sequence: Some(sequence), hash: Some(hex(&hash)) }
        }
        Err(broken) => {
            Verified { holds: false, broken: Some(broken.to_string()), sequence: None, hash: None }
        }
    }))
}

impl From<AuditEntry> for EntryView {
    fn from(entry: AuditEntry) -> Self {
        let AuditEntry { sequence, time, actor, act, subject, detail, hash, .. } = entry;
        Self { sequence, time: time.0, actor, act, subject, detail, hash: hex(&hash) }
    }
}
