//! Issuer keys and what holds them up.

use super::rows::{number, octets, time};
use super::{StoreError, Transaction};
use crate::domain::{KeyState, ProjectId, ReaderId, UnixTime};

/// An issuer key; its private half is sealed, or in a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct IssuerKeyRow {
    pub(crate) index: u8,
    pub(crate) public_key: [u8; 33],
    /// The sealed scalar or the identifier in the token; empty once the key is retired.
    pub(crate) private_key: Vec<u8>,
    pub(crate) in_token: bool,
    pub(crate) state: KeyState,
    pub(crate) created_at: UnixTime,
    pub(crate) activated_at: Option<UnixTime>,
    pub(crate) deactivated_at: Option<UnixTime>,
    pub(crate) retired_at: Option<UnixTime>,
    /// The version of the ring that was the first with this key.
    pub(crate) created_ring: i64,
    /// The version of the ring that was the first in which it signs no more.
    pub(crate) deactivated_ring: Option<i64>,
}

#[derive(sqlx::FromRow)]
struct Columns {
    key_index: i64,
    public_key: Vec<u8>,
    private_key: Vec<u8>,
    place: String,
    state: String,
    created_at: i64,
    activated_at: Option<i64>,
    deactivated_at: Option<i64>,
    retired_at: Option<i64>,
    created_ring: i64,
    deactivated_ring: Option<i64>,
}

