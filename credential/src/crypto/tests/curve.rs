//! P-256.

use p256::elliptic_curve::group::ff::PrimeField as _;

use super::*;
use crate::crypto::{Mismatch, Point, Signature};

const ROUNDS: u64 = 64;
const ORDER: &str = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";
const FIELD: &str = "ffffffff00000001000000000000000000000000ffffffffffffffffffffffff";

// RFC 5903, §8.1
const I: &str = "c88f01f510d9ac3f70a292daa2316de544e9aab8afe84049c62a9c57862d1433";
const G_I: &str = "03dad0b65394221cf9b051e1feca5787d098dfe637fc90b9ef945d0c3772581180";
const R: &str = "c6ef9c5d78ae012a011164acb397ce2088685d8f06bf9be0b283ab46476bee53";
const G_R: &str = "03d12dfb5289c8d4f81208b70270398c342296970a0bccb74c736fc7554494bf63";
const G_IR: &str = "d6840f6b42f6edafd13116e0e12565202fef8e9ece7dce03812464d04b9442de";

// RFC 6979, §A.2.5, with SHA-256
const SAMPLE_KEY: &str = "c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721";
const SAMPLE_R: &str = "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716";
const SAMPLE_S: &str = "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8";

fn scalar(hex: &str) -> Secret<32> {
    Secret::new(octets(hex))
}

fn random_scalar(rng: &mut StdRng) -> Secret<32> {
    Secret::new(rng.random())
}

fn joined(r: &[u8; 32], s: &[u8; 32]) -> Signature {
    let mut signature = [0; 64];
    signature[..32].copy_from_slice(r);
    signature[32..].copy_from_slice(s);
    Signature(signature)
}

/// The other signature with the same r that ECDSA itself would accept.
fn with_other_s(signature: &Signature) -> Signature {
    let parsed = p256::ecdsa::Signature::from_slice(&signature.0).unwrap();
    let other = p256::ecdsa::Signature::from_scalars(parsed.r(), -parsed.s()).unwrap();
    Signature(other.to_bytes().into())
}

fn sample() -> (Point, Signature) {
    let published = joined(&octets(SAMPLE_R), &octets(SAMPLE_S));
    (
        SoftwareSigner::new(&scalar(SAMPLE_KEY)).unwrap().public_key(),
        Signature::normalized(&published.0).unwrap(),
    )
}

pub(super) fn the_published_key_agreement_comes_out<C: Crypto, S: Signer>(backend: &Backend<C, S>) {
    let key = backend.crypto.agreement_key(&scalar(I)).unwrap();
    assert_eq!(backend.crypto.public_point(&key), Point(octets(G_I)));
    assert_eq!(backend.crypto.agree(&key, &Point(octets(G_R))), Ok(scalar(G_IR)));
    let key = backend.crypto.agreement_key(&scalar(R)).unwrap();
    assert_eq!(backend.crypto.public_point(&key), Point(octets(G_R)));
    assert_eq!(backend.crypto.agree(&key, &Point(octets(G_I))), Ok(scalar(G_IR)));
}

pub(super) fn the_published_signature_holds_once_its_s_is_low<C: Crypto, S: Signer>(backend: &Backend<C, S>) {
    let (key, signature) = sample();
    let published = joined(&octets(SAMPLE_R), &octets(SAMPLE_S));
    assert_eq!(backend.crypto.verify(&key, &[b"sample"], &signature), Ok(()));
    assert_eq!(backend.crypto.verify(&key, &[b"sample"], &published), Err(Mismatch));
}

pub(super) fn scalars_outside_the_group_are_refused<C: Crypto, S: Signer>(backend: &Backend<C, S>) {
    let mut above = octets(ORDER);
    above[31] += 1;
    for scalar in [[0; 32], octets(ORDER), above, [0xFF; 32]].map(Secret::new) {
        assert!(backend.crypto.agreement_key(&scalar).is_err());
        assert!((backend.signer)(&scalar).is_err());
    }
}

