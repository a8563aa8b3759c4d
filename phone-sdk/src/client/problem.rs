//! The one map from problem documents to errors.
//!
//! Source: `docs/ACTIVATION.md#problems`

use credential::time::UnixTime;
use serde::Deserialize;

use crate::error::{Denied, Error, Misuse, Restart, Retry};
use crate::port::HttpResponse;

#[derive(Deserialize)]
struct Problem {
    code: String,
    #[serde(default)]
    tries_left: u32,
    #[serde(default)]
    locked_until: u32,
}

/// Whether the answer is the problem of this code.
pub(super) fn is(response: &HttpResponse, code: &str) -> bool {
    decode(response).is_some_and(|problem| problem.code == code)
}

/// What an answer that is not a success means for the app.
pub(super) fn error(response: &HttpResponse) -> Error {
    match decode(response) {
        Some(problem) => of_problem(&problem, response.status),
        None => of_status(response.status),
    }
}

fn of_problem(problem: &Problem, status: u16) -> Error {
    match problem.code.as_str() {
        "invitation-unknown" => Restart::InvitationUnknown.into(),
        "invitation-expired" => Restart::InvitationExpired.into(),
        "invitation-void" | "card-archived" => Restart::InvitationVoid.into(),
        "invitation-used" => Restart::InvitationUsed.into(),
        "device-unknown" => Restart::DeviceUnknown.into(),
        "challenge-unknown" => Retry::Challenge.into(),
        "timeout" | "internal" => Retry::Manager.into(),
        "answers-wrong" => Restart::AnswersWrong { tries_left: problem.tries_left }.into(),
        "terms-not-accepted" => Restart::TermsNotAccepted.into(),
        "photo-missing" => Restart::HolderAsked.into(),
        "photo-refused" => Restart::PhotoRefused.into(),
        "card-locked" => Denied::CardLocked { until: UnixTime(problem.locked_until) }.into(),
        "proof-invalid" => Denied::ProofRefused.into(),
        "device-revoked" => Denied::DeviceRevoked.into(),
        "user-suspended" => Denied::UserSuspended.into(),
        "request-invalid" | "body-too-large" | "method-not-allowed" => Misuse::Request.into(),
        // Not a manager, or one that no longer has what it gave a card for.
        _ => of_status(status),
    }
}

fn of_status(status: u16) -> Error {
    if status >= 500 || matches!(status, 408 | 425 | 429) {
        Retry::Manager.into()
    } else {
        Retry::NotAManager.into()
    }
}

fn decode(response: &HttpResponse) -> Option<Problem> {
    if response.status < 400 { None } else { serde_json::from_slice(&response.body).ok() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(status: u16, body: &str) -> Error {
        error(&HttpResponse { status, body: body.as_bytes().to_vec() })
    }

    #[test]
    fn every_problem_of_the_specification_says_what_to_do() {
        for (code, status, expected) in [
            ("request-invalid", 400, Error::Misuse(Misuse::Request)),
            ("invitation-unknown", 404, Restart::InvitationUnknown.into()),
            ("invitation-expired", 410, Restart::InvitationExpired.into()),
            ("invitation-void", 410, Restart::InvitationVoid.into()),
            ("invitation-used", 409, Restart::InvitationUsed.into()),
            ("challenge-unknown", 409, Retry::Challenge.into()),
            ("proof-invalid", 403, Denied::ProofRefused.into()),
            ("device-unknown", 404, Restart::DeviceUnknown.into()),
            ("device-revoked", 403, Denied::DeviceRevoked.into()),
            ("user-suspended", 403, Denied::UserSuspended.into()),
            ("project-unknown", 404, Retry::NotAManager.into()),
            ("not-found", 404, Retry::NotAManager.into()),
            ("method-not-allowed", 405, Misuse::Request.into()),
            ("body-too-large", 413, Misuse::Request.into()),
            ("answers-wrong", 403, Restart::AnswersWrong { tries_left: 0 }.into()),
            ("card-locked", 403, Denied::CardLocked { until: UnixTime(0) }.into()),
            ("terms-not-accepted", 422, Restart::TermsNotAccepted.into()),
            ("photo-missing", 422, Restart::HolderAsked.into()),
            ("photo-refused", 422, Restart::PhotoRefused.into()),
            ("card-archived", 410, Restart::InvitationVoid.into()),
            ("timeout", 408, Retry::Manager.into()),
            ("internal", 500, Retry::Manager.into()),
        ] {
            let body = format!(r#"{{"type":"urn:ostiary:problem:{code}","code":"{code}","more":1}}"#);
            assert_eq!(of(status, &body), expected, "{code}");
        }
    }

    #[test]
    fn an_answer_of_somebody_else_is_not_taken_for_the_managers() {
        assert_eq!(of(404, "<html>"), Retry::NotAManager.into());
        assert_eq!(of(302, r#"{"code":"device-revoked"}"#), Retry::NotAManager.into());
        assert_eq!(of(502, "<html>"), Retry::Manager.into());
        assert_eq!(of(429, "slow down"), Retry::Manager.into());
    }
}
