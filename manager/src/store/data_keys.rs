//! The sealed key of a project's secrets beside its issuer keys.

use super::{StoreError, Transaction};
use crate::domain::ProjectId;

impl Transaction {
    pub(crate) async fn data_key(&mut self, project: ProjectId) -> Result<Vec<u8>, StoreError> {
        let row: Option<(Vec<u8>,)> = self
            .query("SELECT sealed FROM data_keys WHERE project = $1")
            .bind(project.0.as_slice())
            .fetch_optional()
            .await?;
        row.map(|(key,)| key).ok_or(StoreError::Corrupt("key of a vault"))
    }

    pub(crate) async fn put_data_key(&mut self, project: ProjectId, sealed: &[u8]) -> Result<(), StoreError> {
        self.query("INSERT INTO data_keys (project, sealed) VALUES ($1, $2) ON CONFLICT (project) DO UPDATE SET sealed = $2")
            .bind(project.0.as_slice())
            .bind(sealed)
            .execute()
            .await?;
        Ok(())
    }
}
