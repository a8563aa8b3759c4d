//! Reader certificates whose signature held, by fingerprint.

use credential::crypto::Digest;

/// Fingerprints that are remembered: those of the doors that a person passes in a month.
const MAX: usize = 64;

/// Fingerprints, the one used longest ago first.
#[derive(Clone, Default)]
pub(crate) struct Certificates(Vec<Digest>);

impl Certificates {
    pub(crate) fn contains(&self, fingerprint: &Digest) -> bool {
        self.0.contains(fingerprint)
    }

    /// Remembers one as the newest; where there are too many, the oldest goes.
    pub(crate) fn note(&mut self, fingerprint: &Digest) {
        self.0.retain(|known| known != fingerprint);
        if self.0.len() >= MAX {
            self.0.remove(0);
        }
        self.0.push(*fingerprint);
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Digest> {
        self.0.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_goes_and_the_one_seen_again_stays() {
        let mut certificates = Certificates::default();
        let of = |number: u8| [number; 32];
        (0..64).for_each(|number| certificates.note(&of(number)));
        certificates.note(&of(0));
        certificates.note(&of(64));
        assert!(certificates.contains(&of(0)) && certificates.contains(&of(64)));
        assert!(!certificates.contains(&of(1)));
        assert_eq!(certificates.iter().count(), MAX);
    }
}
