//! What an import does to many users at once, and what puts it back: a few statements, however many users there are.
//!
//! The users of a plan stand in `plan_users`, so that a statement finds them without being told each of them.

use std::collections::{HashMap, HashSet};

use uuid::Uuid;

use super::rows::time;
use super::{StoreError, Transaction};
use crate::domain::{Before, CurrentUser, Person, ProjectId, SearchKeys, UnixTime, UserStatus, email_key};

/// Rows of one INSERT statement, far below what a statement may have in values.
const ROWS_PER_STATEMENT: usize = 500;
/// Values of a row of `plan_users` as it is inserted.
const PLAN_USER_VALUES: usize = 4;
/// Values of a row of `users` as it is inserted.
const USER_VALUES: usize = 16;
/// Values of a row of `user_words` as it is inserted.
const WORD_VALUES: usize = 3;
/// What stands before values that wait while users exchange them: no list and no form can bring it.
const PARKED: &str = "\u{1}";

/// What a plan does to a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Touch {
    Add,
    Change,
    Delete,
}

#[derive(sqlx::FromRow)]
struct CurrentRow {
    id: Uuid,
    first_name: String,
    last_name: String,
    email: String,
    user_id: String,
    sync_id: Option<String>,
    status: String,
    updated_at: i64,
    restorable_until: Option<i64>,
}

impl Touch {
    const fn name(self) -> &'static str {
        match self {
            Self::Add => "add",
            Self::Change => "change",
            Self::Delete => "delete",
        }
    }
}

impl Transaction {
    /// Names the users whom a plan touches in one way.
    pub(crate) async fn touch_users(
        &mut self,
        project: ProjectId,
        plan: Uuid,
        touch: Touch,
        users: &[Uuid],
    ) -> Result<(), StoreError> {
        for part in users.chunks(ROWS_PER_STATEMENT) {
            let insert = "INSERT INTO plan_users (project, plan, holder, act)";
            let is_full = part.len() == ROWS_PER_STATEMENT;
            let mut query = self.query_rows(insert, part.len(), PLAN_USER_VALUES, is_full);
            for user in part {
                query = query.bind(project.0.as_slice()).bind(plan).bind(*user).bind(touch.name());
            }
            query.execute().await?;
        }
        Ok(())
    }

    /// Waits for what is under way for the users of a plan, and keeps how they stand now.
    pub(crate) async fn keep_before(&mut self, project: ProjectId, plan: Uuid) -> Result<(), StoreError> {
        if !self.has_one_writer() {
            self.query(
                "SELECT id FROM users WHERE project = $1 AND id IN \
                 (SELECT holder FROM plan_users WHERE project = $1 AND plan = $2) ORDER BY id \
                 FOR NO KEY UPDATE",
            )
            .bind(project.0.as_slice())
            .bind(plan)
            .fetch_all::<(Uuid,)>()
            .await?;
        }
        self.query(
            "UPDATE plan_users SET status = u.status, updated_at = u.updated_at FROM users u \
             WHERE plan_users.project = $1 AND plan_users.plan = $2 AND u.project = $1 AND u.id = plan_users.holder",
        )
        .bind(project.0.as_slice())
        .bind(plan)
        .execute()
        .await?;
        Ok(())
    }

    /// How the users stood whom a plan changed or deleted.
    pub(crate) async fn before(
        &mut self,
        project: ProjectId,
        plan: Uuid,
    ) -> Result<HashMap<Uuid, Before>, StoreError> {
        let rows: Vec<(Uuid, String, i64)> = self
            .query(
                "SELECT holder, status, updated_at FROM plan_users \
             WHERE project = $1 AND plan = $2 AND status IS NOT NULL AND updated_at IS NOT NULL",
            )
            .bind(project.0.as_slice())
            .bind(plan)
            .fetch_all()
            .await?;
        rows.into_iter()
            .map(|(user, status, updated_at)| {
                let status = UserStatus::from_name(&status).ok_or(StoreError::Corrupt("user status"))?;
                Ok((user, Before { status, updated_at: time(updated_at)? }))
            })
            .collect()
    }

