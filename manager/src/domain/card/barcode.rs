//! Barcodes: which there are, where their value comes from, and what each can carry.

use rxing::common::BitMatrix;
use rxing::{BarcodeFormat, EncodeHints, MultiFormatWriter, Writer};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The longest value that is tried, in octets.
const VALUE_MAX: usize = 500;

/// The barcode of a template.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BarcodeDesign {
    /// What it looks like.
    pub symbology: Symbology,
    /// Where its value comes from: `card_id`, `unique_identifier`, `own` (each card says it) or `field:KEY`.
    #[schema(value_type = String)]
    pub source: BarcodeSource,
}

/// A kind of barcode.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Symbology {
    /// QR code.
    Qr,
    /// Code 128.
    #[serde(rename = "code_128")]
    Code128,
    /// Code 39.
    #[serde(rename = "code_39")]
    Code39,
    /// PDF417.
    #[serde(rename = "pdf417")]
    Pdf417,
    /// Aztec.
    Aztec,
    /// Data Matrix.
    DataMatrix,
    /// EAN-13.
    #[serde(rename = "ean_13")]
    Ean13,
    /// EAN-8.
    #[serde(rename = "ean_8")]
    Ean8,
    /// UPC-A.
    UpcA,
    /// UPC-E.
    UpcE,
    /// Interleaved 2 of 5.
    Itf,
}

/// Where the value of a barcode comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum BarcodeSource {
    /// The card ID.
    CardId,
    /// The unique identifier.
    UniqueIdentifier,
    /// Each card says it.
    Own,
    /// A field of this key.
    Field(String),
}

