//! Renewal: a new credential for a device that proves its key.
//!
//! Spec: docs/ACTIVATION.md#renewal

use uuid::Uuid;

use super::{ChallengeGiven, DeviceAnswer};
use crate::domain::UserStatus;
use crate::error::{Error, Refusal};
use crate::manager::Manager;
use crate::proof::{self, CHALLENGE_OCTETS};
use crate::store::{Challenge, Device, Purpose, Transaction};

impl Manager {
    /// Gives a challenge to a device, also to one that was revoked: it learns so once it has proved its key.
    ///
    /// # Errors
    /// [`Refusal::DeviceUnknown`].
    pub async fn renewal_challenge(&self, device: Uuid) -> Result<ChallengeGiven, Error> {
        if self.read().await?.device(self.project_id(), device).await?.is_none() {
            return Err(Refusal::DeviceUnknown.into());
        }
        self.give_challenge(Purpose::Renewal, device).await
    }

    /// Gives a new credential, with a new serial, to a device that proves its key.
    ///
    /// The same answer to the same challenge gets the same credential again.
    ///
    /// # Errors
    /// [`Refusal::DeviceUnknown`], [`Refusal::ChallengeUnknown`], [`Refusal::ProofInvalid`],
    /// [`Refusal::DeviceRevoked`], [`Refusal::UserSuspended`].
    pub async fn renew(
        &self,
        device: Uuid,
        challenge: &[u8; CHALLENGE_OCTETS],
        signature: &[u8; 64],
    ) -> Result<DeviceAnswer, Error> {
        let project = self.project_id();
        let hash = proof::hash(challenge);
        let mut tx = self.read().await?;
        let device = tx.device(project, device).await?.ok_or(Refusal::DeviceUnknown)?;
        self.admit_renewal(&mut tx, &device, &hash).await?;
        drop(tx);
        let proven = proof::renewal_holds(challenge, &device.public_key, signature);

        let mut tx = self.write().await?;
        let state = self.admit_renewal(&mut tx, &device, &hash).await?;
        if !proven {
            tx.spend_challenge(project, &hash, None).await?;
            tx.commit().await?;
            return Err(Refusal::ProofInvalid.into());
        }
        if state == Challenge::Fresh {
            tx.spend_challenge(project, &hash, Some(&proof::hash(&device.public_key))).await?;
        }
        let answer = self.renew_proven(&mut tx, device.id, state).await;
        // A refusal is kept as well: the challenge is used, and a device that learned of its end is known to have.
        if matches!(answer, Ok(_) | Err(Error::Refused(_))) {
            tx.commit().await?;
        }
        if answer.is_ok() {
            metrics::counter!("ostiary_renewals_total").increment(1);
        }
        answer
    }

    async fn admit_renewal(
        &self,
        tx: &mut Transaction,
        device: &Device,
        hash: &[u8; 32],
    ) -> Result<Challenge, Error> {
        let challenge =
            tx.challenge(self.project_id(), hash, Purpose::Renewal, device.id, self.now()).await?;
        match challenge {
            Some(challenge @ (Challenge::Fresh | Challenge::Answered(_))) => Ok(challenge),
            Some(Challenge::Spent) | None => Err(Refusal::ChallengeUnknown.into()),
        }
    }

    async fn renew_proven(
        &self,
        tx: &mut Transaction,
        device: Uuid,
        state: Challenge,
    ) -> Result<DeviceAnswer, Error> {
        let (project, now) = (self.project_id(), self.now());
        let device = tx.device(project, device).await?.ok_or(Refusal::DeviceUnknown)?;
        let user = tx.user(project, device.user, now).await?.ok_or(Refusal::UserUnknown)?;
        // Until the import can no longer be undone, the phone is to keep its key, as in a suspension.
        if !user.status.is_present() && self.is_restorable(tx, user.id).await? {
            return Err(Refusal::UserSuspended.into());
        }
        if device.is_revoked || !user.status.is_present() {
            self.device_knows(tx, &device).await?;
            return Err(Refusal::DeviceRevoked.into());
        }
        if user.status != UserStatus::Active {
            tx.device_told(project, device.id, now).await?;
            return Err(Refusal::UserSuspended.into());
        }
        let credential = match state {
            Challenge::Answered(_) => tx.newest_credential(project, device.id).await?,
            _ => None,
        };
        let credential = match credential {
            Some(credential) => credential,
            None => self.issue_credential(tx, &device, &user).await?,
        };
        self.answer(tx, credential).await
    }
}
