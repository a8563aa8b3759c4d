//! Invitations to cards as mail needs them, and cards that end.
//!
//! As for the invitations of users, each question is a range of an index.

use uuid::Uuid;

use super::reminders::{WaitingColumns, WaitingInvitation, waiting};
use super::rows::time;
use super::{MailableInvitation, StoreError, Transaction};
use crate::domain::{ProjectId, Reminder, ReminderSettings, UnixTime};

impl Transaction {
    /// Keeps the sealed secret of an invitation to a card.
    pub(crate) async fn keep_card_invitation_secret(
        &mut self,
        project: ProjectId,
        secret_hash: &[u8; 32],
        sealed: &[u8],
    ) -> Result<(), StoreError> {
        self.query("UPDATE card_invitations SET sealed_secret = $3 WHERE project = $1 AND secret_hash = $2")
            .bind(project.0.as_slice())
            .bind(secret_hash.as_slice())
            .bind(sealed)
            .execute()
            .await?;
        Ok(())
    }

    /// The open invitation to a card, if its secret was kept.
    pub(crate) async fn mailable_card_invitation(
        &mut self,
        project: ProjectId,
        card: Uuid,
    ) -> Result<Option<MailableInvitation>, StoreError> {
        let row: Option<(Uuid, Vec<u8>, i64)> = self
            .query(
                "SELECT id, sealed_secret, expires_at FROM card_invitations \
                 WHERE project = $1 AND card = $2 AND state = 'open' AND sealed_secret IS NOT NULL",
            )
            .bind(project.0.as_slice())
            .bind(card)
            .fetch_optional()
            .await?;
        row.map(|(id, sealed_secret, expires_at)| {
            Ok(MailableInvitation { id, sealed_secret, expires_at: time(expires_at)? })
        })
        .transpose()
    }

    /// Forgets the secrets of invitations to cards that nobody can redeem any more.
    pub(crate) async fn forget_card_invitation_secrets(
        &mut self,
        project: ProjectId,
        now: UnixTime,
    ) -> Result<(), StoreError> {
        self.query(
            "UPDATE card_invitations SET sealed_secret = NULL WHERE project = $1 AND sealed_secret IS NOT NULL \
             AND (expires_at <= $2 OR state <> 'open')",
        )
        .bind(project.0.as_slice())
        .bind(i64::from(now.0))
        .execute()
        .await?;
        Ok(())
    }

