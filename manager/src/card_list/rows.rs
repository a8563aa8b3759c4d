//! From the octets of a list to cards, or to all its errors.

use std::collections::{BTreeMap, HashMap};

use csv::{ReaderBuilder, StringRecord};

use super::columns::{CardColumn, CardMapping, understood};
use super::{CardListError, CardListErrors};
use crate::domain::{CardDesign, shortened};
use crate::import::{Delimiter, armed, decoded, delimiter_of, quote_errors};

/// Cards of one list at most.
const CARDS_MAX: usize = 20_000;
/// A list that could be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CardSheet {
    pub(crate) encoding: &'static str,
    pub(crate) delimiter: Delimiter,
    pub(crate) columns: Vec<CardColumn>,
    pub(crate) cards: Vec<ListedCard>,
    /// What is wrong with single lines, to be told with what is wrong with their cards.
    pub(crate) errors: Vec<CardListError>,
}

/// A card as a list has it; what the list has no column for is `None`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ListedCard {
    pub(crate) line: u64,
    pub(crate) card_id: String,
    pub(crate) fields: BTreeMap<String, String>,
    pub(crate) unique_identifier: Option<String>,
    pub(crate) barcode_value: Option<String>,
    pub(crate) expires: Option<String>,
    pub(crate) time_zone: Option<String>,
    pub(crate) email: Option<String>,
    pub(crate) photo: Option<String>,
}

impl CardSheet {
    /// The column that holds something, from 1.
    pub(crate) fn number(&self, holds: &str) -> Option<usize> {
        let place = self.columns.iter().position(|column| column.holds.as_deref() == Some(holds))?;
        place.checked_add(1)
    }
}

/// Reads a list of cards of a template, whose first row names the columns.
///
/// # Errors
/// What keeps the list from being read at all.
pub(crate) fn read(
    octets: &[u8],
    design: &CardDesign,
    mapping: &CardMapping,
) -> Result<CardSheet, CardListErrors> {
    let one = |message: String| CardListErrors(vec![CardListError::file(message)]);
    let (text, encoding) = decoded(octets).map_err(|error| one(error.to_string()))?;
    let delimiter = delimiter_of(&text);
    let quotes = quote_errors(&text, delimiter);
    if !quotes.is_empty() {
        let error =
            |(line, column, message): (u64, usize, String)| CardListError::at(line, Some(column), message);
        return Err(CardListErrors(quotes.into_iter().map(error).collect()));
    }
    let mut reader = ReaderBuilder::new()
        .delimiter(delimiter.octet())
        .has_headers(false)
        .flexible(true)
        .from_reader(text.as_bytes());
    let mut record = StringRecord::new();
    let (columns, cards, errors) = (Vec::new(), Vec::new(), Vec::new());
    let mut sheet = CardSheet { encoding, delimiter, columns, cards, errors };
    let mut seen = HashMap::new();
    // Reading text from memory that is UTF-8 and may have any width does not fail.
    while reader.read_record(&mut record).unwrap_or(false) {
        let line = record.position().map_or(0, csv::Position::line);
        if record.iter().all(|cell| cell.trim().is_empty()) {
            continue;
        }
        if sheet.columns.is_empty() {
            let cells: Vec<&str> = record.iter().collect();
            sheet.columns = understood(line, &cells, design, mapping).map_err(CardListErrors)?;
            continue;
        }
        if sheet.cards.len() >= CARDS_MAX {
            sheet.errors.push(CardListError::at(line, None, format!("a list has at most {CARDS_MAX} cards")));
            break;
        }
        let width = sheet.columns.len();
        if record.len() < width || record.iter().skip(width).any(|cell| !cell.trim().is_empty()) {
            let message = format!("{} columns where {width} are expected", record.len());
            sheet.errors.push(CardListError::at(line, None, message));
            continue;
        }
        let card = card(line, &record, &sheet.columns);
        let column = sheet.number("card_id");
        if card.card_id.is_empty() {
            sheet.errors.push(CardListError::at(line, column, "the card ID is empty"));
        } else if let Some(first) = seen.insert(card.card_id.clone(), line) {
            let message = format!("{:?} is already in line {first}", shortened(&card.card_id));
            sheet.errors.push(CardListError::at(line, column, message));
        }
        sheet.cards.push(card);
    }
    if sheet.columns.is_empty() {
        return Err(one("the file is empty".to_owned()));
    }
    Ok(sheet)
}

fn card(line: u64, record: &StringRecord, columns: &[CardColumn]) -> ListedCard {
    let mut card = ListedCard { line, ..ListedCard::default() };
    for (cell, column) in record.iter().zip(columns) {
        let value = armed(cell.trim()).to_owned();
        match column.holds.as_deref() {
            Some("card_id") => card.card_id = value,
            Some("unique_identifier") => card.unique_identifier = Some(value),
            Some("barcode_value") => card.barcode_value = Some(value),
            Some("expires") => card.expires = Some(value),
            Some("time_zone") => card.time_zone = Some(value),
            Some("email") => card.email = Some(value),
            Some("photo") => card.photo = Some(value),
            Some(field) => {
                let key = field.strip_prefix("field:").unwrap_or(field);
                card.fields.insert(key.to_owned(), value);
            }
            None => {}
        }
    }
    card
}
