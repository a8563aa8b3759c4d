//! Renewal: a new credential for a device that proves its key.
//!
//! Spec: docs/ACTIVATION.md#renewal

mod batch;

use uuid::Uuid;

use super::activating::CHALLENGE_LIFE_S;
use super::{ChallengeGiven, DeviceAnswer};
use crate::challenge::Mark;
use crate::domain::{UserStatus, after};
use crate::error::{Error, Refusal};
use crate::manager::{DeviceKey, Manager};
use crate::proof::{self, CHALLENGE_OCTETS};
use crate::store::{Answered, CredentialRow, Transaction};
pub(crate) use batch::RenewalQueue;

/// A device's answer to a challenge that was given to it and has not expired.
#[derive(Clone, Debug)]
struct Proven {
    device: Uuid,
    mark: Mark,
    /// Whether the device proved its key.
    holds: bool,
}

impl Manager {
    /// Gives a challenge to a device, also to one that was revoked: it learns so once it has proved its key.
    ///
    /// # Errors
    /// [`Refusal::DeviceUnknown`].
    pub async fn renewal_challenge(&self, device: Uuid) -> Result<ChallengeGiven, Error> {
        self.device_key(device).await?;
        let expires_at = after(self.now(), CHALLENGE_LIFE_S);
        Ok(ChallengeGiven { challenge: self.challenge_secret().give(device, expires_at)?, expires_at })
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
        let DeviceKey { public_key, is_card } = self.device_key(device).await?;
        let expires_at = self.challenge_secret().expiry(device, challenge);
        if expires_at.is_none_or(|expires_at| expires_at <= self.now()) {
            return Err(Refusal::ChallengeUnknown.into());
        }
        let holds = proof::renewal_holds(challenge, &public_key, signature);
        let answer = match (is_card, holds) {
            (false, _) => {
                self.renew_among_others(Proven { device, mark: Mark::of(challenge), holds }).await?
            }
            (true, true) => self.renew_card(device).await?,
            (true, false) => return Err(Refusal::ProofInvalid.into()),
        };
        metrics::counter!("ostiary_renewals_total").increment(1);
        Ok(answer)
    }

    /// Renews while nobody else writes to the project: for whatever is not a plain case.
    async fn renew_alone(&self, renewal: &Proven) -> Result<DeviceAnswer, Error> {
        let project = self.project_id();
        let Proven { device, mark, holds } = *renewal;
        let mut tx = self.write().await?;
        let answered = tx.answered(project, &[mark]).await?.pop();
        let outcome = if holds {
            self.renew_proven(&mut tx, device, answered).await
        } else if answered.is_some_and(|answered| answered.serial.is_none()) {
            Err(Refusal::ChallengeUnknown.into())
        } else {
            Err(Refusal::ProofInvalid.into())
        };
        // A refusal is kept as well: the challenge is used, and a device that learned of its end is known to have.
        let (serial, answer) = match outcome {
            Ok(credential) => (Some(credential.serial), self.answer(&mut tx, credential).await),
            Err(Error::Refused(refusal)) => (None, Err(refusal.into())),
            Err(error) => return Err(error),
        };
        if answered.is_none() {
            tx.insert_answered(project, &[Answered { mark, device, serial }]).await?;
        }
        tx.commit().await?;
        answer
    }

    async fn renew_proven(
        &self,
        tx: &mut Transaction,
        device: Uuid,
        answered: Option<Answered>,
    ) -> Result<CredentialRow, Error> {
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
        match answered {
            None => self.issue_credential(tx, &device, &user).await,
            Some(Answered { serial: None, .. }) => Err(Refusal::ChallengeUnknown.into()),
            Some(Answered { serial: Some(serial), .. }) => match tx.credential(project, serial).await? {
                Some(credential) => Ok(credential),
                // Revoked by a suspension that is over.
                None => match tx.newest_credential(project, device.id).await? {
                    Some(credential) => Ok(credential),
                    None => self.issue_credential(tx, &device, &user).await,
                },
            },
        }
    }
}
