//! The secret of an invitation, in the forms that people and phones take.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest, Sha256};
use zeroize::Zeroize;

/// Crockford's base 32; the five symbols after the first 32 occur as check symbols only.
const ALPHABET: &[u8; 37] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ*~$=U";

/// Symbols of the number, without the check symbol.
const DIGITS: usize = 26;

/// Symbols between two hyphens where a code is shown to a person.
const GROUP: usize = 4;

/// 128 random bits that redeem one invitation; wiped when dropped.
///
/// Spec: docs/ACTIVATION.md#the-invitation
#[derive(Clone, PartialEq, Eq)]
pub struct InvitationCode([u8; 16]);

/// Text that is not an invitation code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CodeError {
    /// Too short, too long, or a symbol that no code has.
    #[error("an invitation code has 27 letters and digits")]
    Form,
    /// The check symbol does not come out: the code was mistyped.
    #[error("the invitation code was mistyped")]
    Check,
}

impl InvitationCode {
    /// The code of the given secret.
    pub const fn new(secret: [u8; 16]) -> Self {
        Self(secret)
    }

    /// The canonical form: 27 symbols in capitals, without hyphens.
    pub fn canonical(&self) -> String {
        let mut rest = u128::from_be_bytes(self.0);
        let check = symbol(rest % 37);
        let mut symbols = Vec::with_capacity(DIGITS);
        for _ in 0..DIGITS {
            symbols.push(symbol(rest & 31));
            rest >>= 5;
        }
        symbols.into_iter().rev().chain([check]).collect()
    }

    /// The form for people: groups of four with hyphens.
    pub fn grouped(&self) -> String {
        let canonical = self.canonical();
        let mut grouped = String::with_capacity(canonical.len().saturating_mul(2));
        for (place, symbol) in canonical.chars().enumerate() {
            if place > 0 && place % GROUP == 0 {
                grouped.push('-');
            }
            grouped.push(symbol);
        }
        grouped
    }

    /// The link, with the secret in the fragment where no server sees it.
    ///
    /// `base` is the address of the manager without a slash at its end; this is also the text of the QR code.
    pub fn link(&self, base: &str) -> String {
        format!("{base}/activate#{}", self.canonical())
    }

    /// SHA-256 of the secret, the only thing that is stored.
    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.0).into()
    }
}

impl FromStr for InvitationCode {
    type Err = CodeError;

    fn from_str(text: &str) -> Result<Self, CodeError> {
        let mut symbols = text.chars().filter(|symbol| *symbol != '-' && !symbol.is_whitespace());
        let mut number: u128 = 0;
        for _ in 0..DIGITS {
            let digit = symbols.next().and_then(value).filter(|value| *value < 32).ok_or(CodeError::Form)?;
            number =
                number.checked_mul(32).and_then(|high| high.checked_add(digit)).ok_or(CodeError::Form)?;
        }
        let check = symbols.next().and_then(value).ok_or(CodeError::Form)?;
        if symbols.next().is_some() {
            return Err(CodeError::Form);
        }
        if number % 37 != check {
            return Err(CodeError::Check);
        }
        Ok(Self(number.to_be_bytes()))
    }
}

impl Drop for InvitationCode {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl fmt::Debug for InvitationCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("InvitationCode(..)")
    }
}

fn symbol(value: u128) -> char {
    let symbol = usize::try_from(value).ok().and_then(|place| ALPHABET.get(place));
    // Only values below 37 come here.
    char::from(symbol.copied().unwrap_or(b'0'))
}

fn value(symbol: char) -> Option<u128> {
    let symbol = match symbol.to_ascii_uppercase() {
        'I' | 'L' => '1',
        'O' => '0',
        other => other,
    };
    let place = ALPHABET.iter().position(|candidate| char::from(*candidate) == symbol)?;
    u128::try_from(place).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_codes_of_the_specification_come_out() {
        let cases = [
            ([0; 16], "0000-0000-0000-0000-0000-0000-000"),
            (std::array::from_fn(|i| i as u8), "0004-1061-050R-3GG2-8A1C-60T3-GF6"),
            ([0xFF; 16], "7ZZZ-ZZZZ-ZZZZ-ZZZZ-ZZZZ-ZZZZ-ZZ*"),
        ];
        for (secret, grouped) in cases {
            let code = InvitationCode::new(secret);
            assert_eq!(code.grouped(), grouped);
            assert_eq!(grouped.parse(), Ok(code.clone()));
            assert_eq!(code.canonical().parse(), Ok(code));
        }
    }

    #[test]
    fn a_code_read_aloud_is_taken() {
        let code = InvitationCode::new(std::array::from_fn(|i| i as u8));
        assert_eq!(" ooo4 i06l o50r 3gg2 8a1c 60t3 gf6 ".parse(), Ok(code));
    }

    #[test]
    fn every_single_wrong_symbol_is_noticed() {
        let good = InvitationCode::new([0x5A; 16]).canonical();
        for place in 0..good.len() {
            for symbol in ALPHABET.iter().map(|symbol| char::from(*symbol)) {
                let wrong: String = good
                    .chars()
                    .enumerate()
                    .map(|(at, old)| if at == place { symbol } else { old })
                    .collect();
                assert_eq!(wrong.parse::<InvitationCode>().is_ok(), wrong == good, "{wrong}");
            }
        }
    }

    #[test]
    fn every_exchange_of_two_neighbours_is_noticed() {
        let good: Vec<char> = InvitationCode::new(*b"0123456789abcdef").canonical().chars().collect();
        for place in 1..good.len() {
            let mut wrong = good.clone();
            wrong.swap(place - 1, place);
            let wrong: String = wrong.into_iter().collect();
            assert!(
                good.iter().collect::<String>() == wrong || wrong.parse::<InvitationCode>().is_err(),
                "{wrong}"
            );
        }
    }

    #[test]
    fn codes_of_another_form_are_refused() {
        for bad in ["", "0", "8ZZZZZZZZZZZZZZZZZZZZZZZZZ0", "00000000000000000000000000000", "ü"] {
            assert_eq!(bad.parse::<InvitationCode>(), Err(CodeError::Form), "{bad}");
        }
        assert_eq!("000000000000000000000000001".parse::<InvitationCode>(), Err(CodeError::Check));
    }

    #[test]
    fn the_secret_is_behind_the_fragment_and_not_in_debug_output() {
        let code = InvitationCode::new([0; 16]);
        assert_eq!(
            code.link("https://m.example/x"),
            "https://m.example/x/activate#000000000000000000000000000"
        );
        assert_eq!(format!("{code:?}"), "InvitationCode(..)");
    }
}
