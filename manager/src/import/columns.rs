//! Which column of a file holds which field.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::error::{ImportError, ImportErrorKind};
use crate::domain::Field;

/// Columns that a list has at least.
pub(super) const COLUMNS_MIN: usize = 4;

/// A column as somebody names it: by its place, from 1, or by the name in the header.
#[derive(Clone, Debug, PartialEq, Eq)]
enum ColumnRef {
    Number(usize),
    Name(String),
}

/// Which columns hold which fields, where somebody says so; the others are found by themselves.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mapping(BTreeMap<Field, ColumnRef>);

/// A column of a file, as it was understood.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SheetColumn {
    /// The name in the header, if the file has one.
    pub name: Option<String>,
    /// What it holds; `None` for a column that is ignored.
    pub field: Option<Field>,
}

/// The columns of a file, in their order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Layout {
    pub(super) columns: Vec<SheetColumn>,
}

impl Mapping {
    /// Says that `field` stands in the column of the place `column`, from 1, or of that name in the header.
    #[must_use]
    pub fn with(mut self, field: Field, column: &str) -> Self {
        let column = column.trim();
        let reference = match column.parse() {
            Ok(number) => ColumnRef::Number(number),
            Err(_) => ColumnRef::Name(column.to_owned()),
        };
        self.0.insert(field, reference);
        self
    }

    /// Whether nothing was said.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a column is named, so that there has to be a header.
    pub(super) fn needs_header(&self) -> bool {
        self.0.values().any(|column| matches!(column, ColumnRef::Name(_)))
    }
}

impl Layout {
    /// The layout of a file whose first row is a header.
    pub(super) fn of_header(line: u64, cells: &[&str], mapping: &Mapping) -> Result<Self, Vec<ImportError>> {
        let mut layout = Self::unnamed(cells.len());
        for (column, cell) in layout.columns.iter_mut().zip(cells) {
            column.name = Some(cell.trim().to_owned());
        }
        let mut errors = layout.map(line, mapping);
        for (place, cell) in cells.iter().enumerate() {
            if let Some(field) = named_field(cell).filter(|field| !mapping.0.contains_key(field)) {
                errors.extend(layout.put(line, place, field));
            }
        }
        errors.extend(layout.missing().into_iter().map(|field| {
            let kind = ImportErrorKind::MissingColumn { field: field.name(), key: field.key() };
            ImportError::line(line, kind)
        }));
        if errors.is_empty() { Ok(layout) } else { Err(errors) }
    }

    /// The layout of a file without a header whose first row has `width` columns.
    pub(super) fn of_width(line: u64, width: usize, mapping: &Mapping) -> Result<Self, Vec<ImportError>> {
        let mut layout = Self::unnamed(width);
        let mut errors = layout.map(line, mapping);
        if mapping.is_empty() {
            return Self::in_usual_order(width).ok_or_else(|| {
                vec![ImportError::line(line, ImportErrorKind::Ragged { found: width, expected: None })]
            });
        }
        let unmapped: Vec<Field> = layout.missing();
        // What is not mapped stands where it always does, unless something else was put there.
        for field in unmapped {
            let place = Field::ALL.into_iter().position(|other| other == field).unwrap_or(usize::MAX);
            match layout.columns.get_mut(place) {
                Some(column) if column.field.is_none() => column.field = Some(field),
                _ => {
                    let kind = ImportErrorKind::MissingColumn { field: field.name(), key: field.key() };
                    errors.push(ImportError::line(line, kind));
                }
            }
        }
        if errors.is_empty() { Ok(layout) } else { Err(errors) }
    }

    /// How many columns there are.
    pub(super) fn width(&self) -> usize {
        self.columns.len()
    }

    /// The place of a field, from 1.
    pub(super) fn number(&self, field: Field) -> Option<usize> {
        let place = self.columns.iter().position(|column| column.field == Some(field))?;
        Some(place.saturating_add(1))
    }

    /// What the column at a place holds, from 1.
    pub(super) fn field_at(&self, number: usize) -> Option<Field> {
        self.columns.get(number.checked_sub(1)?)?.field
    }

    fn unnamed(width: usize) -> Self {
        Self { columns: vec![SheetColumn { name: None, field: None }; width] }
    }

    /// First name, Last name, E-mail address, ID, and perhaps Sync ID.
    fn in_usual_order(width: usize) -> Option<Self> {
        let columns = Field::ALL.map(|field| SheetColumn { name: None, field: Some(field) });
        let columns = columns.get(..width).filter(|columns| columns.len() >= COLUMNS_MIN)?;
        Some(Self { columns: columns.to_vec() })
    }

    fn map(&mut self, line: u64, mapping: &Mapping) -> Vec<ImportError> {
        let mut errors = Vec::new();
        for (field, reference) in &mapping.0 {
            let place = match reference {
                ColumnRef::Number(number) => {
                    number.checked_sub(1).filter(|place| *place < self.columns.len())
                }
                ColumnRef::Name(name) => self.columns.iter().position(|column| {
                    column.name.as_ref().is_some_and(|cell| folded(cell) == folded(name) || cell == name)
                }),
            };
            match place {
                Some(place) => errors.extend(self.put(line, place, *field)),
                None => {
                    let column = match reference {
                        ColumnRef::Number(number) => number.to_string(),
                        ColumnRef::Name(name) => format!("{name:?}"),
                    };
                    let kind = ImportErrorKind::NoSuchColumn { field: field.name(), column };
                    errors.push(ImportError::line(line, kind));
                }
            }
        }
        errors
    }

    fn put(&mut self, line: u64, place: usize, field: Field) -> Option<ImportError> {
        let number = place.saturating_add(1);
        if let Some(first) = self.number(field) {
            let kind = ImportErrorKind::ColumnTwice { field: field.name(), first };
            return Some(ImportError { line: Some(line), column: Some(number), field: None, kind });
        }
        let column = self.columns.get_mut(place)?;
        match column.field {
            None => {
                column.field = Some(field);
                None
            }
            // A column that was mapped by hand is not taken for what its name says.
            Some(_) => None,
        }
    }

    fn missing(&self) -> Vec<Field> {
        Field::ALL.into_iter().filter(|field| field.is_required() && self.number(*field).is_none()).collect()
    }
}

/// The field that a cell of a header names, in English or German.
pub(super) fn named_field(cell: &str) -> Option<Field> {
    match folded(cell).as_str() {
        "firstname" | "givenname" | "givennames" | "forename" | "forenames" | "vorname" | "vornamen"
        | "rufname" => Some(Field::FirstName),
        "lastname" | "familyname" | "surname" | "nachname" | "familienname" | "zuname" => {
            Some(Field::LastName)
        }
        "emailaddress" | "email" | "mail" | "mailaddress" | "emailadresse" | "mailadresse" => {
            Some(Field::Email)
        }
        "id" | "userid" | "cardid" | "cardno" | "cardnumber" | "badgeid" | "badgenumber" | "ausweisid"
        | "ausweisnr" | "ausweisnummer" | "kartennr" | "kartennummer" | "kartenid" | "benutzerid" => {
            Some(Field::UserId)
        }
        "syncid" | "externalid" | "synchronisationsid" | "externeid" => Some(Field::SyncId),
        _ => None,
    }
}

/// Letters and digits only, in small letters.
fn folded(cell: &str) -> String {
    cell.chars().filter(|symbol| symbol.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}
