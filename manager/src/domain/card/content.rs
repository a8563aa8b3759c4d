//! What stands on a card, held to its template.

use std::collections::BTreeMap;

use super::barcode::BarcodeSource;
use super::design::{CardDesign, Side};
use super::field::FieldDesign;
use crate::domain::fields;

/// The longest card ID, unique identifier or barcode value of its own, in characters.
const ID_MAX: usize = 100;
/// The longest barcode value of its own, in characters.
const BARCODE_MAX: usize = 500;

/// What stands on a card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CardContent<'a> {
    /// The card ID.
    pub card_id: &'a str,
    /// Values by the keys of their fields.
    pub fields: &'a BTreeMap<String, String>,
    /// A value of the barcode, where each card says it.
    pub barcode_value: Option<&'a str>,
    /// The unique identifier.
    pub unique_identifier: Option<&'a str>,
    /// How many security questions there are.
    pub questions: usize,
    /// The address of whoever gets it.
    pub email: Option<&'a str>,
}

impl CardContent<'_> {
    /// The value that the barcode of a template shows, if it has one.
    pub fn barcode(&self, design: &CardDesign) -> Option<String> {
        let value = match &design.barcode.as_ref()?.source {
            BarcodeSource::CardId => Some(self.card_id),
            BarcodeSource::UniqueIdentifier => self.unique_identifier,
            BarcodeSource::Own => self.barcode_value,
            BarcodeSource::Field(key) => self.fields.get(key).map(String::as_str),
        };
        value.filter(|value| !value.is_empty()).map(str::to_owned)
    }
}

/// Whether a card may be of a template.
///
/// # Errors
/// Everything that is wrong with it.
pub fn check_content(design: &CardDesign, content: &CardContent<'_>) -> Result<(), Vec<String>> {
    let mut wrong = Vec::new();
    let mut id = |what: &str, value: &str, max: usize| {
        if value.is_empty() {
            wrong.push(format!("{what} is empty"));
        } else if let Err(error) = fields::text(value, max) {
            wrong.push(format!("{what} {error}"));
        }
    };
    id("the card ID", content.card_id, ID_MAX);
    if let Some(value) = content.unique_identifier {
        id("the unique identifier", value, ID_MAX);
    }
    if let Some(value) = content.barcode_value {
        id("the value of the barcode", value, BARCODE_MAX);
    }
    if let Some(value) = content.email
        && let Err(error) = fields::email(value)
    {
        wrong.push(format!("the e-mail address {error}"));
    }
    check_fields(design, content.fields, &mut wrong);
    if design.identity.unique_identifier && content.unique_identifier.is_none() {
        wrong.push("the template asks for a unique identifier, and the card has none".to_owned());
    }
    let asked = usize::from(design.identity.questions);
    if content.questions != asked {
        wrong.push(format!(
            "the template asks {asked} security questions, and the card has {}",
            content.questions
        ));
    }
    check_barcode(design, content, &mut wrong);
    if wrong.is_empty() { Ok(()) } else { Err(wrong) }
}

/// What a complaint of [`check_content`] is about, by its name in lists of cards: `card_id`, `unique_identifier`,
/// `barcode_value`, `email` or `field:KEY`.
pub fn complained_of(design: &CardDesign, complaint: &str) -> Option<String> {
    let is_about = |(side, field): &(Side, &FieldDesign)| {
        complaint.starts_with(&format!("{}: {:?}", side.name(), field.key))
    };
    if let Some((_, field)) = design.fields().find(is_about) {
        return Some(format!("field:{}", field.key));
    }
    [
        ("barcode", "barcode_value"),
        ("e-mail", "email"),
        ("unique identifier", "unique_identifier"),
        ("card ID", "card_id"),
    ]
    .into_iter()
    .find(|(word, _)| complaint.contains(word))
    .map(|(_, name)| name.to_owned())
}

fn check_fields(design: &CardDesign, given: &BTreeMap<String, String>, wrong: &mut Vec<String>) {
    for (side, field) in design.fields() {
        match given.get(&field.key).map(String::as_str).unwrap_or_default() {
            "" if field.required => wrong.push(format!("{}: {:?} is needed", side.name(), field.key)),
            "" => {}
            value => {
                let complaint = field.complaint(value);
                wrong.extend(complaint.map(|text| format!("{}: {:?}: {text}", side.name(), field.key)));
            }
        }
    }
    let is_known = |key: &&String| design.fields().any(|(_, field)| field.key == **key);
    for key in given.keys().filter(|key| !is_known(key)) {
        wrong.push(format!("the template has no field {:?}", fields::shortened(key)));
    }
}

fn check_barcode(design: &CardDesign, content: &CardContent<'_>, wrong: &mut Vec<String>) {
    let Some(barcode) = &design.barcode else {
        if content.barcode_value.is_some() {
            wrong.push("the template has no barcode".to_owned());
        }
        return;
    };
    if content.barcode_value.is_some() && barcode.source != BarcodeSource::Own {
        wrong.push("the value of the barcode comes from elsewhere on the card".to_owned());
    }
    match content.barcode(design) {
        Some(value) => {
            wrong.extend(barcode.symbology.check(&value).err().map(|error| format!("the barcode: {error}")));
        }
        None if barcode.source == BarcodeSource::Own => wrong.push("the barcode needs a value".to_owned()),
        // The field that it is may be one that a card need not have; the card has no barcode then.
        None => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn design() -> CardDesign {
        serde_json::from_str(
            r#"{ "name": "Student", "front": [{ "key": "name", "label": "Name", "required": true }],
                 "back": [{ "key": "born", "label": "Born", "kind": "date" }],
                 "barcode": { "symbology": "itf", "source": "card_id" },
                 "identity": { "unique_identifier": true, "questions": 1 } }"#,
        )
        .unwrap()
    }

    #[test]
    fn a_card_is_held_to_its_template() {
        let fields = BTreeMap::from([("name".to_owned(), "Anna".to_owned())]);
        let good = CardContent {
            card_id: "4711",
            fields: &fields,
            barcode_value: None,
            unique_identifier: Some("S-1"),
            questions: 1,
            email: Some("anna@x.example"),
        };
        assert_eq!(check_content(&design(), &good), Ok(()));
        assert_eq!(good.barcode(&design()).as_deref(), Some("4711"));
        let odd = CardContent { card_id: "471", ..good.clone() };
        assert_eq!(
            check_content(&design(), &odd).unwrap_err(),
            ["the barcode: ITF carries an even number of digits, and the value has 3 digits"]
        );
        let bad_fields = BTreeMap::from([
            ("born".to_owned(), "yesterday".to_owned()),
            ("colour".to_owned(), "red".to_owned()),
        ]);
        let bad = CardContent {
            card_id: "",
            fields: &bad_fields,
            barcode_value: Some("1"),
            unique_identifier: None,
            questions: 0,
            email: Some("foo@"),
        };
        assert_eq!(
            check_content(&design(), &bad).unwrap_err(),
            [
                "the card ID is empty",
                "the e-mail address \"foo@\" is not an e-mail address",
                "front: \"name\" is needed",
                "back: \"born\": \"yesterday\" is not a day; write it like 2027-09-30",
                "the template has no field \"colour\"",
                "the template asks for a unique identifier, and the card has none",
                "the template asks 1 security questions, and the card has 0",
                "the value of the barcode comes from elsewhere on the card",
            ]
        );
    }
}
