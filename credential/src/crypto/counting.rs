//! A backend around another one that counts what is asked of it.

use core::cell::Cell;

use super::{Crypto, Digest, InvalidKey, Mismatch, Point, Signature, TAG_OCTETS};
use crate::secret::Secret;

/// How often each public-key operation was asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Operations {
    /// Key pairs made from a scalar.
    pub key_pairs: u32,
    /// ECDH.
    pub agreements: u32,
    /// ECDSA verifications.
    pub verifications: u32,
}

impl Operations {
    /// All of them together.
    pub const fn total(self) -> u32 {
        self.key_pairs.saturating_add(self.agreements).saturating_add(self.verifications)
    }
}

/// Counts the P-256 operations that pass through, so that a claim about them can be tested.
#[derive(Debug, Default)]
pub struct Counting<C> {
    inner: C,
    operations: Cell<Operations>,
}

impl<C> Counting<C> {
    /// Counts for `inner`, from zero.
    pub fn new(inner: C) -> Self {
        Self { inner, operations: Cell::default() }
    }

    /// What was counted since the last call of this function.
    pub fn take(&self) -> Operations {
        self.operations.take()
    }

    fn count(&self, add: impl FnOnce(&mut Operations)) {
        let mut operations = self.operations.get();
        add(&mut operations);
        self.operations.set(operations);
    }
}

impl<C: Crypto> Crypto for Counting<C> {
    type AgreementKey = C::AgreementKey;

    fn agreement_key(&self, scalar: &Secret<32>) -> Result<Self::AgreementKey, InvalidKey> {
        self.count(|operations| operations.key_pairs = operations.key_pairs.saturating_add(1));
        self.inner.agreement_key(scalar)
    }

    fn public_point(&self, key: &Self::AgreementKey) -> Point {
        self.inner.public_point(key)
    }

    fn agree(&self, key: &Self::AgreementKey, point: &Point) -> Result<Secret<32>, InvalidKey> {
        self.count(|operations| operations.agreements = operations.agreements.saturating_add(1));
        self.inner.agree(key, point)
    }

    fn agree_both(
        &self,
        keys: [&Self::AgreementKey; 2],
        point: &Point,
    ) -> Result<[Secret<32>; 2], InvalidKey> {
        self.count(|operations| operations.agreements = operations.agreements.saturating_add(2));
        self.inner.agree_both(keys, point)
    }

    fn verify(&self, key: &Point, message: &[&[u8]], signature: &Signature) -> Result<(), Mismatch> {
        self.count(|operations| operations.verifications = operations.verifications.saturating_add(1));
        self.inner.verify(key, message, signature)
    }

    fn sha256(&self, parts: &[&[u8]]) -> Digest {
        self.inner.sha256(parts)
    }

    fn hmac(&self, key: &Secret<32>, parts: &[&[u8]]) -> Secret<32> {
        self.inner.hmac(key, parts)
    }

    fn extract(&self, salt: &Digest, input: &[&[u8]]) -> Secret<32> {
        self.inner.extract(salt, input)
    }

    fn expand(&self, secret: &Secret<32>, info: &[&[u8]]) -> Secret<32> {
        self.inner.expand(secret, info)
    }

    fn seal(&self, key: &Secret<32>, nonce: &[u8; 12], aad: &[u8], in_out: &mut [u8]) -> [u8; TAG_OCTETS] {
        self.inner.seal(key, nonce, aad, in_out)
    }

    fn open(
        &self,
        key: &Secret<32>,
        nonce: &[u8; 12],
        aad: &[u8],
        in_out: &mut [u8],
        tag: &[u8; TAG_OCTETS],
    ) -> Result<(), Mismatch> {
        self.inner.open(key, nonce, aad, in_out, tag)
    }
}
