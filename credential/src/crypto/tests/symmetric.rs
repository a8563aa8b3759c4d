//! Hashes, key derivation and sealing.

use super::*;
use crate::crypto::Mismatch;

const ROUNDS: u64 = 200;

pub(super) fn the_published_hashes_and_tags_come_out<C: Crypto, S: Signer>(backend: &Backend<C, S>) {
    let crypto = &backend.crypto;
    // FIPS 180-4, "abc" and nothing
    let abc = octets("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_eq!(crypto.sha256(&[b"a", b"", b"bc"]), abc);
    let nothing = octets("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    assert_eq!((crypto.sha256(&[]), crypto.sha256(&[b""])), (nothing, nothing));
    // RFC 5869, test case 1: the first 32 octets of its output
    let prk = Secret::new(octets("077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5"));
    let okm = Secret::new(octets("3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf"));
    assert_eq!(crypto.expand(&prk, &[&[0xF0, 0xF1, 0xF2], &octets::<7>("f3f4f5f6f7f8f9")]), okm);
    // The specification of GCM, test cases 13 and 14
    let zero = Secret::zero();
    let mut block = [0; 16];
    assert_eq!(crypto.seal(&zero, &[0; 12], b"", &mut []), octets("530f8afbc74536b9a963b4f1c4cb738b"));
    let tag = crypto.seal(&zero, &[0; 12], b"", &mut block);
    assert_eq!(block, octets("cea7403d4d606b6e074ec5d3baf39d18"));
    assert_eq!(tag, octets("d0d1c8a799996bf0265b98b5d48ab919"));
}

pub(super) fn random_parts_are_hashed_as_in_the_reference<C: Crypto, S: Signer>(backend: &Backend<C, S>) {
    for seed in 0..ROUNDS {
        let mut rng = seeded(seed);
        let message = random_octets(&mut rng, 300);
        let (parts, others) = (random_parts(&mut rng, &message), random_parts(&mut rng, &message));
        let (key, salt) = (Secret::new(rng.random()), rng.random());
        let (own, reference) = (&backend.crypto, &RustCrypto);
        assert_eq!(own.sha256(&parts), reference.sha256(&others), "seed {seed}");
        assert_eq!(own.hmac(&key, &parts), reference.hmac(&key, &others), "seed {seed}");
        assert_eq!(own.extract(&salt, &parts), reference.extract(&salt, &others), "seed {seed}");
        assert_eq!(own.expand(&key, &parts), reference.expand(&key, &others), "seed {seed}");
        // HKDF-Extract is HMAC with the salt as its key.
        assert_eq!(own.extract(key.expose(), &parts), own.hmac(&key, &others), "seed {seed}");
    }
}

pub(super) fn random_messages_are_sealed_as_in_the_reference<C: Crypto, S: Signer>(backend: &Backend<C, S>) {
    for seed in 0..ROUNDS {
        let mut rng = seeded(seed);
        // Empty ones first, then the lengths around a block, then anything; and now and then a long aad.
        let longest = [0, 1, 17, 250, 2048][usize::try_from(seed % 5).unwrap()];
        let (plaintext, aad) = (random_octets(&mut rng, longest), random_octets(&mut rng, 5000));
        let (key, nonce) = (Secret::new(rng.random()), rng.random());
        let (mut own, mut reference) = (plaintext.clone(), plaintext.clone());
        let tag = backend.crypto.seal(&key, &nonce, &aad, &mut own);
        assert_eq!(tag, RustCrypto.seal(&key, &nonce, &aad, &mut reference), "seed {seed}");
        assert_eq!(own, reference, "seed {seed}");
        assert_eq!(backend.crypto.open(&key, &nonce, &aad, &mut own, &tag), Ok(()), "seed {seed}");
        assert_eq!(own, plaintext, "seed {seed}");
    }
}

pub(super) fn a_changed_tag_ciphertext_nonce_or_aad_opens_nothing<C: Crypto, S: Signer>(
    backend: &Backend<C, S>,
) {
    let (key, nonce, aad, plaintext) = (Secret::new([3; 32]), [4; 12], [5; 32], *b"twenty octets in all");
    let mut sealed = plaintext;
    let tag = backend.crypto.seal(&key, &nonce, &aad, &mut sealed);
    let refused = |nonce: &[u8; 12], aad: &[u8], mut in_out: Vec<u8>, tag: &[u8; 16]| {
        assert_eq!(backend.crypto.open(&key, nonce, aad, &mut in_out, tag), Err(Mismatch));
        assert_ne!(in_out, plaintext);
    };
    for bit in 0..128 {
        let mut changed = tag;
        changed[bit / 8] ^= 1 << (bit % 8);
        refused(&nonce, &aad, sealed.into(), &changed);
    }
    for bit in 0..sealed.len() * 8 {
        let mut changed = sealed;
        changed[bit / 8] ^= 1 << (bit % 8);
        refused(&nonce, &aad, changed.into(), &tag);
    }
    refused(&nonce, &aad, sealed[..19].into(), &tag);
    refused(&nonce, &aad, Vec::new(), &tag);
    refused(&nonce, &aad[..31], sealed.into(), &tag);
    refused(&nonce, b"", sealed.into(), &tag);
    refused(&[0; 12], &aad, sealed.into(), &tag);
    assert_eq!(backend.crypto.open(&Secret::zero(), &nonce, &aad, &mut sealed, &tag), Err(Mismatch));
}
