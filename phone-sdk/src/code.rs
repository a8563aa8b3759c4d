//! The code of an invitation, as people type it.
//!
//! Source: `docs/ACTIVATION.md#the-invitation`

use credential::secret::Secret;
use zeroize::{Zeroize, Zeroizing};

/// Crockford's base 32; the last five are check symbols only.
const SYMBOLS: &[u8; 37] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ*~$=U";

const DIGITS: usize = 26;

/// Why a text is not an invitation code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CodeError {
    /// It has fewer or more than 27 symbols.
    #[error("the code has 27 symbols, this one has {0}")]
    Length(usize),
    /// A symbol that cannot stand where it stands, counted from 1.
    #[error("symbol {0} of the code is not one that a code has there")]
    Symbol(usize),
    /// The check symbol does not come out.
    #[error("the code was mistyped")]
    Check,
}

/// Reads a code, with hyphens and white space anywhere, in small letters or capitals, with I, L and O for 1, 1 and 0.
pub(crate) fn parse(text: &str) -> Result<Secret<16>, CodeError> {
    let symbols = || text.chars().filter(|symbol| *symbol != '-' && !symbol.is_whitespace());
    let count = symbols().count();
    if count != DIGITS.saturating_add(1) {
        return Err(CodeError::Length(count));
    }
    let mut number = Zeroizing::new(0_u128);
    for (position, symbol) in symbols().enumerate() {
        let refused = CodeError::Symbol(position.saturating_add(1));
        let value = value(symbol).ok_or(refused)?;
        if position == DIGITS {
            return if *number % 37 == value { Ok(octets(*number)) } else { Err(CodeError::Check) };
        }
        if value >= 32 {
            return Err(refused);
        }
        *number = number.checked_mul(32).and_then(|high| high.checked_add(value)).ok_or(refused)?;
    }
    Err(CodeError::Length(count))
}

/// The canonical form: 27 symbols, capitals, no hyphens.
pub(crate) fn canonical(secret: &Secret<16>) -> Zeroizing<String> {
    let number = Zeroizing::new(u128::from_be_bytes(*secret.expose()));
    let mut code = Zeroizing::new(String::with_capacity(DIGITS.saturating_add(1)));
    for position in (0..DIGITS).rev() {
        let shift = u32::try_from(position).unwrap_or(0).saturating_mul(5);
        code.push(symbol(number.checked_shr(shift).unwrap_or(0) & 31));
    }
    code.push(symbol(*number % 37));
    code
}

fn octets(number: u128) -> Secret<16> {
    let mut octets = number.to_be_bytes();
    let secret = Secret::new(octets);
    octets.zeroize();
    secret
}

fn value(symbol: char) -> Option<u128> {
    let symbol = match symbol.to_ascii_uppercase() {
        'I' | 'L' => '1',
        'O' => '0',
        other => other,
    };
    let place = SYMBOLS.iter().position(|candidate| char::from(*candidate) == symbol)?;
    u128::try_from(place).ok()
}

fn symbol(value: u128) -> char {
    let place = usize::try_from(value).ok();
    // Only values below 37 come here.
    place.and_then(|place| SYMBOLS.get(place)).map_or('0', |symbol| char::from(*symbol))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counting() -> [u8; 16] {
        std::array::from_fn(|position| u8::try_from(position).unwrap())
    }

    #[test]
    fn the_codes_of_the_specification_are_read_and_written() {
        for (secret, code) in [
            ([0; 16], "0000-0000-0000-0000-0000-0000-000"),
            (counting(), "0004-1061-050R-3GG2-8A1C-60T3-GF6"),
            ([0xFF; 16], "7ZZZ-ZZZZ-ZZZZ-ZZZZ-ZZZZ-ZZZZ-ZZ*"),
        ] {
            assert_eq!(parse(code), Ok(Secret::new(secret)));
            assert_eq!(canonical(&Secret::new(secret)).as_str(), code.replace('-', ""));
        }
    }

    #[test]
    fn a_code_is_read_as_people_write_it() {
        for code in [
            "0004 1061 050R 3GG2 8A1C 60T3 GF6",
            "0004-1061-050r-3gg2-8a1c-60t3-gf6",
            "OoO4iO6lo5oR3GG28AiC6oT3GF6",
            "\t00041061050R3GG28A1C60T3GF6\n",
        ] {
            assert_eq!(parse(code), Ok(Secret::new(counting())), "{code}");
        }
    }

    #[test]
    fn one_wrong_symbol_and_two_that_changed_places_are_noticed() {
        let code: Vec<char> = "00041061050R3GG28A1C60T3GF6".chars().collect();
        for position in 0..26 {
            let mut wrong = code.clone();
            wrong[position] = if wrong[position] == '5' { '6' } else { '5' };
            assert!(parse(&wrong.iter().collect::<String>()).is_err());
            let mut swapped = code.clone();
            swapped.swap(position, position + 1);
            if swapped != code {
                assert!(parse(&swapped.iter().collect::<String>()).is_err(), "{position}");
            }
        }
    }

    #[test]
    fn length_place_and_symbol_are_told_apart() {
        assert_eq!(parse(""), Err(CodeError::Length(0)));
        assert_eq!(parse(&"0".repeat(28)), Err(CodeError::Length(28)));
        assert_eq!(parse("0004!061050R3GG28A1C60T3GF6"), Err(CodeError::Symbol(5)));
        assert_eq!(parse("000410610*0R3GG28A1C60T3GF6"), Err(CodeError::Symbol(10)));
        assert_eq!(parse(&format!("8{}", "0".repeat(26))), Err(CodeError::Symbol(26)));
    }
}
