//! Certificates and configurations, made when they are due.

use serde_json::to_vec;
use sha2::{Digest, Sha256};

use super::{EnrolledReader, ReaderSummary};
use crate::domain::ReaderId;
use crate::error::{Error, Refusal};
use crate::issuing::{self, Issuer, IssuingError, ReaderSettings};
use crate::manager::Manager;
use crate::store::{ReaderRow, StoreError, Transaction};

/// For how long a reader's certificate is valid, in seconds: two years, since somebody has to carry the next one there.
const CERTIFICATE_LIFE_S: u32 = 2 * 365 * 24 * 3600;
/// The part of a certificate's life that is left when a configuration gets a new one: a quarter.
const CERTIFICATE_LEFT_S: u32 = CERTIFICATE_LIFE_S / 4;

impl Manager {
    /// The reader with a configuration that is up to date, which is thereby handed out: a new one is made when its
    /// settings, the issuer keys, the revocation list or the certificate have changed since the last.
    ///
    /// # Errors
    /// [`Refusal::ReaderUnknown`], [`Refusal::ReaderRevoked`].
    pub async fn reader_configuration(&self, id: ReaderId) -> Result<EnrolledReader, Error> {
        let project = self.project_id();
        let mut tx = self.write().await?;
        let mut reader = self.reader_in_service(&mut tx, id).await?;
        if self.refresh(&mut tx, &mut reader).await? {
            tx.update_reader(project, &reader).await?;
        }
        tx.note_fetch(project, id, self.now()).await?;
        tx.commit().await?;
        Ok(reader.into())
    }

    pub(super) async fn reader_in_service(
        &self,
        tx: &mut Transaction,
        id: ReaderId,
    ) -> Result<ReaderRow, Error> {
        let reader = tx.reader(self.project_id(), id).await?.ok_or(Refusal::ReaderUnknown)?;
        if reader.revoked_at.is_some() {
            return Err(Refusal::ReaderRevoked.into());
        }
        Ok(reader)
    }

    /// Makes certificate and configuration anew where they are due; whether anything is new.
    pub(super) async fn refresh(&self, tx: &mut Transaction, reader: &mut ReaderRow) -> Result<bool, Error> {
        let issuer = self.issuer();
        let now = self.now();
        if self.certificate_is_due(&issuer, reader) {
            let validity = issuing::validity(now, CERTIFICATE_LIFE_S);
            let (id, presence) = (reader.id, reader.presence);
            reader.certificate =
                issuer.reader_certificate(id, validity, presence, &reader.public_key).await?;
            reader.certificate_not_after = validity.not_after;
        }
        let list_version = self.newest_list_version(tx).await?;
        let report_key = self.report_point(tx).await?;
        let basis = basis(&issuer, reader, list_version, Some(report_key))?;
        if basis == reader.configuration_basis {
            return Ok(false);
        }
        let version = reader.configuration_version.saturating_add(1);
        let settings = ReaderSettings {
            version,
            certificate: &reader.certificate,
            list_version,
            report_key,
            output: reader.output,
            public_key: &reader.public_key,
        };
        let sealed = issuer.reader_configuration(&settings).await;
        reader.configuration = sealed.map_err(|error| match error {
            IssuingError::ReaderKey => Error::from(Refusal::ReaderKeyInvalid),
            other => other.into(),
        })?;
        reader.configuration_version = version;
        reader.configuration_basis = basis;
        reader.configuration_ring = issuer.version();
        Ok(true)
    }

    pub(super) async fn summary(
        &self,
        tx: &mut Transaction,
        reader: ReaderRow,
    ) -> Result<ReaderSummary, Error> {
        let issuer = self.issuer();
        let list_version = self.newest_list_version(tx).await?;
        let report_key = tx.report_key(self.project_id()).await?.map(|key| key.public_key);
        let is_due = reader.revoked_at.is_none()
            && (self.certificate_is_due(&issuer, &reader)
                || basis(&issuer, &reader, list_version, report_key)? != reader.configuration_basis);
        Ok(ReaderSummary::new(reader, is_due))
    }

    /// Whether the certificate is in its last quarter, or not by the key that signs now.
    fn certificate_is_due(&self, issuer: &Issuer, reader: &ReaderRow) -> bool {
        self.now().0.saturating_add(CERTIFICATE_LEFT_S) >= reader.certificate_not_after.0
            || !issuer.has_signed(&reader.certificate)
    }

    async fn newest_list_version(&self, tx: &mut Transaction) -> Result<u32, Error> {
        let list = tx.revocation_list_issue(self.project_id()).await?;
        Ok(list.map_or(0, |(version, _)| version))
    }
}

/// A hash of everything that a configuration is made of, its version apart.
fn basis(
    issuer: &Issuer,
    reader: &ReaderRow,
    list_version: u32,
    report_key: Option<[u8; 33]>,
) -> Result<[u8; 32], Error> {
    let output = to_vec(&reader.output).map_err(|_| StoreError::Corrupt("output format"))?;
    let mut hash = Sha256::new();
    hash.update(&reader.certificate);
    hash.update(list_version.to_be_bytes());
    for key in issuer.keys().keys() {
        hash.update([key.index.0]);
        hash.update(key.point.0);
    }
    hash.update(output);
    hash.update(report_key.as_ref().map_or(&[][..], |key| key.as_slice()));
    Ok(hash.finalize().into())
}
