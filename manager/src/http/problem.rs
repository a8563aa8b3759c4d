//! Problem documents (RFC 9457): the one map from errors to HTTP.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use super::observing;
use crate::card_list::CardListErrors;
use crate::domain::{ProjectError, UndoConflicts};
use crate::error::{Error, Refusal};
use crate::import::ImportErrors;
use crate::issuing::IssuingError;
use crate::vault::VaultError;

/// Seconds after which a request may be repeated that met a database that could not be used.
const RETRY_AFTER_S: u64 = 2;
/// What every problem's type begins with.
const TYPE: &str = "urn:ostiary:problem:";

/// The code of a problem, for those who count answers.
#[derive(Clone, Copy, Debug)]
pub(super) struct ProblemCode(pub(super) &'static str);

/// A problem that a request met.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    status: StatusCode,
    code: &'static str,
    title: String,
    detail: Option<String>,
    errors: Vec<ListedError>,
    /// Seconds after which it is worth another try.
    retry_after_s: Option<u64>,
    tries: Option<Tries>,
}

/// What is left after wrong answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tries {
    /// So many tries.
    Left(u32),
    /// None until then.
    LockedUntil(u32),
}

/// A problem document (RFC 9457).
#[derive(Serialize, ToSchema)]
#[schema(as = Problem)]
pub(super) struct Document {
    /// `urn:ostiary:problem:` and the code.
    #[serde(rename = "type")]
    kind: String,
    /// What happened, for people.
    title: String,
    /// The status of the answer.
    status: u16,
    /// The stable name of the problem.
    code: &'static str,
    /// What to do about it, or where in the request it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    /// Names the request, as its line in the log does.
    #[serde(skip_serializing_if = "Option::is_none")]
    instance: Option<String>,
    /// The errors of an imported file.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    errors: Vec<ListedError>,
    /// Answers that may still be tried before the card is locked.
    #[serde(skip_serializing_if = "Option::is_none")]
    tries_left: Option<u32>,
    /// Until when the card takes no answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    locked_until: Option<u32>,
}

/// One error of an imported file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(super) struct ListedError {
    /// The line, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u64>,
    /// The column, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    column: Option<usize>,
    /// What is wrong, for people.
    message: String,
}

impl Problem {
    fn new(status: StatusCode, code: &'static str, title: impl Into<String>) -> Self {
        Self {
            status,
            code,
            title: title.into(),
            detail: None,
            errors: Vec::new(),
            retry_after_s: None,
            tries: None,
        }
    }

