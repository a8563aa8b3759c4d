//! Names of things: projects, readers, credentials, users.

use core::fmt;

use heapless::Vec;
use serde::{Deserialize, Serialize};

use crate::error::DecodeError;
use crate::limits::USER_ID_MAX;

/// One organisation's trust domain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ProjectId(pub [u8; 8]);

/// A reader within its project.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ReaderId(pub u32);

/// A credential within its project; never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Serial(pub u64);

/// Which of a project's issuer keys signed an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct IssuerIndex(pub u8);

/// One log of a reader's events: drawn at random when the log is made, so that a new one never passes for the old.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LogId(pub [u8; 8]);

/// The one thing that a tap gives to the access control system: 1 to 32 printable ASCII octets.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct UserId(Vec<u8, USER_ID_MAX>);

impl UserId {
    /// Checks length and characters.
    ///
    /// # Errors
    /// [`DecodeError::UserId`] when empty, longer than 32 octets or not printable ASCII (0x20 to 0x7E).
    pub fn new(octets: &[u8]) -> Result<Self, DecodeError> {
        let printable = octets.iter().all(|octet| (0x20..=0x7E).contains(octet));
        if octets.is_empty() || !printable {
            return Err(DecodeError::UserId);
        }
        Vec::from_slice(octets).map(Self).map_err(|_| DecodeError::UserId)
    }

    /// The octets, 1 to 32 of them.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The ID as text.
    pub fn as_str(&self) -> &str {
        core::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// The ID, filled up with zero octets as in a ticket.
    pub(crate) fn padded(&self) -> [u8; USER_ID_MAX] {
        let mut padded = [0; USER_ID_MAX];
        for (to, from) in padded.iter_mut().zip(self.0.iter()) {
            *to = *from;
        }
        padded
    }

    /// Undoes [`UserId::padded`].
    pub(crate) fn from_padded(padded: &[u8; USER_ID_MAX]) -> Result<Self, DecodeError> {
        let length = padded.iter().position(|octet| *octet == 0).unwrap_or(USER_ID_MAX);
        let (id, rest) = padded.split_at_checked(length).ok_or(DecodeError::UserId)?;
        if rest.iter().any(|octet| *octet != 0) {
            return Err(DecodeError::Padding);
        }
        Self::new(id)
    }
}

impl fmt::Display for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A user ID names a person: it is shown where it is meant to be, not in every log of a structure.
        f.write_str("UserId(..)")
    }
}

#[cfg(test)]
mod tests {
    use std::format;

    use super::*;

    #[test]
    fn a_user_id_has_1_to_32_printable_octets() {
        assert!(UserId::new(b"").is_err());
        assert!(UserId::new(b"4711").is_ok());
        assert!(UserId::new(&[b'x'; 32]).is_ok());
        assert!(UserId::new(&[b'x'; 33]).is_err());
        assert!(UserId::new(b"a\n").is_err());
        assert!(UserId::new(b"\x7F").is_err());
        assert!(UserId::new("ä".as_bytes()).is_err());
    }

    #[test]
    fn padding_is_undone_and_must_be_zero() {
        for length in 1..=32 {
            let id = UserId::new(&[b'7'; 32][..length]).unwrap();
            assert_eq!(UserId::from_padded(&id.padded()).unwrap(), id);
        }
        let mut padded = UserId::new(b"12").unwrap().padded();
        padded[5] = b'3';
        assert_eq!(UserId::from_padded(&padded), Err(DecodeError::Padding));
        assert_eq!(UserId::from_padded(&[0; 32]), Err(DecodeError::UserId));
    }

    #[test]
    fn a_user_id_is_not_in_debug_output() {
        assert_eq!(format!("{:?}", UserId::new(b"4711").unwrap()), "UserId(..)");
    }
}