/// Why a symbology cannot carry a value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BarcodeError {
    /// It is empty.
    #[error("the value of a barcode is empty")]
    Empty,
    /// It is too long.
    #[error("{0} carries at most {1} characters here, and the value has {2}")]
    TooLong(&'static str, usize, usize),
    /// A character is not in its alphabet.
    #[error("{symbology} carries {alphabet}, and not {character:?}")]
    Character {
        /// The kind of barcode.
        symbology: &'static str,
        /// What it carries.
        alphabet: &'static str,
        /// The first character that it does not.
        character: char,
    },
    /// It has another number of digits than the symbology takes.
    #[error("{0} carries {1}, and the value has {2} digits")]
    Digits(&'static str, &'static str, usize),
    /// The last digit is not the check digit of those before it.
    #[error("the last digit is {is}, and has to be {needed} as the check digit of {symbology}")]
    CheckDigit {
        /// The kind of barcode.
        symbology: &'static str,
        /// The last digit.
        is: u32,
        /// The check digit.
        needed: u32,
    },
    /// It does not fit for another reason.
    #[error("{0} cannot carry the value: {1}")]
    Other(&'static str, String),
}

impl Symbology {
    /// Every kind.
    pub const ALL: [Self; 11] = [
        Self::Qr,
        Self::Code128,
        Self::Code39,
        Self::Pdf417,
        Self::Aztec,
        Self::DataMatrix,
        Self::Ean13,
        Self::Ean8,
        Self::UpcA,
        Self::UpcE,
        Self::Itf,
    ];

    /// What people call it.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Qr => "QR",
            Self::Code128 => "Code 128",
            Self::Code39 => "Code 39",
            Self::Pdf417 => "PDF417",
            Self::Aztec => "Aztec",
            Self::DataMatrix => "Data Matrix",
            Self::Ean13 => "EAN-13",
            Self::Ean8 => "EAN-8",
            Self::UpcA => "UPC-A",
            Self::UpcE => "UPC-E",
            Self::Itf => "ITF",
        }
    }

    /// The name in template files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Qr => "qr",
            Self::Code128 => "code_128",
            Self::Code39 => "code_39",
            Self::Pdf417 => "pdf417",
            Self::Aztec => "aztec",
            Self::DataMatrix => "data_matrix",
            Self::Ean13 => "ean_13",
            Self::Ean8 => "ean_8",
            Self::UpcA => "upc_a",
            Self::UpcE => "upc_e",
            Self::Itf => "itf",
        }
    }

    /// Undoes [`Symbology::name`].
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|symbology| symbology.name() == name)
    }

    /// Whether it can carry a value.
    ///
    /// # Errors
    /// Why it cannot.
    pub fn check(self, value: &str) -> Result<(), BarcodeError> {
        let label = self.label();
        let length = value.chars().count();
        match self {
            _ if value.is_empty() => return Err(BarcodeError::Empty),
            Self::Code128 | Self::Code39 | Self::Itf if length > 80 => {
                return Err(BarcodeError::TooLong(label, 80, length));
            }
            _ if value.len() > VALUE_MAX => return Err(BarcodeError::TooLong(label, VALUE_MAX, length)),
            Self::Qr | Self::Pdf417 | Self::Aztec => {
                only(label, value, "text in one line", |one| !one.is_control())?
            }
            Self::Code128 | Self::DataMatrix => {
                only(label, value, "printable ASCII", |one| matches!(one, ' '..='~'))?;
            }
            Self::Code39 => only(label, value, "capitals, digits, spaces and - . $ / + %", |one| {
                one.is_ascii_uppercase() || one.is_ascii_digit() || " -.$/+%".contains(one)
            })?,
            Self::Ean13 => digits(label, value, "13 digits", &[13])?,
            Self::Ean8 => digits(label, value, "8 digits", &[8])?,
            Self::UpcA => digits(label, value, "12 digits", &[12])?,
            Self::UpcE => digits(label, value, "8 digits", &[8])?,
            Self::Itf => {
                only(label, value, "digits", |one| one.is_ascii_digit())?;
                if length % 2 == 1 {
                    return Err(BarcodeError::Digits(label, "an even number of digits", length));
                }
            }
        }
        if matches!(self, Self::Ean13 | Self::Ean8 | Self::UpcA) {
            check_digit(label, value)?;
        }
        self.encoded(value).map(|_| ())
    }

    /// Which modules are dark, in rows from the top; of a barcode of lines, the one row that all are like.
    ///
    /// # Errors
    /// Why it cannot carry the value.
    pub fn modules(self, value: &str) -> Result<Vec<Vec<bool>>, BarcodeError> {
        self.check(value)?;
        let drawn = self.encoded(value)?;
        let rows = if self.is_of_lines() { 1 } else { drawn.getHeight() };
        let row = |y| (0..drawn.getWidth()).map(|x| drawn.try_get(x, y).unwrap_or(false)).collect();
        Ok((0..rows).map(row).collect())
    }

    /// Whether its rows are all alike.
    pub const fn is_of_lines(self) -> bool {
        !matches!(self, Self::Qr | Self::Pdf417 | Self::Aztec | Self::DataMatrix)
    }

    fn encoded(self, value: &str) -> Result<BitMatrix, BarcodeError> {
        let hints = EncodeHints {
            // No zone of the encoder's own: they differ, and some have none.
            Margin: Some("0".to_owned()),
            CharacterSet: matches!(self, Self::Qr | Self::Pdf417 | Self::Aztec).then(|| "UTF-8".to_owned()),
            ..EncodeHints::default()
        };
        let drawn = MultiFormatWriter.encode_with_hints(value, &self.format(), 0, 0, &hints);
        drawn.map_err(|error| BarcodeError::Other(self.label(), error.to_string()))
    }

    const fn format(self) -> BarcodeFormat {
        match self {
            Self::Qr => BarcodeFormat::QR_CODE,
            Self::Code128 => BarcodeFormat::CODE_128,
            Self::Code39 => BarcodeFormat::CODE_39,
            Self::Pdf417 => BarcodeFormat::PDF_417,
            Self::Aztec => BarcodeFormat::AZTEC,
            Self::DataMatrix => BarcodeFormat::DATA_MATRIX,
            Self::Ean13 => BarcodeFormat::EAN_13,
            Self::Ean8 => BarcodeFormat::EAN_8,
            Self::UpcA => BarcodeFormat::UPC_A,
            Self::UpcE => BarcodeFormat::UPC_E,
            Self::Itf => BarcodeFormat::ITF,
        }
    }
}

fn only(
    symbology: &'static str,
    value: &str,
    alphabet: &'static str,
    is_in: impl Fn(char) -> bool,
) -> Result<(), BarcodeError> {
    match value.chars().find(|one| !is_in(*one)) {
        Some(character) => Err(BarcodeError::Character { symbology, alphabet, character }),
        None => Ok(()),
    }
}

fn digits(
    symbology: &'static str,
    value: &str,
    wanted: &'static str,
    lengths: &[usize],
) -> Result<(), BarcodeError> {
    only(symbology, value, wanted, |one| one.is_ascii_digit())?;
    if lengths.contains(&value.len()) {
        return Ok(());
    }
    Err(BarcodeError::Digits(symbology, wanted, value.len()))
}

