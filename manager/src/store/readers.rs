//! Readers.

use super::rows::{number, octets, time};
use super::{StoreError, Transaction};
use crate::domain::{OutputFormat, Presence, ProjectId, ReaderId, UnixTime};

/// A reader with its certificate and its last configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ReaderRow {
    pub(crate) id: ReaderId,
    pub(crate) name: String,
    /// Where it is, for people.
    pub(crate) place: String,
    pub(crate) public_key: [u8; 33],
    pub(crate) presence: Presence,
    pub(crate) output: OutputFormat,
    pub(crate) certificate: Vec<u8>,
    pub(crate) certificate_not_after: UnixTime,
    pub(crate) configuration_version: u32,
    /// What the configuration was made of.
    pub(crate) configuration_basis: [u8; 32],
    /// Sealed to the reader.
    pub(crate) configuration: Vec<u8>,
    /// Version of the project's issuer keys in the configuration.
    pub(crate) configuration_ring: i64,
    /// The newest configuration that was handed out, and when.
    pub(crate) fetched: Option<(u32, UnixTime)>,
    pub(crate) created_at: UnixTime,
    pub(crate) revoked_at: Option<UnixTime>,
}

#[derive(sqlx::FromRow)]
struct Columns {
    id: i64,
    name: String,
    place: String,
    public_key: Vec<u8>,
    presence: String,
    output: String,
    certificate: Vec<u8>,
    certificate_not_after: i64,
    configuration_version: i64,
    configuration_basis: Vec<u8>,
    configuration: Vec<u8>,
    configuration_ring: i64,
    fetched_version: i64,
    fetched_at: Option<i64>,
    created_at: i64,
    revoked_at: Option<i64>,
}

impl Transaction {
    pub(crate) async fn insert_reader(
        &mut self,
        project: ProjectId,
        reader: &ReaderRow,
    ) -> Result<(), StoreError> {
        self.query(
            "INSERT INTO readers (project, id, name, place, public_key, presence, output, certificate, \
             certificate_not_after, configuration_version, configuration_basis, configuration, configuration_ring, \
             created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
        )
        .bind(project.0.as_slice())
        .bind(i64::from(reader.id.0))
        .bind(&reader.name)
        .bind(&reader.place)
        .bind(reader.public_key.as_slice())
        .bind(reader.presence.name())
        .bind(output_text(reader)?)
        .bind(reader.certificate.as_slice())
        .bind(i64::from(reader.certificate_not_after.0))
        .bind(i64::from(reader.configuration_version))
        .bind(reader.configuration_basis.as_slice())
        .bind(reader.configuration.as_slice())
        .bind(reader.configuration_ring)
        .bind(i64::from(reader.created_at.0))
        .execute()
        .await?;
        Ok(())
    }

    pub(crate) async fn reader(
        &mut self,
        project: ProjectId,
        id: ReaderId,
    ) -> Result<Option<ReaderRow>, StoreError> {
        let row: Option<Columns> = self
            .query(
                "SELECT id, name, place, public_key, presence, output, certificate, certificate_not_after, \
                 configuration_version, configuration_basis, configuration, configuration_ring, fetched_version, \
                 fetched_at, created_at, revoked_at FROM readers WHERE project = $1 AND id = $2",
            )
            .bind(project.0.as_slice())
            .bind(i64::from(id.0))
            .fetch_optional()
            .await?;
        row.map(Columns::into_reader).transpose()
    }

    /// Up to `limit` readers that follow `after`, by id.
    pub(crate) async fn readers(
        &mut self,
        project: ProjectId,
        after: ReaderId,
        limit: u32,
    ) -> Result<Vec<ReaderRow>, StoreError> {
        let rows: Vec<Columns> = self
            .query(
                "SELECT id, name, place, public_key, presence, output, certificate, certificate_not_after, \
                 configuration_version, configuration_basis, configuration, configuration_ring, fetched_version, \
                 fetched_at, created_at, revoked_at FROM readers WHERE project = $1 AND id > $2 ORDER BY id LIMIT $3",
            )
            .bind(project.0.as_slice())
            .bind(i64::from(after.0))
            .bind(i64::from(limit))
            .fetch_all()
            .await?;
        rows.into_iter().map(Columns::into_reader).collect()
    }

