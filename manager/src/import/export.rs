//! A list of people as a CSV file that can be imported again.

use super::formula::disarmed;
use crate::domain::{Field, Person};

/// Tells spreadsheets that the file is UTF-8.
const BYTE_ORDER_MARK: &str = "\u{FEFF}";

/// The header of a list, with the byte order mark before it.
pub fn header() -> String {
    let names = Field::ALL.map(Field::name);
    format!("{BYTE_ORDER_MARK}{}\r\n", names.join(","))
}

/// One person as a row: RFC 4180, and nothing that a spreadsheet would run as a formula.
pub fn row(person: &Person) -> String {
    let sync_id = person.sync_id.as_deref().unwrap_or_default();
    let values = [&person.first_name, &person.last_name, &person.email, &person.user_id].map(String::as_str);
    let cells: Vec<String> = values.into_iter().chain([sync_id]).map(cell).collect();
    format!("{}\r\n", cells.join(","))
}

fn cell(value: &str) -> String {
    let value = disarmed(value);
    // Semicolons are quoted too, so that the delimiter is plain to see for those who guess it.
    if value.contains([',', ';', '\t', '"']) {
        format!("\"{}\"", value.replace('"', "\"\""))
    } else {
        value.into_owned()
    }
}
