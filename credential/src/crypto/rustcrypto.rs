//! The default backend: p256, aes-gcm, hkdf, hmac and sha2, on every target.

use aes_gcm::aead::inout::InOutBuf;
use aes_gcm::{AeadInOut, Aes256Gcm, KeyInit};
use hkdf::{GenericHkdf, GenericHkdfExtract};
use hmac::{Hmac, Mac};
use p256::ecdsa::signature::{MultipartSigner, MultipartVerifier};
use p256::ecdsa::{SigningKey, VerifyingKey};
use p256::elliptic_curve::sec1::ToSec1Point;
use rand_core::CryptoRng;
use sha2::{Digest as _, Sha256};

use super::{Crypto, Digest, InvalidKey, Mismatch, Point, Signature, Signer, TAG_OCTETS};
use crate::limits::SCALAR_TRIES;
use crate::secret::Secret;

/// The RustCrypto crates.
#[derive(Clone, Copy, Debug, Default)]
pub struct RustCrypto;

/// A private key for key agreement beside its public key.
pub struct AgreementKey {
    secret: p256::SecretKey,
    point: Point,
}

impl Crypto for RustCrypto {
    type AgreementKey = AgreementKey;

    fn agreement_key(&self, scalar: &Secret<32>) -> Result<AgreementKey, InvalidKey> {
        let secret = p256::SecretKey::from_slice(scalar.expose()).map_err(|_| InvalidKey)?;
        let point = compressed(&secret.public_key())?;
        Ok(AgreementKey { secret, point })
    }

    fn public_point(&self, key: &AgreementKey) -> Point {
        key.point
    }

    fn agree(&self, key: &AgreementKey, point: &Point) -> Result<Secret<32>, InvalidKey> {
        Ok(shared(key, &parsed(point)?))
    }

    // The square root that gives y costs a microcontroller 300,000 instructions: once is enough.
    fn agree_both(&self, keys: [&AgreementKey; 2], point: &Point) -> Result<[Secret<32>; 2], InvalidKey> {
        let point = parsed(point)?;
        Ok(keys.map(|key| shared(key, &point)))
    }

    fn verify(&self, key: &Point, message: &[&[u8]], signature: &Signature) -> Result<(), Mismatch> {
        if !signature.is_low_s() {
            return Err(Mismatch);
        }
        verify(&parsed(key).map_err(|InvalidKey| Mismatch)?, message, signature)
    }

    fn sha256(&self, parts: &[&[u8]]) -> Digest {
        let mut hash = Sha256::new();
        parts.iter().for_each(|part| hash.update(part));
        hash.finalize().into()
    }

    fn hmac(&self, key: &Secret<32>, parts: &[&[u8]]) -> Secret<32> {
        // A key of 32 octets is shorter than the block and goes in as it is, so `new` is `new_from_slice` without a failure.
        let mut block = [0; 64];
        if let Some(front) = block.first_chunk_mut() {
            *front = *key.expose();
        }
        let mut mac = Hmac::<Sha256>::new(&block.into());
        zeroize::Zeroize::zeroize(&mut block);
        parts.iter().for_each(|part| mac.update(part));
        Secret::new(mac.finalize().into_bytes().into())
    }

    fn extract(&self, salt: &Digest, input: &[&[u8]]) -> Secret<32> {
        let mut extract = GenericHkdfExtract::<Hmac<Sha256>>::new(Some(salt));
        input.iter().for_each(|part| extract.input_ikm(part));
        let (secret, _) = extract.finalize();
        Secret::new(secret.into())
    }

    fn expand(&self, secret: &Secret<32>, info: &[&[u8]]) -> Secret<32> {
        let mut output = Secret::zero();
        // Both lengths are constants that HKDF allows: a secret of one hash length, an output of one hash length.
        if let Ok(hkdf) = GenericHkdf::<Hmac<Sha256>>::from_prk(secret.expose()) {
            let done = hkdf.expand_multi_info(info, output.expose_mut());
            debug_assert!(done.is_ok(), "32 octets are within HKDF's limit");
        }
        output
    }

    fn seal(&self, key: &Secret<32>, nonce: &[u8; 12], aad: &[u8], in_out: &mut [u8]) -> [u8; TAG_OCTETS] {
        // GCM refuses only messages of 64 GiB and more; such a message gets a tag that opens nothing.
        Aes256Gcm::new(key.expose().into())
            .encrypt_inout_detached(nonce.into(), aad, InOutBuf::from(in_out))
            .map_or([0; TAG_OCTETS], Into::into)
    }

    fn open(
        &self,
        key: &Secret<32>,
        nonce: &[u8; 12],
        aad: &[u8],
        in_out: &mut [u8],
        tag: &[u8; TAG_OCTETS],
    ) -> Result<(), Mismatch> {
        Aes256Gcm::new(key.expose().into())
            .decrypt_inout_detached(nonce.into(), aad, InOutBuf::from(in_out), tag.into())
            .map_err(|_| Mismatch)
    }
}

/// A signing key in memory: for tests, desktops, and an issuer without an HSM.
///
/// Signatures are deterministic (RFC 6979) and low-s.
pub struct SoftwareSigner(SigningKey);

impl SoftwareSigner {
    /// Takes the scalar of the key.
    ///
    /// # Errors
    /// [`InvalidKey`] when it is zero or not below the order of the group.
    pub fn new(scalar: &Secret<32>) -> Result<Self, InvalidKey> {
        SigningKey::from_slice(scalar.expose()).map(Self).map_err(|_| InvalidKey)
    }

