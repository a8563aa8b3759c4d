//! Making and revoking tokens, and telling who holds one.

use std::time::Duration;

use tokio::time::timeout;
use uuid::Uuid;

use crate::domain::{
    Act, Actor, Administrator, AdministratorError, ProjectId, Role, Scope, Scopes, TokenSummary, UnixTime,
    check_name, is_good,
};
use crate::error::{Error, Refusal};
use crate::manager::Manager;
use crate::random::IdSource;
use crate::store::Transaction;
use crate::token::ApiToken;

/// A use of a token is not noted again for so long, in seconds.
const NOTED_S: u32 = 60;
/// For how long a request waits to have the use of its token noted; it is not worth more.
const NOTE_TIMEOUT: Duration = Duration::from_secs(1);

/// Whoever came with a token that is good now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caller {
    /// Whose token it is.
    pub administrator: Uuid,
    /// The token.
    pub token: Uuid,
    /// What the administrator is now.
    pub role: Role,
    /// What the token was made for.
    pub scopes: Scopes,
}

/// A token to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewToken {
    /// Whose it is.
    pub administrator: Uuid,
    /// What it is for.
    pub name: String,
    /// What it lets its holder do; `None` for everything that the administrator's role allows.
    pub scopes: Option<Scopes>,
    /// The first second at which it is no longer good.
    pub expires_at: Option<UnixTime>,
}

impl Caller {
    /// Who is named in the audit log.
    pub const fn actor(&self) -> Actor {
        Actor::Administrator { administrator: self.administrator, token: self.token }
    }

    /// What the caller may do.
    pub fn rights(&self) -> Scopes {
        self.scopes.and(self.role.scopes())
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
    /// [`Refusal::Unauthorized`] unless it is one of the project's tokens and good.
    pub async fn authorize(&self, token: &ApiToken) -> Result<Caller, Error> {
        let (project, now) = (self.project_id(), self.now());
        let known = self.read().await?.known_token(project, &token.hash()).await?;
        let known = known.filter(|known| is_good(known.revoked_at, known.expires_at, now));
        let known = known.ok_or(Refusal::Unauthorized)?;
        if known.last_used_at.is_none_or(|last| now.0.saturating_sub(last.0) >= NOTED_S) {
            // A writer that takes long is no reason to keep a reader waiting.
            if let Ok(Err(error)) = timeout(NOTE_TIMEOUT, self.note_use(known.id, now)).await {
                tracing::warn!(%error, "the use of a token was not noted");
            }
        }
        let (administrator, token) = (known.administrator, known.id);
        Ok(Caller { administrator, token, role: known.role, scopes: known.scopes })
    }

    async fn note_use(&self, token: Uuid, now: UnixTime) -> Result<(), Error> {
        let mut tx = self.write_beside().await?;
        tx.note_use(self.project_id(), token, now).await?;
        Ok(tx.commit().await?)
    }

    /// Up to `limit` tokens that follow the token `after`, in the order in which they were made.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn tokens(&self, after: Option<Uuid>, limit: u32) -> Result<Vec<TokenSummary>, Error> {
        let after = after.unwrap_or_else(Uuid::nil);
        Ok(self.read().await?.tokens(self.project_id(), after, limit).await?)
    }

    /// Makes a token, whose secret is shown only here. `within` is what the maker may give away: a token never makes one
    /// that is good for more than itself.
    ///
    /// # Errors
    /// [`Refusal::AdministratorUnknown`], [`Refusal::Administrator`] for a name, an end or a set of scopes that is not
    /// allowed, [`Refusal::ScopesBeyond`] for scopes that the administrator's role or the maker does not have.
    pub async fn make_token(
        &self,
        actor: Actor,
        within: Scopes,
        new: &NewToken,
    ) -> Result<(TokenSummary, ApiToken), Error> {
        check_name(&new.name).map_err(Refusal::Administrator)?;
        let (project, now) = (self.project_id(), self.now());
        if new.expires_at.is_some_and(|end| end <= now) {
            return Err(Refusal::Administrator(AdministratorError::Expired).into());
        }
        let mut tx = self.write().await?;
        let owner = tx.administrator(project, new.administrator).await?;
        let allowed = owner.ok_or(Refusal::AdministratorUnknown)?.role.scopes().and(within);
        let scopes = new.scopes.unwrap_or(allowed);
        let beyond = scopes.without(allowed);
        if !beyond.is_empty() {
            return Err(Refusal::ScopesBeyond(beyond).into());
        }
        if scopes.is_empty() {
            return Err(Refusal::Administrator(AdministratorError::NoScope).into());
        }
        let summary = TokenSummary {
            id: self.ids().next(now),
            administrator: new.administrator,
            name: new.name.trim().to_owned(),
            scopes,
            created_at: now,
            expires_at: new.expires_at,
            last_used_at: None,
            revoked_at: None,
        };
        let token = insert(&mut tx, project, actor, &summary).await?;
        tx.commit().await?;
        Ok((summary, token))
    }

    /// Revokes a token now; revoking it again changes nothing.
    ///
    /// # Errors
    /// [`Refusal::TokenUnknown`].
    pub async fn revoke_token(&self, actor: Actor, token: Uuid) -> Result<(), Error> {
        let (project, now) = (self.project_id(), self.now());
        let mut tx = self.write().await?;
        if tx.revoke_token(project, token, now).await? {
            tx.record(project, now, actor, Act::TokenRevoked, token.to_string(), String::new()).await?;
            tx.commit().await?;
        } else if !tx.has_token(project, token).await? {
            return Err(Refusal::TokenUnknown.into());
        }
        Ok(())
    }
}

/// Makes the first owner of a project with a token that may do everything.
pub(crate) async fn insert_first_owner(
    tx: &mut Transaction,
    project: ProjectId,
    ids: &IdSource,
    now: UnixTime,
) -> Result<ApiToken, Error> {
    let role = Role::Owner;
    let owner =
        Administrator { id: ids.next(now), name: "Owner".to_owned(), email: None, role, created_at: now };
    tx.insert_administrator(project, &owner).await?;
    let summary = TokenSummary {
        id: ids.next(now),
        administrator: owner.id,
        name: "init".to_owned(),
        scopes: role.scopes(),
        created_at: now,
        expires_at: None,
        last_used_at: None,
        revoked_at: None,
    };
    insert(tx, project, Actor::Operator, &summary).await
}

async fn insert(
    tx: &mut Transaction,
    project: ProjectId,
    actor: Actor,
    summary: &TokenSummary,
) -> Result<ApiToken, Error> {
    let token = ApiToken::generate()?;
    tx.insert_token(project, summary, &token.hash()).await?;
    let (subject, detail) = (summary.id.to_string(), format!("administrator {}", summary.administrator));
    tx.record(project, summary.created_at, actor, Act::TokenMade, subject, detail).await?;
    Ok(token)
}
