//! Many renewals in one transaction, since the disk takes as long for one as for all of them.

use std::collections::{HashMap, HashSet};
use std::mem;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;
use uuid::Uuid;

use super::Proven;
use crate::acts::DeviceAnswer;
use crate::domain::{Serial, UnixTime, User};
use crate::error::{Error, Refusal};
use crate::issuing;
use crate::manager::Manager;
use crate::store::{Answered, CredentialRow, Device, StoreError};

/// Renewals of one transaction at most.
const BATCH: usize = 64;

/// Renewals that wait for their turn. Those that come while a transaction is under way share the next.
#[derive(Debug, Default)]
pub(crate) struct RenewalQueue(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    waiting: Vec<Waiting>,
    /// Tasks that perform what waits.
    performers: usize,
}

#[derive(Debug)]
struct Waiting {
    renewal: Proven,
    answer: oneshot::Sender<Result<DeviceAnswer, Error>>,
}

/// One less performs when this is dropped, however it ends.
struct Performing<'a>(&'a RenewalQueue);

impl Manager {
    /// Renews together with whoever else renews now.
    pub(super) async fn renew_among_others(&self, renewal: Proven) -> Result<DeviceAnswer, Error> {
        let (answer, answered) = oneshot::channel();
        if self.renewals().push(Waiting { renewal, answer }, self.batches_at_once()) {
            let manager = self.clone();
            tokio::spawn(async move { manager.perform().await });
        }
        answered.await.map_err(|_| Error::Stopping)?
    }

    async fn perform(&self) {
        let performing = Performing(self.renewals());
        while let Some(batch) = performing.0.take() {
            self.perform_batch(batch).await;
        }
        mem::forget(performing);
    }

    async fn perform_batch(&self, batch: Vec<Waiting>) {
        let renewals: Vec<Proven> = batch.iter().map(|waiting| waiting.renewal.clone()).collect();
        let outcomes = match self.renew_together(&renewals).await {
            Ok(outcomes) => outcomes,
            // Alone, none of them would find the database, or room in it, either.
            Err(Error::Store(
                error @ (StoreError::Unreachable(_) | StoreError::Unavailable(_) | StoreError::Full),
            )) => {
                for Waiting { answer, .. } in batch {
                    let _gone = answer.send(Err(StoreError::Unreachable(error.to_string()).into()));
                }
                return;
            }
            // One that cannot be written must not take the others with it.
            Err(error) => {
                tracing::warn!(%error, renewals = renewals.len(), "renewals are done one by one");
                renewals.iter().map(|_| None).collect()
            }
        };
        for (Waiting { renewal, answer }, outcome) in batch.into_iter().zip(outcomes) {
            let outcome = match outcome {
                Some(done) => Ok(done),
                None => self.renew_alone(&renewal).await,
            };
            // Whoever does not wait any more asks again with the same challenge.
            let _gone = answer.send(outcome);
        }
    }

    /// Renews whatever is a plain case; `None` for what has to be looked at by itself.
    async fn renew_together(&self, renewals: &[Proven]) -> Result<Vec<Option<DeviceAnswer>>, Error> {
        let project = self.project_id();
        let mut serials = self.serials(renewals.len()).await?;
        let mut tx = self.write_beside().await?;
        let mut ids: Vec<Uuid> = renewals.iter().map(|renewal| renewal.device).collect();
        // Everybody locks in the same order.
        ids.sort_unstable();
        ids.dedup();
        let devices = tx.renewable_devices(project, &ids).await?;
        let devices: HashMap<Uuid, Device> = devices.into_iter().map(|device| (device.id, device)).collect();
        let with_card = tx.devices_with_card(project, &ids).await?;
        let marks: Vec<_> = renewals.iter().map(|renewal| renewal.mark).collect();
        let answered = tx.answered(project, &marks).await?;
        let mut used: HashSet<_> = answered.into_iter().map(|answered| answered.mark).collect();
        let list = tx.revocation_list(project).await?.map(|(_, octets)| octets);

        let (mut outcomes, mut rows, mut marks) = (Vec::new(), Vec::new(), Vec::new());
        for renewal in renewals {
            // A card that comes with the answer is looked up by itself.
            let is_plain = renewal.holds && !with_card.contains(&renewal.device);
            let device = devices.get(&renewal.device).filter(|_| is_plain);
            let Some(device) = device.filter(|_| used.insert(renewal.mark)) else {
                outcomes.push(None);
                continue;
            };
            let user = tx.user(project, device.user, self.now()).await?.ok_or(Refusal::UserUnknown)?;
            let serial = serials.next().ok_or(StoreError::Corrupt("serial"))?;
            let credential = self.sign_credential(Serial(serial), device, &user, None).await?;
            marks.push(Answered { mark: renewal.mark, device: device.id, serial: Some(credential.serial) });
            outcomes.push(Some(self.answer_with(user, &credential, list.clone()).await?));
            rows.push(credential);
        }
        if !rows.is_empty() {
            tx.insert_credentials(project, &rows).await?;
            tx.insert_answered(project, &marks).await?;
            tx.commit().await?;
        }
        Ok(outcomes)
    }

    /// Signs a credential without keeping it; it ends no later than `end`.
    pub(in crate::acts) async fn sign_credential(
        &self,
        serial: Serial,
        device: &Device,
        user: &User,
        end: Option<UnixTime>,
    ) -> Result<CredentialRow, Error> {
        let mut validity = issuing::validity(self.now(), self.project().credential_life_s);
        validity.not_after = end.map_or(validity.not_after, |end| end.min(validity.not_after));
        let (issuer, user_id) = (self.issuer(), &user.person.user_id);
        let octets = issuer.credential(serial, validity, &device.public_key, user_id).await?;
        let (not_before, not_after) = (validity.not_before, validity.not_after);
        Ok(CredentialRow { serial, device: device.id, not_before, not_after, issued_at: self.now(), octets })
    }
}

impl RenewalQueue {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether somebody has to be sent to perform it.
    fn push(&self, waiting: Waiting, performers_max: usize) -> bool {
        let mut state = self.state();
        state.waiting.push(waiting);
        let is_needed = state.performers < performers_max;
        state.performers = state.performers.saturating_add(usize::from(is_needed));
        is_needed
    }

    /// What waits; when nothing does, whoever asked performs no more.
    fn take(&self) -> Option<Vec<Waiting>> {
        let mut state = self.state();
        if state.waiting.is_empty() {
            state.performers = state.performers.saturating_sub(1);
            return None;
        }
        let count = state.waiting.len().min(BATCH);
        Some(state.waiting.drain(..count).collect())
    }
}

impl Drop for Performing<'_> {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.performers = state.performers.saturating_sub(1);
    }
}