    /// A fresh key, with its scalar for safe-keeping.
    ///
    /// # Errors
    /// [`InvalidKey`] when the random source keeps giving unusable octets.
    pub fn generate(rng: &mut dyn CryptoRng) -> Result<(Self, Secret<32>), InvalidKey> {
        for _ in 0..SCALAR_TRIES {
            let mut scalar = Secret::zero();
            rng.fill_bytes(scalar.expose_mut());
            if let Ok(signer) = Self::new(&scalar) {
                return Ok((signer, scalar));
            }
        }
        Err(InvalidKey)
    }
}

impl Signer for SoftwareSigner {
    type Error = InvalidKey;

    fn public_key(&self) -> Point {
        // A verifying key is never the point at infinity, the only one without a compressed form.
        compressed(&p256::PublicKey::from(self.0.verifying_key())).unwrap_or(Point([0; 33]))
    }

    fn sign(&self, message: &[&[u8]]) -> Result<Signature, InvalidKey> {
        let signature: p256::ecdsa::Signature = self.0.try_multipart_sign(message).map_err(|_| InvalidKey)?;
        Ok(Signature(signature.normalize_s().to_bytes().into()))
    }
}

/// Apart from the parsing of the key: both go deep into the stack, and not on top of each other.
#[inline(never)]
fn verify(key: &p256::PublicKey, message: &[&[u8]], signature: &Signature) -> Result<(), Mismatch> {
    let signature = p256::ecdsa::Signature::from_slice(&signature.0).map_err(|_| Mismatch)?;
    VerifyingKey::from(key).multipart_verify(message, &signature).map_err(|_| Mismatch)
}

#[inline(never)]
fn parsed(point: &Point) -> Result<p256::PublicKey, InvalidKey> {
    // The parser also takes the compact form, 05 and x, which the exchange does not know.
    if !point.is_compressed() {
        return Err(InvalidKey);
    }
    p256::PublicKey::from_sec1_bytes(&point.0).map_err(|_| InvalidKey)
}

fn shared(key: &AgreementKey, point: &p256::PublicKey) -> Secret<32> {
    Secret::new((*key.secret.diffie_hellman(point).raw_secret_bytes()).into())
}

fn compressed(key: &p256::PublicKey) -> Result<Point, InvalidKey> {
    key.to_sec1_point(true).as_bytes().try_into().map(Point).map_err(|_| InvalidKey)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signer(octet: u8) -> SoftwareSigner {
        SoftwareSigner::new(&Secret::new([octet; 32])).unwrap()
    }

    #[test]
    fn both_sides_agree_on_the_same_secret() {
        let (a, b) = (Secret::new([1; 32]), Secret::new([2; 32]));
        let (a, b) = (RustCrypto.agreement_key(&a).unwrap(), RustCrypto.agreement_key(&b).unwrap());
        assert_eq!(RustCrypto.agree(&a, &b.point), RustCrypto.agree(&b, &a.point));
    }

    #[test]
    fn a_point_that_is_not_on_the_curve_is_refused() {
        let key = RustCrypto.agreement_key(&Secret::new([1; 32])).unwrap();
        let mut off_curve = 0;
        for x in 0..64_u8 {
            let mut point = [0; 33];
            (point[0], point[32]) = (2, x);
            off_curve += usize::from(RustCrypto.agree(&key, &Point(point)).is_err());
        }
        assert!((20..44).contains(&off_curve), "about half of all x have no point: {off_curve}");
        assert!(RustCrypto.agree(&key, &Point([0; 33])).is_err());
        assert!(RustCrypto.agree(&key, &Point([4; 33])).is_err());
    }

    #[test]
    fn signatures_are_low_s_and_hold_over_joined_parts() {
        for octet in 1..40 {
            let signature = signer(octet).sign(&[b"one", b"two"]).unwrap();
            assert!(signature.is_low_s());
            assert_eq!(RustCrypto.verify(&signer(octet).public_key(), &[b"onetwo"], &signature), Ok(()));
            assert_eq!(
                RustCrypto.verify(&signer(octet).public_key(), &[b"onetw"], &signature),
                Err(Mismatch)
            );
        }
    }

    #[test]
    fn a_high_s_signature_is_refused_and_normalises_to_the_low_one() {
        let low = signer(7).sign(&[b"message"]).unwrap();
        let parsed = p256::ecdsa::Signature::from_slice(&low.0).unwrap();
        let high = p256::ecdsa::Signature::from_scalars(parsed.r(), -parsed.s()).unwrap();
        let high = Signature(high.to_bytes().into());
        assert!(!high.is_low_s());
        assert_eq!(RustCrypto.verify(&signer(7).public_key(), &[b"message"], &high), Err(Mismatch));
        assert_eq!(Signature::normalized(&high.0), Ok(low));
    }

    #[test]
    fn sealed_octets_open_only_unchanged() {
        let key = Secret::new([3; 32]);
        let mut octets = *b"plain";
        let tag = RustCrypto.seal(&key, &[0; 12], b"aad", &mut octets);
        let mut changed = octets;
        changed[0] ^= 1;
        assert_eq!(RustCrypto.open(&key, &[0; 12], b"aad", &mut changed, &tag), Err(Mismatch));
        assert_eq!(RustCrypto.open(&key, &[0; 12], b"bad", &mut octets.clone(), &tag), Err(Mismatch));
        assert_eq!(RustCrypto.open(&key, &[0; 12], b"aad", &mut octets, &tag), Ok(()));
        assert_eq!(&octets, b"plain");
    }
}