/// Spec: GS1 General Specifications §7.9: weights 3 and 1 from the right.
fn check_digit(symbology: &'static str, value: &str) -> Result<(), BarcodeError> {
    let mut reversed = value.chars().rev().filter_map(|one| one.to_digit(10));
    let is = reversed.next().unwrap_or(0);
    let sum = reversed
        .zip([3_u32, 1].into_iter().cycle())
        .fold(0_u32, |sum, (digit, weight)| sum.saturating_add(digit.saturating_mul(weight)));
    let needed = 10_u32.saturating_sub(sum % 10) % 10;
    if is == needed { Ok(()) } else { Err(BarcodeError::CheckDigit { symbology, is, needed }) }
}

impl TryFrom<String> for BarcodeSource {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Ok(match text.as_str() {
            "card_id" => Self::CardId,
            "unique_identifier" => Self::UniqueIdentifier,
            "own" => Self::Own,
            other => match other.strip_prefix("field:") {
                Some(key) => Self::Field(key.to_owned()),
                None => {
                    return Err(format!(
                        "{other:?} is no source; there are card_id, unique_identifier, own and field:KEY"
                    ));
                }
            },
        })
    }
}

impl From<BarcodeSource> for String {
    fn from(source: BarcodeSource) -> Self {
        match source {
            BarcodeSource::CardId => "card_id".to_owned(),
            BarcodeSource::UniqueIdentifier => "unique_identifier".to_owned(),
            BarcodeSource::Own => "own".to_owned(),
            BarcodeSource::Field(key) => format!("field:{key}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn each_symbology_carries_what_it_is_for_and_refuses_the_rest() {
        for (symbology, good, bad) in [
            (Symbology::Qr, "Anna Müller 🎓", "a\nb"),
            (Symbology::Code128, "S-004711 a", "Müller"),
            (Symbology::Code39, "S-4711", "s-4711"),
            (Symbology::Pdf417, "Anna Müller", ""),
            (Symbology::Aztec, "Anna Müller", "\u{7}"),
            (Symbology::DataMatrix, "S-4711", "ü"),
            (Symbology::Ean13, "4006381333931", "4006381333932"),
            (Symbology::Ean8, "73513537", "7351353"),
            (Symbology::UpcA, "036000291452", "036000291453"),
            (Symbology::UpcE, "01234565", "0123456X"),
            (Symbology::Itf, "004711", "04711"),
        ] {
            assert_eq!(symbology.check(good), Ok(()), "{symbology:?} {good}");
            assert!(symbology.check(bad).is_err(), "{symbology:?} {bad}");
        }
        assert!(Symbology::UpcE.check("01234567").is_err());
        assert!(Symbology::Qr.check(&"x".repeat(501)).is_err());
        assert_eq!(
            Symbology::Ean13.check("4006381333932").unwrap_err().to_string(),
            "the last digit is 2, and has to be 1 as the check digit of EAN-13"
        );
        assert_eq!(
            Symbology::Code39.check("aB").unwrap_err().to_string(),
            "Code 39 carries capitals, digits, spaces and - . $ / + %, and not 'a'"
        );
    }

    #[test]
    fn names_are_those_of_template_files() {
        for symbology in Symbology::ALL {
            assert_eq!(serde_json::to_value(symbology).unwrap(), symbology.name());
            assert_eq!(Symbology::from_name(symbology.name()), Some(symbology));
        }
    }

    #[test]
    fn modules_are_rows_of_one_length_without_a_zone_around_them() {
        for (symbology, value, rows) in [
            (Symbology::Qr, "S-1", 21),
            (Symbology::Code128, "S-1", 1),
            (Symbology::Ean13, "4006381333931", 1),
        ] {
            let modules = symbology.modules(value).unwrap();
            assert_eq!(modules.len(), rows, "{symbology:?}");
            assert!(modules.iter().all(|row| row.len() == modules[0].len()), "{symbology:?}");
            assert!(modules[0][0], "{symbology:?} begins with something dark");
        }
        assert!(Symbology::Ean13.modules("4711").is_err());
    }

    #[test]
    fn the_longest_values_are_carried_or_refused_without_a_fault() {
        for symbology in Symbology::ALL {
            for text in ["1", "A", "z", "é", "🎓", "~", " "] {
                for count in [1, 2, 7, 79, 80, 81, 124, 125, 250, 499, 500] {
                    let _ = symbology.check(&text.repeat(count));
                }
            }
        }
    }

    proptest! {
        #[test]
        fn no_value_brings_the_manager_down(value in "\\PC{0,60}", digits in "[0-9]{1,14}", ascii in "[ -~]{1,90}") {
            for symbology in Symbology::ALL {
                let _ = (symbology.check(&value), symbology.check(&digits), symbology.check(&ascii));
            }
        }
    }
}
