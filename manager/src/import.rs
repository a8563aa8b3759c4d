//! Lists of people from and for CSV files: detection, reading, every error of a file at once, and writing.

mod columns;
mod detect;
mod error;
pub mod export;
mod formula;
mod quotes;
mod rows;

pub use columns::{Mapping, SheetColumn};
pub use detect::Delimiter;
pub use error::{ImportError, ImportErrorKind, ImportErrors};
pub use rows::{Sheet, read, read_mapped};

/// The text of a file with its encoding, for lists of other things.
pub(crate) fn decoded(octets: &[u8]) -> Result<(std::borrow::Cow<'_, str>, &'static str), ImportError> {
    detect::decode(octets)
}

/// The delimiter of a text.
pub(crate) fn delimiter_of(text: &str) -> Delimiter {
    detect::delimiter(text)
}

/// A value without the mark that keeps a spreadsheet from calculating it.
pub(crate) fn armed(cell: &str) -> &str {
    formula::armed(cell)
}

/// Quotation marks that are wrong: line, column, and what is wrong with each.
pub(crate) fn quote_errors(text: &str, delimiter: Delimiter) -> Vec<(u64, usize, String)> {
    let told = |bad: quotes::BadQuote| {
        let kind = if bad.never_closed { ImportErrorKind::OpenQuote } else { ImportErrorKind::AfterQuote };
        (bad.line, bad.column, kind.to_string())
    };
    quotes::bad_quotes(text, delimiter.octet()).into_iter().map(told).collect()
}
