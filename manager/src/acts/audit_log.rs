//! Searching the audit log, and verifying it against a head that was kept elsewhere.

use crate::domain::{AuditBreak, AuditEntry, UnixTime, chain_start, verify_chain};
use crate::error::Error;
use crate::manager::Manager;

/// Rows that are read at a time.
const PAGE: u32 = 1000;

/// Which entries of the audit log are wanted; what is `None` does not matter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// The name of the act, such as `user_invited`.
    pub act: Option<String>,
    /// Who acted, as it stands in the log.
    pub actor: Option<String>,
    /// To whom or what, as it stands in the log.
    pub subject: Option<String>,
    /// The first second.
    pub since: Option<UnixTime>,
    /// The first second that is too late.
    pub until: Option<UnixTime>,
}

impl Manager {
    /// Up to `limit` entries that follow the entry `after` and that the filter wants.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn audit_entries(
        &self,
        filter: &AuditFilter,
        after: u64,
        limit: u32,
    ) -> Result<Vec<AuditEntry>, Error> {
        let mut tx = self.read().await?;
        Ok(tx.audit_search(self.project_id(), filter, after, limit.min(PAGE)).await?)
    }

    /// The place of the last entry, 0 while there is none.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn audit_length(&self) -> Result<u64, Error> {
        Ok(self.read().await?.audit_head(self.project_id()).await?.0)
    }

    /// Verifies the whole audit log: its last entry and the hash of that, or where it does not hold.
    ///
    /// `expected` is an entry and its hash as an earlier verification gave them: it has to stand in the log.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn verify_audit_from(
        &self,
        expected: Option<(u64, [u8; 32])>,
    ) -> Result<Result<(u64, [u8; 32]), AuditBreak>, Error> {
        let project = self.project_id();
        let mut tx = self.read().await?;
        let head = tx.audit_head(project).await?;
        let mut place = (0, chain_start(project));
        let mut is_missing = expected.filter(|expected| *expected != place);
        loop {
            let entries = tx.audit_entries(project, place.0, PAGE).await?;
            if entries.is_empty() {
                break;
            }
            match verify_chain(place, &entries) {
                Ok(next) => place = next,
                Err(broken) => return Ok(Err(broken)),
            }
            is_missing = is_missing.filter(|(sequence, hash)| {
                !entries.iter().any(|entry| entry.sequence == *sequence && entry.hash == *hash)
            });
        }
        if place != head {
            return Ok(Err(AuditBreak::Length { expected: head.0, found: place.0 }));
        }
        Ok(match is_missing {
            Some((sequence, _)) => Err(AuditBreak::Head(sequence)),
            None => Ok(head),
        })
    }
}
