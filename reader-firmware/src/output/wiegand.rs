//! Wiegand frames: parity, facility code, number, parity.
//!
//! Spec: `docs/PROTOCOL.md#reader-configuration`, SIA AC-01 for the 26-bit form

use core::fmt;

use credential::id::UserId;
use credential::object::{IdBase, Parity, Wiegand};

use super::OutputError;

/// The longest frame, in bits.
const BITS_MAX: u8 = 128;

/// The bits of one frame, first bit first.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct WiegandFrame {
    bits: u8,
    /// The last bit to be sent is bit 0.
    value: u128,
}

impl WiegandFrame {
    /// Builds the frame of a user ID.
    ///
    /// # Errors
    /// [`OutputError`] when the ID is no number, is too large, or the format describes no frame.
    pub fn new(format: Wiegand, user_id: &UserId) -> Result<Self, OutputError> {
        let parity_bits = match format.parity {
            Parity::None => 0,
            Parity::EvenOdd => 2,
        };
        let number_bits = format
            .bits
            .checked_sub(format.facility_bits)
            .and_then(|bits| bits.checked_sub(parity_bits))
            .filter(|bits| *bits > 0 && format.bits <= BITS_MAX && format.facility_bits <= 32)
            .ok_or(OutputError::Format)?;
        let facility = fit(u128::from(format.facility), format.facility_bits).ok_or(OutputError::Format)?;
        let number = fit(number(format.base, user_id)?, number_bits).ok_or(OutputError::TooLarge)?;
        let payload = facility.checked_shl(u32::from(number_bits)).unwrap_or(0) | number;
        let frame = match format.parity {
            Parity::None => Self { bits: format.bits, value: payload },
            Parity::EvenOdd => Self { bits: format.bits, value: payload << 1 }.with_parity(),
        };
        Ok(frame)
    }

    /// Bits in all.
    pub const fn bits(&self) -> u8 {
        self.bits
    }

    /// Whether each bit is a one (D1) or a zero (D0), in the order of sending.
    pub fn iter(&self) -> impl Iterator<Item = bool> + use<> {
        let value = self.value;
        (0..self.bits).rev().map(move |bit| (value >> bit) & 1 == 1)
    }

    /// Sets the first bit so that the first half is even, and the last so that the second half is odd.
    ///
    /// The middle bit of an odd number belongs to both halves, as in the 37-bit formats H10302 and H10304.
    fn with_parity(mut self) -> Self {
        let half = usize::from(self.bits.div_ceil(2));
        let before_second_half = usize::from(self.bits / 2);
        let ones = |frame: &Self, skip: usize, take: usize| {
            frame.iter().skip(skip).take(take).filter(|one| *one).count()
        };
        let first_is_odd = ones(&self, 0, half) % 2 == 1;
        let second_is_even = ones(&self, before_second_half, half) % 2 == 0;
        self.value |= u128::from(first_is_odd) << self.bits.saturating_sub(1);
        self.value |= u128::from(second_is_even);
        self
    }
}

impl fmt::Display for WiegandFrame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.iter().try_for_each(|one| f.write_str(if one { "1" } else { "0" }))
    }
}

impl fmt::Debug for WiegandFrame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The bits name a person as the user ID does.
        write!(f, "WiegandFrame({} bits)", self.bits)
    }
}

fn number(base: IdBase, user_id: &UserId) -> Result<u128, OutputError> {
    let radix = match base {
        IdBase::Decimal => 10,
        IdBase::Hexadecimal => 16,
    };
    user_id.as_bytes().iter().try_fold(0_u128, |number, octet| {
        let digit = char::from(*octet).to_digit(radix).ok_or(OutputError::NotANumber)?;
        number
            .checked_mul(u128::from(radix))
            .and_then(|number| number.checked_add(u128::from(digit)))
            .ok_or(OutputError::TooLarge)
    })
}

/// `number`, if it has room in `bits`.
fn fit(number: u128, bits: u8) -> Option<u128> {
    let beyond = number.checked_shr(u32::from(bits)).unwrap_or(0);
    (beyond == 0).then_some(number)
}

#[cfg(test)]
mod tests {
    use std::borrow::ToOwned;
    use std::string::ToString;

    use super::*;

    const W26: Wiegand =
        Wiegand { base: IdBase::Decimal, bits: 26, facility_bits: 8, facility: 17, parity: Parity::EvenOdd };

