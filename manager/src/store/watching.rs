//! What an operator's tools ask of the database.

use super::rows::{number, time};
use super::{Store, StoreError, Transaction};
use crate::domain::{ProjectId, UnixTime};

impl Store {
    /// Measures the connections.
    pub(crate) fn measure(&self) {
        for (pool, state) in [(&self.writer, "write"), (&self.readers, "read")] {
            let open = f64::from(pool.size());
            let idle = f64::from(u32::try_from(pool.num_idle()).unwrap_or(u32::MAX));
            metrics::gauge!("ostiary_database_connections", "pool" => state, "state" => "open").set(open);
            metrics::gauge!("ostiary_database_connections", "pool" => state, "state" => "idle").set(idle);
        }
    }
}

impl Transaction {
    /// Writes a row as it is, to see that it can be written.
    pub(crate) async fn probe(&mut self, project: ProjectId) -> Result<(), StoreError> {
        sqlx::query("UPDATE projects SET list_version = list_version WHERE id = $1")
            .bind(project.0.as_slice())
            .execute(&mut *self.0)
            .await?;
        Ok(())
    }

    /// Version and time of issue of the newest revocation list.
    pub(crate) async fn revocation_list_issue(
        &mut self,
        project: ProjectId,
    ) -> Result<Option<(u32, UnixTime)>, StoreError> {
        let row: Option<(i64, i64)> = sqlx::query_as(
            "SELECT version, issued_at FROM revocation_lists WHERE project = $1 ORDER BY version DESC LIMIT 1",
        )
        .bind(project.0.as_slice())
        .fetch_optional(&mut *self.0)
        .await?;
        row.map(|(version, issued)| Ok((number(version, "list version")?, time(issued)?))).transpose()
    }
}