impl Transaction {
    pub(crate) async fn insert_issuer_key(
        &mut self,
        project: ProjectId,
        key: &IssuerKeyRow,
    ) -> Result<(), StoreError> {
        self.query(
            "INSERT INTO issuer_keys (project, key_index, public_key, private_key, place, state, created_at, \
             activated_at, created_ring) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        )
        .bind(project.0.as_slice())
        .bind(i64::from(key.index))
        .bind(key.public_key.as_slice())
        .bind(key.private_key.as_slice())
        .bind(if key.in_token { "token" } else { "sealed" })
        .bind(key.state.name())
        .bind(i64::from(key.created_at.0))
        .bind(key.activated_at.map(|time| i64::from(time.0)))
        .bind(key.created_ring)
        .execute()
        .await?;
        self.settings_changed(project).await
    }

    /// All issuer keys that the project ever had, by index.
    pub(crate) async fn issuer_keys(&mut self, project: ProjectId) -> Result<Vec<IssuerKeyRow>, StoreError> {
        let rows: Vec<Columns> = self
            .query(
                "SELECT key_index, public_key, private_key, place, state, created_at, activated_at, deactivated_at, \
                 retired_at, created_ring, deactivated_ring FROM issuer_keys WHERE project = $1 ORDER BY key_index",
            )
            .bind(project.0.as_slice())
            .fetch_all()
            .await?;
        rows.into_iter().map(Columns::into_key).collect()
    }

    /// Keeps what changed about a key, its private half included.
    pub(crate) async fn update_issuer_key(
        &mut self,
        project: ProjectId,
        key: &IssuerKeyRow,
    ) -> Result<(), StoreError> {
        self.query(
            "UPDATE issuer_keys SET private_key = $3, state = $4, activated_at = $5, deactivated_at = $6, \
             retired_at = $7, deactivated_ring = $8 WHERE project = $1 AND key_index = $2",
        )
        .bind(project.0.as_slice())
        .bind(i64::from(key.index))
        .bind(key.private_key.as_slice())
        .bind(key.state.name())
        .bind(key.activated_at.map(|time| i64::from(time.0)))
        .bind(key.deactivated_at.map(|time| i64::from(time.0)))
        .bind(key.retired_at.map(|time| i64::from(time.0)))
        .bind(key.deactivated_ring)
        .execute()
        .await?;
        Ok(())
    }

    /// The version of the issuer keys.
    pub(crate) async fn ring_version(&mut self, project: ProjectId) -> Result<i64, StoreError> {
        let (version,) = self
            .query("SELECT ring_version FROM projects WHERE id = $1")
            .bind(project.0.as_slice())
            .fetch_one()
            .await?;
        Ok(version)
    }

    /// Notes that the issuer keys change; their new version.
    pub(crate) async fn raise_ring(&mut self, project: ProjectId) -> Result<i64, StoreError> {
        let (version,) = self
            .query("UPDATE projects SET ring_version = ring_version + 1, settings_version = settings_version + 1 \
                 WHERE id = $1 RETURNING ring_version")
            .bind(project.0.as_slice())
            .fetch_one()
            .await?;
        Ok(version)
    }

    /// Readers in service that are not known to have got a configuration of this version of the ring, by id.
    pub(crate) async fn readers_behind(
        &mut self,
        project: ProjectId,
        ring: i64,
        now: UnixTime,
    ) -> Result<Vec<ReaderId>, StoreError> {
        let rows: Vec<(i64,)> = self
            .query(
                "SELECT id FROM readers WHERE project = $1 AND revoked_at IS NULL AND certificate_not_after > $2 \
                 AND fetched_ring < $3 ORDER BY id",
            )
            .bind(project.0.as_slice())
            .bind(i64::from(now.0))
            .bind(ring)
            .fetch_all()
            .await?;
        rows.into_iter().map(|(id,)| number(id, "reader id").map(ReaderId)).collect()
    }

    /// Devices whose newest credential in force begins no later than `since`: how many, and when the last of them expires.
    pub(crate) async fn devices_not_renewed(
        &mut self,
        project: ProjectId,
        since: UnixTime,
        now: UnixTime,
    ) -> Result<(u64, Option<UnixTime>), StoreError> {
        let (count, until): (i64, Option<i64>) = self
            .query(
                "SELECT COUNT(*), MAX(until) FROM (SELECT MAX(not_before) AS newest, MAX(not_after) AS until \
                 FROM credentials WHERE project = $1 AND revoked_at IS NULL AND not_after > $2 GROUP BY device) AS held \
                 WHERE newest <= $3",
            )
            .bind(project.0.as_slice())
            .bind(i64::from(now.0))
            .bind(i64::from(since.0))
            .fetch_one()
            .await?;
        Ok((number(count, "count of devices")?, until.map(time).transpose()?))
    }

    /// Devices with a credential in force that begins no later than `until`: how many, and when the last expires.
    pub(crate) async fn devices_of_old(
        &mut self,
        project: ProjectId,
        until: UnixTime,
        now: UnixTime,
    ) -> Result<(u64, Option<UnixTime>), StoreError> {
        let (count, last): (i64, Option<i64>) = self
            .query(
                "SELECT COUNT(DISTINCT device), MAX(not_after) FROM credentials \
                 WHERE project = $1 AND revoked_at IS NULL AND not_after > $2 AND not_before <= $3",
            )
            .bind(project.0.as_slice())
            .bind(i64::from(now.0))
            .bind(i64::from(until.0))
            .fetch_one()
            .await?;
        Ok((number(count, "count of devices")?, last.map(time).transpose()?))
    }
}

impl Columns {
    fn into_key(self) -> Result<IssuerKeyRow, StoreError> {
        Ok(IssuerKeyRow {
            index: number(self.key_index, "issuer key index")?,
            public_key: octets(&self.public_key, "issuer key")?,
            private_key: self.private_key,
            in_token: self.place == "token",
            state: KeyState::from_name(&self.state).ok_or(StoreError::Corrupt("issuer key state"))?,
            created_at: time(self.created_at)?,
            activated_at: self.activated_at.map(time).transpose()?,
            deactivated_at: self.deactivated_at.map(time).transpose()?,
            retired_at: self.retired_at.map(time).transpose()?,
            created_ring: self.created_ring,
            deactivated_ring: self.deactivated_ring,
        })
    }
}