    fn frame(format: Wiegand, user_id: &str) -> Result<WiegandFrame, OutputError> {
        WiegandFrame::new(format, &UserId::new(user_id.as_bytes()).unwrap())
    }

    #[test]
    fn a_26_bit_frame_is_parity_facility_number_parity() {
        // 17 = 00010001 and 4711 = 0001001001100111, between the parity bits.
        let bits = frame(W26, "4711").unwrap().to_string();
        assert_eq!(bits, "10001000100010010011001111");
        assert_eq!(bits[..13].matches('1').count() % 2, 0);
        assert_eq!(bits[13..].matches('1').count() % 2, 1);
    }

    #[test]
    fn every_number_of_a_26_bit_frame_comes_back_with_right_parity() {
        for number in (0..=u16::MAX).step_by(7) {
            let bits = frame(W26, &number.to_string()).unwrap().to_string();
            assert_eq!(u32::from_str_radix(&bits[1..9], 2).unwrap(), 17);
            assert_eq!(u16::from_str_radix(&bits[9..25], 2).unwrap(), number);
            assert_eq!(bits[..13].matches('1').count() % 2, 0);
            assert_eq!(bits[13..].matches('1').count() % 2, 1);
        }
    }

    #[test]
    fn common_lengths_are_filled_to_the_last_bit() {
        for (bits, facility_bits, largest) in
            [(26, 8, "65535"), (34, 16, "65535"), (37, 16, "524287"), (56, 0, "18014398509481983")]
        {
            let facility = if facility_bits == 0 { 0 } else { 17 };
            let format = Wiegand { bits, facility_bits, facility, ..W26 };
            assert_eq!(frame(format, largest).unwrap().iter().count(), usize::from(bits));
            let above = (largest.parse::<u64>().unwrap() + 1).to_string();
            assert_eq!(frame(format, &above), Err(OutputError::TooLarge));
        }
    }

    #[test]
    fn an_id_that_does_not_fit_is_refused_and_never_cut() {
        assert_eq!(frame(W26, "65536"), Err(OutputError::TooLarge));
        assert_eq!(frame(W26, "47 11"), Err(OutputError::NotANumber));
        assert_eq!(frame(W26, "4711F"), Err(OutputError::NotANumber));
        assert_eq!(frame(W26, &"9".repeat(32)), Err(OutputError::TooLarge));
        let hexadecimal = Wiegand { base: IdBase::Hexadecimal, ..W26 };
        assert_eq!(frame(hexadecimal, "1267"), frame(W26, "4711"));
        assert_eq!(frame(hexadecimal, &"F".repeat(32)), Err(OutputError::TooLarge));
    }

    #[test]
    fn leading_zeros_are_the_same_number() {
        assert_eq!(frame(W26, "0004711"), frame(W26, "4711"));
    }

    #[test]
    fn a_format_that_describes_no_frame_is_refused() {
        for format in [
            Wiegand { bits: 10, ..W26 },
            Wiegand { bits: 129, ..W26 },
            Wiegand { facility: 256, ..W26 },
            Wiegand { bits: 1, facility_bits: 0, facility: 0, ..W26 },
            Wiegand { bits: 100, facility_bits: 40, ..W26 },
        ] {
            assert_eq!(frame(format, "1"), Err(OutputError::Format));
        }
    }

    #[test]
    fn the_middle_bit_of_37_counts_for_both_parity_bits() {
        let h10304 = Wiegand { bits: 37, facility_bits: 16, facility: 1, ..W26 };
        // Bit 18 of 37 is the second of the number: the one bit of 2^17.
        let bits = frame(h10304, "131072").unwrap().to_string();
        assert_eq!(bits, "0000000000000000101000000000000000000"[..36].to_owned() + "0");
        let h10302 = Wiegand { bits: 37, facility_bits: 0, facility: 0, ..W26 };
        let bits = frame(h10302, "131072").unwrap().to_string();
        assert_eq!(&bits[..1], "1");
        assert_eq!(&bits[36..], "0");
        assert_eq!(bits[..19].matches('1').count() % 2, 0);
        assert_eq!(bits[18..].matches('1').count() % 2, 1);
    }

    #[test]
    fn a_raw_frame_of_128_bits_has_no_parity() {
        let raw = Wiegand {
            base: IdBase::Hexadecimal,
            bits: 128,
            facility_bits: 0,
            facility: 0,
            parity: Parity::None,
        };
        assert_eq!(frame(raw, &"F".repeat(32)).unwrap().to_string(), "1".repeat(128));
    }
}
