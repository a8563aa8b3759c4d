//! Challenges, as hashes.

use uuid::Uuid;

use super::rows::octets;
use super::{StoreError, Transaction};
use crate::domain::{ProjectId, UnixTime};

/// Challenges that one invitation or device may have at a time; the oldest give way.
const CHALLENGES_MAX: i64 = 8;

/// What a challenge was given for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    Activation,
    Reset,
}

/// What became of a challenge that has not expired.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Challenge {
    /// It waits for an answer.
    Fresh,
    /// The answer was wrong.
    Spent,
    /// The device whose key has this hash answered it well.
    Answered([u8; 32]),
}

impl Purpose {
    const fn name(self) -> &'static str {
        match self {
            Self::Activation => "activation",
            Self::Reset => "reset",
        }
    }
}

impl Transaction {
    /// Keeps a challenge, and only the newest few of its subject.
    pub(crate) async fn insert_challenge(
        &mut self,
        project: ProjectId,
        hash: &[u8; 32],
        purpose: Purpose,
        subject: Uuid,
        expires_at: UnixTime,
    ) -> Result<(), StoreError> {
        self.query(
            "DELETE FROM challenges WHERE project = $1 AND subject = $2 AND hash NOT IN (SELECT hash FROM challenges \
             WHERE project = $1 AND subject = $2 ORDER BY expires_at DESC, hash LIMIT $3)",
        )
        .bind(project.0.as_slice())
        .bind(subject)
        .bind(CHALLENGES_MAX.saturating_sub(1))
        .execute()
        .await?;
        self.query(
            "INSERT INTO challenges (project, hash, purpose, subject, expires_at) VALUES ($1, $2, $3, $4, $5)",
        )
        .bind(project.0.as_slice())
        .bind(hash.as_slice())
        .bind(purpose.name())
        .bind(subject)
        .bind(i64::from(expires_at.0))
        .execute()
        .await?;
        Ok(())
    }

    /// What became of a challenge; `None` if it was not given for this, or has expired.
    pub(crate) async fn challenge(
        &mut self,
        project: ProjectId,
        hash: &[u8; 32],
        purpose: Purpose,
        subject: Uuid,
        now: UnixTime,
    ) -> Result<Option<Challenge>, StoreError> {
        let row: Option<(i64, Option<Vec<u8>>)> = self
            .query(
                "SELECT spent, answered_by FROM challenges \
             WHERE project = $1 AND hash = $2 AND purpose = $3 AND subject = $4 AND expires_at > $5",
            )
            .bind(project.0.as_slice())
            .bind(hash.as_slice())
            .bind(purpose.name())
            .bind(subject)
            .bind(i64::from(now.0))
            .fetch_optional()
            .await?;
        let Some((spent, answered_by)) = row else { return Ok(None) };
        Ok(Some(match answered_by {
            Some(key_hash) => Challenge::Answered(octets(&key_hash, "challenge")?),
            None if spent != 0 => Challenge::Spent,
            None => Challenge::Fresh,
        }))
    }

    /// Uses a fresh challenge up, in favour of a key if it was answered well; `false` when it is not fresh.
    pub(crate) async fn spend_challenge(
        &mut self,
        project: ProjectId,
        hash: &[u8; 32],
        answered_by: Option<&[u8; 32]>,
    ) -> Result<bool, StoreError> {
        let done = self.query(
            "UPDATE challenges SET spent = 1, answered_by = $3 WHERE project = $1 AND hash = $2 AND spent = 0",
        )
        .bind(project.0.as_slice())
        .bind(hash.as_slice())
        .bind(answered_by.map(|hash| hash.as_slice()))
        .execute()
        .await?;
        Ok(done == 1)
    }

    /// Forgets challenges that have expired.
    pub(crate) async fn forget_challenges(
        &mut self,
        project: ProjectId,
        now: UnixTime,
    ) -> Result<(), StoreError> {
        self.query("DELETE FROM challenges WHERE project = $1 AND expires_at <= $2")
            .bind(project.0.as_slice())
            .bind(i64::from(now.0))
            .execute()
            .await?;
        Ok(())
    }
}
