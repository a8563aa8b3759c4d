//! Signing: the one place that holds the issuer's private key and makes signed objects.

use std::sync::{Mutex, PoisonError};

use credential::crypto::{Point, Signer, SoftwareSigner};
use credential::id::{IssuerIndex, UserId};
use credential::object::{
    Credential, IdBase, IssueError, IssuerKey, IssuerKeys, OutputFormat as ObjectOutput,
    Parity as ObjectParity, Presence as ObjectPresence, ReaderCertificate, ReaderConfiguration,
    RevocationList, SEAL_OVERHEAD, TimeToken, Wiegand, seal,
};
use credential::secret::Secret;
use credential::time::Validity;
use getrandom::SysRng;
use getrandom::rand_core::UnwrapErr;

use crate::domain::{
    OutputFormat, Parity, Presence, ProjectId, ReaderId, Serial, UnixTime, WiegandNumber, after,
};
use crate::random::{self, RandomFailed};

/// By how much an object is valid earlier than it is made, in seconds: clocks of readers and phones may be slow.
const CLOCK_SKEW_S: u32 = 300;
/// Random scalars that are tried for a key before the random source is called broken.
const SCALAR_TRIES: usize = 8;

/// Why an object was not signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IssuingError {
    /// The fields do not make an object, for example a user ID that no credential can carry.
    #[error("the object cannot be signed: its fields do not fit")]
    Fields,
    /// The project's issuer keys are not 1 to 4 of different index, one of them active.
    #[error("the issuer keys of the project are not complete")]
    Keys,
    /// The public key of a reader is not a point of P-256.
    #[error("the public key is not a point of P-256")]
    ReaderKey,
    /// No private key could be made.
    #[error("no private key could be made")]
    Random(#[from] RandomFailed),
}

/// A private issuer key and the public keys that verify what it and its predecessors signed.
pub(crate) struct Issuer {
    project: ProjectId,
    index: IssuerIndex,
    signer: SoftwareSigner,
    keys: IssuerKeys,
    /// The last time token: one is good for everybody who asks within its second.
    time_token: Mutex<Option<(UnixTime, [u8; TimeToken::OCTETS])>>,
}

/// What a reader is told, apart from the issuer keys.
pub(crate) struct ReaderSettings<'a> {
    pub(crate) version: u32,
    pub(crate) certificate: &'a [u8],
    pub(crate) list_version: u32,
    pub(crate) output: OutputFormat,
    pub(crate) public_key: &'a [u8; 33],
}

/// A fresh issuer key: its private scalar and its public key.
pub(crate) fn generate() -> Result<(Secret<32>, [u8; 33]), IssuingError> {
    for _ in 0..SCALAR_TRIES {
        let scalar = Secret::new(random::octets()?);
        if let Ok(signer) = SoftwareSigner::new(&scalar) {
            return Ok((scalar, signer.public_key().0));
        }
    }
    Err(IssuingError::Random(RandomFailed))
}

/// When an object is valid that is made at `now` and lives for `life_s` seconds.
pub(crate) const fn validity(now: UnixTime, life_s: u32) -> Validity {
    Validity { not_before: UnixTime(now.0.saturating_sub(CLOCK_SKEW_S)), not_after: after(now, life_s) }
}

impl Issuer {
    /// An issuer that signs with `scalar`, whose public key stands in `keys` at `index`.
    pub(crate) fn new(
        project: ProjectId,
        index: u8,
        scalar: &Secret<32>,
        keys: &[(u8, [u8; 33])],
    ) -> Result<Self, IssuingError> {
        let signer = SoftwareSigner::new(scalar).map_err(|_| IssuingError::Keys)?;
        if !keys.contains(&(index, signer.public_key().0)) {
            return Err(IssuingError::Keys);
        }
        let keys: Vec<IssuerKey> = keys
            .iter()
            .map(|(index, key)| IssuerKey { index: IssuerIndex(*index), point: Point(*key) })
            .collect();
        let keys = IssuerKeys::new(project, &keys).ok_or(IssuingError::Keys)?;
        Ok(Self { project, index: IssuerIndex(index), signer, keys, time_token: Mutex::new(None) })
    }

    /// The public keys that verify the project's objects.
    pub(crate) const fn keys(&self) -> &IssuerKeys {
        &self.keys
    }

