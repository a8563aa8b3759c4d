//! Who signs in to the administrators' page, and whose links were opened.

use uuid::Uuid;

use super::rows::{number, octets, time};
use super::{StoreError, Transaction};
use crate::domain::{Account, ProjectId, Role, UnixTime, email_key};

/// For how long wrong answers are remembered, in seconds.
const TRIES_KEPT_S: u32 = 24 * 3600;

/// An account with what it takes to sign in.
#[derive(Clone, Debug)]
pub(crate) struct AccountRow {
    pub(crate) account: Account,
    /// The project whose key seals the secret for one-time codes.
    pub(crate) project: ProjectId,
    pub(crate) password_hash: Option<String>,
    pub(crate) totp_sealed: Option<Vec<u8>>,
}

/// A sign-in link as it is stored.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EnrolmentRow {
    pub(crate) administrator: Uuid,
    pub(crate) expires_at: UnixTime,
    pub(crate) is_used: bool,
    /// Whether the operator of the installation made it.
    pub(crate) by_operator: bool,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    project: Vec<u8>,
    name: String,
    email: String,
    password_hash: Option<String>,
    totp_sealed: Option<Vec<u8>>,
}

impl Transaction {
    pub(crate) async fn insert_account(
        &mut self,
        project: ProjectId,
        account: &Account,
        now: UnixTime,
    ) -> Result<(), StoreError> {
        self.query(
            "INSERT INTO accounts (id, project, name, email, email_key, created_at) \
             VALUES ($1, $2, $3, $4, $5, $6)",
        )
        .bind(account.id)
        .bind(project.0.as_slice())
        .bind(&account.name)
        .bind(&account.email)
        .bind(email_key(&account.email))
        .bind(i64::from(now.0))
        .execute()
        .await?;
        Ok(())
    }

    pub(crate) async fn account(&mut self, id: Uuid) -> Result<Option<AccountRow>, StoreError> {
        let row: Option<Row> = self
            .query("SELECT id, project, name, email, password_hash, totp_sealed FROM accounts WHERE id = $1")
            .bind(id)
            .fetch_optional()
            .await?;
        row.map(Row::into_account).transpose()
    }

    pub(crate) async fn account_by_email(&mut self, email: &str) -> Result<Option<Uuid>, StoreError> {
        let row: Option<(Uuid,)> = self
            .query("SELECT id FROM accounts WHERE email_key = $1")
            .bind(email_key(email))
            .fetch_optional()
            .await?;
        Ok(row.map(|(id,)| id))
    }

    /// Sets the password with the secret for one-time codes, or takes both away.
    pub(crate) async fn set_password(
        &mut self,
        account: Uuid,
        set: Option<(&str, &[u8], u64)>,
    ) -> Result<(), StoreError> {
        self.query("UPDATE accounts SET password_hash = $2, totp_sealed = $3, totp_step = $4 WHERE id = $1")
            .bind(account)
            .bind(set.map(|(hash, _, _)| hash))
            .bind(set.map(|(_, sealed, _)| sealed))
            .bind(set.map_or(0, |(_, _, step)| i64::try_from(step).unwrap_or(i64::MAX)))
            .execute()
            .await?;
        Ok(())
    }

    /// Uses a one-time code of this step; whether neither it nor a later one was used before.
    pub(crate) async fn use_totp_step(&mut self, account: Uuid, step: u64) -> Result<bool, StoreError> {
        let used = self
            .query("UPDATE accounts SET totp_step = $2 WHERE id = $1 AND totp_step < $2")
            .bind(account)
            .bind(i64::try_from(step).unwrap_or(i64::MAX))
            .execute()
            .await?;
        Ok(used == 1)
    }

    /// Wrong answers in a row to an e-mail address, and until when nobody gets in with it.
    pub(crate) async fn sign_in_tries(&mut self, hash: &[u8; 32]) -> Result<(u32, UnixTime), StoreError> {
        let row: Option<(i64, i64)> = self
            .query("SELECT wrong_answers, locked_until FROM sign_in_tries WHERE hash = $1 FOR NO KEY UPDATE")
            .bind(hash.as_slice())
            .fetch_optional()
            .await?;
        let Some((wrong_answers, locked_until)) = row else { return Ok((0, UnixTime(0))) };
        Ok((number(wrong_answers, "number of answers")?, time(locked_until)?))
    }

    pub(crate) async fn keep_sign_in_tries(
        &mut self,
        hash: &[u8; 32],
        (wrong_answers, locked_until): (u32, UnixTime),
        now: UnixTime,
    ) -> Result<(), StoreError> {
        self.query("DELETE FROM sign_in_tries WHERE last_at < $1")
            .bind(i64::from(now.0.saturating_sub(TRIES_KEPT_S)))
            .execute()
            .await?;
        self.query(
            "INSERT INTO sign_in_tries (hash, wrong_answers, locked_until, last_at) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (hash) DO UPDATE SET \
             wrong_answers = excluded.wrong_answers, locked_until = excluded.locked_until, \
             last_at = excluded.last_at",
        )
        .bind(hash.as_slice())
        .bind(i64::from(wrong_answers))
        .bind(i64::from(locked_until.0))
        .bind(i64::from(now.0))
        .execute()
        .await?;
        Ok(())
    }

    pub(crate) async fn forget_sign_in_tries(&mut self, hash: &[u8; 32]) -> Result<(), StoreError> {
        self.query("DELETE FROM sign_in_tries WHERE hash = $1").bind(hash.as_slice()).execute().await?;
        Ok(())
    }

