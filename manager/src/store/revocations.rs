//! Revocation lists.

use super::rows::number;
use super::{StoreError, Transaction};
use crate::domain::{ProjectId, ReaderId, Serial, UnixTime};

impl Transaction {
    /// Serials that were revoked and have not expired, ascending.
    pub(crate) async fn revoked_serials(
        &mut self,
        project: ProjectId,
        now: UnixTime,
    ) -> Result<Vec<Serial>, StoreError> {
        let rows: Vec<(i64,)> = self.query(
            "SELECT serial FROM credentials WHERE project = $1 AND revoked_at IS NOT NULL AND not_after > $2 \
                 UNION SELECT serial FROM carried_revocations WHERE project = $1 AND until > $2 \
             ORDER BY serial",
        )
        .bind(project.0.as_slice())
        .bind(i64::from(now.0))
        .fetch_all()
        .await?;
        rows.into_iter().map(|(serial,)| number(serial, "serial").map(Serial)).collect()
    }

    /// Readers that were revoked and whose certificates have not expired, ascending.
    pub(crate) async fn revoked_readers(
        &mut self,
        project: ProjectId,
        now: UnixTime,
    ) -> Result<Vec<ReaderId>, StoreError> {
        let rows: Vec<(i64,)> = self.query(
            "SELECT id FROM readers WHERE project = $1 AND revoked_at IS NOT NULL AND certificate_not_after > $2 \
             ORDER BY id",
        )
        .bind(project.0.as_slice())
        .bind(i64::from(now.0))
        .fetch_all()
        .await?;
        rows.into_iter().map(|(id,)| number(id, "reader id").map(ReaderId)).collect()
    }

    pub(crate) async fn insert_revocation_list(
        &mut self,
        project: ProjectId,
        version: u32,
        octets: &[u8],
        now: UnixTime,
    ) -> Result<(), StoreError> {
        self.query(
            "INSERT INTO revocation_lists (project, version, issued_at, octets) VALUES ($1, $2, $3, $4)",
        )
        .bind(project.0.as_slice())
        .bind(i64::from(version))
        .bind(i64::from(now.0))
        .bind(octets)
        .execute()
        .await?;
        Ok(())
    }

    /// The newest list: its version and octets.
    pub(crate) async fn revocation_list(
        &mut self,
        project: ProjectId,
    ) -> Result<Option<(u32, Vec<u8>)>, StoreError> {
        let row: Option<(i64, Vec<u8>)> = self.query(
            "SELECT version, octets FROM revocation_lists WHERE project = $1 ORDER BY version DESC LIMIT 1",
        )
        .bind(project.0.as_slice())
        .fetch_optional()
        .await?;
        row.map(|(version, octets)| Ok((number(version, "list version")?, octets))).transpose()
    }
}
