//! Secrets of open invitations, sealed, for as long as they may have to be mailed.

use uuid::Uuid;

use super::invitations::of;
use super::rows::time;
use super::{Holders, StoreError, Transaction};
use crate::domain::{ProjectId, UnixTime};

/// An invitation that is open, as its mail needs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct MailableInvitation {
    pub(crate) id: Uuid,
    pub(crate) sealed_secret: Vec<u8>,
    pub(crate) expires_at: UnixTime,
}

impl Transaction {
    /// Keeps the sealed secret of an invitation.
    pub(crate) async fn keep_invitation_secret(
        &mut self,
        holders: Holders,
        project: ProjectId,
        secret_hash: &[u8; 32],
        sealed: &[u8],
    ) -> Result<(), StoreError> {
        self.query(of!(
            holders,
            "UPDATE ",
            " SET sealed_secret = $3 WHERE project = $1 AND secret_hash = $2"
        ))
        .bind(project.0.as_slice())
        .bind(secret_hash.as_slice())
        .bind(sealed)
        .execute()
        .await?;
        Ok(())
    }

    /// The open invitation of a user, if its secret was kept.
    pub(crate) async fn mailable_invitation(
        &mut self,
        holders: Holders,
        project: ProjectId,
        user: Uuid,
    ) -> Result<Option<MailableInvitation>, StoreError> {
        let row: Option<(Uuid, Vec<u8>, i64)> = self
            .query(of!(
                holders,
                "SELECT id, sealed_secret, expires_at FROM ",
                " \
                 WHERE project = $1 AND holder = $2 AND state = 'open' AND sealed_secret IS NOT NULL"
            ))
            .bind(project.0.as_slice())
            .bind(user)
            .fetch_optional()
            .await?;
        row.map(|(id, sealed_secret, expires_at)| {
            Ok(MailableInvitation { id, sealed_secret, expires_at: time(expires_at)? })
        })
        .transpose()
    }

    /// Forgets the secrets of invitations that nobody can redeem any more.
    pub(crate) async fn forget_invitation_secrets(
        &mut self,
        holders: Holders,
        project: ProjectId,
        now: UnixTime,
    ) -> Result<(), StoreError> {
        self.query(of!(
            holders,
            "UPDATE ",
            " SET sealed_secret = NULL WHERE project = $1 AND sealed_secret IS NOT NULL \
             AND (expires_at <= $2 OR state <> 'open')"
        ))
        .bind(project.0.as_slice())
        .bind(i64::from(now.0))
        .execute()
        .await?;
        Ok(())
    }
}
