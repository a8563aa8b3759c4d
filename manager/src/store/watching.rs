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

    /// Forgets all but the newest revocation lists.
    pub(crate) async fn forget_lists(&mut self, project: ProjectId, kept: u32) -> Result<(), StoreError> {
        self.query(
            "DELETE FROM revocation_lists WHERE project = $1 AND version <= \
             (SELECT list_version FROM projects WHERE id = $1) - $2",
        )
        .bind(project.0.as_slice())
        .bind(i64::from(kept))
        .execute()
        .await?;
        Ok(())
    }

    /// Forgets import plans that were made before a time.
    pub(crate) async fn forget_plans(
        &mut self,
        project: ProjectId,
        before: UnixTime,
    ) -> Result<(), StoreError> {
        for statement in [
            "DELETE FROM plan_users WHERE project = $1 AND plan IN \
             (SELECT id FROM plans WHERE project = $1 AND created_at < $2)",
            "DELETE FROM plan_steps WHERE project = $1 AND plan IN \
             (SELECT id FROM plans WHERE project = $1 AND created_at < $2)",
            "DELETE FROM plans WHERE project = $1 AND created_at < $2",
        ] {
            self.query(statement).bind(project.0.as_slice()).bind(i64::from(before.0)).execute().await?;
        }
        Ok(())
    }
}
