//! Signing: the one place that holds the issuer's private key and makes signed objects.

mod signing_key;

use std::sync::{Arc, Mutex, PoisonError};

use credential::crypto::{Point, Signer};
use credential::id::{IssuerIndex, UserId};
use credential::object::{
    Credential, IdBase, IssueError, IssuerKey, IssuerKeys, OutputFormat as ObjectOutput,
    Parity as ObjectParity, Presence as ObjectPresence, ReaderCertificate, ReaderConfiguration,
    RevocationList, SEAL_OVERHEAD, TimeToken, Wiegand, seal,
};
use credential::secret::Secret;
use credential::time::Validity;
use getrandom::rand_core::UnwrapErr;

use crate::backend::BackendSigner;
use crate::domain::{
    OutputFormat, Parity, Presence, ProjectId, ReaderId, Serial, UnixTime, WiegandNumber, after,
};
use crate::random::{self, RandomFailed};
use crate::vault::TokenError;
pub(crate) use signing_key::SigningKey;

/// By how much an object is valid earlier than it is made, in seconds: clocks of readers and phones may be slow.
pub(crate) const CLOCK_SKEW_S: u32 = 300;
/// Random scalars that are tried for a key before the random source is called broken.
const SCALAR_TRIES: usize = 8;

/// Why an object was not signed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
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
    /// The issuer key in the token does not sign.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// The task that waited for the signature was stopped.
    #[error("the manager is stopping")]
    Stopping,
    /// No private key could be made.
    #[error("no private key could be made")]
    Random(#[from] RandomFailed),
}

/// The private issuer keys that sign, and the public keys that verify what is and was signed.
pub(crate) struct Issuer {
    project: ProjectId,
    /// The version of the project's keys that these are.
    version: i64,
    active: KeyAt,
    /// Signs configurations: the oldest key that is accepted, since every reader knows it.
    oldest: KeyAt,
    keys: IssuerKeys,
    /// The last time token: one is good for everybody who asks within its second.
    time_token: Mutex<Option<(UnixTime, [u8; TimeToken::OCTETS])>>,
}

/// A private key and the number that names it.
#[derive(Clone)]
struct KeyAt {
    index: IssuerIndex,
    key: Arc<SigningKey>,
}

/// What a reader is told, apart from the issuer keys.
pub(crate) struct ReaderSettings<'a> {
    pub(crate) version: u32,
    pub(crate) certificate: &'a [u8],
    pub(crate) list_version: u32,
    pub(crate) report_key: [u8; 33],
    pub(crate) output: OutputFormat,
    pub(crate) public_key: &'a [u8; 33],
}

