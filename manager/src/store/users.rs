//! Users.

use uuid::Uuid;

use super::rows::time;
use super::{StoreError, Transaction};
use crate::domain::{
    Person, ProjectId, Roster, RosterEntry, SearchKeys, UnixTime, User, UserStatus, email_key,
};

#[derive(sqlx::FromRow)]
pub(super) struct UserRow {
    id: Uuid,
    first_name: String,
    last_name: String,
    email: String,
    user_id: String,
    sync_id: Option<String>,
    status: String,
    created_at: i64,
    updated_at: i64,
    expires_at: Option<i64>,
    opened_at: Option<i64>,
}

impl Transaction {
    /// Adds a user who is not invited.
    pub(crate) async fn insert_user(
        &mut self,
        project: ProjectId,
        id: Uuid,
        person: &Person,
        now: UnixTime,
    ) -> Result<(), StoreError> {
        self.insert_users(project, &[(id, person)], now, |_| ()).await
    }

    pub(crate) async fn update_person(
        &mut self,
        project: ProjectId,
        id: Uuid,
        person: &Person,
        now: UnixTime,
    ) -> Result<(), StoreError> {
        let keys = SearchKeys::of(person);
        self.query(
            "UPDATE users SET first_name = $3, last_name = $4, email = $5, email_key = $6, user_id = $7, \
             sync_id = $8, updated_at = $9, name_key = $10, given_key = $11, mail_key = $12, id_key = $13, \
             sync_key = $14 WHERE project = $1 AND id = $2",
        )
        .bind(project.0.as_slice())
        .bind(id)
        .bind(&person.first_name)
        .bind(&person.last_name)
        .bind(&person.email)
        .bind(email_key(&person.email))
        .bind(&person.user_id)
        .bind(person.sync_id.as_deref())
        .bind(i64::from(now.0))
        .bind(&keys.name)
        .bind(&keys.given)
        .bind(&keys.email)
        .bind(&keys.user_id)
        .bind(keys.sync_id.as_deref())
        .execute()
        .await?;
        self.query("DELETE FROM user_words WHERE project = $1 AND holder = $2")
            .bind(project.0.as_slice())
            .bind(id)
            .execute()
            .await?;
        self.insert_words(project, &[(id, &keys.words)]).await
    }

    pub(crate) async fn set_user_status(
        &mut self,
        project: ProjectId,
        id: Uuid,
        status: UserStatus,
        now: UnixTime,
    ) -> Result<(), StoreError> {
        self.query("UPDATE users SET status = $3, updated_at = $4 WHERE project = $1 AND id = $2")
            .bind(project.0.as_slice())
            .bind(id)
            .bind(status.name())
            .bind(i64::from(now.0))
            .execute()
            .await?;
        Ok(())
    }

    /// Waits for the renewals of this user that are under way, and keeps new ones waiting until the commit.
    pub(super) async fn lock_user(&mut self, project: ProjectId, id: Uuid) -> Result<(), StoreError> {
        if self.has_one_writer() {
            return Ok(());
        }
        self.query("SELECT id FROM users WHERE project = $1 AND id = $2 FOR NO KEY UPDATE")
            .bind(project.0.as_slice())
            .bind(id)
            .fetch_optional::<(Uuid,)>()
            .await?;
        Ok(())
    }

    pub(crate) async fn user(
        &mut self,
        project: ProjectId,
        id: Uuid,
        now: UnixTime,
    ) -> Result<Option<User>, StoreError> {
        let row: Option<UserRow> = self.query(
            "SELECT u.id, u.first_name, u.last_name, u.email, u.user_id, u.sync_id, u.status, u.created_at, \
             u.updated_at, i.expires_at, i.opened_at FROM users u LEFT JOIN invitations i \
             ON i.project = u.project AND i.holder = u.id AND i.state = 'open' WHERE u.project = $1 AND u.id = $2",
        )
        .bind(project.0.as_slice())
        .bind(id)
        .fetch_optional()
        .await?;
        row.map(|row| row.into_user(now)).transpose()
    }

    /// The user who is present and has this e-mail address.
    pub(crate) async fn user_by_email(
        &mut self,
        project: ProjectId,
        email: &str,
    ) -> Result<Option<Uuid>, StoreError> {
        let row: Option<(Uuid,)> = self
            .query(
                "SELECT id FROM users WHERE project = $1 AND email_key = $2 \
             AND status NOT IN ('deletion_pending', 'deleted')",
            )
            .bind(project.0.as_slice())
            .bind(email_key(email))
            .fetch_optional()
            .await?;
        Ok(row.map(|(id,)| id))
    }

