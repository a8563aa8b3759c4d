//! Revoking devices and readers, and the list that tells readers and devices so.

use credential::crypto::RustCrypto;
use credential::object::VerifiedRevocationList;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::domain::{Act, Actor, Event, ReaderId, Serial, Turn, UnixTime, User, UserStatus};
use crate::error::{Error, Refusal};
use crate::issuing::IssuingError;
use crate::manager::Manager;
use crate::store::{Holders, Transaction};

/// What a revocation did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Revocation {
    /// Devices that were revoked.
    pub devices: u64,
    /// Serials that were put on the revocation list, ascending.
    #[serde(serialize_with = "serials_as_numbers")]
    #[schema(value_type = Vec<u64>)]
    pub serials: Vec<Serial>,
    /// Version of the newest revocation list, 0 while there is none.
    pub list_version: u32,
}

/// A revocation list as it was published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublishedList {
    /// Goes up with each list.
    pub version: u32,
    /// When it was signed.
    pub issued_at: UnixTime,
    /// Revoked credentials, ascending.
    pub serials: Vec<Serial>,
    /// Revoked readers, ascending.
    pub readers: Vec<ReaderId>,
    /// The signed list.
    pub octets: Vec<u8>,
}

/// What was taken from a user, before the list says so.
pub(super) struct Withdrawn {
    pub(super) devices: u64,
    pub(super) serials: Vec<Serial>,
}

impl Manager {
    /// Revokes the devices of a user now, with their serials on a new revocation list, and voids open invitations.
    ///
    /// The user stays, not invited; one who is suspended stays so.
    ///
    /// # Errors
    /// [`Refusal::UserUnknown`], [`Refusal::UserDeleted`].
    pub async fn revoke_user(&self, actor: Actor, user: Uuid) -> Result<Revocation, Error> {
        let (project, now) = (self.project_id(), self.now());
        let mut tx = self.write().await?;
        let (old, next) = self.turn(&mut tx, user, Turn::Revoke).await?;
        let revocation = self.revoke(&mut tx, user).await?;
        tx.set_user_status(project, user, next, now).await?;
        if old.status == UserStatus::Reset {
            tx.roster_changed(project).await?;
        }
        let detail = format!("devices {}, list {}", revocation.devices, revocation.list_version);
        tx.record(project, now, actor, Act::DevicesRevoked, user.to_string(), detail).await?;
        tx.commit().await?;
        Ok(revocation)
    }

    /// Revokes a reader: devices that hold the new list answer it no more.
    ///
    /// # Errors
    /// [`Refusal::ReaderUnknown`], [`Refusal::ReaderRevoked`].
    pub async fn revoke_reader(&self, actor: Actor, reader: ReaderId) -> Result<u32, Error> {
        let (project, now) = (self.project_id(), self.now());
        let mut tx = self.write().await?;
        if tx.reader(project, reader).await?.is_none() {
            return Err(Refusal::ReaderUnknown.into());
        }
        if !tx.revoke_reader(project, reader, now).await? {
            return Err(Refusal::ReaderRevoked.into());
        }
        let version = self.publish_list(&mut tx).await?;
        let detail = format!("list {version}");
        tx.record(project, now, actor, Act::ReaderRevoked, reader.0.to_string(), detail).await?;
        tx.commit().await?;
        Ok(version)
    }

