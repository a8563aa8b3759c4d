//! Who knows that a phone is revoked: the manager, the phone, each reader.

use uuid::Uuid;

use super::rows::{number, time};
use super::{StoreError, Transaction};
use crate::domain::{ProjectId, ReaderId, UnixTime};

/// A phone with what became of its credentials.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DeviceState {
    pub(crate) id: Uuid,
    pub(crate) name: String,
    pub(crate) platform: String,
    pub(crate) is_revoked: bool,
    pub(crate) created_at: UnixTime,
    pub(crate) revoked_at: Option<UnixTime>,
    pub(crate) told_at: Option<UnixTime>,
    pub(crate) newest: Option<NewestCredential>,
}

/// The credential that a phone was given last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NewestCredential {
    pub(crate) serial: u64,
    pub(crate) issued_at: UnixTime,
    pub(crate) not_after: UnixTime,
    pub(crate) revoked_at: Option<UnixTime>,
    pub(crate) list_version: Option<u32>,
}

/// A reader that has a list of at least some version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ReaderKnowledge {
    pub(crate) reader: ReaderId,
    pub(crate) name: String,
    pub(crate) since: Option<UnixTime>,
}

#[derive(sqlx::FromRow)]
struct DeviceStateRow {
    id: Uuid,
    name: String,
    platform: String,
    status: String,
    created_at: i64,
    revoked_at: Option<i64>,
    told_at: Option<i64>,
    serial: Option<i64>,
    issued_at: Option<i64>,
    not_after: Option<i64>,
    credential_revoked_at: Option<i64>,
    list_version: Option<i64>,
}

impl Transaction {
    /// Whether a user has a phone that was not revoked.
    pub(crate) async fn has_device(&mut self, project: ProjectId, user: Uuid) -> Result<bool, StoreError> {
        let found = self
            .query("SELECT id FROM devices WHERE project = $1 AND holder = $2 AND status = 'active' LIMIT 1")
            .bind(project.0.as_slice())
            .bind(user)
            .fetch_optional::<(Uuid,)>()
            .await?;
        Ok(found.is_some())
    }

    /// Whether a user has a phone that was not revoked and whose credential has not expired.
    pub(crate) async fn holds_credential(
        &mut self,
        project: ProjectId,
        user: Uuid,
        now: UnixTime,
    ) -> Result<bool, StoreError> {
        let found = self
            .query(
                "SELECT d.id FROM devices d JOIN credentials c ON c.project = d.project AND c.device = d.id \
                 WHERE d.project = $1 AND d.holder = $2 AND d.status = 'active' AND c.not_after > $3 LIMIT 1",
            )
            .bind(project.0.as_slice())
            .bind(user)
            .bind(i64::from(now.0))
            .fetch_optional::<(Uuid,)>()
            .await?;
        Ok(found.is_some())
    }

    /// Whether a deleted user has a phone that has not heard of the deletion and whose credential has not expired.
    ///
    /// A phone that was revoked before the user was deleted is nothing to wait for.
    pub(crate) async fn has_unaware_device(
        &mut self,
        project: ProjectId,
        user: Uuid,
        now: UnixTime,
    ) -> Result<bool, StoreError> {
        let found = self
            .query(
                "SELECT d.id FROM users u JOIN devices d ON d.project = u.project AND d.holder = u.id \
                 JOIN credentials c ON c.project = d.project AND c.device = d.id \
                 WHERE u.project = $1 AND u.id = $2 AND d.told_at IS NULL AND c.not_after > $3 \
                 AND (d.revoked_at IS NULL OR d.revoked_at >= u.updated_at) \
                 AND NOT EXISTS (SELECT 1 FROM devices n WHERE n.project = d.project AND n.holder = d.holder \
                 AND n.id > d.id) LIMIT 1",
            )
            .bind(project.0.as_slice())
            .bind(user)
            .bind(i64::from(now.0))
            .fetch_optional::<(Uuid,)>()
            .await?;
        Ok(found.is_some())
    }

    /// Notes that a phone has heard of the revocation of its credential.
    pub(crate) async fn device_told(
        &mut self,
        project: ProjectId,
        device: Uuid,
        now: UnixTime,
    ) -> Result<(), StoreError> {
        self.query("UPDATE devices SET told_at = $3 WHERE project = $1 AND id = $2")
            .bind(project.0.as_slice())
            .bind(device)
            .bind(i64::from(now.0))
            .execute()
            .await?;
        Ok(())
    }

