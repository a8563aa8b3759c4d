//! The port to cryptography: everything that suite 1 needs, so that a backend can be exchanged as a whole.
//!
//! [`RustCrypto`] is the default everywhere.
//! The feature `aws-lc` adds a backend for hosts that is several times faster.

use core::fmt;

use rand_core::CryptoRng;
use serde::{Deserialize, Serialize};

use crate::limits::SCALAR_TRIES;
use crate::secret::Secret;

#[cfg(feature = "aws-lc")]
mod awslc;
mod counting;
mod rustcrypto;
#[cfg(test)]
mod tests;

#[cfg(feature = "aws-lc")]
pub use awslc::{AwsLc, AwsLcAgreementKey, AwsLcSigner};
pub use counting::{Counting, Operations};
pub use rustcrypto::{AgreementKey, RustCrypto, SoftwareSigner};

/// A P-256 public key in compressed form, not necessarily a point of the curve.
///
/// Spec: SEC 1 §2.3.3
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(from = "(u8, [u8; 32])", into = "(u8, [u8; 32])")]
pub struct Point(pub [u8; 33]);

/// An ECDSA signature, r ‖ s.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Signature(pub [u8; 64]);

/// A 32-octet SHA-256 value.
pub type Digest = [u8; 32];

/// A public key that is not a point of the curve, or a private key out of range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidKey;

/// A signature or tag that does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mismatch;

/// Octets in an AES-256-GCM tag.
pub const TAG_OCTETS: usize = 16;

/// Suite 1: P-256, AES-256-GCM, SHA-256 and HKDF.
///
/// Messages to hash, sign and verify come in parts, so that nobody has to join them in a buffer.
pub trait Crypto {
    /// A private key for key agreement, prepared for use; wiped when dropped.
    type AgreementKey;

    /// Prepares a private key from its scalar.
    ///
    /// # Errors
    /// [`InvalidKey`] when the scalar is zero or not below the order of the group.
    fn agreement_key(&self, scalar: &Secret<32>) -> Result<Self::AgreementKey, InvalidKey>;

    /// The public key that belongs to `key`.
    fn public_point(&self, key: &Self::AgreementKey) -> Point;

    /// ECDH: the x coordinate of `key · point`.
    ///
    /// # Errors
    /// [`InvalidKey`] when `point` is not on the curve.
    fn agree(&self, key: &Self::AgreementKey, point: &Point) -> Result<Secret<32>, InvalidKey>;

    /// ECDH of two keys with the same point, which a backend may look at once.
    ///
    /// # Errors
    /// As [`Crypto::agree`].
    fn agree_both(
        &self,
        keys: [&Self::AgreementKey; 2],
        point: &Point,
    ) -> Result<[Secret<32>; 2], InvalidKey> {
        let [one, other] = keys;
        Ok([self.agree(one, point)?, self.agree(other, point)?])
    }

    /// ECDSA verification of a low-s signature over the joined parts.
    ///
    /// # Errors
    /// [`Mismatch`] for anything but a signature of `key`'s owner in low-s form.
    fn verify(&self, key: &Point, message: &[&[u8]], signature: &Signature) -> Result<(), Mismatch>;

    /// SHA-256 of the joined parts.
    fn sha256(&self, parts: &[&[u8]]) -> Digest;

    /// HMAC-SHA-256 of the joined parts.
    fn hmac(&self, key: &Secret<32>, parts: &[&[u8]]) -> Secret<32>;

    /// HKDF-Extract with SHA-256 of the joined parts.
    fn extract(&self, salt: &Digest, input: &[&[u8]]) -> Secret<32>;

    /// HKDF-Expand with SHA-256 to 32 octets; the joined parts are the `info`.
    fn expand(&self, secret: &Secret<32>, info: &[&[u8]]) -> Secret<32>;

    /// AES-256-GCM in place; returns the tag.
    fn seal(&self, key: &Secret<32>, nonce: &[u8; 12], aad: &[u8], in_out: &mut [u8]) -> [u8; TAG_OCTETS];