    pub(super) fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "not-found", "There is nothing at this address.")
    }

    pub(super) fn method_not_allowed() -> Self {
        Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "method-not-allowed",
            "This address does not take this method.",
        )
    }

    pub(crate) fn timeout() -> Self {
        Self::new(StatusCode::REQUEST_TIMEOUT, "timeout", "The request took too long.")
    }

    pub(super) fn too_many_requests(retry_after_s: u64) -> Self {
        let title = "Too many requests came from this address; try again later.";
        let problem = Self::new(StatusCode::TOO_MANY_REQUESTS, "too-many-requests", title);
        Self { retry_after_s: Some(retry_after_s), ..problem }
    }

    pub(super) fn body_too_large() -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "body-too-large", "The body of the request is too large.")
    }

    pub(super) fn request_invalid(detail: impl Into<String>) -> Self {
        let problem =
            Self::new(StatusCode::BAD_REQUEST, "request-invalid", "The request is not well formed.");
        Self { detail: Some(detail.into()), ..problem }
    }

    fn import_invalid(errors: &ImportErrors) -> Self {
        let title = match errors.0.len() {
            1 => "The file has an error; nothing was imported.".to_owned(),
            count => format!("The file has {count} errors; nothing was imported."),
        };
        let listed = errors.0.iter().map(|error| ListedError {
            line: error.line,
            column: error.column,
            message: error.to_string(),
        });
        let problem = Self::new(StatusCode::UNPROCESSABLE_ENTITY, "import-invalid", title);
        Self { errors: listed.collect(), ..problem }
    }

    fn card_list_invalid(errors: &CardListErrors) -> Self {
        let title = match errors.0.len() {
            1 => "The list has an error; nothing was imported.".to_owned(),
            count => format!("The list has {count} errors; nothing was imported."),
        };
        let listed = errors.0.iter().map(|error| ListedError {
            line: error.line,
            column: error.column,
            message: error.to_string(),
        });
        let problem = Self::new(StatusCode::UNPROCESSABLE_ENTITY, "import-invalid", title);
        Self { errors: listed.collect(), ..problem }
    }

    pub(super) fn not_ready(detail: impl Into<String>) -> Self {
        let problem =
            Self::new(StatusCode::SERVICE_UNAVAILABLE, "not-ready", "The manager cannot do its work now.");
        Self { detail: Some(detail.into()), ..problem }
    }

    fn undo_conflict(conflicts: &UndoConflicts) -> Self {
        let title = "Users were changed since the import; nothing was undone.";
        let listed = conflicts.0.iter().map(|conflict| ListedError {
            line: None,
            column: None,
            message: conflict.to_string(),
        });
        Self { errors: listed.collect(), ..Self::new(StatusCode::CONFLICT, "undo-conflict", title) }
    }

    fn settings_invalid(error: &ProjectError) -> Self {
        let title = "A setting is not allowed; nothing was changed.";
        let problem = Self::new(StatusCode::UNPROCESSABLE_ENTITY, "settings-invalid", title);
        Self { detail: Some(error.to_string()), ..problem }
    }

    /// Another attempt may find a server that takes writes, or nobody else who writes.
    fn unavailable() -> Self {
        let title = "The database cannot be used at the moment; try again soon.";
        let problem = Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", title);
        Self { retry_after_s: Some(RETRY_AFTER_S), ..problem }
    }

    /// The token is away, or was for a moment.
    fn key_unavailable() -> Self {
        let title = "The issuer key cannot be used at the moment; try again soon.";
        Self { title: title.to_owned(), ..Self::unavailable() }
    }

    fn internal() -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "The manager failed; try again later.")
    }
}

