//! The rules for each field of a user, in one place for CSV, API and command line.

use email_address::{EmailAddress, Options};

/// The longest first or last name, in characters.
pub const NAME_MAX: usize = 100;
/// The longest e-mail address, in octets (RFC 5321 §4.5.3.1.3, without the angle brackets).
pub const EMAIL_MAX: usize = 254;
/// The longest user ID, in octets (docs/PROTOCOL.md#credential).
pub const USER_ID_MAX: usize = 32;
/// The longest Sync ID, in characters.
pub const SYNC_ID_MAX: usize = 255;

/// Octets of a value that a message repeats.
const SHOWN_MAX: usize = 60;

/// What is wrong with the value of a field.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FieldError {
    /// Nothing where something must be.
    #[error("is empty")]
    Empty,
    /// More than fits.
    #[error("has {length} characters, at most {max} are allowed")]
    TooLong {
        /// Characters that it has.
        length: usize,
        /// Characters that it may have.
        max: usize,
    },
    /// A character that is not seen itself but changes how the others are read or written.
    #[error("has the control character U+{:04X}", u32::from(*.0))]
    Control(char),
    /// Not of the form of an e-mail address.
    #[error("{} is not an e-mail address", quoted(.0))]
    Email(String),
    /// A character that a credential cannot carry.
    #[error("{} has a character that is not printable ASCII: {:?}", quoted(.value), .character)]
    NotAscii {
        /// The whole value.
        value: String,
        /// The first such character.
        character: char,
    },
    /// A long number that a spreadsheet wrote in scientific notation, so that its digits are lost.
    #[error("{} was spoiled by a spreadsheet: its digits are lost, format the column as text", quoted(.0))]
    Spoiled(String),
}

/// A first or last name: at most 100 characters, none of them a control character; it may be empty.
///
/// # Errors
/// What is wrong with it.
pub fn name(value: &str) -> Result<(), FieldError> {
    at_most(value, NAME_MAX)?;
    no_control(value)
}

/// An e-mail address: `local@domain`, at most 254 octets, without a display name.
///
/// # Errors
/// What is wrong with it.
pub fn email(value: &str) -> Result<(), FieldError> {
    if value.is_empty() {
        return Err(FieldError::Empty);
    }
    if value.len() > EMAIL_MAX {
        return Err(FieldError::TooLong { length: value.len(), max: EMAIL_MAX });
    }
    no_control(value)?;
    let options = Options::default().without_display_text().without_domain_literal();
    EmailAddress::parse_with_options(value, options)
        .map(|_| ())
        .map_err(|_| FieldError::Email(value.to_owned()))
}

/// The form in which two e-mail addresses are compared.
pub fn email_key(value: &str) -> String {
    value.to_lowercase()
}

/// A user ID: 1 to 32 printable ASCII characters.
///
/// # Errors
/// What is wrong with it.
pub fn user_id(value: &str) -> Result<(), FieldError> {
    if value.is_empty() {
        return Err(FieldError::Empty);
    }
    at_most(value, USER_ID_MAX)?;
    no_control(value)?;
    if let Some(character) = value.chars().find(|character| !matches!(character, ' '..='~')) {
        return Err(FieldError::NotAscii { value: value.to_owned(), character });
    }
    not_spoiled(value)
}

/// A Sync ID: 1 to 255 characters, none of them a control character.
///
/// # Errors
/// What is wrong with it.
pub fn sync_id(value: &str) -> Result<(), FieldError> {
    if value.is_empty() {
        return Err(FieldError::Empty);
    }
    at_most(value, SYNC_ID_MAX)?;
    no_control(value)?;
    not_spoiled(value)
}

/// A text of one line: at most `max` characters, none of them a control character; it may be empty.
///
/// # Errors
/// What is wrong with it.
pub fn text(value: &str, max: usize) -> Result<(), FieldError> {
    at_most(value, max)?;
    no_control(value)
}

fn at_most(value: &str, max: usize) -> Result<(), FieldError> {
    let length = value.chars().count();
    if length > max { Err(FieldError::TooLong { length, max }) } else { Ok(()) }
}