    /// The user who is present and has this user ID.
    pub(crate) async fn user_by_user_id(
        &mut self,
        project: ProjectId,
        user_id: &str,
    ) -> Result<Option<Uuid>, StoreError> {
        let row: Option<(Uuid,)> = self
            .query(
                "SELECT id FROM users WHERE project = $1 AND user_id = $2 \
             AND status NOT IN ('deletion_pending', 'deleted')",
            )
            .bind(project.0.as_slice())
            .bind(user_id)
            .fetch_optional()
            .await?;
        Ok(row.map(|(id,)| id))
    }

    /// The user who is present and has this Sync ID.
    pub(crate) async fn user_by_sync_id(
        &mut self,
        project: ProjectId,
        sync_id: &str,
    ) -> Result<Option<Uuid>, StoreError> {
        let row: Option<(Uuid,)> = self
            .query(
                "SELECT id FROM users WHERE project = $1 AND sync_id = $2 AND sync_id IS NOT NULL \
             AND status NOT IN ('deletion_pending', 'deleted')",
            )
            .bind(project.0.as_slice())
            .bind(sync_id)
            .fetch_optional()
            .await?;
        Ok(row.map(|(id,)| id))
    }

    /// Everybody who is present, in the order in which they were added.
    pub(crate) async fn roster(&mut self, project: ProjectId) -> Result<Roster, StoreError> {
        let version = self.roster_version(project).await?;
        let rows: Vec<UserRow> = self.query(
            "SELECT id, first_name, last_name, email, user_id, sync_id, status, created_at, updated_at, \
             NULL AS expires_at, NULL AS opened_at FROM users WHERE project = $1 AND status NOT IN ('deletion_pending', 'deleted') \
             ORDER BY id",
        )
        .bind(project.0.as_slice())
        .fetch_all()
        .await?;
        let entries = rows.into_iter().map(UserRow::into_entry).collect::<Result<_, _>>()?;
        Ok(Roster { version, entries })
    }

    /// Users to be deleted whose phones have learned of it, or hold nothing any more that a door would take.
    pub(crate) async fn deletable_users(
        &mut self,
        project: ProjectId,
        now: UnixTime,
    ) -> Result<Vec<Uuid>, StoreError> {
        let rows: Vec<(Uuid,)> = self
            .query(
                "SELECT u.id FROM users u WHERE u.project = $1 AND u.status = 'deletion_pending' \
             AND (u.restorable_until IS NULL OR u.restorable_until <= $2) AND NOT EXISTS ( \
             SELECT 1 FROM devices d JOIN credentials c ON c.project = d.project AND c.device = d.id \
             WHERE d.project = u.project AND d.holder = u.id AND d.told_at IS NULL AND c.not_after > $2 \
             AND (d.revoked_at IS NULL OR d.revoked_at >= u.updated_at) \
             AND NOT EXISTS (SELECT 1 FROM devices n WHERE n.project = d.project AND n.holder = d.holder \
             AND n.id > d.id)) ORDER BY u.id",
            )
            .bind(project.0.as_slice())
            .bind(i64::from(now.0))
            .fetch_all()
            .await?;
        Ok(rows.into_iter().map(|(id,)| id).collect())
    }
}

impl UserRow {
    pub(super) fn into_user(self, now: UnixTime) -> Result<User, StoreError> {
        let expires_at = self.expires_at.map(time).transpose()?;
        let opened_at = self.opened_at.map(time).transpose()?;
        let (created_at, updated_at) = (time(self.created_at)?, time(self.updated_at)?);
        let RosterEntry { id, mut status, person } = self.into_entry()?;
        if status == UserStatus::Invited && expires_at.is_some_and(|expiry| expiry <= now) {
            status = UserStatus::InvitationExpired;
        }
        Ok(User {
            id,
            person,
            status,
            invitation_expires_at: expires_at,
            invitation_opened_at: opened_at,
            created_at,
            updated_at,
        })
    }

    fn into_entry(self) -> Result<RosterEntry, StoreError> {
        let status = UserStatus::from_name(&self.status).ok_or(StoreError::Corrupt("user status"))?;
        let person = Person {
            first_name: self.first_name,
            last_name: self.last_name,
            email: self.email,
            user_id: self.user_id,
            sync_id: self.sync_id,
        };
        Ok(RosterEntry { id: self.id, status, person })
    }
}
