//! Phones that have only a card, and photos.

use uuid::Uuid;

use super::rows::octets;
use super::{Device, StoreError, Transaction};
use crate::domain::{ProjectId, UnixTime};

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
    /// Voids every invitation to a card but the one that this phone redeemed, which may ask for its answer again.
    pub(crate) async fn void_card_invitations_but(
        &mut self,
        project: ProjectId,
        card: Uuid,
        device: Uuid,
    ) -> Result<(), StoreError> {
        self.query(
            "UPDATE card_invitations SET state = 'void', sealed_secret = NULL \
             WHERE project = $1 AND holder = $2 AND state <> 'void' \
             AND (device IS NULL OR device <> $3)",
        )
        .bind(project.0.as_slice())
        .bind(card)
        .bind(device)
        .execute()
        .await?;
        Ok(())
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
