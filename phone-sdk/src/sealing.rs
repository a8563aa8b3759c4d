//! How everything that the wallet stores is sealed: AES-256-GCM under one key, which the key store keeps wrapped.

use std::sync::Arc;

use credential::crypto::{Crypto, RustCrypto, TAG_OCTETS};
use credential::secret::Secret;
use zeroize::Zeroizing;

use crate::port::{Random, RandomFailure};

const NONCE_OCTETS: usize = 12;

/// What sealing adds to the octets.
pub(crate) const OVERHEAD: usize = NONCE_OCTETS + TAG_OCTETS;

/// Seals and opens under one key.
#[derive(Clone)]
pub(crate) struct Sealer {
    key: Secret<32>,
    random: Arc<dyn Random>,
}

impl Sealer {
    pub(crate) const fn new(key: Secret<32>, random: Arc<dyn Random>) -> Self {
        Self { key, random }
    }

    /// Appends to `out`: a random nonce, the sealed octets, the tag.
    ///
    /// Nonces of 96 random bits are safe for far more writes than a phone's storage survives (2^32).
    pub(crate) fn seal(&self, about: &[u8], octets: &[u8], out: &mut Vec<u8>) -> Result<(), RandomFailure> {
        let mut nonce = [0; NONCE_OCTETS];
        self.random.fill(&mut nonce)?;
        let mut sealed = Zeroizing::new(octets.to_vec());
        let tag = RustCrypto.seal(&self.key, &nonce, about, &mut sealed);
        out.extend_from_slice(&nonce);
        out.extend_from_slice(&sealed);
        out.extend_from_slice(&tag);
        Ok(())
    }

    /// Undoes [`Sealer::seal`]; `None` for anything that was not sealed so.
    pub(crate) fn open(&self, about: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE_OCTETS>()?;
        let (sealed, tag) = sealed.split_last_chunk::<TAG_OCTETS>()?;
        let mut octets = Zeroizing::new(sealed.to_vec());
        RustCrypto.open(&self.key, nonce, about, &mut octets, tag).ok()?;
        Some(octets)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::port::SeededRandom;

    #[test]
    fn only_what_was_sealed_for_the_same_purpose_opens() {
        let random: Arc<dyn Random> = Arc::new(SeededRandom::new(1));
        let sealer = Sealer::new(Secret::new([1; 32]), Arc::clone(&random));
        let mut sealed = Vec::new();
        sealer.seal(b"a", b"octets", &mut sealed).unwrap();
        assert_eq!(sealed.len(), 6 + OVERHEAD);
        assert_eq!(sealer.open(b"a", &sealed).unwrap().as_slice(), b"octets");
        assert!(sealer.open(b"b", &sealed).is_none());
        assert!(Sealer::new(Secret::new([2; 32]), random).open(b"a", &sealed).is_none());
        for length in 0..sealed.len() {
            assert!(sealer.open(b"a", &sealed[..length]).is_none());
        }
        for position in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[position] ^= 1;
            assert!(sealer.open(b"a", &changed).is_none());
        }
    }
}
