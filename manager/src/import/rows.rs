//! From the octets of a file to people, or to all its errors.

use std::collections::HashMap;

use csv::{Position, ReaderBuilder, StringRecord};

use super::columns::{Layout, Mapping, SheetColumn, named_field};
use super::detect::{self, Delimiter};
use super::error::{ImportError, ImportErrorKind, ImportErrors};
use super::formula::armed;
use super::quotes;
use crate::domain::{self, Field, Person, SheetRow};

/// Errors of one file that are told one by one; of a larger number the rest is counted.
const ERRORS_MAX: usize = 10_000;

/// A file that has no errors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sheet {
    /// The encoding that was detected, by its name in the WHATWG Encoding standard.
    pub encoding: &'static str,
    /// The delimiter that was detected.
    pub delimiter: Delimiter,
    /// Whether the first row was taken for a header.
    pub has_header: bool,
    /// What each column holds.
    pub columns: Vec<SheetColumn>,
    /// Whether there is a column of Sync IDs; one without a name and without a value is none.
    pub has_sync_ids: bool,
    /// The people.
    pub rows: Vec<SheetRow>,
}

/// Reads a list whose header names its columns, or whose columns are First name, Last name, E-mail address, ID and
/// optionally Sync ID.
///
/// # Errors
/// Every error of the file, by line and column.
pub fn read(octets: &[u8]) -> Result<Sheet, ImportErrors> {
    read_mapped(octets, &Mapping::default())
}

