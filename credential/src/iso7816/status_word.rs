//! Status words, SW1 and SW2.

use core::fmt;

/// The two octets at the end of every response.
///
/// Source: `docs/PROTOCOL.md#errors-and-timing`. Spec: ISO/IEC 7816-4 §5.1.3.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct StatusWord(pub u16);

impl StatusWord {
    /// 9000: normal.
    pub const NORMAL: Self = Self(0x9000);
    /// 6700: the data has a length that the instruction does not have.
    pub const WRONG_LENGTH: Self = Self(0x6700);
    /// 6883: the last command of the chain was expected.
    pub const LAST_COMMAND_OF_CHAIN_EXPECTED: Self = Self(0x6883);
    /// 6982: security status not satisfied.
    pub const SECURITY_STATUS_NOT_SATISFIED: Self = Self(0x6982);
    /// 6985: conditions of use not satisfied, a message out of order.
    pub const CONDITIONS_OF_USE_NOT_SATISFIED: Self = Self(0x6985);
    /// 6A81: function not supported, a version or suite.
    pub const FUNCTION_NOT_SUPPORTED: Self = Self(0x6A81);
    /// 6A82: file or application not found.
    pub const FILE_OR_APPLICATION_NOT_FOUND: Self = Self(0x6A82);
    /// 6A84: not enough memory, a chain over the reassembly cap.
    pub const NOT_ENOUGH_MEMORY: Self = Self(0x6A84);
    /// 6A86: P1 or P2 that the instruction does not have.
    pub const INCORRECT_PARAMETERS: Self = Self(0x6A86);
    /// 6D00: instruction not supported.
    pub const INSTRUCTION_NOT_SUPPORTED: Self = Self(0x6D00);
    /// 6E00: class not supported.
    pub const CLASS_NOT_SUPPORTED: Self = Self(0x6E00);

    /// 61xx for `octets` that wait; 6100 stands for 256 or more.
    pub const fn more(octets: usize) -> Self {
        Self(0x6100 | xx(octets))
    }

    /// 6Cxx for a command whose Le should have been `octets`; 6C00 stands for 256.
    pub const fn wrong_le(octets: usize) -> Self {
        Self(0x6C00 | xx(octets))
    }

    /// Whether this is 61xx: GET RESPONSE follows.
    pub const fn is_more(self) -> bool {
        self.sw1() == 0x61
    }

    /// The octets that wait (1 to 256) if this is 61xx; 256 may stand for more.
    pub const fn more_octets(self) -> Option<usize> {
        if self.is_more() { Some(self.count()) } else { None }
    }

    /// The Le to repeat the command with (1 to 256) if this is 6Cxx.
    pub const fn right_le(self) -> Option<usize> {
        if self.sw1() == 0x6C { Some(self.count()) } else { None }
    }

    /// The first octet.
    pub const fn sw1(self) -> u8 {
        self.to_be_bytes()[0]
    }

    /// The second octet.
    pub const fn sw2(self) -> u8 {
        self.to_be_bytes()[1]
    }

    /// Both octets, as they are sent.
    pub const fn to_be_bytes(self) -> [u8; 2] {
        self.0.to_be_bytes()
    }

    /// The status word of these two octets.
    pub const fn from_be_bytes(octets: [u8; 2]) -> Self {
        Self(u16::from_be_bytes(octets))
    }

    const fn count(self) -> usize {
        if self.sw2() == 0 { 256 } else { self.sw2() as usize }
    }
}

/// `octets` as SW2 has it, 0 for all that SW2 cannot say.
const fn xx(octets: usize) -> u16 {
    if octets < 256 { octets as u16 } else { 0 }
}

impl fmt::Display for StatusWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04X}", self.0)
    }
}

impl fmt::Debug for StatusWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StatusWord({:04X})", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::format;

    #[test]
    fn more_says_how_many_octets_wait_up_to_256() {
        for octets in 1..=256 {
            let status = StatusWord::more(octets);
            assert!(status.is_more());
            assert_eq!(status.more_octets(), Some(octets));
            assert_eq!(StatusWord::wrong_le(octets).right_le(), Some(octets));
            assert_eq!(status.right_le(), None);
        }
        assert_eq!(StatusWord::more(2048), StatusWord(0x6100));
    }

    #[test]
    fn only_61xx_is_more() {
        for word in 0..=u16::MAX {
            let status = StatusWord(word);
            assert_eq!(status.is_more(), word >> 8 == 0x61);
            assert_eq!(StatusWord::from_be_bytes(status.to_be_bytes()), status);
        }
        assert!(!StatusWord::NORMAL.is_more());
    }

    #[test]
    fn a_status_word_prints_as_four_hexadecimal_digits() {
        assert_eq!(format!("{}", StatusWord::NOT_ENOUGH_MEMORY), "6A84");
        assert_eq!(format!("{:?}", StatusWord(0x0001)), "StatusWord(0001)");
    }
}
