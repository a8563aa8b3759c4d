//! What a reader says of itself before anybody connects, as manufacturer data of its advertisement.
//!
//! | octets | field |
//! | --- | --- |
//! | 2 | PSM of the L2CAP channel, 0 = none |
//! | 4 | hint, zeros for none |
//!
//! Nothing in it is proved, and the exchange does not rely on it: it makes the way to the exchange shorter.

use crate::crypto::{Crypto, Digest};
use crate::id::{ProjectId, ReaderId};

/// The company identifier that the Bluetooth SIG keeps for those that have none.
pub const COMPANY: u16 = 0xFFFF;

/// Octets of a hint.
pub const HINT_OCTETS: usize = 4;

const LABEL: &[u8] = b"ostiary hint";

/// What a reader says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Announcement {
    /// The PSM of its L2CAP channel, 0 for none.
    pub psm: u16,
    /// How a phone that knows it recognises it.
    pub hint: Option<Hint>,
}

impl Announcement {
    /// Octets of it.
    pub const OCTETS: usize = 2 + HINT_OCTETS;

    /// As it is advertised.
    pub fn encode(&self) -> [u8; Self::OCTETS] {
        let [high, low] = self.psm.to_be_bytes();
        let [a, b, c, d] = self.hint.map_or([0; HINT_OCTETS], Hint::octets);
        [high, low, a, b, c, d]
    }

    /// What was seen behind [`COMPANY`]; `None` for octets of somebody else.
    pub fn decode(octets: &[u8]) -> Option<Self> {
        let [high, low, hint @ ..] = <[u8; Self::OCTETS]>::try_from(octets).ok()?;
        let hint = (hint != [0; HINT_OCTETS]).then_some(Hint(hint));
        Some(Self { psm: u16::from_be_bytes([high, low]), hint })
    }
}

/// Tells a phone that has been here which reader this is, and others nothing: two octets at random, and the first two
/// of a hash over them, the project and the reader.
///
/// A phone that does not know project and reader sees other octets after every start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hint([u8; HINT_OCTETS]);

impl Hint {
    /// The hint of a reader, from two octets that are new at every start.
    pub fn new<C: Crypto>(crypto: &C, project: ProjectId, reader: ReaderId, salt: [u8; 2]) -> Self {
        let digest: Digest = crypto.sha256(&[LABEL, &salt, &project.0, &reader.0.to_be_bytes()]);
        let [first, second, ..] = digest;
        let [one, other] = salt;
        Self([one, other, first, second])
    }

    /// Whether this is a hint of that reader; one in 65,536 others looks the same.
    pub fn is_of<C: Crypto>(self, crypto: &C, project: ProjectId, reader: ReaderId) -> bool {
        let [one, other, ..] = self.0;
        Self::new(crypto, project, reader, [one, other]) == self
    }

    /// The octets, as advertised.
    pub const fn octets(self) -> [u8; HINT_OCTETS] {
        self.0
    }

    /// A hint that was seen.
    pub const fn seen(octets: [u8; HINT_OCTETS]) -> Self {
        Self(octets)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::RustCrypto;

    const PROJECT: ProjectId = ProjectId([7; 8]);

    #[test]
    fn a_hint_is_recognised_by_who_knows_the_reader_and_changes_with_every_start() {
        let hint = Hint::new(&RustCrypto, PROJECT, ReaderId(3), [1, 2]);
        assert!(Hint::seen(hint.octets()).is_of(&RustCrypto, PROJECT, ReaderId(3)));
        assert!(!hint.is_of(&RustCrypto, PROJECT, ReaderId(4)));
        assert!(!hint.is_of(&RustCrypto, ProjectId([8; 8]), ReaderId(3)));
        assert_ne!(Hint::new(&RustCrypto, PROJECT, ReaderId(3), [1, 3]).octets()[2..], hint.octets()[2..]);
    }

    #[test]
    fn an_announcement_comes_back_and_octets_of_others_are_none() {
        let hint = Some(Hint::seen([1, 2, 3, 4]));
        for announcement in [Announcement { psm: 0xD3, hint }, Announcement { psm: 0, hint: None }] {
            assert_eq!(Announcement::decode(&announcement.encode()), Some(announcement));
        }
        for length in (0..Announcement::OCTETS).chain([7, 24]) {
            assert_eq!(Announcement::decode(&[1; 24][..length]), None);
        }
    }
}
