//! What a device signs to prove its key.
//!
//! Spec: docs/ACTIVATION.md

use credential::crypto::{Crypto, Point, Signature};
use sha2::{Digest, Sha256};

use crate::backend::Backend;

/// Label of the proof at activation.
const ACTIVATION: &[u8] = b"ostiary activation\0";
/// Label of the proof at renewal.
const RENEWAL: &[u8] = b"ostiary renewal\0";
/// Label of the proof at a reset.
const RESET: &[u8] = b"ostiary reset\0";

/// Octets of a challenge.
pub(crate) const CHALLENGE_OCTETS: usize = 32;

/// Whether `signature` proves `public_key` for the invitation whose secret has the hash `secret_hash`.
pub(crate) fn activation_holds(
    challenge: &[u8; CHALLENGE_OCTETS],
    public_key: &[u8; 33],
    secret_hash: &[u8; 32],
    signature: &[u8; 64],
) -> bool {
    let message: [&[u8]; 4] = [ACTIVATION, challenge, public_key, secret_hash];
    is_compressed(public_key) && Backend.verify(&Point(*public_key), &message, &Signature(*signature)).is_ok()
}

/// Whether the octets have the form of a compressed point; whether they are one, only a computation tells.
///
/// SEC 1 §2.3.3 has two such forms, and libraries know further ones of the same length.
pub(crate) const fn is_compressed(public_key: &[u8; 33]) -> bool {
    matches!(public_key, [2 | 3, ..])
}

/// Whether `signature` proves that the device still has its key.
pub(crate) fn renewal_holds(
    challenge: &[u8; CHALLENGE_OCTETS],
    public_key: &[u8; 33],
    signature: &[u8; 64],
) -> bool {
    still_has_key(RENEWAL, challenge, public_key, signature)
}

/// Whether `signature` proves that a reset is asked for by the device itself.
pub(crate) fn reset_holds(
    challenge: &[u8; CHALLENGE_OCTETS],
    public_key: &[u8; 33],
    signature: &[u8; 64],
) -> bool {
    still_has_key(RESET, challenge, public_key, signature)
}

fn still_has_key(
    label: &[u8],
    challenge: &[u8; CHALLENGE_OCTETS],
    public_key: &[u8; 33],
    signature: &[u8; 64],
) -> bool {
    let message: [&[u8]; 3] = [label, challenge, public_key];
    Backend.verify(&Point(*public_key), &message, &Signature(*signature)).is_ok()
}

/// The form in which keys and challenges are compared and kept.
pub(crate) fn hash(octets: &[u8]) -> [u8; 32] {
    Sha256::digest(octets).into()
}