    /// Deletes the users whom the plan deletes, so that they can come back until `restorable_until`.
    ///
    /// Their invitations are void and their credentials revoked; how many of these have to go on the revocation list.
    pub(crate) async fn delete_planned(
        &mut self,
        project: ProjectId,
        plan: Uuid,
        (with_phone, without_phone): (UserStatus, UserStatus),
        now: UnixTime,
        restorable_until: UnixTime,
    ) -> Result<u64, StoreError> {
        self.query(
            "UPDATE users SET updated_at = $3, restorable_until = $4, status = CASE WHEN EXISTS ( \
             SELECT 1 FROM devices d JOIN credentials c ON c.project = d.project AND c.device = d.id \
             WHERE d.project = users.project AND d.holder = users.id AND d.status = 'active' AND c.not_after > $3 \
             ) THEN $5 ELSE $6 END WHERE project = $1 AND id IN \
             (SELECT holder FROM plan_users WHERE project = $1 AND plan = $2 AND act = 'delete')",
        )
        .bind(project.0.as_slice())
        .bind(plan)
        .bind(i64::from(now.0))
        .bind(i64::from(restorable_until.0))
        .bind(with_phone.name())
        .bind(without_phone.name())
        .execute()
        .await?;
        self.query(
            "UPDATE invitations SET withdrawn_from = state, withdrawn_by = $2, state = 'void' \
             WHERE project = $1 AND state <> 'void' AND holder IN \
             (SELECT holder FROM plan_users WHERE project = $1 AND plan = $2 AND act = 'delete')",
        )
        .bind(project.0.as_slice())
        .bind(plan)
        .execute()
        .await?;
        // What a phone heard of before was a suspension.
        self.query(
            "UPDATE devices SET told_at = NULL WHERE project = $1 AND told_at IS NOT NULL AND holder IN \
             (SELECT holder FROM plan_users WHERE project = $1 AND plan = $2 AND act = 'delete')",
        )
        .bind(project.0.as_slice())
        .bind(plan)
        .execute()
        .await?;
        self.query(
            "UPDATE credentials SET revoked_at = $3 WHERE project = $1 AND revoked_at IS NULL AND not_after > $3 \
             AND device IN (SELECT d.id FROM devices d JOIN plan_users p ON p.project = d.project \
             AND p.holder = d.holder WHERE d.project = $1 AND p.plan = $2 AND p.act = 'delete')",
        )
        .bind(project.0.as_slice())
        .bind(plan)
        .bind(i64::from(now.0))
        .execute()
        .await
    }

    /// Frees what only one user can have from the users whom the plan changes, so that they can exchange it;
    /// [`Transaction::update_person`] has to follow for each.
    pub(crate) async fn park_planned(&mut self, project: ProjectId, plan: Uuid) -> Result<(), StoreError> {
        self.query(
            "UPDATE users SET email_key = $3 || email_key, user_id = $3 || user_id, sync_id = NULL \
             WHERE project = $1 AND id IN \
             (SELECT holder FROM plan_users WHERE project = $1 AND plan = $2 AND act = 'change')",
        )
        .bind(project.0.as_slice())
        .bind(plan)
        .bind(PARKED)
        .execute()
        .await?;
        Ok(())
    }

    /// Adds users who are not invited.
    pub(crate) async fn insert_users(
        &mut self,
        project: ProjectId,
        users: &[(Uuid, &Person)],
        now: UnixTime,
        added: impl Fn(usize),
    ) -> Result<(), StoreError> {
        let mut words = Vec::new();
        for part in users.chunks(ROWS_PER_STATEMENT) {
            let insert = "INSERT INTO users (project, id, first_name, last_name, email, email_key, user_id, sync_id, \
                          status, created_at, updated_at, name_key, given_key, mail_key, id_key, sync_key)";
            let is_full = part.len() == ROWS_PER_STATEMENT;
            let keys: Vec<SearchKeys> = part.iter().map(|(_, person)| SearchKeys::of(person)).collect();
            let mut query = self.query_rows(insert, part.len(), USER_VALUES, is_full);
            for ((id, person), keys) in part.iter().zip(&keys) {
                query = query
                    .bind(project.0.as_slice())
                    .bind(*id)
                    .bind(&person.first_name)
                    .bind(&person.last_name)
                    .bind(&person.email)
                    .bind(email_key(&person.email))
                    .bind(&person.user_id)
                    .bind(person.sync_id.as_deref())
                    .bind(UserStatus::NotInvited.name())
                    .bind(i64::from(now.0))
                    .bind(i64::from(now.0))
                    .bind(&keys.name)
                    .bind(&keys.given)
                    .bind(&keys.email)
                    .bind(&keys.user_id)
                    .bind(keys.sync_id.as_deref());
            }
            query.execute().await?;
            added(part.len());
            words.extend(part.iter().zip(keys).map(|((id, _), keys)| (*id, keys.words)));
        }
        // After all users: PostgreSQL plans how it looks up the users of words at the first of them, and among only a
        // few users it takes an index that is slow among many.
        let words: Vec<(Uuid, &[String])> = words.iter().map(|(id, words)| (*id, words.as_slice())).collect();
        self.insert_words(project, &words).await
    }

    /// Adds words of names that users are found by.
    pub(super) async fn insert_words(
        &mut self,
        project: ProjectId,
        users: &[(Uuid, &[String])],
    ) -> Result<(), StoreError> {
        let rows = users.iter().flat_map(|(user, words)| words.iter().map(move |word| (*user, word)));
        let rows: Vec<(Uuid, &String)> = rows.collect();
        for part in rows.chunks(ROWS_PER_STATEMENT) {
            let insert = "INSERT INTO user_words (project, holder, word)";
            let is_full = part.len() == ROWS_PER_STATEMENT;
            let mut query = self.query_rows(insert, part.len(), WORD_VALUES, is_full);
            for (user, word) in part {
                query = query.bind(project.0.as_slice()).bind(*user).bind(*word);
            }
            query.execute().await?;
        }
        Ok(())
    }