    /// The phones of a user with their newest credentials, oldest first.
    pub(crate) async fn device_states(
        &mut self,
        project: ProjectId,
        user: Uuid,
    ) -> Result<Vec<DeviceState>, StoreError> {
        let rows: Vec<DeviceStateRow> = self
            .query(
                "SELECT d.id, d.name, d.platform, d.status, d.created_at, d.revoked_at, d.told_at, c.serial, \
                 c.issued_at, c.not_after, c.revoked_at AS credential_revoked_at, c.list_version FROM devices d \
                 LEFT JOIN credentials c ON c.project = d.project AND c.serial = (SELECT n.serial \
                 FROM credentials n WHERE n.project = d.project AND n.device = d.id \
                 ORDER BY n.not_before DESC, n.serial DESC LIMIT 1) \
                 WHERE d.project = $1 AND d.holder = $2 ORDER BY d.id",
            )
            .bind(project.0.as_slice())
            .bind(user)
            .fetch_all()
            .await?;
        rows.into_iter().map(DeviceStateRow::into_state).collect()
    }

    /// Notes on the serials that were revoked since the last list that this list is the first to name them.
    pub(crate) async fn mark_listed(
        &mut self,
        project: ProjectId,
        version: u32,
        now: UnixTime,
    ) -> Result<(), StoreError> {
        self.query(
            "UPDATE credentials SET list_version = $2 WHERE project = $1 AND revoked_at IS NOT NULL \
             AND list_version IS NULL AND not_after > $3",
        )
        .bind(project.0.as_slice())
        .bind(i64::from(version))
        .bind(i64::from(now.0))
        .execute()
        .await?;
        Ok(())
    }

    /// Notes that a reader has a list; what was known before stays.
    pub(crate) async fn reader_has_list(
        &mut self,
        project: ProjectId,
        reader: ReaderId,
        version: u32,
        now: UnixTime,
    ) -> Result<(), StoreError> {
        self.query(
            "INSERT INTO reader_lists (project, reader, list_version, since) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (project, reader, list_version) DO NOTHING",
        )
        .bind(project.0.as_slice())
        .bind(i64::from(reader.0))
        .bind(i64::from(version))
        .bind(i64::from(now.0))
        .execute()
        .await?;
        Ok(())
    }

    /// Every reader that is in use, and since when it is known to have a list of at least this version.
    pub(crate) async fn reader_knowledge(
        &mut self,
        project: ProjectId,
        version: u32,
    ) -> Result<Vec<ReaderKnowledge>, StoreError> {
        let rows: Vec<(i64, String, Option<i64>)> = self
            .query(
                "SELECT r.id, r.name, (SELECT min(l.since) FROM reader_lists l WHERE l.project = r.project \
                 AND l.reader = r.id AND l.list_version >= $2) FROM readers r \
                 WHERE r.project = $1 AND r.revoked_at IS NULL ORDER BY r.id",
            )
            .bind(project.0.as_slice())
            .bind(i64::from(version))
            .fetch_all()
            .await?;
        rows.into_iter()
            .map(|(reader, name, since)| {
                let (reader, since) = (ReaderId(number(reader, "reader id")?), since.map(time).transpose()?);
                Ok(ReaderKnowledge { reader, name, since })
            })
            .collect()
    }
}

impl DeviceStateRow {
    fn into_state(self) -> Result<DeviceState, StoreError> {
        let newest = match (self.serial, self.issued_at, self.not_after) {
            (Some(serial), Some(issued_at), Some(not_after)) => Some(NewestCredential {
                serial: number(serial, "serial")?,
                issued_at: time(issued_at)?,
                not_after: time(not_after)?,
                revoked_at: self.credential_revoked_at.map(time).transpose()?,
                list_version: self.list_version.map(|version| number(version, "list version")).transpose()?,
            }),
            _ => None,
        };
        Ok(DeviceState {
            id: self.id,
            name: self.name,
            platform: self.platform,
            is_revoked: self.status != "active",
            created_at: time(self.created_at)?,
            revoked_at: self.revoked_at.map(time).transpose()?,
            told_at: self.told_at.map(time).transpose()?,
            newest,
        })
    }
}
