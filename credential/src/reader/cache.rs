//! Credentials whose issuer signature was verified a moment ago.

use crate::crypto::Digest;
use crate::limits::CREDENTIAL_CACHE;

/// The newest few, by the hash of the whole credential.
#[derive(Default)]
pub(super) struct CredentialCache {
    hashes: [Option<Digest>; CREDENTIAL_CACHE],
    next: usize,
}

impl CredentialCache {
    pub(super) fn contains(&self, hash: &Digest) -> bool {
        self.hashes.iter().flatten().any(|held| held == hash)
    }

    /// Remembers `hash` in the place of the oldest one.
    pub(super) fn insert(&mut self, hash: Digest) {
        if let Some(place) = self.hashes.get_mut(self.next) {
            *place = Some(hash);
        }
        self.next = self.next.wrapping_add(1) % CREDENTIAL_CACHE;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_are_remembered_and_the_oldest_forgotten() {
        let mut cache = CredentialCache::default();
        for octet in 0..=CREDENTIAL_CACHE as u8 {
            assert!(!cache.contains(&[octet; 32]));
            cache.insert([octet; 32]);
        }
        assert!(!cache.contains(&[0; 32]));
        assert!((1..=CREDENTIAL_CACHE as u8).all(|octet| cache.contains(&[octet; 32])));
    }
}