/// A fresh issuer key: its private scalar and its public key.
pub(crate) fn generate() -> Result<(Secret<32>, [u8; 33]), IssuingError> {
    for _ in 0..SCALAR_TRIES {
        let scalar = Secret::new(random::octets()?);
        if let Ok(signer) = BackendSigner::new(&scalar) {
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
    /// An issuer whose two private keys stand in `keys` by their numbers.
    pub(crate) fn new(
        project: ProjectId,
        version: i64,
        active: (u8, Arc<SigningKey>),
        oldest: (u8, Arc<SigningKey>),
        keys: &[(u8, [u8; 33])],
    ) -> Result<Self, IssuingError> {
        let [active, oldest] = [active, oldest].map(|(index, key)| KeyAt { index: IssuerIndex(index), key });
        let known = |at: &KeyAt| keys.contains(&(at.index.0, at.key.public_key().0));
        if !known(&active) || !known(&oldest) {
            return Err(IssuingError::Keys);
        }
        let keys: Vec<IssuerKey> = keys
            .iter()
            .map(|(index, key)| IssuerKey { index: IssuerIndex(*index), point: Point(*key) })
            .collect();
        let keys = IssuerKeys::new(project, &keys).ok_or(IssuingError::Keys)?;
        Ok(Self { project, version, active, oldest, keys, time_token: Mutex::new(None) })
    }

    /// The public keys that verify the project's objects.
    pub(crate) const fn keys(&self) -> &IssuerKeys {
        &self.keys
    }

    /// The version of the project's keys that these are.
    pub(crate) const fn version(&self) -> i64 {
        self.version
    }

    /// Whether the active key has signed an object.
    pub(crate) fn has_signed(&self, object: &[u8]) -> bool {
        // Every body begins with format, project id and issuer key index.
        object.get(9) == Some(&self.active.index.0)
    }

    pub(crate) async fn credential(
        &self,
        serial: Serial,
        validity: Validity,
        holder_key: &[u8; 33],
        user_id: &str,
    ) -> Result<Vec<u8>, IssuingError> {
        let user_id = UserId::new(user_id.as_bytes()).map_err(|_| IssuingError::Fields)?;
        let credential = Credential {
            project: self.project,
            issuer: self.active.index,
            serial,
            validity,
            holder_key: Point(*holder_key),
            user_id,
        };
        self.active.sign(move |key| Ok(credential.issue(key).map_err(fields)?.to_vec())).await
    }

    pub(crate) async fn reader_certificate(
        &self,
        reader: ReaderId,
        validity: Validity,
        presence: Presence,
        public_key: &[u8; 33],
    ) -> Result<Vec<u8>, IssuingError> {
        let certificate = ReaderCertificate {
            project: self.project,
            issuer: self.active.index,
            reader,
            validity,
            presence: presence.into(),
            public_key: Point(*public_key),
        };
        self.active.sign(move |key| Ok(certificate.issue(key).map_err(fields)?.to_vec())).await
    }

    pub(crate) async fn revocation_list(
        &self,
        version: u32,
        issued_at: UnixTime,
        serials: &[Serial],
        readers: &[ReaderId],
    ) -> Result<Vec<u8>, IssuingError> {
        let (project, issuer) = (self.project, self.active.index);
        let (serials, readers) = (serials.to_vec(), readers.to_vec());
        let list = move |key: &SigningKey| {
            let (serials, readers) = (serials.as_slice(), readers.as_slice());
            let list = RevocationList { project, issuer, version, issued_at, serials, readers };
            let mut octets = vec![0; RevocationList::octets_max(serials.len(), readers.len())];
            let length = list.issue(key, &mut octets).map_err(fields)?;
            octets.truncate(length);
            Ok(octets)
        };
        self.active.sign(list).await
    }

    pub(crate) async fn time_token(&self, now: UnixTime) -> Result<[u8; TimeToken::OCTETS], IssuingError> {
        let kept = *self.time_token.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, octets)) = kept.filter(|(time, _)| *time == now) {
            return Ok(octets);
        }
        let token = TimeToken { project: self.project, issuer: self.active.index, time: now };
        let octets = self.active.sign(move |key| token.issue(key).map_err(fields)).await?;
        *self.time_token.lock().unwrap_or_else(PoisonError::into_inner) = Some((now, octets));
        Ok(octets)
    }

    /// Signs something that is of no use to anybody, to see that the key signs.
    pub(crate) async fn probe(&self) -> Result<(), IssuingError> {
        self.active.sign(|key| key.sign(&[b"ostiary issuer key probe", &[0]]).map_err(refused)).await?;
        Ok(())
    }

    /// The reader's configuration, signed and sealed to its key.
    pub(crate) async fn reader_configuration(
        &self,
        settings: &ReaderSettings<'_>,
    ) -> Result<Vec<u8>, IssuingError> {
        let configuration = ReaderConfiguration {
            issuer: self.oldest.index,
            version: settings.version,
            certificate: settings.certificate.try_into().map_err(|_| IssuingError::Fields)?,
            issuers: self.keys.clone(),
            tickets: true,
            list_version: settings.list_version,
            report_key: Some(Point(settings.report_key)),
            output: settings.output.into(),
        };
        let octets = self.oldest.sign(move |key| {
            let mut octets = vec![0; ReaderConfiguration::OCTETS_MAX];
            let length = configuration.issue(key, &mut octets).map_err(fields)?;
            octets.truncate(length);
            Ok(octets)
        });
        let octets = octets.await?;
        let mut sealed = vec![0; octets.len().saturating_add(SEAL_OVERHEAD)];
        // The operating system's random source has worked by now, or there would be no issuer key.
        let mut rng = UnwrapErr(random::Source);
        let length = seal(&mut rng, &Point(*settings.public_key), &octets, &mut sealed);
        sealed.truncate(length.map_err(|_| IssuingError::ReaderKey)?);
        Ok(sealed)
    }
}

impl KeyAt {
    /// Signs, on a thread of its own where that is waited for.
    async fn sign<T: Send + 'static>(
        &self,
        work: impl FnOnce(&SigningKey) -> Result<T, IssuingError> + Send + 'static,
    ) -> Result<T, IssuingError> {
        if !self.key.waits() {
            return work(&self.key);
        }
        let key = Arc::clone(&self.key);
        tokio::task::spawn_blocking(move || work(&key)).await.map_err(|_| IssuingError::Stopping)?
    }
}

fn fields(error: IssueError<Option<TokenError>>) -> IssuingError {
    match error {
        IssueError::Signer(error) => refused(error),
        IssueError::BufferTooSmall | IssueError::Invalid(_) => IssuingError::Fields,
    }
}

fn refused(error: Option<TokenError>) -> IssuingError {
    error.map_or(IssuingError::Keys, IssuingError::Token)
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
