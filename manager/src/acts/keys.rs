//! Rotation of the issuer keys: a new one is known to readers and phones before it signs, and an old one is accepted
//! until what it signed has expired.

use std::sync::Arc;

use crate::domain::{
    Act, Actor, AlertKind, ISSUER_KEYS_MAX, KeyStanding, KeyState, UnixTime, next_index, to_base64url,
};
use crate::error::{Error, Refusal};
use crate::issuing::CLOCK_SKEW_S;
use crate::keyring::{self, blocking};
use crate::manager::Manager;
use crate::store::{IssuerKeyRow, Transaction};
use crate::vault::{Keeper, Unlock};

/// By how much a signature by the key before may come later than its end, in seconds: what was begun is finished.
const OVERRUN_S: u32 = 60;

impl Manager {
    /// Every issuer key that the project ever had, and what keeps each from its next state.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn issuer_key_list(&self) -> Result<Vec<KeyStanding>, Error> {
        let mut tx = self.read().await?;
        let mut standings = Vec::new();
        for key in tx.issuer_keys(self.project_id()).await? {
            standings.push(self.standing(&mut tx, &key).await?);
        }
        Ok(standings)
    }

    /// Makes a new issuer key, which readers get with their next configuration and phones with their next renewal.
    ///
    /// # Errors
    /// [`Refusal::KeysFull`] while four keys are accepted, [`Error::Vault`] when no key can be made.
    pub async fn rotate_issuer_key(&self, actor: Actor) -> Result<KeyStanding, Error> {
        let (project, now) = (self.project_id(), self.now());
        let mut tx = self.write().await?;
        let rows = tx.issuer_keys(project).await?;
        if rows.iter().filter(|row| row.state.is_accepted()).count() >= ISSUER_KEYS_MAX {
            return Err(Refusal::KeysFull.into());
        }
        let taken: Vec<u8> = rows.iter().map(|row| row.index).collect();
        let index = next_index(&taken).ok_or(Refusal::KeysFull)?;
        let ring = tx.raise_ring(project).await?;
        let key = keyring::prepare(self.keeper(), project, index, now, ring).await?;
        tx.insert_issuer_key(project, &key).await?;
        self.finish(tx, actor, Act::IssuerKeyMade, &key).await
    }

    /// Lets a prepared key sign from now on, in place of the one that did.
    ///
    /// # Errors
    /// [`Refusal::KeyUnknown`], [`Refusal::KeyState`], and unless `forced` [`Refusal::KeyHeldUp`] while there are
    /// readers or phones that do not know the key.
    pub async fn activate_issuer_key(
        &self,
        actor: Actor,
        index: u8,
        forced: bool,
    ) -> Result<KeyStanding, Error> {
        let (project, now) = (self.project_id(), self.now());
        let mut tx = self.write().await?;
        let mut key = self.key_in_state(&mut tx, index, KeyState::Prepared).await?;
        self.refuse_held_up(&mut tx, &key, forced).await?;
        let ring = tx.raise_ring(project).await?;
        let rows = tx.issuer_keys(project).await?;
        if let Some(mut before) = rows.into_iter().find(|row| row.state == KeyState::Active) {
            before.state = KeyState::Retiring;
            (before.deactivated_at, before.deactivated_ring) = (Some(now), Some(ring));
            tx.update_issuer_key(project, &before).await?;
        }
        (key.state, key.activated_at) = (KeyState::Active, Some(now));
        tx.update_issuer_key(project, &key).await?;
        let subject = format!("issuer key {}", key.index);
        self.raise_alert(&mut tx, AlertKind::IssuerKeyRotated, &subject, "it signs now").await?;
        let standing = self.finish(tx, actor, Act::IssuerKeyActivated, &key).await?;
        let mut tx = self.write().await?;
        if tx.revocation_list(project).await?.is_some() {
            // Nobody should need the old key for the newest list.
            self.publish_list(&mut tx).await?;
            tx.commit().await?;
        }
        Ok(standing)
    }

    /// Ends the acceptance of a key: of one that was prepared and not used, or of one that signs no more.
    ///
    /// # Errors
    /// [`Refusal::KeyUnknown`], [`Refusal::KeyState`], and unless `forced` [`Refusal::KeyHeldUp`] while something that
    /// it signed is in force.
    pub async fn retire_issuer_key(
        &self,
        actor: Actor,
        index: u8,
        forced: bool,
    ) -> Result<KeyStanding, Error> {
        let (project, now) = (self.project_id(), self.now());
        let mut tx = self.write().await?;
        let rows = tx.issuer_keys(project).await?;
        let mut key = rows.into_iter().find(|row| row.index == index).ok_or(Refusal::KeyUnknown)?;
        match key.state {
            KeyState::Prepared => {}
            KeyState::Retiring => self.refuse_held_up(&mut tx, &key, forced).await?,
            KeyState::Active => return Err(Refusal::KeyState("retiring or prepared").into()),
            KeyState::Retired => return Err(Refusal::KeyState("in use").into()),
        }
        tx.raise_ring(project).await?;
        (key.state, key.retired_at, key.private_key) = (KeyState::Retired, Some(now), Vec::new());
        tx.update_issuer_key(project, &key).await?;
        self.finish(tx, actor, Act::IssuerKeyRetired, &key).await
    }

    /// Seals the issuer keys of all projects of the installation under another passphrase or key file. Processes that
    /// run go on; they start with the new one.
    ///
    /// # Errors
    /// [`Error::Vault`] when the keys are in a token, or the new passphrase or key file cannot be used.
    pub async fn reseal_issuer_keys(&self, actor: Actor, unlock: &Unlock) -> Result<(), Error> {
        let mut resealed = Vec::new();
        for project in self.projects().await? {
            let unlock = unlock.clone();
            let (keeper, row) = blocking(move || Keeper::create(&unlock)).await?;
            resealed.push((self.of_project(project.id).await?, Arc::new(keeper), row));
        }
        let mut tx = self.write().await?;
        for (manager, keeper, row) in resealed {
            let (project, now) = (manager.project_id(), manager.now());
            for mut key in tx.issuer_keys(project).await? {
                if key.state.is_accepted() {
                    key.private_key =
                        manager.keeper().reseal(project, key.index, &key.private_key, &keeper)?;
                    tx.update_issuer_key(project, &key).await?;
                }
            }
            let sealed = manager.keeper().reseal_data_key(project, &tx.data_key(project).await?, &keeper)?;
            tx.put_data_key(project, &sealed).await?;
            tx.update_vault(project, &row).await?;
            tx.record(project, now, actor, Act::IssuerKeysResealed, String::new(), row.kind).await?;
        }
        tx.commit().await?;
        Ok(())
    }

    async fn finish(
        &self,
        mut tx: Transaction,
        actor: Actor,
        act: Act,
        key: &IssuerKeyRow,
    ) -> Result<KeyStanding, Error> {
        let subject = format!("issuer key {}", key.index);
        tx.record(self.project_id(), self.now(), actor, act, subject, String::new()).await?;
        tx.commit().await?;
        let mut tx = self.read().await?;
        self.standing(&mut tx, key).await
    }

    async fn key_in_state(
        &self,
        tx: &mut Transaction,
        index: u8,
        state: KeyState,
    ) -> Result<IssuerKeyRow, Error> {
        let rows = tx.issuer_keys(self.project_id()).await?;
        let key = rows.into_iter().find(|row| row.index == index).ok_or(Refusal::KeyUnknown)?;
        if key.state == state { Ok(key) } else { Err(Refusal::KeyState(state.name()).into()) }
    }

    async fn refuse_held_up(
        &self,
        tx: &mut Transaction,
        key: &IssuerKeyRow,
        forced: bool,
    ) -> Result<(), Error> {
        match self.standing(tx, key).await?.held_up_by() {
            Some(why) if !forced => Err(Refusal::KeyHeldUp(why).into()),
            _ => Ok(()),
        }
    }

    async fn standing(&self, tx: &mut Transaction, key: &IssuerKeyRow) -> Result<KeyStanding, Error> {
        let (project, now) = (self.project_id(), self.now());
        let earlier = |time: UnixTime, seconds: u32| UnixTime(time.0.saturating_sub(seconds));
        let (readers, phones) = match (key.state, key.deactivated_at, key.deactivated_ring) {
            (KeyState::Prepared, ..) => (
                tx.readers_behind(project, key.created_ring, now).await?,
                tx.devices_not_renewed(project, earlier(key.created_at, CLOCK_SKEW_S), now).await?,
            ),
            (KeyState::Retiring, Some(ended_at), Some(ring)) => (
                tx.readers_behind(project, ring, now).await?,
                tx.devices_of_old(project, earlier(ended_at, CLOCK_SKEW_S.saturating_sub(OVERRUN_S)), now)
                    .await?,
            ),
            _ => (Vec::new(), (0, None)),
        };
        Ok(KeyStanding {
            index: key.index,
            state: key.state,
            public_key: to_base64url(&key.public_key),
            in_token: key.in_token,
            created_at: key.created_at,
            activated_at: key.activated_at,
            deactivated_at: key.deactivated_at,
            retired_at: key.retired_at,
            readers_behind: readers.into_iter().map(|reader| reader.0).collect(),
            phones_behind: phones.0,
            phones_until: phones.1,
        })
    }
}
