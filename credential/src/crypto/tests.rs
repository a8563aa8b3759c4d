//! What every backend has to do, with the published vectors and with [`RustCrypto`] as the reference.
#![expect(clippy::arithmetic_side_effects, reason = "lengths and scalars of these tests are their own")]

mod curve;
mod symmetric;

use std::vec::Vec;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::{Crypto, InvalidKey, RustCrypto, Signer, SoftwareSigner};
use crate::secret::Secret;

/// A backend with the signer that goes with it.
struct Backend<C, S> {
    crypto: C,
    signer: fn(&Secret<32>) -> Result<S, InvalidKey>,
}

/// Makes each generic fact a test of each backend.
macro_rules! facts {
    ($($room:ident::$fact:ident,)*) => {
        mod rustcrypto {
            use super::*;
            $(#[test] fn $fact() { super::$room::$fact(&Backend { crypto: RustCrypto, signer: SoftwareSigner::new }); })*
        }
        #[cfg(feature = "aws-lc")]
        mod awslc {
            use super::*;
            use crate::crypto::{AwsLc, AwsLcSigner};
            $(#[test] fn $fact() { super::$room::$fact(&Backend { crypto: AwsLc, signer: AwsLcSigner::new }); })*
        }
    };
}

facts! {
    curve::the_published_key_agreement_comes_out,
    curve::the_published_signature_holds_once_its_s_is_low,
    curve::scalars_outside_the_group_are_refused,
    curve::the_first_and_the_last_scalar_have_opposite_points,
    curve::random_keys_agree_as_in_the_reference,
    curve::octets_that_are_no_compressed_point_are_refused,
    curve::random_x_coordinates_are_judged_as_in_the_reference,
    curve::random_signatures_hold_here_and_in_the_reference,
    curve::a_changed_signature_message_or_key_is_refused,
    curve::r_and_s_outside_the_group_are_refused,
    curve::a_high_s_signature_is_refused_although_it_is_sound,
    symmetric::the_published_hashes_and_tags_come_out,
    symmetric::random_parts_are_hashed_as_in_the_reference,
    symmetric::random_messages_are_sealed_as_in_the_reference,
    symmetric::a_changed_tag_ciphertext_nonce_or_aad_opens_nothing,
}

fn seeded(seed: u64) -> StdRng {
    StdRng::seed_from_u64(seed)
}

fn octets<const N: usize>(hex: &str) -> [u8; N] {
    assert_eq!(hex.len(), 2 * N);
    core::array::from_fn(|i| u8::from_str_radix(&hex[2 * i..2 * i + 2], 16).unwrap())
}

fn random_octets(rng: &mut StdRng, longest: usize) -> Vec<u8> {
    let length = rng.random_range(0..=longest);
    (0..length).map(|_| rng.random()).collect()
}

/// Cuts `octets` into parts at random; some are empty, and there may be none at all.
fn random_parts<'a>(rng: &mut StdRng, octets: &'a [u8]) -> Vec<&'a [u8]> {
    let mut parts = Vec::new();
    let mut rest = octets;
    while !rest.is_empty() || rng.random_bool(0.3) {
        let (part, tail) = rest.split_at(rng.random_range(0..=rest.len()));
        parts.push(part);
        rest = tail;
    }
    parts
}