    /// The reader that has this key.
    pub(crate) async fn reader_by_key(
        &mut self,
        project: ProjectId,
        public_key: &[u8; 33],
    ) -> Result<Option<ReaderId>, StoreError> {
        let row: Option<(i64,)> = self
            .query("SELECT id FROM readers WHERE project = $1 AND public_key = $2")
            .bind(project.0.as_slice())
            .bind(public_key.as_slice())
            .fetch_optional()
            .await?;
        row.map(|(id,)| number(id, "reader id").map(ReaderId)).transpose()
    }

    /// Keeps everything about a reader that can change, its revocation and its fetches apart.
    pub(crate) async fn update_reader(
        &mut self,
        project: ProjectId,
        reader: &ReaderRow,
    ) -> Result<(), StoreError> {
        self.query(
            "UPDATE readers SET configuration_version = $3, configuration_basis = $4, configuration = $5, \
             configuration_ring = $6, certificate = $7, certificate_not_after = $8, name = $9, place = $10, \
             presence = $11, output = $12 WHERE project = $1 AND id = $2",
        )
        .bind(project.0.as_slice())
        .bind(i64::from(reader.id.0))
        .bind(i64::from(reader.configuration_version))
        .bind(reader.configuration_basis.as_slice())
        .bind(reader.configuration.as_slice())
        .bind(reader.configuration_ring)
        .bind(reader.certificate.as_slice())
        .bind(i64::from(reader.certificate_not_after.0))
        .bind(&reader.name)
        .bind(&reader.place)
        .bind(reader.presence.name())
        .bind(output_text(reader)?)
        .execute()
        .await?;
        Ok(())
    }

    /// Notes that the newest configuration of a reader was handed out.
    pub(crate) async fn note_fetch(
        &mut self,
        project: ProjectId,
        id: ReaderId,
        now: UnixTime,
    ) -> Result<(), StoreError> {
        self.query(
            "UPDATE readers SET fetched_version = configuration_version, fetched_ring = configuration_ring, \
             fetched_at = $3 WHERE project = $1 AND id = $2",
        )
        .bind(project.0.as_slice())
        .bind(i64::from(id.0))
        .bind(i64::from(now.0))
        .execute()
        .await?;
        Ok(())
    }

    /// Revokes a reader; `false` when it is unknown or was revoked before.
    pub(crate) async fn revoke_reader(
        &mut self,
        project: ProjectId,
        id: ReaderId,
        now: UnixTime,
    ) -> Result<bool, StoreError> {
        let done = self
            .query("UPDATE readers SET revoked_at = $3 WHERE project = $1 AND id = $2 AND revoked_at IS NULL")
            .bind(project.0.as_slice())
            .bind(i64::from(id.0))
            .bind(i64::from(now.0))
            .execute()
            .await?;
        Ok(done == 1)
    }
}

impl Columns {
    fn into_reader(self) -> Result<ReaderRow, StoreError> {
        let fetched_version = number(self.fetched_version, "configuration version")?;
        Ok(ReaderRow {
            id: ReaderId(number(self.id, "reader id")?),
            name: self.name,
            place: self.place,
            public_key: octets(&self.public_key, "reader key")?,
            presence: Presence::from_name(&self.presence).ok_or(StoreError::Corrupt("presence"))?,
            output: serde_json::from_str(&self.output).map_err(|_| StoreError::Corrupt("output format"))?,
            certificate: self.certificate,
            certificate_not_after: time(self.certificate_not_after)?,
            configuration_version: number(self.configuration_version, "configuration version")?,
            configuration_basis: octets(&self.configuration_basis, "configuration basis")?,
            configuration: self.configuration,
            configuration_ring: self.configuration_ring,
            fetched: self.fetched_at.map(time).transpose()?.map(|at| (fetched_version, at)),
            created_at: time(self.created_at)?,
            revoked_at: self.revoked_at.map(time).transpose()?,
        })
    }
}

fn output_text(reader: &ReaderRow) -> Result<String, StoreError> {
    serde_json::to_string(&reader.output).map_err(|_| StoreError::Corrupt("output format"))
}
