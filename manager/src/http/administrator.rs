//! Who may use the administrator's routes.

use axum::extract::FromRequestParts;
use axum::http::header;
use axum::http::request::Parts;

use super::problem::Problem;
use crate::domain::Actor;
use crate::error::Refusal;
use crate::manager::Manager;
use crate::token::ApiToken;

/// Proof that a request came with a valid bearer token; a route that takes it is closed to everybody else.
pub(super) struct Administrator(pub(super) Actor);

impl FromRequestParts<Manager> for Administrator {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, manager: &Manager) -> Result<Self, Problem> {
        let value = parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let (scheme, token) = value.and_then(|value| value.split_once(' ')).ok_or(Refusal::Unauthorized)?;
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Err(Refusal::Unauthorized.into());
        }
        let token = ApiToken::parse(token.trim()).ok_or(Refusal::Unauthorized)?;
        Ok(Self(manager.authorize(&token).await?))
    }
}