    /// Undoes [`Crypto::seal`] in place.
    ///
    /// # Errors
    /// [`Mismatch`] when the tag does not hold; `in_out` is then not plaintext.
    fn open(
        &self,
        key: &Secret<32>,
        nonce: &[u8; 12],
        aad: &[u8],
        in_out: &mut [u8],
        tag: &[u8; TAG_OCTETS],
    ) -> Result<(), Mismatch>;

    /// A fresh private key: 32 octets of `rng`, taken again should they not be a scalar.
    ///
    /// # Errors
    /// [`InvalidKey`] when the random source keeps giving unusable octets.
    fn generate(&self, rng: &mut dyn CryptoRng) -> Result<Self::AgreementKey, InvalidKey> {
        for _ in 0..SCALAR_TRIES {
            let mut scalar = Secret::zero();
            rng.fill_bytes(scalar.expose_mut());
            if let Ok(key) = self.agreement_key(&scalar) {
                return Ok(key);
            }
        }
        Err(InvalidKey)
    }
}

/// Whoever holds a signing key: software, a phone's secure hardware, an HSM.
pub trait Signer {
    /// Why it may fail to sign.
    type Error;

    /// The public key of the signatures.
    fn public_key(&self) -> Point;

    /// An ECDSA signature over the joined parts, hashed with SHA-256.
    ///
    /// # Errors
    /// Whatever the holder of the key reports.
    fn sign(&self, message: &[&[u8]]) -> Result<Signature, Self::Error>;
}

impl Point {
    /// Whether the first octet is that of a compressed point; parsers of keys take other forms of this length too.
    pub(crate) fn is_compressed(&self) -> bool {
        matches!(self.0, [2 | 3, ..])
    }
}

impl Signature {
    /// Takes r ‖ s from any signer and makes s low, as the exchange demands.
    ///
    /// # Errors
    /// [`InvalidKey`] when r or s is zero or not below the order of the group.
    pub fn normalized(octets: &[u8; 64]) -> Result<Self, InvalidKey> {
        let signature = p256::ecdsa::Signature::from_slice(octets).map_err(|_| InvalidKey)?;
        Ok(Self(signature.normalize_s().to_bytes().into()))
    }

    /// Whether s is at most (n − 1) / 2.
    pub fn is_low_s(&self) -> bool {
        // (n − 1) / 2 of P-256
        const HALF_ORDER: [u8; 32] = [
            0x7F, 0xFF, 0xFF, 0xFF, 0x80, 0x00, 0x00, 0x00, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
            0xDE, 0x73, 0x7D, 0x56, 0xD3, 0x8B, 0xCF, 0x42, 0x79, 0xDC, 0xE5, 0x61, 0x7E, 0x31, 0x92, 0xA8,
        ];
        self.0.last_chunk::<32>().is_some_and(|s| s <= &HALF_ORDER)
    }
}

impl From<(u8, [u8; 32])> for Point {
    fn from((prefix, x): (u8, [u8; 32])) -> Self {
        let mut octets = [prefix; 33];
        if let Some(tail) = octets.last_chunk_mut() {
            *tail = x;
        }
        Self(octets)
    }
}

impl From<Point> for (u8, [u8; 32]) {
    fn from(point: Point) -> Self {
        let [prefix, x @ ..] = point.0;
        (prefix, x)
    }
}

impl fmt::Debug for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        hex(f, &self.0)
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        hex(f, &self.0)
    }
}

fn hex(f: &mut fmt::Formatter<'_>, octets: &[u8]) -> fmt::Result {
    octets.iter().try_for_each(|octet| write!(f, "{octet:02x}"))
}

impl fmt::Display for InvalidKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a P-256 key")
    }
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a signature or tag does not hold")
    }
}

impl core::error::Error for InvalidKey {}
impl core::error::Error for Mismatch {}