pub(super) fn the_first_and_the_last_scalar_have_opposite_points<C: Crypto, S: Signer>(
    backend: &Backend<C, S>,
) {
    let (mut one, mut last) = ([0; 32], octets(ORDER));
    (one[31], last[31]) = (1, last[31] - 1);
    let point = |scalar: [u8; 32]| {
        let scalar = Secret::new(scalar);
        let point = backend.crypto.public_point(&backend.crypto.agreement_key(&scalar).unwrap());
        assert_eq!((backend.signer)(&scalar).ok().unwrap().public_key(), point);
        point.0
    };
    let ([prefix, x @ ..], [last_prefix, last_x @ ..]) = (point(one), point(last));
    assert_eq!((prefix ^ 1, x), (last_prefix, last_x));
}

pub(super) fn random_keys_agree_as_in_the_reference<C: Crypto, S: Signer>(backend: &Backend<C, S>) {
    for seed in 0..ROUNDS {
        let mut rng = seeded(seed);
        let (a, b) = (random_scalar(&mut rng), random_scalar(&mut rng));
        let (own, other) = (backend.crypto.agreement_key(&a).unwrap(), RustCrypto.agreement_key(&b).unwrap());
        let (own_point, other_point) = (backend.crypto.public_point(&own), RustCrypto.public_point(&other));
        let reference = RustCrypto.agreement_key(&a).unwrap();
        assert_eq!(own_point, RustCrypto.public_point(&reference), "seed {seed}");
        let shared = backend.crypto.agree(&own, &other_point).unwrap();
        assert_eq!(RustCrypto.agree(&other, &own_point), Ok(shared), "seed {seed}");
    }
}

pub(super) fn octets_that_are_no_compressed_point_are_refused<C: Crypto, S: Signer>(backend: &Backend<C, S>) {
    let (key, signature) = sample();
    let own = backend.crypto.agreement_key(&scalar(I)).unwrap();
    let refused = |point: Point| {
        assert_eq!(backend.crypto.agree(&own, &point), Err(InvalidKey), "{point:?}");
        assert_eq!(backend.crypto.verify(&point, &[b"sample"], &signature), Err(Mismatch), "{point:?}");
    };
    // Infinity, then every other first octet: the uncompressed, the compact (05) and the hybrid form among them.
    refused(Point([0; 33]));
    for prefix in (0..=0xFF).filter(|prefix| !matches!(prefix, 2 | 3)) {
        let (_, x) = key.into();
        refused(Point::from((prefix, x)));
    }
    // x = 5 is on the curve, and p + 5 is the same field element in octets that nobody may write.
    let mut x = [0; 32];
    x[31] = 5;
    assert!(backend.crypto.agree(&own, &Point::from((2, x))).is_ok());
    let mut above: [u8; 32] = octets(FIELD);
    above[16..].copy_from_slice(&[0; 16]);
    (above[15], above[31]) = (1, 4);
    for x in [octets(FIELD), above, [0xFF; 32]] {
        refused(Point::from((2, x)));
        refused(Point::from((3, x)));
    }
}

/// About half of all x belong to the twist and not to the curve.
pub(super) fn random_x_coordinates_are_judged_as_in_the_reference<C: Crypto, S: Signer>(
    backend: &Backend<C, S>,
) {
    let (own, reference) =
        (backend.crypto.agreement_key(&scalar(I)).unwrap(), RustCrypto.agreement_key(&scalar(I)).unwrap());
    let mut refused = 0;
    for seed in 0..ROUNDS {
        let mut rng = seeded(seed);
        let point = Point::from((rng.random_range(2..=3), rng.random()));
        let judged = backend.crypto.agree(&own, &point);
        refused += u64::from(judged.is_err());
        assert_eq!(judged, RustCrypto.agree(&reference, &point), "seed {seed}");
    }
    assert!((ROUNDS / 4..ROUNDS * 3 / 4).contains(&refused), "{refused} of {ROUNDS}");
}

