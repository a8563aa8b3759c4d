//! Administrators and their tokens.

use uuid::Uuid;

use super::rows::{number, time};
use super::{StoreError, Transaction};
use crate::domain::{Administrator, ProjectId, Role, Scopes, TokenSummary, UnixTime, email_key};

/// A token with what its administrator is now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct KnownToken {
    pub(crate) id: Uuid,
    pub(crate) administrator: Uuid,
    pub(crate) role: Role,
    pub(crate) scopes: Scopes,
    pub(crate) expires_at: Option<UnixTime>,
    pub(crate) last_used_at: Option<UnixTime>,
    pub(crate) revoked_at: Option<UnixTime>,
}

#[derive(sqlx::FromRow)]
struct AdministratorRow {
    id: Uuid,
    name: String,
    email: Option<String>,
    role: String,
    created_at: i64,
}

#[derive(sqlx::FromRow)]
struct TokenRow {
    id: Uuid,
    administrator: Uuid,
    name: String,
    scopes: String,
    created_at: i64,
    expires_at: Option<i64>,
    last_used_at: Option<i64>,
    revoked_at: Option<i64>,
}

#[derive(sqlx::FromRow)]
struct KnownTokenRow {
    id: Uuid,
    administrator: Uuid,
    role: String,
    scopes: String,
    expires_at: Option<i64>,
    last_used_at: Option<i64>,
    revoked_at: Option<i64>,
}