impl Problem {
    /// The status, and what is wrong, for people.
    pub(crate) fn into_parts(self) -> (StatusCode, String) {
        (self.status, self.title)
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let problem = match refusal {
            Refusal::RequestInvalid(detail) => return Self::request_invalid(detail),
            ref other => Self::new(status(other), other.code(), other.to_string()),
        };
        match refusal {
            Refusal::ConfirmationNeeded(_) => {
                Self { detail: Some("Repeat the request with {\"confirm\": true}.".to_owned()), ..problem }
            }
            Refusal::AnswersWrong(tries) => Self { tries: Some(Tries::Left(tries)), ..problem },
            Refusal::CardLocked(until) => Self { tries: Some(Tries::LockedUntil(until.0)), ..problem },
            _ => problem,
        }
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::Refused(refusal) => refusal.into(),
            Error::Import(errors) => Self::import_invalid(&errors),
            Error::CardList(errors) => Self::card_list_invalid(&errors),
            Error::Undo(conflicts) => Self::undo_conflict(&conflicts),
            Error::Project(error) => Self::settings_invalid(&error),
            Error::Store(error) if error.is_passing() => {
                tracing::warn!(%error, "a request has to be repeated");
                Self::unavailable()
            }
            Error::Issuing(IssuingError::Token(error)) | Error::Vault(VaultError::Token(error))
                if error.is_passing() =>
            {
                tracing::error!(%error, "a request has to be repeated");
                Self::key_unavailable()
            }
            other => {
                tracing::error!(error = %other, "a request failed");
                Self::internal()
            }
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let Self { status, code, title, detail, errors, retry_after_s, tries } = self;
        let (tries_left, locked_until) = match tries {
            Some(Tries::Left(tries)) => (Some(tries), None),
            Some(Tries::LockedUntil(until)) => (None, Some(until)),
            None => (None, None),
        };
        let document = Document {
            kind: format!("{TYPE}{code}"),
            title,
            status: status.as_u16(),
            code,
            detail,
            instance: observing::instance(),
            errors,
            tries_left,
            locked_until,
        };
        let mut response = (status, Json(document)).into_response();
        response.extensions_mut().insert(ProblemCode(code));
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(seconds) = retry_after_s {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

const fn status(refusal: &Refusal) -> StatusCode {
    match refusal {
        Refusal::RequestInvalid(_) => StatusCode::BAD_REQUEST,
        Refusal::Unauthorized => StatusCode::UNAUTHORIZED,
        Refusal::ProofInvalid
        | Refusal::ReportInvalid
        | Refusal::DeviceRevoked
        | Refusal::UserSuspended
        | Refusal::AnswersWrong(_)
        | Refusal::CardLocked(_)
        | Refusal::RoleMissing { .. }
        | Refusal::RoleNeeded(_)
        | Refusal::SignInRefused
        | Refusal::SignInLinkInvalid
        | Refusal::PasskeyRefused
        | Refusal::ScopeMissing(_) => StatusCode::FORBIDDEN,
        Refusal::InvitationUnknown
        | Refusal::AdministratorUnknown
        | Refusal::TokenUnknown
        | Refusal::DeviceUnknown
        | Refusal::UserUnknown
        | Refusal::PlanUnknown
        | Refusal::ReaderUnknown
        | Refusal::KeyUnknown
        | Refusal::MailUnknown
        | Refusal::ProjectUnknown
        | Refusal::ListUnknown(_)
        | Refusal::RecipientUnknown
        | Refusal::WebhookUnknown
        | Refusal::DeliveryUnknown
        | Refusal::TemplateUnknown
        | Refusal::CardUnknown
        | Refusal::PhotoUnknown
        | Refusal::CardCodeWrong
        | Refusal::RevocationListNone => StatusCode::NOT_FOUND,
        Refusal::ProjectNameTaken
        | Refusal::ProjectNeeded(_)
        | Refusal::InvitationUsed
        | Refusal::AdministratorKnown
        | Refusal::AccountTaken
        | Refusal::AccountElsewhere
        | Refusal::CeremonyOver
        | Refusal::LastSignIn
        | Refusal::AnsweredMeanwhile
        | Refusal::LastOwner
        | Refusal::ChallengeUnknown
        | Refusal::UserStatus(_)
        | Refusal::PlanApplied
        | Refusal::PlanOutdated
        | Refusal::PlanNotApplied
        | Refusal::PlanUndone
        | Refusal::UndoOver
        | Refusal::SyncWaits { .. }
        | Refusal::ConfirmationNeeded(_)
        | Refusal::MailNotRepeatable
        | Refusal::WebhooksFull
        | Refusal::WebhookOff
        | Refusal::ReaderKnown(_)
        | Refusal::KeyState(_)
        | Refusal::KeyHeldUp(_)
        | Refusal::KeysFull
        | Refusal::TemplateNameTaken
        | Refusal::TemplateState(_)
        | Refusal::CardAmbiguous
        | Refusal::CardTaken(_)
        | Refusal::CardsChanged(_)
        | Refusal::CardStatus(_)
        | Refusal::Taken { .. } => StatusCode::CONFLICT,
        Refusal::InvitationExpired
        | Refusal::InvitationVoid
        | Refusal::UserDeleted
        | Refusal::CardArchived
        | Refusal::ReaderRevoked => StatusCode::GONE,
        Refusal::PreconditionRequired => StatusCode::PRECONDITION_REQUIRED,
        Refusal::PreconditionFailed => StatusCode::PRECONDITION_FAILED,
        Refusal::IdempotencyKeyReused
        | Refusal::UndoWindow
        | Refusal::MailAddress(_)
        | Refusal::MailSetting(_)
        | Refusal::MailText(_)
        | Refusal::WebhookInvalid(_)
        | Refusal::Administrator(_)
        | Refusal::SignIn(_)
        | Refusal::ScopesBeyond(_)
        | Refusal::ReaderKeyInvalid
        | Refusal::ReaderName(_)
        | Refusal::ReaderPlace(_)
        | Refusal::OutputFormat(_)
        | Refusal::PersonInvalid(_)
        | Refusal::TemplateInvalid(_)
        | Refusal::CardInvalid(_)
        | Refusal::PhotoRefused(_)
        | Refusal::PhotoMissing
        | Refusal::TermsNotAccepted
        | Refusal::InvitationLife(_) => StatusCode::UNPROCESSABLE_ENTITY,
    }
}