pub(super) fn random_signatures_hold_here_and_in_the_reference<C: Crypto, S: Signer>(
    backend: &Backend<C, S>,
) {
    for seed in 0..ROUNDS {
        let mut rng = seeded(seed);
        let scalar = random_scalar(&mut rng);
        let (own, reference) =
            ((backend.signer)(&scalar).ok().unwrap(), SoftwareSigner::new(&scalar).unwrap());
        assert_eq!(own.public_key(), reference.public_key(), "seed {seed}");
        let message = random_octets(&mut rng, 300);
        let (parts, others) = (random_parts(&mut rng, &message), random_parts(&mut rng, &message));
        let signature = own.sign(&parts).ok().unwrap();
        assert!(signature.is_low_s(), "seed {seed}");
        assert_eq!(RustCrypto.verify(&own.public_key(), &others, &signature), Ok(()), "seed {seed}");
        let signature = reference.sign(&parts).unwrap();
        assert_eq!(backend.crypto.verify(&own.public_key(), &others, &signature), Ok(()), "seed {seed}");
    }
}

pub(super) fn a_changed_signature_message_or_key_is_refused<C: Crypto, S: Signer>(backend: &Backend<C, S>) {
    let (key, signature) = sample();
    for bit in 0..512 {
        let mut changed = signature;
        changed.0[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(backend.crypto.verify(&key, &[b"sample"], &changed), Err(Mismatch), "bit {bit}");
    }
    let mut other = key;
    other.0[0] ^= 1;
    assert_eq!(backend.crypto.verify(&other, &[b"sample"], &signature), Err(Mismatch));
    for message in [&[b"simple" as &[u8]] as &[&[u8]], &[b"sample", b"\0"], &[b"", b"sampl"], &[b""], &[]] {
        assert_eq!(backend.crypto.verify(&key, message, &signature), Err(Mismatch));
    }
}

pub(super) fn r_and_s_outside_the_group_are_refused<C: Crypto, S: Signer>(backend: &Backend<C, S>) {
    let (key, signature) = sample();
    let r = *signature.0.first_chunk().unwrap();
    let s = *signature.0.last_chunk().unwrap();
    let mut one = [0; 32];
    one[31] = 1;
    let order = octets(ORDER);
    let mut high = order;
    high[31] -= 1;
    for (r, s) in [
        ([0; 32], s),
        (r, [0; 32]),
        ([0; 32], [0; 32]),
        (order, s),
        (r, order),
        (order, order),
        ([0xFF; 32], s),
        (r, [0xFF; 32]),
        (one, one),
        (high, one),
        (one, high),
    ] {
        assert_eq!(backend.crypto.verify(&key, &[b"sample"], &joined(&r, &s)), Err(Mismatch), "{r:?} {s:?}");
    }
}

pub(super) fn a_high_s_signature_is_refused_although_it_is_sound<C: Crypto, S: Signer>(
    backend: &Backend<C, S>,
) {
    for seed in 0..ROUNDS {
        let signer = (backend.signer)(&random_scalar(&mut seeded(seed))).ok().unwrap();
        let low = signer.sign(&[b"message"]).ok().unwrap();
        let high = with_other_s(&low);
        assert_eq!(Signature::normalized(&high.0), Ok(low), "seed {seed}");
        assert_eq!(backend.crypto.verify(&signer.public_key(), &[b"message"], &low), Ok(()), "seed {seed}");
        assert_eq!(
            backend.crypto.verify(&signer.public_key(), &[b"message"], &high),
            Err(Mismatch),
            "seed {seed}"
        );
    }
    let half = p256::Scalar::from_u128(2).invert().unwrap();
    let (largest_low, smallest_high): ([u8; 32], [u8; 32]) =
        ((half - p256::Scalar::ONE).to_bytes().into(), half.to_bytes().into());
    assert!(joined(&[1; 32], &largest_low).is_low_s());
    assert!(!joined(&[1; 32], &smallest_high).is_low_s());
}
