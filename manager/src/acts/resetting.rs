//! Reset: the holder, or an administrator for the holder, starts over.
//!
//! Spec: docs/ACTIVATION.md#reset

use uuid::Uuid;

use super::{ChallengeGiven, Revocation};
use crate::domain::{Act, Actor, Turn};
use crate::error::{Error, Refusal};
use crate::manager::{DeviceKey, Manager};
use crate::proof::{self, CHALLENGE_OCTETS};
use crate::store::{Challenge, Purpose, Transaction};

impl Manager {
    /// Gives a challenge for a reset to a device, also to one that was revoked.
    ///
    /// # Errors
    /// [`Refusal::DeviceUnknown`].
    pub async fn reset_challenge(&self, device: Uuid) -> Result<ChallengeGiven, Error> {
        self.device_key(device).await?;
        self.give_challenge(Purpose::Reset, device).await
    }

    /// Takes note that the holder has reset the app: the device, which proves its key, is revoked for good.
    ///
    /// Done again, or for a device that was revoked before, it changes nothing and succeeds.
    ///
    /// # Errors
    /// [`Refusal::DeviceUnknown`], [`Refusal::ChallengeUnknown`], [`Refusal::ProofInvalid`].
    pub async fn reset_device(
        &self,
        device: Uuid,
        challenge: &[u8; CHALLENGE_OCTETS],
        signature: &[u8; 64],
    ) -> Result<(), Error> {
        let project = self.project_id();
        let hash = proof::hash(challenge);
        let DeviceKey { public_key, is_card } = self.device_key(device).await?;
        let mut tx = self.read().await?;
        self.reset_admitted(&mut tx, device, &hash).await?;
        drop(tx);
        let proven = proof::reset_holds(challenge, &public_key, signature);

        let mut tx = self.write().await?;
        let state = self.reset_admitted(&mut tx, device, &hash).await?;
        if !proven {
            tx.spend_challenge(project, &hash, None).await?;
            tx.commit().await?;
            return Err(Refusal::ProofInvalid.into());
        }
        if state == Challenge::Fresh {
            tx.spend_challenge(project, &hash, Some(&proof::hash(&public_key))).await?;
        }
        match is_card {
            true => self.reset_card(&mut tx, device).await?,
            false => self.reset_proven(&mut tx, device).await?,
        }
        tx.commit().await?;
        Ok(())
    }

    /// Makes the holder start over: the phone of an active user is revoked, and the user waits for a new invitation.
    ///
    /// # Errors
    /// [`Refusal::UserUnknown`], [`Refusal::UserDeleted`], [`Refusal::UserSuspended`], [`Refusal::UserStatus`] unless
    /// the user is active.
    pub async fn reset_user(&self, actor: Actor, user: Uuid) -> Result<Revocation, Error> {
        let (project, now) = (self.project_id(), self.now());
        let mut tx = self.write().await?;
        let (_, next) = self.turn(&mut tx, user, Turn::ResetByAdministrator).await?;
        let revocation = self.revoke(&mut tx, user).await?;
        tx.set_user_status(project, user, next, now).await?;
        tx.roster_changed(project).await?;
        let detail = format!("list {}", revocation.list_version);
        tx.record(project, now, actor, Act::UserReset, user.to_string(), detail).await?;
        tx.commit().await?;
        Ok(revocation)
    }

    async fn reset_admitted(
        &self,
        tx: &mut Transaction,
        device: Uuid,
        hash: &[u8; 32],
    ) -> Result<Challenge, Error> {
        match tx.challenge(self.project_id(), hash, Purpose::Reset, device, self.now()).await? {
            Some(challenge @ (Challenge::Fresh | Challenge::Answered(_))) => Ok(challenge),
            Some(Challenge::Spent) | None => Err(Refusal::ChallengeUnknown.into()),
        }
    }

    async fn reset_proven(&self, tx: &mut Transaction, device: Uuid) -> Result<(), Error> {
        let (project, now) = (self.project_id(), self.now());
        let actor = Actor::Device(device);
        let device = tx.device(project, device).await?.ok_or(Refusal::DeviceUnknown)?;
        if device.is_revoked {
            return self.device_knows(tx, &device).await;
        }
        let (old, next) = self.turn(tx, device.user, Turn::ResetByHolder).await?;
        let revocation = self.revoke(tx, device.user).await?;
        tx.device_told(project, device.id, now).await?;
        if next != old.status {
            tx.set_user_status(project, old.id, next, now).await?;
            tx.roster_changed(project).await?;
        }
        let detail = format!("list {}", revocation.list_version);
        tx.record(project, now, actor, Act::UserReset, old.id.to_string(), detail).await?;
        Ok(())
    }
}
