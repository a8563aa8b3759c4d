//! Sealing octets to a reader's own key.
//!
//! Spec: RFC 9180, base mode, DHKEM(P-256, HKDF-SHA256), HKDF-SHA256, AES-256-GCM

use hpke::aead::{AeadTag, AesGcm256};
use hpke::inout::InOutBuf;
use hpke::kdf::HkdfSha256;
use hpke::kem::DhP256HkdfSha256;
use hpke::{Deserializable, Kem, OpModeR, OpModeS, Serializable};
use p256::elliptic_curve::sec1::ToSec1Point;
use rand_core::CryptoRng;

use crate::crypto::{InvalidKey, Point, TAG_OCTETS};
use crate::error::ObjectError;
use crate::secret::Secret;

const INFO: &[u8] = b"ostiary reader configuration";
const ENCAPSULATED_OCTETS: usize = 65;

/// Octets that sealing adds: the encapsulated key in front and the tag behind.
pub const SEAL_OVERHEAD: usize = ENCAPSULATED_OCTETS + TAG_OCTETS;

/// Seals `plaintext` to the reader's key into `out`; returns the length, [`SEAL_OVERHEAD`] more than the plaintext's.
///
/// # Errors
/// [`InvalidKey`] when `reader_key` is not on the curve or `out` is too short.
pub fn seal(
    rng: &mut dyn CryptoRng,
    reader_key: &Point,
    plaintext: &[u8],
    out: &mut [u8],
) -> Result<usize, InvalidKey> {
    if !reader_key.is_compressed() {
        return Err(InvalidKey);
    }
    let public = p256::PublicKey::from_sec1_bytes(&reader_key.0).map_err(|_| InvalidKey)?;
    let public = <DhP256HkdfSha256 as Kem>::PublicKey::from_bytes(public.to_sec1_point(false).as_bytes())
        .map_err(|_| InvalidKey)?;
    let length = plaintext.len().checked_add(SEAL_OVERHEAD).ok_or(InvalidKey)?;
    let out = out.get_mut(..length).ok_or(InvalidKey)?;
    let (encapsulated_out, rest) = out.split_at_mut_checked(ENCAPSULATED_OCTETS).ok_or(InvalidKey)?;
    let (ciphertext, tag_out) = rest.split_at_mut_checked(plaintext.len()).ok_or(InvalidKey)?;
    ciphertext.copy_from_slice(plaintext);
    let (encapsulated, tag) =
        hpke::single_shot_seal_inout_detached_with_rng::<AesGcm256, HkdfSha256, DhP256HkdfSha256>(
            &OpModeS::Base,
            &public,
            INFO,
            InOutBuf::from(ciphertext),
            &[],
            &mut &mut *rng,
        )
        .map_err(|_| InvalidKey)?;
    encapsulated.write_exact(encapsulated_out);
    tag.write_exact(tag_out);
    Ok(length)
}

/// Opens what was sealed to the key with this scalar, in place; returns the plaintext.
///
/// # Errors
/// [`ObjectError::Unsealable`] when it was sealed for another key or changed.
pub fn open_sealed<'a>(reader_scalar: &Secret<32>, sealed: &'a mut [u8]) -> Result<&'a [u8], ObjectError> {
    let unsealable = |_| ObjectError::Unsealable;
    let (encapsulated, rest) =
        sealed.split_at_mut_checked(ENCAPSULATED_OCTETS).ok_or(ObjectError::Unsealable)?;
    let (ciphertext, tag) = rest.split_last_chunk_mut::<TAG_OCTETS>().ok_or(ObjectError::Unsealable)?;
    let private =
        <DhP256HkdfSha256 as Kem>::PrivateKey::from_bytes(reader_scalar.expose()).map_err(unsealable)?;
    let encapsulated =
        <DhP256HkdfSha256 as Kem>::EncappedKey::from_bytes(encapsulated).map_err(unsealable)?;
    let tag = AeadTag::<AesGcm256>::from_bytes(tag).map_err(unsealable)?;
    hpke::single_shot_open_inout_detached::<AesGcm256, HkdfSha256, DhP256HkdfSha256>(
        &OpModeR::Base,
        &private,
        &encapsulated,
        INFO,
        InOutBuf::from(&mut *ciphertext),
        &[],
        &tag,
    )
    .map_err(unsealable)?;
    Ok(ciphertext)
}
