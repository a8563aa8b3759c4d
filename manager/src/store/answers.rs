//! Answers that were given under an idempotency key.

use super::rows::octets;
use super::{StoreError, Transaction};
use crate::domain::{ProjectId, UnixTime};

impl Transaction {
    /// The request that was answered under the key after `since`, by its hash, and the sealed answer.
    pub(crate) async fn given_answer(
        &mut self,
        project: ProjectId,
        key_hash: &[u8; 32],
        since: UnixTime,
    ) -> Result<Option<([u8; 32], Vec<u8>)>, StoreError> {
        let row: Option<(Vec<u8>, Vec<u8>)> = self
            .query(
                "SELECT request_hash, sealed FROM given_answers \
                 WHERE project = $1 AND key_hash = $2 AND created_at > $3",
            )
            .bind(project.0.as_slice())
            .bind(key_hash.as_slice())
            .bind(i64::from(since.0))
            .fetch_optional()
            .await?;
        row.map(|(request, sealed)| Ok((octets(&request, "hash of a request")?, sealed))).transpose()
    }

    /// Keeps an answer in place of one under the same key that was given at `since` or before.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] if there is a newer one, which whoever has locked the project looked for before.
    pub(crate) async fn keep_answer(
        &mut self,
        project: ProjectId,
        key_hash: &[u8; 32],
        request_hash: &[u8; 32],
        sealed: &[u8],
        since: UnixTime,
        now: UnixTime,
    ) -> Result<(), StoreError> {
        let kept = self
            .query(
                "INSERT INTO given_answers (project, key_hash, request_hash, sealed, created_at) \
                 VALUES ($1, $2, $3, $4, $5) \
                 ON CONFLICT (project, key_hash) DO UPDATE SET request_hash = excluded.request_hash, \
                 sealed = excluded.sealed, created_at = excluded.created_at WHERE given_answers.created_at <= $6",
            )
            .bind(project.0.as_slice())
            .bind(key_hash.as_slice())
            .bind(request_hash.as_slice())
            .bind(sealed)
            .bind(i64::from(now.0))
            .bind(i64::from(since.0))
            .execute()
            .await?;
        if kept == 1 { Ok(()) } else { Err(StoreError::Corrupt("second answer to one request")) }
    }

    /// Forgets answers that were given at `since` or before.
    pub(crate) async fn forget_answers(
        &mut self,
        project: ProjectId,
        since: UnixTime,
    ) -> Result<(), StoreError> {
        self.query("DELETE FROM given_answers WHERE project = $1 AND created_at <= $2")
            .bind(project.0.as_slice())
            .bind(i64::from(since.0))
            .execute()
            .await?;
        Ok(())
    }
}
