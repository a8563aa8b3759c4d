//! From a key that was made in the reader to a configuration that it may use.

use credential::crypto::{Crypto, InvalidKey, Point, SoftwareSigner};
use credential::error::ObjectError;
use credential::object::{IssuerKeys, OutputFormat, ReaderConfiguration, VerifiedConfiguration, open_sealed};
use credential::reader::ReaderSettings;
use credential::secret::Secret;
use rand_core::CryptoRng;

/// Whose word a reader takes for its configuration.
#[derive(Clone, Copy, Debug)]
pub enum Trust<'a> {
    /// It is enrolled already: one of these keys must have signed.
    Issuers(&'a IssuerKeys),
    /// It is being enrolled: the person who does it has confirmed the issuer keys in the configuration itself.
    Confirmed,
}

/// What a reader holds from its configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Configured {
    /// Version of the configuration.
    pub version: u32,
    /// What the exchange needs.
    pub settings: ReaderSettings,
    /// How the user ID is written.
    pub output: OutputFormat,
    /// Version of the revocation list that the reader should hold.
    pub list_version: u32,
}

/// Makes the reader's key; it never leaves the reader.
///
/// # Errors
/// [`InvalidKey`] when the random source keeps giving unusable octets.
pub fn make_key(rng: &mut dyn CryptoRng) -> Result<Secret<32>, InvalidKey> {
    SoftwareSigner::generate(rng).map(|(_, scalar)| scalar)
}

/// The public key that is enrolled.
///
/// # Errors
/// [`InvalidKey`] when `scalar` is not a private key.
pub fn public_key<C: Crypto>(crypto: &C, scalar: &Secret<32>) -> Result<Point, InvalidKey> {
    crypto.agreement_key(scalar).map(|key| crypto.public_point(&key))
}

/// Opens and verifies a sealed configuration, in place.
///
/// # Errors
/// [`ObjectError`] says what does not hold; nothing of the configuration may be used then.
pub fn open_configuration<C: Crypto>(
    crypto: &C,
    scalar: &Secret<32>,
    trust: Trust<'_>,
    held_version: Option<u32>,
    sealed: &mut [u8],
) -> Result<Configured, ObjectError> {
    let own_key = public_key(crypto, scalar).map_err(|InvalidKey| ObjectError::NotForThisReader)?;
    let octets = open_sealed(scalar, sealed)?;
    let confirmed;
    let issuers = match trust {
        Trust::Issuers(issuers) => issuers,
        Trust::Confirmed => {
            confirmed = ReaderConfiguration::decode(octets)?.issuers;
            &confirmed
        }
    };
    let verified = VerifiedConfiguration::verify(crypto, octets, issuers, &own_key, held_version)?;
    let fields = verified.fields();
    Ok(Configured {
        version: fields.version,
        settings: ReaderSettings {
            certificate: fields.certificate,
            issuers: fields.issuers.clone(),
            tickets: fields.tickets,
            report_key: fields.report_key,
        },
        output: fields.output,
        list_version: fields.list_version,
    })
}
