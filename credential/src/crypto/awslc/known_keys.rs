//! Verification keys that were used a moment ago, in the form that AWS-LC computes with.
//!
//! To find the other coordinate of a compressed point costs a quarter of a verification, and the same few keys verify
//! again and again: the issuers' on every device, issuers' and holders' at a reader.
//! A device looks only issuer keys up here, and one fixed key where it has none, so that the time it takes does not
//! tell what it holds.

use std::cell::RefCell;
use std::collections::VecDeque;

use aws_lc_rs::digest::Digest;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, ParsedPublicKey};

use super::{Mismatch, Point, Signature};

/// As many keys as a thread remembers: a rush at the door.
const KNOWN: usize = 32;

std::thread_local! {
    static KEYS: RefCell<VecDeque<(Point, ParsedPublicKey)>> = const { RefCell::new(VecDeque::new()) };
}

/// Verifies over a digest with a key in compressed form.
pub(super) fn verify(point: &Point, digest: &Digest, signature: &Signature) -> Result<(), Mismatch> {
    KEYS.with_borrow_mut(|keys| {
        let holds = |key: &ParsedPublicKey| key.verify_digest_sig(digest, &signature.0).map_err(|_| Mismatch);
        if let Some((_, key)) = keys.iter().find(|(known, _)| known == point) {
            return holds(key);
        }
        let key = ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point.0).map_err(|_| Mismatch)?;
        let result = holds(&key);
        if keys.len() >= KNOWN {
            keys.pop_front();
        }
        keys.push_back((*point, key));
        result
    })
}
