//! The code with which a phone shows that its card is the card, and no picture of it.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::{Choice, ConstantTimeEq};

use crate::domain::ids::UnixTime;

/// Seconds for which a code holds. Spec: RFC 6238 §4.1, X.
const STEP_S: u32 = 30;
/// Codes have so many digits.
const DIGITS: usize = 8;
const MODULUS: u32 = 100_000_000;

/// What somebody read from a phone: eight digits.
#[derive(Clone, Copy)]
pub struct ValidationCode([u8; DIGITS]);

/// Whether a card may be relied on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CardStanding {
    /// It may.
    Valid,
    /// Not until further notice.
    Deactivated,
    /// Its time is over.
    Expired,
    /// It is on that phone no more.
    Withdrawn,
}

impl ValidationCode {
    /// Reads a code; `None` for anything but eight digits.
    pub fn parse(text: &str) -> Option<Self> {
        let digits: [u8; DIGITS] = text.as_bytes().try_into().ok()?;
        digits.iter().all(u8::is_ascii_digit).then_some(Self(digits))
    }

    /// Whether it is the code of this secret now, a step ago or a step ahead.
    ///
    /// Takes as long whatever the answer is.
    pub fn holds(&self, secret: &[u8; 32], now: UnixTime) -> bool {
        let step = u64::from(now.0 / STEP_S);
        let steps = [step.saturating_sub(1), step, step.saturating_add(1)];
        let found = steps.map(|step| code(secret, step).as_bytes().ct_eq(&self.0));
        found.into_iter().fold(Choice::from(0), |any, one| any | one).into()
    }
}

impl CardStanding {
    /// The name in the API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Valid => "valid",
            Self::Deactivated => "deactivated",
            Self::Expired => "expired",
            Self::Withdrawn => "withdrawn",
        }
    }
}

/// The code of a step. Spec: RFC 4226 §5.3, with HMAC-SHA-256 as RFC 6238 §1.2 allows.
fn code(secret: &[u8; 32], step: u64) -> String {
    // HMAC takes a key of any length.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret) else { return String::new() };
    mac.update(&step.to_be_bytes());
    let hash: [u8; 32] = mac.finalize().into_bytes().into();
    let offset = usize::from(hash.last().map_or(0, |last| last & 0xF));
    let cut = hash.get(offset..).and_then(|rest| rest.first_chunk::<4>()).copied().unwrap_or_default();
    let number = (u32::from_be_bytes(cut) & 0x7FFF_FFFF) % MODULUS;
    format!("{number:0DIGITS$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    // Source: RFC 6238, appendix B, SHA256.
    const SECRET: &[u8; 32] = b"12345678901234567890123456789012";

    #[test]
    fn codes_are_those_of_the_standard() {
        for (time, expected) in [
            (59, "46119246"),
            (1_111_111_109, "68084774"),
            (1_234_567_890, "91819424"),
            (2_000_000_000, "90698825"),
        ] {
            assert_eq!(code(SECRET, time / 30), expected, "{time}");
        }
    }

    #[test]
    fn a_code_holds_a_step_before_and_behind_and_no_longer() {
        let code = ValidationCode::parse("91819424").unwrap();
        let holds = |time| code.holds(SECRET, UnixTime(time));
        let step = 1_234_567_890 / 30 * 30;
        assert!(holds(step) && holds(step - 30) && holds(step + 59));
        assert!(!holds(step - 31) && !holds(step + 60) && !holds(0) && !holds(u32::MAX));
        assert!(!code.holds(&[0; 32], UnixTime(step)));
    }

    #[test]
    fn anything_but_eight_digits_is_no_code() {
        for bad in ["", "1234567", "123456789", "1234567a", "１２３４５６７８"] {
            assert!(ValidationCode::parse(bad).is_none(), "{bad}");
        }
    }
}
