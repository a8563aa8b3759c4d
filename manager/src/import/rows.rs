//! From the octets of a file to people, or to all its errors.

use std::collections::HashMap;

use csv::{Position, ReaderBuilder, StringRecord};

use super::detect::{self, Delimiter, named_column};
use super::error::{Column, ImportError, ImportErrorKind, ImportErrors};
use super::quotes;
use crate::domain::{self, FieldError, Person, SheetRow};

/// A file that has no errors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sheet {
    /// The encoding that was detected, by its name in the WHATWG Encoding standard.
    pub encoding: &'static str,
    /// The delimiter that was detected.
    pub delimiter: Delimiter,
    /// Whether the first row was taken for a header.
    pub has_header: bool,
    /// Whether there is a column of Sync IDs.
    pub has_sync_ids: bool,
    /// The people.
    pub rows: Vec<SheetRow>,
}

/// Reads a list with the columns First name, Last name, E-mail address, ID and optionally Sync ID.
///
/// # Errors
/// Every error of the file, by line and column.
pub fn read(octets: &[u8]) -> Result<Sheet, ImportErrors> {
    let (text, encoding) = detect::decode(octets).map_err(|error| ImportErrors(vec![error]))?;
    if text.trim().is_empty() {
        return Err(ImportErrors(vec![ImportError::file(ImportErrorKind::EmptyFile)]));
    }
    let delimiter = detect::delimiter(&text);
    let mut reading = Reading::default();
    let text = reading.check_quotes(&text, delimiter);
    let mut reader = ReaderBuilder::new()
        .delimiter(delimiter.octet())
        .has_headers(false)
        .flexible(true)
        .from_reader(text.as_bytes());
    let mut record = StringRecord::new();
    // Reading text from memory that is UTF-8 and may have any width does not fail.
    while reader.read_record(&mut record).unwrap_or(false) {
        let line = record.position().map_or(0, |position| first_line(text, position));
        reading.record(line, &record);
    }
    reading.finish(encoding, delimiter)
}

/// The line on which a record begins: the reader counts the blank lines before it to the record.
fn first_line(text: &str, position: &Position) -> u64 {
    let from = usize::try_from(position.byte()).unwrap_or(usize::MAX);
    let blank =
        text.as_bytes().get(from..).unwrap_or_default().iter().take_while(|octet| **octet == b'\n').count();
    position.line().saturating_add(u64::try_from(blank).unwrap_or(u64::MAX))
}

/// What has been read so far.
#[derive(Default)]
struct Reading {
    rows: Vec<SheetRow>,
    errors: Vec<ImportError>,
    begun: bool,
    has_header: bool,
    width: Option<usize>,
    seen: HashMap<(Column, String), u64>,
}

impl Reading {
    /// Notes bad quotation marks and returns the text up to the record that swallows the rest.
    fn check_quotes<'a>(&mut self, text: &'a str, delimiter: Delimiter) -> &'a str {
        let mut sound = text;
        for bad in quotes::bad_quotes(text, delimiter.character()) {
            let kind =
                if bad.never_closed { ImportErrorKind::OpenQuote } else { ImportErrorKind::AfterQuote };
            self.errors.push(ImportError { line: Some(bad.line), column: Column::at(bad.column), kind });
            if bad.never_closed {
                sound = text.get(..bad.record_start).unwrap_or_default();
            }
        }
        sound
    }

    fn record(&mut self, line: u64, record: &StringRecord) {
        if record.iter().all(|cell| cell.trim().is_empty()) {
            return;
        }
        let first = !self.begun;
        self.begun = true;
        if first && record.iter().filter(|cell| named_column(cell).is_some()).count() >= 2 {
            self.header(line, record);
            return;
        }
        let found = record.len();
        if !matches!(found, 4 | 5) || self.width.is_some_and(|width| width != found) {
            let expected = self.width;
            self.errors.push(ImportError::line(line, ImportErrorKind::Ragged { found, expected }));
            return;
        }
        self.width = Some(found);
        self.row(line, record);
    }

    fn header(&mut self, line: u64, record: &StringRecord) {
        self.has_header = true;
        let found = record.len();
        if !matches!(found, 4 | 5) {
            self.errors.push(ImportError::line(line, ImportErrorKind::Ragged { found, expected: None }));
            return;
        }
        self.width = Some(found);
        for (cell, column) in record.iter().zip(Column::ALL) {
            if let Some(other) = named_column(cell).filter(|named| *named != column) {
                let kind = ImportErrorKind::ColumnOrder { found: other.name(), expected: column.name() };
                self.errors.push(ImportError::cell(line, column, kind));
            }
        }
    }

    fn row(&mut self, line: u64, record: &StringRecord) {
        let cell =
            |column: Column| record.iter().nth(column.number().saturating_sub(1)).unwrap_or_default().trim();
        let person = Person {
            first_name: cell(Column::FirstName).to_owned(),
            last_name: cell(Column::LastName).to_owned(),
            email: cell(Column::Email).to_owned(),
            user_id: cell(Column::Id).to_owned(),
            sync_id: Some(cell(Column::SyncId)).filter(|id| !id.is_empty()).map(str::to_owned),
        };
        self.check(line, &person);
        self.rows.push(SheetRow { line, person });
    }

    fn check(&mut self, line: u64, person: &Person) {
        let names = if person.first_name.is_empty() && person.last_name.is_empty() {
            Err(FieldError::Nameless)
        } else {
            domain::name(&person.first_name)
        };
        let sync_id = person.sync_id.as_deref();
        let checks = [
            (Column::FirstName, names),
            (Column::LastName, domain::name(&person.last_name)),
            (Column::Email, domain::email(&person.email)),
            (Column::Id, domain::user_id(&person.user_id)),
            (Column::SyncId, sync_id.map_or(Ok(()), domain::sync_id)),
        ];
        for (column, error) in checks.into_iter().filter_map(|(column, check)| Some((column, check.err()?))) {
            self.errors.push(ImportError::cell(line, column, ImportErrorKind::Field(error)));
        }
        self.unique(line, Column::Email, &person.email, domain::email_key(&person.email));
        self.unique(line, Column::Id, &person.user_id, person.user_id.clone());
        if let Some(sync_id) = sync_id {
            self.unique(line, Column::SyncId, sync_id, sync_id.to_owned());
        }
    }

    fn unique(&mut self, line: u64, column: Column, value: &str, key: String) {
        if value.is_empty() {
            return;
        }
        let first = *self.seen.entry((column, key)).or_insert(line);
        if first != line {
            let kind = ImportErrorKind::Duplicate { value: value.to_owned(), line: first };
            self.errors.push(ImportError::cell(line, column, kind));
        }
    }

    fn finish(mut self, encoding: &'static str, delimiter: Delimiter) -> Result<Sheet, ImportErrors> {
        if !self.errors.is_empty() {
            self.errors.sort_by_key(|error| (error.line, error.column));
            return Err(ImportErrors(self.errors));
        }
        let has_sync_ids = self.width == Some(5);
        Ok(Sheet { encoding, delimiter, has_header: self.has_header, has_sync_ids, rows: self.rows })
    }
}