    /// Takes the users whom a plan added away, without a trace.
    pub(crate) async fn remove_added(&mut self, project: ProjectId, plan: Uuid) -> Result<(), StoreError> {
        for delete in [
            "DELETE FROM user_words WHERE project = $1 AND holder IN \
             (SELECT holder FROM plan_users WHERE project = $1 AND plan = $2 AND act = 'add')",
            "DELETE FROM invitations WHERE project = $1 AND holder IN \
             (SELECT holder FROM plan_users WHERE project = $1 AND plan = $2 AND act = 'add')",
            "DELETE FROM scim_users WHERE project = $1 AND holder IN \
             (SELECT holder FROM plan_users WHERE project = $1 AND plan = $2 AND act = 'add')",
            "DELETE FROM users WHERE project = $1 AND id IN \
             (SELECT holder FROM plan_users WHERE project = $1 AND plan = $2 AND act = 'add')",
        ] {
            self.query(delete).bind(project.0.as_slice()).bind(plan).execute().await?;
        }
        Ok(())
    }

    /// Brings the users back whom a plan deleted, with the invitations that they had.
    pub(crate) async fn restore_deleted(&mut self, project: ProjectId, plan: Uuid) -> Result<(), StoreError> {
        self.query(
            "UPDATE users SET status = p.status, updated_at = p.updated_at, restorable_until = NULL \
             FROM plan_users p WHERE users.project = $1 AND p.project = $1 AND p.plan = $2 AND p.act = 'delete' \
             AND p.holder = users.id",
        )
        .bind(project.0.as_slice())
        .bind(plan)
        .execute()
        .await?;
        self.query(
            "UPDATE invitations SET state = withdrawn_from, withdrawn_from = NULL, withdrawn_by = NULL \
             WHERE project = $1 AND withdrawn_by = $2",
        )
        .bind(project.0.as_slice())
        .bind(plan)
        .execute()
        .await?;
        Ok(())
    }

    /// Everybody, deleted or not, as far as the undoing of an import cares.
    pub(crate) async fn current_users(&mut self, project: ProjectId) -> Result<Vec<CurrentUser>, StoreError> {
        let rows: Vec<CurrentRow> = self
            .query(
                "SELECT id, first_name, last_name, email, user_id, sync_id, status, updated_at, restorable_until \
             FROM users WHERE project = $1",
            )
            .bind(project.0.as_slice())
            .fetch_all()
            .await?;
        rows.into_iter().map(CurrentRow::into_user).collect()
    }

    /// Everybody who has activated a phone, whatever became of it.
    pub(crate) async fn users_with_phones(
        &mut self,
        project: ProjectId,
    ) -> Result<HashSet<Uuid>, StoreError> {
        let rows: Vec<(Uuid,)> = self
            .query("SELECT DISTINCT holder FROM devices WHERE project = $1")
            .bind(project.0.as_slice())
            .fetch_all()
            .await?;
        Ok(rows.into_iter().map(|(user,)| user).collect())
    }

    /// The users who were deleted and can come back no more.
    pub(crate) async fn no_longer_restorable(
        &mut self,
        project: ProjectId,
        now: UnixTime,
    ) -> Result<Vec<Uuid>, StoreError> {
        let rows: Vec<(Uuid,)> = self
            .query("SELECT id FROM users WHERE project = $1 AND restorable_until <= $2 ORDER BY id")
            .bind(project.0.as_slice())
            .bind(i64::from(now.0))
            .fetch_all()
            .await?;
        Ok(rows.into_iter().map(|(id,)| id).collect())
    }

    /// Notes that a deletion is for good.
    pub(crate) async fn end_restorable(&mut self, project: ProjectId, user: Uuid) -> Result<(), StoreError> {
        self.query("UPDATE users SET restorable_until = NULL WHERE project = $1 AND id = $2")
            .bind(project.0.as_slice())
            .bind(user)
            .execute()
            .await?;
        Ok(())
    }

    /// Until when a deleted user may come back.
    pub(crate) async fn restorable_until(
        &mut self,
        project: ProjectId,
        user: Uuid,
    ) -> Result<Option<UnixTime>, StoreError> {
        let row: Option<(Option<i64>,)> = self
            .query("SELECT restorable_until FROM users WHERE project = $1 AND id = $2")
            .bind(project.0.as_slice())
            .bind(user)
            .fetch_optional()
            .await?;
        row.and_then(|(until,)| until).map(time).transpose()
    }
}

impl CurrentRow {
    fn into_user(self) -> Result<CurrentUser, StoreError> {
        let status = UserStatus::from_name(&self.status).ok_or(StoreError::Corrupt("user status"))?;
        let person = Person {
            first_name: self.first_name,
            last_name: self.last_name,
            email: self.email,
            user_id: self.user_id,
            sync_id: self.sync_id,
        };
        let restorable_until = self.restorable_until.map(time).transpose()?;
        Ok(CurrentUser { id: self.id, status, person, updated_at: time(self.updated_at)?, restorable_until })
    }
}
