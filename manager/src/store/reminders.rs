//! Invitations whose holders are to be reminded, or told that they are over.
//!
//! Each question is a range of an index that has only those rows in it which can still become due.

use uuid::Uuid;

use super::invitations::of;
use super::rows::time;
use super::{Holders, StoreError, Transaction};
use crate::domain::{PendingInvitation, ProjectId, Reminder, ReminderSettings, UnixTime};

/// An invitation that waits, and whose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct WaitingInvitation {
    pub(crate) id: Uuid,
    /// The user whom it is for, or the card.
    pub(crate) user: Uuid,
    pub(crate) pending: PendingInvitation,
}

pub(super) type WaitingColumns = (Uuid, Uuid, i64, i64, Option<i64>, i64);

impl Transaction {
    /// Up to `limit` invitations whose holders are to be reminded now.
    pub(crate) async fn due_reminders(
        &mut self,
        holders: Holders,
        project: ProjectId,
        settings: ReminderSettings,
        now: UnixTime,
        limit: u32,
    ) -> Result<Vec<WaitingInvitation>, StoreError> {
        let mut found: Vec<WaitingColumns> = Vec::new();
        if let Some(before) = settings.before_expiry_s() {
            found = self
                .query(
                    of!(holders, "SELECT id, holder, created_at, expires_at, reminded_at, end_told FROM ", " \
                     WHERE project = $1 AND state = 'open' AND end_told = 0 AND over_at IS NULL AND expires_at > $2 \
                     AND expires_at <= $2 + $3 AND created_at < expires_at - $3 ORDER BY expires_at LIMIT $4"),
                )
                .bind(project.0.as_slice())
                .bind(i64::from(now.0))
                .bind(i64::from(before))
                .bind(i64::from(limit))
                .fetch_all()
                .await?;
        }
        let left = i64::from(limit).saturating_sub(i64::try_from(found.len()).unwrap_or(i64::MAX));
        if let Some(after) = settings.after_s().filter(|_| left > 0) {
            let waiting: Vec<WaitingColumns> = self
                .query(
                    of!(holders, "SELECT id, holder, created_at, expires_at, reminded_at, end_told FROM ", " \
                     WHERE project = $1 AND state = 'open' AND reminded_at IS NULL AND end_told = 0 \
                     AND over_at IS NULL AND created_at <= $2 - $3 AND expires_at > $2 ORDER BY created_at LIMIT $4"),
                )
                .bind(project.0.as_slice())
                .bind(i64::from(now.0))
                .bind(i64::from(after))
                .bind(left)
                .fetch_all()
                .await?;
            let known: Vec<Uuid> = found.iter().map(|row| row.0).collect();
            found.extend(waiting.into_iter().filter(|row| !known.contains(&row.0)));
        }
        found.into_iter().map(waiting).collect()
    }

    /// Notes of what the holder of an open invitation was reminded.
    pub(crate) async fn note_reminder(
        &mut self,
        holders: Holders,
        project: ProjectId,
        invitation: &WaitingInvitation,
        reminder: Reminder,
        now: UnixTime,
    ) -> Result<(), StoreError> {
        let end_told = i64::from(reminder == Reminder::EndsSoon);
        self.query(of!(
            holders,
            "UPDATE ",
            " SET reminded_at = $4, end_told = $5 \
             WHERE project = $1 AND holder = $2 AND id = $3 AND state = 'open'"
        ))
        .bind(project.0.as_slice())
        .bind(invitation.user)
        .bind(invitation.id)
        .bind(i64::from(now.0))
        .bind(end_told)
        .execute()
        .await?;
        Ok(())
    }

    /// Up to `limit` invitations that have expired unused, of which that was not noted yet.
    pub(crate) async fn expired_invitations(
        &mut self,
        holders: Holders,
        project: ProjectId,
        now: UnixTime,
        limit: u32,
    ) -> Result<Vec<WaitingInvitation>, StoreError> {
        let found: Vec<WaitingColumns> = self
            .query(of!(
                holders,
                "SELECT id, holder, created_at, expires_at, reminded_at, end_told FROM ",
                " \
                 WHERE project = $1 AND state = 'open' AND over_at IS NULL AND expires_at <= $2 \
                 ORDER BY expires_at LIMIT $3"
            ))
            .bind(project.0.as_slice())
            .bind(i64::from(now.0))
            .bind(i64::from(limit))
            .fetch_all()
            .await?;
        found.into_iter().map(waiting).collect()
    }

    /// Notes that an open invitation has expired unused.
    pub(crate) async fn note_expiry(
        &mut self,
        holders: Holders,
        project: ProjectId,
        invitation: &WaitingInvitation,
        now: UnixTime,
    ) -> Result<(), StoreError> {
        self.query(of!(
            holders,
            "UPDATE ",
            " SET over_at = $4 WHERE project = $1 AND holder = $2 AND id = $3 AND state = 'open'"
        ))
        .bind(project.0.as_slice())
        .bind(invitation.user)
        .bind(invitation.id)
        .bind(i64::from(now.0))
        .execute()
        .await?;
        Ok(())
    }
}

pub(super) fn waiting(
    (id, user, created_at, expires_at, reminded_at, end_told): WaitingColumns,
) -> Result<WaitingInvitation, StoreError> {
    let pending = PendingInvitation {
        created_at: time(created_at)?,
        expires_at: time(expires_at)?,
        reminded_at: reminded_at.map(time).transpose()?,
        end_told: end_told != 0,
    };
    Ok(WaitingInvitation { id, user, pending })
}
