//! The backend: the curve from the assembler core, everything else from the portable one.

use credential::crypto::{Crypto, Digest, InvalidKey, Mismatch, Point, RustCrypto, Signature, TAG_OCTETS};
use credential::secret::Secret;

use crate::curve::{AffinePoint, Scalar};

/// P-256 in assembler, the rest in Rust.
#[derive(Clone, Copy, Debug, Default)]
pub struct Assembler;

/// A private key for key agreement beside its public key; wiped when dropped.
pub struct AssemblerKey {
    scalar: Scalar,
    point: Point,
}

impl Crypto for Assembler {
    type AgreementKey = AssemblerKey;

    fn agreement_key(&self, scalar: &Secret<32>) -> Result<AssemblerKey, InvalidKey> {
        let scalar = Scalar::new(scalar.expose()).ok_or(InvalidKey)?;
        let point = scalar.public().ok_or(InvalidKey)?.compress();
        Ok(AssemblerKey { scalar, point: Point(point) })
    }

    fn public_point(&self, key: &AssemblerKey) -> Point {
        key.point
    }

    fn agree(&self, key: &AssemblerKey, point: &Point) -> Result<Secret<32>, InvalidKey> {
        let point = AffinePoint::decompress(&point.0).ok_or(InvalidKey)?;
        key.scalar.agree(&point).map(Secret::new).ok_or(InvalidKey)
    }

    fn agree_both(&self, keys: [&AssemblerKey; 2], point: &Point) -> Result<[Secret<32>; 2], InvalidKey> {
        let point = AffinePoint::decompress(&point.0).ok_or(InvalidKey)?;
        let agree = |key: &AssemblerKey| key.scalar.agree(&point).map(Secret::new).ok_or(InvalidKey);
        let [one, other] = keys;
        Ok([agree(one)?, agree(other)?])
    }

    fn verify(&self, key: &Point, message: &[&[u8]], signature: &Signature) -> Result<(), Mismatch> {
        if !signature.is_low_s() {
            return Err(Mismatch);
        }
        let key = AffinePoint::decompress(&key.0).ok_or(Mismatch)?;
        let hash = self.sha256(message);
        key.verify(&hash, &signature.0).then_some(()).ok_or(Mismatch)
    }

    fn sha256(&self, parts: &[&[u8]]) -> Digest {
        RustCrypto.sha256(parts)
    }

    fn hmac(&self, key: &Secret<32>, parts: &[&[u8]]) -> Secret<32> {
        RustCrypto.hmac(key, parts)
    }

    fn extract(&self, salt: &Digest, input: &[&[u8]]) -> Secret<32> {
        RustCrypto.extract(salt, input)
    }

    fn expand(&self, secret: &Secret<32>, info: &[&[u8]]) -> Secret<32> {
        RustCrypto.expand(secret, info)
    }

    fn seal(&self, key: &Secret<32>, nonce: &[u8; 12], aad: &[u8], in_out: &mut [u8]) -> [u8; TAG_OCTETS] {
        RustCrypto.seal(key, nonce, aad, in_out)
    }

    fn open(
        &self,
        key: &Secret<32>,
        nonce: &[u8; 12],
        aad: &[u8],
        in_out: &mut [u8],
        tag: &[u8; TAG_OCTETS],
    ) -> Result<(), Mismatch> {
        RustCrypto.open(key, nonce, aad, in_out, tag)
    }
}

#[cfg(feature = "cases")]
impl crate::cases::Sign for Assembler {
    fn sign(&self, scalar: &[u8; 32], nonce: &[u8; 32], hash: &[u8; 32]) -> Option<[u8; 64]> {
        Scalar::new(scalar)?.sign(&Scalar::new(nonce)?, hash)
    }
}
