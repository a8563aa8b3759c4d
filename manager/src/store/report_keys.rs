//! The key that readers report to.

use super::rows::octets;
use super::{StoreError, Transaction};
use crate::domain::{ProjectId, UnixTime};

/// A report key; its private half is sealed.
pub(crate) struct ReportKeyRow {
    pub(crate) public_key: [u8; 33],
    pub(crate) sealed_private_key: Vec<u8>,
}

impl Transaction {
    /// The report key of a project, if one was made.
    pub(crate) async fn report_key(
        &mut self,
        project: ProjectId,
    ) -> Result<Option<ReportKeyRow>, StoreError> {
        let row: Option<(Vec<u8>, Vec<u8>)> = self
            .query("SELECT public_key, sealed_private_key FROM report_keys WHERE project = $1")
            .bind(project.0.as_slice())
            .fetch_optional()
            .await?;
        row.map(|(public_key, sealed_private_key)| {
            Ok(ReportKeyRow { public_key: octets(&public_key, "report key")?, sealed_private_key })
        })
        .transpose()
    }

    /// Keeps the report key of a project that has none.
    pub(crate) async fn insert_report_key(
        &mut self,
        project: ProjectId,
        key: &ReportKeyRow,
        now: UnixTime,
    ) -> Result<(), StoreError> {
        self.query(
            "INSERT INTO report_keys (project, public_key, sealed_private_key, created_at) VALUES ($1, $2, $3, $4)",
        )
        .bind(project.0.as_slice())
        .bind(key.public_key.as_slice())
        .bind(key.sealed_private_key.as_slice())
        .bind(i64::from(now.0))
        .execute()
        .await?;
        Ok(())
    }
}
