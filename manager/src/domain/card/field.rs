//! Fields of a card: what may stand in each.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::fields;

/// The longest value of a field, in characters.
const VALUE_MAX: usize = 500;

/// A field of a template.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FieldDesign {
    /// By what cards name it: small letters, digits and `_`.
    #[schema(max_length = 40)]
    pub key: String,
    /// What stands beside the value on the card.
    #[schema(max_length = 60)]
    pub label: String,
    /// What may stand in it.
    #[serde(default)]
    pub kind: FieldKind,
    /// Whether every card has to have it.
    #[serde(default)]
    pub required: bool,
}

/// What may stand in a field.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FieldKind {
    /// Any text of one line.
    #[default]
    Text,
    /// A decimal number, with zeros at its beginning if it has them.
    Number,
    /// A day, as `2027-09-30`.
    Date,
    /// An e-mail address.
    Email,
    /// A telephone number.
    Phone,
    /// An address that begins with `https://` or `http://`.
    Url,
}

impl FieldKind {
    /// Every kind.
    pub const ALL: [Self; 6] = [Self::Text, Self::Number, Self::Date, Self::Email, Self::Phone, Self::Url];

    /// The name in template files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Number => "number",
            Self::Date => "date",
            Self::Email => "email",
            Self::Phone => "phone",
            Self::Url => "url",
        }
    }

    /// Undoes [`FieldKind::name`].
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

impl FieldDesign {
    /// What is wrong with a value that is not empty, if anything.
    pub fn complaint(&self, value: &str) -> Option<String> {
        if let Err(error) = fields::text(value, VALUE_MAX) {
            return Some(error.to_string());
        }
        let shown = fields::shortened(value);
        let wrong = |what: &str| Some(format!("{shown:?} is not {what}"));
        match self.kind {
            FieldKind::Text => None,
            FieldKind::Number if is_number(value) => None,
            FieldKind::Number => wrong("a decimal number"),
            FieldKind::Date if value.len() == 10 && value.parse::<Date>().is_ok() => None,
            FieldKind::Date => wrong("a day; write it like 2027-09-30"),
            FieldKind::Email => fields::email(value).err().map(|error| error.to_string()),
            FieldKind::Phone if is_phone(value) => None,
            FieldKind::Phone => wrong("a telephone number"),
            FieldKind::Url if is_url(value) => None,
            FieldKind::Url => wrong("an address that begins with https:// or http://"),
        }
    }
}

fn is_number(value: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|octet| octet.is_ascii_digit());
    let unsigned = value.strip_prefix('-').unwrap_or(value);
    match unsigned.split_once('.') {
        Some((whole, fraction)) => digits(whole) && digits(fraction),
        None => digits(unsigned),
    }
}

fn is_phone(value: &str) -> bool {
    let digits = value.bytes().filter(u8::is_ascii_digit).count();
    let rest = value.strip_prefix('+').unwrap_or(value);
    (3..=20).contains(&digits) && rest.chars().all(|one| one.is_ascii_digit() || " -/().".contains(one))
}

fn is_url(value: &str) -> bool {
    let rest = value.strip_prefix("https://").or_else(|| value.strip_prefix("http://"));
    rest.is_some_and(|rest| !rest.is_empty() && !value.contains(char::is_whitespace))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_held_to_the_kind_of_its_field() {
        use FieldKind::{Date, Email, Number, Phone, Text, Url};
        let fits = |kind, value: &str| {
            let field = FieldDesign { key: "k".to_owned(), label: "L".to_owned(), kind, required: true };
            field.complaint(value).is_none()
        };
        for (kind, good, bad) in [
            (Text, "Anna <Berg> & Söhne", "two\nlines"),
            (Text, "x", "\u{202E}evil"),
            (Number, "007", "7e3"),
            (Number, "-1.50", "1."),
            (Date, "2028-02-29", "2027-02-29"),
            (Date, "2027-09-30", "30.09.2027"),
            (Email, "anna@x.example", "anna@"),
            (Phone, "+49 (30) 12-34", "call me"),
            (Url, "https://x.example/a?b", "javascript:alert(1)"),
        ] {
            assert!(fits(kind, good), "{kind:?} {good}");
            assert!(!fits(kind, bad), "{kind:?} {bad}");
        }
        assert!(!fits(Text, &"x".repeat(501)));
    }
}
