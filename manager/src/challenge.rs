//! Challenges for renewal that nobody has to remember: the manager knows its own again, and what it keeps is the mark of
//! those that were answered.
//!
//! Spec: docs/ACTIVATION.md#renewal

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::domain::UnixTime;
use crate::proof::CHALLENGE_OCTETS;
use crate::random::{self, RandomFailed};

const LABEL: &[u8] = b"ostiary renewal challenge\0";
const EXPIRY_OCTETS: usize = 4;
const NONCE_OCTETS: usize = 12;
const TAG_OCTETS: usize = CHALLENGE_OCTETS - EXPIRY_OCTETS - NONCE_OCTETS;

/// By what a project knows its own challenges; the same in every process.
#[derive(Clone)]
pub(crate) struct ChallengeSecret(Zeroizing<[u8; 32]>);

/// The mark of an answered challenge: its expiry, so that marks of one time lie together, then the beginning of its hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Mark(pub(crate) [u8; 32]);

impl ChallengeSecret {
    pub(crate) fn new(octets: [u8; 32]) -> Self {
        Self(Zeroizing::new(octets))
    }

    pub(crate) fn expose(&self) -> &[u8; 32] {
        &self.0
    }

    /// A challenge for a device: expiry, nonce, and an HMAC over both and the device.
    pub(crate) fn give(
        &self,
        device: Uuid,
        expires_at: UnixTime,
    ) -> Result<[u8; CHALLENGE_OCTETS], RandomFailed> {
        let nonce: [u8; NONCE_OCTETS] = random::octets()?;
        let mut challenge = [0; CHALLENGE_OCTETS];
        let tag = self.hmac(device, expires_at, &nonce).map(|hmac| hmac.finalize().into_bytes());
        let expiry = expires_at.0.to_be_bytes();
        let parts = expiry.iter().chain(&nonce).chain(tag.iter().flatten());
        challenge.iter_mut().zip(parts).for_each(|(octet, part)| *octet = *part);
        Ok(challenge)
    }

    /// When a challenge expires that was given to this device; `None` for every other challenge.
    pub(crate) fn expiry(&self, device: Uuid, challenge: &[u8; CHALLENGE_OCTETS]) -> Option<UnixTime> {
        let (expiry, rest) = challenge.split_first_chunk::<EXPIRY_OCTETS>()?;
        let (nonce, tag) = rest.split_first_chunk::<NONCE_OCTETS>()?;
        let expires_at = UnixTime(u32::from_be_bytes(*expiry));
        self.hmac(device, expires_at, nonce)?.verify_truncated_left(tag).ok()?;
        Some(expires_at)
    }

    fn hmac(&self, device: Uuid, expires_at: UnixTime, nonce: &[u8; NONCE_OCTETS]) -> Option<Hmac<Sha256>> {
        // HMAC takes keys of every length; without one, no challenge is known.
        let mut hmac = Hmac::<Sha256>::new_from_slice(self.0.as_ref()).ok()?;
        hmac.update(LABEL);
        hmac.update(device.as_bytes());
        hmac.update(&expires_at.0.to_be_bytes());
        hmac.update(nonce);
        Some(hmac)
    }
}

impl Mark {
    /// The mark of a challenge.
    pub(crate) fn of(challenge: &[u8; CHALLENGE_OCTETS]) -> Self {
        let hash = Sha256::digest(challenge);
        let mut mark = *challenge;
        mark.iter_mut().skip(EXPIRY_OCTETS).zip(hash).for_each(|(octet, part)| *octet = part);
        Self(mark)
    }

    /// What lies before every mark of a challenge that expires at `time` or later.
    pub(crate) fn first_at(time: UnixTime) -> Self {
        let mut mark = [0; 32];
        mark.iter_mut().zip(time.0.to_be_bytes()).for_each(|(octet, part)| *octet = part);
        Self(mark)
    }
}

impl fmt::Debug for ChallengeSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ChallengeSecret(..)")
    }
}

const _: () = assert!(TAG_OCTETS == 16);

#[cfg(test)]
mod tests {
    use super::*;

    const DEVICE: Uuid = Uuid::from_u128(7);
    const EXPIRY: UnixTime = UnixTime(1_790_000_300);

    #[test]
    fn a_challenge_is_known_to_its_project_and_its_device_only() {
        let secret = ChallengeSecret::new([1; 32]);
        let challenge = secret.give(DEVICE, EXPIRY).unwrap();
        assert_eq!(secret.expiry(DEVICE, &challenge), Some(EXPIRY));
        assert_eq!(secret.expiry(Uuid::from_u128(8), &challenge), None);
        assert_eq!(ChallengeSecret::new([2; 32]).expiry(DEVICE, &challenge), None);
        assert_ne!(secret.give(DEVICE, EXPIRY).unwrap(), challenge);
    }

    #[test]
    fn no_octet_of_a_challenge_can_be_changed() {
        let secret = ChallengeSecret::new([1; 32]);
        let challenge = secret.give(DEVICE, EXPIRY).unwrap();
        for place in 0..challenge.len() {
            let mut changed = challenge;
            changed[place] ^= 1;
            assert_eq!(secret.expiry(DEVICE, &changed), None, "octet {place}");
        }
    }

    #[test]
    fn marks_sort_by_the_expiry_of_their_challenges() {
        let secret = ChallengeSecret::new([1; 32]);
        let mark = |time| Mark::of(&secret.give(DEVICE, UnixTime(time)).unwrap()).0;
        assert!(mark(99) < Mark::first_at(UnixTime(100)).0);
        assert!(mark(100) > Mark::first_at(UnixTime(100)).0);
    }
}
