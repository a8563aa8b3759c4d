//! What a file does not say of itself: its encoding, its delimiter, whether it has a header.

use std::borrow::Cow;

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, ISO_8859_2, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1250, WINDOWS_1252};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::columns::COLUMNS_MIN;
use super::error::{ImportError, ImportErrorKind};
use super::quotes;

/// Octets looked at to tell UTF-16 without a byte order mark.
const SAMPLE_OCTETS: usize = 4096;
/// Records looked at to tell the delimiter.
const SAMPLE_RECORDS: usize = 50;

/// What stands between two columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub enum Delimiter {
    /// `,`
    #[serde(rename = ",")]
    Comma,
    /// `;`
    #[serde(rename = ";")]
    Semicolon,
    /// The tab character.
    #[serde(rename = "\t")]
    Tab,
}

impl Delimiter {
    /// The character.
    pub const fn character(self) -> char {
        match self {
            Self::Comma => ',',
            Self::Semicolon => ';',
            Self::Tab => '\t',
        }
    }

    pub(crate) const fn octet(self) -> u8 {
        match self {
            Self::Comma => b',',
            Self::Semicolon => b';',
            Self::Tab => b'\t',
        }
    }
}

/// The text of a file with `\n` at the end of each line, and the name of its encoding.
pub(super) fn decode(octets: &[u8]) -> Result<(Cow<'_, str>, &'static str), ImportError> {
    if octets.starts_with(b"PK\x03\x04") || octets.starts_with(b"\xD0\xCF\x11\xE0") {
        return Err(ImportError::file(ImportErrorKind::Workbook));
    }
    let encoding = encoding_of(octets);
    let (text, malformed) = encoding.decode_with_bom_removal(octets);
    if malformed {
        let before = text.split(char::REPLACEMENT_CHARACTER).next().unwrap_or_default();
        let line = before.bytes().filter(|octet| *octet == b'\n').count();
        let line = u64::try_from(line).unwrap_or(u64::MAX).saturating_add(1);
        return Err(ImportError::line(line, ImportErrorKind::Encoding(encoding.name())));
    }
    Ok((with_line_feeds(text), encoding.name()))
}

/// The text with `\n` in place of `\r\n` and of `\r`; a large file is copied only where it has to be.
fn with_line_feeds(text: Cow<'_, str>) -> Cow<'_, str> {
    if !text.contains('\r') {
        return text;
    }
    let mut lines = String::with_capacity(text.len());
    let mut rest = text.as_ref();
    while let Some((line, behind)) = rest.split_once('\r') {
        lines.push_str(line);
        lines.push('\n');
        rest = behind.strip_prefix('\n').unwrap_or(behind);
    }
    lines.push_str(rest);
    Cow::Owned(lines)
}

fn encoding_of(octets: &[u8]) -> &'static Encoding {
    if let Some((encoding, _)) = Encoding::for_bom(octets) {
        return encoding;
    }
    if let Some(encoding) = utf_16_without_mark(octets) {
        return encoding;
    }
    if std::str::from_utf8(octets).is_ok() {
        return UTF_8;
    }
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    detector.feed(octets, true);
    let guess = detector.guess(None, Utf8Detection::Deny);
    // Lists of names in one of the octet-per-letter encodings are believed; rarer guesses come from too little text.
    match guess {
        // Spreadsheets write Central European letters as Windows has them; the two differ in a few of them only.
        _ if guess == ISO_8859_2 => WINDOWS_1250,
        _ if guess.is_single_byte() => guess,
        _ => WINDOWS_1252,
    }
}

/// Text in Latin letters has a zero octet in every second place, and only there.
fn utf_16_without_mark(octets: &[u8]) -> Option<&'static Encoding> {
    let sample = octets.get(..SAMPLE_OCTETS).unwrap_or(octets);
    let mut pairs = 0_usize;
    let (mut first_zero, mut second_zero) = (0_usize, 0_usize);
    for pair in sample.chunks_exact(2) {
        pairs = pairs.saturating_add(1);
        first_zero = first_zero.saturating_add(usize::from(pair.first() == Some(&0)));
        second_zero = second_zero.saturating_add(usize::from(pair.last() == Some(&0)));
    }
    let mostly = |count: usize| count.saturating_mul(2) > pairs;
    if mostly(second_zero) && first_zero == 0 {
        Some(UTF_16LE)
    } else if mostly(first_zero) && second_zero == 0 {
        Some(UTF_16BE)
    } else {
        None
    }
}

/// The delimiter that gives the most records of 4 columns or more; the comma when none does.
pub(super) fn delimiter(text: &str) -> Delimiter {
    let mut best = (Delimiter::Comma, (0, 0));
    for candidate in [Delimiter::Comma, Delimiter::Semicolon, Delimiter::Tab] {
        let widths = quotes::widths(text, candidate.octet(), SAMPLE_RECORDS);
        let fitting = widths.iter().filter(|width| **width >= COLUMNS_MIN).count();
        let split = widths.iter().filter(|width| **width > 1).count();
        if (fitting, split) > best.1 {
            best = (candidate, (fitting, split));
        }
    }
    best.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodings_are_told_apart() {
        let text = "Jörg,Müller,joerg@x.example,0815\n";
        let utf_16 = |swap: bool, mark: &str| -> Vec<u8> {
            let units = mark.encode_utf16().chain(text.encode_utf16());
            units.flat_map(|unit| if swap { unit.to_be_bytes() } else { unit.to_le_bytes() }).collect()
        };
        let (windows, _, _) = WINDOWS_1252.encode(text);
        let cases: [(&[u8], &str); 7] = [
            (text.as_bytes(), "UTF-8"),
            (&["\u{FEFF}", text].concat().into_bytes(), "UTF-8"),
            (&utf_16(false, "\u{FEFF}"), "UTF-16LE"),
            (&utf_16(true, "\u{FEFF}"), "UTF-16BE"),
            (&utf_16(false, ""), "UTF-16LE"),
            (&utf_16(true, ""), "UTF-16BE"),
            (&windows, "windows-1252"),
        ];
        for (octets, encoding) in cases {
            assert_eq!(decode(octets), Ok((Cow::Borrowed(text), encoding)));
        }
    }

    #[test]
    fn octets_that_the_encoding_does_not_have_are_located() {
        let error = decode(b"\xEF\xBB\xBFa\nb\n\xFF\n").unwrap_err();
        assert_eq!(error.to_string(), "line 3: octets that are not UTF-8");
        let error = decode(b"\xFF\xFEa\0\n\0\x00\xD8\n\0").unwrap_err();
        assert_eq!(error.to_string(), "line 2: octets that are not UTF-16LE");
    }

    #[test]
    fn the_delimiter_is_the_one_that_gives_columns() {
        assert_eq!(delimiter("a,b,c,d\n"), Delimiter::Comma);
        assert_eq!(delimiter("a;b;c;d\n"), Delimiter::Semicolon);
        assert_eq!(delimiter("a\tb\tc\td\te\n"), Delimiter::Tab);
        assert_eq!(delimiter("\"Berg, Anna, Dr., x\";b;c;d\n"), Delimiter::Semicolon);
        assert_eq!(delimiter("Anna;Berg, jun.;c;d\nx;y;z;1\n"), Delimiter::Semicolon);
        assert_eq!(delimiter("a;b;c\n"), Delimiter::Semicolon);
        assert_eq!(delimiter("nothing\n"), Delimiter::Comma);
    }
}