impl Transaction {
    pub(crate) async fn insert_administrator(
        &mut self,
        project: ProjectId,
        administrator: &Administrator,
    ) -> Result<(), StoreError> {
        self.query(
            "INSERT INTO administrators (project, id, name, email, email_key, role, created_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(project.0.as_slice())
        .bind(administrator.id)
        .bind(&administrator.name)
        .bind(&administrator.email)
        .bind(administrator.email.as_deref().map(email_key))
        .bind(administrator.role.name())
        .bind(i64::from(administrator.created_at.0))
        .execute()
        .await?;
        Ok(())
    }

    pub(crate) async fn update_administrator(
        &mut self,
        project: ProjectId,
        administrator: &Administrator,
    ) -> Result<(), StoreError> {
        self.query(
            "UPDATE administrators SET name = $3, email = $4, email_key = $5, role = $6 \
             WHERE project = $1 AND id = $2",
        )
        .bind(project.0.as_slice())
        .bind(administrator.id)
        .bind(&administrator.name)
        .bind(&administrator.email)
        .bind(administrator.email.as_deref().map(email_key))
        .bind(administrator.role.name())
        .execute()
        .await?;
        Ok(())
    }

    /// The administrators who follow this one, in the order in which they were added.
    pub(crate) async fn administrators(
        &mut self,
        project: ProjectId,
        after: Uuid,
        limit: u32,
    ) -> Result<Vec<Administrator>, StoreError> {
        let rows: Vec<AdministratorRow> = self
            .query(
                "SELECT id, name, email, role, created_at FROM administrators \
                 WHERE project = $1 AND id > $2 AND removed_at IS NULL ORDER BY id LIMIT $3",
            )
            .bind(project.0.as_slice())
            .bind(after)
            .bind(i64::from(limit))
            .fetch_all()
            .await?;
        rows.into_iter().map(AdministratorRow::into_administrator).collect()
    }

    pub(crate) async fn administrator(
        &mut self,
        project: ProjectId,
        id: Uuid,
    ) -> Result<Option<Administrator>, StoreError> {
        let row: Option<AdministratorRow> = self
            .query(
                "SELECT id, name, email, role, created_at FROM administrators \
                 WHERE project = $1 AND id = $2 AND removed_at IS NULL",
            )
            .bind(project.0.as_slice())
            .bind(id)
            .fetch_optional()
            .await?;
        row.map(AdministratorRow::into_administrator).transpose()
    }

    pub(crate) async fn administrator_by_email(
        &mut self,
        project: ProjectId,
        email: &str,
    ) -> Result<Option<Uuid>, StoreError> {
        let row: Option<(Uuid,)> = self
            .query(
                "SELECT id FROM administrators WHERE project = $1 AND email_key = $2 AND removed_at IS NULL",
            )
            .bind(project.0.as_slice())
            .bind(email_key(email))
            .fetch_optional()
            .await?;
        Ok(row.map(|(id,)| id))
    }

    pub(crate) async fn count_owners(&mut self, project: ProjectId) -> Result<u64, StoreError> {
        let (count,): (i64,) = self
            .query(
                "SELECT count(*) FROM administrators \
                 WHERE project = $1 AND role = 'owner' AND removed_at IS NULL",
            )
            .bind(project.0.as_slice())
            .fetch_one()
            .await?;
        number(count, "number of owners")
    }

    /// Removes an administrator and revokes all tokens of that administrator.
    pub(crate) async fn remove_administrator(
        &mut self,
        project: ProjectId,
        id: Uuid,
        now: UnixTime,
    ) -> Result<(), StoreError> {
        self.query("UPDATE administrators SET removed_at = $3 WHERE project = $1 AND id = $2")
            .bind(project.0.as_slice())
            .bind(id)
            .bind(i64::from(now.0))
            .execute()
            .await?;
        self.query(
            "UPDATE tokens SET revoked_at = $3 \
             WHERE project = $1 AND administrator = $2 AND revoked_at IS NULL",
        )
        .bind(project.0.as_slice())
        .bind(id)
        .bind(i64::from(now.0))
        .execute()
        .await?;
        Ok(())
    }

    pub(crate) async fn insert_token(
        &mut self,
        project: ProjectId,
        token: &TokenSummary,
        token_hash: &[u8; 32],
    ) -> Result<(), StoreError> {
        self.query(
            "INSERT INTO tokens (project, token_hash, id, administrator, name, scopes, created_at, expires_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        )
        .bind(project.0.as_slice())
        .bind(token_hash.as_slice())
        .bind(token.id)
        .bind(token.administrator)
        .bind(&token.name)
        .bind(token.scopes.to_string())
        .bind(i64::from(token.created_at.0))
        .bind(token.expires_at.map(|end| i64::from(end.0)))
        .execute()
        .await?;
        Ok(())
    }

    /// The tokens that follow this one, in the order in which they were made.
    pub(crate) async fn tokens(
        &mut self,
        project: ProjectId,
        after: Uuid,
        limit: u32,
    ) -> Result<Vec<TokenSummary>, StoreError> {
        let rows: Vec<TokenRow> = self
            .query(
                "SELECT id, administrator, name, scopes, created_at, expires_at, last_used_at, revoked_at \
                 FROM tokens WHERE project = $1 AND id > $2 ORDER BY id LIMIT $3",
            )
            .bind(project.0.as_slice())
            .bind(after)
            .bind(i64::from(limit))
            .fetch_all()
            .await?;
        rows.into_iter().map(TokenRow::into_token).collect()
    }

    /// The token with this hash, unless its administrator was removed.
    pub(crate) async fn known_token(
        &mut self,
        project: ProjectId,
        token_hash: &[u8; 32],
    ) -> Result<Option<KnownToken>, StoreError> {
        let row: Option<KnownTokenRow> = self
            .query(
                "SELECT t.id, t.administrator, a.role, t.scopes, t.expires_at, t.last_used_at, t.revoked_at \
                 FROM tokens t JOIN administrators a ON a.project = t.project AND a.id = t.administrator \
                 WHERE t.project = $1 AND t.token_hash = $2 AND a.removed_at IS NULL",
            )
            .bind(project.0.as_slice())
            .bind(token_hash.as_slice())
            .fetch_optional()
            .await?;
        row.map(KnownTokenRow::into_token).transpose()
    }

    pub(crate) async fn note_use(
        &mut self,
        project: ProjectId,
        token: Uuid,
        now: UnixTime,
    ) -> Result<(), StoreError> {
        self.query("UPDATE tokens SET last_used_at = $3 WHERE project = $1 AND id = $2")
            .bind(project.0.as_slice())
            .bind(token)
            .bind(i64::from(now.0))
            .execute()
            .await?;
        Ok(())
    }

    /// Revokes a token; whether there is such a token that was not revoked before.
    pub(crate) async fn revoke_token(
        &mut self,
        project: ProjectId,
        token: Uuid,
        now: UnixTime,
    ) -> Result<bool, StoreError> {
        let revoked = self
            .query("UPDATE tokens SET revoked_at = $3 WHERE project = $1 AND id = $2 AND revoked_at IS NULL")
            .bind(project.0.as_slice())
            .bind(token)
            .bind(i64::from(now.0))
            .execute()
            .await?;
        Ok(revoked == 1)
    }

    pub(crate) async fn has_token(&mut self, project: ProjectId, token: Uuid) -> Result<bool, StoreError> {
        let row: Option<(Uuid,)> = self
            .query("SELECT id FROM tokens WHERE project = $1 AND id = $2")
            .bind(project.0.as_slice())
            .bind(token)
            .fetch_optional()
            .await?;
        Ok(row.is_some())
    }
}

impl AdministratorRow {
    fn into_administrator(self) -> Result<Administrator, StoreError> {
        let Self { id, name, email, role, created_at } = self;
        Ok(Administrator { id, name, email, role: known_role(&role)?, created_at: time(created_at)? })
    }
}

impl TokenRow {
    fn into_token(self) -> Result<TokenSummary, StoreError> {
        Ok(TokenSummary {
            id: self.id,
            administrator: self.administrator,
            name: self.name,
            scopes: known_scopes(&self.scopes)?,
            created_at: time(self.created_at)?,
            expires_at: self.expires_at.map(time).transpose()?,
            last_used_at: self.last_used_at.map(time).transpose()?,
            revoked_at: self.revoked_at.map(time).transpose()?,
        })
    }
}

impl KnownTokenRow {
    fn into_token(self) -> Result<KnownToken, StoreError> {
        Ok(KnownToken {
            id: self.id,
            administrator: self.administrator,
            role: known_role(&self.role)?,
            scopes: known_scopes(&self.scopes)?,
            expires_at: self.expires_at.map(time).transpose()?,
            last_used_at: self.last_used_at.map(time).transpose()?,
            revoked_at: self.revoked_at.map(time).transpose()?,
        })
    }
}

fn known_role(name: &str) -> Result<Role, StoreError> {
    Role::from_name(name).map_err(|_| StoreError::Corrupt("role"))
}

fn known_scopes(names: &str) -> Result<Scopes, StoreError> {
    Scopes::parse(names).map_err(|_| StoreError::Corrupt("scope"))
}
