//! Users as identity providers call them.

use uuid::Uuid;

use super::rows::{number, time};
use super::{StoreError, Transaction};
use crate::domain::{Person, ProjectId, UnixTime, UserStatus};
use crate::scim::Record;

#[derive(sqlx::FromRow)]
struct RecordRow {
    id: Uuid,
    first_name: String,
    last_name: String,
    email: String,
    user_id: String,
    sync_id: Option<String>,
    status: String,
    created_at: i64,
    updated_at: i64,
    user_name: Option<String>,
}

impl Transaction {
    /// A user who is present.
    pub(crate) async fn scim_user(
        &mut self,
        project: ProjectId,
        id: Uuid,
    ) -> Result<Option<Record>, StoreError> {
        let row: Option<RecordRow> = self
            .query(
                "SELECT u.id, u.first_name, u.last_name, u.email, u.user_id, u.sync_id, u.status, u.created_at, \
             u.updated_at, s.user_name FROM users u LEFT JOIN scim_users s ON s.project = u.project \
             AND s.holder = u.id WHERE u.project = $1 AND u.id = $2 \
             AND u.status NOT IN ('deletion_pending', 'deleted')",
            )
            .bind(project.0.as_slice())
            .bind(id)
            .fetch_optional()
            .await?;
        row.map(RecordRow::into_record).transpose()
    }

    /// Up to `limit` users who are present and follow `after`, in the order in which they were added, without the
    /// first `offset` of them.
    pub(crate) async fn scim_users(
        &mut self,
        project: ProjectId,
        after: Uuid,
        offset: u32,
        limit: u32,
    ) -> Result<Vec<Record>, StoreError> {
        let rows: Vec<RecordRow> = self
            .query(
                "SELECT u.id, u.first_name, u.last_name, u.email, u.user_id, u.sync_id, u.status, u.created_at, \
             u.updated_at, s.user_name FROM users u LEFT JOIN scim_users s ON s.project = u.project \
             AND s.holder = u.id WHERE u.project = $1 AND u.id > $2 \
             AND u.status NOT IN ('deletion_pending', 'deleted') ORDER BY u.id LIMIT $3 OFFSET $4",
            )
            .bind(project.0.as_slice())
            .bind(after)
            .bind(i64::from(limit))
            .bind(i64::from(offset))
            .fetch_all()
            .await?;
        rows.into_iter().map(RecordRow::into_record).collect()
    }

    /// How many users are present.
    pub(crate) async fn count_present(&mut self, project: ProjectId) -> Result<u32, StoreError> {
        let (count,): (i64,) = self
            .query(
                "SELECT COUNT(*) FROM users WHERE project = $1 \
             AND status NOT IN ('deletion_pending', 'deleted')",
            )
            .bind(project.0.as_slice())
            .fetch_one()
            .await?;
        number(count, "number of users")
    }

    /// The users who are present and have this user name; a user without one has the e-mail address for it.
    pub(crate) async fn users_by_user_name(
        &mut self,
        project: ProjectId,
        key: &str,
    ) -> Result<Vec<Uuid>, StoreError> {
        let rows: Vec<(Uuid,)> = self
            .query(
                "SELECT u.id FROM scim_users s JOIN users u ON u.project = s.project AND u.id = s.holder \
             WHERE s.project = $1 AND s.user_name_key = $2 AND u.status NOT IN ('deletion_pending', 'deleted') \
             UNION SELECT u.id FROM users u WHERE u.project = $1 AND u.email_key = $2 \
             AND u.status NOT IN ('deletion_pending', 'deleted') AND NOT EXISTS ( \
             SELECT 1 FROM scim_users s WHERE s.project = u.project AND s.holder = u.id)",
            )
            .bind(project.0.as_slice())
            .bind(key)
            .fetch_all()
            .await?;
        Ok(rows.into_iter().map(|(id,)| id).collect())
    }

    /// The user who is present and has this Sync ID.
    pub(crate) async fn holder_of_sync_id(
        &mut self,
        project: ProjectId,
        sync_id: &str,
    ) -> Result<Option<Uuid>, StoreError> {
        let row: Option<(Uuid,)> = self
            .query(
                "SELECT id FROM users WHERE project = $1 AND sync_id IS NOT NULL AND sync_id = $2 \
             AND status NOT IN ('deletion_pending', 'deleted')",
            )
            .bind(project.0.as_slice())
            .bind(sync_id)
            .fetch_optional()
            .await?;
        Ok(row.map(|(id,)| id))
    }

    /// Keeps what an identity provider calls a user.
    pub(crate) async fn set_user_name(
        &mut self,
        project: ProjectId,
        user: Uuid,
        user_name: &str,
        key: &str,
        now: UnixTime,
    ) -> Result<(), StoreError> {
        self.query(
            "INSERT INTO scim_users (project, holder, user_name, user_name_key) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (project, holder) DO UPDATE SET user_name = excluded.user_name, \
             user_name_key = excluded.user_name_key",
        )
        .bind(project.0.as_slice())
        .bind(user)
        .bind(user_name)
        .bind(key)
        .execute()
        .await?;
        self.query("UPDATE users SET updated_at = $3 WHERE project = $1 AND id = $2")
            .bind(project.0.as_slice())
            .bind(user)
            .bind(i64::from(now.0))
            .execute()
            .await?;
        Ok(())
    }

    /// How many users the plans of an origin have deleted since a moment, those undone left out.
    pub(crate) async fn deleted_since(
        &mut self,
        project: ProjectId,
        origin: &str,
        since: UnixTime,
    ) -> Result<usize, StoreError> {
        let (count,): (i64,) = self
            .query(
                "SELECT COUNT(*) FROM plan_users d JOIN plans p ON p.project = d.project AND p.id = d.plan \
             WHERE p.project = $1 AND p.origin = $2 AND p.applied_at > $3 AND p.undone_at IS NULL \
             AND d.act = 'delete'",
            )
            .bind(project.0.as_slice())
            .bind(origin)
            .bind(i64::from(since.0))
            .fetch_one()
            .await?;
        number(count, "number of deletions")
    }
}

impl RecordRow {
    fn into_record(self) -> Result<Record, StoreError> {
        let status = UserStatus::from_name(&self.status).ok_or(StoreError::Corrupt("user status"))?;
        let user_name = self.user_name.unwrap_or_else(|| self.email.clone());
        let person = Person {
            first_name: self.first_name,
            last_name: self.last_name,
            email: self.email,
            user_id: self.user_id,
            sync_id: self.sync_id,
        };
        let (created_at, updated_at) = (time(self.created_at)?, time(self.updated_at)?);
        Ok(Record { id: self.id, user_name, person, status, created_at, updated_at })
    }
}
