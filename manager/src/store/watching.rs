//! What an operator's tools ask of the database.

use super::rows::{number, time};
use super::{Backend, Store, StoreError, Transaction};
use crate::domain::{ProjectId, UnixTime};

impl Store {
    /// Measures the connections.
    pub(crate) fn measure(&self) {
        let pools = match &self.0 {
            Backend::Sqlite(database) => database.connections(),
            Backend::Postgres(server) => server.connections(),
        };
        for (pool, open, idle) in pools {
            let idle = u32::try_from(idle).unwrap_or(u32::MAX);
            for (state, count) in [("open", open), ("idle", idle)] {
                metrics::gauge!("ostiary_database_connections", "pool" => pool, "state" => state)
                    .set(f64::from(count));
            }
        }
    }
}

impl Transaction {
    /// Writes a row as it is, to see that it can be written.
    pub(crate) async fn probe(&mut self, project: ProjectId) -> Result<(), StoreError> {
        self.query("UPDATE projects SET list_version = list_version WHERE id = $1")
            .bind(project.0.as_slice())
            .execute()
            .await?;
        Ok(())
    }

    /// Version and time of issue of the newest revocation list.
    pub(crate) async fn revocation_list_issue(
        &mut self,
        project: ProjectId,
    ) -> Result<Option<(u32, UnixTime)>, StoreError> {
        let row: Option<(i64, i64)> = self
            .query(
                "SELECT version, issued_at FROM revocation_lists WHERE project = $1 ORDER BY version DESC LIMIT 1",
            )
            .bind(project.0.as_slice())
            .fetch_optional()
            .await?;
        row.map(|(version, issued)| Ok((number(version, "list version")?, time(issued)?))).transpose()
    }
}
