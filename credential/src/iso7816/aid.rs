//! Application identifiers.

use core::fmt;

const MIN: usize = 5;
const MAX: usize = 16;

/// The name of an application on a card: 5 to 16 octets.
///
/// Spec: ISO/IEC 7816-4 §8.2.1.2.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Aid {
    // Octets from `len` on are zero, so that the derived comparison holds.
    octets: [u8; MAX],
    len: usize,
}

impl Aid {
    /// The application of this exchange, nine octets.
    ///
    /// Source: `docs/PROTOCOL.md#select`.
    pub const OSTIARY: Self = Self { octets: *b"\xF0OSTIARY\x01\x00\x00\x00\x00\x00\x00\x00", len: 9 };

    /// The identifier of these octets.
    ///
    /// # Errors
    ///
    /// [`AidLengthError`] unless there are 5 to 16.
    pub fn new(octets: &[u8]) -> Result<Self, AidLengthError> {
        if octets.len() < MIN {
            return Err(AidLengthError);
        }
        let mut padded = [0; MAX];
        padded.get_mut(..octets.len()).ok_or(AidLengthError)?.copy_from_slice(octets);
        Ok(Self { octets: padded, len: octets.len() })
    }

    /// The octets, 5 to 16.
    pub fn as_bytes(&self) -> &[u8] {
        self.octets.get(..self.len).unwrap_or(&self.octets)
    }
}

impl TryFrom<&[u8]> for Aid {
    type Error = AidLengthError;

    fn try_from(octets: &[u8]) -> Result<Self, AidLengthError> {
        Self::new(octets)
    }
}

impl fmt::Display for Aid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_bytes().iter().try_for_each(|octet| write!(f, "{octet:02X}"))
    }
}

impl fmt::Debug for Aid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Aid({self})")
    }
}

/// An application identifier has fewer than 5 or more than 16 octets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AidLengthError;

impl fmt::Display for AidLengthError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an application identifier has 5 to 16 octets")
    }
}

impl core::error::Error for AidLengthError {}

#[cfg(test)]
mod tests {
    use super::*;
    use std::format;

    #[test]
    fn an_aid_has_5_to_16_octets() {
        let octets = [0xA5; 32];
        for len in 0..=octets.len() {
            match Aid::new(&octets[..len]) {
                Ok(aid) => assert_eq!(aid.as_bytes(), &octets[..len]),
                Err(AidLengthError) => assert!(!(5..=16).contains(&len), "{len}"),
            }
        }
    }

    #[test]
    fn the_aid_of_the_exchange_is_the_one_of_the_specification() {
        assert_eq!(format!("{}", Aid::OSTIARY), "F04F53544941525901");
        assert_eq!(Aid::new(&[0xF0, 0x4F, 0x53, 0x54, 0x49, 0x41, 0x52, 0x59, 0x01]), Ok(Aid::OSTIARY));
    }

    #[test]
    fn a_zero_octet_more_is_another_aid() {
        assert_ne!(Aid::new(b"\xF0OSTIARY\x01\x00"), Ok(Aid::OSTIARY));
    }
}
