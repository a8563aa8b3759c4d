//! The answer to SELECT: what the device speaks.
//!
//! | offset | octets | field |
//! | --- | --- | --- |
//! | 0 | 1 | lowest protocol version |
//! | 1 | 1 | highest protocol version |
//! | 2 | 1 | suites, bit 0 = suite 1 |
//! | 3 | 1 | flags, bit 0 = extended length |
//! | 4 | 2 | longest command data, octets |

use crate::error::{DecodeError, Error, PeerIncompatible};
use crate::limits::{COMMAND_MAX, MESSAGE_MAX};
use crate::wire::Cursor;

/// Version of the exchange.
pub(crate) const VERSION: u8 = 1;
/// P-256 with AES-256-GCM and SHA-256.
pub(crate) const SUITE: u8 = 1;

const SUITE_BIT: u8 = 1;
const EXTENDED_BIT: u8 = 1;

/// Versions and limits of a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SelectResponse {
    lowest_version: u8,
    highest_version: u8,
    suites: u8,
    flags: u8,
    command_max: u16,
}

impl SelectResponse {
    pub(crate) const OCTETS: usize = 6;

    /// What every device of this make answers, whoever holds it.
    pub(crate) const OURS: [u8; Self::OCTETS] = {
        let [high, low] = (MESSAGE_MAX as u16).to_be_bytes();
        [VERSION, VERSION, SUITE_BIT, EXTENDED_BIT, high, low]
    };

    pub(crate) fn decode(octets: &[u8; Self::OCTETS]) -> Result<Self, DecodeError> {
        let mut cursor = Cursor::new(octets);
        let response = Self {
            lowest_version: cursor.u8()?,
            highest_version: cursor.u8()?,
            suites: cursor.u8()?,
            flags: cursor.u8()?,
            command_max: cursor.u16()?,
        };
        cursor.finish()?;
        Ok(response)
    }

    /// The longest command data that the device takes, in octets.
    pub(crate) const fn longest_command(&self) -> u16 {
        self.command_max
    }

    /// Whether this reader and the device have what the exchange needs in common.
    pub(crate) fn negotiate(&self) -> Result<(), Error> {
        if !(self.lowest_version..=self.highest_version).contains(&VERSION) {
            return Err(Error::PeerIncompatible(PeerIncompatible::Version));
        }
        if self.suites & SUITE_BIT == 0 {
            return Err(Error::PeerIncompatible(PeerIncompatible::Suite));
        }
        if usize::from(self.command_max) < COMMAND_MAX {
            return Err(Error::PeerIncompatible(PeerIncompatible::Limits));
        }
        Ok(())
    }

    /// Whether the device takes APDUs of extended length.
    pub(crate) const fn extended_length(&self) -> bool {
        self.flags & EXTENDED_BIT != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_without_our_version_or_suite_is_incompatible() {
        let negotiate = |octets: [u8; 6]| SelectResponse::decode(&octets).unwrap().negotiate();
        assert_eq!(negotiate(SelectResponse::OURS), Ok(()));
        assert_eq!(negotiate([1, 9, 0xFF, 0xFF, 8, 0]), Ok(()));
        let incompatible = |kind| Err(Error::PeerIncompatible(kind));
        assert_eq!(negotiate([2, 3, 1, 0, 8, 0]), incompatible(PeerIncompatible::Version));
        assert_eq!(negotiate([0, 0, 1, 0, 8, 0]), incompatible(PeerIncompatible::Version));
        assert_eq!(negotiate([1, 1, 2, 0, 8, 0]), incompatible(PeerIncompatible::Suite));
        assert_eq!(negotiate([1, 1, 1, 0, 0, 240]), incompatible(PeerIncompatible::Limits));
    }
}
