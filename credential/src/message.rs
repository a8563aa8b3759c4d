//! The messages of a tap, one file each.
//!
//! Spec: `docs/PROTOCOL.md#the-tap`

pub(crate) mod ack;
pub(crate) mod hello;
pub(crate) mod offer;
pub(crate) mod outcome;
pub(crate) mod proof;
pub(crate) mod received;
pub(crate) mod select;

use crate::crypto::TAG_OCTETS;

/// AID of this exchange.
pub const AID: [u8; 9] = [0xF0, 0x4F, 0x53, 0x54, 0x49, 0x41, 0x52, 0x59, 0x01];

/// The SELECT command APDU, as it is hashed into the transcript on every transport.
pub const SELECT_COMMAND: [u8; 15] =
    [0x00, 0xA4, 0x04, 0x00, 0x09, 0xF0, 0x4F, 0x53, 0x54, 0x49, 0x41, 0x52, 0x59, 0x01, 0x00];

/// Octets of CONFIRM's data: a tag and nothing else.
pub(crate) const CONFIRM_OCTETS: usize = TAG_OCTETS;

/// What a reader may ask of a device after SELECT.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Instruction {
    /// The reader names itself.
    Hello,
    /// The reader proves itself.
    Confirm,
    /// The reader tells the result.
    Outcome,
    /// The reader hands over a report for its manager.
    Report,
}

impl Instruction {
    /// The instruction octet.
    pub const fn code(self) -> u8 {
        match self {
            Self::Hello => 0x10,
            Self::Confirm => 0x12,
            Self::Outcome => 0x14,
            Self::Report => 0x16,
        }
    }

    /// The instruction with this octet.
    pub const fn from_code(code: u8) -> Option<Self> {
        match code {
            0x10 => Some(Self::Hello),
            0x12 => Some(Self::Confirm),
            0x14 => Some(Self::Outcome),
            0x16 => Some(Self::Report),
            _ => None,
        }
    }
}