    /// Lets an account act as an administrator; whoever could before no longer can.
    pub(crate) async fn link_account(
        &mut self,
        project: ProjectId,
        administrator: Uuid,
        account: Uuid,
    ) -> Result<(), StoreError> {
        self.unlink_accounts(project, administrator).await?;
        self.query("DELETE FROM account_administrators WHERE account = $1 AND project = $2")
            .bind(account)
            .bind(project.0.as_slice())
            .execute()
            .await?;
        self.query(
            "INSERT INTO account_administrators (project, administrator, account) VALUES ($1, $2, $3)",
        )
        .bind(project.0.as_slice())
        .bind(administrator)
        .bind(account)
        .execute()
        .await?;
        Ok(())
    }

    pub(crate) async fn unlink_accounts(
        &mut self,
        project: ProjectId,
        administrator: Uuid,
    ) -> Result<(), StoreError> {
        self.query("DELETE FROM account_administrators WHERE project = $1 AND administrator = $2")
            .bind(project.0.as_slice())
            .bind(administrator)
            .execute()
            .await?;
        Ok(())
    }

    /// The account that acts as an administrator.
    pub(crate) async fn account_of(
        &mut self,
        project: ProjectId,
        administrator: Uuid,
    ) -> Result<Option<Uuid>, StoreError> {
        let row: Option<(Uuid,)> = self
            .query("SELECT account FROM account_administrators WHERE project = $1 AND administrator = $2")
            .bind(project.0.as_slice())
            .bind(administrator)
            .fetch_optional()
            .await?;
        Ok(row.map(|(account,)| account))
    }

    /// As whom an account acts in a project.
    pub(crate) async fn acting_as(
        &mut self,
        account: Uuid,
        project: ProjectId,
    ) -> Result<Option<(Uuid, Role)>, StoreError> {
        let row: Option<(Uuid, String)> = self
            .query(
                "SELECT a.id, a.role FROM account_administrators l \
                 JOIN administrators a ON a.project = l.project AND a.id = l.administrator \
                 WHERE l.account = $1 AND l.project = $2 AND a.removed_at IS NULL",
            )
            .bind(account)
            .bind(project.0.as_slice())
            .fetch_optional()
            .await?;
        let role = |name: String| Role::from_name(&name).map_err(|_| StoreError::Corrupt("role"));
        row.map(|(id, name)| Ok((id, role(name)?))).transpose()
    }

    /// The projects in which an account acts, in the order of their names.
    pub(crate) async fn projects_of(
        &mut self,
        account: Uuid,
    ) -> Result<Vec<(ProjectId, String)>, StoreError> {
        let rows: Vec<(Vec<u8>, String)> = self
            .query(
                "SELECT p.id, p.name FROM account_administrators l \
                 JOIN administrators a ON a.project = l.project AND a.id = l.administrator \
                 JOIN projects p ON p.id = l.project \
                 WHERE l.account = $1 AND a.removed_at IS NULL ORDER BY p.name",
            )
            .bind(account)
            .fetch_all()
            .await?;
        rows.into_iter().map(|(id, name)| Ok((ProjectId(octets(&id, "project id")?), name))).collect()
    }

    /// Keeps a sign-in link; earlier ones of the administrator are no longer good.
    pub(crate) async fn insert_enrolment(
        &mut self,
        project: ProjectId,
        administrator: Uuid,
        code_hash: &[u8; 32],
        (now, expires_at): (UnixTime, UnixTime),
        by_operator: bool,
    ) -> Result<(), StoreError> {
        self.query("DELETE FROM enrolments WHERE project = $1 AND administrator = $2")
            .bind(project.0.as_slice())
            .bind(administrator)
            .execute()
            .await?;
        self.query(
            "INSERT INTO enrolments (project, code_hash, administrator, created_at, expires_at, by_operator) \
             VALUES ($1, $2, $3, $4, $5, $6)",
        )
        .bind(project.0.as_slice())
        .bind(code_hash.as_slice())
        .bind(administrator)
        .bind(i64::from(now.0))
        .bind(i64::from(expires_at.0))
        .bind(i64::from(by_operator))
        .execute()
        .await?;
        Ok(())
    }

    pub(crate) async fn enrolment(
        &mut self,
        project: ProjectId,
        code_hash: &[u8; 32],
    ) -> Result<Option<EnrolmentRow>, StoreError> {
        let row: Option<(Uuid, i64, Option<i64>, i64)> = self
            .query(
                "SELECT administrator, expires_at, used_at, by_operator FROM enrolments \
                 WHERE project = $1 AND code_hash = $2",
            )
            .bind(project.0.as_slice())
            .bind(code_hash.as_slice())
            .fetch_optional()
            .await?;
        row.map(|(administrator, expires_at, used_at, by_operator)| {
            Ok(EnrolmentRow {
                administrator,
                expires_at: time(expires_at)?,
                is_used: used_at.is_some(),
                by_operator: by_operator != 0,
            })
        })
        .transpose()
    }

    pub(crate) async fn use_enrolment(
        &mut self,
        project: ProjectId,
        code_hash: &[u8; 32],
        now: UnixTime,
    ) -> Result<(), StoreError> {
        self.query("UPDATE enrolments SET used_at = $3 WHERE project = $1 AND code_hash = $2")
            .bind(project.0.as_slice())
            .bind(code_hash.as_slice())
            .bind(i64::from(now.0))
            .execute()
            .await?;
        Ok(())
    }
}

impl Row {
    fn into_account(self) -> Result<AccountRow, StoreError> {
        let (id, name, email, has_password) = (self.id, self.name, self.email, self.password_hash.is_some());
        Ok(AccountRow {
            account: Account { id, name, email, has_password },
            project: ProjectId(octets(&self.project, "project id")?),
            password_hash: self.password_hash,
            totp_sealed: self.totp_sealed,
        })
    }
}
