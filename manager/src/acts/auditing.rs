//! Reading and verifying the audit log.

use crate::domain::{AuditBreak, AuditEntry, chain_start, verify_chain};
use crate::error::Error;
use crate::manager::Manager;

/// Rows that are read and verified at a time.
const PAGE: u32 = 1000;

impl Manager {
    /// Up to `limit` rows of the audit log that follow the row `after`.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn audit_log(&self, after: u64, limit: u32) -> Result<Vec<AuditEntry>, Error> {
        let mut tx = self.read().await?;
        Ok(tx.audit_entries(self.project_id(), after, limit.min(PAGE)).await?)
    }

    /// Verifies the whole audit log: the number of rows, or where it does not hold.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn verify_audit(&self) -> Result<Result<u64, AuditBreak>, Error> {
        let project = self.project_id();
        let mut tx = self.read().await?;
        let (expected, head) = tx.audit_head(project).await?;
        let mut place = (0, chain_start(project));
        loop {
            let entries = tx.audit_entries(project, place.0, PAGE).await?;
            if entries.is_empty() {
                break;
            }
            match verify_chain(place, &entries) {
                Ok(next) => place = next,
                Err(broken) => return Ok(Err(broken)),
            }
        }
        if place != (expected, head) {
            return Ok(Err(AuditBreak::Length { expected, found: place.0 }));
        }
        Ok(Ok(expected))
    }
}
