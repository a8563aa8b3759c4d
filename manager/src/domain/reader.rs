//! What an administrator decides about a reader.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::text::from_base64url;

/// User presence that a door demands.
///
/// Spec: docs/PROTOCOL.md#reader-certificate
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Presence {
    /// None: the phone may be locked.
    #[default]
    None,
    /// The phone is unlocked.
    Unlocked,
    /// The holder has just been verified.
    Verified,
}

/// How a reader gives the user ID to the access control system.
///
/// Spec: docs/PROTOCOL.md#reader-configuration
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OutputFormat {
    /// The user ID as ASCII.
    #[default]
    Text,
    /// A Wiegand frame.
    Wiegand(WiegandFormat),
}

/// The layout of a Wiegand frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WiegandFormat {
    /// How the user ID is read.
    pub number: WiegandNumber,
    /// Bits in all, parity included.
    pub bits: u8,
    /// Bits of the facility code.
    pub facility_bits: u8,
    /// The facility code.
    pub facility_code: u32,
    /// Parity bits.
    pub parity: Parity,
}

/// How a user ID is read as a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum WiegandNumber {
    /// Decimal digits.
    Decimal,
    /// Hexadecimal digits.
    Hexadecimal,
}

/// Parity bits of a Wiegand frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Parity {
    /// No parity bits.
    None,
    /// Even over the first half, odd over the second.
    EvenOdd,
}

/// Wiegand settings that do not come out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OutputFormatError {
    /// No bit is left for the ID.
    #[error("{bits} bits leave no room for the ID behind {facility_bits} facility bits and the parity")]
    NoRoom {
        /// Bits in all.
        bits: u8,
        /// Bits of the facility code.
        facility_bits: u8,
    },
    /// The facility code needs more bits than it has.
    #[error("the facility code {facility_code} does not fit into {facility_bits} bits")]
    FacilityCode {
        /// The facility code.
        facility_code: u32,
        /// Its bits.
        facility_bits: u8,
    },
}

impl OutputFormat {
    /// Checks that facility code, ID and parity have room.
    ///
    /// # Errors
    /// What has no room.
    pub fn check(self) -> Result<(), OutputFormatError> {
        let Self::Wiegand(WiegandFormat { bits, facility_bits, facility_code, parity, .. }) = self else {
            return Ok(());
        };
        let parity_bits = if parity == Parity::EvenOdd { 2 } else { 0 };
        let taken = u16::from(facility_bits).saturating_add(parity_bits);
        if taken >= u16::from(bits) {
            return Err(OutputFormatError::NoRoom { bits, facility_bits });
        }
        if facility_code.checked_shr(u32::from(facility_bits)).is_some_and(|rest| rest != 0) {
            return Err(OutputFormatError::FacilityCode { facility_code, facility_bits });
        }
        Ok(())
    }
}

impl Presence {
    /// The name in the API and in the store.
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Unlocked => "unlocked",
            Self::Verified => "verified",
        }
    }

    /// Undoes [`Presence::name`].
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::None, Self::Unlocked, Self::Verified].into_iter().find(|presence| presence.name() == name)
    }
}

/// The public key of a reader as it comes in a file or is typed: 33 octets, or base64url or hexadecimal digits for them.
pub fn reader_key(given: &[u8]) -> Option<[u8; 33]> {
    given.try_into().ok().or_else(|| std::str::from_utf8(given).ok().and_then(key_in_digits))
}

fn key_in_digits(text: &str) -> Option<[u8; 33]> {
    let text = text.trim();
    if text.len() != 66 {
        return from_base64url(text);
    }
    let mut key = [0; 33];
    for (octet, digits) in key.iter_mut().zip(text.as_bytes().chunks(2)) {
        *octet = u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
    }
    Some(key)
}

#[cfg(test)]
mod tests {
    use super::super::text::{hex, to_base64url};
    use super::*;

    #[test]
    fn a_public_key_is_read_as_octets_and_as_digits() {
        let key = [0xa7; 33];
        let digits = [hex(&key), to_base64url(&key), format!(" {}\r\n", to_base64url(&key))];
        assert!(digits.iter().all(|digits| reader_key(digits.as_bytes()) == Some(key)));
        assert_eq!(reader_key(&key), Some(key));
        for none in [&b""[..], b"AAAA", &[0xff; 66], &[0; 32]] {
            assert_eq!(reader_key(none), None);
        }
    }

    fn wiegand(bits: u8, facility_bits: u8, facility_code: u32) -> OutputFormat {
        let number = WiegandNumber::Decimal;
        OutputFormat::Wiegand(WiegandFormat {
            number,
            bits,
            facility_bits,
            facility_code,
            parity: Parity::EvenOdd,
        })
    }

    #[test]
    fn a_frame_needs_room_for_the_id_and_the_facility_code() {
        assert_eq!(OutputFormat::Text.check(), Ok(()));
        assert_eq!(wiegand(26, 8, 255).check(), Ok(()));
        assert_eq!(wiegand(64, 32, u32::MAX).check(), Ok(()));
        assert_eq!(
            wiegand(26, 8, 256).check(),
            Err(OutputFormatError::FacilityCode { facility_code: 256, facility_bits: 8 })
        );
        assert_eq!(wiegand(10, 8, 0).check(), Err(OutputFormatError::NoRoom { bits: 10, facility_bits: 8 }));
        assert_eq!(
            wiegand(255, 255, 0).check(),
            Err(OutputFormatError::NoRoom { bits: 255, facility_bits: 255 })
        );
    }
}
