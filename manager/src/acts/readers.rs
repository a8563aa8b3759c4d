//! Readers: certificates and sealed configurations.

use serde_json::to_vec;
use sha2::{Digest, Sha256};

use crate::domain::{self, Act, Actor, OutputFormat, Presence, ReaderId, UnixTime};
use crate::error::{Error, Refusal};
use crate::issuing::{self, IssuingError, ReaderSettings};
use crate::manager::Manager;
use crate::proof;
use crate::store::{ReaderRow, StoreError, Transaction};

/// For how long a reader's certificate is valid, in seconds: two years, since somebody has to carry the next one there.
const CERTIFICATE_LIFE_S: u32 = 2 * 365 * 24 * 3600;
/// The part of a certificate's life that is left when a configuration gets a new one: a quarter.
const CERTIFICATE_LEFT_S: u32 = CERTIFICATE_LIFE_S / 4;

/// A reader to be enrolled; its private key stays in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewReader {
    /// What people call it: 1 to 100 characters.
    pub name: String,
    /// The key that it made, a compressed point.
    pub public_key: [u8; 33],
    /// The user presence that the door demands.
    pub presence: Presence,
    /// How it gives the user ID to the access control system.
    pub output: OutputFormat,
}

/// A reader as it is known to the manager.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnrolledReader {
    /// Names the reader on the air.
    pub id: ReaderId,
    /// What people call it.
    pub name: String,
    /// The signed certificate, 120 octets.
    pub certificate: Vec<u8>,
    /// The first second at which the certificate is no longer valid.
    pub certificate_not_after: UnixTime,
    /// Goes up with each configuration.
    pub configuration_version: u32,
    /// The configuration, sealed to the reader's key.
    pub configuration: Vec<u8>,
}

impl Manager {
    /// Enrols a reader: a certificate for its key, and its first configuration.
    ///
    /// # Errors
    /// [`Refusal::ReaderName`], [`Refusal::OutputFormat`], [`Refusal::ReaderKeyInvalid`], [`Refusal::ReaderKnown`].
    pub async fn enrol_reader(&self, actor: Actor, new: NewReader) -> Result<EnrolledReader, Error> {
        check(&new)?;
        let (project, now) = (self.project_id(), self.now());
        let mut tx = self.write().await?;
        if let Some(known) = tx.reader_by_key(project, &new.public_key).await? {
            return Err(Refusal::ReaderKnown(known.0).into());
        }
        let mut reader = ReaderRow {
            id: tx.next_reader(project).await?,
            name: new.name.trim().to_owned(),
            public_key: new.public_key,
            presence: new.presence,
            output: new.output,
            certificate: Vec::new(),
            certificate_not_after: now,
            configuration_version: 0,
            configuration_basis: [0; 32],
            configuration: Vec::new(),
            is_revoked: false,
        };
        self.refresh(&mut tx, &mut reader).await?;
        tx.insert_reader(project, &reader, now).await?;
        tx.record(project, now, actor, Act::ReaderEnrolled, reader.id.0.to_string(), String::new()).await?;
        tx.commit().await?;
        Ok(reader.into())
    }

    /// The reader with a configuration that is up to date: a new one is made when the issuer keys, the revocation list
    /// or the certificate has changed since the last.
    ///
    /// # Errors
    /// [`Refusal::ReaderUnknown`], [`Refusal::ReaderRevoked`].
    pub async fn reader_configuration(&self, id: ReaderId) -> Result<EnrolledReader, Error> {
        let project = self.project_id();
        let mut tx = self.write().await?;
        let mut reader = tx.reader(project, id).await?.ok_or(Refusal::ReaderUnknown)?;
        if reader.is_revoked {
            return Err(Refusal::ReaderRevoked.into());
        }
        if self.refresh(&mut tx, &mut reader).await? {
            tx.update_configuration(project, &reader).await?;
            tx.commit().await?;
        }
        Ok(reader.into())
    }

    /// Makes certificate and configuration anew where they are due; whether anything is new.
    async fn refresh(&self, tx: &mut Transaction, reader: &mut ReaderRow) -> Result<bool, Error> {
        let now = self.now();
        if now.0.saturating_add(CERTIFICATE_LEFT_S) >= reader.certificate_not_after.0 {
            let validity = issuing::validity(now, CERTIFICATE_LIFE_S);
            let (id, presence) = (reader.id, reader.presence);
            reader.certificate =
                self.issuer().reader_certificate(id, validity, presence, &reader.public_key)?;
            reader.certificate_not_after = validity.not_after;
        }
        let list = tx.revocation_list(self.project_id()).await?;
        let list_version = list.map_or(0, |(version, _)| version);
        let basis = self.basis(reader, list_version)?;
        if basis == reader.configuration_basis {
            return Ok(false);
        }
        let version = reader.configuration_version.saturating_add(1);
        let settings = ReaderSettings {
            version,
            certificate: &reader.certificate,
            list_version,
            output: reader.output,
            public_key: &reader.public_key,
        };
        let sealed = self.issuer().reader_configuration(&settings);
        reader.configuration = sealed.map_err(|error| match error {
            IssuingError::ReaderKey => Error::from(Refusal::ReaderKeyInvalid),
            other => other.into(),
        })?;
        reader.configuration_version = version;
        reader.configuration_basis = basis;
        Ok(true)
    }

    /// A hash of everything that a configuration is made of, its version apart.
    fn basis(&self, reader: &ReaderRow, list_version: u32) -> Result<[u8; 32], Error> {
        let output = to_vec(&reader.output).map_err(|_| StoreError::Corrupt("output format"))?;
        let mut hash = Sha256::new();
        hash.update(&reader.certificate);
        hash.update(list_version.to_be_bytes());
        for key in self.issuer().keys().keys() {
            hash.update([key.index.0]);
            hash.update(key.point.0);
        }
        hash.update(output);
        Ok(hash.finalize().into())
    }
}

fn check(new: &NewReader) -> Result<(), Refusal> {
    if new.name.trim().is_empty() {
        return Err(Refusal::ReaderName(domain::FieldError::Empty));
    }
    domain::name(&new.name).map_err(Refusal::ReaderName)?;
    if !proof::is_compressed(&new.public_key) {
        return Err(Refusal::ReaderKeyInvalid);
    }
    new.output.check().map_err(Refusal::OutputFormat)
}

impl From<ReaderRow> for EnrolledReader {
    fn from(row: ReaderRow) -> Self {
        Self {
            id: row.id,
            name: row.name,
            certificate: row.certificate,
            certificate_not_after: row.certificate_not_after,
            configuration_version: row.configuration_version,
            configuration: row.configuration,
        }
    }
}
