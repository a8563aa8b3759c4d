//! Invitations to a card alone, phones that have only a card, and photos.

use uuid::Uuid;

use super::invitations::InvitationRow;
use super::rows::octets;
use super::{Device, StoreError, Transaction};
use crate::domain::{Invitation, ProjectId, UnixTime};

/// Where a photo is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PhotoPlace {
    /// On the card.
    Shown,
    /// Waiting for approval.
    Waiting,
}

impl PhotoPlace {
    const fn name(self) -> &'static str {
        match self {
            Self::Shown => "shown",
            Self::Waiting => "waiting",
        }
    }
}

impl Transaction {
    /// Adds an invitation to a card, which is its `user`.
    pub(crate) async fn insert_card_invitation(
        &mut self,
        project: ProjectId,
        secret_hash: &[u8; 32],
        invitation: &Invitation,
        now: UnixTime,
    ) -> Result<(), StoreError> {
        self.query(
            "INSERT INTO card_invitations (project, secret_hash, id, card, state, created_at, expires_at) \
             VALUES ($1, $2, $3, $4, 'open', $5, $6)",
        )
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

    /// The invitation to a card, which is its `user`.
    pub(crate) async fn card_invitation(
        &mut self,
        project: ProjectId,
        secret_hash: &[u8; 32],
    ) -> Result<Option<Invitation>, StoreError> {
        let row: Option<InvitationRow> = self
            .query(
                "SELECT id, card AS holder, state, expires_at, redeemed_at, key_hash, device FROM card_invitations \
                 WHERE project = $1 AND secret_hash = $2",
            )
            .bind(project.0.as_slice())
            .bind(secret_hash.as_slice())
            .fetch_optional()
            .await?;
        row.map(InvitationRow::into_invitation).transpose()
    }

    /// Voids every invitation to a card.
    pub(crate) async fn void_card_invitations(
        &mut self,
        project: ProjectId,
        card: Uuid,
    ) -> Result<(), StoreError> {
        self.query(
            "UPDATE card_invitations SET state = 'void', sealed_secret = NULL \
             WHERE project = $1 AND card = $2 AND state <> 'void'",
        )
        .bind(project.0.as_slice())
        .bind(card)
        .execute()
        .await?;
        Ok(())
    }

    /// Voids every invitation to a card but the one that this phone redeemed, which may ask for its answer again.
    pub(crate) async fn void_card_invitations_but(
        &mut self,
        project: ProjectId,
        card: Uuid,
        device: Uuid,
    ) -> Result<(), StoreError> {
        self.query(
            "UPDATE card_invitations SET state = 'void', sealed_secret = NULL \
             WHERE project = $1 AND card = $2 AND state <> 'void' \
             AND (device IS NULL OR device <> $3)",
        )
        .bind(project.0.as_slice())
        .bind(card)
        .bind(device)
        .execute()
        .await?;
        Ok(())
    }

    /// As [`Transaction::invitation_opened`].
    pub(crate) async fn card_invitation_opened(
        &mut self,
        project: ProjectId,
        secret_hash: &[u8; 32],
        now: UnixTime,
    ) -> Result<(), StoreError> {
        self.query(
            "UPDATE card_invitations SET opened_at = $3 \
             WHERE project = $1 AND secret_hash = $2 AND opened_at IS NULL",
        )
        .bind(project.0.as_slice())
        .bind(secret_hash.as_slice())
        .bind(i64::from(now.0))
        .execute()
        .await?;
        Ok(())
    }

    /// As [`Transaction::count_wrong_answer`].
    pub(crate) async fn count_wrong_card_proof(
        &mut self,
        project: ProjectId,
        secret_hash: &[u8; 32],
        most: u32,
    ) -> Result<bool, StoreError> {
        let row: Option<(String,)> = self
            .query(
                "UPDATE card_invitations SET wrong_answers = wrong_answers + 1, \
                 state = CASE WHEN wrong_answers + 1 >= $3 THEN 'void' ELSE state END, \
                 sealed_secret = CASE WHEN wrong_answers + 1 >= $3 THEN NULL ELSE sealed_secret END \
                 WHERE project = $1 AND secret_hash = $2 AND state = 'open' RETURNING state",
            )
            .bind(project.0.as_slice())
            .bind(secret_hash.as_slice())
            .bind(i64::from(most))
            .fetch_optional()
            .await?;
        Ok(row.is_some_and(|(state,)| state == "void"))
    }

    /// As [`Transaction::redeem_invitation`].
    pub(crate) async fn redeem_card_invitation(
        &mut self,
        project: ProjectId,
        secret_hash: &[u8; 32],
        key_hash: &[u8; 32],
        device: Uuid,
        now: UnixTime,
    ) -> Result<bool, StoreError> {
        let done = self
            .query(
                "UPDATE card_invitations SET state = 'redeemed', sealed_secret = NULL, key_hash = $3, device = $4, redeemed_at = $5 \
                 WHERE project = $1 AND secret_hash = $2 AND state = 'open'",
            )
            .bind(project.0.as_slice())
            .bind(secret_hash.as_slice())
            .bind(key_hash.as_slice())
            .bind(device)
            .bind(i64::from(now.0))
            .execute()
            .await?;
        Ok(done == 1)
    }

    /// Adds a phone that has only a card, which is its `user`.
    pub(crate) async fn insert_card_device(
        &mut self,
        project: ProjectId,
        device: &Device,
        now: UnixTime,
    ) -> Result<(), StoreError> {
        self.query(
            "INSERT INTO card_devices (project, id, card, public_key, name, platform, created_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(project.0.as_slice())
        .bind(device.id)
        .bind(device.user)
        .bind(device.public_key.as_slice())
        .bind(&device.name)
        .bind(&device.platform)
        .bind(i64::from(now.0))
        .execute()
        .await?;
        Ok(())
    }

    /// The key of a phone that has, or had, only a card.
    pub(crate) async fn card_device_key(
        &mut self,
        project: ProjectId,
        device: Uuid,
    ) -> Result<Option<[u8; 33]>, StoreError> {
        let row: Option<(Vec<u8>,)> = self
            .query("SELECT public_key FROM card_devices WHERE project = $1 AND id = $2")
            .bind(project.0.as_slice())
            .bind(device)
            .fetch_optional()
            .await?;
        row.map(|(key,)| octets(&key, "device key")).transpose()
    }

    /// Keeps a photo in place of the one that is there.
    pub(crate) async fn keep_photo(
        &mut self,
        project: ProjectId,
        (card, place): (Uuid, PhotoPlace),
        (hash, octets): (&[u8; 32], &[u8]),
        now: UnixTime,
    ) -> Result<(), StoreError> {
        self.forget_photo(project, card, place).await?;
        self.query(
            "INSERT INTO card_photos (project, card, place, hash, octets, kept_at) VALUES ($1, $2, $3, $4, $5, $6)",
        )
        .bind(project.0.as_slice())
        .bind(card)
        .bind(place.name())
        .bind(hash.as_slice())
        .bind(octets)
        .bind(i64::from(now.0))
        .execute()
        .await?;
        Ok(())
    }

    /// Forgets a photo; whether there was one.
    pub(crate) async fn forget_photo(
        &mut self,
        project: ProjectId,
        card: Uuid,
        place: PhotoPlace,
    ) -> Result<bool, StoreError> {
        let gone = self
            .query("DELETE FROM card_photos WHERE project = $1 AND card = $2 AND place = $3")
            .bind(project.0.as_slice())
            .bind(card)
            .bind(place.name())
            .execute()
            .await?;
        Ok(gone > 0)
    }

    /// The octets of a photo.
    pub(crate) async fn photo(
        &mut self,
        project: ProjectId,
        card: Uuid,
        place: PhotoPlace,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let row: Option<(Vec<u8>,)> = self
            .query("SELECT octets FROM card_photos WHERE project = $1 AND card = $2 AND place = $3")
            .bind(project.0.as_slice())
            .bind(card)
            .bind(place.name())
            .fetch_optional()
            .await?;
        Ok(row.map(|(octets,)| octets))
    }

    /// Shows the photo that waits, in place of the one that is shown; whether there was one.
    pub(crate) async fn show_waiting_photo(
        &mut self,
        project: ProjectId,
        card: Uuid,
    ) -> Result<bool, StoreError> {
        self.query(
            "DELETE FROM card_photos WHERE project = $1 AND card = $2 AND place = 'shown' AND EXISTS \
             (SELECT 1 FROM card_photos w WHERE w.project = $1 AND w.card = $2 AND w.place = 'waiting')",
        )
        .bind(project.0.as_slice())
        .bind(card)
        .execute()
        .await?;
        let shown = self
            .query("UPDATE card_photos SET place = 'shown' WHERE project = $1 AND card = $2 AND place = 'waiting'")
            .bind(project.0.as_slice())
            .bind(card)
            .execute()
            .await?;
        Ok(shown > 0)
    }
}