    pub(crate) fn credential(
        &self,
        serial: Serial,
        validity: Validity,
        holder_key: &[u8; 33],
        user_id: &str,
    ) -> Result<Vec<u8>, IssuingError> {
        let user_id = UserId::new(user_id.as_bytes()).map_err(|_| IssuingError::Fields)?;
        let credential = Credential {
            project: self.project,
            issuer: self.index,
            serial,
            validity,
            holder_key: Point(*holder_key),
            user_id,
        };
        Ok(credential.issue(&self.signer).map_err(fields)?.to_vec())
    }

    pub(crate) fn reader_certificate(
        &self,
        reader: ReaderId,
        validity: Validity,
        presence: Presence,
        public_key: &[u8; 33],
    ) -> Result<Vec<u8>, IssuingError> {
        let certificate = ReaderCertificate {
            project: self.project,
            issuer: self.index,
            reader,
            validity,
            presence: presence.into(),
            public_key: Point(*public_key),
        };
        Ok(certificate.issue(&self.signer).map_err(fields)?.to_vec())
    }

    pub(crate) fn revocation_list(
        &self,
        version: u32,
        issued_at: UnixTime,
        serials: &[Serial],
        readers: &[ReaderId],
    ) -> Result<Vec<u8>, IssuingError> {
        let list = RevocationList {
            project: self.project,
            issuer: self.index,
            version,
            issued_at,
            serials,
            readers,
        };
        let mut octets = vec![0; RevocationList::octets_max(serials.len(), readers.len())];
        let length = list.issue(&self.signer, &mut octets).map_err(fields)?;
        octets.truncate(length);
        Ok(octets)
    }

    pub(crate) fn time_token(&self, now: UnixTime) -> Result<[u8; TimeToken::OCTETS], IssuingError> {
        let mut kept = self.time_token.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, octets)) = kept.filter(|(time, _)| *time == now) {
            return Ok(octets);
        }
        let token = TimeToken { project: self.project, issuer: self.index, time: now };
        let octets = token.issue(&self.signer).map_err(fields)?;
        *kept = Some((now, octets));
        Ok(octets)
    }

    /// The reader's configuration, signed and sealed to its key.
    pub(crate) fn reader_configuration(
        &self,
        settings: &ReaderSettings<'_>,
    ) -> Result<Vec<u8>, IssuingError> {
        let configuration = ReaderConfiguration {
            issuer: self.index,
            version: settings.version,
            certificate: settings.certificate.try_into().map_err(|_| IssuingError::Fields)?,
            issuers: self.keys.clone(),
            tickets: true,
            list_version: settings.list_version,
            output: settings.output.into(),
        };
        let mut octets = [0; ReaderConfiguration::OCTETS_MAX];
        let length = configuration.issue(&self.signer, &mut octets).map_err(fields)?;
        let octets = octets.get(..length).ok_or(IssuingError::Fields)?;
        let mut sealed = vec![0; length.saturating_add(SEAL_OVERHEAD)];
        // The operating system's random source has worked by now, or there would be no issuer key.
        let mut rng = UnwrapErr(SysRng);
        let length = seal(&mut rng, &Point(*settings.public_key), octets, &mut sealed);
        sealed.truncate(length.map_err(|_| IssuingError::ReaderKey)?);
        Ok(sealed)
    }
}

fn fields<E>(_: IssueError<E>) -> IssuingError {
    IssuingError::Fields
}

impl From<Presence> for ObjectPresence {
    fn from(presence: Presence) -> Self {
        match presence {
            Presence::None => Self::None,
            Presence::Unlocked => Self::Unlocked,
            Presence::Verified => Self::Verified,
        }
    }
}

impl From<OutputFormat> for ObjectOutput {
    fn from(output: OutputFormat) -> Self {
        let OutputFormat::Wiegand(format) = output else { return Self::Text };
        Self::Wiegand(Wiegand {
            base: match format.number {
                WiegandNumber::Decimal => IdBase::Decimal,
                WiegandNumber::Hexadecimal => IdBase::Hexadecimal,
            },
            bits: format.bits,
            facility_bits: format.facility_bits,
            facility: format.facility_code,
            parity: match format.parity {
                Parity::None => ObjectParity::None,
                Parity::EvenOdd => ObjectParity::EvenOdd,
            },
        })
    }
}
