//! Looking for entries of the audit log.

use super::audit::Columns;
use super::{StoreError, Transaction};
use crate::acts::AuditFilter;
use crate::domain::{AuditEntry, ProjectId};

impl Transaction {
    /// Up to `limit` rows that follow the row `after` and that the filter wants.
    pub(crate) async fn audit_search(
        &mut self,
        project: ProjectId,
        filter: &AuditFilter,
        after: u64,
        limit: u32,
    ) -> Result<Vec<AuditEntry>, StoreError> {
        let text = |wanted: &Option<String>| wanted.clone().unwrap_or_default();
        let rows: Vec<Columns> = self
            .query(
                "SELECT sequence, time, actor, act, subject, detail, previous, hash FROM audit \
                 WHERE project = $1 AND sequence > $2 AND ($3 = '' OR act = $3) AND ($4 = '' OR actor = $4) \
                 AND ($5 = '' OR subject = $5) AND time >= $6 AND time < $7 ORDER BY sequence LIMIT $8",
            )
            .bind(project.0.as_slice())
            .bind(i64::try_from(after).unwrap_or(i64::MAX))
            .bind(text(&filter.act))
            .bind(text(&filter.actor))
            .bind(text(&filter.subject))
            .bind(filter.since.map_or(0, |time| i64::from(time.0)))
            .bind(filter.until.map_or(i64::MAX, |time| i64::from(time.0)))
            .bind(i64::from(limit))
            .fetch_all()
            .await?;
        rows.into_iter().map(Columns::into_entry).collect()
    }
}
