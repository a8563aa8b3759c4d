//! What a board can find out about itself: flash, random source, curve.
//!
//! Nothing here changes what the door holds.

use credential::crypto::{Crypto, Point, Signature};
use credential::secret::Secret;
use embedded_storage::nor_flash::NorFlash;
use rand_core::CryptoRng;

use crate::serial::Check;

/// Octets that are written and read at a time.
const PIECE: usize = 64;

/// Erases a page that nobody uses, writes it full, reads it back, and erases it again.
pub fn flash<F: NorFlash>(flash: &mut F, page: u32) -> Check {
    Check::from(try_flash(flash, page).unwrap_or(false))
}

fn try_flash<F: NorFlash>(flash: &mut F, page: u32) -> Result<bool, F::Error> {
    let size = u32::try_from(F::ERASE_SIZE).unwrap_or(0);
    let end = page.saturating_add(size);
    let mut whole = true;
    flash.erase(page, end)?;
    for write in [true, false] {
        for at in (page..end).step_by(PIECE) {
            let mut piece = Piece([0; PIECE]);
            let wanted = pattern(at);
            if write {
                flash.read(at, &mut piece.0)?;
                whole &= piece.0 == [0xFF; PIECE];
                flash.write(at, &wanted.0)?;
            } else {
                flash.read(at, &mut piece.0)?;
                whole &= piece.0 == wanted.0;
            }
        }
    }
    flash.erase(page, end)?;
    Ok(whole)
}

/// Some flash controllers copy whole words.
#[repr(align(4))]
struct Piece([u8; PIECE]);

/// Another one at each place, so that an address line that is stuck shows.
fn pattern(at: u32) -> Piece {
    let mut octets = [0; PIECE];
    for (octet, number) in octets.iter_mut().zip(at.wrapping_mul(0x9E37_79B1)..) {
        *octet = (number ^ (number >> 13)).to_le_bytes()[0];
    }
    Piece(octets)
}

/// So many octets are drawn.
const WINDOW: usize = 512;

/// The same octet so often in a row happens once in a million windows of a good source.
const REPETITIONS: u32 = 4;

/// The first octet of a window so often in it, too.
const OCCURRENCES: u32 = 13;

/// The two health tests of a noise source, over one window, for full entropy.
///
/// Spec: NIST SP 800-90B §4.4.1 and §4.4.2
pub fn random(rng: &mut dyn CryptoRng) -> Check {
    let (mut first, mut last) = (None, None);
    let (mut repetitions, mut occurrences) = (0_u32, 0_u32);
    for _ in 0..WINDOW / 32 {
        let mut piece = [0; 32];
        rng.fill_bytes(&mut piece);
        for octet in piece {
            repetitions = if last == Some(octet) { repetitions.saturating_add(1) } else { 1 };
            last = Some(octet);
            occurrences = occurrences.saturating_add(u32::from(*first.get_or_insert(octet) == octet));
            if repetitions >= REPETITIONS || occurrences >= OCCURRENCES {
                return Check::Failed;
            }
        }
    }
    Check::Passed
}

/// Spec: RFC 6979 §A.2.5, the key and the signature of `sample` with SHA-256, its s turned into the lower one
const SCALAR: [u8; 32] = [
    0xC9, 0xAF, 0xA9, 0xD8, 0x45, 0xBA, 0x75, 0x16, 0x6B, 0x5C, 0x21, 0x57, 0x67, 0xB1, 0xD6, 0x93, 0x4E,
    0x50, 0xC3, 0xDB, 0x36, 0xE8, 0x9B, 0x12, 0x7B, 0x8A, 0x62, 0x2B, 0x12, 0x0F, 0x67, 0x21,
];
const POINT: [u8; 33] = [
    0x03, 0x60, 0xFE, 0xD4, 0xBA, 0x25, 0x5A, 0x9D, 0x31, 0xC9, 0x61, 0xEB, 0x74, 0xC6, 0x35, 0x6D, 0x68,
    0xC0, 0x49, 0xB8, 0x92, 0x3B, 0x61, 0xFA, 0x6C, 0xE6, 0x69, 0x62, 0x2E, 0x60, 0xF2, 0x9F, 0xB6,
];
const SIGNATURE: [u8; 64] = [
    0xEF, 0xD4, 0x8B, 0x2A, 0xAC, 0xB6, 0xA8, 0xFD, 0x11, 0x40, 0xDD, 0x9C, 0xD4, 0x5E, 0x81, 0xD6, 0x9D,
    0x2C, 0x87, 0x7B, 0x56, 0xAA, 0xF9, 0x91, 0xC3, 0x4D, 0x0E, 0xA8, 0x4E, 0xAF, 0x37, 0x16, 0x08, 0x34,
    0xE3, 0x6A, 0xD2, 0x9A, 0x83, 0xBF, 0x2B, 0xC9, 0x38, 0x5E, 0x49, 0x1D, 0x60, 0x99, 0xC8, 0xFD, 0xF9,
    0xD1, 0xED, 0x67, 0xAA, 0x7E, 0xA5, 0xF5, 0x1F, 0x93, 0x78, 0x28, 0x57, 0xA9,
];
/// The x coordinate of the scalar times its own point.
const SHARED: [u8; 32] = [
    0x23, 0x88, 0xEE, 0x99, 0x0C, 0x93, 0xC4, 0xBB, 0x75, 0x72, 0x03, 0x22, 0x5B, 0x77, 0x86, 0xD6, 0x99,
    0x50, 0xD2, 0xF0, 0xDE, 0x43, 0xCD, 0xF2, 0x3D, 0xC7, 0x1F, 0x5E, 0xFA, 0xA1, 0x69, 0xC8,
];

