//! Telling who holds a token, and what it is good for.

use uuid::Uuid;

use crate::domain::{Actor, Role, Scope, Scopes};
use crate::error::{Error, Refusal};
use crate::manager::Manager;
use crate::token::ApiToken;

/// Whoever came with a token that is good now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The token.
    pub token: Uuid,
    /// What the administrator is now.
    pub role: Role,
    /// What the token was made for.
    pub scopes: Scopes,
}

impl Caller {
    /// Who is named in the audit log.
    pub const fn actor(&self) -> Actor {
        Actor::Token(self.token)
    }

    /// Whether the caller may do what needs this scope.
    ///
    /// # Errors
    /// [`Refusal::RoleMissing`], [`Refusal::ScopeMissing`].
    pub fn demand(&self, scope: Scope) -> Result<(), Refusal> {
        if !self.role.scopes().has(scope) {
            return Err(Refusal::RoleMissing { needed: scope.least_role(), is: self.role });
        }
        if !self.scopes.has(scope) {
            return Err(Refusal::ScopeMissing(scope));
        }
        Ok(())
    }
}

impl Manager {
    /// Who acts with this token.
    ///
    /// # Errors
    /// [`Refusal::Unauthorized`] unless it is one of the project's tokens.
    pub async fn authorize(&self, token: &ApiToken) -> Result<Caller, Error> {
        let id = self.read().await?.api_token(self.project_id(), &token.hash()).await?;
        let token = id.ok_or(Refusal::Unauthorized)?;
        Ok(Caller { token, role: Role::Owner, scopes: Scopes::all() })
    }
}
