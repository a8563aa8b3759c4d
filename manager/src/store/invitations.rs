//! Invitations: those of users, and those to cards alone.

use uuid::Uuid;

use super::rows::{octets, time};
use super::{StoreError, Transaction};
use crate::domain::{Invitation, InvitationState, ProjectId, UnixTime};

/// Whose invitations are meant, each kind in a table of its own: they hang on different things, and are told apart by
/// nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Holders {
    /// Those of users.
    Users,
    /// Those to a card alone; the card is the `user`.
    Cards,
}

/// A statement about the invitations of these holders: what stands before the table, and behind it.
macro_rules! of {
    ($holders:expr, $before:literal, $behind:literal) => {
        match $holders {
            $crate::store::Holders::Users => concat!($before, "invitations", $behind),
            $crate::store::Holders::Cards => concat!($before, "card_invitations", $behind),
        }
    };
}

pub(super) use of;

#[derive(sqlx::FromRow)]
pub(super) struct InvitationRow {
    id: Uuid,
    holder: Uuid,
    state: String,
    expires_at: i64,
    redeemed_at: Option<i64>,
    key_hash: Option<Vec<u8>>,
    device: Option<Uuid>,
}

impl Transaction {
    pub(crate) async fn insert_invitation(
        &mut self,
        holders: Holders,
        project: ProjectId,
        secret_hash: &[u8; 32],
        invitation: &Invitation,
        now: UnixTime,
    ) -> Result<(), StoreError> {
        self.query(of!(
            holders,
            "INSERT INTO ",
            " (project, secret_hash, id, holder, state, created_at, expires_at) \
             VALUES ($1, $2, $3, $4, 'open', $5, $6)"
        ))
        .bind(project.0.as_slice())
        .bind(secret_hash.as_slice())
        .bind(invitation.id)
        .bind(invitation.user)
        .bind(i64::from(now.0))
        .bind(i64::from(invitation.expires_at.0))
        .execute()
        .await?;
        Ok(())
    }

    pub(crate) async fn invitation(
        &mut self,
        holders: Holders,
        project: ProjectId,
        secret_hash: &[u8; 32],
    ) -> Result<Option<Invitation>, StoreError> {
        let row: Option<InvitationRow> = self
            .query(of!(
                holders,
                "SELECT id, holder, state, expires_at, redeemed_at, key_hash, device FROM ",
                " \
             WHERE project = $1 AND secret_hash = $2"
            ))
            .bind(project.0.as_slice())
            .bind(secret_hash.as_slice())
            .fetch_optional()
            .await?;
        row.map(InvitationRow::into_invitation).transpose()
    }

    /// Voids the open invitation of a user, and those that were redeemed, so that nobody gets their answer again.
    pub(crate) async fn void_invitations(
        &mut self,
        holders: Holders,
        project: ProjectId,
        user: Uuid,
    ) -> Result<(), StoreError> {
        self.query(of!(
            holders,
            "UPDATE ",
            " SET state = 'void', sealed_secret = NULL WHERE project = $1 AND holder = $2 AND state <> 'void'"
        ))
        .bind(project.0.as_slice())
        .bind(user)
        .execute()
        .await?;
        Ok(())
    }

    /// Voids the open invitation of a user; whoever redeemed one still gets its answer again.
    pub(crate) async fn void_open_invitation(
        &mut self,
        project: ProjectId,
        user: Uuid,
    ) -> Result<(), StoreError> {
        self.query(
            "UPDATE invitations SET state = 'void' WHERE project = $1 AND holder = $2 AND state = 'open'",
        )
        .bind(project.0.as_slice())
        .bind(user)
        .execute()
        .await?;
        Ok(())
    }

    /// Notes when a phone first asked for a challenge with an invitation.
    pub(crate) async fn invitation_opened(
        &mut self,
        holders: Holders,
        project: ProjectId,
        secret_hash: &[u8; 32],
        now: UnixTime,
    ) -> Result<(), StoreError> {
        self.query(of!(
            holders,
            "UPDATE ",
            " SET opened_at = $3 WHERE project = $1 AND secret_hash = $2 AND opened_at IS NULL"
        ))
        .bind(project.0.as_slice())
        .bind(secret_hash.as_slice())
        .bind(i64::from(now.0))
        .execute()
        .await?;
        Ok(())
    }

    /// Counts a wrong answer to an open invitation and voids it at the last one; whether that was the last one.
    pub(crate) async fn count_wrong_answer(
        &mut self,
        holders: Holders,
        project: ProjectId,
        secret_hash: &[u8; 32],
        most: u32,
    ) -> Result<bool, StoreError> {
        let row: Option<(String,)> = self
            .query(of!(
                holders,
                "UPDATE ",
                " SET wrong_answers = wrong_answers + 1, \
             state = CASE WHEN wrong_answers + 1 >= $3 THEN 'void' ELSE state END, \
             sealed_secret = CASE WHEN wrong_answers + 1 >= $3 THEN NULL ELSE sealed_secret END \
             WHERE project = $1 AND secret_hash = $2 AND state = 'open' RETURNING state"
            ))
            .bind(project.0.as_slice())
            .bind(secret_hash.as_slice())
            .bind(i64::from(most))
            .fetch_optional()
            .await?;
        Ok(row.is_some_and(|(state,)| state == "void"))
    }

    /// Binds an open invitation to a device; `false` when it is no longer open.
    pub(crate) async fn redeem_invitation(
        &mut self,
        holders: Holders,
        project: ProjectId,
        secret_hash: &[u8; 32],
        key_hash: &[u8; 32],
        device: Uuid,
        now: UnixTime,
    ) -> Result<bool, StoreError> {
        let done = self
            .query(of!(
                holders,
                "UPDATE ",
                " SET state = 'redeemed', sealed_secret = NULL, key_hash = $3, device = $4, redeemed_at = $5 \
             WHERE project = $1 AND secret_hash = $2 AND state = 'open'"
            ))
            .bind(project.0.as_slice())
            .bind(secret_hash.as_slice())
            .bind(key_hash.as_slice())
            .bind(device)
            .bind(i64::from(now.0))
            .execute()
            .await?;
        Ok(done == 1)
    }
}

impl InvitationRow {
    pub(super) fn into_invitation(self) -> Result<Invitation, StoreError> {
        const CORRUPT: StoreError = StoreError::Corrupt("invitation");
        let state = match self.state.as_str() {
            "open" => InvitationState::Open,
            "void" => InvitationState::Void,
            "redeemed" => InvitationState::Redeemed {
                at: time(self.redeemed_at.ok_or(CORRUPT)?)?,
                key_hash: octets(&self.key_hash.ok_or(CORRUPT)?, "invitation")?,
                device: self.device.ok_or(CORRUPT)?,
            },
            _ => return Err(CORRUPT),
        };
        Ok(Invitation { id: self.id, user: self.holder, state, expires_at: time(self.expires_at)? })
    }
}
