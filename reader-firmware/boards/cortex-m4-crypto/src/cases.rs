//! Inputs on which two backends must do the same: random ones and those at the edges.
//!
//! Both sides make them from the same numbers and compare digests of all that came of them, so that neither has to
//! believe the other's inputs.

mod edges;

use chacha20::ChaCha8Rng;
use credential::crypto::{Crypto, Point, RustCrypto, Signature};
use credential::secret::Secret;
use p256::elliptic_curve::ff::PrimeField;
use p256::elliptic_curve::ops::Reduce;
use p256::elliptic_curve::point::{AffineCoordinates, DecompressPoint};
use p256::elliptic_curve::sec1::ToSec1Point;
use p256::{AffinePoint, ProjectivePoint, Scalar};
use rand_core::{Rng, SeedableRng};

use edges::{COORDINATES, SCALARS, SMALL_X};

/// A backend that signs with a nonce that it is given, as nothing but this comparison should.
pub trait Sign {
    /// r ‖ s over a hash, s as it comes; `None` for numbers that are no scalars.
    fn sign(&self, scalar: &[u8; 32], nonce: &[u8; 32], hash: &[u8; 32]) -> Option<[u8; 64]>;
}

impl Sign for RustCrypto {
    fn sign(&self, scalar: &[u8; 32], nonce: &[u8; 32], hash: &[u8; 32]) -> Option<[u8; 64]> {
        let (d, k) = (nonzero(scalar)?, nonzero(nonce)?);
        let r = x_mod_n(&(ProjectivePoint::GENERATOR * k));
        let s = inverse(&k)? * (reduced(hash) + r * d);
        Some(joined(&r, &s))
    }
}

/// A digest of all that a backend makes of `count` cases from number `first` on.
pub fn digest<C: Crypto + Sign>(backend: &C, first: u32, count: u32) -> [u8; 32] {
    let mut digest = [0; 32];
    for number in first..first.saturating_add(count) {
        let (came, octets) = outcome(backend, number);
        digest = RustCrypto.sha256(&[&digest, &number.to_be_bytes(), &[came], &octets]);
    }
    digest
}

/// What a backend makes of the case of this number: a verdict, and the octets that belong to it.
pub fn outcome<C: Crypto + Sign>(backend: &C, number: u32) -> (u8, [u8; 64]) {
    let mut seed = [0; 32];
    if let Some(front) = seed.first_chunk_mut() {
        *front = number.to_be_bytes();
    }
    let mut rng = ChaCha8Rng::from_seed(seed);
    match number % 8 {
        0 => key_pair(backend, &mut rng),
        1..=3 => agreement(backend, &mut rng),
        _ => verification(backend, &mut rng),
    }
}

const NOTHING: [u8; 64] = [0; 64];
const REFUSED: (u8, [u8; 64]) = (0, NOTHING);

fn accepted(octets: &[u8]) -> (u8, [u8; 64]) {
    let mut out = [0; 64];
    out.iter_mut().zip(octets).for_each(|(out, octet)| *out = *octet);
    (1, out)
}

fn key_pair<C: Crypto>(backend: &C, rng: &mut ChaCha8Rng) -> (u8, [u8; 64]) {
    match backend.agreement_key(&Secret::new(scalar(rng))) {
        Ok(key) => accepted(&backend.public_point(&key).0),
        Err(_) => REFUSED,
    }
}

fn agreement<C: Crypto>(backend: &C, rng: &mut ChaCha8Rng) -> (u8, [u8; 64]) {
    let own = scalar(rng);
    let point = point(backend, rng);
    let Ok(key) = backend.agreement_key(&Secret::new(own)) else { return REFUSED };
    match backend.agree(&key, &point) {
        Ok(secret) => accepted(secret.expose()),
        Err(_) => REFUSED,
    }
}

fn verification<C: Crypto + Sign>(backend: &C, rng: &mut ChaCha8Rng) -> (u8, [u8; 64]) {
    let (message, owner) = (octets(rng), valid(rng));
    let hash = RustCrypto.sha256(&[&message]);
    let Ok(own) = backend.agreement_key(&Secret::new(owner)) else { return REFUSED };
    let (mut key, mut signature) = (backend.public_point(&own), [0; 64]);
    match rng.next_u32() % 16 {
        // Made by hand: the sum of the two multiples is at infinity, or both are the same point.
        0 => signature = degenerate(&owner, &hash, true).unwrap_or(NOTHING),
        1 => signature = degenerate(&owner, &hash, false).unwrap_or(NOTHING),
        // Made backwards from a point whose x is not below the order of the group.
        2 if rng.next_u32().is_multiple_of(16) => {
            if let Some((made, valid)) = wrapped(&hash, rng) {
                (key, signature) = (made, valid);
            }
        }
        3 => {
            let at = if rng.next_u32().is_multiple_of(2) { 0 } else { 32 };
            signature = backend.sign(&owner, &valid(rng), &hash).unwrap_or(NOTHING);
            let edge = pick(&SCALARS, rng);
            signature.iter_mut().skip(at).zip(edge).for_each(|(octet, edge)| *octet = edge);
        }
        4 => signature.copy_from_slice(&joined_octets(&pick(&SCALARS, rng), &pick(&SCALARS, rng))),
        kind => {
            signature = backend.sign(&owner, &valid(rng), &hash).unwrap_or(NOTHING);
            // The port takes low s only; what comes high is made low, in most cases.
            if kind != 5
                && let Ok(low) = Signature::normalized(&signature)
            {
                signature = low.0;
            }
            match kind {
                6 => flip(&mut signature, rng),
                7 => key = point(backend, rng),
                _ => {}
            }
        }
    }
    match backend.verify(&key, &[&message], &Signature(signature)) {
        Ok(()) => accepted(&signature),
        Err(_) => (2, signature),
    }
}

