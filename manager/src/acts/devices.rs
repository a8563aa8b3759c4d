//! The phones of a user, and who knows of it when one of them is revoked.

use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::domain::{Actor, ReaderId, UnixTime};
use crate::error::{Error, Refusal};
use crate::manager::Manager;
use crate::store::{Device, DeviceState, ReaderKnowledge, Transaction};

/// A phone that redeemed an invitation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct DeviceSummary {
    /// Names the device.
    pub id: Uuid,
    /// What the holder calls it.
    pub name: String,
    /// What it runs.
    pub platform: String,
    /// Whether it was revoked, for good.
    pub revoked: bool,
    /// When it redeemed the invitation.
    #[schema(value_type = u32)]
    pub activated_at: UnixTime,
    /// When it was given its newest credential.
    #[schema(value_type = Option<u32>)]
    pub renewed_at: Option<UnixTime>,
    /// The serial of that credential.
    pub serial: Option<u64>,
    /// When that credential ends.
    #[schema(value_type = Option<u32>)]
    pub valid_until: Option<UnixTime>,
    /// Who knows that this credential, and with it the phone, is revoked; `None` while doors take it.
    pub revocation: Option<RevocationState>,
}

/// Who knows of a revocation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct RevocationState {
    /// Since when the manager refuses the phone.
    #[schema(value_type = u32)]
    pub server_since: UnixTime,
    /// When the phone heard of it; `None` while it has not.
    #[schema(value_type = Option<u32>)]
    pub phone_since: Option<UnixTime>,
    /// The first revocation list that names the credential; `None` when it had expired before.
    pub list_version: Option<u32>,
    /// The readers in use, and since when each is known to have that list.
    pub readers: Vec<ReaderAwareness>,
}

/// What is known of one reader.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ReaderAwareness {
    /// The reader.
    pub reader: u32,
    /// What people call it.
    pub name: String,
    /// Since when it is known to have the list; `None` while nothing is known.
    #[schema(value_type = Option<u32>)]
    pub since: Option<UnixTime>,
}

impl Manager {
    /// The devices of a user, oldest first.
    ///
    /// # Errors
    /// [`Refusal::UserUnknown`].
    pub async fn devices(&self, user: Uuid) -> Result<Vec<DeviceSummary>, Error> {
        let project = self.project_id();
        let mut tx = self.read().await?;
        if tx.user(project, user, self.now()).await?.is_none() {
            return Err(Refusal::UserUnknown.into());
        }
        let mut devices = Vec::new();
        for state in tx.device_states(project, user).await? {
            let revocation = self.revocation_state(&mut tx, &state).await?;
            devices.push(DeviceSummary {
                id: state.id,
                name: state.name,
                platform: state.platform,
                revoked: state.is_revoked,
                activated_at: state.created_at,
                renewed_at: state.newest.map(|newest| newest.issued_at),
                serial: state.newest.map(|newest| newest.serial),
                valid_until: state.newest.map(|newest| newest.not_after),
                revocation,
            });
        }
        Ok(devices)
    }

    /// Takes note that a reader has a revocation list, as it reported itself or as a courier brought word.
    ///
    /// # Errors
    /// [`Refusal::ReaderUnknown`], [`Refusal::ListUnknown`] for a list that the project has not published.
    pub async fn reader_reported(&self, reader: ReaderId, list_version: u32) -> Result<(), Error> {
        let (project, now) = (self.project_id(), self.now());
        let mut tx = self.write_beside().await?;
        if tx.reader(project, reader).await?.is_none() {
            return Err(Refusal::ReaderUnknown.into());
        }
        let newest = tx.revocation_list(project).await?.map_or(0, |(version, _)| version);
        if list_version > newest {
            return Err(Refusal::ListUnknown(list_version).into());
        }
        tx.reader_has_list(project, reader, list_version, now).await?;
        tx.commit().await?;
        Ok(())
    }

    async fn revocation_state(
        &self,
        tx: &mut Transaction,
        state: &DeviceState,
    ) -> Result<Option<RevocationState>, Error> {
        let newest = state.newest;
        let Some(server_since) = newest.and_then(|newest| newest.revoked_at).or(state.revoked_at) else {
            return Ok(None);
        };
        let list_version = newest.and_then(|newest| newest.list_version);
        let readers = match list_version {
            Some(version) => tx.reader_knowledge(self.project_id(), version).await?,
            None => Vec::new(),
        };
        let readers = readers.into_iter().map(|ReaderKnowledge { reader, name, since }| ReaderAwareness {
            reader: reader.0,
            name,
            since,
        });
        let phone_since = state.told_at.filter(|told| *told >= server_since);
        Ok(Some(RevocationState { server_since, phone_since, list_version, readers: readers.collect() }))
    }

    /// Takes note that a device has heard of its revocation; the last phone of a deleted user ends the deletion.
    pub(super) async fn device_knows(&self, tx: &mut Transaction, device: &Device) -> Result<(), Error> {
        let (project, now) = (self.project_id(), self.now());
        tx.device_told(project, device.id, now).await?;
        if !tx.has_unaware_device(project, device.user, now).await? {
            self.finish_deletion(tx, device.user, Actor::Device(device.id)).await?;
        }
        Ok(())
    }
}
