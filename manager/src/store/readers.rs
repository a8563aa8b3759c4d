//! Readers.

use super::rows::{number, octets, time};
use super::{StoreError, Transaction};
use crate::domain::{OutputFormat, Presence, ProjectId, ReaderId, UnixTime};

/// A reader with its certificate and its last configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ReaderRow {
    pub(crate) id: ReaderId,
    pub(crate) name: String,
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
    pub(crate) is_revoked: bool,
}

#[derive(sqlx::FromRow)]
struct Columns {
    id: i64,
    name: String,
    public_key: Vec<u8>,
    presence: String,
    output: String,
    certificate: Vec<u8>,
    certificate_not_after: i64,
    configuration_version: i64,
    configuration_basis: Vec<u8>,
    configuration: Vec<u8>,
    revoked_at: Option<i64>,
}

impl Transaction {
    pub(crate) async fn insert_reader(
        &mut self,
        project: ProjectId,
        reader: &ReaderRow,
        now: UnixTime,
    ) -> Result<(), StoreError> {
        let output =
            serde_json::to_string(&reader.output).map_err(|_| StoreError::Corrupt("output format"))?;
        self.query(
            "INSERT INTO readers (project, id, name, public_key, presence, output, certificate, \
             certificate_not_after, configuration_version, configuration_basis, configuration, created_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        )
        .bind(project.0.as_slice())
        .bind(i64::from(reader.id.0))
        .bind(&reader.name)
        .bind(reader.public_key.as_slice())
        .bind(reader.presence.name())
        .bind(output)
        .bind(reader.certificate.as_slice())
        .bind(i64::from(reader.certificate_not_after.0))
        .bind(i64::from(reader.configuration_version))
        .bind(reader.configuration_basis.as_slice())
        .bind(reader.configuration.as_slice())
        .bind(i64::from(now.0))
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
                "SELECT id, name, public_key, presence, output, certificate, certificate_not_after, \
             configuration_version, configuration_basis, configuration, revoked_at FROM readers \
             WHERE project = $1 AND id = $2",
            )
            .bind(project.0.as_slice())
            .bind(i64::from(id.0))
            .fetch_optional()
            .await?;
        row.map(Columns::into_reader).transpose()
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

    pub(crate) async fn update_configuration(
        &mut self,
        project: ProjectId,
        reader: &ReaderRow,
    ) -> Result<(), StoreError> {
        self.query(
            "UPDATE readers SET configuration_version = $3, configuration_basis = $4, configuration = $5, \
             certificate = $6, certificate_not_after = $7 \
             WHERE project = $1 AND id = $2",
        )
        .bind(project.0.as_slice())
        .bind(i64::from(reader.id.0))
        .bind(i64::from(reader.configuration_version))
        .bind(reader.configuration_basis.as_slice())
        .bind(reader.configuration.as_slice())
        .bind(reader.certificate.as_slice())
        .bind(i64::from(reader.certificate_not_after.0))
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
        Ok(ReaderRow {
            id: ReaderId(number(self.id, "reader id")?),
            name: self.name,
            public_key: octets(&self.public_key, "reader key")?,
            presence: Presence::from_name(&self.presence).ok_or(StoreError::Corrupt("presence"))?,
            output: serde_json::from_str(&self.output).map_err(|_| StoreError::Corrupt("output format"))?,
            certificate: self.certificate,
            certificate_not_after: time(self.certificate_not_after)?,
            configuration_version: number(self.configuration_version, "configuration version")?,
            configuration_basis: octets(&self.configuration_basis, "configuration basis")?,
            configuration: self.configuration,
            is_revoked: self.revoked_at.is_some(),
        })
    }
}