fn no_control(value: &str) -> Result<(), FieldError> {
    value
        .chars()
        .find(|character| character.is_control() || reorders(*character))
        .map_or(Ok(()), |found| Err(FieldError::Control(found)))
}

/// Whether a character breaks lines or reorders what stands around it, so that a text reads as another one
/// (Unicode Standard Annex #9, §2); the marks that scripts need within a word are let through.
const fn reorders(character: char) -> bool {
    matches!(character, '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}')
}

/// Refuses `4.2E+12` and its like: digits, an optional fraction, `E`, a sign, digits.
///
/// Without the sign it may be a hexadecimal number, which is let through.
fn not_spoiled(value: &str) -> Result<(), FieldError> {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|octet| octet.is_ascii_digit());
    let number = |text: &str| match text.split_once(['.', ',']) {
        Some((whole, fraction)) => digits(whole) && digits(fraction),
        None => digits(text),
    };
    let spoiled = value.split_once(['E', 'e']).is_some_and(|(mantissa, exponent)| {
        number(mantissa) && exponent.strip_prefix(['+', '-']).is_some_and(digits)
    });
    if spoiled { Err(FieldError::Spoiled(value.to_owned())) } else { Ok(()) }
}

/// The value in quotation marks, cut to a length that fits a message.
fn quoted(value: &str) -> String {
    let shown: String = value.chars().take(SHOWN_MAX).collect();
    if shown.len() < value.len() { format!("{shown:?}…") } else { format!("{shown:?}") }
}

/// The value, cut to a length that fits a message.
pub fn shortened(value: &str) -> String {
    let shown: String = value.chars().take(SHOWN_MAX).collect();
    if shown.len() < value.len() { format!("{shown}…") } else { shown }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn e_mail_addresses_are_told_from_other_text() {
        for good in ["a@b.example", "anna.berg+door@example.co.uk", "o'neil@example.org", "jörg@example.org"]
        {
            assert_eq!(email(good), Ok(()), "{good}");
        }
        for bad in [
            "foo@",
            "@example.org",
            "foo",
            "a b@example.org",
            "Anna <a@b.example>",
            "a@[127.0.0.1]",
            "a@b@c.d",
        ] {
            assert_eq!(email(bad), Err(FieldError::Email(bad.to_owned())), "{bad}");
        }
        assert_eq!(email("foo@").unwrap_err().to_string(), "\"foo@\" is not an e-mail address");
    }

    #[test]
    fn numbers_that_a_spreadsheet_rounded_are_flagged() {
        for bad in ["4.2E+12", "4,2E+12", "4E+12", "1.00e-7"] {
            assert_eq!(user_id(bad), Err(FieldError::Spoiled(bad.to_owned())), "{bad}");
        }
        for good in ["0042", "4E12", "E+12", "4.2", "BEEF", "4.2E+", "A4.2E+12", "1-2"] {
            assert_eq!(user_id(good), Ok(()), "{good}");
        }
    }

    #[test]
    fn characters_that_reorder_a_name_are_refused_and_those_of_its_script_are_not() {
        for bad in ['\u{202E}', '\u{2066}', '\u{2028}', '\u{FEFF}', '\u{85}'] {
            assert_eq!(name(&format!("An{bad}na")), Err(FieldError::Control(bad)));
        }
        for good in ["\u{200F}דָּוִד", "می\u{200C}خواهم", "👩\u{200D}🚀", "𠮷野"] {
            assert_eq!(name(good), Ok(()), "{good}");
        }
    }

    #[test]
    fn a_user_id_is_printable_ascii_of_at_most_32() {
        assert_eq!(user_id(&"7".repeat(32)), Ok(()));
        assert_eq!(user_id(&"7".repeat(33)), Err(FieldError::TooLong { length: 33, max: 32 }));
        assert_eq!(user_id(""), Err(FieldError::Empty));
        assert_eq!(user_id("1\0"), Err(FieldError::Control('\0')));
        assert_eq!(
            user_id("é").unwrap_err().to_string(),
            "\"é\" has a character that is not printable ASCII: 'é'"
        );
    }
}
