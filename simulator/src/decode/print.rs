//! What was decoded, for people and for programs.

use std::fmt::Write;

use serde_json::{Value, json};

use super::{Decoded, Field};

/// Octets in hexadecimal that a line of text has room for.
const VALUE_MAX: usize = 72;

/// A line for each field: where it begins, how long it is, its name, what it says.
pub fn as_text(name: &str, fields: &[Field]) -> String {
    let mut text = format!("{name}\n");
    put(&mut text, fields, 1);
    text
}

fn put(text: &mut String, fields: &[Field], depth: usize) {
    for field in fields {
        let mark = if field.sealed { " [sealed]" } else { "" };
        let indent = "  ".repeat(depth);
        let value = short(&field.value);
        let between = if value.is_empty() { "" } else { ": " };
        // Writing into a string does not fail.
        let _ = writeln!(
            text,
            "{:>5} {:>4} {indent}{}{mark}{between}{value}",
            field.offset, field.length, field.name
        );
        put(text, &field.fields, depth.saturating_add(1));
    }
}

fn short(value: &str) -> String {
    if value.chars().count() <= VALUE_MAX {
        return value.to_owned();
    }
    format!("{}…", value.chars().take(VALUE_MAX).collect::<String>())
}

/// All that the octets may be, the likeliest first, with nothing cut.
pub fn as_json(octets: usize, found: &[Decoded]) -> Value {
    json!({ "octets": octets, "found": found })
}