    /// The newest revocation list: its version and octets; `None` while nothing was revoked.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn revocation_list(&self) -> Result<Option<(u32, Vec<u8>)>, Error> {
        Ok(self.read().await?.revocation_list(self.project_id()).await?)
    }

    /// The newest revocation list with what stands in it; `None` while nothing was revoked.
    ///
    /// # Errors
    /// [`IssuingError::Keys`] when it is not by a key that the project still accepts.
    pub async fn newest_list(&self) -> Result<Option<PublishedList>, Error> {
        let Some((version, octets)) = self.revocation_list().await? else { return Ok(None) };
        let list = VerifiedRevocationList::verify(&RustCrypto, &octets, &self.issuer_keys());
        let list = list.map_err(|_| IssuingError::Keys)?;
        let (issued_at, serials, readers) =
            (list.issued_at(), list.serials().collect(), list.readers().collect());
        Ok(Some(PublishedList { version, issued_at, serials, readers, octets }))
    }

    /// Publishes a revocation list now, whether or not anything is new: its version.
    ///
    /// # Errors
    /// [`Error::Issuing`], [`Error::Store`].
    pub async fn publish_revocation_list(&self, actor: Actor) -> Result<u32, Error> {
        let mut tx = self.write().await?;
        let version = self.publish_list(&mut tx).await?;
        let (project, now, subject) = (self.project_id(), self.now(), format!("list {version}"));
        tx.record(project, now, actor, Act::ListPublished, subject, String::new()).await?;
        tx.commit().await?;
        Ok(version)
    }

    /// A signed token of the present time, 78 octets.
    ///
    /// # Errors
    /// [`Error::Issuing`].
    pub async fn time_token(&self) -> Result<[u8; 78], Error> {
        // A transaction finds out whether another process has changed the keys.
        drop(self.read().await?);
        let issuer = self.issuer();
        Ok(issuer.time_token(self.now()).await?)
    }

    /// Revokes what a user has and publishes it.
    pub(super) async fn revoke(&self, tx: &mut Transaction, user: Uuid) -> Result<Revocation, Error> {
        let Withdrawn { devices, serials } = self.withdraw(tx, user).await?;
        let list_version = self.publish_if(tx, !serials.is_empty()).await?;
        Ok(Revocation { devices, serials, list_version })
    }

    /// Takes invitations, devices and credentials from a user; the list has to be published in the same transaction.
    pub(super) async fn withdraw(&self, tx: &mut Transaction, user: Uuid) -> Result<Withdrawn, Error> {
        let project = self.project_id();
        tx.void_invitations(Holders::Users, project, user).await?;
        let serials = tx.revoke_credentials(project, user, self.now()).await?;
        let devices = tx.revoke_devices(project, user, self.now()).await?;
        Ok(Withdrawn { devices, serials })
    }

    /// Signs a new revocation list and keeps it; its version.
    pub(super) async fn publish_list(&self, tx: &mut Transaction) -> Result<u32, Error> {
        let (project, now) = (self.project_id(), self.now());
        let version = tx.next_list_version(project).await?;
        let serials = tx.revoked_serials(project, now).await?;
        let readers = tx.revoked_readers(project, now).await?;
        let issuer = self.issuer();
        let octets = issuer.revocation_list(version, now, &serials, &readers).await?;
        tx.insert_revocation_list(project, version, &octets, now).await?;
        tx.mark_listed(project, version, now).await?;
        if let Some((kind, about)) = Act::ListPublished.event() {
            let (subject, actor) = (version.to_string(), Actor::Manager.to_string());
            let event = Event {
                kind,
                about,
                subject: &subject,
                project,
                at: now,
                actor: &actor,
                detail: "",
                entry: None,
            };
            tx.announce(&event).await?;
        }
        Ok(version)
    }

    /// The user, if present.
    pub(super) async fn present_user(&self, tx: &mut Transaction, user: Uuid) -> Result<User, Error> {
        let user = tx.user(self.project_id(), user, self.now()).await?.ok_or(Refusal::UserUnknown)?;
        if user.status.is_present() { Ok(user) } else { Err(Refusal::UserDeleted.into()) }
    }

    /// Publishes a new list if one is due; the version of the newest.
    pub(super) async fn publish_if(&self, tx: &mut Transaction, due: bool) -> Result<u32, Error> {
        if due {
            return self.publish_list(tx).await;
        }
        let newest = tx.revocation_list(self.project_id()).await?;
        Ok(newest.map_or(0, |(version, _)| version))
    }
}

fn serials_as_numbers<S: serde::Serializer>(serials: &[Serial], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(serials.iter().map(|serial| serial.0))
}
