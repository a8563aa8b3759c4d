//! The functions of the assembler core, in types that cannot be misused.
//!
//! Numbers are words, the low one first.

use p256_cortex_m4_sys as core_;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// A private key: from 1 to the order of the group less 1.
#[derive(Zeroize, ZeroizeOnDrop)]
pub(crate) struct Scalar([u32; 8]);

/// A point of the curve, not the one at infinity.
pub(crate) struct AffinePoint {
    x: [u32; 8],
    y: [u32; 8],
}

impl Scalar {
    /// `None` when it is zero or not below the order of the group.
    pub(crate) fn new(octets: &[u8; 32]) -> Option<Self> {
        let scalar = Self(words(octets));
        // SAFETY: the pointer is to eight words, which are only read.
        unsafe { core_::P256_check_range_n(scalar.0.as_ptr()) }.then_some(scalar)
    }

    /// The public key.
    pub(crate) fn public(&self) -> Option<AffinePoint> {
        let mut point = AffinePoint { x: [0; 8], y: [0; 8] };
        let (x, y) = (point.x.as_mut_ptr(), point.y.as_mut_ptr());
        // SAFETY: each pointer is to eight words of its own; the scalar is only read.
        unsafe { core_::p256_keygen(x, y, self.0.as_ptr()) }.then_some(point)
    }

    /// The x coordinate of the scalar's multiple of a point.
    pub(crate) fn agree(&self, point: &AffinePoint) -> Option<[u8; 32]> {
        let mut shared = [0; 32];
        let (x, y) = (point.x.as_ptr(), point.y.as_ptr());
        // SAFETY: the output is 32 octets, which need no alignment; the inputs are eight words each and only read.
        unsafe { core_::p256_ecdh_calc_shared_secret(shared.as_mut_ptr(), self.0.as_ptr(), x, y) }
            .then_some(shared)
    }

    /// An ECDSA signature, r ‖ s, s as it comes; only for the comparison with the portable backend.
    #[cfg(feature = "cases")]
    pub(crate) fn sign(&self, nonce: &Self, hash: &[u8; 32]) -> Option<[u8; 64]> {
        let (mut r, mut s) = ([0; 8], [0; 8]);
        // SAFETY: r and s are eight words each; the hash has as many octets as is said; the rest is only read.
        let signed = unsafe {
            core_::p256_sign(
                r.as_mut_ptr(),
                s.as_mut_ptr(),
                hash.as_ptr(),
                32,
                self.0.as_ptr(),
                nonce.0.as_ptr(),
            )
        };
        let mut octets = [0; 64];
        let (front, back) = octets.split_at_mut(32);
        front.copy_from_slice(&octets_of(&r));
        back.copy_from_slice(&octets_of(&s));
        signed.then_some(octets)
    }
}

impl AffinePoint {
    /// Takes the compressed form; `None` unless it is that of a point of the curve.
    pub(crate) fn decompress(compressed: &[u8; 33]) -> Option<Self> {
        let mut point = Self { x: [0; 8], y: [0; 8] };
        let (x, y) = (point.x.as_mut_ptr(), point.y.as_mut_ptr());
        // SAFETY: x and y are eight words each; the input has as many octets as is said and needs no alignment.
        unsafe { core_::p256_octet_string_to_point(x, y, compressed.as_ptr(), 33) }.then_some(point)
    }

    /// The compressed form.
    pub(crate) fn compress(&self) -> [u8; 33] {
        let mut compressed = [0; 33];
        let (x, y) = (self.x.as_ptr(), self.y.as_ptr());
        // SAFETY: the output is 33 octets; x and y are eight words each and only read.
        unsafe { core_::p256_point_to_octet_string_compressed(compressed.as_mut_ptr(), x, y) };
        compressed
    }

    /// Whether r ‖ s is a signature of this key's owner over the hash; s may be high.
    pub(crate) fn verify(&self, hash: &[u8; 32], signature: &[u8; 64]) -> bool {
        let (Some(r), Some(s)) = (signature.first_chunk(), signature.last_chunk()) else { return false };
        let (r, s) = (words(r), words(s));
        let (x, y) = (self.x.as_ptr(), self.y.as_ptr());
        // SAFETY: all pointers are to as many words or octets as the function reads, and it writes none of them.
        unsafe { core_::p256_verify(x, y, hash.as_ptr(), 32, r.as_ptr(), s.as_ptr()) }
    }
}

fn words(octets: &[u8; 32]) -> [u32; 8] {
    let mut words = [0; 8];
    for (word, octets) in words.iter_mut().zip(octets.as_chunks::<4>().0.iter().rev()) {
        *word = u32::from_be_bytes(*octets);
    }
    words
}

#[cfg(feature = "cases")]
fn octets_of(words: &[u32; 8]) -> [u8; 32] {
    let mut octets = [0; 32];
    for (octets, word) in octets.as_chunks_mut::<4>().0.iter_mut().zip(words.iter().rev()) {
        *octets = word.to_be_bytes();
    }
    octets
}
