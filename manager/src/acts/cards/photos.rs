//! Photos of cards.

use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::domain::{Act, Actor, Card, CardStatus, PhotoRule};
use crate::error::{Error, Refusal};
use crate::manager::Manager;
use crate::photo::{PHOTO_OCTETS_MAX, PhotoError, prepare};
use crate::store::{CardRow, PhotoPlace, Transaction};

impl Manager {
    /// Sets the photo of a card, in place of one that the holder sent and that waits, too.
    ///
    /// # Errors
    /// [`Refusal::CardUnknown`], [`Refusal::CardArchived`], [`Refusal::CardInvalid`] for a template without photos,
    /// [`Refusal::PhotoRefused`].
    pub async fn set_card_photo(&self, actor: Actor, id: Uuid, octets: Vec<u8>) -> Result<Card, Error> {
        let photo = self.prepared(octets, PHOTO_OCTETS_MAX).await?;
        let photo = photo.map_err(|error| Refusal::PhotoRefused(error.to_string()))?;
        let (project, now) = (self.project_id(), self.now());
        let mut tx = self.write().await?;
        let mut row = self.card_with_photo(&mut tx, id).await?;
        let hash: [u8; 32] = Sha256::digest(&photo).into();
        tx.keep_photo(project, (id, PhotoPlace::Shown), (&hash, &photo), now).await?;
        tx.forget_photo(project, id, PhotoPlace::Waiting).await?;
        row.shown.photo.refused = false;
        self.photo_changed(&mut tx, actor, row, Act::CardPhotoSet).await?;
        tx.commit().await?;
        self.card(id).await
    }

    /// Takes the photo of a card away.
    ///
    /// # Errors
    /// [`Refusal::CardUnknown`], [`Refusal::CardArchived`], [`Refusal::PhotoUnknown`].
    pub async fn remove_card_photo(&self, actor: Actor, id: Uuid) -> Result<Card, Error> {
        let mut tx = self.write().await?;
        let row = self.card_with_photo(&mut tx, id).await?;
        if !tx.forget_photo(self.project_id(), id, PhotoPlace::Shown).await? {
            return Err(Refusal::PhotoUnknown.into());
        }
        self.photo_changed(&mut tx, actor, row, Act::CardPhotoSet).await?;
        tx.commit().await?;
        self.card(id).await
    }

    /// The photo of a card, a JPEG: the one that is shown, or the one that waits for approval.
    ///
    /// # Errors
    /// [`Refusal::CardUnknown`], [`Refusal::PhotoUnknown`].
    pub async fn card_photo(&self, id: Uuid, waiting: bool) -> Result<Vec<u8>, Error> {
        let mut tx = self.read().await?;
        self.known_card(&mut tx, id).await?;
        let place = if waiting { PhotoPlace::Waiting } else { PhotoPlace::Shown };
        Ok(tx.photo(self.project_id(), id, place).await?.ok_or(Refusal::PhotoUnknown)?)
    }

    /// Approves or refuses the photo that the holder sent; the phone learns so when it renews.
    ///
    /// # Errors
    /// [`Refusal::CardUnknown`], [`Refusal::CardArchived`], [`Refusal::PhotoUnknown`] if none waits.
    pub async fn judge_card_photo(&self, actor: Actor, id: Uuid, approved: bool) -> Result<Card, Error> {
        let project = self.project_id();
        let mut tx = self.write().await?;
        let mut row = self.card_with_photo(&mut tx, id).await?;
        let waited = match approved {
            true => tx.show_waiting_photo(project, id).await?,
            false => tx.forget_photo(project, id, PhotoPlace::Waiting).await?,
        };
        if !waited {
            return Err(Refusal::PhotoUnknown.into());
        }
        row.shown.photo.refused = !approved;
        let act = if approved { Act::CardPhotoApproved } else { Act::CardPhotoRefused };
        self.photo_changed(&mut tx, actor, row, act).await?;
        tx.commit().await?;
        self.card(id).await
    }

    /// Judges and prepares a photo, on a thread that may take its time.
    pub(in crate::acts) async fn prepared(
        &self,
        octets: Vec<u8>,
        octets_max: usize,
    ) -> Result<Result<Vec<u8>, PhotoError>, Error> {
        let prepared = tokio::task::spawn_blocking(move || prepare(&octets, octets_max));
        prepared.await.map_err(|_| Error::Stopping)
    }

    async fn card_with_photo(&self, tx: &mut Transaction, id: Uuid) -> Result<CardRow, Error> {
        let row = self.known_card(tx, id).await?;
        if row.shown.status == CardStatus::Archived {
            return Err(Refusal::CardArchived.into());
        }
        if row.design.photo.rule == PhotoRule::None {
            return Err(Refusal::CardInvalid("cards of this template have no photo".to_owned()).into());
        }
        Ok(row)
    }

    async fn photo_changed(
        &self,
        tx: &mut Transaction,
        actor: Actor,
        mut row: CardRow,
        act: Act,
    ) -> Result<(), Error> {
        let (project, now) = (self.project_id(), self.now());
        row.shown.updated_at = now;
        tx.update_card(project, &row).await?;
        Ok(tx.record(project, now, actor, act, row.shown.id.to_string(), String::new()).await?)
    }
}
