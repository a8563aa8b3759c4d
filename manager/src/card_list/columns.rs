//! Which column of a list of cards holds what.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::CardListError;
use crate::domain::CardDesign;

/// What a column holds beside the fields of the template.
const OWN: [(&str, &[&str]); 7] = [
    ("card_id", &["cardid", "cardno", "cardnumber", "kartennummer", "kartennr", "kartenid", "ausweisnummer"]),
    ("unique_identifier", &["uniqueidentifier", "identifier", "kennung", "eindeutigekennung"]),
    ("barcode_value", &["barcodevalue", "barcode", "strichcode"]),
    (
        "expires",
        &["expires", "expiry", "expirationdate", "validuntil", "gueltigbis", "gültigbis", "ablaufdatum"],
    ),
    ("time_zone", &["timezone", "zeitzone"]),
    ("email", &["email", "emailaddress", "mail", "emailadresse", "mailadresse"]),
    ("photo", &["photo", "photofile", "foto", "fotodatei", "bild"]),
];

/// Which columns hold what, where somebody says so; the others are found by themselves.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CardMapping(Vec<(String, String)>);

/// A column of a list, as it was understood.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CardColumn {
    /// The name in the header.
    pub name: String,
    /// What it holds: `card_id`, `unique_identifier`, `barcode_value`, `expires`, `time_zone`, `email`, `photo`,
    /// `field:KEY`, or null for a column that is ignored.
    pub holds: Option<String>,
}

impl CardMapping {
    /// Says what a column holds, as `WHAT=COLUMN`: what it holds, where the key of a field may stand for `field:KEY`,
    /// and the name or the number of the column.
    ///
    /// # Errors
    /// A text without `=`, or with nothing beside it.
    pub fn with(self, text: &str) -> Result<Self, String> {
        let said = text.split_once('=').map(|(holds, column)| (holds.trim(), column.trim()));
        match said {
            Some((holds, column)) if !holds.is_empty() && !column.is_empty() => {
                Ok(self.holding(holds, column))
            }
            _ => Err("say FIELD=COLUMN, for example name=\"Full name\"".to_owned()),
        }
    }

    /// Says what a column holds.
    #[must_use]
    pub fn holding(mut self, holds: &str, column: &str) -> Self {
        self.0.push((column.to_owned(), holds.to_owned()));
        self
    }
}

/// The columns of a list whose first row is `cells`.
pub(super) fn understood(
    line: u64,
    cells: &[&str],
    design: &CardDesign,
    mapping: &CardMapping,
) -> Result<Vec<CardColumn>, Vec<CardListError>> {
    let mut errors = Vec::new();
    let mut columns: Vec<CardColumn> =
        cells.iter().map(|cell| CardColumn { name: cell.trim().to_owned(), holds: None }).collect();
    for (column, holds) in &mapping.0 {
        let place =
            columns.iter().position(|known| known.name == *column || folded(&known.name) == folded(column));
        let number = column.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
        let Some(target) = target(holds, design) else {
            let message = format!("cards have no {holds:?}: say {}, or the key of a field", names());
            errors.push(CardListError::file(message));
            continue;
        };
        match place.or(number).and_then(|place| columns.get_mut(place)) {
            Some(column) => column.holds = Some(target),
            None => errors.push(CardListError::at(line, None, format!("there is no column {column:?}"))),
        }
    }
    let mapped: Vec<String> = columns.iter().filter_map(|column| column.holds.clone()).collect();
    for column in columns.iter_mut().filter(|column| column.holds.is_none()) {
        column.holds = named(&column.name, design).filter(|target| !mapped.contains(target));
    }
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    for (number, column) in (1..).zip(&columns) {
        if let Some(holds) = &column.holds
            && let Some(first) = seen.insert(holds, number)
        {
            let message = format!("a second column for {holds}, which is column {first}");
            errors.push(CardListError::at(line, Some(number), message));
        }
    }
    if !seen.contains_key("card_id") {
        let message = "no column is the card ID; say which one with `--map card_id=COLUMN`";
        errors.push(CardListError::at(line, None, message));
    }
    if errors.is_empty() { Ok(columns) } else { Err(errors) }
}

/// What somebody means by a name in a mapping.
fn target(name: &str, design: &CardDesign) -> Option<String> {
    let key = name.strip_prefix("field:").unwrap_or(name);
    let is_field = design.fields().any(|(_, field)| field.key == key);
    let is_own = OWN.iter().any(|(own, _)| *own == name);
    match (is_own, is_field) {
        (true, _) => Some(name.to_owned()),
        (false, true) => Some(format!("field:{key}")),
        (false, false) => None,
    }
}

/// What a header names: a field by its key or its label, or else something that every card has.
fn named(cell: &str, design: &CardDesign) -> Option<String> {
    let cell = folded(cell);
    let field = design.fields().find(|(_, field)| folded(&field.key) == cell || folded(&field.label) == cell);
    let own = || OWN.iter().find(|(name, names)| folded(name) == cell || names.contains(&cell.as_str()));
    field
        .map(|(_, field)| format!("field:{}", field.key))
        .or_else(|| own().map(|(name, _)| (*name).to_owned()))
}

fn names() -> String {
    OWN.map(|(name, _)| name).join(", ")
}

/// Letters and digits only, in small letters.
fn folded(cell: &str) -> String {
    cell.chars().filter(|symbol| symbol.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}