/// Reads a list some of whose columns somebody has named.
///
/// # Errors
/// Every error of the file, by line and column.
pub fn read_mapped(octets: &[u8], mapping: &Mapping) -> Result<Sheet, ImportErrors> {
    let (text, encoding) = detect::decode(octets).map_err(|error| ImportErrors(vec![error]))?;
    if text.trim().is_empty() {
        return Err(ImportErrors(vec![ImportError::file(ImportErrorKind::EmptyFile)]));
    }
    let delimiter = detect::delimiter(&text);
    let mut reading = Reading::new(mapping);
    let text = reading.check_quotes(&text, delimiter);
    let mut reader = ReaderBuilder::new()
        .delimiter(delimiter.octet())
        .has_headers(false)
        .flexible(true)
        .from_reader(text.as_bytes());
    let mut record = StringRecord::new();
    // Reading text from memory that is UTF-8 and may have any width does not fail.
    while !reading.has_failed && reader.read_record(&mut record).unwrap_or(false) {
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
struct Reading<'a> {
    mapping: &'a Mapping,
    layout: Option<Layout>,
    has_header: bool,
    /// Whether the columns could not be made out, so that no row can be read.
    has_failed: bool,
    rows: Vec<SheetRow>,
    errors: Vec<ImportError>,
    /// On which line a value stood first.
    seen: [HashMap<String, u64>; 3],
}

impl<'a> Reading<'a> {
    fn new(mapping: &'a Mapping) -> Self {
        Self {
            mapping,
            layout: None,
            has_header: false,
            has_failed: false,
            rows: Vec::new(),
            errors: Vec::new(),
            seen: Default::default(),
        }
    }

    /// Notes bad quotation marks and returns the text up to the record that swallows the rest.
    fn check_quotes<'t>(&mut self, text: &'t str, delimiter: Delimiter) -> &'t str {
        let mut sound = text;
        for bad in quotes::bad_quotes(text, delimiter.octet()) {
            let kind =
                if bad.never_closed { ImportErrorKind::OpenQuote } else { ImportErrorKind::AfterQuote };
            let (line, column) = (Some(bad.line), Some(bad.column));
            self.errors.push(ImportError { line, column, field: None, kind });
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
        let Some(layout) = &self.layout else {
            return self.first(line, record);
        };
        let expected = layout.width();
        // Spreadsheets end some rows with more delimiters than others.
        let found = record.len();
        if found < expected || record.iter().skip(expected).any(|cell| !cell.trim().is_empty()) {
            let kind = ImportErrorKind::Ragged { found, expected: Some(expected) };
            return self.errors.push(ImportError::line(line, kind));
        }
        self.row(line, record);
    }

    /// The first record says what the columns are.
    fn first(&mut self, line: u64, record: &StringRecord) {
        let named = record.iter().filter(|cell| named_field(cell).is_some()).count();
        self.has_header = self.mapping.needs_header() || named >= 2;
        let layout = if self.has_header {
            Layout::of_header(line, &record.iter().collect::<Vec<_>>(), self.mapping)
        } else {
            Layout::of_width(line, record.len(), self.mapping)
        };
        match layout {
            Ok(layout) => self.layout = Some(layout),
            // A row of a list that has rows of the right width: it is the row that is wrong.
            Err(errors) if !self.has_header && self.mapping.is_empty() => return self.errors.extend(errors),
            Err(errors) => {
                self.errors.extend(errors);
                self.has_failed = true;
                return;
            }
        }
        if !self.has_header {
            self.row(line, record);
        }
    }

    fn row(&mut self, line: u64, record: &StringRecord) {
        let Some(layout) = &self.layout else { return };
        let mut person = Person::default();
        for (cell, column) in record.iter().zip(&layout.columns) {
            let value = || armed(cell.trim()).to_owned();
            match column.field {
                Some(Field::FirstName) => person.first_name = value(),
                Some(Field::LastName) => person.last_name = value(),
                Some(Field::Email) => person.email = value(),
                Some(Field::UserId) => person.user_id = value(),
                Some(Field::SyncId) => person.sync_id = Some(value()).filter(|id| !id.is_empty()),
                None => {}
            }
        }
        for (field, error) in person.check() {
            self.cell(line, field, ImportErrorKind::Field(error));
        }
        self.unique(line, Field::Email, 0, &person.email, domain::email_key(&person.email));
        self.unique(line, Field::UserId, 1, &person.user_id, person.user_id.clone());
        if let Some(sync_id) = &person.sync_id {
            self.unique(line, Field::SyncId, 2, sync_id, sync_id.clone());
        }
        self.rows.push(SheetRow { line, person });
    }

    fn unique(&mut self, line: u64, field: Field, place: usize, value: &str, key: String) {
        let Some(seen) = self.seen.get_mut(place).filter(|_| !value.is_empty()) else { return };
        let first = *seen.entry(key).or_insert(line);
        if first != line {
            self.cell(
                line,
                field,
                ImportErrorKind::Duplicate { value: domain::shortened(value), line: first },
            );
        }
    }

    fn cell(&mut self, line: u64, field: Field, kind: ImportErrorKind) {
        let column = self.layout.as_ref().and_then(|layout| layout.number(field));
        self.errors.push(ImportError { line: Some(line), column, field: Some(field), kind });
    }

    fn finish(mut self, encoding: &'static str, delimiter: Delimiter) -> Result<Sheet, ImportErrors> {
        let layout = self.layout.unwrap_or_default();
        if !self.errors.is_empty() {
            for error in &mut self.errors {
                error.field = error.field.or_else(|| layout.field_at(error.column?));
            }
            self.errors.sort_by_key(|error| (error.line, error.column));
            let more = self.errors.len().saturating_sub(ERRORS_MAX);
            if more > 0 {
                self.errors.truncate(ERRORS_MAX);
                self.errors.push(ImportError::file(ImportErrorKind::More(more)));
            }
            return Err(ImportErrors(self.errors));
        }
        let is_named = |column: &SheetColumn| column.name.is_some() || !self.mapping.is_empty();
        let column = layout.columns.iter().find(|column| column.field == Some(Field::SyncId));
        let has_sync_ids =
            column.is_some_and(is_named) || self.rows.iter().any(|row| row.person.sync_id.is_some());
        let (has_header, columns, rows) = (self.has_header, layout.columns, self.rows);
        Ok(Sheet { encoding, delimiter, has_header, columns, has_sync_ids, rows })
    }
}
