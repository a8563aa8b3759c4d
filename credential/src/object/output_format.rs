//! How a reader writes the user ID on the wire of the access control system: the data, not the wire.
//!
//! Spec: `docs/PROTOCOL.md#reader-configuration`

use serde::{Deserialize, Serialize};

use crate::error::DecodeError;
use crate::wire::{Cursor, NoRoom, Writer};

/// What a reader makes of a user ID.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum OutputFormat {
    /// The ID as ASCII text.
    Text,
    /// The ID as a number in a Wiegand frame.
    Wiegand(Wiegand),
}

/// The make-up of a Wiegand frame: parity, facility code, number, parity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wiegand {
    /// How the user ID is written.
    pub base: IdBase,
    /// Bits in all, parity included.
    pub bits: u8,
    /// Bits of the facility code.
    pub facility_bits: u8,
    /// The facility code.
    pub facility: u32,
    /// The parity bits.
    pub parity: Parity,
}

/// How digits of a user ID are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum IdBase {
    /// As a decimal number.
    Decimal,
    /// As a hexadecimal number.
    Hexadecimal,
}

/// The parity bits of a Wiegand frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Parity {
    /// No parity bits.
    None,
    /// The first bit makes the first half even, the last makes the second half odd.
    EvenOdd,
}

impl OutputFormat {
    pub(super) fn encode(self, writer: &mut Writer<'_>) -> Result<(), NoRoom> {
        let Self::Wiegand(wiegand) = self else { return writer.put(&[0]) };
        let base = match wiegand.base {
            IdBase::Decimal => 0,
            IdBase::Hexadecimal => 1,
        };
        let parity = match wiegand.parity {
            Parity::None => 0,
            Parity::EvenOdd => 1,
        };
        writer.put(&[1, base, wiegand.bits, wiegand.facility_bits])?;
        writer.put(&wiegand.facility.to_be_bytes())?;
        writer.put(&[parity])
    }

    pub(super) fn decode(cursor: &mut Cursor<'_>) -> Result<Self, DecodeError> {
        match cursor.u8()? {
            0 => Ok(Self::Text),
            1 => Ok(Self::Wiegand(Wiegand {
                base: match cursor.u8()? {
                    0 => IdBase::Decimal,
                    1 => IdBase::Hexadecimal,
                    _ => return Err(DecodeError::UnknownValue),
                },
                bits: cursor.u8()?,
                facility_bits: cursor.u8()?,
                facility: cursor.u32()?,
                parity: match cursor.u8()? {
                    0 => Parity::None,
                    1 => Parity::EvenOdd,
                    _ => return Err(DecodeError::UnknownValue),
                },
            })),
            _ => Err(DecodeError::UnknownValue),
        }
    }
}