/// Known answers of P-256: a public key, an agreement, a signature that holds and one that does not.
pub fn curve<C: Crypto>(crypto: &C) -> Check {
    let (point, signature) = (Point(POINT), Signature(SIGNATURE));
    let agrees = crypto.agreement_key(&Secret::new(SCALAR)).is_ok_and(|key| {
        crypto.public_point(&key) == point
            && crypto.agree(&key, &point).is_ok_and(|shared| *shared.expose() == SHARED)
    });
    let verifies = crypto.verify(&point, &[b"sam", b"ple"], &signature).is_ok()
        && crypto.verify(&point, &[b"simple"], &signature).is_err();
    Check::from(agrees && verifies)
}

#[cfg(test)]
#[expect(clippy::arithmetic_side_effects, reason = "tests")]
mod tests {
    use credential::crypto::RustCrypto;
    use rand::SeedableRng;
    use rand::rngs::StdRng;
    use rand_core::{TryCryptoRng, TryRng};

    use super::*;
    use crate::storage::model::{ModelFlash, PAGE, Torn};

    /// Gives a counter that moves on after so many octets.
    struct Stuck(u32, u32);

    impl TryRng for Stuck {
        type Error = core::convert::Infallible;

        fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
            Ok(0)
        }

        fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
            Ok(0)
        }

        fn try_fill_bytes(&mut self, octets: &mut [u8]) -> Result<(), Self::Error> {
            for octet in octets {
                *octet = (self.0 / self.1) as u8;
                self.0 += 1;
            }
            Ok(())
        }
    }

    impl TryCryptoRng for Stuck {}

    #[test]
    fn a_good_source_passes_and_one_that_is_stuck_or_short_fails() {
        for seed in 0..200 {
            assert_eq!(random(&mut StdRng::seed_from_u64(seed)), Check::Passed, "seed {seed}");
        }
        assert_eq!(random(&mut Stuck(0, 1_000)), Check::Failed, "one octet for ever");
        assert_eq!(random(&mut Stuck(0, 4)), Check::Failed, "four in a row");
        struct Short(Stuck);
        impl TryRng for Short {
            type Error = core::convert::Infallible;
            fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
                Ok(0)
            }
            fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
                Ok(0)
            }
            fn try_fill_bytes(&mut self, octets: &mut [u8]) -> Result<(), Self::Error> {
                self.0.try_fill_bytes(octets)?;
                octets.iter_mut().for_each(|octet| *octet %= 32);
                Ok(())
            }
        }
        impl TryCryptoRng for Short {}
        assert_eq!(random(&mut Short(Stuck(0, 1))), Check::Failed, "one octet of thirty-two too often");
    }

    #[test]
    fn the_known_answers_are_those_of_the_backend() {
        assert_eq!(curve(&RustCrypto), Check::Passed);
    }

    #[test]
    fn a_page_that_can_be_written_passes_and_is_erased_afterwards() {
        let mut whole = ModelFlash::new(2);
        assert_eq!(flash(&mut whole, PAGE as u32), Check::Passed);
        let mut octets = [0; PAGE];
        embedded_storage::nor_flash::ReadNorFlash::read(&mut whole, PAGE as u32, &mut octets).unwrap();
        assert_eq!(octets, [0xFF; PAGE]);
        assert_eq!(whole.erased, [0, 2], "the other page is left alone");
    }

    #[test]
    fn a_flash_that_fails_in_any_operation_does_not_pass() {
        for after in 0..66 {
            let mut failing = ModelFlash::new(2);
            failing.cut_power(after, Torn::Half);
            assert_eq!(flash(&mut failing, 0), Check::Failed, "operation {after}");
        }
    }
}
