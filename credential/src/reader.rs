//! The reader's side of a tap.
//!
//! A [`Reader`] is what a door has for as long as it runs; a [`ReaderSession`] is one tap after another.

mod cache;
mod decision;
mod expect;
mod session;

use rand_core::CryptoRng;

use crate::crypto::{Crypto, InvalidKey, Point};
use crate::error::{DecodeError, ObjectError};
use crate::id::ReaderId;
use crate::object::{IssuerKeys, ReaderCertificate};
use crate::report::{Acknowledged, Acknowledgement, ReportKeys};
use crate::secret::Secret;
use crate::ticket::TicketKeys;
use crate::time::Now;
use cache::CredentialCache;

pub use decision::{Brought, Decision, DenyReason, Outcome, Path, Receipt, Verdict};
pub use session::{ReaderEnv, ReaderSession, ReaderStep};

/// What a door has for as long as it runs: its key, its certificate, whom it trusts, and its ticket keys.
pub struct Reader<C: Crypto> {
    crypto: C,
    id: ReaderId,
    key: C::AgreementKey,
    settings: ReaderSettings,
    tickets: TicketKeys,
    cache: CredentialCache,
    ephemeral: Option<C::AgreementKey>,
    reports: Option<ReportKeys>,
}

/// The part of a verified configuration that the exchange needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReaderSettings {
    /// The certificate, as issued.
    pub certificate: [u8; ReaderCertificate::OCTETS],
    /// The issuer keys that credentials, lists and time tokens are verified with.
    pub issuers: IssuerKeys,
    /// Whether tickets for the fast path are given and taken.
    pub tickets: bool,
    /// The key that the reader reports to; `None` if nobody wants its reports.
    pub report_key: Option<Point>,
}

impl<C: Crypto> Reader<C> {
    /// Starts a reader: with ticket keys of its own, and prepared for the first tap.
    ///
    /// # Errors
    /// [`ObjectError::NotForThisReader`] when the certificate names another key or project,
    /// [`ObjectError::Malformed`] when it does not decode or the report key is not on the curve.
    pub fn new(
        crypto: C,
        scalar: &Secret<32>,
        settings: ReaderSettings,
        rng: &mut dyn CryptoRng,
        now: Now,
    ) -> Result<Self, ObjectError> {
        let key = crypto.agreement_key(scalar).map_err(|InvalidKey| ObjectError::NotForThisReader)?;
        let id = check(&settings, &crypto.public_point(&key))?;
        let reports = report_keys(&crypto, &key, &settings, id)?;
        let tickets = TicketKeys::new(rng, now.instant);
        let mut reader = Self {
            crypto,
            id,
            key,
            settings,
            tickets,
            cache: CredentialCache::default(),
            ephemeral: None,
            reports,
        };
        reader.prepare(rng, now);
        Ok(reader)
    }

    /// Idle work: makes the ephemeral key of the next tap and renews the ticket key once a day.
    ///
    /// A tap that finds nothing prepared prepares first and is slower by one key pair.
    pub fn prepare(&mut self, rng: &mut dyn CryptoRng, now: Now) {
        self.tickets.rotate(rng, now.instant);
        if self.ephemeral.is_none() {
            self.ephemeral = self.crypto.generate(rng).ok();
        }
    }

    /// Whether the next tap finds its ephemeral key made.
    pub const fn is_prepared(&self) -> bool {
        self.ephemeral.is_some()
    }

    /// Takes new settings for the same key; what was remembered under the old issuer keys is forgotten.
    ///
    /// # Errors
    /// As [`Reader::new`]; the old settings are then kept.
    pub fn configure(&mut self, settings: ReaderSettings) -> Result<(), ObjectError> {
        let id = check(&settings, &self.crypto.public_point(&self.key))?;
        self.reports = report_keys(&self.crypto, &self.key, &settings, id)?;
        self.id = id;
        self.settings = settings;
        self.cache = CredentialCache::default();
        Ok(())
    }

    /// Whether somebody wants its reports.
    pub const fn reports(&self) -> bool {
        self.reports.is_some()
    }

    /// What the manager says has arrived, if it is the manager that says it.
    fn acknowledged(&self, acknowledgement: &Acknowledgement) -> Option<Acknowledged> {
        acknowledgement.verify(&self.crypto, self.reports.as_ref()?)
    }

    /// The settings in force.
    pub const fn settings(&self) -> &ReaderSettings {
        &self.settings
    }

    /// The backend.
    pub const fn crypto(&self) -> &C {
        &self.crypto
    }
}

/// The one public-key operation of all reports.
fn report_keys<C: Crypto>(
    crypto: &C,
    key: &C::AgreementKey,
    settings: &ReaderSettings,
    reader: ReaderId,
) -> Result<Option<ReportKeys>, ObjectError> {
    let Some(report_key) = &settings.report_key else { return Ok(None) };
    ReportKeys::derive(crypto, key, report_key, settings.issuers.project(), reader)
        .map(Some)
        .map_err(|InvalidKey| ObjectError::Malformed(DecodeError::UnknownValue))
}

fn check(settings: &ReaderSettings, own_key: &Point) -> Result<ReaderId, ObjectError> {
    let certificate = ReaderCertificate::decode(&settings.certificate)?;
    if certificate.public_key != *own_key || certificate.project != settings.issuers.project() {
        return Err(ObjectError::NotForThisReader);
    }
    Ok(certificate.reader)
}