/// A public key: of somebody, of nobody, off the curve, or no compressed point at all.
fn point<C: Crypto>(backend: &C, rng: &mut ChaCha8Rng) -> Point {
    let mut point = Point([0; 33]);
    let [prefix, x @ ..] = &mut point.0;
    *prefix = 2 + (rng.next_u32() % 2) as u8;
    match rng.next_u32() % 8 {
        0..=3 => {
            if let Ok(key) = backend.agreement_key(&Secret::new(valid(rng))) {
                return backend.public_point(&key);
            }
        }
        // About half of all x have no point on the curve, but one on its twist.
        4 | 5 => *x = octets(rng),
        6 => *x = pick(&COORDINATES, rng),
        _ => {
            *x = octets(rng);
            *prefix = rng.next_u32() as u8;
        }
    }
    point
}

/// A signature that fits the equation but for the point: u1·G + u2·Q is at infinity, or the two are the same.
fn degenerate(owner: &[u8; 32], hash: &[u8; 32], infinity: bool) -> Option<[u8; 64]> {
    let (d, e) = (nonzero(owner)?, reduced(hash));
    let r = if infinity { -e * inverse(&d)? } else { e * inverse(&d)? };
    Some(joined(&r, &Scalar::from(5_u64)))
}

/// A key and a valid signature whose r is x less the order of the group.
fn wrapped(hash: &[u8; 32], rng: &mut ChaCha8Rng) -> Option<(Point, [u8; 64])> {
    let (offset, x) = pick(&SMALL_X, rng);
    let point =
        ProjectivePoint::from(Option::<AffinePoint>::from(AffinePoint::decompress(&x.into(), 0.into()))?);
    let (r, s) = (Scalar::from(u64::from(offset)), Scalar::from(u64::from(rng.next_u32()) + 1));
    let key = (point * s - ProjectivePoint::GENERATOR * reduced(hash)) * inverse(&r)?;
    let key = key.to_affine().to_sec1_point(true).as_bytes().try_into().ok()?;
    Some((Point(key), joined(&r, &s)))
}

/// A scalar: mostly a good one, else one at the edges.
fn scalar(rng: &mut ChaCha8Rng) -> [u8; 32] {
    if rng.next_u32().is_multiple_of(8) { pick(&SCALARS, rng) } else { octets(rng) }
}

/// A scalar that is one.
fn valid(rng: &mut ChaCha8Rng) -> [u8; 32] {
    let mut scalar = octets(rng);
    // Below the order of the group, and not zero.
    let [first, .., last] = &mut scalar;
    *first &= 0x7F;
    *last |= 1;
    scalar
}

fn octets(rng: &mut ChaCha8Rng) -> [u8; 32] {
    let mut octets = [0; 32];
    rng.fill_bytes(&mut octets);
    octets
}

fn flip(signature: &mut [u8; 64], rng: &mut ChaCha8Rng) {
    let place = rng.next_u32() as usize % signature.len();
    if let Some(octet) = signature.get_mut(place) {
        *octet ^= 1 << (rng.next_u32() % 8);
    }
}

fn pick<T: Copy + Default>(from: &[T], rng: &mut ChaCha8Rng) -> T {
    let place = rng.next_u32() as usize % from.len().max(1);
    from.get(place).copied().unwrap_or_default()
}

fn nonzero(octets: &[u8; 32]) -> Option<Scalar> {
    Option::<Scalar>::from(Scalar::from_repr((*octets).into())).filter(|scalar| *scalar != Scalar::ZERO)
}

fn reduced(octets: &[u8; 32]) -> Scalar {
    <Scalar as Reduce<p256::FieldBytes>>::reduce(&(*octets).into())
}

fn inverse(scalar: &Scalar) -> Option<Scalar> {
    scalar.invert().into()
}

fn x_mod_n(point: &ProjectivePoint) -> Scalar {
    <Scalar as Reduce<p256::FieldBytes>>::reduce(&point.to_affine().x())
}

fn joined(r: &Scalar, s: &Scalar) -> [u8; 64] {
    joined_octets(&r.to_repr().into(), &s.to_repr().into())
}

fn joined_octets(r: &[u8; 32], s: &[u8; 32]) -> [u8; 64] {
    let mut joined = [0; 64];
    joined.iter_mut().zip(r.iter().chain(s)).for_each(|(out, octet)| *out = *octet);
    joined
}
