//! RECEIVED: what became of a report, sealed.
//!
//! Plaintext: one octet, one of 0 not kept, 1 kept.

use crate::crypto::TAG_OCTETS;
use crate::error::DecodeError;
use crate::wire::exactly;

/// The plaintext of RECEIVED.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Received {
    pub(crate) kept: bool,
}

impl Received {
    pub(crate) const PLAINTEXT_OCTETS: usize = 1;
    pub(crate) const OCTETS: usize = Self::PLAINTEXT_OCTETS + TAG_OCTETS;

    pub(crate) const fn encode(self) -> [u8; Self::PLAINTEXT_OCTETS] {
        [self.kept as u8]
    }

    pub(crate) fn decode(plaintext: &[u8]) -> Result<Self, DecodeError> {
        let [kept]: &[u8; Self::PLAINTEXT_OCTETS] = exactly(plaintext)?;
        match kept {
            0 => Ok(Self { kept: false }),
            1 => Ok(Self { kept: true }),
            _ => Err(DecodeError::UnknownValue),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn received_comes_back_and_has_two_values() {
        for kept in [false, true] {
            assert_eq!(Received::decode(&Received { kept }.encode()), Ok(Received { kept }));
        }
        assert_eq!(Received::decode(&[2]), Err(DecodeError::UnknownValue));
        assert_eq!(Received::decode(&[]), Err(DecodeError::Truncated));
        assert_eq!(Received::decode(&[1, 1]), Err(DecodeError::Trailing));
    }
}
