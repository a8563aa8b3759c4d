//! The backend for hosts: P-256 and AES-256-GCM by AWS-LC.
//!
//! Hashes stay with [`RustCrypto`]: for the few hundred octets of a message they are as fast there,
//! and HMAC and HKDF are faster.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::agreement::{self, ECDH_P256, ParsedPublicKey};
use aws_lc_rs::digest;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};

mod known_keys;

use super::{Crypto, Digest, InvalidKey, Mismatch, Point, RustCrypto, Signature, Signer, TAG_OCTETS};
use crate::secret::Secret;

/// AWS-LC, with hashes from [`RustCrypto`].
///
/// It allocates, and its keys live on the heap; AWS-LC wipes what it frees.
#[derive(Clone, Copy, Debug, Default)]
pub struct AwsLc;

/// A private key for key agreement beside its public key.
pub struct AwsLcAgreementKey {
    secret: agreement::PrivateKey,
    point: Point,
}

impl Crypto for AwsLc {
    type AgreementKey = AwsLcAgreementKey;

    fn agreement_key(&self, scalar: &Secret<32>) -> Result<AwsLcAgreementKey, InvalidKey> {
        let secret =
            agreement::PrivateKey::from_private_key(&ECDH_P256, scalar.expose()).map_err(|_| InvalidKey)?;
        let point = compressed(secret.compute_public_key().map_err(|_| InvalidKey)?.as_ref())?;
        Ok(AwsLcAgreementKey { secret, point })
    }

    fn public_point(&self, key: &AwsLcAgreementKey) -> Point {
        key.point
    }

    fn agree(&self, key: &AwsLcAgreementKey, point: &Point) -> Result<Secret<32>, InvalidKey> {
        agree(key, parsed(point)?)
    }

    fn agree_both(
        &self,
        [one, other]: [&AwsLcAgreementKey; 2],
        point: &Point,
    ) -> Result<[Secret<32>; 2], InvalidKey> {
        let point = parsed(point)?;
        Ok([agree(one, point.clone())?, agree(other, point)?])
    }

    fn verify(&self, key: &Point, message: &[&[u8]], signature: &Signature) -> Result<(), Mismatch> {
        if !signature.is_low_s() || !key.is_compressed() {
            return Err(Mismatch);
        }
        known_keys::verify(key, &hashed(message), signature)
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
        // GCM refuses only messages of 64 GiB and more; such a message gets a tag that opens nothing.
        aead(key)
            .and_then(|key| key.seal_in_place_separate_tag(unique(nonce), Aad::from(aad), in_out).ok())
            .and_then(|tag| tag.as_ref().try_into().ok())
            .unwrap_or([0; TAG_OCTETS])
    }

    fn open(
        &self,
        key: &Secret<32>,
        nonce: &[u8; 12],
        aad: &[u8],
        in_out: &mut [u8],
        tag: &[u8; TAG_OCTETS],
    ) -> Result<(), Mismatch> {
        let key = aead(key).ok_or(Mismatch)?;
        key.open_in_place_separate_tag(unique(nonce), Aad::from(aad), tag, in_out)
            .map(|_| ())
            .map_err(|_| Mismatch)
    }
}

/// A signing key in memory, for desktops and for an issuer without an HSM.
///
/// Signatures are low-s; unlike those of [`SoftwareSigner`](super::SoftwareSigner) they differ from call to call.
pub struct AwsLcSigner {
    pair: EcdsaKeyPair,
    point: Point,
}

impl AwsLcSigner {
    /// Takes the scalar of the key.
    ///
    /// # Errors
    /// [`InvalidKey`] when it is zero or not below the order of the group.
    pub fn new(scalar: &Secret<32>) -> Result<Self, InvalidKey> {
        let secret =
            agreement::PrivateKey::from_private_key(&ECDH_P256, scalar.expose()).map_err(|_| InvalidKey)?;
        let public = secret.compute_public_key().map_err(|_| InvalidKey)?;
        let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let pair = EcdsaKeyPair::from_private_key_and_public_key(algorithm, scalar.expose(), public.as_ref())
            .map_err(|_| InvalidKey)?;
        Ok(Self { pair, point: compressed(public.as_ref())? })
    }
}

impl Signer for AwsLcSigner {
    type Error = InvalidKey;

    fn public_key(&self) -> Point {
        self.point
    }

    fn sign(&self, message: &[&[u8]]) -> Result<Signature, InvalidKey> {
        let signature = self.pair.sign_digest(&hashed(message)).map_err(|_| InvalidKey)?;
        Signature::normalized(signature.as_ref().try_into().map_err(|_| InvalidKey)?)
    }
}

fn parsed(point: &Point) -> Result<ParsedPublicKey, InvalidKey> {
    if !point.is_compressed() {
        return Err(InvalidKey);
    }
    ParsedPublicKey::try_from(&agreement::UnparsedPublicKey::new(&ECDH_P256, &point.0))
        .map_err(|_| InvalidKey)
}

fn agree(key: &AwsLcAgreementKey, point: ParsedPublicKey) -> Result<Secret<32>, InvalidKey> {
    agreement::agree(&key.secret, point, InvalidKey, |shared| {
        shared.try_into().map(Secret::new).map_err(|_| InvalidKey)
    })
}

fn hashed(parts: &[&[u8]]) -> digest::Digest {
    let mut hash = digest::Context::new(&digest::SHA256);
    parts.iter().for_each(|part| hash.update(part));
    hash.finish()
}

fn aead(key: &Secret<32>) -> Option<LessSafeKey> {
    UnboundKey::new(&AES_256_GCM, key.expose()).ok().map(LessSafeKey::new)
}

/// The caller of the port sees to it that no nonce comes twice under a key.
fn unique(nonce: &[u8; 12]) -> Nonce {
    Nonce::assume_unique_for_key(*nonce)
}

/// The compressed form of `uncompressed`, which is 04, x and y: AWS-LC would make it by a second field inversion.
fn compressed(uncompressed: &[u8]) -> Result<Point, InvalidKey> {
    let &[4, ref coordinates @ ..] = uncompressed else { return Err(InvalidKey) };
    let (x, y) = coordinates.split_first_chunk::<32>().ok_or(InvalidKey)?;
    let &[.., last] = y else { return Err(InvalidKey) };
    Ok(Point::from((if last & 1 == 0 { 2 } else { 3 }, *x)))
}