    /// As [`Transaction::due_reminders`]; the card is the `user`.
    pub(crate) async fn due_card_reminders(
        &mut self,
        project: ProjectId,
        settings: ReminderSettings,
        now: UnixTime,
        limit: u32,
    ) -> Result<Vec<WaitingInvitation>, StoreError> {
        let mut found: Vec<WaitingColumns> = Vec::new();
        if let Some(before) = settings.before_expiry_s() {
            found = self
                .query(
                    "SELECT id, card, created_at, expires_at, reminded_at, end_told FROM card_invitations \
                     WHERE project = $1 AND state = 'open' AND end_told = 0 AND over_at IS NULL AND expires_at > $2 \
                     AND expires_at <= $2 + $3 AND created_at < expires_at - $3 ORDER BY expires_at LIMIT $4",
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
                    "SELECT id, card, created_at, expires_at, reminded_at, end_told FROM card_invitations \
                     WHERE project = $1 AND state = 'open' AND reminded_at IS NULL AND end_told = 0 \
                     AND over_at IS NULL AND created_at <= $2 - $3 AND expires_at > $2 ORDER BY created_at LIMIT $4",
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

    /// As [`Transaction::note_reminder`].
    pub(crate) async fn note_card_reminder(
        &mut self,
        project: ProjectId,
        invitation: &WaitingInvitation,
        reminder: Reminder,
        now: UnixTime,
    ) -> Result<(), StoreError> {
        self.query(
            "UPDATE card_invitations SET reminded_at = $4, end_told = $5 \
             WHERE project = $1 AND card = $2 AND id = $3 AND state = 'open'",
        )
        .bind(project.0.as_slice())
        .bind(invitation.user)
        .bind(invitation.id)
        .bind(i64::from(now.0))
        .bind(i64::from(reminder == Reminder::EndsSoon))
        .execute()
        .await?;
        Ok(())
    }

    /// As [`Transaction::expired_invitations`].
    pub(crate) async fn expired_card_invitations(
        &mut self,
        project: ProjectId,
        now: UnixTime,
        limit: u32,
    ) -> Result<Vec<WaitingInvitation>, StoreError> {
        let found: Vec<WaitingColumns> = self
            .query(
                "SELECT id, card, created_at, expires_at, reminded_at, end_told FROM card_invitations \
                 WHERE project = $1 AND state = 'open' AND over_at IS NULL AND expires_at <= $2 \
                 ORDER BY expires_at LIMIT $3",
            )
            .bind(project.0.as_slice())
            .bind(i64::from(now.0))
            .bind(i64::from(limit))
            .fetch_all()
            .await?;
        found.into_iter().map(waiting).collect()
    }

    /// As [`Transaction::note_expiry`].
    pub(crate) async fn note_card_invitation_expiry(
        &mut self,
        project: ProjectId,
        invitation: &WaitingInvitation,
        now: UnixTime,
    ) -> Result<(), StoreError> {
        self.query(
            "UPDATE card_invitations SET over_at = $4 \
             WHERE project = $1 AND card = $2 AND id = $3 AND state = 'open'",
        )
        .bind(project.0.as_slice())
        .bind(invitation.user)
        .bind(invitation.id)
        .bind(i64::from(now.0))
        .execute()
        .await?;
        Ok(())
    }

    /// Up to `limit` cards on phones that end within `before_s` and were installed before that, of whose end the holders
    /// were not told yet.
    pub(crate) async fn ending_cards(
        &mut self,
        project: ProjectId,
        before_s: u32,
        now: UnixTime,
        limit: u32,
    ) -> Result<Vec<Uuid>, StoreError> {
        let rows: Vec<(Uuid,)> = self
            .query(
                "SELECT id FROM cards WHERE project = $1 AND status = 'active' AND expires_at > $2 \
                 AND expires_at <= $2 + $3 AND installed_at < expires_at - $3 \
                 AND (near_told IS NULL OR near_told <> expires_at) ORDER BY expires_at LIMIT $4",
            )
            .bind(project.0.as_slice())
            .bind(i64::from(now.0))
            .bind(i64::from(before_s))
            .bind(i64::from(limit))
            .fetch_all()
            .await?;
        Ok(rows.into_iter().map(|(id,)| id).collect())
    }

    /// Up to `limit` cards on phones that have ended since `since`, of which the holders were not told yet.
    pub(crate) async fn ended_cards(
        &mut self,
        project: ProjectId,
        since: UnixTime,
        now: UnixTime,
        limit: u32,
    ) -> Result<Vec<Uuid>, StoreError> {
        let rows: Vec<(Uuid,)> = self
            .query(
                "SELECT id FROM cards WHERE project = $1 AND status = 'active' AND expires_at > $2 \
                 AND expires_at <= $3 AND (over_told IS NULL OR over_told <> expires_at) \
                 ORDER BY expires_at LIMIT $4",
            )
            .bind(project.0.as_slice())
            .bind(i64::from(since.0))
            .bind(i64::from(now.0))
            .bind(i64::from(limit))
            .fetch_all()
            .await?;
        Ok(rows.into_iter().map(|(id,)| id).collect())
    }

    /// Notes that the holder of a card was told of its end: that it is near, or over.
    pub(crate) async fn note_card_end(
        &mut self,
        project: ProjectId,
        card: Uuid,
        is_over: bool,
    ) -> Result<(), StoreError> {
        let text = if is_over {
            "UPDATE cards SET over_told = expires_at WHERE project = $1 AND id = $2"
        } else {
            "UPDATE cards SET near_told = expires_at WHERE project = $1 AND id = $2"
        };
        self.query(text).bind(project.0.as_slice()).bind(card).execute().await?;
        Ok(())
    }
}
